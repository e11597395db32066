"""Worlds: one town with its Beads, and arbitrary ones for properties."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from gt.core.bead import Bead, Phase
from gt.core.page import Acknowledged, Page, page_id
from gt.core.promotion import Decision, Stage, Step
from gt.core.state import Paused, TownState
from gt.core.town import AgentSpec, Limits, Town
from gt.core.world import Liveness, Queued, Remains, Standing, Target, World, Zombie
from tests.core.small import NOW, OID
from tests.core.strategies import beads, line, oids, text, times, tokens

TOWN = Town(
    agent="claude", agents={"claude": AgentSpec("claude", command="true")}, limits=Limits(concurrent=2)
)


def world(*found: Bead, town: Town = TOWN, now: int = NOW, **fields: Any) -> World:
    """The town on `main` with these Beads."""
    defaults: dict[str, Any] = {"towns": {"main": town}, "targets": {"main": Target("main", OID)}}
    return World(
        now=now, tip=OID, here="c", beads={bead.id: bead for bead in found}, **{**defaults, **fields}
    )


def page(subject: str, reason: str, epoch: str = "", **fields: Any) -> Page:
    """A page made at NOW."""
    return Page(page_id(subject, reason, epoch), subject, reason, epoch, "text", NOW, **fields)


limits = st.builds(
    Limits,
    attempts=st.integers(1, 3),
    concurrent=st.integers(0, 3),
    interruptions=st.integers(1, 3),
    usd_per_day=st.none() | st.integers(0, 5),
    usd_per_bead=st.none() | st.integers(1, 5),
)
agents = st.builds(
    AgentSpec, name=st.just("claude"), command=st.just("true"), limit=st.none() | st.integers(0, 2)
)
towns = st.builds(
    Town,
    agent=st.sampled_from([None, "claude", "nobody"]),
    agents=st.one_of(st.just({}), agents.map(lambda agent: {"claude": agent})),
    limits=limits,
    page=st.sampled_from([None, "true"]),
)
targets = st.builds(
    Target,
    st.just("main"),
    st.none() | oids,
    st.none() | line,
    st.sampled_from(["", "red", "moved", "missing"]),
)
_PAGE = ("subject", "reason", "epoch", "text", "at", "sends", "tried", "sent", "acknowledged")
pages = st.builds(
    Page,
    st.just(""),
    line,
    line,
    line,
    text,
    times,
    st.integers(0, 6),
    st.none() | times,
    st.none() | times,
    st.none() | st.builds(Acknowledged, line, times),
).map(lambda p: Page(page_id(p.subject, p.reason, p.epoch), *[getattr(p, f) for f in _PAGE]))


stages = st.builds(
    Stage,
    line,
    st.just("main"),
    st.just("main"),
    st.none() | oids,
    st.builds(
        Decision,
        st.sampled_from(Step),
        oids,
        st.sampled_from(["red", "moved", "settings", "approval"]),
        line,
        st.none() | times,
        st.integers(0, 5),
        st.integers(0, 3),
    ),
    st.integers(0, 9),
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Anything that could be observed, and some things that could not."""
    found = {bead.id: bead for bead in draw(st.lists(beads, max_size=5))}
    names = sorted(found)
    some = st.sampled_from(names) if names else st.just("gt-00000000")
    leased = [name for name in names if found[name].phase is Phase.LEASED]
    town = draw(st.none() | towns)
    paused = draw(st.none() | st.builds(Paused, line, line, st.none() | times))
    queue = st.builds(
        Queued, some, tokens, st.just("main"), oids, st.sampled_from(Standing), line, line, st.none()
    )
    return World(
        now=draw(times),
        tip=OID,
        here="c",
        beads=found,
        state=TownState(paused),
        towns={} if town is None else {"main": town},
        targets={"main": draw(targets)} if draw(st.booleans()) else {},
        liveness={name: draw(st.sampled_from(Liveness)) for name in leased if draw(st.booleans())},
        zombies=tuple(draw(st.lists(st.builds(Zombie, some, tokens, times), max_size=2))),
        queue=tuple(draw(st.lists(queue, max_size=2))),
        stages=tuple(draw(st.lists(stages, max_size=1))),
        pages={p.id: p for p in draw(st.lists(pages, max_size=2))},
        remains=tuple(draw(st.lists(st.builds(Remains, some, tokens, st.just("lock"), line), max_size=2))),
        stale=tuple(draw(st.lists(st.just("refs/heads/beads"), max_size=1))),
        pruned=draw(st.sampled_from((0, 0, 3))),
        unreadable=tuple(draw(st.lists(line, max_size=1))),
    )
