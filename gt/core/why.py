"""Why a Bead isn't moving: the one reason, the chain behind it, and the command that moves it.

docs/why.md has a line for each reason; tests/e2e/test_why.py brings a town to each of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gt.core.bead import Bead, Phase, Result
from gt.core.breaker import Fitness
from gt.core.calls import Call, readmission, wait_of
from gt.core.capacity import refusal
from gt.core.plan import By, Plan
from gt.core.ready import CONTAINERS, ended
from gt.core.reverts import under_way, undone_by
from gt.core.values import dataclass
from gt.core.when import format_duration, format_time
from gt.core.world import ZOMBIE_GRACE, Liveness, Queued, Standing, World, lease_grace


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


Closer = Callable[[Bead, Reason], Reason]
"""A closer look at one Bead than a World is: the reason again, with what only that tells."""


def why(world: World, plan: Plan, bead: str, closer: Closer = lambda _, reason: reason) -> tuple[Reason, ...]:
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
        link = closer(found, _reason(world, plan, found))
        if chain and found.phase is Phase.CLOSED:
            # Who closed it meant it: what waits for it is to wait no longer.
            link = replace(link, command=None)
        chain.append(link)
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
            return _called(plan, bead, "taken-away") or _landed(world, bead)
        case Phase.CLOSED:
            return Reason(bead.id, _closed(bead), f"gt reopen {bead.id}")


def _open(world: World, plan: Plan, bead: Bead) -> Reason:
    waits = wait_of(world, bead)
    if waits is not None:
        return Reason(bead.id, waits.text, waits.hint, waits.until, waits.on)
    if any(a.verb == "close" and a.args[:1] == (bead.id,) for a in plan.by(By.RECONCILE)):
        return Reason(
            bead.id, "is done, as all that it holds is: it is closed at the next pass", "gt reconcile"
        )
    called = _called(plan, bead)
    if called is not None and any(call.reason == "arrived" for call in plan.calls if call.subject == bead.id):
        return replace(called, text=f"{called.text}; it is closed once that is told", command="gt reconcile")
    if called is not None:
        return called
    if bead.spec.type in CONTAINERS:
        if world.children(bead.id):
            return Reason(
                bead.id, "holds nothing that is under way: it is closed at the next pass", "gt reconcile"
            )
        return Reason(bead.id, "holds no Bead yet", f"gt create TITLE --parent {bead.id}")
    if any(action.args == (bead.id,) for action in plan.by(By.WORK)):
        return Reason(bead.id, f"is ready: an attempt can start now{_past(world, bead)}", "gt run")
    return _queueing(world, plan, bead)


def _past(world: World, bead: Bead) -> str:
    """How the last attempt at an open Bead ended, and whether any of it still runs; a clause to append."""
    last = bead.status.attempts[-1] if bead.status.attempts else None
    told = f"; {ended(last)}" if last is not None else ""
    left = next((zombie for zombie in world.zombies if zombie.bead == bead.id), None)
    if left is None:
        return told
    return (
        f"{told}; attempt {left.token} still runs, and is killed at {format_time(left.since + ZOMBIE_GRACE)}"
    )


def _queueing(world: World, plan: Plan, bead: Bead) -> Reason:
    """It is ready, and its agent isn't, or has no room."""
    agent = world.agent_of(bead)
    if agent is None:
        # Its target is in trouble: the call is about that.
        base = world.base_of(bead)
        target = world.targets.get(base or "")
        trouble = target.trouble if target else None
        text = f"is ready, but its target {base} {trouble or 'is not set up'}"
        return Reason(bead.id, text, _mended(plan, base) or "gt status")
    refused = refusal(world, bead, agent)
    if refused is not None:
        fit = world.fitness(agent.name)
        hint = "gt status" if fit.state is Fitness.CLOSED else readmission(agent.name)
        return Reason(bead.id, refused.text, hint, refused.until)
    return Reason(bead.id, "is ready, and waits for its turn: others come first", "gt run")


def _mended(plan: Plan, target: str | None) -> str | None:
    """The command that ends a target's trouble."""
    return next((call.hint for call in plan.calls if call.subject == f"target:{target}"), None)


def _leased(world: World, bead: Bead) -> Reason:
    lease = bead.status.lease
    if lease is None:
        return Reason(bead.id, "is leased, and doesn't say to whom", f"gt show {bead.id}")
    who = lease.actor if not lease.lock else lease.agent
    alive = world.liveness.get(bead.id, Liveness.UNKNOWN)
    if alive is Liveness.DEAD:
        return Reason(bead.id, f"was leased by {who} under {lease.token}, who died", "gt reconcile")
    # What a person holds, only they can hand in.
    watch = f"gt logs {bead.id}" if lease.lock else f"gt submit {bead.id}"
    text = f"is leased by {who} under {lease.token} until {format_time(lease.expires)}"
    if lease.expires > world.now:
        return Reason(bead.id, text, watch, lease.expires)
    end = lease.expires + lease_grace(lease)
    if end > world.now:
        return Reason(bead.id, f"{text}: that is over, and others end it at {format_time(end)}", watch, end)
    return Reason(bead.id, f"{text}: that is over", "gt reconcile")


def _submitted(world: World, plan: Plan, bead: Bead) -> Reason:
    place = next((queued for queued in world.queue if queued.bead == bead.id), None)
    if place is None:
        return Reason(bead.id, "is submitted, and not in any queue of this clone", "gt queue")
    if place.standing in (Standing.HELD, Standing.WAITING):
        hint = place.hint or _mended(plan, place.base)
        return Reason(
            bead.id, place.why or f"is {place.standing}", hint, _until(world, place), _need(bead, place)
        )
    text = f"is submitted, and can be gated for {place.base} now{_in_line(world, place)}"
    return Reason(bead.id, text + _let_be(world, place.base), _merge(plan, place))


def _until(world: World, place: Queued) -> int | None:
    """When what it waits for ends by the clock alone."""
    paused = world.state.paused
    return paused.until if paused is not None and place.cause == "paused" else None


def _in_line(world: World, place: Queued) -> str:
    """Its place among all that can be gated for the same target, if it isn't alone; a clause to append."""
    line = [each.bead for each in world.queue if each.base == place.base and each.standing is Standing.DUE]
    return f", number {line.index(place.bead) + 1} of {len(line)} in line" if len(line) > 1 else ""


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
    """The Bead that a submission waits for: it needs that, or contains its work."""
    above = (place.hint or "").removeprefix("gt why ") if place.cause == "ancestor" else None
    return above or next((need for need in sorted(bead.spec.needs) if need in place.why), None)


def _merge(plan: Plan, place: Queued) -> str:
    merges = plan.by(By.MERGE)
    return next((a.command for a in merges if a.args in ((), ("--target", place.base))), "gt merge")


def _called(plan: Plan, bead: Bead, reason: str = "") -> Reason | None:
    """What a person is asked about this Bead, for this reason (none: for any)."""
    mine = (c for c in plan.calls if c.subject == bead.id and reason in ("", c.reason))
    call: Call | None = next(mine, None)
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
