"""What kind of failure an ended run is: rules in order, the first that matches decides.

No rule decides success: whether anything was done is for git to say. Where nothing points to a failure the answer
is `no-change`, to be used when git sees none.
"""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from typing import Self

from gt.core.bead import Result
from gt.fleet.job import Ended
from gt.fleet.reports import Report

AT_ONCE = 5.0
"""Seconds: who fails faster, and without a word, never began to work."""

LAST_WORDS = 1000
"""Characters at the end of a log that tell what whoever had to be stopped was at."""

_CANT_RUN = {126: "the program can't be executed", 127: "there is no such program"}
_REFUSED = frozenset({401, 402, 403, 404, 408, 429, *range(500, 600)})
"""HTTP statuses of a model's server that say nothing about the work."""

_TROUBLE = re.compile(
    r"""\b(
      authentication_error | invalid[ ]api[ ]key | unauthorized | rate[_ ]limit\w* | too[ ]many[ ]requests
    | overloaded(_error)? | service[ ]unavailable | internal[ ]server[ ]error | bad[ ]gateway
    | ENOTFOUND | ECONNREFUSED | ECONNRESET | ETIMEDOUT | connection[ ](error|refused|reset)
    | could[ ]not[ ]resolve[ ]host | stream[ ]disconnected | usage[ ]limit
    | unexpected[ ]status[ ](401|403|429|5\d\d)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
"""In an agent's own account of why it failed."""

_ENDED_FROM_OUTSIDE = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


@dataclass(frozen=True, slots=True)
class Rule:
    """A preset's own rule: all of the conditions that are given must hold, of a run that failed."""

    result: Result
    reason: str
    codes: frozenset[int] = frozenset()
    """Exit codes; empty: any but 0, or any at all when the agent reports a failure."""
    output: str = ""
    """A regular expression that is searched for in what the agent says: its error, or the log's end if it reports
    none."""
    hung: bool = False
    """Whether it is for those that had to be stopped, at their deadline or for a stall: then the last words count."""

    @classmethod
    def infra(
        cls, reason: str, *, codes: frozenset[int] = frozenset(), output: str = "", hung: bool = False
    ) -> Self:
        """A failure that says nothing about the work."""
        return cls(Result.INFRA, reason, codes, output, hung)

    def matches(self, ended: Ended, said: str) -> bool:
        if self.codes and ended.code not in self.codes:
            return False
        return not self.output or re.search(self.output, said) is not None


def classify(ended: Ended, report: Report | None, output: str, rules: tuple[Rule, ...]) -> tuple[Result, str]:
    """The kind of failure and a sentence that says why; output is the end of the log, "" if it printed nothing."""
    by_us = _ended_by_us(ended)
    if by_us is not None:
        words = output[-LAST_WORDS:]
        hung = (rule for rule in rules if rule.hung and re.search(rule.output, words))
        found = next(hung, None) if ended.why in ("deadline", "stall") else None
        return by_us if found is None else (found.result, f"{found.reason}; {by_us[1]}")
    failed = ended.code != 0 or (report is not None and report.failed)
    if failed:
        said = report.message if report is not None and report.failed else output
        for rule in rules:
            if not rule.hung and rule.matches(ended, said):
                return rule.result, rule.reason
    reported = _reported(report)
    if reported is not None:
        return reported
    return _by_status(ended, output)


def _ended_by_us(ended: Ended) -> tuple[Result, str] | None:
    match ended.why:
        case "not-started":
            return Result.INFRA, ended.message
        case "interrupted":
            return Result.INTERRUPTED, ended.message or "interrupted"
        case "deadline":
            return Result.DEADLINE, f"still running at its deadline, after {ended.seconds:.0f} s"
        case "stall":
            return Result.STALLED, f"no sign of progress; stopped after {ended.seconds:.0f} s"
        case "exit":
            return None


def _reported(report: Report | None) -> tuple[Result, str] | None:
    if report is None or not report.failed:
        return None
    words = _first_line(report.message)
    if report.status in _REFUSED:
        return Result.INFRA, f"its model's server answered {report.status}: {words}"
    if _TROUBLE.search(report.message):
        return Result.INFRA, f"it reports: {words}"
    return Result.WORK_FAILED, f"it reports: {words}"


def _by_status(ended: Ended, output: str) -> tuple[Result, str]:
    if ended.signal is not None:
        name = _signal_name(ended.signal)
        if ended.signal in _ENDED_FROM_OUTSIDE:
            return Result.INTERRUPTED, f"ended by {name}, which gt did not send"
        return Result.CRASHED, f"killed by {name}"
    if ended.code == 0:
        return Result.NO_CHANGE, "exited with 0 and changed nothing"
    if ended.code in _CANT_RUN:
        return Result.INFRA, f"exit code {ended.code}: {_CANT_RUN[ended.code]}"
    if ended.seconds < AT_ONCE and not output.strip():
        return Result.INFRA, f"exit code {ended.code} within {AT_ONCE:.0f} s, without a word"
    if ended.code == 128 + signal.SIGTERM:
        return Result.INTERRUPTED, "exit code 143: ended by SIGTERM, which gt did not send"
    return Result.WORK_FAILED, f"exit code {ended.code}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "no reason")
    return line if len(line) <= 200 else f"{line[:199]}…"
