"""Beads that no gt would have written: what their phase, their tokens and their times say of one another."""

from __future__ import annotations

from collections.abc import Iterator

from gt.core.finding import Finding, Severity
from gt.core.soundness import contradictions, doubles, impossible_times
from gt.drive.checkup.scene import Scene


def check(scene: Scene) -> Iterator[Finding]:
    """Findings about what Beads say of themselves."""
    for bead in scene.beads.values():
        log = f"gt log {bead.id}"
        for text in contradictions(bead):
            yield Finding("status", Severity.WARNING, bead.id, text, log)
        for text in doubles(bead):
            yield Finding("tokens", Severity.WARNING, bead.id, text, log)
        for text in impossible_times(bead, scene.now):
            yield Finding("times", Severity.WARNING, bead.id, text, log)
