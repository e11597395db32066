"""The kind of failure of each way to end; success is nothing that these rules could say."""

from __future__ import annotations

import signal

import pytest

from gt.core.bead import Result
from gt.fleet.failures import Rule, classify
from gt.fleet.job import Ended
from gt.fleet.known import PRESETS
from gt.fleet.reports import Report

CLAUDE, CODEX = PRESETS["claude"].rules, PRESETS["codex"].rules


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
    got, reason = classify(ended, None, "some words", ())
    assert got is result
    assert reason


def test_at_once_and_without_a_word() -> None:
    assert classify(exited(1, seconds=1), None, " \n", ())[0] is Result.INFRA
    assert classify(exited(1, seconds=6), None, "", ())[0] is Result.WORK_FAILED


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
    assert classify(exited(0), report, "{...}", ())[0] is result


def test_what_gt_did_comes_before_what_it_reports() -> None:
    report = Report(failed=True, status=401)
    assert classify(Ended("deadline", code=1), report, "", CLAUDE)[0] is Result.DEADLINE


def test_presets_know_their_own_words() -> None:
    assert classify(exited(1), None, "Error: Session ID x is already in use.", CLAUDE)[0] is Result.INFRA
    assert (
        classify(exited(1), Report(failed=True, message="Please run /login"), "", CLAUDE)[0] is Result.INFRA
    )
    assert classify(exited(1), None, "Not logged in", CODEX)[0] is Result.INFRA
    # It only talks about it: it says itself that it didn't fail.
    assert classify(exited(0), None, "the port is already in use", CLAUDE)[0] is Result.NO_CHANGE


def test_the_first_rule_that_matches_decides() -> None:
    rules = (
        Rule(Result.WORK_FAILED, "first", codes=frozenset({41}), output="key"),
        Rule.infra("second", codes=frozenset({41, 42})),
        Rule.infra("third", output="^quota"),
    )
    assert classify(exited(41), None, "bad key", rules) == (Result.WORK_FAILED, "first")
    assert classify(exited(41), None, "else", rules) == (Result.INFRA, "second")
    assert classify(exited(1), None, "quota", rules) == (Result.INFRA, "third")
    assert classify(exited(1), None, "else", rules) == (Result.WORK_FAILED, "exit code 1")


def test_a_reason_is_one_short_line() -> None:
    got = classify(exited(1), Report(failed=True, message="\n" + "x" * 1000 + "\nmore"), "", ())
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
    got, reason = classify(deadline, None, "work\n" * 400 + said, rules)
    assert got is Result.INFRA
    assert "deadline" in reason
    assert classify(deadline, None, said + "work\n" * 400, rules)[0] is Result.DEADLINE
    assert classify(Ended("interrupted", message="x"), None, said, rules)[0] is Result.INTERRUPTED


def test_claude_as_root() -> None:
    said = "--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons"
    assert classify(exited(1, seconds=6), None, said, CLAUDE)[0] is Result.INFRA
