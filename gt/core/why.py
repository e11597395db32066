"""Why a Bead isn't moving: the one reason, the chain behind it, and the command that moves it."""

from __future__ import annotations

from dataclasses import replace

from gt.core.bead import Bead, Phase, Result
from gt.core.breaker import Fitness
from gt.core.calls import Call, readmission, wait_of
from gt.core.capacity import refusal
from gt.core.plan import By, Plan
from gt.core.ready import CONTAINERS
from gt.core.reverts import under_way, undone_by
from gt.core.values import dataclass
from gt.core.when import format_duration, format_time
from gt.core.world import Liveness, Queued, Standing, World


@dataclass(frozen=True, slots=True)
class Reason:
    """One link of the chain: a Bead, and a clause that goes after its id."""

    bead: str
    text: str
    command: str | None = None
    """What would move it: to be typed next."""
    until: int | None = None
    """When it ends by itself."""
    on: str | None = None
    """The Bead that the next link is about."""


def why(world: World, plan: Plan, bead: str) -> tuple[Reason, ...]:
    """The reason a Bead of this world is where it is, then what that hangs on, to the end; the last one counts.

    The command to type is that of the last link that has one. Empty for a Bead this world doesn't hold.
    """
    chain: list[Reason] = []
    at: str | None = bead
    seen: set[str] = set()
    while at is not None and at not in seen:
        seen.add(at)
        found = world.look(at)
        if found is None:
            break
        chain.append(_reason(world, plan, found))
        at = chain[-1].on
    else:
        if at is not None:
            # It leads back: no command of any link would move it, somebody must cut one.
            text = f"{chain[-1].text}: a cycle, in which each waits for the next"
            chain[-1] = replace(chain[-1], text=text, command="gt dep cycles", until=None)
    return tuple(chain)


def command(chain: tuple[Reason, ...]) -> str | None:
    """What to type next, for a chain of reasons."""
    return next((link.command for link in reversed(chain) if link.command), None)


def _reason(world: World, plan: Plan, bead: Bead) -> Reason:
    match bead.phase:
        case Phase.PROPOSED:
            return Reason(bead.id, "is only proposed: a person must accept it", f"gt accept {bead.id}")
        case Phase.OPEN:
            return _open(world, plan, bead)
        case Phase.LEASED:
            return _leased(world, bead)
        case Phase.SUBMITTED:
            return _submitted(world, plan, bead)
        case Phase.STUCK:
            return _called(plan, bead) or Reason(bead.id, "is stuck", f"gt retry {bead.id}")
        case Phase.LANDED:
            return _landed(world, bead)
        case Phase.CLOSED:
            return Reason(bead.id, _closed(bead), f"gt reopen {bead.id}")


def _open(world: World, plan: Plan, bead: Bead) -> Reason:
    waits = wait_of(world, bead)
    if waits is not None:
        return Reason(bead.id, waits.text, waits.hint, waits.until, waits.on)
    called = _called(plan, bead)
    if called is not None:
        return called
    if bead.spec.type in CONTAINERS:
        if world.children(bead.id):
            return Reason(
                bead.id, "holds nothing that is under way: it is closed at the next pass", "gt reconcile"
            )
        return Reason(bead.id, "holds no Bead yet", f"gt create TITLE --parent {bead.id}")
    if any(action.args == (bead.id,) for action in plan.by(By.WORK)):
        return Reason(bead.id, "is ready: an attempt can start now", "gt run")
    return _queueing(world, bead)


def _queueing(world: World, bead: Bead) -> Reason:
    """It is ready, and its agent isn't, or has no room."""
    agent = world.agent_of(bead)
    if agent is None:
        # Its target is in trouble: the call is about that.
        base = world.base_of(bead)
        target = world.targets.get(base or "")
        trouble = target.trouble if target else None
        return Reason(bead.id, f"is ready, but its target {base} {trouble or 'is not set up'}", "gt status")
    refused = refusal(world, bead, agent)
    if refused is not None:
        fit = world.fitness(agent.name)
        hint = "gt status" if fit.state is Fitness.CLOSED else readmission(agent.name)
        return Reason(bead.id, refused.text, hint, refused.until)
    return Reason(bead.id, "is ready, and waits for its turn: others come first", "gt status")


