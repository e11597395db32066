"""What must hold of a merge queue whatever happened to it, in towns of tests/refinery/merging.py whose merge has ended.

I1 green, I2 tested is landed, I3 the target only moved forward, I4 footprint, I5 nobody lost, I6 closed under needs and
ancestry, I7 blame, I8 bounded, I9 no verdict thrown away; and no process, lock or pin left over.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gt import lock
from gt.core.bead import Bead, Phase, Result
from gt.fleet import roster
from gt.git.lineage import between, merge_bases
from gt.git.merge import changed_paths
from gt.refinery import control, marks, outcomes
from gt.refinery.outcomes import Verdict
from gt.refinery.places import slot_lock, slot_numbers
from gt.refinery.told import Triple, members
from gt.refinery.verify import verify
from gt.refinery.yard import Yard
from tests.conftest import NOW
from tests.refinery.merging import Scene
from tests.store.scenes import ALICE

BACK = {Result.RED, Result.CONFLICT, Result.OVERTAKEN, Result.NO_CHANGE, Result.REJECTED, Result.RELEASED}
"""How an attempt ends whose submission went back."""


def check(
    yard: Scene,
    since: str,
    submitted: Sequence[Bead],
    is_red: Callable[[set[str]], bool],
    *,
    ended: int | None = None,
) -> None:
    """All of them, of what became of these submissions on main since a commit. `is_red` says what the gates say of files.

    `ended`: how many gate runs came to their end without being killed together with who waited for them.
    """
    line = yard.git("rev-list", "--first-parent", "--reverse", f"{since}..main").split()
    named = {commit: tuple(members(yard.git("log", "-1", "--format=%B", commit))) for commit in line}
    check_green(yard, since, line, is_red)
    check_forward(yard, since, line)
    for commit in line:
        check_footprints(yard, commit, named[commit])
    check_nobody_lost(yard, submitted, named)
    check_closed(yard, since, submitted, named)
    check_blame(yard, submitted)
    check_bounded(yard, submitted)
    if ended is not None:
        assert sum(1 for _ in outcomes.everything(yard.repo)) >= ended, "I9: a verdict was thrown away"
    check_stages(yard)
    check_left_over(yard)


def check_green(yard: Scene, since: str, line: Sequence[str], is_red: Callable[[set[str]], bool]) -> None:
    """I1 and I2: by the files, by what is kept, and by gt's own word."""
    passed = {each.tree for each in outcomes.everything(yard.repo) if each.verdict is Verdict.PASS}
    for commit in line:
        assert not is_red(yard.files(commit)), f"I1: {commit} is red"
        assert yard.git("rev-parse", f"{commit}^{{tree}}") in passed, (
            f"I2: the tree of {commit} was never gated"
        )
    place = Yard(yard.repo, ALICE, lambda: NOW + 2000, dict(os.environ))
    looked = list(verify(place, "main", since))
    assert [each.commit for each in looked] == line[::-1]
    assert all(each.green and each.own for each in looked), "I1: gt verify says so"


def check_forward(yard: Scene, since: str, line: Sequence[str]) -> None:
    """I3: each landing stands on the one before; and so the branch was moved."""
    for old, new in zip([since, *line], line, strict=False):
        assert yard.git("rev-parse", f"{new}^1") == old, "I3: not a landing on the tip"
    log = yard.repo.common_dir / "logs/refs/heads/main"
    told = [tuple(entry.split()[:2]) for entry in log.read_text().splitlines()] if log.exists() else []
    order = [since, *line]
    for (old, new), (then, _) in zip(told, [*told[1:], (yard.tip(), "")], strict=True):
        # Who is killed between the note and the move has moved nothing: the next goes from where it was.
        if old in order and then != old:
            assert new in order, f"I3: main went from {old} to {new}, which is gone"
            assert order.index(new) == order.index(old) + 1, f"I3: main went from {old} to {new}"


def check_footprints(yard: Scene, landing: str, named: Sequence[Triple]) -> None:
    """I4: each step changes something, and only what its submission changes. Steps: the landing, or what its train merge covers."""
    old, *more = yard.git("rev-parse", f"{landing}^@").split()
    steps = [landing]
    if len(named) > 1:
        steps = yard.git("rev-list", "--first-parent", f"{old}..{more[0]}").split()
        assert yard.git("rev-parse", f"{landing}^{{tree}}") == yard.git("rev-parse", f"{steps[0]}^{{tree}}")
    assert len(steps) == len(named), "I4: one step for each member"
    for step in steps:
        ((_, _, commit),) = members(yard.git("log", "-1", "--format=%B", step))
        own = {
            change.path
            for base in merge_bases(yard.repo, old, commit)
            for change in changed_paths(yard.repo, base, commit)
        }
        changed = {change.path for change in changed_paths(yard.repo, f"{step}^1", step)}
        assert changed, f"I4: {step} changes nothing"
        assert changed <= own, f"I4: {step} changes {changed - own}"


