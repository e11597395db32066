"""A Convoy as JSON."""

from __future__ import annotations

from typing import Any

from gt.core.bead import Phase
from gt.core.convoy import Progress


def convoy_data(found: Progress) -> dict[str, Any]:
    """How far it is."""
    convoy = found.convoy
    return {
        "id": convoy.id,
        "title": convoy.spec.title,
        "phase": convoy.phase.value,
        "count": len(found.work),
        "phases": {phase.value: found.count(phase) for phase in Phase},
    }
