"""What the ledger tells of Beads that are over: as much as breakers and a day's limit need, and not the whole past."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Attempt, Bead, Closed, CloseReason, Landed, Phase, Result, Status
from gt.core.spending import DAY
from gt.core.town import Limits, Town
from gt.core.world import World
from gt.store.survey import ended
from tests.conftest import NOW
from tests.core.small import submission
from tests.store.scenes import ALICE, bead, new_ledger, write

LIMITED = {"main": Town(limits=Limits(usd_per_day=20))}
FREE = {"main": Town()}


def over(number: int, *attempts: Attempt, landed: int | None = None) -> Bead:
    """A Bead that is over; it landed then, by its last attempt, or was closed."""
    if landed is None:
        closed = Closed(CloseReason.OBSOLETE, "", NOW, ALICE)
        return bead(number, Status(phase=Phase.CLOSED, closed=closed, attempts=attempts))
    sub = replace(submission(attempts[-1].token), at=attempts[-1].end)
    done = Landed("1" * 40, "2" * 40, landed)
    return bead(number, Status(phase=Phase.LANDED, landed=done, submission=sub, attempts=attempts))


def tried(token: str, agent: str, end: int, result: Result, usd: float = 0.0) -> Attempt:
    return Attempt(token, agent, end - 10, end, result, usage={"usd": usd} if usd else {})


def ailing(agent: str = "a", count: int = 3) -> Bead:
    attempts = (tried(f"{n}-aaaa", agent, NOW - 50 + n, Result.INFRA) for n in range(1, count + 1))
    return bead(1000, Status(attempts=tuple(attempts)))


def test_a_town_in_which_nothing_ails_or_costs_looks_at_no_past(repo_path: Path) -> None:
    live = ailing(count=2)
    ledger = new_ledger(repo_path, live, over(1, tried("1-aaaa", "a", NOW - 9, Result.INFRA, 3.0)))
    with ledger.read() as snapshot:
        assert ended(snapshot, {live.id: live}, FREE, NOW) == ()
        assert ended(snapshot, {}, LIMITED, NOW) == ()


def test_a_days_limit_looks_at_a_day(repo_path: Path) -> None:
    paid = over(1, tried("1-aaaa", "a", NOW - DAY + 1, Result.SUBMITTED, 3.0), landed=NOW - DAY + 5)
    old = over(2, tried("1-aaaa", "a", NOW - DAY - 9, Result.SUBMITTED, 4.0), landed=NOW - DAY - 5)
    late = over(3, tried("1-aaaa", "a", NOW - DAY - 9, Result.SUBMITTED, 5.0), landed=NOW - 5)
    unpaid = over(4)
    ledger = new_ledger(repo_path, paid, old, late, unpaid, bead(5))
    with ledger.read() as snapshot:
        found = ended(snapshot, {bead(5).id: bead(5)}, LIMITED, NOW)
        assert [each.id for each in found] == [paid.id, late.id]
        world = World(NOW, "", "", {}, ended=found)
        assert world.expenses == ((NOW - DAY + 1, 3.0),)
    write(ledger, replace(paid, status=Status()))
    with ledger.read() as snapshot:
        assert [each.id for each in snapshot.over_since(0)] == [old.id, late.id]


@pytest.mark.parametrize("seed", [0, 1, 2, 11, 19])
def test_a_breaker_sees_all_that_counts(repo_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    results = [Result.INFRA] * 4 + [Result.SUBMITTED, Result.NO_CHANGE, Result.INTERRUPTED]
    past = []
    for number in range(40):
        attempts = tuple(
            tried(f"{n}-{number:04}", dice.choice("ab"), NOW - dice.randrange(1, 400), dice.choice(results))
            for n in range(1, dice.randrange(1, 4))
        )
        lands = attempts and seed % 3 and dice.random() < 0.3 * (seed % 3)
        past.append(over(number, *attempts, landed=NOW - dice.randrange(1, 400) if lands else None))
    live = ailing("ab"[seed % 2])
    ledger = new_ledger(repo_path, live, *past)
    with ledger.read() as snapshot:
        found = ended(snapshot, {live.id: live}, FREE, NOW)
    agent = live.status.attempts[0].agent
    part, whole = (World(NOW, "", "", {live.id: live}, ended=each) for each in (found, tuple(past)))
    assert part.fitness(agent) == whole.fitness(agent)
    assert len(found) < len(past)
