"""Landing on a target that somebody has checked out: nothing of theirs is lost, whatever is killed when."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from gt import lock
from gt.core.bead import Phase
from gt.git import bringing, refs
from gt.refinery import checkout
from tests.conftest import NOW, run_git
from tests.refinery.merging import Scene, scene


@pytest.fixture
def there(repo_path: Path) -> Scene:
    """As `yard`, with main checked out, and files to be changed, removed and left alone."""
    made = scene(repo_path)
    made.push(
        {"change": "old\n", "gone": "old\n", "mine": "old\n", "dir/file": "old\n", ".gitignore": "*.log\n"}
    )
    made.git("checkout", "-q", "main")
    return made


CHANGES: dict[str, str | None] = {
    "change": "new, and longer than before\n",
    "gone": None,
    "dir/file": None,
    "dir": "now a file\n",
    "new/deep": "new\n",
}


def status(yard: Scene) -> str:
    return yard.git("status", "--porcelain")


def test_files_index_and_head_come_along(there: Scene) -> None:
    there.submit(CHANGES)
    assert there.merge().exit_code == 0
    assert status(there) == ""
    assert (there.path / "new/deep").read_text() == "new\n"
    assert there.tip("HEAD") == there.tip("main")
    assert there.git("reflog", "-1", "--format=%gs", "HEAD").startswith("gt merge: ")
    assert not (there.repo.gt_dir / "bringing/record.json").exists()


def test_a_second_worktree_comes_along(there: Scene, tmp_path: Path) -> None:
    there.git("checkout", "-q", "dev")
    there.git("worktree", "add", "-q", str(tmp_path / "second"), "main")
    there.submit(CHANGES)
    assert there.merge().exit_code == 0
    assert run_git(tmp_path / "second", "status", "--porcelain") == ""
    assert (tmp_path / "second/new/deep").exists()


def test_what_the_landing_doesnt_touch_stays_dirty(there: Scene) -> None:
    (there.path / "mine").write_text("mine\n")
    (there.path / "staged").write_text("staged\n")
    (there.path / "loose").write_text("loose\n")
    there.git("add", "staged")
    there.submit(CHANGES)
    before = status(there)
    assert there.merge().exit_code == 0
    assert status(there) == before == " M mine\nA  staged\n?? loose"


def dirty(yard: Scene) -> None:
    (yard.path / "change").write_text("mine\n")


def staged(yard: Scene) -> None:
    dirty(yard)
    yard.git("add", "change")
    (yard.path / "change").write_text("old\n")


def removed(yard: Scene) -> None:
    (yard.path / "change").unlink()


def untracked(yard: Scene) -> None:
    (yard.path / "new").mkdir()
    (yard.path / "new/deep").write_text("new\n")


def in_the_directory(yard: Scene) -> None:
    (yard.path / "dir/other.log").write_text("mine\n")


def file_for_directory(yard: Scene) -> None:
    (yard.path / "new").write_text("mine\n")


def ignored(yard: Scene) -> None:
    (yard.path / "x.log").write_text("mine\n")


def hidden(yard: Scene) -> None:
    yard.git("update-index", "--assume-unchanged", "change")
    dirty(yard)


def skipped(yard: Scene) -> None:
    yard.git("update-index", "--skip-worktree", "change")
    dirty(yard)


@pytest.mark.parametrize(
    "scene_of",
    [dirty, staged, removed, untracked, in_the_directory, file_for_directory, ignored, hidden, skipped],
)
def test_what_is_in_the_way_is_named_and_kept(there: Scene, scene_of: Callable[[Scene], None]) -> None:
    one = there.submit({**CHANGES, "x.log": "tracked now\n"})
    scene_of(there)
    before = contents(there)
    report = there.merge()
    assert report.exit_code == 20
    (left,) = report.left
    assert (left.bead, left.cause) == (one.id, "dirty")
    assert "in the way are" in left.why
    assert report.runs == []
    assert contents(there) == before
    assert not (there.path / ".git/index.lock").exists()


def contents(yard: Scene) -> dict[str, bytes]:
    found = {}
    for folder, names, files in os.walk(yard.path):
        names[:] = [name for name in names if name != ".git"]
        for name in files:
            path = Path(folder) / name
            found[os.path.relpath(path, yard.path)] = path.read_bytes()
    return found


def test_checked_out_twice_it_is_a_persons_business(there: Scene, tmp_path: Path) -> None:
    there.git("worktree", "add", "-q", "--force", str(tmp_path / "second"), "main")
    there.submit(CHANGES)
    report = there.merge()
    assert report.exit_code == 20
    assert "checked out more than once" in report.left[0].why
    assert run_git(tmp_path / "second", "status", "--porcelain") == status(there) == ""
    shutil.rmtree(tmp_path / "second")
    assert there.merge().exit_code == 0
    assert status(there) == ""


def test_a_merge_in_progress_is_not_disturbed(there: Scene) -> None:
    one = there.submit(CHANGES)
    other = there.commit({"mine": "theirs\n"})
    there.git("merge", "-q", "--no-commit", "--no-ff", other)
    report = there.merge()
    assert report.left[0].why.endswith("a merge is in progress there")
    assert there.phase(one) is Phase.SUBMITTED


def test_another_git_at_work_is_waited_for_by_a_person(there: Scene) -> None:
    (there.path / ".git/index.lock").touch()
    there.submit(CHANGES)
    report = there.merge()
    assert report.exit_code == 20
    assert "another git is at work" in report.left[0].why
    assert (there.path / ".git/index.lock").exists()


def killed(yard: Scene, module: object, name: str, *, after: bool) -> None:
    """Merge in a process that kills itself before or after this function."""
    pid = os.fork()
    if pid == 0:
        try:
            real = getattr(module, name)

            def dying(*args: object, **more: object) -> None:
                mine = name != "swap" or args[1] == "refs/heads/main"
                if after or not mine:
                    real(*args, **more)
                if mine:
                    os.kill(os.getpid(), signal.SIGKILL)

            setattr(module, name, dying)
            yard.merge()
        finally:
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == signal.SIGKILL


POINTS = [
    (checkout, "_lock_index", True),
    (checkout, "_forward", False),
    (bringing, "advance", False),
    (bringing, "advance", True),
    (checkout, "_publish_index", True),
    (refs, "swap", False),
    (refs, "swap", True),
]


@pytest.mark.parametrize(("module", "name", "after"), POINTS)
def test_killed_anywhere_the_next_merge_puts_it_right(
    there: Scene, module: object, name: str, after: bool
) -> None:
    (there.path / "mine").write_text("mine\n")
    one = there.submit(CHANGES)
    killed(there, module, name, after=after)
    report = there.merge()
    assert (report.exit_code, report.runs) == (0, [])
    assert there.phase(one) is Phase.LANDED
    assert status(there) == " M mine"
    assert there.tip("HEAD") == there.tip("main")
    assert not (there.path / ".git/index.lock").exists()


@pytest.mark.parametrize(("module", "name", "after"), POINTS[1:6])
def test_killed_and_then_taken_back_nothing_is_left_of_it(
    there: Scene, module: object, name: str, after: bool
) -> None:
    from gt.verbs.reject import reject

    before = contents(there)
    one = there.submit(CHANGES)
    killed(there, module, name, after=after)
    reject(there.repo, there.ledger, one.id, "no", actor="Alice <a@b>", now=NOW)
    assert there.merge().exit_code == 0
    assert status(there) == ""
    assert contents(there) == before
    assert not (there.path / ".git/index.lock").exists()


@pytest.mark.parametrize(("module", "name", "after"), POINTS[:6])
def test_killed_and_taken_back_a_merge_is_due(there: Scene, module: object, name: str, after: bool) -> None:
    from gt.core.plan import By, plan
    from gt.drive.observe import observe
    from gt.verbs.reject import reject

    def due() -> list[str]:
        return [action.command for action in plan(observe(there.repo, there.ledger, NOW)).by(By.MERGE)]

    one = there.submit(CHANGES)
    killed(there, module, name, after=after)
    assert due() == ["gt merge"]
    reject(there.repo, there.ledger, one.id, "no", actor="Alice <a@b>", now=NOW)
    assert due() == ["gt merge"]
    there.merge()
    assert due() == []


def test_half_written_files_are_ours_and_the_rest_is_the_users(there: Scene) -> None:
    from gt.verbs.reject import reject

    one = there.submit({**CHANGES, "second": "second\n", "mine": "new\n"})
    killed(there, bringing, "advance", after=False)
    (there.path / "change").write_text("new, and lo")
    (there.path / "gone").unlink()
    (there.path / "second").write_text("")
    (there.path / "mine").write_text("written by the user\n")
    reject(there.repo, there.ledger, one.id, "no", actor="Alice <a@b>", now=NOW)
    report = there.merge()
    assert report.kept == ("mine",)
    assert status(there) == " M mine"
    assert (there.path / "mine").read_text() == "written by the user\n"
    assert (there.path / "change").read_text() == "old\n"


def test_a_commit_the_user_makes_after_the_kill_stays(there: Scene) -> None:
    there.submit(CHANGES)
    killed(there, checkout, "_publish_index", after=True)
    there.git("commit", "-q", "-a", "-m", "what is this?")
    made = there.tip("HEAD")
    there.merge()
    assert there.git("merge-base", made, "main") == made
    assert status(there) == ""


def test_with_nothing_recorded_there_is_nothing_to_recover(there: Scene) -> None:
    with lock.hold(there.repo.gt_dir / "merge.lock") as held:
        assert checkout.recover(there.repo, held) == ()
