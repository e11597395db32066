"""What git refused though it was proven: a git hook of the remote said no, a key to sign with is missing.

The same at every further try, so it is kept and a person is called, until that says so. Loads little: every look at the
queue asks.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from gt.core.bead import Submission
from gt.core.values import dataclass
from gt.git import durable
from gt.git.repo import Repo

STAGE = "stage:"
"""Begins the name of what is about a stage."""

MANY = 3
"""When so many submissions were refused on one tip, it isn't about them."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """That a submission could not be landed on a tip, or a commit not go to a stage; `why` is what git said."""

    tip: str
    why: str


def folder(repo: Repo) -> Path:
    """Where they are kept, a file each."""
    return repo.gt_dir / "refusals"


def name(bead: str, sub: Submission) -> str:
    """What the refusal of a submission is kept under."""
    return f"{bead}-{sub.token}"


def stage_name(branch: str) -> str:
    """What the refusal of a stage's promotion is kept under: one at a time, for a commit."""
    return f"{STAGE}{quote(branch, safe='')}"


def keep(repo: Repo, named: str, refusal: Refusal) -> None:
    """Remember one; durable."""
    place = folder(repo)
    durable.make_dir(repo, place)
    half = place / f".{named}.{os.getpid()}"
    half.write_text(f"{refusal.tip}\n{refusal.why}\n", "utf-8")
    os.replace(half, place / named)


def kept(repo: Repo, names: Iterable[str]) -> Mapping[str, Refusal]:
    """Those of these names that were refused."""
    try:
        there = set(os.listdir(folder(repo)))
    except OSError:
        return {}
    found = {}
    for each in sorted(there.intersection(names)):
        with suppress(OSError):
            tip, _, why = (folder(repo) / each).read_text("utf-8", "replace").partition("\n")
            found[each] = Refusal(tip, why.strip())
    return found


def forgive(repo: Repo, names: Iterable[str]) -> None:
    """Forget them: a person says so."""
    for each in names:
        (folder(repo) / each).unlink(missing_ok=True)
