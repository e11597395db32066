"""World: landings laid over, families, and whose settings hold."""

from __future__ import annotations

from dataclasses import replace

from gt.core.bead import Landed, Phase
from gt.core.state import Paused, TownState
from gt.core.world import Target, lease_grace
from tests.core.small import NOW, OID, bead, gt, lease
from tests.core.worlds import TOWN, world

LANDING = Landed("1" * 40, OID, NOW)


def test_a_landing_is_laid_over_a_submission_and_over_nothing_else() -> None:
    some = world(
        bead("a", Phase.SUBMITTED), bead("b"), landings={gt("a"): LANDING, gt("b"): LANDING, gt("c"): LANDING}
    )
    seen = some.look(gt("a"))
    assert seen is not None
    assert (seen.phase, seen.status.landed) == (Phase.LANDED, LANDING)
    assert some.look(gt("b")) == some.beads[gt("b")]
    assert some.look(gt("c")) is None
    assert some.beads[gt("a")].phase is Phase.SUBMITTED


def test_children_are_seen_with_their_landings() -> None:
    some = world(
        bead("e", type="epic"), bead("a", Phase.SUBMITTED, parent=gt("e")), landings={gt("a"): LANDING}
    )
    assert [child.phase for child in some.children(gt("e"))] == [Phase.LANDED]
    assert some.children(gt("a")) == ()


def test_the_default_target_is_the_first_though_its_settings_be_unreadable() -> None:
    some = world(targets={"main": Target("main", OID), "next": Target("next", OID)}, towns={"next": TOWN})
    assert some.default_target == "main"
    assert some.town_of(bead("a")) is None
    assert some.town_of(bead("a", base="next")) == TOWN
    assert some.agent_of(bead("a", base="next")) == TOWN.agents["claude"]


def test_who_sends_a_page() -> None:
    loud = replace(TOWN, page="loud")
    some = world(
        bead("a", base="next"),
        bead("b"),
        targets={"main": Target("main", OID), "next": Target("next", OID)},
        towns={"main": TOWN, "next": loud},
    )
    asked = (gt("a"), "target:next", gt("b"), "agent:claude", "ledger")
    assert [some.pager_of(subject) for subject in asked] == ["loud", "loud", None, None, None]
    assert world(towns={}).pager_of("ledger") is None


def test_a_pause_ends_at_its_time() -> None:
    paused = world(state=TownState(Paused("alice", "lunch", NOW + 1)))
    assert paused.paused
    assert not replace(paused, now=NOW + 1).paused
    assert world(state=TownState(Paused("alice", "gone"))).paused


def test_expenses_of_the_last_day_oldest_first() -> None:
    from gt.core.bead import Result
    from tests.core.small import attempt

    old, late, soon = (
        replace(attempt(token, Result.NO_CHANGE, at), usage={"usd": usd})
        for token, at, usd in (("1-aaaa", NOW - 86400, 9.0), ("2-aaaa", NOW, 2.0), ("3-aaaa", NOW - 5, 1.0))
    )
    one = bead("a", Phase.LANDED)
    some = world(ended=(replace(one, status=replace(one.status, attempts=(old, late, soon))),))
    assert some.expenses == ((NOW - 5, 1.0), (NOW, 2.0))


def test_grace_grows_with_the_lease() -> None:
    assert lease_grace(lease(expires=NOW + 60)) == 60
    assert lease_grace(lease(expires=NOW + 86400)) == 1728
