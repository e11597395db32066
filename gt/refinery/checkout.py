"""Moving a target that is checked out: files and index first, the ref last, nothing of the user's lost.

A durable record tells whoever comes after a kill what was under way. The user's index is locked from the last look
at it until it is replaced; the lock is a hard link to a file of gt's, so that it is known again.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from gt.core.values import dataclass
from gt.errors import Busy, Refused
from gt.fleet import roster
from gt.fleet.launch import reap
from gt.git import bringing, durable, refs
from gt.git.merge import Change, changed_paths, is_ancestor
from gt.git.objects import GITLINK
from gt.git.repo import Repo
from gt.git.run import GitFailed
from gt.git.worktree import Worktree, listing
from gt.lock import Held
from gt.refinery.places import bringing as bringing_dir


class InTheWay(Refused):
    """The user's files, or what the user is in the middle of, leave no room for a landing."""

    kind = "in-the-way"


@dataclass(frozen=True, slots=True)
class Record:
    """What is being done to which worktree."""

    git_dir: str
    path: str
    ref: str
    old: str
    new: str


def obstacles(
    repo: Repo,
    there: Worktree,
    changes: Iterable[Change],
    dirty: Callable[[], frozenset[str]] | None = None,
) -> str | None:
    """What of the user's these changes of this worktree's files would touch; a clause, or None.

    `dirty` tells what `bringing.dirty` does, where the caller asks of several changes.
    """
    if there.underway:
        return f"a {there.underway} is in progress there"
    if there.prunable or not there.path.is_dir():
        return None
    if os.path.lexists(there.git_dir / "index.lock") and not _ours(repo, there):
        return f"another git is at work there ({there.git_dir / 'index.lock'} exists)"
    wanted = tuple(changes)
    touched = bringing.dirty(repo, there) if dirty is None else dirty()
    gone = {change.path for change in wanted if change.mode_new == 0}
    found = [
        c.path for c in wanted if c.path in touched or (c.mode_old == 0 and _occupied(there.path, c, gone))
    ]
    if not found:
        return None
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return f"in the way are {', '.join(found[:5])}{more}"


def bring_forward(
    repo: Repo, there: Worktree, record: Record, merging: Held, swap: Callable[[Repo], None]
) -> None:
    """Bring the worktree from `record.old` to `record.new`, and call `swap` to move the ref.

    `merging` is the merge lock. Raises InTheWay, with nothing changed; if `swap` raises, all is put back.
    """
    home = bringing_dir(repo)
    durable.make_dir(repo, home)
    _lock_index(repo, there)
    try:
        _check(repo, there, record)
        _write(home / "record.tmp", json.dumps(asdict(record)).encode())
        os.replace(home / "record.tmp", home / "record.json")
        durable.sync_dir(home)
    except BaseException:
        _unlock_index(repo, there)
        _forget(home)
        raise
    try:
        _forward(repo, there, record, home)
        swap(bringing.view(repo, there))
    except BaseException:
        recover(repo, merging)
        raise
    _forget(home)


def recover(repo: Repo, merging: Held) -> tuple[str, ...]:
    """Put right what a killed landing left in a worktree; returns the user's files that were left as they are.

    If the ref moved, all that comes before it is done too. If it didn't, the worktree goes back to what it was: a
    landing that is still lawful then starts anew, and finds its gates' outcomes kept. Raises Busy while another
    git is at work there.
    """
    assert merging.fd >= 0
    home = bringing_dir(repo)
    if not home.is_dir():
        return ()
    record = _read(home / "record.json")
    kept: tuple[str, ...] = ()
    trees = listing(repo) if record is not None or (home / "ticket").exists() else ()
    if record is not None:
        # The git that wrote files for a gt that is dead may be alive.
        reap(_marker(repo), merging.path.with_name("none.lock"), None, None)
        there = next((tree for tree in trees if str(tree.git_dir) == record.git_dir), None)
        tip = refs.read(repo, record.ref)
        done = tip is not None and is_ancestor(repo, record.new, tip)
        if there is not None and there.path.is_dir() and not done:
            kept = _back(repo, there, record, home, tip)
    for tree in trees:
        _unlock_index(repo, tree)
    _forget(home)
    return kept


def is_under_way(repo: Repo) -> bool:
    """Whether a landing writes files now, or died doing so: what lies in its worktree may be its own then."""
    return (bringing_dir(repo) / "record.json").exists()


def _check(repo: Repo, there: Worktree, record: Record) -> None:
    found = obstacles(repo, there, changed_paths(repo, record.old, record.new))
    if found:
        raise InTheWay(f"{there.path} can't be brought forward: {found}", hint="git status")


def _forward(repo: Repo, there: Worktree, record: Record, home: Path) -> None:
    index = _copied_index(there, home)
    try:
        bringing.advance(repo, there, index, record.old, record.new, {"GT_LEASE": _marker(repo)})
    except GitFailed as error:
        raise InTheWay(f"{there.path} can't be brought forward: {error.message}", hint="git status") from None
    _publish_index(there, index, home)


