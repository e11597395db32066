"""Whatever changes the queue, killed at its effects, and while gates run: the next merge comes to the same end.

The town has groups, a bad change, a conflict, a need, and a change of protected paths that waits. `GT_CRASH_POINTS` says
at how many points a deed is killed (evenly spread; `all` for every single one).
"""

from __future__ import annotations

import os
import pickle
import shutil
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from gt import lock
from gt.core.bead import Bead, Phase
from gt.core.draft import Origin
from gt.drive import promote as drive
from gt.errors import IllegalMove
from gt.git.repo import discover
from gt.refinery import marks, outcomes, pins
from gt.refinery.outcomes import Outcome, Verdict
from gt.refinery.pins import candidate_ref
from gt.refinery.places import slot_lock
from gt.store.ledger import Ledger
from gt.verbs.approve import approve
from gt.verbs.offer import offer, offered_by
from gt.verbs.withdraw import withdraw
from tests.conftest import NOW, seal
from tests.crash.dying import dies_at, paused
from tests.crash.still import Still
from tests.drive import invariants
from tests.refinery.merging import Scene, scene, town
from tests.store.scenes import ALICE

POINTS = os.environ.get("GT_CRASH_POINTS", "2")
NEW = "gt-00000090"


@dataclass
class Stage:
    """A town that is put back to where it was as often as wanted."""

    still: Still
    since: str
    slots: int
    beads: dict[str, Bead]
    calm: dict[str, tuple[object, int]] = field(default_factory=dict)
    """By deed: what an undisturbed town came to, and by how many gate runs."""

    @property
    def yard(self) -> Scene:
        path = self.still.root / "repo"
        return Scene(path, Ledger(discover(path)))

    def path(self, name: str) -> Path:
        return self.still.root / name

    def log(self) -> list[str]:
        """What the gates wrote: `begin` and `end`."""
        return self.path("log").read_text().split()


def put_together(template: Path, root: Path, slots: int) -> Stage:
    """Eight submissions; the gates write down when they begin and end, and kill their merge where they are told to."""
    root.mkdir()
    shutil.copytree(template, root / "repo", symlinks=True)
    (root / "log").touch()
    kill = f"[ $(grep -c begin {root}/log) -ge $(cat {root}/at) ] && mkdir {root}/killed && kill -9 $(cat {root}/pid) && exec sleep 300"
    script = f"echo begin >> {root}/log; if [ -e {root}/at ]; then {kill}; fi; test ! -e bad; code=$?; echo end >> {root}/log; exit $code"
    (root / "gate.sh").write_text(script)
    gate = f"{{name: test, run: sh {root}/gate.sh, timeout: 5m}}"
    smoke = f"{{name: smoke, run: sh {root}/gate.sh, timeout: 4m}}"
    stages = f"stages: [{{branch: staging, gates: [{smoke}]}}, {{branch: release}}]\n"
    yard = scene(root / "repo", town(gate, more=f"refinery: {{slots: {slots}}}\n{stages}"))
    since = yard.tip()
    yard.git("branch", "staging", "main^")
    beads = {name: yard.submit({name: ""}) for name in ("a", "b", "bad", "c")}
    beads["needy"] = yard.submit({"needy": ""}, needs=frozenset({beads["c"].id}))
    beads["one"], beads["other"] = yard.submit({"x": "1\n"}), yard.submit({"x": "2\n"})
    beads["protected"] = yard.submit({".gt/extra": ""})
    yard.git("branch", "side", yard.commit({"side": ""}))
    return Stage(Still(root, root.with_name(f"{root.name}.store")), since, slots, beads)


