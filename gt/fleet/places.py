"""Where an attempt has its things on this clone: worktree, private directory, outbox, log, lock.

Names only, which attempt a worktree is of, and whose; knows nothing of what is in them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gt.core import ids
from gt.core.bead import Lease
from gt.core.town import TOWN_FILE, Worktrees
from gt.core.values import dataclass
from gt.errors import Malformed
from gt.fleet import roster
from gt.git.repo import Repo

if TYPE_CHECKING:
    from gt.git.worktree import Worktree

PRIVATE = ".gt-attempt"
"""The attempt's own directory inside its worktree; git ignores it."""


@dataclass(frozen=True, slots=True)
class Place:
    """One attempt's things; nothing of it need exist."""

    repo: Repo
    bead: str
    token: str
    worktree: Path

    @property
    def branch(self) -> str:
        return ids.work_branch(self.bead, self.token)

    @property
    def private(self) -> Path:
        return self.worktree / PRIVATE

    @property
    def outbox(self) -> Path:
        return self.private / "outbox"

    @property
    def prompt(self) -> Path:
        return self.private / "prompt.md"

    @property
    def log(self) -> Path:
        return log_path(self.repo, self.bead, self.token)

    @property
    def setup_log(self) -> Path:
        return self.log.with_name(f"{self.token}.setup.log")

    @property
    def lock(self) -> Path:
        return roster.lock_path(self.repo, self.bead, self.token)

    @property
    def record(self) -> Path:
        """What was there when the agent began; see `records`."""
        return record_path(self.repo, self.bead, self.token)

    @property
    def stop(self) -> Path:
        """Written by whoever stops the attempt: says who."""
        return self._own("stop")

    @property
    def ending(self) -> Path:
        """The lock of whoever ends the attempt in its holder's place."""
        return self._own("ending")

    @property
    def index(self) -> Path:
        """The index that gt looks at the worktree with."""
        return self._own("index")

    @property
    def objects(self) -> Path:
        """The beginning of names of files in which objects are brought from its private clone."""
        return self._own("objects")

    @property
    def made_by_gt(self) -> bool:
        """Whether something on this machine says that gt made the worktree for an agent: whatever the ledger says,
        any other is a person's.
        """
        return any(os.path.lexists(path) for path in (self.lock, self.record, self.private))

    def notes(self) -> tuple[Path, ...]:
        """All of gt's own files about it, those of a gt that was killed included."""
        start = f"{self.bead}.{self.token}."
        try:
            names = os.listdir(self._own("").parent)
        except FileNotFoundError:
            return ()
        return tuple(self._own("").parent / name for name in names if name.startswith(start))

    def _own(self, suffix: str) -> Path:
        return self.repo.gt_dir / "attempts" / f"{self.bead}.{self.token}.{suffix}"


def place_of(repo: Repo, bead: str, lease: Lease) -> Place:
    """The things of the attempt under this lease.

    Whoever can write the ledger can write a lease. So the worktree is the one that git has recorded under the
    attempt's name; the lease's word counts where git knows none, and only for a directory of that name.
    """
    there = recorded(repo, bead, lease.token)
    if there is not None:
        return Place(repo, bead, lease.token, there.path)
    if _is_named_after(lease.worktree, f"{bead}-{lease.token}"):
        return Place(repo, bead, lease.token, Path(lease.worktree))
    return Place(repo, bead, lease.token, worktree_path(repo, Worktrees().root, bead, lease.token))


def recorded(repo: Repo, bead: str, token: str) -> Worktree | None:
    """The worktree that git has recorded under an attempt's name; one whose directory is there, if it can be had."""
    from gt.git import worktree

    trees = worktree.listing(repo, lambda path: path.name == f"{bead}-{token}")
    return min((tree for tree in trees if not tree.main), key=lambda tree: tree.prunable, default=None)


def _is_named_after(worktree: str, name: str) -> bool:
    """Whether a path that others wrote can be an attempt's worktree."""
    path = Path(worktree)
    sound = path.is_absolute() and worktree.isprintable() and worktree == os.path.normpath(worktree)
    return sound and path.name == name and all(len(os.fsencode(part)) < 256 for part in path.parts)


def record_path(repo: Repo, bead: str, token: str) -> Path:
    """Where it is kept what was there when an attempt's agent began."""
    return repo.gt_dir / "attempts" / f"{bead}.{token}.json"


def log_path(repo: Repo, bead: str, token: str) -> Path:
    """Where the output of an attempt's agent is kept."""
    return repo.gt_dir / "log" / bead / f"{token}.log"


def worktree_path(repo: Repo, root: str, bead: str, token: str) -> Path:
    """Where an attempt works: below `worktrees.root`, which is relative to the main work tree.

    Raises Malformed for a root inside the git directory: agents' sandboxes protect that.
    """
    return _worktrees(repo, root) / f"{bead}-{token}"


def crew_path(repo: Repo, root: str, name: str) -> Path:
    """Where a member of the Crew works: beside the attempts, under a name that none of them can have. Raises Malformed."""
    return _worktrees(repo, root) / f"crew-{name}"


def _worktrees(repo: Repo, root: str) -> Path:
    home = repo.common_dir.parent if repo.common_dir.name == ".git" else repo.common_dir
    folder = Path(os.path.normpath(home / root.replace("{repo}", repo.name)))
    if folder.is_relative_to(repo.common_dir):
        raise Malformed(TOWN_FILE, f"worktrees.root: {folder} is inside the git directory")
    return folder


def standing_in(repo: Repo) -> tuple[str, str] | None:
    """The (bead, token) of the attempt that this worktree was made for; None in any other."""
    if repo.work_tree is None or repo.git_dir == repo.common_dir:
        return None
    parts = repo.work_tree.name.split("-")
    bead, token = "-".join(parts[:2]), "-".join(parts[2:])
    return (bead, token) if ids.is_id(bead) and ids.is_token(token) else None
