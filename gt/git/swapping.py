"""The two ways to move a ref: by git's own lock protocol, taken by hand, or by `git update-ref`."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from gt.core.values import dataclass
from gt.errors import Refused
from gt.git import config, durable, ident, intents, lookup
from gt.git.repo import Repo, config_values

LOGGED = ("refs/heads/", "refs/remotes/", "refs/notes/")
"""Refs that get a reflog without asking, where core.logAllRefUpdates is on."""


@dataclass(frozen=True, slots=True)
class Move:
    """A ref's way from `old` to `new`, and what the reflog says of it."""

    ref: str
    new: str | None
    old: str | None
    message: str
    actor: str
    now: int


def by_hand(repo: Repo, move: Move, patience: float) -> None:
    """Move a ref that is kept in files; costs no process."""
    assert move.new is not None
    file = lookup.path_of(repo, move.ref)
    try:
        with intents.taken(repo, file, f"{move.new}\n".encode(), patience):
            _compare(repo, move)
            _log(repo, move)
            _rename(repo, move, file)
            durable.sync_dir(file.parent)
    except NotADirectoryError:
        raise _blocked(repo, move) from None
    except intents.NoHardLinks:
        by_git(repo, move, patience)


def by_git(repo: Repo, move: Move, patience: float) -> None:
    """Move a ref whatever keeps it; also how refs are deleted."""
    from gt.git.run import GitFailed, git

    old = move.old or repo.zero
    args = (
        ("-d", move.ref, old)
        if move.new is None
        else ("-m", _one_line(move.message), move.ref, move.new, old)
    )
    env = ident.environment(move.actor, move.now)
    deadline = time.monotonic() + patience
    file = lookup.path_of(repo, move.ref)
    while True:
        if move.new is None:
            _compare(repo, move)  # git takes a missing ref for a deleted one
            if move.old is None:
                return
        try:
            git(repo, "-c", "core.fsync=all", "update-ref", "--no-deref", *args, env=env)
        except GitFailed as error:
            _compare(repo, move)
            if (taken := lookup.in_the_way(repo, move.ref)) is not None:
                raise lookup.refused_by(move.ref, taken) from None
            if ".lock'" not in error.stderr:
                raise
            intents.wait(repo, file, deadline)
        else:
            return


def _compare(repo: Repo, move: Move) -> None:
    found = lookup.read_raw(repo, move.ref)
    if found is not None and found.startswith("ref: "):
        raise Refused(f"{move.ref} is a symbolic ref, to {found.removeprefix('ref: ')}")
    if found != move.old:
        raise lookup.RaceLost(move.ref, move.old, found)
    if move.old is None and (taken := lookup.in_the_way(repo, move.ref)) is not None:
        raise lookup.refused_by(move.ref, taken)


def _rename(repo: Repo, move: Move, file: Path) -> None:
    lock = intents.lock_of(file)
    try:
        os.replace(lock, file)
    except (IsADirectoryError, FileExistsError):
        # Directories that once held refs; git leaves them behind and clears them away just so.
        _remove_empty(file)
        try:
            os.replace(lock, file)
        except (IsADirectoryError, FileExistsError):
            raise _blocked(repo, move) from None


def _remove_empty(folder: Path) -> None:
    for place, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):
            os.rmdir(place)


def _blocked(repo: Repo, move: Move) -> Refused:
    taken = lookup.in_the_way(repo, move.ref)
    return lookup.refused_by(move.ref, taken or "a file or directory below refs/")


def _log(repo: Repo, move: Move) -> None:
    """Append to the reflog as git does: under the ref's lock, which also guards its log, before the rename."""
    assert move.new is not None
    line = f"{move.old or repo.zero} {move.new} {ident.stamped(move.actor, move.now)}\t{_one_line(move.message)}\n"
    setting = (config_values(repo, "core.logAllRefUpdates") or (None,))[-1]
    always = setting is not None and setting.lower() == "always"
    wanted = always or config.truth(setting, default=repo.work_tree is not None)
    data = line.encode("utf-8", "backslashreplace")
    per_worktree = move.ref.startswith(lookup.PER_WORKTREE)
    logs = (repo.git_dir if per_worktree else repo.common_dir) / "logs"
    _append(repo, logs / move.ref, data, create=always or (wanted and move.ref.startswith(LOGGED)))
    if move.ref == f"refs/heads/{lookup.head_branch(repo)}":
        _append(repo, repo.git_dir / "logs" / "HEAD", data, create=wanted)


def _append(repo: Repo, log: Path, line: bytes, *, create: bool) -> None:
    flags = os.O_WRONLY | os.O_APPEND
    try:
        fd = os.open(log, flags)
    except (FileNotFoundError, NotADirectoryError):
        if not create:
            return
        durable.make_dir(repo, log.parent)
        fd = os.open(log, flags | os.O_CREAT, 0o666)
    except IsADirectoryError:
        return  # the log of a ref that lay below this name; git keeps it till the next gc
    try:
        durable.share(repo, fd, writable=True)
        durable.write_all(fd, line)
    finally:
        os.close(fd)


def _one_line(message: str) -> str:
    return " ".join(message.split())
