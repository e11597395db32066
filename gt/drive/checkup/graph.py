"""What Beads refer to: needs and parents that aren't there, and those that wait for one another for ever."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from gt.core.bead import Bead
from gt.core.finding import Finding, Severity
from gt.core.graph import cycles
from gt.drive.checkup.scene import Scene


def check(scene: Scene) -> Iterator[Finding]:
    """Findings about Beads that aren't over: what the others refer to matters to nobody any more."""
    live = {name: bead for name, bead in scene.beads.items() if not bead.phase.over}
    unreadable = {problem.where.rpartition("/")[2].removesuffix(".yaml") for problem in scene.problems}
    there = scene.beads.keys() | unreadable
    for name, bead in live.items():
        for need in sorted(bead.spec.needs - there):
            text = f"needs {need}, which is not on this ledger"
            yield Finding("dangling-need", Severity.ERROR, name, text, f"gt dep rm {name} {need}")
        if bead.spec.parent is not None and bead.spec.parent not in there:
            text = f"has the parent {bead.spec.parent}, which is not on this ledger"
            yield Finding("dangling-parent", Severity.ERROR, name, text, f"gt edit {name} --parent ''")
    for cycle in _cycles(live):
        text = f"waits for itself: {' -> '.join(cycle)}"
        yield Finding("cycle", Severity.ERROR, cycle[0], text, f"gt dep tree {cycle[0]}")


def _cycles(live: Mapping[str, Bead]) -> list[tuple[str, ...]]:
    children: dict[str, list[str]] = defaultdict(list)
    for name, bead in live.items():
        if bead.spec.parent in live:
            children[str(bead.spec.parent)].append(name)
    return cycles(
        sorted(live),
        lambda name: live[name].spec.needs & live.keys(),
        lambda name: live[name].spec.parent if live[name].spec.parent in live else None,
        lambda name: children.get(name, ()),
    )
