"""`gt try`: gate what somebody names as `gt merge` would, and land nothing.

It takes no part in the queue: a slot of its own, no lock of a merge's, no budget. What comes of the gates is kept, so
that whoever submits the same afterwards doesn't wait for it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import field

from gt.core.bead import Bead, Phase, Submission
from gt.core.ids import work_branch
from gt.core.town import TOWN_FILE, Town
from gt.core.values import dataclass
from gt.drive.merge import look, target_named
from gt.errors import Malformed, NotFound, Refused
from gt.git import refs
from gt.git.lineage import merge_bases
from gt.git.repo import Repo
from gt.git.run import git
from gt.refinery import evidence, outcomes, slots
from gt.refinery.candidate import preview
from gt.refinery.outcomes import Outcome, Verdict
from gt.refinery.proving import Candidate, Test, candidate, of_tree
from gt.refinery.running import run
from gt.refinery.train import Left, Member, Train, Yardmaster
from gt.refinery.yard import Yard
from gt.store.ledger import Ledger
from gt.store.sending import OFFERED
from gt.store.settings import town_at

TRY = "try"
"""Stands for the token of what nobody submitted."""

OID = re.compile(r"[0-9a-f]{4,64}")


@dataclass(frozen=True, slots=True)
class Tried:
    """What is known of one gate by now."""

    gate: str
    outcome: Outcome | None
    """None: it wasn't run, for one before it was no pass."""
    kept: bool = False
    """Whether it is known from before."""
    excused: bool = False
    """Whether it holds nobody to fail it: the target does, too, and a person lets that be."""

    @property
    def is_let_be(self) -> bool:
        """Whether it failed, and that holds nobody."""
        return self.excused and self.outcome is not None and self.outcome.verdict is Verdict.FAIL


@dataclass(slots=True)
class TryReport:
    """What came of trying."""

    target: str
    tip: str
    tree: str | None = None
    """The tree that was gated; None: what was named doesn't go together."""
    names: tuple[str, ...] = ()
    """What was merged, in order."""
    conflicts: list[str] = field(default_factory=list)
    """Why something found no place, a text for each."""
    remarks: list[str] = field(default_factory=list)
    """What else would hold it back, or be asked of it, if it were submitted."""
    gates: list[Tried] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """Of it all: a conflict is a fail, and whatever fails counts more than what could not be run."""
        held = [each for each in self.gates if each.outcome is not None and not each.is_let_be]
        seen = [each.outcome.verdict for each in held if each.outcome is not None]
        if self.tree is None or Verdict.FAIL in seen:
            return Verdict.FAIL
        return Verdict.COULD_NOT_RUN if Verdict.COULD_NOT_RUN in seen else Verdict.PASS


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be gated, and how."""

    names: Sequence[str] = ()
    """Branches, commits and Beads, merged in this order; none: the target as it is."""
    tree: str | None = None
    """Instead of all that: exactly this tree, or that of this commit."""
    target: str | None = None
    gates: Sequence[str] = ()
    """Only these; none: all."""
    again: bool = False
    """Whether to run what is known already."""
    keep_going: bool = False
    """Whether to go on after a gate that didn't pass."""


def try_out(yard: Yard, ledger: Ledger, wanted: Wanted) -> TryReport:
    """Gate it under the target's settings. Raises NotFound and Refused for what can't be gated.

    KeyboardInterrupt when interrupted: then the gate that ran is dead, and nothing of it is recorded.
    """
    seen = look(yard.repo, ledger, yard.clock())
    name = target_named(seen, wanted.target)
    tip, town = seen.targets[name].tip, seen.towns.get(name)
    assert tip is not None
    if town is None:
        raise Refused(f"{name} {seen.targets[name].trouble}", hint="gt status")
    if not [gate for gate in town.gates if gate.when == "before"]:
        raise Refused(f"{TOWN_FILE} on {name} names no gates that a change must pass", hint="gt help init")
    report = TryReport(name, tip)
    it = _candidate(yard, ledger, town, wanted, report)
    if it is not None:
        report.tree = it.tree
        _prove(yard, it, _chosen(it.tests, wanted.gates), wanted, report)
    return report


def _candidate(yard: Yard, ledger: Ledger, town: Town, wanted: Wanted, report: TryReport) -> Candidate | None:
    """What is to be gated; None if it doesn't go together."""
    if wanted.tree is not None:
        tree = _tree(yard.repo, wanted.tree)
        report.names = (tree,)
        return of_tree(yard, report.tip, tree, town)
    members = [_member(yard, ledger, name, report) for name in wanted.names]
    report.names = tuple(member.sub.branch for member in members)
    train = Yardmaster(yard.repo).train(report.tip, members)
    report.conflicts += [_why_left(yard.repo, left, train, report, town) for left in train.left]
    if train.left:
        return None
    report.remarks += _remarks(yard.repo, train, town)
    return candidate(yard, train, [town])


