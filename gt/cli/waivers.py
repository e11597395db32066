"""Waivers as people and programs read them."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from gt.core.state import Waiver
from gt.core.waivers import waiver_data
from gt.core.when import format_time


def waiver_fields(waiver: Waiver) -> dict[str, Any]:
    """A waiver as JSON has it."""
    return {"target": waiver.target, "gate": waiver.gate, **waiver_data(waiver)}


def waiver_line(waiver: Waiver, red: Container[str] = ()) -> str:
    """A sentence about a waiver; `red` are the gates known to be red on its target, and let be."""
    how = "is red on" if waiver.gate in red else "of"
    word = "and waived" if waiver.gate in red else "is waived"
    until = format_time(waiver.until)
    return f"gate {waiver.gate} {how} {waiver.target} {word} until {until} by {waiver.by}: {waiver.reason}"
