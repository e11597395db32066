"""Those who would land what isn't theirs to land: forgers, weakened gates, tampered slots, races."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gt.core import moves
from gt.core.bead import Closed, CloseReason, Phase, Result
from gt.core.state import Acceptance, TownState
from gt.core.town import Limits
from gt.drive import merge_rulings
from gt.drive.merge import run
from gt.git import refs
from gt.refinery import pins
from gt.refinery.gates import environment
from gt.refinery.landing import NotNow, land
from gt.refinery.pins import landing_ref
from gt.verbs.approve import approve
from gt.verbs.reject import reject
from tests.conftest import NOW
from tests.refinery.merging import GATE, TOKEN, Scene, proving, scene, town
from tests.store.scenes import ALICE


def forged(one: object, commit: str) -> str:
    return f"Sneak\n\nGt-Bead: {one}\nGt-Token: {TOKEN}\nGt-Commit: {commit}\n"


def test_forged_trailers_land_nothing(yard: Scene) -> None:
    assert yard.submit({"first": ""})
    yard.merge()
    one = yard.submit({"a": ""})
    sub = one.status.submission
    assert sub is not None
    yard.push({"sneaked": ""}, message=forged(one.id, sub.commit))
    assert yard.look().landings == {}
    report = yard.merge()
    assert [name for name, _, _ in report.landed] == [one.id]
    assert "a" in yard.files()


def test_a_landing_is_lost_anew_though_the_target_be_where_a_person_accepted_it_once(yard: Scene) -> None:
    old = yard.tip()
    lost = [landed_one(yard, "one")]
    yard.git("update-ref", "refs/heads/main", old)
    yard.submit({"other": ""})
    assert yard.merge().exit_code == 20
    yard.acknowledge()
    lost.append(landed_one(yard, "two"))
    yard.git("update-ref", "refs/heads/main", old)
    waiting = yard.submit({"last": ""})
    report = yard.merge()
    assert (report.exit_code, report.landed) == (20, [])
    assert f"{lost[1][:12]}, which gt landed, is no longer on it" in (report.trouble or "")
    yard.acknowledge()
    assert [name for name, _, _ in yard.merge().landed] == [waiting.id]


@pytest.mark.parametrize("on", ["landing", "submission"])
def test_what_was_let_go_is_not_brought_back_by_what_was_built_on_it(yard: Scene, on: str) -> None:
    before = yard.tip()
    lost = yard.submit({"lost": ""})
    sub = lost.status.submission
    assert sub is not None
    yard.merge()
    built = yard.commit({"built": ""}, yard.tip() if on == "landing" else sub.commit)
    yard.git("update-ref", "refs/heads/main", before)
    other = yard.submit({}, commit=built, base=before)
    apart = yard.submit({"apart": ""})
    assert yard.merge().exit_code == 20
    yard.acknowledge()
    report = yard.merge()
    assert ([name for name, _, _ in report.landed], report.exit_code) == ([apart.id], 20)
    assert yard.causes() == {other.id: "held gone"}
    (left,) = report.left
    assert (left.why, left.hint) == (
        f"contains {lost.id}, whose landing main doesn't have any more", f"gt reopen {lost.id}",
    )  # fmt: skip
    yard.change(lost, lambda bead: moves.reopen(bead, Limits()))
    assert yard.merge().landed == []
    assert yard.causes() == {other.id: "waiting ancestor"}, "it is to land again first"
    yard.change(lost, lambda bead: moves.close(bead, Closed(CloseReason.WONTFIX, "", NOW, ALICE)))
    assert [name for name, _, _ in yard.merge().landed] == [other.id], "a person says that it may come along"


def test_a_word_on_a_commit_that_is_not_here_says_nothing_of_this_branch(yard: Scene) -> None:
    landed_one(yard, "one")
    yard.state(TownState(acknowledged={"main": Acceptance("9" * 40, ("8" * 40,))}))
    yard.push({"hand": ""})
    waiting = yard.submit({"last": ""})
    assert [name for name, _, _ in yard.merge().landed] == [waiting.id]


def test_what_was_let_go_stays_so_when_another_move_is_accepted(yard: Scene) -> None:
    first = landed_one(yard, "one")
    landed_one(yard, "two")
    yard.git("update-ref", "refs/heads/main", first)
    waiting = yard.submit({"last": ""})
    for moved in (lambda: None, lambda: yard.push({".gt/extra": ""})):
        moved()
        assert yard.merge().exit_code == 20
        yard.acknowledge()
        assert yard.causes() == {waiting.id: "due"}
    assert [name for name, _, _ in yard.merge().landed] == [waiting.id]


def landed_one(yard: Scene, name: str) -> str:
    yard.submit({name: ""})
    assert yard.merge().landed
    return yard.tip()


def test_a_forged_merge_of_the_commit_itself_stops_landing_until_a_person_says_so(yard: Scene) -> None:
    yard.submit({"first": ""})
    yard.merge()
    one = yard.submit({"bad": ""})
    sub = one.status.submission
    assert sub is not None
    merged = yard.commit({"bad": ""}, yard.tip(), sub.commit, message=forged(one.id, sub.commit))
    yard.git("update-ref", "refs/heads/main", merged)
    report = yard.merge()
    assert (report.exit_code, report.landed, yard.phase(one)) == (20, [], Phase.SUBMITTED)
    assert yard.causes() == {one.id: "waiting moved-target"}
    yard.acknowledge()
    yard.merge()
    assert yard.phase(one) is Phase.LANDED
    landed = yard.bead(one).status.landed
    assert landed is not None
    assert landed.commit == merged


def test_submitted_trailers_of_ours_are_dropped(yard: Scene) -> None:
    other = yard.submit({"bad": ""})
    sub = other.status.submission
    assert sub is not None
    message = f"work\n\nBody.\n\nSigned-off-by: Bob <b@c>\nGt-Bead: {other.id}\nGt-Token: {TOKEN}\nGt-Commit: {sub.commit}\n"
    one = yard.submit({}, commit=yard.commit({"a": ""}, message=message), base=yard.tip())
    yard.merge()
    assert (yard.phase(one), yard.phase(other)) == (Phase.LANDED, Phase.OPEN)
    said = yard.git("log", "-1", "--format=%B", "main")
    assert other.id not in said
    assert "Signed-off-by: Bob <b@c>" in said


def test_weakened_gates_are_held_and_judged_by_the_old_ones(yard: Scene) -> None:
    weak = town('{name: test, run: "true"}')
    one = yard.submit({".gt/town.yaml": weak, "bad": ""})
    report = yard.merge()
    assert (report.exit_code, report.runs) == (20, [])
    assert yard.causes() == {one.id: "held approval"}
    approve(yard.repo, yard.ledger, one.id, actor=ALICE, now=NOW)
    report = yard.merge()
    assert [lost.result for lost in report.rejected] == [Result.RED]


def test_new_gates_judge_too_once_approved(yard: Scene) -> None:
    strict = town(GATE, '{name: more, run: "test -e wanted"}')
    one = yard.submit({".gt/town.yaml": strict})
    two = yard.submit({".gt/town.yaml": strict, "wanted": ""}, priority=4)
    for each in (one, two):
        approve(yard.repo, yard.ledger, each.id, actor=ALICE, now=NOW)
    report = yard.merge()
    assert [lost.bead for lost in report.rejected] == [one.id]
    assert [name for name, _, _ in report.landed] == [two.id]


@pytest.mark.parametrize(
    "files",
    [
        {
            ".gt/town.yaml": None,
            ".gt": "-> elsewhere",
            "elsewhere/town.yaml": "apiVersion: gt/v1\nungated: true\n",
        },
        {".gt/town.yaml": None, "moved/town.yaml": town()},
        {".GT/town.yaml": "x"},
        {".github/workflows/ci.yml": "x"},
    ],
)
def test_no_way_around_the_protected_paths(yard: Scene, files: dict[str, str | None]) -> None:
    one = yard.submit(files)
    assert yard.causes() == {one.id: "held approval"}


def test_what_a_protected_link_leads_to_is_protected(repo_path: Path) -> None:
    yard = scene(repo_path)
    yard.push({".gt/check": "-> ../tools/check", "tools/check": "true\n"})
    one = yard.submit({"tools/check": "false\n"})
    assert yard.causes() == {one.id: "held approval"}


def test_an_approval_is_for_one_commit(yard: Scene) -> None:
    one = yard.submit({".gt/extra": "1"})
    approve(yard.repo, yard.ledger, one.id, actor=ALICE, now=NOW)
    assert yard.causes() == {one.id: "due"}
    other = yard.commit({".gt/extra": "2"})
    sub = one.status.submission
    assert sub is not None
    swapped = replace(sub, commit=other)
    yard.change(one, lambda bead: replace(bead, status=replace(bead.status, submission=swapped)))
    assert yard.causes() == {one.id: "held approval"}


def test_an_approval_is_for_the_protected_files_as_they_would_be(yard: Scene) -> None:
    one = yard.submit({".gt/extra": "1"})
    approve(yard.repo, yard.ledger, one.id, actor=ALICE, now=NOW)
    yard.push({".gt/other": "2"})
    assert yard.causes() == {one.id: "held approval"}


def test_a_tampered_slot_poisons_nobody(repo_path: Path) -> None:
    evil = "git update-index --skip-worktree bad 2>/dev/null; rm -f bad; echo x > README.md; touch junk; true"
    gates = ('{name: test, run: "test ! -e bad && test ! -e junk && grep -q project README.md"}',)
    yard = scene(repo_path, town(*gates, f'{{name: evil, run: "{evil}"}}'))
    yard.submit({"a": ""})
    bad = yard.submit({"bad": ""})
    yard.submit({"c": ""})
    report = yard.merge()
    assert [lost.bead for lost in report.rejected] == [bad.id]
    assert len(report.landed) == 2


def test_what_a_gate_leaves_in_its_slot_is_gone_before_the_next(repo_path: Path) -> None:
    yard = scene(
        repo_path, town('{name: test, run: "test ! -e junk && mkdir -p junk/deep && touch junk/deep/er"}')
    )
    for name in ("a", "b"):
        yard.submit({name: ""})
        assert yard.merge().exit_code == 0


@pytest.mark.parametrize(
    "hidden", ["", " && git update-index --skip-worktree README.md"], ids=["open", "hidden"]
)
def test_a_set_up_that_changes_what_is_tracked_proves_nothing(repo_path: Path, hidden: str) -> None:
    yard = scene(repo_path, town(more=f'worktrees: {{setup: "echo other > README.md{hidden}"}}\n'))
    yard.submit({"a": ""})
    report = yard.merge()
    assert report.landed == []
    assert "the set-up changed README.md" in report.runs[0].why


def test_what_was_taken_out_of_a_cache_is_gone_for_the_gates(repo_path: Path) -> None:
    yard = scene(
        repo_path, town('{name: test, run: "test -e vendor/lib"}', more="worktrees: {caches: [vendor]}\n")
    )
    yard.push({"vendor/lib": ""})
    yard.submit({"a": ""})
    assert yard.merge().exit_code == 0
    yard.submit({"vendor/lib": None})
    assert [each.result for each in yard.merge().rejected] == [Result.RED]


def test_gates_get_the_files_and_folders_that_are_copied_and_nothing_is_written_outside(
    repo_path: Path, tmp_path: Path
) -> None:
    gate = '{name: test, run: "test -e .env && test -e deps/in/it"}'
    yard = scene(repo_path, town(gate, more="worktrees: {copy: [.env, deps, cfg/key]}\n"))
    for name in (".env", "deps/in/it", "cfg/key"):
        (repo_path / name).parent.mkdir(parents=True, exist_ok=True)
        (repo_path / name).write_text("secret")
    (tmp_path / "out").mkdir()
    one = yard.submit({"cfg": f"-> {tmp_path / 'out'}"})
    assert [name for name, _, _ in yard.merge().landed] == [one.id]
    assert list((tmp_path / "out").iterdir()) == []
    settings = yard.look().towns["main"]
    before = environment(yard.repo, settings, settings.gates[0], {})
    assert environment(yard.repo, settings, settings.gates[0], {}) == before
    (repo_path / "deps" / "in" / "more").write_text("more")
    assert environment(yard.repo, settings, settings.gates[0], {}) != before, "what was green need not be now"


def test_the_users_uncommitted_attributes_have_no_say(yard: Scene) -> None:
    since = yard.tip()
    yard.git("config", "merge.mine.driver", "true")
    (yard.path / ".git/info").mkdir(exist_ok=True)
    (yard.path / ".git/info/attributes").write_text("* merge=mine\nREADME.md eol=crlf\n")
    (yard.path / ".gitattributes").write_text("* merge=union\n")
    yard.submit({"README.md": "one\n"}, base=since)
    second = yard.submit({"README.md": "two\n"}, base=since)
    report = yard.merge()
    assert [(lost.bead, lost.result) for lost in report.rejected] == [(second.id, Result.OVERTAKEN)]
    assert yard.git("show", "main:README.md") == "one"


def test_a_target_that_moves_while_gating_is_merged_anew(repo_path: Path, tmp_path: Path) -> None:
    once = tmp_path / "once"
    move = (
        f"if mkdir {once} 2>/dev/null; then "
        f"git --git-dir={repo_path}/.git update-ref refs/heads/main "
        f"$(git --git-dir={repo_path}/.git rev-parse refs/heads/later); fi"
    )
    yard = scene(repo_path, town(f'{{name: test, run: "{move}"}}'))
    later = yard.commit({"later": ""})
    yard.git("update-ref", "refs/heads/later", later)
    one = yard.submit({"a": ""})
    report = yard.merge()
    assert report.exit_code == 0
    assert yard.phase(one) is Phase.LANDED
    assert yard.git("rev-parse", "main^1") == later
    assert {"a", "later"} <= yard.files()
    assert len({run.tree for run in report.runs}) == 2


def test_what_is_taken_back_after_it_was_proven_doesnt_land(yard: Scene) -> None:
    from gt import lock

    one = yard.submit({"a": ""})
    made = proving(yard, one)
    old = yard.tip()
    reject(yard.repo, yard.ledger, one.id, "no", actor=ALICE, now=NOW)
    with lock.hold(yard.repo.gt_dir / "merge.lock") as held:
        done = land(made.yard, yard.ledger, held, "main", made.train, made.proofs, made.town)
    assert isinstance(done, NotNow)
    assert yard.tip() == old


def test_reject_waits_for_a_landing_and_then_finds_it(yard: Scene) -> None:
    from gt import lock
    from gt.errors import IllegalMove

    one = yard.submit({"a": ""})
    made = proving(yard, one)
    said: list[object] = []

    def take_back() -> None:
        try:
            said.append(reject(yard.repo, yard.ledger, one.id, "no", actor=ALICE, now=NOW))
        except IllegalMove as error:
            said.append(error)

    other = threading.Thread(target=take_back)
    with lock.hold(yard.repo.gt_dir / "merge.lock") as held:
        land(made.yard, yard.ledger, held, "main", made.train, made.proofs, made.town)
        other.start()
        other.join()
    assert "has landed as" in str(said[0])


def test_protected_paths_that_others_changed_stop_landing(yard: Scene) -> None:
    yard.submit({"first": ""})
    yard.merge()
    yard.push({".gt/town.yaml": town('{name: test, run: "true"}')})
    one = yard.submit({"a": ""})
    report = yard.merge()
    assert report.exit_code == 20
    assert report.trouble is not None
    assert ".gt/town.yaml" in report.trouble
    yard.acknowledge()
    assert yard.merge().exit_code == 0
    assert yard.phase(one) is Phase.LANDED


def test_a_rewind_stops_landing(yard: Scene) -> None:
    yard.submit({"first": ""})
    yard.merge()
    yard.git("update-ref", "refs/heads/main", yard.git("rev-parse", "main^1"))
    yard.submit({"a": ""})
    report = yard.merge()
    assert report.trouble is not None
    assert "no longer on it" in report.trouble
    yard.acknowledge()
    assert yard.merge().exit_code == 0


def test_a_plain_move_by_others_is_adopted_after_a_green_control(yard: Scene) -> None:
    yard.submit({"first": ""})
    yard.merge()
    yard.push({"theirs": ""})
    yard.submit({"a": ""})
    report = yard.merge()
    assert report.exit_code == 0
    assert [len(each.members) for each in report.runs] == [0, 1]


def test_an_interrupted_gate_says_nothing(repo_path: Path, tmp_path: Path) -> None:
    began = tmp_path / "began"
    yard = scene(repo_path, town(f'{{name: test, run: "touch {began}; exec sleep 60"}}'))
    one = yard.submit({"a": ""})
    with pytest.raises(KeyboardInterrupt):
        run(
            yard.repo, yard.ledger, actor=ALICE, clock=lambda: NOW + 9, environ=dict(os.environ),
            say=lambda line: _interrupt_soon(began) if line.endswith("...") else None,
        )  # fmt: skip
    assert yard.phase(one) is Phase.SUBMITTED
    assert list((yard.repo.gt_dir / "outcomes").glob("*/*")) == []
    assert yard.causes() == {one.id: "due"}
    assert yard.git("for-each-ref", "refs/gt/candidate") == ""


def _interrupt_soon(began: Path) -> None:
    def send() -> None:
        while not began.exists():
            signal.sigtimedwait([], 0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=send, daemon=True).start()


@pytest.mark.parametrize("point", ["next", "swap", "ledger"])
def test_killed_at_any_point_it_lands_once(yard: Scene, point: str) -> None:
    one = yard.submit({"a": ""})
    pid = os.fork()
    if pid == 0:
        try:
            _die_at(point)
            yard.merge()
        finally:
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 9
    report = yard.merge()
    assert report.exit_code == 0
    assert report.runs == []
    assert yard.phase(one) is Phase.LANDED
    assert yard.git("log", "--first-parent", "--format=%s", "main").count(one.id) == 1
    assert yard.tip(landing_ref("main")) == yard.tip()
    two = yard.submit({"b": ""})
    assert yard.merge().trouble is None
    assert yard.phase(two) is Phase.LANDED


def _die_at(point: str) -> None:
    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    module: Any = {"next": refs, "swap": pins, "ledger": merge_rulings}[point]
    name, ref = {
        "next": ("swap", "refs/heads/main"),
        "swap": ("put", landing_ref("main")),
        "ledger": ("landed_together", ""),
    }[point]
    real = getattr(module, name)

    def dying(*args: Any, **more: Any) -> None:
        if not ref or args[1] == ref:
            die()
        real(*args, **more)

    setattr(module, name, dying)


def test_an_orphan_gate_of_a_killed_merge_is_ended(repo_path: Path, tmp_path: Path) -> None:
    began = tmp_path / "began"
    yard = scene(
        repo_path, town(f'{{name: test, run: "if mkdir {began} 2>/dev/null; then exec sleep 300; fi"}}')
    )
    one = yard.submit({"a": ""})
    pid = os.fork()
    if pid == 0:
        try:
            yard.merge()
        finally:
            os._exit(1)
    while not began.exists():
        signal.sigtimedwait([], 0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert yard.merge().exit_code == 0
    assert yard.phase(one) is Phase.LANDED


def test_gates_with_inputs_see_nothing_else(repo_path: Path) -> None:
    yard = scene(
        repo_path, town('{name: src, run: "test ! -e docs && test -e .gt/town.yaml", inputs: ["src/**"]}')
    )
    yard.push({"docs/a": "a", "src/a": "a"})
    yard.submit({"src/b": "b"})
    yard.submit({"docs/b": "b"})
    report = yard.merge()
    assert (report.exit_code, len(report.landed), len(report.runs)) == (0, 2, 1)
