"""`gt stats`: the ledger and the kept outcomes of gate runs, read for their numbers."""

from __future__ import annotations

from gt.core.bead import Phase
from gt.core.stats import GateRun, Stats
from gt.core.stats import stats as count
from gt.git.repo import Repo
from gt.refinery import outcomes
from gt.store.ledger import Ledger


def stats(repo: Repo, ledger: Ledger, since: int, until: int) -> Stats:
    """What ended after `since`, up to `until` (seconds). Gate runs of merges are told by what is kept here."""
    with ledger.read() as snapshot:
        beads = snapshot.in_phase(*Phase)
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
        )
        for each in outcomes.everything(repo)
        if not outcomes.is_aside(each)
    )
    return count(beads, runs, since, until)
