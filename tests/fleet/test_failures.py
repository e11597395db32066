"""The kind of failure of each way to end; success is nothing that these rules could say."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest

from gt.core.bead import Result
from gt.core.blame import Rule
from gt.fleet.failures import Traces, classify
from gt.fleet.job import Ended
from gt.fleet.known import PRESETS
from gt.fleet.reports import Report
from gt.store.codec import load
from gt.store.townfile import town_from
from tests.conftest import NOW

CLAUDE, CODEX = PRESETS["claude"].rules, PRESETS["codex"].rules


def classified(
    ended: Ended, report: Report | None, output: str, rules: tuple[Rule, ...]
) -> tuple[Result, str]:
    found = classify(ended, Traces(report, output), rules)
    return found.result, found.reason


def exited(code: int, seconds: float = 60) -> Ended:
    return Ended("exit", code=code, seconds=seconds)


@pytest.mark.parametrize(
    ("ended", "result"),
    [
        (Ended("not-started", message="can't start x: No such file"), Result.INFRA),
        (Ended("interrupted", signal=15, message="interrupted by SIGINT"), Result.INTERRUPTED),
        (Ended("deadline", code=0, seconds=60), Result.DEADLINE),
        (Ended("stall", signal=9, seconds=60), Result.STALLED),
        (Ended("exit", signal=signal.SIGKILL, seconds=60), Result.CRASHED),
        (Ended("exit", signal=signal.SIGSEGV, seconds=60), Result.CRASHED),
        (Ended("exit", signal=200, seconds=60), Result.CRASHED),
        (Ended("exit", signal=signal.SIGTERM, seconds=60), Result.INTERRUPTED),
        (exited(143), Result.INTERRUPTED),
        (exited(126), Result.INFRA),
        (exited(127), Result.INFRA),
        (exited(1), Result.WORK_FAILED),
        (exited(145), Result.WORK_FAILED),
        (exited(1, seconds=1), Result.WORK_FAILED),
        (exited(0), Result.NO_CHANGE),
        (exited(0, seconds=1), Result.NO_CHANGE),
    ],
)
def test_by_how_it_ended(ended: Ended, result: Result) -> None:
    got, reason = classified(ended, None, "some words", ())
    assert got is result
    assert reason


def test_at_once_and_without_a_word() -> None:
    assert classified(exited(1, seconds=1), None, " \n", ())[0] is Result.INFRA
    assert classified(exited(1, seconds=6), None, "", ())[0] is Result.WORK_FAILED


@pytest.mark.parametrize(
    ("report", "result"),
    [
        (Report(failed=True, status=401, message="no"), Result.INFRA),
        (Report(failed=True, status=429, message="no"), Result.INFRA),
        (Report(failed=True, status=529, message="no"), Result.INFRA),
        (Report(failed=True, status=400, message="prompt is too long"), Result.WORK_FAILED),
        (Report(failed=True, message="stream disconnected before completion"), Result.INFRA),
        (Report(failed=True, message="Error: connect ECONNREFUSED 1.2.3.4:443"), Result.INFRA),
        (Report(failed=True, message="error_max_turns"), Result.WORK_FAILED),
        (Report(failed=True, message=""), Result.WORK_FAILED),
        (Report(failed=False, message="I fixed the ECONNREFUSED rate_limit bug"), Result.NO_CHANGE),
    ],
)
def test_by_what_it_reports_whatever_its_exit_code(report: Report, result: Result) -> None:
    assert classified(exited(0), report, "{...}", ())[0] is result


def test_what_gt_did_comes_before_what_it_reports() -> None:
    report = Report(failed=True, status=401)
    assert classified(Ended("deadline", code=1), report, "", CLAUDE)[0] is Result.DEADLINE


def test_presets_know_their_own_words() -> None:
    assert classified(exited(1), None, "Error: Session ID x is already in use.", CLAUDE)[0] is Result.INFRA
    assert (
        classified(exited(1), Report(failed=True, message="Please run /login"), "", CLAUDE)[0] is Result.INFRA
    )
    assert classified(exited(1), None, "Not logged in", CODEX)[0] is Result.INFRA
    # It only talks about it: it says itself that it didn't fail.
    assert classified(exited(0), None, "the port is already in use", CLAUDE)[0] is Result.NO_CHANGE


def test_the_first_rule_that_matches_decides() -> None:
    rules = (
        Rule(Result.WORK_FAILED, "first", codes=frozenset({41}), output="key"),
        Rule.infra("second", codes=frozenset({41, 42})),
        Rule.infra("third", output="^quota"),
    )
    assert classified(exited(41), None, "bad key", rules) == (Result.WORK_FAILED, "first")
    assert classified(exited(41), None, "else", rules) == (Result.INFRA, "second")
    assert classified(exited(1), None, "quota", rules) == (Result.INFRA, "third")
    assert classified(exited(1), None, "else", rules) == (Result.WORK_FAILED, "exit code 1")


TOWN = """\
apiVersion: gt/v1
agents:
  own:
    command: ./own
    failures:
      - {result: infra, reason: its queue is full, codes: [0, 75], output: "queue (is )?full"}
      - {result: interrupted, signals: [KILL, SIGXCPU]}
      - {result: infra, reason: refused, json: {error.status: [401, 429], ok: false}}
      - {result: infra, reason: never began, within: 2s, changed: false, codes: [9]}
      - {result: infra, reason: hung at its login, ended: [deadline, stall], output: "log in"}
      - {result: crashed, codes: [70]}
