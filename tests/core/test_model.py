"""Every state that a small town can get into, over the real plan and the real moves.

Two Beads, two places for attempts, two counted attempts each. The environment may at any time let an attempt
submit, fail, be interrupted, crash without a word, outlive its lease or say something late; time may pass; a gate
may be red and a merge may conflict; a landing may not get recorded; a person may hold, close or retry a Bead.

What must hold is named: safety in each state (S1 one live lease a Bead, S2 tokens only grow, S3 only what is submitted
under the lease's own token lands, S4 and only once, S5 no more attempts than there are, S6 what has ended stays so but by a
person, S7 the target moves by a green merge only, S8 nothing destructive from the unknown, S9 carried out, an Action is
not planned again, S10 nobody but a person makes work), and liveness over all of them (L1 leases end, L2 the town comes to
rest, L3 from wherever a crash leaves it, L4 a person is told of what is stuck).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import pytest

from gt.core import moves, settling
from gt.core.bead import Attempt, Bead, Closed, CloseReason, Created, Landed, Phase, Result, Spec, Submission
from gt.core.measure import Measure, measure
from gt.core.page import page_id
from gt.core.plan import Action, By, Next, Plan, plan
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
        assert len(tokens) == len(set(tokens)), "S1"
        assert (bead.phase is Phase.LEASED) == (bead.status.lease is not None), "S1"
        assert bead.counted <= settling.attempts_allowed(bead, LIMITS), "S5"
        assert sum(1 for name, _ in state.landed if name == bead.id) <= 1, "S4"
    alike = tuple((bead.phase, bead.status.lease and bead.status.lease.expires) for bead in state.beads)
    if alike not in _looked_at:  # what isn't seen, and what is paged, depends on nothing else
        _looked_at.add(alike)
        check_blind(state, state.world())
        unpaged = plan(replace(state.world(), pages={}))
        told = {action.args[0] for action in unpaged.actions if action.verb == "page"}
        assert told == {bead.id for bead in state.beads if bead.phase is Phase.STUCK}, "L4"


_looked_at: set[object] = set()


def check_blind(state: Town2, world: World) -> None:
    """What is planned by whoever couldn't look at processes and the target: S8."""
    blind = plan(replace(world, liveness={}, zombies=(), landings={}))
    held = {bead.id: bead.status.lease for bead in state.beads}
    for action in blind.by(By.RECONCILE):
        over = held.get(action.args[0])
        assert action.verb == "expire", "S8"
        assert over is not None, "S8"
        assert over.expires == LONG_AGO, "S8"


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


@dataclass(frozen=True)
class Laws:
    """What the town goes by; a mutant lacks one of them."""

    plan: Callable[[World], Plan] = plan
    submit: Callable[[Bead, Submission, Attempt], Bead] = moves.submit


_sizes: dict[object, Measure] = {}


def size_of(state: Town2) -> Measure:
    key = state.key()
    if key not in _sizes:
        _sizes[key] = measure(state.world())
    return _sizes[key]


def explore(beginnings: Sequence[Town2], laws: Laws) -> int:
    """How many states there are; raises AssertionError where something doesn't hold in one of them."""
    seen = {state.key() for state in beginnings}
    before: dict[object, list[object]] = {}
    resting: list[object] = []
    unleased: list[object] = []
    todo: deque[tuple[Town2, Action | None]] = deque((state, None) for state in beginnings)
    while todo:
        state, done = todo.popleft()
        check(state)
        here = state.key()
        found = laws.plan(state.world())
        assert done not in found.actions, "S9"
        if found.next in (Next.REST, Next.HUMAN):
            check_rest(state)
            resting.append(here)
        if not any(bead.status.lease for bead in state.beads):
            unleased.append(here)
        for by_itself, after, action in steps(state, found, laws):
            key = after.key()
            if by_itself:
                before.setdefault(key, []).append(here)
            if key not in seen:
                seen.add(key)
                todo.append((after, action))
    assert_all_lead_to(unleased, before, seen)  # L1
    assert_all_lead_to(resting, before, seen)  # L2 and L3: states that crashes leave are among them
    return len(seen)


def steps(state: Town2, found: Plan, laws: Laws) -> Iterator[tuple[bool, Town2, Action | None]]:
    """All that may come next, whether it may without a person, and which Action that carried out to its end.

    Holds each step to what holds for it.
    """
    size = size_of(state)
    for action in found.actions:
        for name, after in executed(state, action):
            assert size_of(after) < size, (action.command, name)
            check_step(state, after, landing=name == "green")
            yield True, after, action if name in ("expired", "killed", "recorded") else None
    for name, after in happened(state):
        assert size_of(after) <= size or name in ("crash", "time is up", "waited"), name
        check_step(state, after)
        yield True, after, None
    for after in too_late(state, laws):
        check_step(state, after)
        yield True, after, None
    for _, after in wanted(state):
        yield False, after, None


def check_step(state: Town2, after: Town2, *, landing: bool = False) -> None:
    """What holds of every step but a person's."""
    assert landing or after.landed == state.landed, "S7"
    for was, now in zip(state.beads, after.beads, strict=True):
        assert now.next_ordinal >= was.next_ordinal, "S2"
        assert not was.phase.over or now.phase is was.phase, "S6"
        assert was.phase is not Phase.PROPOSED or now.phase is Phase.PROPOSED, "S10"
        if now.phase is Phase.SUBMITTED and was.phase is not Phase.SUBMITTED:
            assert was.status.lease is not None, "S3"
            assert now.status.submission is not None
            assert now.status.submission.token == was.status.lease.token, "S3"


def too_late(state: Town2, laws: Laws) -> Iterator[Town2]:
    """An attempt whose lease is over hands in its work all the same."""
    for bead in state.beads:
        for _, token in sorted(state.late(bead)):
            offer = Submission(
                token, f"{token:0<40}", "b", "main", state.tip, "", "merge", NOW, "c", "claude"
            )
            try:
                yield state.with_bead(laws.submit(bead, offer, record(bead, token, Result.SUBMITTED)))
            except IllegalMove:
                continue


def test_every_reachable_state() -> None:
    """Laws hold in each, every step that isn't a person's lowers the measure or is bounded, and rest can be reached."""
    assert explore([start(), start_with_a_proposal()], Laws()) > 10_000


def without_fence(bead: Bead, submission: Submission, attempt: Attempt) -> Bead:
    status = replace(bead.status, phase=Phase.SUBMITTED, lease=None, submission=submission)
    return replace(bead, status=replace(status, attempts=(*bead.status.attempts, attempt)))


def without_a_look(seen: World) -> Plan:
    return plan(replace(seen, landings={}))


def without_killing(seen: World) -> Plan:
    found = plan(seen)
    return replace(found, actions=tuple(action for action in found.actions if action.verb != "kill"))


def without_expiry(seen: World) -> Plan:
    found = plan(seen)
    return replace(found, actions=tuple(action for action in found.actions if action.verb != "expire"))


@pytest.mark.parametrize(
    "mutant",
    [
        Laws(submit=without_fence),
        Laws(plan=without_a_look),
        Laws(plan=without_killing),
        Laws(plan=without_expiry),
    ],
    ids=["no fence", "no look at the target", "no kill after expiry", "no expiry"],
)
def test_a_law_that_is_lacking_is_missed(mutant: Laws) -> None:
    with pytest.raises(AssertionError):
        explore([start()], mutant)


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
