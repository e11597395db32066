"""What the known agents print, and what is made of it."""

from __future__ import annotations

import json
from pathlib import Path

from gt.fleet import readers
from gt.fleet.reports import Report

CLAUDE = {
    "type": "result",
    "subtype": "success",
    "is_error": False,
    "num_turns": 7,
    "result": "All done.",
    "session_id": "s-1",
    "total_cost_usd": 0.25,
    "usage": {
        "input_tokens": 10,
        "cache_creation_input_tokens": 30,
        "cache_read_input_tokens": 1000,
        "output_tokens": 50,
    },
}


def _log(path: Path, *lines: object) -> Path:
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


def test_claude_report(tmp_path: Path) -> None:
    got = readers.claude(_log(tmp_path / "log", "warning: x", '{"type": "system"}', "{broken", CLAUDE, "bye"))
    assert got == Report(
        {"usd": 0.25, "turns": 7, "input_tokens": 40, "cached_tokens": 1000, "output_tokens": 50},
        message="All done.",
        session="s-1",
    )


def test_claude_error_calls_itself_a_success(tmp_path: Path) -> None:
    item = CLAUDE | {"is_error": True, "api_error_status": 401, "result": "Invalid API key"}
    got = readers.claude(_log(tmp_path / "log", item))
    assert got is not None
    assert (got.failed, got.status, got.message) == (True, 401, "Invalid API key")


def test_nothing_to_read(tmp_path: Path) -> None:
    assert readers.claude(tmp_path / "none") is None
    assert readers.claude(_log(tmp_path / "log", "text", "[1]", '{"type": "result"}')) is None
    assert readers.codex(_log(tmp_path / "log", "text", {"type": "turn.started"})) is None


def test_numbers_that_are_none_are_left_out(tmp_path: Path) -> None:
    for bad in ("NaN", "-1", "Infinity", "true", '"1"', "1e99"):
        line = f'{{"type": "result", "is_error": false, "total_cost_usd": {bad}, "usage": [1]}}'
        got = readers.claude(_log(tmp_path / "log", line))
        assert got is not None
        assert got.usage == {}


def test_codex_report(tmp_path: Path) -> None:
    turn = {
        "type": "turn.completed",
        "usage": {"input_tokens": 100, "cached_input_tokens": 60, "output_tokens": 5},
    }
    log = _log(
        tmp_path / "log",
        {"type": "thread.started", "thread_id": "t-1"},
        {"type": "error", "message": "Reconnecting... 1/5"},
        {"type": "item.completed", "item": {"type": "agent_message", "text": "Done."}},
        turn,
        turn,
    )
    assert readers.codex(log) == Report(
        {"turns": 2, "input_tokens": 80, "cached_tokens": 120, "output_tokens": 10},
        message="Done.",
        session="t-1",
    )


def test_codex_failure(tmp_path: Path) -> None:
    failed = {"type": "turn.failed", "error": {"message": "unexpected status 401 Unauthorized"}}
    got = readers.codex(_log(tmp_path / "log", {"type": "error", "message": "x"}, failed))
    assert got == Report({}, failed=True, message="unexpected status 401 Unauthorized")