@pytest.fixture(scope="module")
def stage(
    request: pytest.FixtureRequest, template_repo: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with pytest.MonkeyPatch.context() as patch:
        seal(patch, tmp_path_factory.mktemp("home"))
        yield put_together(template_repo, tmp_path_factory.mktemp("queue") / "stage", request.param)


def merge(stage: Stage) -> None:
    stage.yard.merge()


def approve_it(stage: Stage) -> None:
    yard = stage.yard
    approve(yard.repo, yard.ledger, stage.beads["protected"].id, actor=ALICE, now=NOW)


def withdraw_it(stage: Stage) -> None:
    yard = stage.yard
    try:
        withdraw(yard.repo, yard.ledger, stage.beads["b"].id, hold=True, actor=ALICE, now=NOW)
    except IllegalMove:
        assert yard.phase(stage.beads["b"]) is Phase.OPEN, "it is done already"


def submit(stage: Stage) -> None:
    """As `gt submit --branch`; typed again, it draws another token."""
    yard = stage.yard
    with yard.ledger.read() as snapshot:
        if snapshot.find(NEW) is not None:
            return
    digits = iter(("00000090", f"{len(yard.git('for-each-ref', 'refs/gt/sub').splitlines()):04}"))
    origin = Origin(ALICE, NOW, lambda _: next(digits), lambda: "f" * 32)
    offer(yard.repo, yard.ledger, offered_by(yard.repo, "side", None), None, "side", origin)


def promote(stage: Stage) -> None:
    """One stage is moved forward, and another is made."""
    yard = stage.yard
    drive.run(
        yard.repo, yard.ledger, actor=ALICE, clock=lambda: NOW, environ=dict(os.environ), say=yard.said.append
    )


DEEDS: tuple[Callable[[Stage], None], ...] = (submit, merge, approve_it, withdraw_it, promote)
"""What is killed; typed again it is done, or finds that it is."""


def settle(stage: Stage, deed: Callable[[Stage], None]) -> object:
    """Do it (again), merge, and tell what the town came to; whatever came before, the invariants hold."""
    deed(stage)
    yard = stage.yard
    assert deed is not promote or yard.tip("staging") == yard.tip("release") == yard.tip()
    yard.merge()
    submitted = list(stage.beads.values())
    with yard.ledger.read() as snapshot:
        new = snapshot.find(NEW)
        left = [(_name(stage, bead), str(bead.phase), bead.counted) for bead in snapshot.live()]
    invariants.check(yard, stage.since, [*submitted, *([new] if new else [])], lambda files: "bad" in files)
    assert yard.merge().runs == []
    promotions = [len(list(marks.chain(yard.repo, yard.own(name)))) for name in ("staging", "release")]
    return sorted(left), sorted(yard.files()), promotions


def settled(stage: Stage, deed: Callable[[Stage], None]) -> object:
    """As `settle`, by a process of its own: what another remembers of objects that were put away isn't so any more."""
    told = stage.still.root.with_name("told")

    def tell() -> None:
        try:
            told.write_bytes(pickle.dumps(settle(stage, deed)))
        except AssertionError:
            told.write_bytes(pickle.dumps(traceback.format_exc()))

    assert not dies_at(0, tell)
    return pickle.loads(told.read_bytes())


def _name(stage: Stage, bead: Bead) -> str:
    """With several slots either of two that conflict may be the first to be proven."""
    names = {each.id: name for name, each in stage.beads.items()}
    return names.get(bead.id, "new").replace("other", "one")


def undisturbed(stage: Stage, deed: Callable[[Stage], None]) -> tuple[object, int]:
    """What it comes to, and by how many gate runs."""
    if deed.__name__ not in stage.calm:
        stage.still.put_back()
        story = settled(stage, deed)
        begun = stage.log().count("begin")
        assert sum(1 for _ in outcomes.everything(stage.yard.repo)) == stage.log().count("end") == begun
        stage.calm[deed.__name__] = story, begun
    return stage.calm[deed.__name__]


def points(count: int) -> list[int]:
    """As many as are wanted of so many, each in the middle of its part."""
    wanted = count if POINTS == "all" else min(count, int(POINTS))
    return [1 + (2 * i + 1) * count // (2 * wanted) for i in range(wanted)]


def check_that_nothing_passed_in_vain(kept: list[Outcome]) -> None:
    """What had passed was run again only as a control, because the gate failed since."""
    first: dict[str, Outcome] = {}
    for each in sorted(kept, key=lambda each: each.began):
        if each.verdict is Verdict.PASS and (before := first.setdefault(each.key, each)) is not each:
            since = [red for red in kept if red.gate == each.gate and red.verdict is Verdict.FAIL]
            since = [red for red in since if before.began < red.ended <= each.began]
            assert not each.members, "what had passed was run again"
            assert since, "the target had passed, and nothing failed since"
            first[each.key] = each


def check_end(stage: Stage, deed: Callable[[Stage], None], told: str) -> None:
    """It came to what it comes to undisturbed, and no gate run was paid for again but those that were under way."""
    wanted, begun = stage.calm[deed.__name__]
    try:
        assert settled(stage, deed) == wanted
        kept = list(outcomes.everything(stage.yard.repo))
        check_that_nothing_passed_in_vain(kept)
        cut = stage.log().count("begin") - len(kept)
        assert cut <= stage.slots, "more outcomes were lost than runs were under way"
        if stage.slots == 1:  # with more, what is run depends on which gate is the quicker
            assert stage.log().count("begin") <= begun + 1
    except AssertionError as error:
        raise AssertionError(f"{deed.__name__}, killed at {told}\n{error}") from error


@pytest.mark.parametrize(
    ("stage", "deed"),
    [(3, merge), *((1, deed) for deed in DEEDS)],
    indirect=["stage"],
    ids=lambda each: getattr(each, "__name__", str(each)),
)
def test_killed_at_any_effect_it_comes_to_the_same(
    stage: Stage, deed: Callable[[Stage], None], record_property: Callable[[str, object], None]
) -> None:
    undisturbed(stage, deed)
    stage.still.put_back()
    effects = list(paused(lambda: deed(stage)))
    hit = []
    for at in points(len(effects)):
        stage.still.put_back()
        if dies_at(at, lambda: deed(stage)):
            hit.append(at)
            check_end(stage, deed, f"{at} of {len(effects)}: {effects[at - 1]}")
    assert hit
    record_property("killed", f"at {len(hit)} of {len(effects)} effects")


@pytest.mark.parametrize("stage", [3], indirect=True)
def test_what_a_killed_git_left_locked_in_a_slot_is_gone_after_the_next_merge(stage: Stage) -> None:
    """Though nothing is to be gated; where somebody has the slot, a git may be at work there."""
    stage.still.put_back()
    yard = stage.yard
    yard.merge()
    records = [yard.repo.common_dir / "worktrees" / f"slot-{n}" / "index.lock" for n in (1, 2)]
    for left in records:
        left.touch()
    with lock.hold(slot_lock(yard.repo, 2), 1):
        # A try has it: the slot of a merge that died would be cleared first.
        yard.merge()
        assert [left.exists() for left in records] == [False, True]
    assert yard.merge().runs == []
    assert [left.exists() for left in records] == [False, False]


@pytest.mark.parametrize("stage", [3], indirect=True)
def test_the_lock_of_a_pin_that_a_merge_died_at_is_gone_after_the_next(stage: Stage) -> None:
    """Though nothing is gated in that slot any more."""
    stage.still.put_back()
    yard = stage.yard
    ref = candidate_ref(9)
    lock_file = yard.repo.common_dir / f"{ref}.lock"
    pin = partial(pins.put, yard.repo, ref, yard.tip(), why="gate a candidate", actor=ALICE, now=NOW)
    locked = [at for at, _ in enumerate(paused(pin), 1) if lock_file.exists()]
    stage.still.put_back()
    assert dies_at(locked[0], pin)
    assert lock_file.exists()
    yard.merge()
    assert not lock_file.exists()


@pytest.mark.parametrize("stage", [3, 1], indirect=True)
def test_killed_while_gates_run_it_comes_to_the_same(stage: Stage) -> None:
    _, begun = undisturbed(stage, merge)
    for at in points(begun):
        stage.still.put_back()
        stage.path("at").write_text(f"{at}\n")

        def dying() -> None:
            stage.path("pid").write_text(f"{os.getpid()}\n")
            merge(stage)

        if not dies_at(0, dying):
            # With several slots it depends on which gate is the quicker how many runs there are.
            assert stage.slots > 1, "it wasn't killed"
            assert at > 1, "it wasn't killed"
            assert stage.log().count("begin") < at, "it wasn't killed"
        stage.path("at").unlink()
        check_end(stage, merge, f"the beginning of gate run {at} of {begun}")
