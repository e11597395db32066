"""Where the agents of one test play, and how to see who of them lives."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from gt.fleet.launch import Job
from gt.fleet.processes import table

AGENTS = Path(__file__).parent / "agents.py"


class Stage:
    """Where the agents of one test play."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pids = root / "pids"
        self.pids.mkdir(parents=True)
        self.log = root / "log"
        self.marker = str(root)
        """Nobody else's on this machine, on which other tests run at the same time."""

    def argv(self, behaviour: str) -> tuple[str, ...]:
        return (sys.executable, "-IS", str(AGENTS), str(self.pids), behaviour)

    def job(self, behaviour: str, **changes: Any) -> Job:
        settings: dict[str, Any] = {
            "argv": self.argv(behaviour),
            "cwd": self.root,
            "env": {"PATH": os.environ["PATH"]},
            "log": self.log,
            "deadline": 20.0,
            "grace": 0.2,
        }
        return Job(**(settings | changes))

    def entries(self, name: str = "*") -> list[tuple[int, int]]:
        """(pid, start time) of those who entered themselves under a name."""
        found = [p for p in self.pids.glob(f"{name}.*") if p.suffix[1:].isdigit()]
        return [(int(p.suffix[1:]), int(p.read_text())) for p in found]

    def await_entry(self, name: str) -> tuple[int, int]:
        until = time.monotonic() + 10
        while not (found := self.entries(name)):
            assert time.monotonic() < until, f"no {name} came"
            time.sleep(0.005)
        return found[0]

    def alive(self) -> set[int]:
        """Those who entered themselves, or have this place in their command line, and live."""
        rows = {pid: row for pid, row in table().items() if not row.zombie}
        entered = {pid for pid, start in self.entries() if pid in rows and rows[pid].process.started == start}
        return entered | {pid for pid in rows if pid != os.getpid() and self._in_command_line(pid)}

    def _in_command_line(self, pid: int) -> bool:
        try:
            return str(self.root).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False
