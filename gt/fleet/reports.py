"""What agents say of their own run in what they print: cost, tokens, errors. Never evidence that the work is good."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gt.fleet.output import tail

_READ = 4 << 20
"""Bytes of log that are looked at, from its end."""


@dataclass(frozen=True, slots=True)
class Report:
    """An agent's account of one run."""

    usage: Mapping[str, float] = field(default_factory=dict)
    """`usd`, `turns`, `input_tokens`, `output_tokens`, `cached_tokens`, as far as it says."""
    failed: bool = False
    status: int | None = None
    """The HTTP status with which its model's server refused."""
    message: str = ""
    """The error when it failed, else its last words."""
    session: str = ""


def claude(log: Path) -> Report | None:
    """Reads the `result` object of `claude -p --output-format json` (or stream-json, and what imitates it)."""
    last: Mapping[str, Any] | None = None
    for item in _objects(log):
        if item.get("type") == "result" and ("is_error" in item or "total_cost_usd" in item):
            last = item
    if last is None:
        return None
    tokens = _mapping(last.get("usage"))
    usage = {
        "usd": _number(last.get("total_cost_usd")),
        "turns": _number(last.get("num_turns")),
        "input_tokens": _sum(tokens, "input_tokens", "cache_creation_input_tokens"),
        "cached_tokens": _number(tokens.get("cache_read_input_tokens")),
        "output_tokens": _number(tokens.get("output_tokens")),
    }
    subtype = str(last.get("subtype", ""))
    return Report(
        usage={key: value for key, value in usage.items() if value is not None},
        # A refused key is reported as a success that is an error; a spent budget only by its subtype.
        failed=last.get("is_error") is True or subtype.startswith("error"),
        status=_status(last.get("api_error_status")),
        message=str(last.get("result") or last.get("terminal_reason") or subtype),
        session=str(last.get("session_id", "")),
    )


def codex(log: Path) -> Report | None:
    """Reads the events of `codex exec --json`: tokens summed over its turns, the last error, the last words."""
    usage: dict[str, float] = {}
    session = error = words = ""
    seen = failed = False
    for item in _objects(log):
        match item.get("type"):
            case "thread.started":
                session = str(item.get("thread_id", ""))
            case "turn.completed":
                seen, failed = True, False
                _add_turn(usage, _mapping(item.get("usage")))
            case "turn.failed":
                seen = failed = True
                error = str(_mapping(item.get("error")).get("message", "")) or error
            case "error":
                # Also printed for what is tried again: it is a failure only if the turn fails.
                seen, error = True, str(item.get("message", ""))
            case "item.completed":
                words = str(_mapping(item.get("item")).get("text", "")) or words
    if not seen:
        return None
    failed = failed or ("turns" not in usage and bool(error))
    return Report(usage, failed, None, error if failed else words, session)


def _add_turn(usage: dict[str, float], tokens: Mapping[str, Any]) -> None:
    cached = _number(tokens.get("cached_input_tokens")) or 0.0
    fresh = max(0.0, (_number(tokens.get("input_tokens")) or 0.0) - cached)
    added = {
        "turns": 1.0,
        "input_tokens": fresh,
        "cached_tokens": cached,
        "output_tokens": _number(tokens.get("output_tokens")) or 0.0,
    }
    for key, value in added.items():
        usage[key] = usage.get(key, 0.0) + value


def _objects(log: Path) -> Iterator[Mapping[str, Any]]:
    """The JSON objects that stand on a line each, among whatever else was printed."""
    for line in tail(log, _READ).splitlines():
        if line.startswith("{"):
            try:
                item = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(item, dict):
                yield item


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float | None:
    """A sane number: what an agent prints is not to be trusted with NaN, infinities or negative costs."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
        return None
    return value


def _sum(values: Mapping[str, Any], *keys: str) -> float | None:
    numbers = [number for key in keys if (number := _number(values.get(key))) is not None]
    return sum(numbers) if numbers else None


def _status(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)
