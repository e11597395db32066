"""The output of an attempt's agent: what there is, and what comes until the attempt ends."""

from __future__ import annotations

import codecs
import os
import time
from collections.abc import Iterator

from gt.core.bead import Bead, Phase
from gt.errors import NotFound
from gt.fleet import roster
from gt.fleet.places import log_path
from gt.git.repo import Repo

_BLOCK = 1 << 16
_LOOK = 0.1


def token_of(bead: Bead, token: str | None) -> str:
    """The attempt that is meant: this one, else the live one, else the last; of a proposal what it comes with.

    Raises NotFound.
    """
    lease, attempts = bead.status.lease, bead.status.attempts
    proposed = bead.status.submission if bead.phase is Phase.PROPOSED else None
    if proposed is not None and token in (None, proposed.token):
        return proposed.token
    if token is not None:
        if bead.attempt(token) is None and (lease is None or lease.token != token):
            raise NotFound("attempt", f"{token} at {bead.id}", hint=f"gt show {bead.id}")
        return token
    if lease is not None:
        return lease.token
    if not attempts:
        raise NotFound("attempt", f"none was made at {bead.id}", hint=f"gt why {bead.id}")
    return attempts[-1].token


def read_log(repo: Repo, bead: Bead, token: str, *, follow: bool) -> Iterator[str]:
    """The attempt's log in pieces; with `follow` it goes on until the attempt is over. Raises NotFound without one."""
    path = log_path(repo, bead.id, token)
    lease = bead.status.lease
    live = follow and lease is not None and lease.token == token and lease.lock
    while live and not path.exists() and _lives(repo, bead):
        time.sleep(_LOOK)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotFound("log", f"of attempt {token} at {bead.id} on this machine") from None
    try:
        yield from _decoded(_pieces(fd, repo, bead, live=live))
    finally:
        os.close(fd)


def _pieces(fd: int, repo: Repo, bead: Bead, *, live: bool) -> Iterator[bytes]:
    while True:
        # In this order: what was written before its end is read after it.
        going = live and _lives(repo, bead)
        while data := os.read(fd, _BLOCK):
            yield data
        if not going:
            return
        if os.fstat(fd).st_size < os.lseek(fd, 0, os.SEEK_CUR):
            os.lseek(fd, 0, os.SEEK_END)  # its middle was cut out
        time.sleep(_LOOK)


def _lives(repo: Repo, bead: Bead) -> bool:
    lease = bead.status.lease
    return lease is not None and roster.state(repo, bead.id, lease) is roster.Holder.LIVE


def _decoded(pieces: Iterator[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for piece in pieces:
        yield decoder.decode(piece)
    rest = decoder.decode(b"", final=True)
    if rest:
        yield rest
