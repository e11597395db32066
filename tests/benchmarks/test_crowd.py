"""A hundred Beads worked off by sixteen agents at once, against the worktrees, agents and commits alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.crowd import AT_ONCE, by_hand, crowded, spent, work_off
from tests.benchmarks.ratios import Ratio, settle

pytestmark = pytest.mark.bench

BEADS = 100


def test_a_crowd(tmp_path: Path) -> None:
    town, beads = crowded(tmp_path / "town", BEADS)
    theirs = spent(lambda: by_hand(town, beads, tmp_path / "hand"))
    ran = []
    ours = spent(lambda: ran.append(work_off(town)))
    assert ran[0].code == 0, str(ran[0])
    assert {bead["status"]["phase"] for bead in town.beads().values()} == {"landed"}
    attempts = [attempt for bead in town.beads().values() for attempt in bead["status"]["attempts"]]
    assert len(attempts) == BEADS
    against = "worktree add, agent, commit"
    print(
        f"\n{BEADS} Beads, {AT_ONCE} agents at once: {BEADS / ours.wall:.1f} Beads landed a second,"
        f" {1000 * (ours.wall - theirs.wall) / BEADS:.0f} ms of overhead each; of the processor"
        f" {1000 * ours.cpu / BEADS:.0f} ms each, against {1000 * theirs.cpu / BEADS:.0f} ms"
    )
    attempt = f"attempt and landing, {AT_ONCE} at once"
    settle(
        # How long it takes hangs on what else the machine does: that is shown, and judged by the processor.
        Ratio(attempt, ours.wall / BEADS, theirs.wall / BEADS, against),
        Ratio("the same, of the processor", ours.cpu / BEADS, theirs.cpu / BEADS, against, 20),
    )
