"""Locks on refs that tell a dead gt's from a live one's, and from another git's.

A ref's `.lock` is a hard link to an intent: a file in gt's own directory that its maker holds locked. So a
lock file whose inode is an intent's that nobody holds was left by a gt that died. No other is ever removed:
a git that prepared a transaction holds its lock with no file open.
"""

from __future__ import annotations

import errno
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gt.errors import Busy
from gt.git import durable
from gt.git.lookup import ForeignLock
from gt.git.repo import Repo
from gt.lock import lock_now

PAUSE = (0.002, 0.007)
"""Seconds between two tries for a lock, drawn evenly: a ledger write holds one for some 3 ms."""

ATTEMPTS = 100
"""How often a name that vanishes under our hands is tried again: git removes empty directories as it packs."""

WITHOUT_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.EXDEV, errno.EMLINK, errno.ENOSYS)
WITHOUT_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)


class NoHardLinks(Exception):
    """The file system has no hard links or no file locks: gt can't mark its locks there."""


def lock_of(file: Path) -> Path:
    """The lock file of a ref's file."""
    return file.with_name(f"{file.name}.lock")


@contextmanager
def taken(repo: Repo, file: Path, content: bytes, patience: float) -> Iterator[None]:
    """Hold a ref's lock, its content durable and ready to be renamed over the ref.

    Afterwards the lock file is gone, renamed or not. Raises Busy when another holds it for `patience` seconds
    (ForeignLock if it isn't a gt), NoHardLinks, and NotADirectoryError when a ref is where a directory must be.
    """
    lock = lock_of(file)
    intent, fd = _linked(repo, file, content, time.monotonic() + patience)
    try:
        yield
    finally:
        # The lock first: without its intent nobody could tell whose it is. Ours only: once renamed it is
        # the ref, and the next lock may already be another's.
        if _same(fd, lock):
            with suppress(FileNotFoundError):
                os.unlink(lock)
        with suppress(FileNotFoundError):
            os.unlink(intent)
        os.close(fd)


def heal(repo: Repo, file: Path) -> bool:
    """Remove the ref's lock if its maker was a gt that died; sweeps up old intents too. Whether it removed any."""
    lock = lock_of(file)
    removed = False
    for intent, fd in _abandoned(repo):
        try:
            # Looked at again under the intent's own lock: its maker may have renamed it a moment ago.
            if _same(fd, lock):
                os.unlink(lock)
                durable.sync_dir(lock.parent)
                removed = True
            if os.fstat(fd).st_nlink == 1 or _same(fd, file):
                os.unlink(intent)
                removed = True
        except FileNotFoundError:
            continue
    return removed


def wait(repo: Repo, file: Path, deadline: float) -> None:
    """After meeting a ref's lock: heal it or pause; raises Busy when `deadline` (monotonic) has passed."""
    if heal(repo, file):
        return
    if time.monotonic() < deadline:
        time.sleep(random.uniform(*PAUSE))
        return
    lock = lock_of(file)
    if (intent := _intent_of(repo, lock)) is not None:
        from gt.lock import holders, process_hint

        raise Busy(f"{lock} is held by another gt", hint=process_hint(holders(intent)))
    if lock.exists():
        raise ForeignLock(lock)
    raise Busy(f"{lock} is taken again and again")


def _linked(repo: Repo, file: Path, content: bytes, deadline: float) -> tuple[Path, int]:
    """A fresh intent that is linked as the ref's lock, and its open file."""
    for _ in range(ATTEMPTS):
        intent, fd = _create(repo, content)
        try:
            durable.make_dir(repo, file.parent)
            _link(repo, intent, file, deadline)
        except FileNotFoundError:
            # A packing git removed the empty directory, or a sweeping gt the intent before it was locked.
            _drop(intent, fd)
        except BaseException:
            _drop(intent, fd)
            raise
        else:
            return intent, fd
    raise Busy(f"{file.parent} is removed again and again")


def _link(repo: Repo, intent: Path, file: Path, deadline: float) -> None:
    while True:
        try:
            os.link(intent, lock_of(file))
        except FileExistsError:
            wait(repo, file, deadline)
        except OSError as error:
            if error.errno in WITHOUT_LINKS:
                raise NoHardLinks from error
            raise
        else:
            return


def _create(repo: Repo, content: bytes) -> tuple[Path, int]:
    """A fresh intent, locked, with its content durable."""
    folder = repo.gt_dir / "intents"
    while True:
        intent = folder / os.urandom(8).hex()
        try:
            fd = os.open(intent, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        except FileNotFoundError:
            durable.make_dir(repo, folder)
            continue
        try:
            if not lock_now(fd):
                # A healer that sweeps up met it before we could lock it; it is welcome to it.
                os.close(fd)
                continue
            durable.share(repo, fd, writable=True)
            durable.write_all(fd, content)
            os.fsync(fd)
        except BaseException as error:
            _drop(intent, fd)
            if isinstance(error, OSError) and error.errno in WITHOUT_LOCKS:
                raise NoHardLinks from error
            raise
        return intent, fd


def _drop(intent: Path, fd: int) -> None:
    with suppress(FileNotFoundError):
        os.unlink(intent)
    os.close(fd)


def _abandoned(repo: Repo) -> Iterator[tuple[Path, int]]:
    """The intents that nobody holds, each open and locked while it is looked at."""
    for intent in _all(repo):
        try:
            # For reading only: after the rename this file is a ref.
            fd = os.open(intent, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            if lock_now(fd):
                yield intent, fd
        finally:
            os.close(fd)


def _all(repo: Repo) -> tuple[Path, ...]:
    folder = repo.gt_dir / "intents"
    try:
        return tuple(folder / name for name in os.listdir(folder))
    except FileNotFoundError:
        return ()


def _intent_of(repo: Repo, lock: Path) -> Path | None:
    """The intent that a ref's lock is a link to; None if it isn't a gt's."""
    for intent in _all(repo):
        with suppress(FileNotFoundError):
            if os.path.samefile(intent, lock):
                return intent
    return None


def _same(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except (FileNotFoundError, NotADirectoryError):
        return False