"""
OWN = town_from(load(TOWN.encode(), "town.yaml"), ".gt/town.yaml").agents["own"].failures


@pytest.mark.parametrize(
    ("ended", "traces", "expected"),
    [
        (exited(75), Traces(output="the queue is full"), (Result.INFRA, "its queue is full", True)),
        (exited(0), Traces(output="queue full"), (Result.INFRA, "its queue is full", True)),
        (exited(75), Traces(output="no"), (Result.WORK_FAILED, "exit code 75", False)),
        (
            Ended("exit", signal=signal.SIGXCPU),
            Traces(),
            (Result.INTERRUPTED, "rule 2 of its `failures`", True),
        ),
        (exited(0), Traces(last={"error": {"status": 429}, "ok": False}), (Result.INFRA, "refused", True)),
        (
            exited(1),
            Traces(last={"error": {"status": 400}, "ok": False}),
            (Result.WORK_FAILED, "exit code 1", False),
        ),
        (exited(1), Traces(last={"error": "429", "ok": False}), (Result.WORK_FAILED, "exit code 1", False)),
        (exited(9, 1), Traces(output="x"), (Result.INFRA, "never began", True)),
        (exited(9, 1), Traces(output="x", changed=True), (Result.WORK_FAILED, "exit code 9", False)),
        (exited(9, 2), Traces(output="x"), (Result.WORK_FAILED, "exit code 9", False)),
        (
            Ended("stall", signal=9, seconds=60),
            Traces(output="please log in"),
            (Result.INFRA, "hung at its login; no sign of progress; stopped after 60 s", True),
        ),
        (exited(1), Traces(output="please log in"), (Result.WORK_FAILED, "exit code 1", False)),
        (exited(70), Traces(output="x"), (Result.CRASHED, "rule 6 of its `failures`", True)),
    ],
)
def test_a_town_has_rules_of_its_own(ended: Ended, traces: Traces, expected: tuple[object, ...]) -> None:
    assert classify(ended, traces, OWN)[:3] == expected


@pytest.mark.parametrize(
    ("traces", "resets"),
    [
        (Traces(Report(failed=True, status=429, message="resets at 2026-11-22T23:00:00Z")), 10800),
        (Traces(Report(failed=True, message="usage limit", resets="120")), 120),
        (Traces(Report(failed=True, message="usage limit"), "usage limit, retry-after: 300\n"), 300),
        (Traces(output="working\nrate limit: try again in 2h\n"), 7200),
        (Traces(output="rate limit: try again in 2h\n", changed=True), None),
        (Traces(Report(failed=True, status=401, message="rate limit, try again in 2h", resets="120")), None),
        (Traces(Report(failed=True, message="the tests say: try again in 2h")), None),
    ],
)
def test_when_a_limit_is_over(traces: Traces, resets: int | None) -> None:
    found = classify(exited(1), replace(traces, at=NOW), ())
    assert found.resets == (None if resets is None else NOW + resets)
    assert resets is None or (found.result, found.told) == (Result.INFRA, True)


def test_a_reason_is_one_short_line() -> None:
    got = classified(exited(1), Report(failed=True, message="\n" + "x" * 1000 + "\nmore"), "", ())
    assert len(got[1]) < 250
    assert "\n" not in got[1]


@pytest.mark.parametrize(
    ("preset", "said"),
    [
        ("codex", '{"type":"error","message":"Reconnecting... waiting for network (Connection failed)"}\n'),
        ("aider", "litellm.InternalServerError: no\nRetrying in 16.0 seconds...\n"),
        ("amp", "No API key found. Starting login flow...\nIf your browser does not open, visit:\n"),
    ],
)
def test_who_waits_for_what_never_comes_has_not_worked(preset: str, said: str) -> None:
    rules, deadline = PRESETS[preset].rules, Ended("deadline", code=0, seconds=60)
    got, reason = classified(deadline, None, "work\n" * 400 + said, rules)
    assert got is Result.INFRA
    assert "deadline" in reason
    assert classified(deadline, None, said + "work\n" * 400, rules)[0] is Result.DEADLINE
    assert classified(Ended("interrupted", message="x"), None, said, rules)[0] is Result.INTERRUPTED


def test_claude_as_root() -> None:
    said = "--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons"
    assert classified(exited(1, seconds=6), None, said, CLAUDE)[0] is Result.INFRA
