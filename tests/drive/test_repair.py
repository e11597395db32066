"""repair: what it does is said first, loses nothing, and can be taken back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Attempt, Bead, Phase, Result, Status
from gt.core.ids import submission_ref, wip_ref
from gt.drive.doctor import examine
from gt.drive.hands import Hands
from gt.drive.repair import Repair, Repaired, carry_out, planned
from gt.errors import NotFound, Refused
from gt.git.repo import discover
from gt.store import codec
from gt.store.ledger import Ledger
from tests.conftest import NOW, run_git
from tests.crash.dying import dies_at
from tests.drive.attempts import Scene, town
from tests.drive.test_doctor import PATH, TOKEN, lose, main, poison, submitted, without
from tests.store.scenes import bead, bead_id, commit_files
from tests.store.test_hostile_trees import FOLDERS, blob, content, entry, replaced

ONE = bead_id(1)


@pytest.fixture
def scene(repo_path: Path, tmp_path: Path) -> Scene:
    return town(repo_path, tmp_path)


def repaired(scene: Scene, *names: str) -> Repaired:
    """Repairs it all, and expects that a second time there is nothing to do."""
    outcome = carry_out(scene.hands(), planned(scene.hands(), names))
    assert outcome.failed == []
    assert planned(scene.hands(), ()) == ()
    return outcome


def files(scene: Scene, commit: str = "beads") -> list[str]:
    return run_git(scene.path, "ls-tree", "-r", "--name-only", commit).splitlines()


def test_an_unreadable_bead_gets_its_newest_readable_version_back(scene: Scene) -> None:
    scene.put(bead(1, title="first"))
    scene.put(bead(1, title="second"))
    good = run_git(scene.path, "rev-parse", "beads")
    commit_files(scene.path, {PATH: "broken: ["})
    tip = commit_files(scene.path, {PATH: "broken: [again"})
    broken = run_git(scene.path, "rev-parse", f"beads:{PATH}")
    outcome = repaired(scene)
    found = scene.get(ONE)
    assert (found.spec.title, len(found.notes)) == ("second", 1)
    assert found.notes[0].text == (
        f"Restored from {good}, for what stood here couldn't be read; history keeps it: object {broken} of {tip}."
    )
    assert outcome.commit == run_git(scene.path, "rev-parse", "beads")
    assert run_git(scene.path, "log", "-1", "--format=%s%n%(trailers:key=Gt-Bead,valueonly)", "beads") == (
        f"repair {PATH}\n{ONE}\n"
    )
    assert run_git(scene.path, "show", f"beads~1:{PATH}") == "broken: [again"


def test_what_never_was_readable_and_what_is_misplaced_is_moved_to_lost(scene: Scene) -> None:
    new = "beads/0/2/gt-00000002.yaml"
    commit_files(
        scene.path,
        {new: "broken: [", "beads/stray/a": "x", "pages/p-1.yaml": "[", "lost/beads/stray": "earlier"},
    )
    before = scene.get(ONE)
    outcome = repaired(scene)
    assert len(outcome.done) == 3
    oid = run_git(scene.path, "rev-parse", "beads~1:beads/stray")
    assert [name for name in files(scene) if name.startswith("lost/")] == [
        "lost/beads/0/2/gt-00000002.yaml",
        "lost/beads/stray",
        f"lost/beads/stray.{oid[:12]}/a",
        "lost/pages/p-1.yaml",
    ]
    assert run_git(scene.path, "show", f"beads:lost/{new}") == "broken: ["
    assert scene.get(ONE) == before
    assert list(examine(scene.repo, scene.ledger, NOW, deep=True)) == []


def test_one_commit_takes_it_all_back(scene: Scene) -> None:
    tip = commit_files(scene.path, {PATH: "broken: [", "beads/stray": "x"})
    assert repaired(scene).commit is not None
    run_git(scene.path, "worktree", "add", "-q", "--detach", "../out", "beads")
    run_git(scene.path.parent / "out", "revert", "--no-edit", "HEAD")
    assert run_git(scene.path.parent / "out", "rev-parse", "HEAD^{tree}") == run_git(
        scene.path, "rev-parse", f"{tip}^{{tree}}"
    )
    assert run_git(scene.path, "rev-list", "--count", f"{tip}..beads") == "1"


def test_the_descriptions_come_back(scene: Scene) -> None:
    before = {
        name: run_git(scene.path, "show", f"beads:{name}") for name in ("gt.yaml", "state.yaml", "README.md")
    }
    without(scene, *before)
    for _ in range(2):  # gt.yaml first: without it nothing else can be looked at
        assert carry_out(scene.hands(), planned(scene.hands(), ())).failed == []
    assert {name: run_git(scene.path, "show", f"beads:{name}") for name in before} == before
    assert list(examine(scene.repo, scene.ledger, NOW)) == []


def test_a_state_that_cannot_be_read_gets_its_last_good_one(scene: Scene) -> None:
    before = run_git(scene.path, "show", "beads:state.yaml")
    commit_files(scene.path, {"state.yaml": "paused: ["})
    repaired(scene)
    assert run_git(scene.path, "show", "beads:state.yaml") == before


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_folder_that_cannot_be_read_gets_its_last_good_version(scene: Scene, kind: str) -> None:
    before = scene.get(ONE)
    replaced(scene.path, "beads/0/1", FOLDERS[kind](scene.path))
    repaired(scene)
    assert scene.get(ONE) == before


@pytest.mark.parametrize("name", [b"\xff\xfe.yaml", b"a\x1b[2Jb", b"a\nb", b"; rm -rf ~", b".git", b".."])
def test_whatever_its_name_is_it_can_be_moved(scene: Scene, name: bytes) -> None:
    replaced(
        scene.path, "beads/0/1", content(scene.path, "beads/0/1") + entry("100644", name, blob(scene.path))
    )
    repaired(scene)
    moved = [each for each in files(scene) if "lost/" in each]
    assert len(moved) == 1
    assert run_git(scene.path, "log", "-1", "--format=%s", "beads").isprintable()


@pytest.mark.parametrize("mode", ["120000", "160000", "100755"])
def test_a_mode_that_no_file_may_have(scene: Scene, mode: str) -> None:
    oid = main(scene) if mode == "160000" else blob(scene.path, b"/etc/passwd")
    commit_files(scene.path, {PATH: (mode, oid), "beads/0/2/gt-00000002.yaml": (mode, oid)})
    repaired(scene)
    assert scene.get(ONE).spec.title == "Task 1"
    assert run_git(scene.path, "ls-tree", "beads", "lost/beads/0/2/").startswith(f"{mode} ")


def test_pins_are_made_again_where_the_commit_is_here(scene: Scene) -> None:
    scene.put(submitted(scene, main(scene)))
    repaired(scene)
    assert run_git(scene.path, "rev-parse", submission_ref(ONE, TOKEN)) == main(scene)
    commit = run_git(scene.path, "commit-tree", "main^{tree}", "-p", "main", "-m", "work")
    ended = Attempt("2-aaaa", "sh", NOW - 9, NOW - 8, Result.CRASHED, head=commit)
    scene.put(bead(1, Status(attempts=(ended,))))
    repaired(scene)
    assert run_git(scene.path, "rev-parse", wip_ref(ONE, "2-aaaa")) == commit


def test_a_pin_at_another_commit_is_left_to_a_person(scene: Scene) -> None:
    other = run_git(scene.path, "commit-tree", "main^{tree}", "-p", "main", "-m", "other")
    run_git(scene.path, "update-ref", submission_ref(ONE, TOKEN), other)
    scene.put(submitted(scene, main(scene)))
    assert planned(scene.hands(), ()) == ()
    assert run_git(scene.path, "rev-parse", submission_ref(ONE, TOKEN)) == other


def test_what_a_dead_gt_left_is_removed(scene: Scene) -> None:
    intent = scene.path / ".git" / "gt" / "intents" / "0123456789abcdef"
    intent.parent.mkdir(parents=True, exist_ok=True)
    intent.touch()
    lock = scene.path / ".git" / "refs" / "heads" / "beads.lock"
    os.link(intent, lock)
    repaired(scene)
    assert not lock.exists()
    assert not intent.exists()


@pytest.mark.parametrize("harm", [poison, lose])
def test_a_wrong_index_is_made_again(scene: Scene, harm: Callable[[Path], None]) -> None:
    scene.ledger.read().close()
    harm(scene.repo.gt_dir / "index.db")
    repaired(scene, "index")
    assert list(examine(scene.repo, scene.ledger, NOW, deep=True)) == []
    assert [path.name for path in scene.repo.gt_dir.glob("index*.db")] == ["index-1.db"]


def test_files_whose_objects_came_back_are_read_again(scene: Scene) -> None:
    other = PATH.replace("1", "2")
    for number in (1, 2):
        scene.put(bead(number))
    gone = []
    for path in (PATH, other):
        oid = run_git(scene.path, "rev-parse", f"beads:{path}")
        place = scene.path / ".git" / "objects" / oid[:2] / oid[2:]
        gone.append((place, place.rename(scene.path.parent / oid)))
    shutil.rmtree(scene.repo.gt_dir / "journal")
    for index in scene.repo.gt_dir.glob("index*"):
        index.unlink()
    with Ledger(scene.repo).read() as snapshot:
        assert [problem.where for problem in snapshot.problems()] == [PATH, other]
    assert planned(scene.hands(), ()) == ()
    first = "; another clone may have it: try git fetch --refetch first"
    assert [each.text for each in planned(scene.hands(), ("unreadable",))] == [
        f"{path} isn't in this clone: it is moved to lost/{first}" for path in (PATH, other)
    ]
    for place, kept in gone:
        kept.rename(place)
    tip = run_git(scene.path, "rev-parse", "beads")
    outcome = repaired(scene, "unreadable")
    assert [each.text.partition(":")[0] for each in outcome.done] == [
        f"{path} can be read again" for path in (PATH, other)
    ]
    assert [scene.get(bead_id(number)).id for number in (1, 2)] == [ONE, bead_id(2)]
    assert run_git(scene.path, "rev-parse", "beads") == tip


def test_an_old_index_is_removed(scene: Scene) -> None:
    scene.ledger.read().close()
    (scene.repo.gt_dir / "index-1.db").write_bytes((scene.repo.gt_dir / "index.db").read_bytes())
    repaired(scene)
    assert [path.name for path in scene.repo.gt_dir.glob("index*.db")] == ["index-1.db"]


def test_looking_changes_nothing(scene: Scene) -> None:
    tip = commit_files(scene.path, {PATH: "broken: [", "beads/stray": "x"})
    assert [repair.text for repair in planned(scene.hands(), ())] == [
        "beads/stray never was readable: it is moved to lost/",
        f"{PATH} is restored from {run_git(scene.path, 'rev-parse', 'beads~1')[:12]}; history keeps "
        + run_git(scene.path, "rev-parse", f"beads:{PATH}")[:12],
    ]
    assert run_git(scene.path, "rev-parse", "beads") == tip


def test_only_what_is_named_is_repaired(scene: Scene) -> None:
    commit_files(scene.path, {PATH: "broken: [", "beads/stray": "x"})
    for names in (("misplaced",), ("beads/stray",), ("misplaced:beads/stray",)):
        assert [each.finding.subject for each in planned(scene.hands(), names)] == ["beads/stray"]
    with pytest.raises(NotFound, match="no such finding: nothing"):
        planned(scene.hands(), ("misplaced", "nothing"))
    scene.put(bead(2, needs=frozenset({"gt-zzzzzzzz"})))
    with pytest.raises(Refused, match="gt repair can't mend that") as refused:
        planned(scene.hands(), ("dangling-need",))
    assert refused.value.hint == f"gt dep rm {bead_id(2)} gt-zzzzzzzz"


def test_what_changed_since_it_was_planned_is_left_alone(scene: Scene) -> None:
    commit_files(scene.path, {PATH: "broken: ["})
    repairs = planned(scene.hands(), ())
    better: Bead = replace(bead(1), spec=replace(bead(1).spec, title="by hand"))
    commit_files(scene.path, {PATH: codec.encode(better)})
    assert carry_out(scene.hands(), repairs).commit is None
    assert scene.get(ONE) == better


def test_killed_anywhere_it_is_done_or_found_again(scene: Scene, tmp_path: Path) -> None:
    """Before each effect on the disk: the next call ends where an undisturbed one does, and the ledger is whole."""
    scene.put(submitted(scene, main(scene)))
    commit_files(scene.path, {"beads/0/2/gt-00000002.yaml": "broken: [", "beads/stray": "x"})
    (scene.repo.gt_dir / "intents").mkdir(exist_ok=True)
    (scene.repo.gt_dir / "intents" / "0123456789abcdef").touch()
    effects, died = 0, True
    while died:
        effects += 1
        place = tmp_path / f"copy{effects}"
        shutil.copytree(scene.path, place, symlinks=True)
        copy = Scene(place, discover(place), Ledger(discover(place)), scene.script)
        hands = copy.hands()
        repairs = planned(hands, ())

        def deed(hands: Hands = hands, repairs: tuple[Repair, ...] = repairs) -> None:
            carry_out(hands, repairs)

        died = dies_at(effects, deed)
        assert copy.get(ONE).phase is Phase.SUBMITTED
        repaired(copy)
        assert [name for name in files(copy) if name.startswith("lost/")] == [
            "lost/beads/0/2/gt-00000002.yaml",
            "lost/beads/stray",
        ]
        assert run_git(place, "rev-parse", submission_ref(ONE, TOKEN)) == main(copy)
        shutil.rmtree(place)
    assert effects > 10, effects
