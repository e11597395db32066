"""Looking after what has landed, in slots that nothing else has a use for: the runs, and how they make way."""

from __future__ import annotations

from dataclasses import dataclass, field

from gt.core.docket import NOBODY, GateRun, Purpose
from gt.drive.merge_view import View
from gt.refinery.aftermath import QUEUE, Probe
from gt.refinery.lanes import Lane, Lanes
from gt.refinery.outcomes import Verdict
from gt.refinery.proving import Keys, Proved, Slot
from gt.refinery.running import run
from gt.refinery.yard import Yard


def is_after(lane: Lane[GateRun]) -> bool:
    """Whether what runs there looks after what has landed, and isn't to land anything."""
    return lane.run.purpose is Purpose.AFTER


@dataclass(slots=True)
class Aftercare:
    """The runs that look after one target, in the lanes of its merge."""

    yard: Yard
    target: str
    keys: Keys
    _running: dict[GateRun, str] = field(default_factory=dict)
    """The key of each run that was started."""

    @staticmethod
    def lanes(lanes: Lanes[GateRun]) -> list[Lane[GateRun]]:
        """Those that look after what has landed, and haven't been told to stop."""
        return [lane for lane in lanes.running if is_after(lane) and not lane.stop.is_set()]

    def start(self, seen: View, lanes: Lanes[GateRun], count: int) -> None:
        """Begin what there is to find out, as far as slots (so many in all) are free."""
        target, after = seen.queue.targets.get(self.target), seen.queue.aftermaths.get(self.target)
        if seen.state.is_paused(self.yard.clock()):
            self.make_way(len(lanes.running), lanes, 0)
        if target is None or after is None or not target.due:
            return
        busy = {lane.run for lane in lanes.running}
        running = frozenset(key for wanted, key in self._running.items() if wanted in busy)
        for probe in after.probes(lanes.free(count), running):
            self._start(after.tip, probe, lanes)

    def make_way(self, wanted: int, lanes: Lanes[GateRun], count: int) -> None:
        """Stop as many as it takes for so many others to have a slot: what can land comes first."""
        over = wanted - lanes.free(count)
        for lane in self.lanes(lanes)[: max(0, over)]:
            lane.stop.set()

    def _start(self, tip: str, probe: Probe, lanes: Lanes[GateRun]) -> None:
        name = probe.check.gate.name
        why = f"{probe.why} {name} on {probe.commit[:12]}"
        wanted = GateRun(probe.commit, NOBODY, Purpose.AFTER, why)
        self._running[wanted] = probe.check.key
        self.yard.say(f"{self.target}: {why}")
        lanes.start(wanted, lambda slot: self._probe(tip, probe, slot))

    def _probe(self, tip: str, probe: Probe, slot: Slot) -> Proved:
        with self.keys.held(probe.check.key, slot.cancelled):
            made = run(
                self.yard, probe.town, probe.check, probe.commit,
                base=tip, members=(), queue=QUEUE, slot=slot.number, cancelled=slot.cancelled,
            )  # fmt: skip
        self.yard.say(
            f"{self.target}: gate {made.gate} on {probe.commit[:12]}: {made.verdict} ({made.why}, {made.seconds:.1f} s)"
        )
        return Proved(made.verdict, None if made.verdict is Verdict.PASS else made)