def check_nobody_lost(yard: Scene, submitted: Sequence[Bead], named: Mapping[str, Sequence[Triple]]) -> None:
    """I5: each is submitted, landed once, or back with a reason; and its commit is kept by a ref."""
    landed = Counter(triple for triples in named.values() for triple in triples)
    known = {_triple(bead) for bead in submitted}
    assert landed.keys() - known == set(), f"I5: {landed.keys() - known} landed, and nobody submitted that"
    for bead in submitted:
        now, triple = yard.bead(bead), _triple(bead)
        states = {
            "submitted": now.phase is Phase.SUBMITTED,
            "landed": now.phase is Phase.LANDED,
            "back": any(a.token == triple[1] and a.result in BACK for a in now.status.attempts),
        }
        assert list(states.values()).count(True) == 1, f"I5: {bead.id} is {states}"
        assert landed[triple] == (1 if states["landed"] else 0), (
            f"I5: {bead.id} landed {landed[triple]} times"
        )
        assert yard.git("for-each-ref", f"--contains={triple[2]}"), f"I5: nothing keeps {bead.id}"


def check_closed(
    yard: Scene, since: str, submitted: Sequence[Bead], named: Mapping[str, Sequence[Triple]]
) -> None:
    """I6: at each landing, all that a landed change needs or contains has landed."""
    commits = {_triple(bead)[2]: bead.id for bead in submitted}
    needs = {bead.id: yard.bead(bead).spec.needs for bead in submitted}
    there: set[str] = set()
    for landing, triples in named.items():
        there |= {bead for bead, _, _ in triples}
        for bead, _, _ in triples:
            assert needs[bead] <= there, f"I6: {bead} landed before what it needs"
        held = {commits[commit] for commit in between(yard.repo, [since], landing) & commits.keys()}
        assert held <= there, f"I6: {landing} dragged in {held - there}"


def check_blame(yard: Scene, submitted: Sequence[Bead]) -> None:
    """I7: who went back as red was in a red run, and the target was found green without it."""
    known = list(outcomes.everything(yard.repo))
    for bead in submitted:
        name = "/".join(_triple(bead))
        tried = yard.bead(bead).attempt(_triple(bead)[1])
        if tried is None or tried.result is not Result.RED:
            continue
        reds = [each for each in known if each.verdict is Verdict.FAIL and name in each.members]
        assert reds, f"I7: {bead.id} was never in a red run"
        tips = yard.git("rev-list", "--first-parent", "--format=%T", "--no-commit-header", "main").split()
        assert any(each.verdict is Verdict.PASS and each.tree in tips for each in known), (
            "I7: no green control"
        )


def check_bounded(yard: Scene, submitted: Sequence[Bead]) -> None:
    """I8: no queue had more gate runs on a tip than it may have."""
    most = control.allowance(yard.look().towns["main"], len(submitted))
    for book in (yard.repo.gt_dir / "runs").glob("*"):
        for queue, count in Counter(line[1:] for line in book.read_text().split() if line[0] == "+").items():
            assert count <= most, f"I8: {count} gate runs for {queue}"


def check_stages(yard: Scene) -> None:
    """I1 to I3 of the stages: a landed commit that passed, moved forward alone, never past the stage before."""
    passed = {
        (each.gate, each.tree) for each in outcomes.everything(yard.repo) if each.verdict is Verdict.PASS
    }
    town = yard.look().towns["main"]
    for n, stage in enumerate(town.stages):
        mark = yard.own(stage.branch)
        before = town.stages[n - 1].branch if n else "main"
        above = yard.git("rev-list", "--first-parent", before, "--").split() if mark else []
        for each in marks.chain(yard.repo, mark):
            assert each.commit in above, f"I3: {stage.branch} had {each.commit}, or went back"
            tree = yard.git("rev-parse", f"{each.commit}^{{tree}}")
            for gate in (*town.gates, *stage.gates):
                assert (gate.name, tree) in passed, f"I2: {gate.name} never passed on {stage.branch}'s {tree}"
            if each.oid == mark:
                assert yard.tip(stage.branch) == each.commit, f"I5: {stage.branch} isn't where gt left it"
            above = above[above.index(each.commit) + 1 :]


def check_left_over(yard: Scene) -> None:
    """Nothing runs, nothing is locked, nothing is pinned for a gate, no object is missing."""
    assert orphans(yard) == {}
    assert all(lock.is_free(slot_lock(yard.repo, n)) is not False for n in slot_numbers(yard.repo))
    assert yard.git("for-each-ref", "refs/gt/candidate") == ""
    common = yard.repo.common_dir
    found = [str(path.relative_to(common)) for path in common.rglob("*.lock")]
    left = [name for name in found if not name.startswith("gt/")]
    assert left == [], f"{left} are left"
    yard.git("fsck", "--no-dangling", "--no-progress", "--connectivity-only")


def orphans(yard: Scene) -> dict[int, str]:
    """The processes of gates of this clone that run: pid and command line."""
    mark = f"GT_LEASE={roster.clone(yard.repo)}".encode()
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            environ = Path(f"/proc/{name}/environ").read_bytes()
            line = Path(f"/proc/{name}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if any(item.startswith(mark) for item in environ.split(b"\0")):
            found[int(name)] = line
    return found


def _triple(bead: Bead) -> Triple:
    sub = bead.status.submission
    assert sub is not None
    return bead.id, sub.token, sub.commit
