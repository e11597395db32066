"""What kind of failure an ended run is: rules in order, the first that matches decides.

No rule decides success: whether anything was done is for git to say. Where nothing points to a failure the answer
is `no-change`, to be used when git sees none.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from dataclasses import field
from typing import NamedTuple

from gt.core.bead import Result
from gt.core.blame import EXIT, Rule, found_at
from gt.core.values import dataclass
from gt.fleet.job import Ended, signal_name
from gt.fleet.reports import Report
from gt.fleet.resets import reset, speaks_of_limit, stated

AT_ONCE = 5.0
"""Seconds: who fails faster, and without a word, never began to work."""

LAST_WORDS = 1000
"""Characters at the end of a log that tell what whoever had to be stopped was at."""

_CANT_RUN = {126: "the program can't be executed", 127: "there is no such program"}
_REFUSED = frozenset({401, 402, 403, 404, 408, 429, *range(500, 600)})
"""HTTP statuses of a model's server that say nothing about the work."""

_LIMITED = frozenset({429, 503, 529})
"""Those that say: not now."""

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


class Failure(NamedTuple):
    """The kind of failure of an ended run, to be used where git doesn't see that anything was done."""

    result: Result
    reason: str
    """A sentence that says why."""
    told: bool = False
    """Whether a rule, or the agent itself by a refusal of its model's server, says so: then what it did is half done at
    best, whatever git sees."""
    resets: int | None = None
    """When the limit that the agent ran into is over, as far as it says."""


@dataclass(frozen=True, slots=True)
class Traces:
    """What an ended run left for the rules to look at."""

    report: Report | None = None
    output: str = ""
    """The end of the log, "" if it printed nothing."""
    last: Mapping[str, object] = field(default_factory=dict)
    """The last JSON object that it printed."""
    changed: bool = False
    """Whether it changed anything."""
    at: int = 0
    """When it ended."""

    @property
    def failed(self) -> bool:
        """Whether it says itself that it failed."""
        return self.report is not None and self.report.failed

    @property
    def said(self) -> str:
        """Its own account of its failure, or the log's end if it gives none."""
        return self.report.message if self.report is not None and self.report.failed else self.output


def classify(ended: Ended, traces: Traces, rules: tuple[Rule, ...]) -> Failure:
    """The kind of failure, by the rules in their order, then by what the agent reports, then by its exit status."""
    found = _kind(ended, traces, rules)
    if found.result is not Result.INFRA or not found.told:
        return found
    return found._replace(resets=_resets(traces))


def _kind(ended: Ended, traces: Traces, rules: tuple[Rule, ...]) -> Failure:
    rule = next((rule for rule in rules if _fits(rule, ended, traces)), None)
    by_us = _ended_by_us(ended)
    if by_us is not None:
        if rule is None:
            return by_us
        return Failure(rule.result, f"{rule.reason}; {by_us.reason}", told=True)
    if rule is not None:
        return Failure(rule.result, rule.reason, told=True)
    return _reported(traces.report) or _limited(ended, traces) or _by_status(ended, traces.output)


def _fits(rule: Rule, ended: Ended, traces: Traces) -> bool:
    if ended.why not in rule.ended:
        return False
    by_itself = ended.why == EXIT
    if by_itself and not (ended.code != 0 or traces.failed or 0 in rule.codes or rule.fields):
        return False
    if rule.codes and ended.code not in rule.codes:
        return False
    if rule.signals and ended.signal not in rule.signals:
        return False
    if rule.within is not None and ended.seconds >= rule.within:
        return False
    if rule.changed is not None and rule.changed is not traces.changed:
        return False
    if any(found_at(traces.last, path) not in values for path, values in rule.fields.items()):
        return False
    said = traces.said if by_itself else traces.output[-LAST_WORDS:]
    return not rule.output or re.search(rule.output, said) is not None


def _ended_by_us(ended: Ended) -> Failure | None:
    match ended.why:
        case "not-started":
            return Failure(Result.INFRA, ended.message)
        case "interrupted":
            return Failure(Result.INTERRUPTED, ended.message or "interrupted")
        case "deadline":
            return Failure(Result.DEADLINE, f"still running at its deadline, after {ended.seconds:.0f} s")
        case "stall":
            return Failure(Result.STALLED, f"no sign of progress; stopped after {ended.seconds:.0f} s")
        case "exit":
            return None


def _reported(report: Report | None) -> Failure | None:
    if report is None or not report.failed:
        return None
    words = _first_line(report.message)
    if report.status in _REFUSED:
        return Failure(Result.INFRA, f"its model's server answered {report.status}: {words}", told=True)
    if _TROUBLE.search(report.message):
        return Failure(Result.INFRA, f"it reports: {words}", told=True)
    return Failure(Result.WORK_FAILED, f"it reports: {words}")


def _limited(ended: Ended, traces: Traces) -> Failure | None:
    """A program that reports nothing, did nothing, and whose last words are of a limit and of when that is over."""
    words = traces.output[-LAST_WORDS:]
    if traces.report is not None or traces.changed or not ended.code or reset(words, traces.at) is None:
        return None
    line = next((line for line in reversed(words.splitlines()) if speaks_of_limit(line)), words)
    return Failure(Result.INFRA, f"it says: {_first_line(line)}", told=True)


def _resets(traces: Traces) -> int | None:
    """When the limit is over: as the report has it, else as its words or the last of the log say."""
    report, found = traces.report, None
    if report is not None and report.failed:
        limited = report.status in _LIMITED
        if report.status is not None and not limited:
            return None
        found = stated(report.resets, traces.at) if report.resets else None
        found = found or reset(f"{'429 ' if limited else ''}{report.message}", traces.at)
    return found or reset(traces.output[-LAST_WORDS:], traces.at)


def _by_status(ended: Ended, output: str) -> Failure:
    if ended.signal is not None:
        name = signal_name(ended.signal)
        if ended.signal in _ENDED_FROM_OUTSIDE:
            return Failure(Result.INTERRUPTED, f"ended by {name}, which gt did not send")
        return Failure(Result.CRASHED, f"killed by {name}")
    if ended.code == 0:
        return Failure(Result.NO_CHANGE, "exited with 0 and changed nothing")
    if ended.code in _CANT_RUN:
        return Failure(Result.INFRA, f"exit code {ended.code}: {_CANT_RUN[ended.code]}")
    if ended.seconds < AT_ONCE and not output.strip():
        return Failure(Result.INFRA, f"exit code {ended.code} within {AT_ONCE:.0f} s, without a word")
    if ended.code == 128 + signal.SIGTERM:
        return Failure(Result.INTERRUPTED, "exit code 143: ended by SIGTERM, which gt did not send")
    return Failure(Result.WORK_FAILED, f"exit code {ended.code}")


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "no reason")
    return line if len(line) <= 200 else f"{line[:199]}…"
