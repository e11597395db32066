"""What an agent says of its own run, and how it is picked out of what it prints. Never evidence that the work is good."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from gt.core.values import dataclass
from gt.fleet.output import tail

READ = 4 << 20
"""Bytes of log that are looked at, from its end."""


@dataclass(frozen=True, slots=True)
class Report:
    """An agent's account of one run."""

    usage: Mapping[str, float] = field(default_factory=dict)
    """`usd`, `turns`, `requests`, `input_tokens`, `output_tokens`, `cached_tokens`, as far as it says."""
    failed: bool = False
    status: int | None = None
    """The HTTP status with which its model's server refused."""
    message: str = ""
    """The error when it failed, else its last words."""
    session: str = ""
    resets: str = ""
    """When its model's server will have it again: a time, or the seconds until then; empty: it doesn't say."""


def lines_of(log: Path) -> Iterator[Mapping[str, Any]]:
    """The JSON objects that stand on a line each, among whatever else was printed."""
    for line in tail(log, READ).splitlines():
        if line.startswith("{"):
            found = _parsed(line)
            if found is not None:
                yield found


def blocks_of(log: Path) -> Iterator[Mapping[str, Any]]:
    """The JSON objects that are printed over several lines, from a `{` on a line of its own to the `}` that ends it."""
    block: list[str] = []
    for line in tail(log, READ).splitlines():
        if line == "{":
            block = [line]
        elif block:
            block.append(line)
            if line == "}":
                found = _parsed("\n".join(block))
                if found is not None:
                    yield found
                block = []


def last_of(log: Path) -> Mapping[str, Any]:
    """The last JSON object that stands on a line of its own, else the last that is printed over several; or {}."""
    for line in reversed(tail(log, READ).splitlines()):
        found = _parsed(line) if line.startswith("{") else None
        if found is not None:
            return found
    *_, last = ({}, *blocks_of(log))
    return last


def mapping(value: object) -> Mapping[str, Any]:
    """The value, if it is a JSON object; else an empty one."""
    return value if isinstance(value, dict) else {}


def number(value: object) -> float | None:
    """A sane number: what an agent prints is not to be trusted with NaN, infinities or negative costs."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
        return None
    return value


def total(values: Mapping[str, Any], *keys: str) -> float | None:
    """The sum of those that are there; None if none is."""
    found = [each for key in keys if (each := number(values.get(key))) is not None]
    return sum(found) if found else None


def status(value: object) -> int | None:
    """An HTTP status."""
    found = number(value)
    return None if found is None else int(found)


def resets(item: Mapping[str, Any]) -> str:
    """What `resets_at`, else `retry_after`, says in a report or in the headers of a refusal; empty: nothing."""
    for name in ("resets_at", "retry_after", "retry-after"):
        value = item.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value)[:100]
    return ""


def add(usage: dict[str, float], more: Mapping[str, float | None]) -> None:
    """Add what is known of one step to what is known of those before."""
    for key, value in more.items():
        if value is not None:
            usage[key] = usage.get(key, 0.0) + value


def _parsed(text: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
