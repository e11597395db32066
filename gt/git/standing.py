"""Lock files that stand in a repository at this moment: whose they are, and what may still stand behind them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from gt.core.values import dataclass
from gt.git.leftlocks import left_locked
from gt.git.repo import Repo

_SUFFIX = ".lock"
_BESIDE = ("packed-refs", "config", "shallow", "HEAD", "index")
"""Files of a git directory that git locks, besides refs."""


class Owner(StrEnum):
    """Who made a lock."""

    DEAD = "a gt that died"
    LIVE = "a gt that lives"
    FOREIGN = "another git"


@dataclass(frozen=True, slots=True)
class Standing:
    """A lock file."""

    path: Path
    owner: Owner
    since: int
    """When it was made, in seconds since the epoch."""
    ref: str | None
    """The ref that it locks; None for a file that is no ref."""


def standing(repo: Repo) -> tuple[Standing, ...]:
    """Every lock file of git's in this repository, by path. Costs a walk of refs/; no process."""
    dead = set(left_locked(repo, ""))
    intents = _inodes(repo.gt_dir / "intents")
    found = []
    for path in sorted(_candidates(repo)):
        try:
            seen = os.lstat(path)
        except OSError:
            continue
        ref = path.relative_to(repo.common_dir).as_posix().removesuffix(_SUFFIX)
        name = ref if ref.startswith("refs/") else None
        if (seen.st_dev, seen.st_ino) in intents:
            owner = Owner.DEAD if name in dead else Owner.LIVE
        else:
            owner = Owner.FOREIGN
        found.append(Standing(path, owner, int(seen.st_mtime), name))
    return tuple(found)


def gits_at_work(repo: Repo) -> tuple[int, ...]:
    """The processes of git that stand in this repository; empty where /proc can't tell."""
    roots = [os.path.realpath(place) for place in (repo.common_dir, repo.work_tree) if place is not None]
    try:
        pids = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
    except OSError:
        return ()
    return tuple(pid for pid in pids if _is_git(pid) and _stands_in(pid, roots))


def _candidates(repo: Repo) -> Iterator[Path]:
    for folder, _, names in os.walk(repo.common_dir / "refs"):
        yield from (Path(folder) / name for name in names if name.endswith(_SUFFIX))
    places = [repo.common_dir]
    with suppress(FileNotFoundError):
        places += sorted((repo.common_dir / "worktrees").iterdir())
    for place in places:
        yield from (path for name in _BESIDE if (path := place / f"{name}{_SUFFIX}").exists())


def _inodes(folder: Path) -> set[tuple[int, int]]:
    found = set()
    with suppress(FileNotFoundError):
        for entry in os.scandir(folder):
            with suppress(FileNotFoundError):
                seen = entry.stat(follow_symlinks=False)
                found.add((seen.st_dev, seen.st_ino))
    return found


def _is_git(pid: int) -> bool:
    try:
        name = Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").strip()
    except OSError:
        return False
    return name == "git" or name.startswith("git-")


def _stands_in(pid: int, roots: list[str]) -> bool:
    try:
        where = os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return False
    return any(where == root or where.startswith(f"{root}/") for root in roots)
