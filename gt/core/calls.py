"""What only a person can move on: every call of a town for a human, and the command that answers it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

from gt.core.bead import Bead, Phase, StuckReason
from gt.core.breaker import Fitness
from gt.core.budget import allowed, exhausted
from gt.core.graph import circles, cycles
from gt.core.ids import there_ref
from gt.core.page import Page, page_id
from gt.core.promotion import Stage, Step
from gt.core.ready import ABSENT, CONTAINERS, FOR_PEOPLE, Cause, Waiting, satisfied, waiting
from gt.core.town import TOWN_FILE, Limits
from gt.core.values import dataclass
from gt.core.when import format_time
from gt.core.world import Standing, World

MOVED = "moved"
"""The cause of a target's trouble that a person's acknowledgement ends: others moved it."""

MEND = f"${{EDITOR:-vi}} {TOWN_FILE} && git commit -m 'Mend the settings' -- {TOWN_FILE}"
"""What changes the settings of a target that is checked out."""

PASSING = frozenset({"red", "red-after", "budget"})
"""The causes of a target's trouble that may end without anybody's word."""

PARTED = frozenset({"unshared", "unpushed", "parted", "behind"})
"""The causes of a target's trouble that are about this clone of it and the remote that it is pushed to."""


@dataclass(frozen=True, slots=True)
class Call:
    """Something that only a person can move on."""

    subject: str
    reason: str
    text: str
    """A clause that goes after the subject."""
    hint: str | None = None
    """The command that would move it."""
    epoch: str = ""
    paged: bool = True
    """Whether it is worth a page, and not only a line in the status."""

    @property
    def page(self) -> str:
        """The id of its page."""
        return page_id(self.subject, self.reason, self.epoch)


def calls(world: World) -> tuple[Call, ...]:
    """All calls for a human: what stands now, then pages whose cause is gone and that nobody took note of."""
    current = tuple(_current(world))
    known = {call.page for call in current}
    rest = (world.pages[name] for name in sorted(world.pages))
    return current + tuple(
        Call(page.subject, page.reason, _was(page, world), f"gt ack {page.id}", page.epoch, paged=False)
        for page in rest
        if not page.acknowledged and page.id not in known
    )


def _was(page: Page, world: World) -> str:
    """What an old page says; of a target that has come right by itself since, so that nobody looks for a red gate."""
    kind, _, name = page.subject.partition(":")
    over = kind == "target" and name in world.targets and page.reason in PASSING
    return f"was paged, and nothing says so any more: {page.text}" if over else page.text


def wait_of(world: World, bead: Bead) -> Waiting | None:
    """What this Bead waits for in this world; None when it is ready."""
    found = waiting(bead, world.look, world.children, world.now, world.state)
    if found is not None and found.cause is Cause.DANGLING and world.is_unreadable(found.on or ""):
        text = found.text.replace(ABSENT, "whose file can't be read")
        return replace(found, text=text, hint="gt doctor")
    lack = world.lacking.get(bead.id)
    return lack.waiting if found is None and lack is not None else found


def _current(world: World) -> Iterator[Call]:
    for text in world.unreadable:
        yield Call("ledger", "unreadable", f"has a file that can't be read: {text}", "gt doctor", epoch=text)
    for name, target in world.targets.items():
        if target.trouble:
            subject, epoch = f"target:{name}", target.epoch or target.tip or ""
            page = page_id(subject, target.cause, epoch)
            mended = target.mend or _mended_by(name, target.cause, page, world)
            # What only this clone lacks or has, the other machines don't wait for.
            paged = target.settled and target.cause not in PARTED
            yield Call(subject, target.cause, target.trouble, mended, epoch, paged=paged)
        if target.aside:
            yield Call(f"target:{name}", "unlooked", target.aside, "gt merge --again", target.tip or "")
    for bead in world.in_phase(Phase.STUCK):
        yield stuck_call(bead)
    for queued in world.queue:
        if queued.standing is Standing.HELD:
            hint = queued.hint or f"gt why {queued.bead}"
            yield Call(
                queued.bead, f"held-{queued.cause}", queued.why or "is held", hint, epoch=queued.commit
            )
    for stage in world.stages:
        if stage.decision.step is Step.HELD:
            yield stage_call(stage)
    yield from _taken_away(world)
    yield from _unfit(world)
    yield from _knots(world)
    for bead in world.in_phase(Phase.OPEN):
        yield from _costly(world, bead)
        yield from _idle(world, bead)