def _leased(world: World, bead: Bead) -> Reason:
    lease = bead.status.lease
    if lease is None:
        return Reason(bead.id, "is leased, and doesn't say to whom", f"gt show {bead.id}")
    who = lease.actor if not lease.lock else lease.agent
    alive = world.liveness.get(bead.id, Liveness.UNKNOWN)
    if alive is Liveness.DEAD:
        return Reason(bead.id, f"was leased by {who} under {lease.token}, who died", "gt reconcile")
    text = f"is leased by {who} under {lease.token} until {format_time(lease.expires)}"
    if lease.expires <= world.now:
        return Reason(bead.id, f"{text}: that is over", "gt reconcile", lease.expires)
    return Reason(bead.id, text, f"gt logs {bead.id}" if lease.lock else None, lease.expires)


def _submitted(world: World, plan: Plan, bead: Bead) -> Reason:
    place = next((queued for queued in world.queue if queued.bead == bead.id), None)
    if place is None:
        return Reason(bead.id, "is submitted, and not in any queue of this clone", "gt queue")
    if place.standing in (Standing.HELD, Standing.WAITING):
        return Reason(bead.id, place.why or f"is {place.standing}", place.hint, on=_need(bead, place))
    text = f"is submitted, and can be gated for {place.base} now{_let_be(world, place.base)}"
    return Reason(bead.id, text, _merge(plan, place))


def _let_be(world: World, base: str) -> str:
    """What of a target is red and holds nothing, by whose word; a clause to append."""
    target = world.targets.get(base)
    red = target.waived if target else ()
    found = (each for each in world.state.waived(world.now) if each.target == base and each.gate in red)
    return "".join(
        f"; gate {each.gate} is red on {base}, and {each.by} waived that until {format_time(each.until)}"
        for each in found
    )


def _need(bead: Bead, place: Queued) -> str | None:
    """The need that a submission waits for."""
    return next((need for need in sorted(bead.spec.needs) if need in place.why), None)


def _merge(plan: Plan, place: Queued) -> str:
    merges = plan.by(By.MERGE)
    return next((a.command for a in merges if a.args in ((), ("--target", place.base))), "gt merge")


def _called(plan: Plan, bead: Bead) -> Reason | None:
    call: Call | None = next((c for c in plan.calls if c.subject == bead.id), None)
    return Reason(bead.id, call.text, call.hint) if call else None


def _landed(world: World, bead: Bead) -> Reason:
    """Where it landed and what it took; what became of that, if it was reverted."""
    done = undone_by(bead, world.reverts)
    if done is not None and done.status.landed is not None:
        text = f"{_took(bead)}; reverted by {done.id} at {format_time(done.status.landed.at)}"
        return Reason(bead.id, text, f"gt reopen {bead.id}")
    coming = under_way(bead, world.reverts)
    if coming is not None:
        return Reason(
            bead.id, f"{_took(bead)}; {coming.id}, which reverts it, is {coming.phase}", on=coming.id
        )
    return Reason(bead.id, _took(bead))


def _took(bead: Bead) -> str:
    landed, attempts = bead.status.landed, bead.status.attempts
    if landed is None:
        return "has landed"
    seconds = sum(max(0, a.end - a.start) for a in attempts)
    count = f"{len(attempts)} attempt{'' if len(attempts) == 1 else 's'}"
    refused = sum(1 for a in attempts if a.result in (Result.RED, Result.CONFLICT, Result.REJECTED))
    took = f"{count}, {format_duration(seconds)} of work"
    if refused:
        took += f", {refused} refused by the Refinery"
    cost = sum(a.usage.get("usd", 0.0) for a in attempts)
    if cost:
        took += f", {cost:.2f} USD"
    return f"landed as {landed.commit[:12]} at {format_time(landed.at)}: {took}"


def _closed(bead: Bead) -> str:
    closed = bead.status.closed
    if closed is None:
        return "is closed"
    note = f": {closed.note.splitlines()[0]}" if closed.note.strip() else ""
    return f"was closed as {closed.reason} by {closed.by}{note}"
