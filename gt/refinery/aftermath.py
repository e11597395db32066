"""What is known of a target's tip once it has landed: gates that run after, gates that turned red, who is to blame.

Derived from the target, the settings and the kept outcomes; nothing of it is stored. That a tip has no outcome of a
gate is what makes a run due, not that something landed: so a run that was missed is made up for, and tips that were
passed over are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import Enum

from gt.core.bisect import most
from gt.core.state import Waiver
from gt.core.town import Gate, Town
from gt.core.values import dataclass
from gt.git.lineage import steps
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.refinery import outcomes
from gt.refinery.control import SURE, Trouble
from gt.refinery.culprit import BACK, INSIDE, Inquest, inquire
from gt.refinery.evidence import as_one, last_line
from gt.refinery.gates import Check, along
from gt.refinery.outcomes import TRIES, Outcome, Verdict
from gt.refinery.pins import Tips
from gt.refinery.waived import covering

QUEUE = "after"
"""The name under which these runs are counted on a tip."""
EACH = TRIES + SURE + most(BACK) + most(INSIDE)
"""Runs of one gate that a tip may have: to try it, and to find who turned it red."""
EARLIER = 50
"""How many commits below the tip may still tell that a gate is red."""
RED, RED_AFTER = "red", "red-after"
"""The causes of trouble that a submission may mend: a gate is red that has to pass before, or after a landing."""


class State(Enum):
    """How a gate is on the tip."""

    UNKNOWN = "unknown"
    GREEN = "green"
    DOUBTED = "doubted"
    """It was red once: that may be a flake."""
    RED = "red"
    STALLED = "stalled"
    """It can't be run."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A run of one gate on one commit of a target's history."""

    town: Town
    check: Check
    commit: str
    why: str
    """A sentence."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One gate on the tip of a target."""

    town: Town
    check: Check
    state: State
    asks: bool
    """Whether it is run to know how the tip is."""
    red: Outcome | None = None
    """The failure that says it is red: of the tip; or of what was there before, until the tip is known to be green."""
    inquest: Inquest | None = None
    """Where the tip is red: who turned it so."""
    waiver: Waiver | None = None
    """Where it is red: a person's word that this doesn't hold landing."""

    @property
    def gate(self) -> Gate:
        return self.check.gate


@dataclass(frozen=True, slots=True)
class Aftermath:
    """All that is known of one target's tip."""

    target: str
    tip: str
    inquiries: tuple[Inquiry, ...] = ()
    left: int = 0
    """Runs that the tip may still have for it."""

    def in_force(self, town: Town) -> Town:
        """The settings under which candidates are judged: what is red after landing must pass before, until it is green.

        What a person waived may stay red: it runs when it always does, and its failing holds nobody.
        """
        red = {each.gate.name: each.waiver for each in self.inquiries if each.red}
        if not red:
            return town
        return replace(town, gates=tuple(_judging(gate, red) for gate in town.gates))

    def probes(self, slots: int, running: frozenset[str] = frozenset()) -> tuple[Probe, ...]:
        """The runs to begin with so many slots free; `running` are the keys under which gates run at this moment."""
        found: list[Probe] = []
        for each in self.inquiries:
            if each.check.key in running or len(found) >= slots:
                continue
            if each.asks and each.state in (State.UNKNOWN, State.DOUBTED):
                again = ", once more" if each.state is State.DOUBTED else ""
                why = f"is {self.target} green for {each.gate.name}{again}?"
                found.append(Probe(each.town, each.check, self.tip, why))
            row = each.inquest.row if each.inquest else None
            if row is not None:
                why = f"who turned {self.target} red for {each.gate.name}?"
                found.extend(
                    Probe(each.town, row.checks[at], row.steps[at].oid, why)
                    for at in row.look(slots - len(found), running).runs
                )
        return tuple(found[: min(slots, self.left)])

    @property
    def due(self) -> str:
        """What `gt merge` is due for, as a clause; empty: nothing."""
        return next((f"{self.tip[:12]}: {probe.why}" for probe in self.probes(1)), "")

    @property
    def trouble(self) -> Trouble | None:
        """Why nothing lands but what mends it."""
        red = (each for each in self.inquiries if each.red and not each.waiver)
        return next((self._told(each, each.red) for each in red if each.red), None)

    @property
    def waived(self) -> tuple[str, ...]:
        """The gates that are red, and that a person lets be."""
        return tuple(each.gate.name for each in self.inquiries if each.waiver)

    @property
    def aside(self) -> str:
        """What a person should know though it stops nothing; a clause after the target's name."""
        for each in self.inquiries:
            if each.state is State.STALLED and each.asks and not each.red:
                return f"can't be looked after: gate {each.gate.name} could not be run {TRIES} times"
        return ""

    @property
    def reverts(self) -> tuple[str, ...]:
        """The Beads whose landing is known to have turned the target red."""
        found = [each.inquest.culprit for each in self.inquiries if each.inquest and each.inquest.culprit]
        return tuple(dict.fromkeys(each.beads[0] for each in found if len(each.beads) == 1))

    def _told(self, it: Inquiry, red: Outcome) -> Trouble:
        cause = RED if it.gate.when == "before" else RED_AFTER
        how = "is red itself" if cause == RED else "is red after landing"
        told = f"{how}: gate {it.gate.name}, {red.why}{last_line(red)}"
        inquest = it.inquest
        if inquest is None:
            why = f"{told} (log: {red.log}); that was before, and it is to be run on {self.tip[:12]}"
            return Trouble(cause, why, settled=it.state is State.STALLED or not self.left)
        on, since = self.tip, ""
        if inquest.culprit is not None:
            step, beads = inquest.culprit.step, inquest.culprit.beads
            on = step.oid
            whose = f"which landed {' and '.join(beads)}" if beads else "which gt didn't land"
            since = f", since {step.oid[:12]} ({step.subject}), {whose}"
        elif inquest.suspects:
            names = ", ".join(step.oid[:12] for step in inquest.suspects[:5])
            more = f" or one of {len(inquest.suspects) - 5} more" if len(inquest.suspects) > 5 else ""
            since = f", since one of these: {names}{more}"
        elif inquest.row is None:
            since = f", and so are all {inquest.length} commits that gt looked at: no commit turned it red"
        again = f"git checkout --detach {on[:12]} && {as_one(red.command)}"
        settled = inquest.row is None or not self.left
        end = "" if settled else "; who turned it red is being looked for"
        epoch = inquest.culprit.step.oid if inquest.culprit is not None else ""
        return Trouble(cause, f"{told}{since} (log: {red.log}; again: {again}){end}", epoch, settled)


