"""What `gt promote` does with what has landed: real branches, real gates, a clock that is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gt.core.bead import Bead
from gt.core.plan import Next, Plan, plan
from gt.core.promotion import Stage, Step
from gt.core.state import Acceptance, Paused, TownState, Waiver
from gt.drive import promote as drive
from gt.drive.observe import observe
from gt.drive.promote import PromoteReport
from gt.errors import Busy, NotFound, Refused
from gt.lock import hold
from gt.refinery import marks, pins
from gt.refinery.moving import Mover
from gt.refinery.places import merge_lock
from gt.verbs.ack import ack
from gt.verbs.gc import gc
from gt.verbs.page import call_for, page
from gt.verbs.vouch import Vouched, vouch
from tests.conftest import NOW, run_git
from tests.refinery.merging import Scene, scene, town
from tests.store.scenes import ALICE

SMOKE = '{name: smoke, run: "test ! -e worse"}'
"""Red wherever there is a file called `worse`."""
STAGES = f"stages: [{{branch: staging, gates: [{SMOKE}]}}, {{branch: release, bake: 1h, approve: true}}]\n"
HOUR = 3600
LATER = NOW + 1000
"""When what a test lands has landed."""


class Killed(BaseException):
    """The end of a process, as far as what it did is concerned."""


@pytest.fixture
def yard(repo_path: Path) -> Scene:
    """A town with two stages, of which there is nothing yet."""
    return scene(repo_path, town(more=STAGES))


def promoted(
    yard: Scene, stage: str | None = None, *, now: int = LATER, again: bool = False
) -> PromoteReport:
    return drive.run(
        yard.repo, yard.ledger, stage=stage, actor=ALICE, clock=lambda: now, environ=dict(os.environ),
        say=yard.said.append, again=again,
    )  # fmt: skip


def look(yard: Scene, now: int = LATER) -> dict[str, Stage]:
    """The stages as a plan sees them."""
    return {stage.branch: stage for stage in observe(yard.repo, yard.ledger, now).stages}


def planned(yard: Scene, now: int = LATER) -> Plan:
    return plan(observe(yard.repo, yard.ledger, now))


def causes(yard: Scene, now: int = LATER) -> dict[str, str]:
    return {
        name: f"{stage.decision.step} {stage.decision.cause}".strip()
        for name, stage in look(yard, now).items()
    }


def word(yard: Scene, stage: str = "release", commit: str | None = None, now: int = LATER) -> Vouched:
    (found,) = drive.named(drive.look(yard.repo, yard.ledger, now)[0], stage)
    return vouch(yard.repo, yard.ledger, found, commit, actor=ALICE, now=now)


def landed(yard: Scene, files: dict[str, str | None], *, now: int = LATER) -> str:
    """Submits this change and lands it; returns the target's tip."""
    made: Bead = yard.submit(files)
    report = yard.merge(now=now)
    assert [bead for bead, _, _ in report.landed] == [made.id]
    return yard.tip()


def acknowledged(yard: Scene, stage: str) -> None:
    """Makes the page about a stage that others moved, and takes note of it."""
    (call,) = [call for call in planned(yard).calls if call.subject == f"stage:{stage}"]
    found = call_for(call.subject, call.reason, call.epoch, call.text, LATER)
    page(yard.ledger, found, None, environ={}, actor=ALICE, now=LATER)
    assert call.hint == f"gt ack {call.page}"
    ack(yard.ledger, [call.page], actor=ALICE, now=LATER)


# Forward


def test_what_has_landed_goes_to_a_stage_once_its_gates_pass(yard: Scene) -> None:
    before = yard.git("rev-parse", "HEAD"), yard.git("status", "--porcelain")
    tip = landed(yard, {"one": "1"})
    assert [action.command for action in planned(yard).actions] == ["gt promote staging"]
    report = promoted(yard)
    assert [(each.branch, each.old, each.new) for each in report.promoted] == [("staging", None, tip)]
    assert [(run.gate, run.verdict) for run in report.runs] == [("smoke", "pass")]
    assert report.exit_code == 11  # release has yet to bake
    assert yard.tip("staging") == tip
    (mark,) = marks.chain(yard.repo, yard.own("staging"))
    assert (mark.commit, mark.previous, mark.at) == (tip, None, LATER)
    assert "Gt-Gate: smoke pass " in yard.git("log", "-1", "--format=%B", mark.oid)
    assert (yard.git("rev-parse", "HEAD"), yard.git("status", "--porcelain")) == before
    run_git(yard.path, "fsck", "--strict", "--no-dangling")
    refs = yard.git("for-each-ref")
    again = promoted(yard)
    assert (again.promoted, again.runs, yard.git("for-each-ref")) == ([], [], refs)


