"""What became of an attempt whose agent has ended: judged by what git has, never by what the agent says or exits with."""

from __future__ import annotations

from collections.abc import Mapping

from gt.core.bead import Bead, Lease, Result
from gt.core.values import dataclass
from gt.fleet.failures import Traces, classify
from gt.fleet.keep import Secured
from gt.fleet.launch import Ended
from gt.fleet.novelty import nothing_new
from gt.fleet.presets import Invocation
from gt.fleet.reports import Report
from gt.git.repo import Repo
from gt.git.trees import tree_of
from gt.store.ending import Finding, offered
from gt.store.settings import town_at
from gt.store.targets import tip

LAST_WORDS = 600
"""Characters of what an agent said last that are kept of one that changed nothing."""
TAIL = 16_000
"""Bytes of output that are looked at to tell kinds of failure."""


@dataclass(frozen=True, slots=True)
class Run:
    """An agent's run, over."""

    ended: Ended
    report: Report | None
    output: str
    """The end of what it printed."""
    last: Mapping[str, object]
    """The last JSON object that it printed."""
    log: str | None
    stopped: str | None
    """Who stopped it by `gt stop`."""


def find(repo: Repo, bead: Bead, lease: Lease, run: Run, how: Invocation, left: Secured, now: int) -> Finding:
    """The finding on an attempt, from what its agent did and what it left."""
    usage = _usage(run)
    if run.stopped is not None and run.ended.why == "interrupted":
        return Finding(Result.RELEASED, f"stopped by {run.stopped}", usage=usage, log=run.log)
    changed = left.left is not None and left.left.commits > 0
    failure = classify(run.ended, Traces(run.report, run.output, run.last, changed, now), how.rules)
    result, reason = failure.result, failure.reason
    if run.ended.why != "exit" or run.ended.signal is not None or failure.told:
        return Finding(result, reason, usage=usage, log=run.log, resets=failure.resets)
    if left.left is not None and left.left.unread:
        # A full disk, say. That says nothing of the work, and half of it is not to be offered.
        reason = f"its worktree is kept: {left.stays}"
        return Finding(Result.INFRA, reason, usage=usage, log=run.log)
    commit = _offer(left)
    why = "left nothing behind" if commit is None else _idle(repo, bead, lease, left, commit)
    if commit is None or why is not None:
        if result is Result.NO_CHANGE:
            reason = f"{reason}: its work {why}{_last_words(run)}"
        return Finding(result, reason, usage=usage, log=run.log)
    how_to_land = town_at(repo, lease.basecommit).refinery.strategy
    offer = offered(bead, lease, commit, how_to_land, lease.actor, now)
    return Finding(Result.SUBMITTED, _words(run.report), usage=usage, log=run.log, offer=offer)


def _offer(left: Secured) -> str | None:
    """The commit to offer: with what gt committed, unless the agent is to commit by itself."""
    if left.left is None:
        return None
    return left.left.head if left.record is None or left.record.commit else left.left.own


def _idle(repo: Repo, bead: Bead, lease: Lease, left: Secured, commit: str) -> str | None:
    """Why the commit needn't be submitted, as a clause after "its work"; None if it is to be."""
    ends = {lease.basecommit: f"{lease.base} when it began"}
    now = tip(repo, lease.base)
    if now is not None:
        ends[now] = lease.base
    record = left.record
    if (
        record is not None
        and record.merged is not None
        and tree_of(repo, record.start) == tree_of(repo, commit)
    ):
        last = next((a for a in bead.status.attempts if a.head == record.merged), None)
        if last is not None and last.result in (Result.RED, Result.REJECTED):
            return f"is that of attempt {last.token}, which ended {last.result}"
    return nothing_new(repo, bead, commit, ends)


def _usage(run: Run) -> Mapping[str, float]:
    """What the attempt used: as its agent reports, and as the kernel does."""
    measured = {"seconds": run.ended.seconds, "cpu_seconds": run.ended.cpu_seconds}
    rounded = {key: round(value, 1) for key, value in measured.items()}
    return {**(run.report.usage if run.report else {}), **rounded}


def _last_words(run: Run) -> str:
    """What it said last, as a clause; a person may have to make something of it."""
    said = _words(run.report) or run.output.strip()
    words = " ".join(said[-LAST_WORDS:].split())
    return f". Its last words: {words}" if words else ""


def _words(report: Report | None) -> str:
    """An agent's last words, for people."""
    return report.message.strip()[:2000] if report else ""
