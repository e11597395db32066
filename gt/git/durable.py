"""Files and directories that outlive a power cut, with the permissions that a shared repository asks for."""

from __future__ import annotations

import os
from pathlib import Path

from gt.git.repo import Repo

BINARY = getattr(os, "O_BINARY", 0)
"""For `os.open`: Windows would write a newline as two characters."""


def make_dir(repo: Repo, path: Path) -> None:
    """Make a directory and its parents below the common git dir, durably; fine if it exists."""
    if path.is_dir():
        return
    make_dir(repo, path.parent)
    try:
        path.mkdir()
    except FileExistsError:
        return
    sync_dir(path.parent)
    if repo.shared:
        # Whoever may read may enter, and what is made inside belongs to the same group.
        enter = (repo.shared & 0o444) >> 2
        path.chmod(path.stat().st_mode & 0o7777 | repo.shared | enter | 0o2000)


def share(repo: Repo, fd: int, *, writable: bool) -> None:
    """Give an open file the permissions of a shared repository, without the right to write if it is for good."""
    if repo.shared:
        wanted = repo.shared if writable else repo.shared & 0o444
        os.fchmod(fd, os.fstat(fd).st_mode & 0o777 | wanted)


def write_all(fd: int, data: bytes) -> None:
    """Write all of it: one `os.write` may stop half-way."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def sync_file(path: Path) -> None:
    """Make the content of a file that somebody else wrote durable."""
    # Windows syncs only what is open for writing.
    fd = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_dir(path: Path) -> None:
    """Make the names in a directory durable."""
    if os.name == "nt":
        return  # Windows opens no directories; its file systems journal names
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
