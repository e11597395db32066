"""The seal: every test runs with a home of its own, no git config but ours, and fixed dates."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.crash.still import Still

DATE = "2026-11-22T20:00:00Z"
NOW = 1795377600
"""DATE in seconds since the epoch."""


MEMORY = Path("/dev/shm")
ROOM = 4 << 30
"""Bytes that must be free there: the tests of a session leave some hundred MB, and there may be several sessions."""


# How fast others let this machine be is no property of the code. What is drawn are whole Beads, ledgers and towns:
# making one costs more than looking at it, and every run of the tests draws others.
settings.register_profile(
    "any pace", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any pace")


def pytest_configure(config: pytest.Config) -> None:
    """Have the files of tests in memory where there is room: they are many, small, and synced one by one."""
    if config.option.basetemp is None and "PYTEST_DEBUG_TEMPROOT" not in os.environ and _has_room(MEMORY):
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)


def _has_room(place: Path) -> bool:
    try:
        seen = os.statvfs(place)
    except (AttributeError, OSError):
        return False
    return (
        os.access(place, os.W_OK)
        and not seen.f_flag & (os.ST_NOEXEC | os.ST_RDONLY)
        and seen.f_bavail * seen.f_frsize >= ROOM
    )


@pytest.fixture(autouse=True)
def sealed(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment that nothing of the user's reaches; returns its HOME."""
    home = tmp_path_factory.mktemp("home")
    seal(monkeypatch, home)
    return home


def seal(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Leave nothing in the environment that would lead outside; for fixtures that outlive a test."""
    for name in list(os.environ):
        if name.startswith(("GIT_", "GT_", "XDG_")):
            monkeypatch.delenv(name)
    # Tests start gt by the hundred: each would compile anew what the first could have left compiled.
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    # What gt prints is kept back by Python for as long as with its users.
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    sealed_env = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_TEMPLATE_DIR": "",
        "GIT_AUTHOR_DATE": DATE,
        "GIT_COMMITTER_DATE": DATE,
        "GIT_TERMINAL_PROMPT": "0",
        "EDITOR": "false",
        "GIT_EDITOR": "false",
        "GIT_PAGER": "cat",
        "LC_ALL": "C",
        "TZ": "UTC",
        "NO_COLOR": "1",
    }
    for name, value in sealed_env.items():
        monkeypatch.setenv(name, value)
    (home / ".gitconfig").write_text("[user]\n\tname = Alice\n\temail = alice@example.com\n")


def run_git(cwd: Path, *args: str, stdin: bytes | None = None, check: bool = True) -> str:
    """Plain git, for setting scenes and for checking what gt did; returns stdout without its last newline."""
    done = subprocess.run(["git", *args], cwd=cwd, input=stdin, capture_output=True, check=False)
    if check and done.returncode != 0:
        raise AssertionError(
            f"git {' '.join(args)}: {done.returncode}\n{done.stderr.decode(errors='replace')}"
        )
    return done.stdout.decode(errors="surrogateescape").removesuffix("\n")


@pytest.fixture(scope="session")
def template_repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit on `main`, to be copied and never changed."""
    path = tmp_path_factory.mktemp("template") / "repo"
    path.mkdir()
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(path.parent),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TEMPLATE_DIR": "",
        "GIT_AUTHOR_DATE": DATE,
        "GIT_COMMITTER_DATE": DATE,
    }
    (path / "README.md").write_text("a project\n")
    for args in (
        ["init", "-q", "-b", "main"],
        ["config", "user.name", "Alice"],
        ["config", "user.email", "alice@example.com"],
        ["add", "README.md"],
        ["commit", "-q", "-m", "first"],
    ):
        subprocess.run(["git", *args], cwd=path, env=env, check=True, capture_output=True)
    return path


@pytest.fixture
def new_repo(template_repo: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Makes a fresh copy of the template repository under tmp_path, by name."""

    def make(name: str = "repo") -> Path:
        path = tmp_path / name
        shutil.copytree(template_repo, path, symlinks=True)
        return path

    return make


@pytest.fixture
def repo_path(new_repo: Callable[[str], Path]) -> Path:
    """A fresh repository with one commit on `main`, checked out."""
    return new_repo("repo")


@pytest.fixture(scope="session")
def still(template_repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Still:
    """The stage of tests/cli/stage.py, made once, put back as often as wanted."""
    from tests.cli.stage import furnished

    with pytest.MonkeyPatch.context() as patch:
        seal(patch, tmp_path_factory.mktemp("home"))
        return furnished(template_repo, tmp_path_factory.mktemp("killed"))
