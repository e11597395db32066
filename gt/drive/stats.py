"""`gt stats`: the ledger and the kept outcomes of gate runs, read for their numbers."""

from __future__ import annotations

from collections.abc import Iterable

from gt.core.bead import Bead, Phase
from gt.core.stats import PEOPLE, GateRun, Stats
from gt.core.stats import stats as count
from gt.git.repo import Repo
from gt.refinery import outcomes
from gt.refinery.outcomes import Outcome
from gt.store.ledger import Ledger


def stats(repo: Repo, ledger: Ledger, since: int, until: int) -> Stats:
    """What ended after `since`, up to `until` (seconds). Gate runs of merges are told by what is kept here."""
    with ledger.read() as snapshot:
        beads = snapshot.in_phase(*Phase)
    return numbers(beads, outcomes.everything(repo), since, until)


def numbers(beads: Iterable[Bead], ran: Iterable[Outcome], since: int, until: int) -> Stats:
    """The numbers of these Beads and gate runs; runs that were no part of a merge don't count."""
    seen = tuple(beads)
    whose = {
        (bead.id, attempt.token): attempt.agent or PEOPLE for bead in seen for attempt in bead.status.attempts
    }
    runs = (
        GateRun(
            gate=each.gate,
            key=f"{each.key}/{each.environment}",
            verdict=each.verdict.value,
            at=each.at,
            seconds=each.seconds,
            cpu=each.cpu,
            rss=each.rss,
            members=len(each.members),
            agents=frozenset(
                whose[bead, token]
                for bead, token, *_ in (member.split("/") for member in each.members)
                if (bead, token) in whose
            ),
        )
        for each in ran
        if not outcomes.is_aside(each)
    )
    return count(seen, runs, since, until)
