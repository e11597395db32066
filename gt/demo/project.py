"""The demonstration's repository, made from the project that gt ships."""

from __future__ import annotations

import shutil
from pathlib import Path

import gt
from gt.errors import NotFound, Refused
from gt.git.run import git

PACKAGE = Path(gt.__file__).parent


def fixtures() -> Path:
    """Where the demonstration's files are: in the package when installed, beside it in a checkout."""
    for place in (PACKAGE / "fixtures" / "demo", PACKAGE.parent / "fixtures" / "demo"):
        if (place / "PLAN.md").is_file():
            return place
    raise NotFound("folder", "fixtures/demo", hint="pipx reinstall gt-town")


def make(at: Path) -> Path:
    """A repository with the project as its first commit, in a folder that must not exist or be empty."""
    if at.exists() and any(at.iterdir()):
        raise Refused(f"{at} is not empty", hint="gt demo --keep SOME-NEW-FOLDER")
    shutil.copytree(fixtures() / "project", at, dirs_exist_ok=True)
    git(at, "init", "-q", "-b", "main")
    git(at, "config", "user.name", "Demo")
    git(at, "config", "user.email", "demo@example.com")
    git(at, "add", "-A")
    git(at, "commit", "-q", "-m", "wordkit: split text into words")
    return at