def _prove(yard: Yard, it: Candidate, tests: Sequence[Test], wanted: Wanted, report: TryReport) -> None:
    queued = wanted.tree is None and all(member.sub.token != TRY for member in it.train.members)
    # A run speaks of submissions as they are, of the target itself, or of nobody in the queue.
    members = it.members if queued else outcomes.aside(TRY, it.tree)
    over = False
    with slots.for_a_try(yard.repo) as number:
        for test in tests:
            gate = test.check.gate.name
            known = None if wanted.again else outcomes.verdict(test.known(yard.repo, yard.clock()))
            if known is None and not over:
                yard.say(f"gate {gate} ...")
                made = run(
                    yard, test.town, test.check, it.train.head,
                    base=report.tip, members=members, queue=TRY, slot=number,
                )  # fmt: skip
                yard.say(f"gate {gate}: {made.verdict} ({made.why}, {made.seconds:.1f} s)")
                report.gates.append(Tried(gate, made, excused=test.excused))
            else:
                report.gates.append(Tried(gate, known, kept=known is not None, excused=test.excused))
            last = report.gates[-1]
            bad = last.outcome is not None and last.outcome.verdict is not Verdict.PASS and not last.is_let_be
            over |= bad and not wanted.keep_going


def _chosen(tests: Sequence[Test], names: Sequence[str]) -> list[Test]:
    known = [test.check.gate.name for test in tests]
    for name in names:
        if name not in known:
            raise NotFound("gate", f"{name} (there are {', '.join(known)})")
    return [test for test in tests if not names or test.check.gate.name in names]


def _tree(repo: Repo, name: str) -> str:
    found = _parsed(repo, f"{name}^{{tree}}")
    if found is None:
        gone = (
            " in this repository: git may have collected it since; try the Bead"
            if OID.fullmatch(name)
            else ""
        )
        raise NotFound("tree", f"{name}{gone}", hint="gt try --help")
    return found


def _parsed(repo: Repo, name: str) -> str | None:
    done = git(repo, "rev-parse", "--verify", "-q", "--end-of-options", name, ok=(0, 1, 128))
    return done.text if done.code == 0 else None


def _member(yard: Yard, ledger: Ledger, name: str, report: TryReport) -> Member:
    """What is named as a submission: the very one where it is a Bead's, else one made up."""
    bead = _bead(ledger, name, exactly=True)
    if bead is None:
        commit = _parsed(yard.repo, f"{name}^{{commit}}")
        if commit is not None:
            return _made_up(yard, name, name, commit, report)
        bead = _bead(ledger, name, exactly=False)
    if bead is None:
        raise NotFound("Bead, branch or commit", name, hint="git branch --list")
    sub = bead.status.submission
    offered = bead.phase in OFFERED
    if sub is not None and offered and sub.base == report.target:
        return Member(bead.id, sub)
    commit = sub.commit if sub is not None and offered else _work_of(yard.repo, bead)
    return _made_up(yard, bead.id, bead.id, commit, report)


def _bead(ledger: Ledger, name: str, *, exactly: bool) -> Bead | None:
    with ledger.read() as snapshot:
        if exactly:
            return snapshot.find(name)
        try:
            return snapshot.get(snapshot.resolve(name))
        except NotFound:
            return None


def _work_of(repo: Repo, bead: Bead) -> str:
    """What there is of a Bead that isn't submitted: the branch of its live attempt, or what the last one left."""
    if bead.phase is Phase.LANDED:
        raise Refused(f"{bead.id} has landed already", hint=f"gt show {bead.id}")
    lease = bead.status.lease
    head = refs.read(repo, f"refs/heads/{work_branch(bead.id, lease.token)}") if lease else None
    for ended in reversed(bead.status.attempts):
        head = head or (ended.head if ended.commits else None)
    if head is None or _parsed(repo, f"{head}^{{commit}}") is None:
        raise Refused(f"{bead.id} has no commits to try", hint=f"gt show {bead.id}")
    return head


def _made_up(yard: Yard, bead: str, branch: str, commit: str, report: TryReport) -> Member:
    bases = merge_bases(yard.repo, report.tip, commit)
    if not bases:
        raise Refused(f"{branch} and {report.target} have no commit in common")
    return Member(
        bead,
        Submission(TRY, commit, branch, report.target, bases[0], "", "merge", 0, yard.actor),
    )


def _why_left(repo: Repo, left: Left, train: Train, report: TryReport, town: Town) -> str:
    sub = left.member.sub
    if not left.conflicts:
        return f"{sub.branch} changes nothing: {report.target} with what is before it has all of it already"
    made = preview(repo, report.tip, sub.commit, town)
    if made.clashes:
        return f"{sub.branch} {evidence.of_conflict(repo, sub, made)}"
    paths = frozenset(left.conflicts)
    others = [c.member.sub.branch for c in train.cars if paths & {change.path for change in c.changes}]
    with_whom = ", ".join(others or [c.member.sub.branch for c in train.cars])
    return f"{sub.branch} conflicts with {with_whom} in {', '.join(left.conflicts)}"


def _remarks(repo: Repo, train: Train, town: Town) -> Iterator[str]:
    for car in train.cars:
        made = preview(repo, train.tip, car.member.sub.commit, town)
        if made.protected:
            yield f"{car.member.sub.branch} changes protected paths, so it waits for approval: {', '.join(made.protected)}"
        if car.strays:
            yield f"{car.member.sub.branch} would change {car.strays[0]}, which its commits don't change: it is held"
    if any(change.path.startswith(".gt/") for car in train.cars for change in car.changes):
        yield from _new_gates(repo, train, town)


def _new_gates(repo: Repo, train: Train, town: Town) -> Iterator[str]:
    """Gates that would be asked of it once it is approved; they are not on the target, so they aren't run here."""
    try:
        new = [gate.name for gate in town_at(repo, train.head).gates if gate not in town.gates]
    except Malformed as error:
        yield f"it would leave {TOWN_FILE} unreadable: {error.message}"
        return
    if new:
        yield f"once it is approved, its own gates run, too: {', '.join(new)}"