def _judging(gate: Gate, red: Mapping[str, Waiver | None]) -> Gate:
    """A gate as candidates are held against it, where these are red on the target."""
    if gate.name not in red:
        return gate
    waiver = red[gate.name]
    return replace(gate, when="before") if waiver is None else replace(gate, waiver=waiver)


def look(
    repo: Repo,
    target: str,
    at: Tips,
    town: Town,
    now: int,
    *,
    queue: bool,
    waivers: Sequence[Waiver] = (),
) -> Aftermath:
    """What is known of this target's tip; `queue`: something waits to land, and so its gates that run before matter.

    `waivers` are those for this target that are in force.
    """
    assert at.tip is not None
    landed = at.tip in (at.own, at.coming) or town.refinery.land is not None
    wanted = [gate for gate in town.gates if gate.when == "after" or queue]
    if not wanted:
        return Aftermath(target, at.tip)
    tree = _tree(repo, at.tip)
    found = []
    for gate in wanted:
        (check,) = along(repo, town, gate, [tree])
        mine = tuple(each for each in waivers if each.gate == gate.name)
        found.append(_inquiry(repo, at, town, check, now, landed=landed, waivers=mine))
    left = EACH * len(found) - outcomes.spent(repo, at.tip, QUEUE)
    return Aftermath(target, at.tip, tuple(found), max(0, left))


def _inquiry(
    repo: Repo, at: Tips, town: Town, check: Check, now: int, *, landed: bool, waivers: Sequence[Waiver]
) -> Inquiry:
    assert at.tip is not None
    after = check.gate.when == "after"
    # What is asked once stays known, or a town at rest would wake for it.
    ttl = outcomes.EVER if after or waivers else outcomes.TTL
    seen = outcomes.by_itself(outcomes.kept(repo, check.key, now, ttl))
    state = _state(seen)
    if state is State.RED:
        inquest = inquire(repo, at, town, check.gate, now)
        waiver = covering(repo, at.tip, town, check.gate, waivers, now)
        return Inquiry(town, check, state, after, outcomes.latest(seen), inquest, waiver)
    if state is State.GREEN or not (after or waivers):
        return Inquiry(town, check, state, after and landed)
    red = _earlier(repo, at, town, check.gate, now)
    waiver = covering(repo, at.tip, town, check.gate, waivers, now) if red else None
    if not after and waiver is None:
        return Inquiry(town, check, state, asks=False)
    # What landed under a waiver was red once with it: whether the target still is, it is to say by itself.
    return Inquiry(town, check, state, landed or red is not None, red, waiver=waiver)


def _state(seen: tuple[Outcome, ...]) -> State:
    if outcomes.failures(seen) >= SURE:
        return State.RED
    last = outcomes.latest(seen)
    if last is not None and last.verdict is Verdict.PASS:
        return State.GREEN
    if outcomes.stalled(seen) >= TRIES:
        return State.STALLED
    return State.UNKNOWN if last is None else State.DOUBTED


def _earlier(repo: Repo, at: Tips, town: Town, gate: Gate, now: int) -> Outcome | None:
    """The failure that the gate last came to on this target before the tip, if it is still the last word."""
    assert at.tip is not None
    line = steps(repo, None, at.tip, limit=EARLIER)[1:]
    for check in along(repo, town, gate, [step.tree for step in line]):
        seen = outcomes.by_itself(outcomes.kept(repo, check.key, now, outcomes.EVER))
        last = outcomes.latest(seen)
        if last is None:
            continue
        if outcomes.failures(seen) >= SURE:
            return last
        if last.verdict is Verdict.PASS:
            return None
        # One failure alone says nothing: what was known before it still holds.
    return None


def keys(repo: Repo, tip: str, town: Town) -> frozenset[str]:
    """The keys under which the outcomes are kept that say how this tip is for the gates that run after."""
    gates = [gate for gate in town.gates if gate.when == "after"]
    tree = _tree(repo, tip) if gates else ""
    return frozenset(check.key for gate in gates for check in along(repo, town, gate, [tree]))


def _tree(repo: Repo, commit: str) -> str:
    with Objects(repo) as odb:
        return odb.commit(commit).tree