def _mended_by(target: str, cause: str, page: str, world: World) -> str | None:
    """What ends a target's trouble."""
    town = world.towns.get(target)
    parted = f"git log --oneline --left-right {shlex.quote(f'{target}...{there_ref(target)}')}"
    remote = town.refinery.push if town is not None else None
    pushed = f"git push {shlex.quote(remote)} {shlex.quote(target)}" if remote is not None else None
    # Where others land it isn't gt's to say what comes onto the target.
    ahead = pushed if town is None or town.refinery.land is None else parted
    return {
        MOVED: f"gt ack {page}",
        "settings": MEND,
        "ungated": MEND,
        "unshared": pushed,
        "unpushed": ahead,
        "parted": parted,
        "replaced": parted,
        "rewound": ahead,
        "behind": "git status",
        "missing": f"git config --unset gt.target {shlex.quote(f'^{re.escape(target)}$')}",
        "red": "gt merge --again",
        "red-after": "gt merge --again",
        "could-not-run": "gt merge --again",
        "budget": "gt merge --again",
        "refused": "gt merge --again",
    }.get(cause)


def stage_call(stage: Stage) -> Call:
    """What a person is asked by a stage that is held."""
    decision, branch = stage.decision, shlex.quote(stage.branch)
    about = decision.commit if decision.cause in ("red", "could-not-run", "dirty", "refused") else stage.tip
    # One call for each place that it waits at: what it waits for there grows by every landing.
    call = Call(stage.subject, decision.cause, decision.why, epoch=decision.epoch or about or "")
    again = f"gt promote {branch} --again"
    hint = {
        MOVED: f"gt ack {call.page}",
        "approval": f"gt promote {branch} --approve --commit {(decision.commit or '')[:12]}",
        "red": again,
        "could-not-run": again,
        "refused": again,
        "dirty": "git status",
        "diverged": f"git log {shlex.quote(stage.target)}..{(stage.tip or '')[:12]}",
        "settings": MEND,
    }.get(decision.cause)
    return replace(call, hint=hint, paged=decision.cause != "settings")


def stuck_call(bead: Bead) -> Call:
    """What a person is asked by a Bead that is stuck."""
    stuck, question = bead.status.stuck, bead.status.question
    if stuck is None:
        return Call(bead.id, "stuck", "is stuck, and doesn't say why", f"gt retry {bead.id}")
    epoch = format_time(stuck.since)
    if stuck.reason is StuckReason.QUESTION and question:
        return Call(bead.id, stuck.reason.value, f"asks: {question.text}", f"gt answer {bead.id} TEXT", epoch)
    spent = "attempts" if stuck.reason is StuckReason.ATTEMPTS else "interruptions"
    ended = _first_line(stuck.evidence)
    text = f"is stuck, its {spent} are spent" + (f"; the last ended with {ended}" if ended else "")
    return Call(bead.id, stuck.reason.value, text, f"gt retry {bead.id}", epoch)


def _unfit(world: World) -> Iterator[Call]:
    for agent in sorted({name for town in world.towns.values() for name in town.agents}):
        fit = world.fitness(agent)
        if fit.state is Fitness.CLOSED or (fit.limited and fit.state is not Fitness.TRIPPED):
            continue
        said = _first_line(fit.reason)
        text = f"failed {fit.failures} times outside its task" + (f": {said}" if said else "")
        yield Call(f"agent:{agent}", "infra", text, readmission(agent), format_time(fit.since))


def readmission(agent: str) -> str:
    """The command that gives an agent work again."""
    return f"gt retry --agent {agent}"


def _knots(world: World) -> Iterator[Call]:
    """Beads that wait for one another: two people's edits can make a cycle that each alone would have been refused."""

    def unmet(name: str) -> list[str]:
        bead = live.get(name)
        return [need for need in bead.spec.needs if need in live] if bead else []

    def above(name: str) -> str | None:
        parent = live[name].spec.parent
        return parent if parent in live else None

    def below(name: str) -> list[str]:
        return [child.id for child in world.children(name) if child.id in live]

    seen = (world.look(name) for name in sorted(world.beads))
    live = {b.id: b for b in seen if b and not b.phase.over and b.phase is not Phase.PROPOSED}
    # Every cycle has a need in it, or is a ring of parents: most Beads have neither.
    tied = [name for name in live if unmet(name)]
    for cycle in cycles([*tied, *circles(live, above, lambda _: True)], unmet, above, below):
        text = f"could never start, each waits for the next: {' -> '.join(cycle)}"
        yield Call(cycle[0], "cycle", text, "gt dep cycles", paged=False)


