"""gt run without its children: when it ends, what it starts, and how long it bears refusals."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from gt.core.bead import Landed, Phase, Status, Stuck, StuckReason
from gt.core.plan import Action, By, Plan
from gt.core.world import Liveness, World
from gt.drive.patience import BUGS, REFUSALS, Patience
from gt.drive.run import Bounds, End, Told, foreign, run, startable
from gt.drive.watch import Pulse
from gt.errors import GtError, Refused
from gt.fleet.children import Child, Children
from tests.conftest import NOW, run_git
from tests.core import small, worlds
from tests.drive.attempts import Scene, town
from tests.store.scenes import bead

LANDED = Status(phase=Phase.LANDED, landed=Landed("1" * 40, "2" * 40, NOW))
STUCK = Status(phase=Phase.STUCK, stuck=Stuck(StuckReason.ATTEMPTS, NOW, "red: no"))


@pytest.fixture
def scene(repo_path: Path, tmp_path: Path) -> Scene:
    return town(repo_path, tmp_path)


@dataclass
class Heard:
    """All that a run tells."""

    lines: list[str] = field(default_factory=list)
    agrees: bool = True

    def told(self) -> Told:
        return Told(
            consent=self.consent,
            acted=lambda action: self.lines.append(action.verb),
            failed=self.failed,
            started=lambda action: self.lines.append(f"start {action.verb}"),
            ended=lambda child: self.lines.append(f"end {child.name}"),
            waits=self.waits,
        )

    def consent(self, _world: World) -> None:
        self.lines.append("consent")
        if not self.agrees:
            raise Refused("no")

    def failed(self, _action: Action, error: GtError) -> None:
        self.lines.append(error.message)

    def waits(self, _world: World, _plan: Plan, running: int) -> None:
        self.lines.append(f"wait {running}")


def test_at_rest_it_ends_at_once_and_asks_nobody(scene: Scene) -> None:
    scene.put(bead(1, LANDED))
    heard = Heard()
    assert run(scene.hands(), Bounds(), heard.told()).end is End.REST
    assert heard.lines == []


def test_it_ends_when_only_a_person_can_go_on(scene: Scene) -> None:
    scene.put(bead(1, STUCK))
    heard = Heard()
    assert run(scene.hands(), Bounds(), heard.told()).end is End.HUMAN
    assert heard.lines == ["page"]


def test_it_does_not_wait_for_what_is_far_off(scene: Scene) -> None:
    scene.put(bead(1, defer=NOW + 36 * 60))
    ran = run(scene.hands(), Bounds(), Heard().told())
    assert (ran.end, ran.plan.next_wake) == (End.WAITING, NOW + 36 * 60)


def test_it_waits_for_what_is_near_until_its_time_is_up(scene: Scene) -> None:
    scene.put(bead(1, defer=NOW + 30 * 60))
    heard = Heard()
    assert run(scene.hands(), Bounds(seconds=0), heard.told()).end is End.WAITING
    assert run(scene.hands(), Bounds(seconds=1), heard.told()).end is End.WAITING
    assert heard.lines == ["consent", "consent", "wait 0"]


def test_nothing_starts_without_consent(scene: Scene) -> None:
    before = run_git(scene.path, "for-each-ref")
    with pytest.raises(Refused):
        run(scene.hands(), Bounds(), Heard(agrees=False).told())
    assert run_git(scene.path, "for-each-ref") == before


def test_a_pass_that_keeps_failing_ends_it_with_its_error(scene: Scene) -> None:
    scene.put(bead(1, type="epic"), bead(2, LANDED, parent=bead(1).id))

    def nobody() -> str:
        raise Refused("git doesn't know who you are")

    ran = run(replace(scene.hands(), who=nobody), Bounds(), Heard().told())
    assert (ran.end, str(ran.error)) == (End.REFUSED, "git doesn't know who you are")


def works(*names: str) -> tuple[Action, ...]:
    return tuple(Action(By.WORK, "work", (small.gt(name),), "") for name in names)


@pytest.mark.parametrize(
    ("planned", "working", "leased", "jobs", "expected"),
    [
        ("ab", "", "", None, "ab"),
        ("ab", "", "", 1, "a"),
        ("ab", "a", "", None, "b"),  # a's child hasn't claimed yet: it takes its own place
        ("n", "a", "", None, ""),  # a more urgent one came; the place is a's all the same
        ("b", "a", "a", None, "b"),
        ("b", "a", "a", 1, ""),
    ],
)
def test_what_is_started(planned: str, working: str, leased: str, jobs: int | None, expected: str) -> None:
    world = worlds.world(*(small.bead(name, Phase.LEASED) for name in leased))
    chosen = startable(works(*planned), world, {small.gt(name) for name in working}, jobs)
    assert [action.args[0] for action in chosen] == [small.gt(name) for name in expected]


def test_foreign_attempts_are_those_that_live_and_are_not_ours() -> None:
    leased = small.bead("a", Phase.LEASED)
    living = worlds.world(leased, liveness={leased.id: Liveness.LIVE})
    assert foreign(living)
    assert not foreign(living, but={leased.id})
    assert not foreign(worlds.world(leased, liveness={leased.id: Liveness.UNKNOWN}))


def ended(tmp_path: Path, code: int, said: str = "") -> Child:
    """A child that ended so."""
    process = subprocess.Popen([sys.executable, "-c", f"raise SystemExit({code})"])
    process.wait()
    log = tmp_path / "log"
    log.write_text(said)
    return Child("x", process, log, 0.0)


def test_a_child_that_changes_nothing_is_started_later_and_later_and_then_no_more(tmp_path: Path) -> None:
    patience, pulse = Patience(), Pulse(("a",))
    refused = ended(tmp_path, 75, "a line\nerror: nothing can be claimed\nhint: gt why\n")
    waits = []
    for n in range(REFUSALS):
        assert patience.given_up("x") is None
        patience.note(refused, pulse, pulse, 100.0 * n)
        assert not patience.lets("x", 100.0 * n)
        waits += list(patience.waits(100.0 * n))
    assert waits == sorted(set(waits))
    assert patience.given_up("x") == "nothing can be claimed"
    assert not patience.lets("x", 1e9)
    assert not patience.broken


def test_a_child_that_changed_something_is_forgiven(tmp_path: Path) -> None:
    patience = Patience()
    patience.note(ended(tmp_path, 1), Pulse(("a",)), Pulse(("a",)), 0.0)
    patience.note(ended(tmp_path, 3), Pulse(("a",)), Pulse(("b",)), 0.0)
    assert patience.lets("x", 0.0)


def test_a_child_that_says_there_is_more_to_do_and_changes_nothing_has_its_limit(tmp_path: Path) -> None:
    patience, pulse = Patience(), Pulse(("a",))
    for n in range(REFUSALS):
        assert patience.given_up("x") is None
        patience.note(ended(tmp_path, 10, "error: nothing was done\n"), pulse, pulse, 100.0 * n)
    assert patience.given_up("x") == "nothing was done"


def test_five_bugs_in_a_minute_are_too_many(tmp_path: Path) -> None:
    pulse, bug = Pulse(()), ended(tmp_path, 4)
    slow, fast = Patience(), Patience()
    for n in range(BUGS):
        slow.note(bug, pulse, pulse, 16.0 * n)
        fast.note(bug, pulse, pulse, 14.0 * n)
    assert (slow.broken, fast.broken) == (False, True)


def test_no_children_are_waited_for_only_as_long_as_said(tmp_path: Path) -> None:
    assert Children(tmp_path, tmp_path, {}).wait(0.01) == []
