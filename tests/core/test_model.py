"""Every state that a small town can get into, over the real plan and the real moves.

Two Beads, two places for attempts, two counted attempts each. The environment may at any time let an attempt
submit, fail, be interrupted, crash without a word, outlive its lease or say something late; time may pass; a gate
may be red and a merge may conflict; a landing may not get recorded; a person may hold, close or retry a Bead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from gt.core import moves
from gt.core.bead import Attempt, Bead, Closed, CloseReason, Created, Landed, Phase, Result, Spec, Submission
from gt.core.measure import Measure, measure
from gt.core.page import page_id
from gt.core.plan import Action, By, Next, plan
from gt.core.town import AgentSpec, Limits, Town
from gt.core.when import format_time
from gt.core.world import Liveness, Queued, Standing, Target, World, Zombie
from gt.errors import IllegalMove
from tests.core.small import NOW, gt, lease
from tests.core.worlds import page

LIMITS = Limits(attempts=2, concurrent=2, interruptions=1, cooldown=0)
TOWN = Town(agent="claude", agents={"claude": AgentSpec("claude", command="true")}, limits=LIMITS)
NAMES = (gt("a"), gt("b"))
LONG_AGO = NOW - 1_000_000


@dataclass(frozen=True)
class Town2:
    """One state: what the ledger says, which processes run, what the target has."""

    beads: tuple[Bead, Bead]
    alive: frozenset[tuple[str, str]] = frozenset()
    landed: tuple[tuple[str, str], ...] = ()
    """Bead and token of each landing, recorded or not."""
    retried: bool = False

    @property
    def tip(self) -> str:
        return f"{len(self.landed):040d}"

    def key(self) -> object:
        """Equal for states that differ only in which Bead is which, or in what plays no part."""
        each = [
            (
                str(bead.phase),
                (bead.counted, len(bead.status.attempts) - bead.counted),
                bead.spec.hold,
                bead.spec.attempts,
                bead.status.wake is not None,
                bool(bead.status.lease and bead.status.lease.expires == LONG_AGO),
                self.behind(bead),
                bool(bead.status.lease and (bead.id, bead.status.lease.token) in self.alive),
                bool(self.late(bead)),
                any(name == bead.id for name, _ in self.landed),
            )
            for bead in self.beads
        ]
        return (tuple(sorted(each)), self.retried)

    def late(self, bead: Bead) -> frozenset[tuple[str, str]]:
        """The attempts at a Bead that still run though their lease is over."""
        token = bead.status.lease.token if bead.status.lease else None
        return frozenset(each for each in self.alive if each[0] == bead.id and each[1] != token)

    def behind(self, bead: Bead) -> bool:
        began = bead.status.lease or bead.status.submission
        return began is not None and began.basecommit != self.tip

    def with_bead(self, bead: Bead, **fields: object) -> Town2:
        beads = tuple(bead if bead.id == each.id else each for each in self.beads)
        return replace(self, beads=beads, **fields)  # type: ignore[arg-type]

    def world(self) -> World:
        leases = {(b.id, b.status.lease.token) for b in self.beads if b.status.lease}
        return World(
            now=NOW,
            tip="0" * 40,
            here="c",
            beads={bead.id: bead for bead in self.beads},
            towns={"main": TOWN},
            targets={"main": Target("main", self.tip)},
            landings={b.id: Landed(self.tip, self.tip, NOW) for b in self.beads if _unrecorded(self, b)},
            liveness={
                name: Liveness.LIVE if (name, token) in self.alive else Liveness.DEAD
                for name, token in leases
            },
            zombies=tuple(Zombie(name, token, LONG_AGO) for name, token in sorted(self.alive - leases)),
            queue=tuple(
                Queued(b.id, s.token, "main", s.commit, Standing.DUE)
                for b in self.beads
                if (s := b.status.submission) and b.phase is Phase.SUBMITTED and not _unrecorded(self, b)
            ),
            pages={page_id(*call): page(*call) for call in map(_call, self.beads) if call},
        )


def _call(bead: Bead) -> tuple[str, str, str] | None:
    """The page that is made of a stuck Bead: here, at once."""
    stuck = bead.status.stuck
    return (bead.id, str(stuck.reason), format_time(stuck.since)) if stuck else None


def _unrecorded(state: Town2, bead: Bead) -> bool:
    sub = bead.status.submission
    return bead.phase is Phase.SUBMITTED and sub is not None and (bead.id, sub.token) in state.landed


def record(bead: Bead, token: str, result: Result) -> Attempt:
    return Attempt(token, "claude", NOW, NOW, result)


def executed(state: Town2, action: Action) -> Iterator[tuple[str, Town2]]:
    """All that can come of carrying out one Action."""
    bead = next((b for b in state.beads if b.id in action.args), state.beads[0])
    match action.verb:
        case "work":
            token = f"{bead.next_ordinal}-aaaa"
            held = lease(token, basecommit=state.tip)
            yield (
                "claimed",
                state.with_bead(moves.claim(bead, held, ""), alive=state.alive | {(bead.id, token)}),
            )
        case "expire":
            token = action.args[1]
            dead = (bead.id, token) not in state.alive
            ended = moves.end(
                bead, record(bead, token, Result.CRASHED if dead else Result.DEADLINE), LIMITS, NOW
            )
            yield "expired", state.with_bead(ended, alive=state.alive - {(bead.id, token)})
            if not dead and not state.late(bead):
                yield "expired, but not killed", state.with_bead(ended)
        case "kill":
            yield "killed", replace(state, alive=state.alive - {(action.args[0], action.args[1])})
        case "landed":
            yield "recorded", state.with_bead(moves.land(bead, Landed(state.tip, state.tip, NOW)))
        case "merge":
            yield from merged(state)
        case verb:
            raise AssertionError(verb)


def merged(state: Town2) -> Iterator[tuple[str, Town2]]:
    """The Refinery takes the first that is due: green, red, or in conflict."""
    place = state.world().queue[0]
    bead = next(b for b in state.beads if b.id == place.bead)
    yield "green", replace(state, landed=(*state.landed, (bead.id, place.token)))
    results = [Result.RED, Result.OVERTAKEN if state.behind(bead) else Result.CONFLICT]
    for result in results:
        yield str(result), state.with_bead(moves.reject(bead, place.token, result, "", LIMITS, NOW))


def happened(state: Town2) -> Iterator[tuple[str, Town2]]:
    """What the environment may do, people excepted."""
    for bead in state.beads:
        held = bead.status.lease
        if held is not None and (bead.id, held.token) in state.alive:
            yield from ended(state, bead, held.token)
            yield "crash", replace(state, alive=state.alive - {(bead.id, held.token)})
        if held is not None and held.expires != LONG_AGO:
            yield "time is up", state.with_bead(_with_expiry(bead))
        if bead.status.wake is not None:
            yield "waited", state.with_bead(replace(bead, status=replace(bead.status, wake=None)))


def ended(state: Town2, bead: Bead, token: str) -> Iterator[tuple[str, Town2]]:
    gone = state.alive - {(bead.id, token)}
    held = bead.status.lease
    assert held is not None
    offered = Submission(
        token, f"{token:0<40}", held.branch, "main", held.basecommit, "", "merge", NOW, "c", "claude"
    )
    handed_in = moves.submit(bead, offered, record(bead, token, Result.SUBMITTED))
    yield "submitted", state.with_bead(handed_in, alive=gone)
    if not state.late(bead):
        yield "submitted, and lives on", state.with_bead(handed_in)
    for result in (Result.WORK_FAILED, Result.INTERRUPTED):
        yield (
            str(result),
            state.with_bead(moves.end(bead, record(bead, token, result), LIMITS, NOW), alive=gone),
        )


def _with_expiry(bead: Bead) -> Bead:
    held = bead.status.lease
    assert held is not None
    return replace(bead, status=replace(bead.status, lease=replace(held, started=LONG_AGO, expires=LONG_AGO)))


def wanted(state: Town2) -> Iterator[tuple[str, Town2]]:
    """What people may do."""
    first = state.beads[0]
    held = replace(first, spec=replace(first.spec, hold=not first.spec.hold))
    yield "hold", state.with_bead(held)
    if first.phase is Phase.PROPOSED:
        offered = first.status.submission
        assert offered is not None
        yield "accept", state.with_bead(moves.accept(first))
        submitted = record(first, offered.token, Result.SUBMITTED)
        yield "admit", state.with_bead(moves.admit(first, offered, submitted))
    if first.phase in (Phase.OPEN, Phase.STUCK, Phase.PROPOSED):
        closed = Closed(CloseReason.OBSOLETE, "", NOW, "alice")
        yield "close", state.with_bead(moves.close(first, closed))
    if first.phase is Phase.STUCK and not state.retried:
        yield "retry", state.with_bead(moves.retry(first, 1, LIMITS), retried=True)


def check(state: Town2) -> None:
    """What holds in every state."""
    for bead in state.beads:
        tokens = [a.token for a in bead.status.attempts] + (
            [bead.status.lease.token] if bead.status.lease else []
        )
        assert len(tokens) == len(set(tokens))
        assert bead.counted <= moves.attempts_allowed(bead, LIMITS)
        assert sum(1 for name, _ in state.landed if name == bead.id) <= 1
        held = bead.status.lease
        for name, token in state.alive:
            if name == bead.id and (held is None or held.token != token):
                late = Submission(token, "f" * 40, "b", "main", state.tip, "", "merge", NOW, "c")
                with pytest.raises(IllegalMove):
                    moves.submit(bead, late, record(bead, token, Result.SUBMITTED))


def check_rest(state: Town2) -> None:
    """What holds wherever nothing more happens by itself: no Bead is forgotten half-way."""
    assert not state.alive
    for bead in state.beads:
        assert bead.phase in (Phase.LANDED, Phase.CLOSED, Phase.STUCK, Phase.PROPOSED) or (
            bead.phase is Phase.OPEN and bead.spec.hold
        )
        assert not _unrecorded(state, bead)


def start() -> Town2:
    a, b = (Bead(name, name, Created(NOW, "alice"), Spec(title=name)) for name in NAMES)
    return Town2((a, b))


def start_with_a_proposal() -> Town2:
    """The first comes with its work, and waits for a person."""
    state = start()
    token, first = "1-aaaa", state.beads[0]
    offer = Submission(token, f"{token:0<40}", "b", "main", state.tip, "", "merge", NOW, "c")
    status = replace(first.status, phase=Phase.PROPOSED, submission=offer)
    return state.with_bead(replace(first, status=status))


_sizes: dict[object, Measure] = {}


def size_of(state: Town2) -> Measure:
    key = state.key()
    if key not in _sizes:
        _sizes[key] = measure(state.world())
    return _sizes[key]


def test_every_reachable_state() -> None:
    """Laws hold in each, every step that isn't a person's lowers the measure or is bounded, and rest can be reached."""
    todo = deque([start(), start_with_a_proposal()])
    seen = {state.key(): state for state in todo}
    before: dict[object, list[object]] = {}
    resting: list[object] = []
    while todo:
        state = todo.popleft()
        check(state)
        world = state.world()
        here, size, found = state.key(), size_of(state), plan(world)
        if found.next in (Next.REST, Next.HUMAN):
            check_rest(state)
            resting.append(here)
        steps: list[tuple[bool, Town2]] = []
        for action in found.actions:
            for name, after in executed(state, action):
                assert size_of(after) < size, (action.command, name)
                steps.append((True, after))
        for name, after in happened(state):
            assert size_of(after) <= size or name in ("crash", "time is up", "waited"), name
            steps.append((True, after))
        steps += [(False, after) for _, after in wanted(state)]
        for by_itself, after in steps:
            key = after.key()
            if by_itself:
                before.setdefault(key, []).append(here)
            if key not in seen:
                seen[key] = after
                todo.append(after)
    assert len(seen) > 1000
    assert_all_lead_to(resting, before, set(seen))


def assert_all_lead_to(goal: list[object], before: dict[object, list[object]], states: set[object]) -> None:
    reached = set(goal)
    todo = deque(goal)
    while todo:
        for earlier in before.get(todo.popleft(), ()):
            if earlier not in reached:
                reached.add(earlier)
                todo.append(earlier)
    assert states - reached == set()


def test_by_itself_the_town_comes_to_rest_whatever_its_attempts_do() -> None:
    """Carrying out the whole plan again and again, with the worst luck, ends; and so does it with none."""
    for luck in (0, -1):
        state = start()
        for _ in range(200):
            found = plan(state.world())
            if found.next in (Next.REST, Next.HUMAN):
                break
            if found.actions:
                state = list(executed(state, found.actions[0]))[luck][1]
            else:
                state = list(happened(state))[luck][1]
        assert plan(state.world()).next in (Next.REST, Next.HUMAN)
        assert plan(state.world()).by(By.RECONCILE) == ()
