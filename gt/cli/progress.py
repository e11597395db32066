"""What `gt run` tells while it runs, on stderr: a plain line for each thing that happened.

A terminal has, below these, one more line that says how things stand and is written over.
"""

from __future__ import annotations

from gt.cli.context import Context
from gt.cli.text import one_line
from gt.core.bead import Phase
from gt.core.plan import Action, Plan
from gt.core.when import format_duration, format_time
from gt.core.world import World
from gt.drive.patience import complaint
from gt.errors import Busy, GtError
from gt.fleet.children import Child


class Progress:
    """The lines of one run."""

    def __init__(self, gt: Context) -> None:
        self._gt = gt
        self._waiting = ""
        self._live = gt.stderr.isatty() and gt.environ.get("TERM") != "dumb"
        self._shown = False

    def done(self) -> None:
        """Nothing more will be told: the line that is written over is gone."""
        if self._shown:
            self._gt.stderr.write("\r\x1b[K")
            self._gt.stderr.flush()
            self._shown = False

    def _say(self, line: str) -> None:
        self.done()
        self._gt.say(line)

    def acted(self, action: Action) -> None:
        """Reconcile did something."""
        self._say(one_line(action.reason))

    def failed(self, action: Action, error: GtError) -> None:
        """Reconcile tried something in vain."""
        self._say(f"error: {one_line(action.command)}: {one_line(error.message)}")

    def started(self, action: Action) -> None:
        """A child begins."""
        self._say(f"{self._gt.spelt(action.command)}: {one_line(action.reason)}")

    def ended(self, child: Child) -> None:
        """A child has ended: the ledger says how, where it was an attempt that got that far."""
        code = child.process.returncode
        if "/" in child.name or child.name == "merge":
            if code == Busy.exit_code:
                self._say(one_line(complaint(child)))
                return
            for line in child.said().splitlines():
                self._say(line)
            return
        told = self._last(child.name) if code in {0, 3, 20} else None
        self._say(f"{child.name} {told}" if told else f"{child.name}: {one_line(complaint(child))}")

    def waits(self, world: World, plan: Plan, running: int) -> None:
        """Nothing can be started now; said once for each new state of affairs."""
        wake = format_time(plan.next_wake) if plan.next_wake is not None else ""
        line = f"{running} running" if running else (f"waiting until {wake}" if wake else "waiting")
        if self._live:
            self._show(_standing(world))
        elif line != self._waiting and not running:
            self._say(line)
        self._waiting = line

    def _show(self, line: str) -> None:
        self.done()
        self._gt.stderr.write(line[: (self._gt.columns or 80) - 1])
        self._gt.stderr.flush()
        self._shown = True

    def _last(self, name: str) -> str | None:
        """How the last attempt at this Bead ended."""
        try:
            with self._gt.ledger.read() as snapshot:
                bead = snapshot.find(name)
        except GtError:
            return None
        attempts = bead.status.attempts if bead else ()
        if not attempts:
            return None
        last = attempts[-1]
        reason = f": {one_line(last.reason)}" if last.reason else ""
        return f"attempt {last.token} ended after {format_duration(last.end - last.start)}, {last.result}{reason}"


def _standing(world: World) -> str:
    """How many Beads are where, for those that are not over."""
    names = {
        Phase.LEASED: "at work",
        Phase.SUBMITTED: "in the queue",
        Phase.OPEN: "open",
        Phase.STUCK: "stuck",
    }
    counts = ((len(world.in_phase(phase)), name) for phase, name in names.items())
    return ", ".join(f"{count} {name}" for count, name in counts if count) or "nothing left"
