"""What attempts that are over left on this machine: processes that still run, and what may be tidied up.

Only looks. What isn't proven to be kept elsewhere, or is a person's, isn't listed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from gt.core import ids
from gt.core.bead import Attempt, Bead
from gt.core.values import dataclass
from gt.core.world import Remains, Zombie
from gt.errors import Malformed
from gt.git import refs
from gt.git.repo import Repo

_LOCK = ".lock"
_WORK = "refs/heads/gt"

Find = Callable[[str], Bead | None]
"""A Bead of the ledger by its whole id; raises Malformed for one that can't be read."""


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What was found."""

    zombies: tuple[Zombie, ...]
    remains: tuple[Remains, ...]


def leftovers(repo: Repo, find: Find) -> Leftovers:
    """The leftovers of all attempts of this clone. No process is started, and nothing is read but directories,
    refs and locks: an idle town has none of them.
    """
    held: dict[tuple[str, str], Path] = {}
    free: dict[tuple[str, str], Path] = {}
    for whose, path in _locks(repo):
        state = _is_free(path)
        if state is not None:
            (free if state else held)[whose] = path
    zombies = []
    for (bead, token), path in held.items():
        since = _over_since(find, bead, token, path)
        if since is not None:
            zombies.append(Zombie(bead, token, since))
    return Leftovers(tuple(zombies), tuple(_remains(repo, find, held, free)))


def _remains(
    repo: Repo, find: Find, held: dict[tuple[str, str], Path], free: dict[tuple[str, str], Path]
) -> Iterator[Remains]:
    places = _worktrees(repo)
    for (bead, token), place in places.items():
        if (bead, token) not in held and place.removable and _is_over(find, bead, token):
            yield Remains(bead, token, "worktree", str(place.path))
    for (bead, token), branch, tip in _branches(repo):
        there = places.get((bead, token))
        blocked = (bead, token) in held or (there is not None and not there.removable)
        attempt = None if blocked else _is_over(find, bead, token)
        if attempt is not None and _is_kept(repo, attempt, bead, tip):
            yield Remains(bead, token, "branch", branch)
    for (bead, token), path in free.items():
        if not _is_under_way(find, bead, token):
            yield Remains(bead, token, "lock", str(path))


@dataclass(frozen=True, slots=True)
class _Place:
    """The worktree of an attempt."""

    path: Path
    removable: bool


def _worktrees(repo: Repo) -> dict[tuple[str, str], _Place]:
    if not (repo.common_dir / "worktrees").is_dir():
        return {}
    from gt.fleet.places import Place
    from gt.git import worktree

    found = {}
    for tree in worktree.listing(repo):
        whose = _named(tree.path.name)
        if whose is None or tree.main:
            continue
        # A lock says that something in it is kept nowhere else; gt sets it too.
        own = tree.branch in (None, ids.work_branch(*whose))
        ours = Place(repo, *whose, tree.path).made_by_gt
        found[whose] = _Place(tree.path, own and ours and not tree.locked)
    return found


def _named(name: str) -> tuple[str, str] | None:
    """The attempt that a worktree's directory is named after."""
    parts = name.split("-")
    if len(parts) != 4:
        return None
    bead, token = "-".join(parts[:2]), "-".join(parts[2:])
    return (bead, token) if ids.is_id(bead) and ids.is_token(token) else None


def _branches(repo: Repo) -> Iterator[tuple[tuple[str, str], str, str]]:
    for ref, tip in refs.listing(repo, _WORK).items():
        bead, _, token = ref.removeprefix(f"{_WORK}/").partition("/")
        if ids.is_id(bead) and ids.is_token(token):
            yield (bead, token), ref, tip


def _locks(repo: Repo) -> Iterator[tuple[tuple[str, str], Path]]:
    folder = repo.gt_dir / "locks"
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        bead, _, token = name.removesuffix(_LOCK).partition(".")
        if name.endswith(_LOCK) and ids.is_id(bead) and ids.is_token(token):
            yield (bead, token), folder / name


def _is_free(path: Path) -> bool | None:
    from gt import lock

    return lock.is_free(path)


def _lookup(find: Find, bead: str) -> Bead | None:
    """The Bead; None if there is none or it can't be read: of such a one nothing is known."""
    try:
        return find(bead)
    except Malformed:
        return None


def _is_under_way(find: Find, bead: str, token: str) -> bool:
    """Whether this attempt may still be going on; a Bead that can't be read says neither yes nor no."""
    try:
        found = find(bead)
    except Malformed:
        return True
    lease = found.status.lease if found else None
    return lease is not None and lease.token == token


def _over_since(find: Find, bead: str, token: str, path: Path) -> int | None:
    """Since when a held lock has no lease to go with; None if it has one, or that can't be told."""
    if _is_under_way(find, bead, token):
        return None
    found = _lookup(find, bead)
    attempt = found.attempt(token) if found else None
    if attempt is not None:
        return attempt.end
    try:
        return int(os.stat(path).st_mtime)
    except OSError:
        return None


def _is_over(find: Find, bead: str, token: str) -> Attempt | None:
    """The attempt's record, if it is over and was gt's own; what it submitted is pinned."""
    found = _lookup(find, bead)
    attempt = found.attempt(token) if found else None
    if found is None or attempt is None or not attempt.agent:
        return None
    lease = found.status.lease
    return None if lease is not None and lease.token == token else attempt


def _is_kept(repo: Repo, attempt: Attempt, bead: str, tip: str) -> bool:
    """Whether its branch has nothing that isn't pinned; one that somebody went on with isn't garbage."""
    pins = {refs.read(repo, pin(bead, attempt.token)) for pin in (ids.wip_ref, ids.submission_ref)} - {None}
    # A pin may hold the attempt's work together with what was set aside.
    return attempt.head is None or tip in pins or (tip == attempt.head and bool(pins))
