"""Processes of gt itself, started by `gt run` and waited for together: many at once, without polling.

Unlike an agent such a child isn't ended with its parent: it ends by itself, and is found again by its locks.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gt.fleet.output import tail

TICK = 0.05
"""Seconds between two looks where the kernel can't wake us (no pidfd)."""


@dataclass(slots=True)
class Child:
    """One process of gt."""

    name: str
    """Unique among the children."""
    process: subprocess.Popen[bytes]
    log: Path
    since: float
    pidfd: int | None = None

    def said(self, limit: int = 2000) -> str:
        """The end of what it printed."""
        try:
            return tail(self.log, limit)
        except OSError:
            return ""


@dataclass(slots=True)
class Children:
    """The children that run; by name."""

    folder: Path
    """Where their output goes, a file for each name."""
    cwd: Path
    environ: Mapping[str, str]
    running: dict[str, Child] = field(default_factory=dict)

    def start(self, name: str, args: Sequence[str]) -> Child:
        """Start `gt ARGS...`, by the interpreter that runs this one, in a session of its own: a Ctrl-C at the
        terminal reaches it only through `stop`.
        """
        assert name not in self.running
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / f"{name.replace('/', '_')}.log"
        # A file of its own: what another run started under this name may still write to the last one.
        log.unlink(missing_ok=True)
        with log.open("ab") as output:
            process = subprocess.Popen(
                # -P: a directory `gt` in the repository is not this program.
                [sys.executable, "-P", "-m", "gt", *args],
                cwd=self.cwd,
                env=_findable(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        child = Child(name, process, log, time.monotonic())
        try:
            child.pidfd = os.pidfd_open(process.pid)
        except (AttributeError, OSError):
            child.pidfd = None
        self.running[name] = child
        return child

    def wait(self, seconds: float, also: int | None = None) -> list[Child]:
        """The children that have ended, at the latest after so many seconds, or once `also` can be read from.

        Each is returned once; its `process.returncode` says how it ended (negative: by which signal).
        """
        until = time.monotonic() + max(0.0, seconds)
        while True:
            ended = self._ended()
            left = until - time.monotonic()
            if ended or left <= 0:
                return ended
            if self._sleep(left, also):
                return self._ended()

    def stop(self) -> None:
        """Ask all to end, the way they record it; they are still to be waited for."""
        for child in self.running.values():
            if child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)

    def _ended(self) -> list[Child]:
        ended = [child for child in self.running.values() if child.process.poll() is not None]
        for child in ended:
            del self.running[child.name]
            if child.pidfd is not None:
                os.close(child.pidfd)
                child.pidfd = None
        return ended

    def _sleep(self, seconds: float, also: int | None) -> bool:
        """Until a child ends, the time is over, or (True) `also` is readable."""
        poll = select.poll()
        if also is not None:
            poll.register(also, select.POLLIN)
        for child in self.running.values():
            if child.pidfd is not None:
                poll.register(child.pidfd, select.POLLIN)
            else:
                seconds = min(seconds, TICK)
        return any(fd == also for fd, _ in poll.poll(seconds * 1000))


def _findable(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment in which a fresh interpreter finds the gt that runs now, be it installed or not."""
    import gt

    root = str(Path(gt.__file__).parent.parent)
    if root.endswith("-packages"):
        return dict(environ)
    rest = environ.get("PYTHONPATH")
    return {**environ, "PYTHONPATH": os.pathsep.join([root, rest] if rest else [root])}