def _taken_away(world: World) -> Iterator[Call]:
    """A landing that a person let others take away, and that open Beads wait for; what is submitted says so itself."""
    lost: dict[tuple[str, str, str], list[str]] = {}
    for name, lack in world.lacking.items():
        target = world.targets.get(lack.base)
        if lack.taken and not (target and target.trouble):  # else the call is about that
            lost.setdefault((lack.need, lack.commit, lack.base), []).append(name)
    for (need, commit, base), beads in sorted(lost.items()):
        more = f" and {len(beads) - 1} more" if len(beads) > 1 else ""
        verb = "wait" if more else "waits"
        text = (
            f"landed as {commit[:12]}, which {base} doesn't have any more: {min(beads)}{more} {verb} for it"
        )
        yield Call(need, "taken-away", text, f"gt reopen {need}", epoch=commit)


def _costly(world: World, bead: Bead) -> Iterator[Call]:
    """An open Bead whose budget is spent, ready or not: the clock alone makes no call."""
    town = world.town_of(bead)
    limits = town.limits if town else Limits()
    over = exhausted(bead, limits)
    if over is not None:
        yield Call(bead.id, "budget", over, f"gt retry {bead.id}", f"{allowed(bead, limits)}")


def _idle(world: World, bead: Bead) -> Iterator[Call]:
    """An open Bead that nothing but a person will ever move."""
    why = wait_of(world, bead)
    if why is not None:
        # A hold and a pause are a person's own wish; what is below a parent is told of the parent.
        lack = world.lacking.get(bead.id)
        stays = why.cause is Cause.NEED and (not lack.taken if lack else _closed_undone(world, why))
        if why.cause is Cause.DANGLING or stays:
            yield Call(bead.id, f"waits-{why.cause}", why.text, why.hint, paged=False)
    elif bead.spec.type in CONTAINERS:
        held = world.children(bead.id)
        if bead.spec.type == "convoy" and any(satisfied(child) for child in held):
            yield arrived(bead, held)
        elif held and not any(satisfied(child) for child in held):
            done = "none of them was done" if len(held) > 1 else "it wasn't done"
            text = f"holds {len(held)} Bead{'s' if len(held) > 1 else ''}, and {done}"
            yield Call(bead.id, "nothing-done", text, f"gt close {bead.id} --reason obsolete", paged=False)
    elif bead.spec.type in FOR_PEOPLE:
        yield Call(bead.id, "decision", "is for a person to decide", f"gt close {bead.id}", paged=False)
    elif world.agent_of(bead) is None:
        yield from _unworkable(world, bead)


def arrived(convoy: Bead, held: tuple[Bead, ...]) -> Call:
    """That all a Convoy holds is over: told once, before it is closed."""
    landed = sum(child.phase is Phase.LANDED for child in held)
    closed = f", {len(held) - landed} closed" if landed < len(held) else ""
    text = f"has arrived: {landed} landed{closed}"
    return Call(convoy.id, "arrived", text, f"gt convoy show {convoy.id}", epoch=str(len(held)))


def _closed_undone(world: World, why: Waiting) -> bool:
    need = world.look(why.on or "")
    return need is not None and need.phase is Phase.CLOSED


def _unworkable(world: World, bead: Bead) -> Iterator[Call]:
    """A ready Bead that no agent here can be given."""
    base = world.base_of(bead)
    if base is None or base not in world.targets:
        text = (
            f"wants to land on {base}, which is not a target of this clone"
            if base
            else "has no target to land on"
        )
        hint = f"git config --add gt.target {shlex.quote(base or 'main')}"
        yield Call(bead.id, "no-target", text, hint, paged=False)
    elif base in world.towns:
        wanted = bead.spec.agent or world.towns[base].agent
        lacks = (
            f"{TOWN_FILE} on {base} has no agent called {wanted}"
            if wanted
            else f"{TOWN_FILE} on {base} names no agent"
        )
        yield Call(bead.id, "no-agent", f"is ready, but {lacks}", f"gt claim {bead.id}", paged=False)


def _first_line(text: str) -> str:
    return next(iter(text.splitlines()), "")
