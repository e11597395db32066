"""Whether gates work, by the runs that were made of them."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from gt.core.town import Gate, Town
from gt.refinery.health import Health
from gt.refinery.outcomes import Outcome, Verdict

TOWN = Town(gates=(Gate("test", "make test"),))
RED = Outcome("k", "test", Verdict.FAIL, "t", "b", ("m",), 0, command="make test", began=10.0, ended=20.0)
GREEN = replace(RED, verdict=Verdict.PASS, began=11.0, ended=30.0)


@pytest.mark.parametrize(
    ("later", "works"),
    [
        (GREEN, True),
        (replace(GREEN, began=9.0), False),
        (replace(GREEN, verdict=Verdict.FAIL), False),
        (replace(GREEN, verdict=Verdict.COULD_NOT_RUN), False),
        (replace(GREEN, gate="lint"), False),
        (replace(GREEN, command="make quicktest"), False),
    ],
    ids=["passed", "began before", "failed", "didn't run", "another gate", "another command"],
)
def test_only_a_pass_of_the_gate_that_began_later_shows_that_it_works(later: Outcome, works: bool) -> None:
    health = Health()
    health.heed(later)
    assert health.works([RED], TOWN) is works
    assert health.doubted == (frozenset() if works else {"test"})
    health.ask_anew()
    assert health.doubted == frozenset()


def test_a_gate_that_only_the_change_has_is_no_matter_of_doubt() -> None:
    assert Health().works([replace(RED, command="exit 1")], TOWN)


def test_a_clock_that_was_set_back_leaves_nobody_in_doubt_for_ever() -> None:
    later = time.time() + 3600
    assert Health().works([replace(RED, began=later, ended=later)], TOWN)


def test_failures_with_no_pass_between_them_are_a_spell() -> None:
    health = Health()
    for began in (5.0, 15.0):
        health.heed(replace(GREEN, began=began))
    spells = [health.spell(replace(RED, began=began), TOWN) for began in (1.0, 4.0, 6.0, 14.0, 16.0)]
    assert [spells.index(spell) for spell in spells] == [0, 0, 2, 2, 4]
    assert health.spell(replace(RED, command="exit 1"), TOWN) == ""