def _back(repo: Repo, there: Worktree, record: Record, home: Path, tip: str | None) -> tuple[str, ...]:
    """Take back what was written of `new`; what is neither old nor new nor a part of new is the user's."""
    if not _ours(repo, there):
        _lock_index(repo, there)
    # What the user has committed meanwhile stays as it is.
    theirs = set(changed_paths(repo, record.old, tip)) if tip not in (None, record.old) else set()
    wholly = (
        c for c in changed_paths(repo, record.old, record.new) if GITLINK not in (c.mode_old, c.mode_new)
    )
    changes = [change for change in wholly if change not in theirs]
    states = {change: _state(repo, there, record, change) for change in changes}
    for change, state in states.items():
        if state == "ours" and change.mode_old == 0:
            _remove(there.path, change.path)
    again = [change.path for change, state in states.items() if state == "ours" and change.mode_old != 0]
    if again:
        bringing.write_files(repo, there, home / "scratch", record.old, again)
    present = bringing.entries(repo, there)
    none = (0, repo.zero)
    wanted = {
        c.path: (c.mode_old, c.oid_old)
        for c in changes
        if present.get(c.path, none) == (c.mode_new, c.oid_new)
    }
    if wanted:
        index = _copied_index(there, home)
        bringing.set_entries(repo, there, index, wanted)
        _publish_index(there, index, home)
    return tuple(sorted(change.path for change, state in states.items() if state == "theirs"))


def _state(repo: Repo, there: Worktree, record: Record, change: Change) -> str:
    """`old`: nothing is to be done; `ours`: gt wrote or removed it; `theirs`: the user did."""
    found = _found(there.path / change.path)
    if found is None and change.mode_old == 0:
        return "old"
    if found is None:
        return "ours"
    if change.mode_old != 0 and found == bringing.content(repo, there, record.old, change.path):
        return "old" if change.mode_new == 0 or change.oid_new != change.oid_old else "ours"
    if change.mode_new != 0 and bringing.content(repo, there, record.new, change.path).startswith(found):
        return "ours"
    return "theirs"


def _found(path: Path) -> bytes | None:
    """What lies at a path, None for nothing; a directory is nothing that we wrote."""
    try:
        if path.is_symlink():
            return os.fsencode(os.readlink(path))
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _occupied(root: Path, change: Change, gone: set[str]) -> bool:
    """Whether something that isn't tracked lies where a new file is to be."""
    parts = change.path.split("/")
    for depth in range(1, len(parts)):
        above = root / "/".join(parts[:depth])
        if os.path.lexists(above) and (above.is_symlink() or not above.is_dir()):
            return "/".join(parts[:depth]) not in gone
    path = root / change.path
    if not os.path.lexists(path):
        return False
    if path.is_dir() and not path.is_symlink():
        inside = (os.path.relpath(Path(at) / name, root) for at, _, names in os.walk(path) for name in names)
        return any(name not in gone for name in inside)
    return True


def _remove(root: Path, path: str) -> None:
    (root / path).unlink(missing_ok=True)
    for above in (root / path).parents:
        if above == root:
            return
        try:
            above.rmdir()
        except OSError:
            return


def _lock_index(repo: Repo, there: Worktree) -> None:
    """Lock the index as git does; raises Busy. The old ticket goes first: it may by now be the index itself."""
    ticket = bringing_dir(repo) / "ticket"
    ticket.unlink(missing_ok=True)
    _write(ticket, b"")
    try:
        os.link(ticket, there.git_dir / "index.lock")
    except FileExistsError:
        ticket.unlink()
        raise Busy(
            f"another git is at work in {there.path} ({there.git_dir / 'index.lock'} exists)"
        ) from None


def _unlock_index(repo: Repo, there: Worktree) -> None:
    if _ours(repo, there):
        os.unlink(there.git_dir / "index.lock")


def _ours(repo: Repo, there: Worktree) -> bool:
    """Whether the lock of the index is a landing's of gt."""
    try:
        return os.path.samefile(bringing_dir(repo) / "ticket", there.git_dir / "index.lock")
    except FileNotFoundError:
        return False


def _copied_index(there: Worktree, home: Path) -> Path:
    index = home / "index"
    for leftover in (index, home / "index.lock"):
        leftover.unlink(missing_ok=True)
    if (there.git_dir / "index").exists():
        # With its time: by that git tells which files may have changed right after it was written.
        shutil.copy2(there.git_dir / "index", index)
    return index


def _publish_index(there: Worktree, index: Path, home: Path) -> None:
    """Put the copy in the index's place: into the locked file first, whose other name then goes."""
    _write(home / "ticket", index.read_bytes())
    os.replace(there.git_dir / "index.lock", there.git_dir / "index")
    durable.sync_dir(there.git_dir)
    (home / "ticket").unlink(missing_ok=True)
    index.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        durable.write_all(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)


def _read(path: Path) -> Record | None:
    try:
        return Record(**json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None


def _forget(home: Path) -> None:
    for name in ("record.json", "ticket", "index", "scratch"):
        (home / name).unlink(missing_ok=True)


def _marker(repo: Repo) -> str:
    return f"{roster.clone(repo)}/checkout"
