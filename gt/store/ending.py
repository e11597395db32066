"""The end of an attempt in the ledger: what it said and what became of it, in one commit, under its token.

As the commit takes the lease away, nothing can be said or counted twice: whoever comes second finds another token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace

from gt.core import moves
from gt.core.bead import Attempt, Bead, Lease, Result, Submission
from gt.core.draft import Rules
from gt.core.sayings import Heard, Kind, noted, proposed
from gt.core.town import Limits
from gt.core.values import dataclass
from gt.core.wording import fit
from gt.errors import IllegalMove, Refused
from gt.store.fitting import fits, fitted
from gt.store.ledger import Changes, Ledger, Message, Snapshot

TOO_MUCH = "what was said at this attempt is more than this Bead has room for, and was left out"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is found of an attempt that is over; what it said of itself may still change the result."""

    result: Result
    reason: str = ""
    head: str | None = None
    """The commit under which all it left is pinned."""
    commits: int = 0
    usage: Mapping[str, float] = field(default_factory=dict)
    log: str | None = None
    offer: Submission | None = None
    """What is submitted; taken only if the result is SUBMITTED."""
    resets: int | None = None
    """When the limit that the agent ran into is over."""


def judged(finding: Finding, heard: Heard) -> Finding:
    """The finding with the agent's own verdict on it: a question comes before a failure, both before all else."""
    verdict = heard.verdict()
    if verdict is None or verdict.kind is Kind.SUBMIT:
        return finding
    result = Result.ASKED if verdict.kind is Kind.ASK else Result.WORK_FAILED
    return replace(finding, result=result, reason=verdict.text, offer=None)


def conclude(
    ledger: Ledger,
    bead: str,
    token: str,
    finding: Finding,
    heard: Heard,
    *,
    limits: Limits,
    rules: Rules,
    verb: str,
    actor: str,
    now: int,
) -> tuple[Bead, Attempt]:
    """End the attempt; returns the Bead and the attempt's record.

    Raises IllegalMove if the Bead isn't leased under this token any more: then nothing has changed.
    """
    outcome: list[tuple[Bead, Attempt]] = []
    # Whatever an agent said and however long it is, its lease must end.
    finding = replace(finding, reason=fit(finding.reason))

    def change(snapshot: Snapshot) -> Changes:
        before = snapshot.get(bead)
        lease = held_under(before, token)
        attempt = _record(finding, lease, now)
        speaker = lease.actor
        new, remarks = proposed(before, token, heard, snapshot, speaker, now, rules)
        said = replace(heard, remarks=tuple(map(fit, (*heard.remarks, *remarks))))
        for words in (said, Heard(remarks=(TOO_MUCH,)), Heard()):
            spoken = noted(before, token, words, speaker, now)
            after = fitted(_moved(spoken, finding, attempt, limits, now))
            if fits(after):
                break
        outcome[:] = [(after, after.attempt(token) or attempt)]
        return Changes({**new, bead: after})

    message = Message(f"{verb} {bead}: attempt {token} ended, {finding.result}", verb, actor, (bead,), now)
    with ledger.hold() as held:
        ledger.update(held, message, change).close()
    return outcome[0]


def offered(bead: Bead, lease: Lease, commit: str, strategy: str, actor: str, now: int) -> Submission:
    """The submission of a commit made under this lease; `strategy` says how it shall land."""
    return Submission(
        token=lease.token,
        commit=commit,
        branch=lease.branch,
        base=lease.base,
        basecommit=lease.basecommit,
        spec=bead.status.observed,
        strategy=strategy,
        at=now,
        by=actor,
        agent=lease.agent,
    )


def held_under(bead: Bead, token: str) -> Lease:
    """The lease of the Bead, if it is the one of this token; raises IllegalMove."""
    lease = bead.status.lease
    if lease is None:
        why = f"is {bead.phase}, not leased under {token}: that attempt is over"
        raise IllegalMove(bead.id, why, hint=f"gt show {bead.id}")
    if lease.token != token:
        why = f"is leased under {lease.token}, not {token}: that attempt is over"
        raise IllegalMove(bead.id, why, hint=f"gt show {bead.id}")
    return lease


def held_by_person(bead: Bead, token: str | None, actor: str) -> Lease:
    """The lease that a person may end: under this token, or (None) the one they hold.

    Raises IllegalMove if there is none, Refused if it is an attempt's, or another person's.
    """
    lease = bead.status.lease
    if token is not None:
        lease = held_under(bead, token)
    if lease is None:
        raise IllegalMove(bead.id, f"is {bead.phase}: nobody holds it", hint=f"gt claim {bead.id}")
    if lease.lock:
        raise Refused(f"{bead.id} is held by an attempt, {lease.actor}", hint=f"gt stop {bead.id}")
    if token is None and lease.actor != actor:
        raise Refused(f"{bead.id} is held by {lease.actor}, not by {actor}", hint=f"gt show {bead.id}")
    return lease


def _record(finding: Finding, lease: Lease, now: int) -> Attempt:
    return Attempt(
        token=lease.token,
        agent=lease.agent,
        start=lease.started,
        end=now,
        result=finding.result,
        reason=finding.reason,
        head=finding.head,
        commits=finding.commits,
        usage=finding.usage,
        log=finding.log,
        resets=finding.resets if finding.result is Result.INFRA else None,
    )


def _moved(bead: Bead, finding: Finding, attempt: Attempt, limits: Limits, now: int) -> Bead:
    if finding.result is Result.ASKED:
        return moves.ask(bead, finding.reason, attempt, now)
    if finding.result is Result.SUBMITTED:
        assert finding.offer is not None
        return moves.submit(bead, finding.offer, attempt)
    return moves.end(bead, attempt, limits, now)