def test_each_landing_is_followed_by_the_newest_alone(yard: Scene) -> None:
    promoted(yard)
    landed(yard, {"one": "1"})
    tip = landed(yard, {"two": "2"})
    assert look(yard)["staging"].trails == 2
    assert [each.new for each in promoted(yard).promoted] == [tip]
    assert look(yard)["staging"].decision.step is Step.DONE


def test_what_bakes_is_known_by_the_clock_and_waited_for(yard: Scene) -> None:
    tip = landed(yard, {"one": "1"})
    promoted(yard)
    waiting = planned(yard)
    assert (waiting.next, waiting.next_wake) == (Next.WAITING, LATER + HOUR)
    early = promoted(yard, now=LATER + HOUR - 1)
    assert (early.promoted, early.exit_code) == ([], 11)
    due = planned(yard, LATER + HOUR)
    assert (due.next, [call.subject for call in due.calls]) == (Next.RECONCILE, ["stage:release"])
    word(yard, now=LATER + HOUR)
    assert [each.new for each in promoted(yard, now=LATER + HOUR).promoted] == [tip]
    assert planned(yard, LATER + HOUR).at_rest


def test_how_long_it_baked_counts_from_when_it_came_to_the_stage_before(yard: Scene) -> None:
    """Not from when it landed, nor from when somebody committed it."""
    landed(yard, {"one": "1"})
    promoted(yard, now=LATER + 500)
    assert look(yard)["release"].decision.until == LATER + 500 + HOUR
    landed(yard, {"two": "2"}, now=LATER + 600)
    promoted(yard, now=LATER + 700)
    at_last = look(yard, LATER + 500 + HOUR)["release"].decision
    assert (at_last.cause, at_last.until) == ("approval", LATER + 700 + HOUR)


def test_a_kept_outcome_of_the_target_counts_for_a_stage_that_asks_for_the_same(repo_path: Path) -> None:
    yard = scene(
        repo_path, town(more='stages: [{branch: staging, gates: [{name: test, run: "test ! -e bad"}]}]\n')
    )
    landed(yard, {"one": "1"})
    report = promoted(yard)
    assert (len(report.promoted), report.runs) == (1, [])


# A person's word


def ready(yard: Scene, files: dict[str, str | None], now: int = LATER) -> tuple[str, int]:
    """Lands this and lets it bake on staging; returns the commit, and the time then."""
    tip = landed(yard, files, now=now)
    promoted(yard, now=now)
    return tip, now + HOUR


def test_a_word_is_for_one_commit_and_written_once(yard: Scene) -> None:
    first, now = ready(yard, {"one": "1"})
    report = promoted(yard, now=now)
    assert (report.promoted, report.exit_code) == ([], 20)
    (call,) = planned(yard, now).calls
    assert call.hint == f"gt promote release --approve --commit {first[:12]}"
    assert word(yard, now=now).word.commit == first
    before = yard.tip("refs/heads/beads")
    assert not word(yard, now=now + 9).changed
    assert yard.tip("refs/heads/beads") == before
    second, now = ready(yard, {"two": "2"}, now)
    assert yard.tip("release") == first
    assert causes(yard, now)["release"] == "held approval"
    word(yard, now=now)
    assert [each.new for each in promoted(yard, now=now).promoted] == [second]


def test_a_word_for_what_is_not_ahead_is_refused(yard: Scene) -> None:
    first, now = ready(yard, {"one": "1"})
    with pytest.raises(Refused, match="is no commit that staging has ahead of release"):
        word(yard, commit=yard.commit({"other": ""}), now=now)
    word(yard, now=now)
    promoted(yard, now=now)
    assert not word(yard, commit=first, now=now).changed
    assert not word(yard, now=now).changed
    yard.state(TownState())
    with pytest.raises(Refused, match="is no commit that staging has ahead of release"):
        word(yard, commit=first, now=now)
    with pytest.raises(Refused, match="there is nothing to approve: release has all"):
        word(yard, now=now)
    with pytest.raises(Refused, match="takes commits without a person's word"):
        word(yard, "staging", now=now)


