"""While a job runs, a signal that would end this process is noted instead, so that the job is ended first."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_WATCHED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """The signals that have arrived, and a descriptor that becomes readable with each."""

    def __init__(self) -> None:
        self.seen: list[signal.Signals] = []
        self.heeded = False
        self.reader, self._writer = os.pipe()
        os.set_blocking(self.reader, False)
        os.set_blocking(self._writer, False)

    def note(self, number: int, _frame: FrameType | None) -> None:
        """The handler: does no more than wake the one who waits."""
        self.seen.append(signal.Signals(number))
        try:
            os.write(self._writer, b"!")
        except BlockingIOError:
            return

    def drain(self) -> None:
        """Makes the descriptor unreadable again."""
        try:
            os.read(self.reader, 4096)
        except BlockingIOError:
            return

    def close(self) -> None:
        os.close(self.reader)
        os.close(self._writer)


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Watches TERM, INT and HUP where that is possible, in the main thread; those that are ignored stay ignored.

    A signal that came and that nobody heeded is sent again at the end, to whoever handled it before.
    """
    watch = Interrupts()
    saved: dict[signal.Signals, object] = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number in _WATCHED:
                now = signal.getsignal(number)
                # None: set by something that isn't Python, and couldn't be put back.
                if now is not signal.SIG_IGN and now is not None:
                    saved[number] = signal.signal(number, watch.note)
            # Ignored, as some parents hand it down, it makes the kernel forget how children ended.
            if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
                saved[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        yield watch
    finally:
        for number, handler in saved.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        watch.close()
        if watch.seen and not watch.heeded:
            os.kill(os.getpid(), watch.seen[0])
