"""A sign of life: on a terminal, what takes longer than a second says for how long it has been at it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import TextIO

from gt.core.when import format_duration

# The cursor stays where it is: what asks for a passphrase behind our back is still seen to have asked.
SAVE, RESTORE, ERASE = "\x1b7", "\x1b8", "\x1b[K"


class Ticker:
    """Words after the cursor of a terminal, written anew each second, and gone before anything else is printed."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream, self._name = stream, name
        self._began = monotonic()
        self._shown = False
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def start(self) -> None:
        """Begin to count."""
        self._thread.start()

    def end(self) -> None:
        """Say no more."""
        self._over.set()
        self._thread.join()
        with suppress(OSError):
            self._clear()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Nothing is shown meanwhile: something is printed, or a person is asked."""
        with self._lock:
            self._clear()
            yield

    def _clear(self) -> None:
        if self._shown:
            self._shown = False
            self._stream.write(ERASE)
            self._stream.flush()

    def _tick(self) -> None:
        while not self._over.wait(1):
            with self._lock:
                spent = format_duration(int(monotonic() - self._began))
                try:
                    self._stream.write(f"{SAVE}{ERASE}{self._name}: {spent}{RESTORE}")
                    self._stream.flush()
                except OSError:  # the terminal is gone; whoever prints next will notice
                    return
                self._shown = True
