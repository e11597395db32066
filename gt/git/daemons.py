"""When git may leave a process of its own in the background: not while this process adopts what its jobs leave behind.

An orphan says of nobody whose it was. A `git gc` would be taken for a job's, and killed at its work.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Door:
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while one is begun: then whoever keeps them out waits, until it has left for the background."""
    shut: int = 0


_door = _Door()


@contextmanager
def kept_out() -> Iterator[None]:
    """None is begun as long as one such context is open, in whichever thread."""
    with _door.lock:
        _door.shut += 1
    try:
        yield
    finally:
        with _door.lock:
            _door.shut -= 1


@contextmanager
def begun() -> Iterator[bool]:
    """To be held while one is begun; gives whether it may be."""
    with _door.lock:
        yield _door.shut == 0
