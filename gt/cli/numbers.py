"""A town in numbers, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from gt.core.stats import Stats
from gt.core.when import format_time

_RENAMED = {"gate_seconds": "gateSeconds", "runs_per_change": "runsPerChange"}
_OF_GATES = {"could_not_run": "couldNotRun", "time": "seconds"}


def stats_data(found: Stats) -> dict[str, Any]:
    """The numbers as JSON has them; seconds, US dollars, shares of 1."""
    data = asdict(found)
    data |= {"since": format_time(found.since), "until": format_time(found.until)}
    data["gates"] = {
        name: {_OF_GATES.get(key, key): value for key, value in gate.items()}
        for name, gate in data["gates"].items()
    }
    return {_RENAMED.get(key, key): value for key, value in data.items()}