def test_one_may_vouch_for_what_has_yet_to_bake(yard: Scene) -> None:
    tip, now = ready(yard, {"one": "1"})
    word(yard, commit=tip, now=LATER)
    assert causes(yard, LATER)["release"] == "wait bake"
    assert [each.new for each in promoted(yard, now=now).promoted] == [tip]


# Held


def test_what_is_red_twice_is_held_until_something_newer_comes(yard: Scene) -> None:
    promoted(yard)
    was = yard.tip("staging")
    red = landed(yard, {"worse": ""})
    report = promoted(yard)
    assert ([run.verdict for run in report.runs], report.exit_code) == (["fail", "fail"], 20)
    assert yard.tip("staging") == was
    (call,) = [call for call in planned(yard).calls if call.subject == "stage:staging"]
    assert (call.reason, call.epoch, call.hint) == ("red", red, "gt promote staging --again")
    assert "gate smoke is red on it: exit 1" in call.text
    assert promoted(yard).runs == []
    green = landed(yard, {"worse": None})
    assert [each.new for each in promoted(yard).promoted] == [green]


def test_a_red_is_forgotten_when_a_person_says_so(repo_path: Path, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    yard = scene(
        repo_path, town(more=f"stages: [{{branch: staging, gates: [{{name: up, run: test -e {flag}}}]}}]\n")
    )
    assert promoted(yard).exit_code == 20
    flag.touch()
    assert promoted(yard).exit_code == 20
    assert promoted(yard, again=True).exit_code == 0
    assert yard.tip("staging") == yard.tip()


def test_a_red_is_not_tried_again_by_the_clock_alone(yard: Scene) -> None:
    """Nor because what is old was cleared away."""
    landed(yard, {"worse": ""})
    promoted(yard)
    later = LATER + 365 * 86400
    gc(yard.repo, yard.ledger, actor=ALICE, now=later)
    assert causes(yard, later)["staging"] == "held red"


def test_what_could_not_be_run_says_nothing_of_the_commit(repo_path: Path) -> None:
    yard = scene(repo_path, town(more="stages: [{branch: staging, gates: [{name: gone, run: exit 127}]}]\n"))
    landed(yard, {"one": "1"})
    report = promoted(yard)
    assert [run.verdict for run in report.runs] == ["could-not-run"] * 3
    assert causes(yard)["staging"] == "held could-not-run"


def test_a_flake_is_run_once_more(repo_path: Path, tmp_path: Path) -> None:
    flaky = f"test -e {tmp_path}/seen || {{ touch {tmp_path}/seen; exit 1; }}"
    gate = f'{{name: flaky, run: "{flaky}"}}'
    yard = scene(repo_path, town(more=f"stages: [{{branch: staging, gates: [{gate}]}}]\n"))
    landed(yard, {"one": "1"})
    report = promoted(yard)
    assert ([run.verdict for run in report.runs], len(report.promoted)) == (["fail", "pass"], 1)


def test_a_paused_town_promotes_nothing(yard: Scene) -> None:
    landed(yard, {"one": "1"})
    yard.state(TownState(Paused("bob", "lunch", LATER + 9)))
    report = promoted(yard)
    assert (report.promoted, report.exit_code) == ([], 11)
    assert planned(yard).next_wake == LATER + 9
    assert promoted(yard, now=LATER + 9).promoted


# Moved by others


def test_a_stage_that_is_there_already_is_followed_from_where_it_is(yard: Scene) -> None:
    """Though it was a target once: what gt noted down of its landings there is no promotion."""
    was = landed(yard, {"one": "1"})
    yard.git("branch", "staging", "main")
    yard.git("update-ref", pins.landing_ref("staging"), "main")
    assert look(yard)["staging"].decision.step is Step.DONE
    tip = landed(yard, {"two": "2"})
    assert [(each.old, each.new) for each in promoted(yard).promoted] == [(was, tip)]
    assert [mark.commit for mark in marks.chain(yard.repo, yard.own("staging"))] == [tip]


def test_one_that_others_moved_is_held_until_a_person_says_it_is_so(yard: Scene) -> None:
    promoted(yard)
    tip = landed(yard, {"one": "1"})
    yard.git("branch", "-f", "staging", tip)
    newer = landed(yard, {"two": "2"})
    assert promoted(yard).exit_code == 20
    assert causes(yard) == {"staging": "held moved", "release": "wait stage"}
    assert yard.tip("staging") == tip
    acknowledged(yard, "staging")
    assert [each.new for each in promoted(yard, "staging").promoted] == [newer]


def test_what_was_taken_back_does_not_come_again_by_itself_and_goes_no_further(yard: Scene) -> None:
    promoted(yard)
    was = yard.tip("staging")
    bad, now = ready(yard, {"one": "1"})
    yard.git("branch", "-f", "staging", was)
    assert "was taken back by others" in look(yard)["staging"].decision.why
    acknowledged(yard, "staging")
    assert causes(yard)["staging"] == "done"
    assert look(yard)["staging"].decision.why == "was taken back, and is to have what is newer"
    assert promoted(yard).promoted == []
    with pytest.raises(Refused, match="is no commit that staging has"):
        word(yard, commit=bad, now=now)
    assert look(yard, now)["release"].decision.commit == was
    newer = landed(yard, {"two": "2"})
    assert [(each.old, each.new) for each in promoted(yard).promoted] == [(was, newer)]


def test_in_a_paused_town_it_says_so(yard: Scene) -> None:
    first, now = ready(yard, {"one": "1"})
    yard.state(TownState(Paused("bob", "lunch", now + 9)))
    with pytest.raises(Refused, match=r"release waits: bob paused the town until .* \(lunch\)") as caught:
        word(yard, commit=first, now=now)
    assert caught.value.hint == "gt resume"


def test_nor_does_it_when_what_is_newer_has_come(yard: Scene) -> None:
    """The stage behind has the newer one alone to wait for, though that stands on what was taken back."""
    promoted(yard)
    was = yard.tip("staging")
    bad, _ = ready(yard, {"one": "1"})
    yard.git("branch", "-f", "staging", was)
    acknowledged(yard, "staging")
    fix, now = ready(yard, {"two": "2"})
    assert yard.git("merge-base", bad, fix) == bad
    with pytest.raises(Refused, match=f"{bad[:12]} is no commit that staging has ahead"):
        word(yard, commit=bad, now=now)
    assert look(yard, now)["release"].decision.commit == fix
    word(yard, commit=fix, now=now)
    assert [(each.branch, each.new) for each in promoted(yard, now=now).promoted] == [("release", fix)]


def test_one_that_was_removed_took_all_back(yard: Scene) -> None:
    promoted(yard)
    bad, _ = ready(yard, {"one": "1"})
    yard.git("branch", "-D", "staging")
    acknowledged(yard, "staging")
    fix, now = ready(yard, {"two": "2"})
    found = look(yard, now)["release"]
    assert (found.decision.commit, bad in found.decision.why) == (fix, False)


def test_what_others_brought_a_stage_forward_to_took_nothing_back(yard: Scene) -> None:
    promoted(yard)
    one, _ = ready(yard, {"one": "1"})
    two = landed(yard, {"two": "2"})
    yard.git("branch", "-f", "staging", two)
    acknowledged(yard, "staging")
    three, now = ready(yard, {"three": "3"})
    (release,) = drive.named(drive.look(yard.repo, yard.ledger, now)[0], "release")
    assert {one, three} <= set(release.ahead)


def test_it_is_taken_back_anew_though_to_where_a_person_accepted_it_once(yard: Scene) -> None:
    promoted(yard)
    was = yard.tip("staging")
    for name in ("one", "two"):
        landed(yard, {name: "1"})
        assert promoted(yard, "staging").promoted
        yard.git("branch", "-f", "staging", was)
        assert causes(yard)["staging"] == "held moved"
        acknowledged(yard, "staging")
        assert causes(yard)["staging"] == "done"


def test_moved_to_and_fro_it_is_accepted_each_time(yard: Scene) -> None:
    promoted(yard)
    first = yard.tip("staging")
    landed(yard, {"one": "1"})
    promoted(yard, "staging")
    second = yard.tip("staging")
    landed(yard, {"two": "1"})
    promoted(yard, "staging")
    for where in (second, first, second):
        yard.git("branch", "-f", "staging", where)
        assert causes(yard)["staging"] == "held moved"
        acknowledged(yard, "staging")
        assert causes(yard)["staging"] == "done"


def test_a_stage_that_was_removed_is_noticed(yard: Scene) -> None:
    promoted(yard)
    yard.git("branch", "-D", "staging")
    assert causes(yard)["staging"] == "held moved"
    acknowledged(yard, "staging")
    newer = landed(yard, {"one": "1"})
    assert [(each.old, each.new) for each in promoted(yard, "staging").promoted] == [(None, newer)]


def test_a_hotfix_on_the_stage_itself_waits_until_the_target_has_it(yard: Scene) -> None:
    """Then only commits that have it come into question: those that landed before would take it back."""
    promoted(yard)
    fix = yard.commit({"fix": "1"}, yard.tip("staging"))
    yard.git("branch", "-f", "staging", fix)
    landed(yard, {"one": "1"})
    assert causes(yard)["staging"] == "held moved"
    acknowledged(yard, "staging")
    assert causes(yard)["staging"] == "held diverged"
    assert promoted(yard).promoted == []
    yard.submit({}, commit=fix, base=yard.tip("main^"))
    assert yard.merge().exit_code == 0
    (found,) = drive.named(drive.look(yard.repo, yard.ledger, LATER)[0], "staging")
    assert found.ahead == (yard.tip(),)
    assert [(each.old, each.new) for each in promoted(yard, "staging").promoted] == [(fix, yard.tip())]


# The target


def test_what_others_put_on_the_target_goes_on_once_the_targets_own_gates_pass(yard: Scene) -> None:
    landed(yard, {"one": "1"})
    promoted(yard)
    yard.push({"bad": ""})
    report = promoted(yard)
    assert ({run.gate for run in report.runs}, report.exit_code) == ({"test"}, 20)
    foreign = yard.push({"bad": None, "new": ""})
    report = promoted(yard)
    assert sorted(run.gate for run in report.runs) == ["smoke", "test"]
    assert yard.tip("staging") == foreign


def test_what_landed_by_a_waiver_passes_the_targets_own_gates_or_goes_nowhere(yard: Scene) -> None:
    red = yard.push({"bad": ""})
    yard.state(
        TownState(
            acknowledged={"main": Acceptance(red)},
            waivers=(Waiver("main", "test", ALICE, "why", NOW, LATER + 9, red),),
        )
    )
    landed(yard, {"one": "1"})
    assert (promoted(yard).promoted, causes(yard)["staging"]) == ([], "held red")


def test_nobody_can_say_when_others_put_it_there(repo_path: Path) -> None:
    yard = scene(repo_path, town(more="stages: [{branch: staging, bake: 1h}]\n"))
    assert causes(yard, LATER + 9 * HOUR)["staging"] == "wait landing"
    landed(yard, {"one": "1"})
    assert look(yard)["staging"].decision.until == LATER + HOUR
    assert promoted(yard, now=LATER + HOUR).promoted


def test_where_others_land_their_word_counts_for_when(repo_path: Path, tmp_path: Path) -> None:
    run_git(repo_path, "init", "-q", "--bare", str(tmp_path / "hub"))
    run_git(repo_path, "remote", "add", "origin", str(tmp_path / "hub"))
    asked = "refinery: {push: origin, land: {command: 'true'}}\n"
    yard = scene(repo_path, town(more=f"{asked}stages: [{{branch: staging, bake: 1h}}]\n"))
    yard.git("push", "-q", "origin", "main")
    assert promoted(yard).promoted == []
    made = int(yard.git("log", "-1", "--format=%ct", "main"))
    assert look(yard)["staging"].decision.until == made + HOUR
    report = promoted(yard, now=made + HOUR)
    assert ([each.new for each in report.promoted], [run.gate for run in report.runs]) == (
        [yard.tip()],
        ["test"],
    )


def test_a_target_that_others_rewound_stops_its_stages_with_one_call(yard: Scene) -> None:
    landed(yard, {"one": "1"})
    promoted(yard)
    landed(yard, {"two": "2"})
    yard.git("update-ref", "refs/heads/main", "main^^")
    assert causes(yard)["staging"] == "wait moved-target"
    assert [call.subject for call in planned(yard).calls] == ["target:main"]
    assert promoted(yard).promoted == []


def test_what_is_red_after_landing_goes_nowhere(repo_path: Path) -> None:
    after = '{name: e2e, run: "test ! -e worse", when: after}'
    yard = scene(repo_path, town('{name: test, run: "true"}', after, more="stages: [{branch: staging}]\n"))
    landed(yard, {"worse": ""})
    yard.merge()
    assert causes(yard)["staging"] == "held red"
    assert promoted(yard).promoted == []


# Settings


def test_what_can_not_be_a_stage_is_said_and_the_others_go_on(repo_path: Path) -> None:
    yard = scene(
        repo_path, town(more="stages: [{branch: lab, from: nowhere}, {branch: staging, from: main}]\n")
    )
    landed(yard, {"one": "1"})
    assert causes(yard) == {"lab": "held settings", "staging": "promote"}
    assert [each.branch for each in promoted(yard).promoted] == ["staging"]
    with pytest.raises(NotFound, match="no such stage: nope"):
        promoted(yard, "nope")


def test_what_can_not_be_read_is_not_taken_for_a_town_without_stages(yard: Scene) -> None:
    promoted(yard)
    yard.push({".gt/town.yaml": "stagess: []\n"})
    report = promoted(yard)
    assert (report.exit_code, report.left, [each.name for each in report.unread]) == (20, (), ["main"])
    with pytest.raises(Refused, match="main has settings that can't be read") as caught:
        promoted(yard, "staging")
    assert "town.yaml" in (caught.value.hint or "")


# Where it is checked out


def test_a_stage_that_is_checked_out_comes_along_and_writes_nothing_of_the_users_over(yard: Scene) -> None:
    promoted(yard)
    yard.git("checkout", "-q", "staging")
    (yard.path / "one").write_text("mine")
    landed(yard, {"one": "1"})
    report = promoted(yard)
    assert (report.promoted, report.exit_code) == ([], 20)
    assert "in the way are one" in look(yard)["staging"].decision.why
    assert (yard.path / "one").read_text() == "mine"
    (yard.path / "one").unlink()
    assert promoted(yard).promoted
    assert (yard.path / "one").read_text() == "1"
    assert yard.git("status", "--porcelain") == ""


# Killed, and two at once


@pytest.mark.parametrize("at", ["move", "put"])
def test_killed_between_the_moves_the_next_one_knows_its_own(
    yard: Scene, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """`move`: before the stage moved; `put`: after it did, and before that was noted down."""
    tip = landed(yard, {"one": "1"})
    real = Mover.put

    def put(self: Mover, ref: str, oid: str | None) -> None:
        if ref == pins.landing_ref("staging"):
            raise Killed
        real(self, ref, oid)

    def move(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if at == "move":
            patch.setattr("gt.refinery.promoting.move", move)
        else:
            patch.setattr(Mover, "put", put)
        with pytest.raises(Killed):
            promoted(yard)
    assert (yard.git("branch", "--list", "staging") != "") == (at == "put")
    assert causes(yard)["staging"] == ("promote" if at == "move" else "done")
    report = promoted(yard, now=LATER + 60)
    assert report.runs == []
    assert yard.tip("staging") == tip
    (mark,) = marks.chain(yard.repo, yard.own("staging"))
    assert mark.at == (LATER + 60 if at == "move" else LATER)


def test_one_at_a_time(yard: Scene) -> None:
    with hold(merge_lock(yard.repo)), pytest.raises(Busy, match="is at work here"):
        promoted(yard)


def test_one_whose_branch_was_moved_meanwhile_is_left_where_it_is(
    yard: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    promoted(yard)
    landed(yard, {"one": "1"})
    theirs = yard.commit({"theirs": ""}, yard.tip("staging"))
    real = marks.make

    def make(*args: object) -> str:
        yard.git("branch", "-f", "staging", theirs)
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(marks, "make", make)
    assert promoted(yard).promoted == []
    assert yard.tip("staging") == theirs
    assert causes(yard)["staging"] == "held moved"
