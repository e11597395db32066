"""Agents that are refused what they need: nothing is spent on it, nobody is called twice, and nothing storms."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gt.core.bead import Bead, Phase, Result
from gt.core.breaker import THRESHOLD, TRIALS, Fitness
from gt.core.measure import Measure, measure
from gt.core.plan import By, Next, Plan, plan
from gt.core.spending import DAY
from gt.core.world import World
from gt.drive.hands import Hands
from gt.drive.observe import look_at_targets, observe
from gt.drive.reconcile import reconcile
from gt.drive.work import OnlyPeople, work
from gt.errors import Busy
from gt.store.claimable import Homes
from gt.verbs.readmit import readmit
from tests.conftest import NOW, run_git
from tests.drive.attempts import Scene, town
from tests.store.scenes import ALICE, bead, bead_id

REFUSED = """
date >> "$STARTS"
read -r answer < "$KEY"
case "$answer" in
good) echo done > "$GT_BEAD" ;;
*) printf '{"type": "result", "is_error": true, %s}\\n' "$answer"; exit 1 ;;
esac"""


@dataclass
class Days:
    """A town that is driven through the days, by its plan alone."""

    scene: Scene
    now: int = NOW
    sizes: list[Measure] = field(default_factory=list)
    """The measure before each start, and after each end of an attempt."""

    @property
    def hands(self) -> Hands:
        near = self.scene.script.with_name
        environ = {**os.environ, "STARTS": str(near("starts")), "KEY": str(near("key"))}
        scene = self.scene
        return Hands(scene.repo, scene.ledger, lambda: ALICE, scene.digits, environ, lambda: self.now)

    def answer(self, words: str) -> None:
        """What the agent's server says from now on."""
        self.scene.script.with_name("key").write_text(f"{words}\n")

    def lines(self, name: str) -> int:
        path = self.scene.script.with_name(name)
        return len(path.read_text().splitlines()) if path.exists() else 0

    @property
    def starts(self) -> int:
        return self.lines("starts")

    def world(self) -> World:
        return observe(self.scene.repo, self.scene.ledger, self.now)

    def plan(self) -> Plan:
        return plan(self.world())

    def beads(self) -> list[Bead]:
        with self.scene.ledger.read() as snapshot:
            return [snapshot.get(bead_id(n)) for n in (1, 2, 3)]

    def round(self) -> bool:
        """All that is due now, attempts of a second each; False if nothing but merging is."""
        reconcile(self.hands)
        due = self.plan().by(By.WORK)
        for action in due:
            self.sizes.append(measure(self.world()))
            try:
                work(self.hands, action.args[0])
            except Busy:  # an attempt of this very round has failed meanwhile
                continue
            self.now += 1
            self.sizes.append(measure(self.world()))
        return bool(due)

    def until_rest(self) -> None:
        """Go on, from wake to wake, until nothing happens any more by itself."""
        for _ in range(200):
            if not self.round():
                wake = self.plan().next_wake
                if wake is None:
                    return
                self.now = wake
        raise AssertionError("it doesn't come to rest")


@pytest.fixture
def days(repo_path: Path, tmp_path: Path) -> Days:
    scene = town(repo_path, tmp_path)
    pages = scene.script.with_name("pages")
    scene.settings(rest=f"limits: {{concurrent: 4}}\npage: {{command: 'cat >> {pages}'}}")
    text = (scene.path / ".gt" / "town.yaml").read_text()
    scene.commit({".gt/town.yaml": text.replace("env: [SAY]", "env: [STARTS, KEY]")})
    scene.agent(REFUSED)
    scene.put(bead(2), bead(3))
    return Days(scene)


def test_an_expired_key_is_one_page_and_one_command(days: Days) -> None:
    days.answer('"api_error_status": 401, "result": "OAuth token has expired"')
    days.until_rest()

    assert THRESHOLD <= days.starts <= THRESHOLD + TRIALS
    assert days.lines("pages") == 1
    assert [(each.phase, each.counted) for each in days.beads()] == [(Phase.OPEN, 0)] * 3
    assert days.sizes == sorted(days.sizes, reverse=True)
    assert len(set(days.sizes)) > days.starts
    found = days.plan()
    assert (found.next, found.next_wake) == (Next.HUMAN, None)
    (call,) = found.calls
    assert (call.subject, call.hint) == ("agent:sh", "gt retry --agent sh")
    assert "OAuth token has expired" in call.text

    with pytest.raises(OnlyPeople):
        work(days.hands, None)
    tip = run_git(days.scene.path, "rev-parse", "beads")
    starts = days.starts
    for _ in range(5):
        days.now += 7 * DAY
        assert not days.round()
    assert (run_git(days.scene.path, "rev-parse", "beads"), days.starts) == (tip, starts)

    days.answer("good")
    homes = Homes(*look_at_targets(days.scene.repo))
    assert readmit(days.scene.ledger, "sh", homes, actor=ALICE, now=days.now).failures == starts
    assert days.plan().calls == ()
    days.round()
    assert [each.phase for each in days.beads()] == [Phase.SUBMITTED] * 3
    assert (days.starts, days.lines("pages")) == (starts + 3, 1)
    again = readmit(days.scene.ledger, "sh", homes, actor=ALICE, now=days.now)
    assert not again.changed


def test_a_limit_is_slept_through_and_nobody_is_called(days: Days) -> None:
    days.answer('"api_error_status": 429, "result": "You have hit your limit", "retry_after": 7200')
    assert days.round()
    (tried,) = (each for each in days.beads() if each.status.attempts)
    assert [(a.result, a.resets) for a in tried.status.attempts] == [(Result.INFRA, NOW + 7200)]
    found = days.plan()
    assert (days.starts, found.actions, found.calls, found.next) == (1, (), (), Next.WAITING)
    days.now = NOW + 60
    assert (days.plan().actions, days.plan().next_wake) == ((), NOW + 7200)
    with pytest.raises(Busy, match="is at a limit until 2026-11-22T22:00:00Z") as caught:
        work(days.hands, None)
    assert caught.value.exit_code == 75

    days.now = NOW + 7200
    days.answer("good")
    assert days.world().fitness("sh").state is Fitness.HALF_OPEN
    assert len(days.plan().by(By.WORK)) == 1
    days.until_rest()
    assert [each.phase for each in days.beads()] == [Phase.SUBMITTED] * 3
    assert (days.starts, days.lines("pages"), sum(each.counted for each in days.beads())) == (4, 0, 0)
