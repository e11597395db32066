"""Who holds what on this clone: its identity, the locks of its attempts, and whether a lease's holder lives.

Knows lock files and leases, not the ledger: which leases there are, the caller says.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import chain
from pathlib import Path

from gt import lock
from gt.core.bead import Lease
from gt.core.values import dataclass
from gt.errors import Malformed
from gt.fleet import processes
from gt.git.repo import Repo

_SUFFIX = ".lock"


class Holder(StrEnum):
    """What can be said of a lease's holder without looking at its deadline."""

    LIVE = "live"
    DEAD = "dead"
    UNKNOWN = "unknown"
    """Only the deadline speaks: a person, another clone, another machine."""


@dataclass(frozen=True, slots=True)
class Zombie:
    """An attempt whose lock is held though no lease goes with it."""

    bead: str
    token: str
    lock: Path


def host() -> str:
    """The name of this machine."""
    return os.uname().nodename


def clone(repo: Repo) -> str:
    """The name of this clone, made at the first call: a random id with the device and inode of its directory.

    A copied repository takes the file along, but lies elsewhere: it is another clone.
    """
    return known_clone(repo) or _make_clone(repo)


def known_clone(repo: Repo) -> str | None:
    """The name of this clone, None if it hasn't got one: then it never had an attempt either."""
    path = repo.gt_dir / "clone"
    try:
        own = path.read_text("ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed(str(path), f"can't be read: {error}") from error
    if not own.isalnum():
        raise Malformed(str(path), "isn't the name of a clone", hint=f"rm {path}")
    place = os.stat(repo.common_dir)
    return f"{own}-{place.st_dev:x}-{place.st_ino:x}"


def _make_clone(repo: Repo) -> str:
    path = repo.gt_dir / "clone"
    path.parent.mkdir(parents=True, exist_ok=True)
    own = os.urandom(8).hex()
    # Written whole, then linked: of several that make it at once, one wins and all read the same.
    mine = path.with_name(f"clone.{own}")
    try:
        with mine.open("x", encoding="ascii") as file:
            file.write(f"{own}\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(mine, path)
    except FileExistsError:
        pass
    finally:
        mine.unlink(missing_ok=True)
    made = known_clone(repo)
    if made is None:
        raise Malformed(str(path), "vanished while it was made")
    return made


def lock_path(repo: Repo, bead: str, token: str) -> Path:
    """The lock file of an attempt."""
    return repo.gt_dir / "locks" / f"{bead}.{token}{_SUFFIX}"


def marker(repo: Repo, bead: str, token: str) -> str:
    """The value of GT_LEASE for the processes of an attempt."""
    return f"{clone(repo)}/{bead}/{token}"


def state(repo: Repo, bead: str, lease: Lease) -> Holder:
    """Whether the holder of this Bead's lease lives.

    A free lock means a dead holder only where the lease was taken with the lock, in this clone. The same clone
    and host under another boot means it too: nothing outlives a boot.
    """
    if not lease.lock or lease.clone != known_clone(repo):
        return Holder.UNKNOWN
    now = processes.boot_id()
    if lease.boot and now and lease.boot != now:
        # Another host's kernel may see the same directory, over a network.
        return Holder.DEAD if lease.host == host() else Holder.UNKNOWN
    match lock.is_free(lock_path(repo, bead, lease.token)):
        case True:
            return Holder.DEAD
        case False:
            return Holder.LIVE
        case None:
            return Holder.UNKNOWN


def zombies(repo: Repo, live: Iterable[tuple[str, str]]) -> tuple[Zombie, ...]:
    """The attempts whose lock is held on this clone, but for the live ones, given as (bead, token)."""
    expected = set(live)
    return tuple(
        found
        for found in _lock_files(repo)
        if (found.bead, found.token) not in expected and lock.is_free(found.lock) is False
    )


def _lock_files(repo: Repo) -> Iterable[Zombie]:
    try:
        names = sorted(os.listdir(repo.gt_dir / "locks"))
    except OSError:
        return
    for name in names:
        bead, dot, token = name.removesuffix(_SUFFIX).rpartition(".")
        if dot and name.endswith(_SUFFIX):
            yield Zombie(bead, token, repo.gt_dir / "locks" / name)


def inside_attempt(repo: Repo, environ: Mapping[str, str], pid: int | None = None) -> tuple[str, str] | None:
    """The (bead, token) of the attempt of this very clone that a process runs in, None if in none.

    environ is that process's own environment and pid its id (None: the caller's); all its ancestors are asked too,
    so that an attempt doesn't get out by clearing a variable. In a private clone there is nobody but its attempt.
    """
    private = _private(repo)
    if private is not None:
        return private
    return next(((bead, token) for _, bead, token in _marks(repo, environ, 3, pid)), None)


def inside_slot(repo: Repo, environ: Mapping[str, str]) -> bool:
    """Whether this process is of what a gate of this very clone runs; its ancestors are asked, too."""
    return any(where.startswith("slot-") for _, where in _marks(repo, environ, 2))


def _marks(
    repo: Repo, environ: Mapping[str, str], length: int, pid: int | None = None
) -> Iterator[tuple[str, ...]]:
    """The marks of this clone, of so many parts, that a process and its ancestors bear, its own first."""
    own = known_clone(repo)
    if own is None:
        return
    me = os.getpid() if pid is None else pid
    ancestors = (processes.mark_of(ancestor) for ancestor in processes.lineage(me))
    for mark in chain([environ.get(processes.MARK)], ancestors):
        parts = _of_clone(own, mark)
        if len(parts) == length:
            yield parts


def _private(repo: Repo) -> tuple[str, str] | None:
    """The attempt that this private clone was made for; None in any other."""
    try:
        parts = repo.private.read_text("ascii").strip().split("/")
    except (OSError, UnicodeDecodeError):
        return None
    return (parts[1], parts[2]) if len(parts) == 3 else None


def told(repo: Repo, names: Iterable[str]) -> dict[str, str]:
    """Those of these variables that the attempt this process runs in was given, of the nearest ancestor that bears its mark.

    For a program whose starter passes only some variables on. Empty outside of every attempt of this very clone.
    """
    own = known_clone(repo)
    for ancestor in processes.lineage(os.getpid()) if own is not None else ():
        if len(_of_clone(str(own), processes.mark_of(ancestor))) == 3:
            found = {name: processes.variable_of(ancestor, name) for name in names}
            return {name: value for name, value in found.items() if value is not None}
    return {}


def _of_clone(own: str, mark: str | None) -> tuple[str, ...]:
    """The parts of a mark: three of an attempt's, two of a gate's; none if it is another clone's."""
    parts = tuple((mark or "").split("/"))
    return parts if parts[0] == own else ()
