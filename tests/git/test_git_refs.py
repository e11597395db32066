from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
from functools import partial
from pathlib import Path

import pytest

from gt.errors import Busy, Malformed, Refused
from gt.git import intents, refs
from gt.git.leftlocks import left_locked
from gt.git.repo import Repo, discover
from gt.lock import lock_now
from tests.crash.dying import dies_at, stopped_at
from tests.git.gitscenes import commit_file, plain, together

NOW = 1795377600
REF = "refs/heads/beads"


def move(repo: Repo, new: str | None, old: str | None, ref: str = REF, patience: float = 5.0) -> None:
    refs.swap(repo, ref, new, old, message="a reason", actor="Alice <a@x>", now=NOW, patience=patience)


def leftovers(repo: Repo) -> list[str]:
    """Locks and intents that nobody needs any more."""
    locks = [str(path) for path in (repo.common_dir / "refs").rglob("*.lock")]
    folder = repo.gt_dir / "intents"
    return locks + (os.listdir(folder) if folder.exists() else [])


@pytest.fixture
def repo(repo_path: Path) -> Repo:
    return discover(repo_path)


@pytest.fixture
def ids(repo_path: Path) -> list[str]:
    first = plain(repo_path, "rev-parse", "HEAD")
    return [first, *(commit_file(repo_path, "f", f"{n}\n") for n in range(2))]


def test_create_move_delete(repo: Repo, ids: list[str]) -> None:
    assert refs.read(repo, REF) is None
    move(repo, ids[0], None)
    assert refs.read(repo, REF) == ids[0]
    move(repo, ids[1], ids[0])
    assert plain(repo.common_dir, "rev-parse", REF) == ids[1]
    move(repo, None, ids[1])
    assert refs.read(repo, REF) is None
    assert plain(repo.common_dir, "rev-parse", "--verify", "-q", REF, code=1) == ""
    assert leftovers(repo) == []


@pytest.mark.parametrize("packed", [False, True])
def test_a_ref_that_is_elsewhere_isnt_moved(repo: Repo, ids: list[str], packed: bool) -> None:
    move(repo, ids[0], None)
    if packed:
        plain(repo.common_dir, "pack-refs", "--all")
    for new, old in [(ids[2], ids[1]), (ids[2], None), (None, ids[1])]:
        with pytest.raises(refs.RaceLost) as lost:
            move(repo, new, old)
        assert (lost.value.ref, lost.value.expected, lost.value.found) == (REF, old, ids[0])
    with pytest.raises(refs.RaceLost):
        move(repo, ids[1], ids[0], ref="refs/heads/absent")
    with pytest.raises(refs.RaceLost):
        move(repo, None, ids[0], ref="refs/heads/absent")
    assert refs.read(repo, REF) == ids[0]
    assert leftovers(repo) == []


def test_packed_refs_are_read_and_moved(repo: Repo, ids: list[str]) -> None:
    move(repo, ids[0], None)
    move(repo, ids[1], None, ref="refs/gt/sub/one/1-a")
    plain(repo.common_dir, "pack-refs", "--all", "--prune")
    assert refs.read(repo, REF) == ids[0]
    move(repo, ids[1], ids[0])
    move(repo, ids[2], None, ref="refs/gt/sub/two/1-b")
    assert refs.listing(repo, "refs/gt/sub/") == {
        "refs/gt/sub/one/1-a": ids[1],
        "refs/gt/sub/two/1-b": ids[2],
    }
    assert refs.listing(repo, "refs/heads") == {REF: ids[1], "refs/heads/main": ids[2]}
    move(repo, None, ids[1], ref="refs/gt/sub/one/1-a")
    assert list(refs.listing(repo, "refs/gt")) == ["refs/gt/sub/two/1-b"]


def test_symbolic_refs_are_followed_by_readers_and_refused_to_writers(repo: Repo, ids: list[str]) -> None:
    plain(repo.common_dir, "symbolic-ref", REF, "refs/heads/main")
    assert refs.read(repo, REF) == ids[2]
    assert refs.listing(repo, "refs/heads")[REF] == ids[2]
    assert refs.read(repo, "HEAD") == ids[2]
    with pytest.raises(Refused, match="symbolic"):
        move(repo, ids[0], ids[2])


def test_the_branch_at_head(repo: Repo, repo_path: Path, ids: list[str]) -> None:
    assert refs.head_branch(repo) == "main"
    plain(repo_path, "checkout", "-q", "--detach")
    assert refs.head_branch(repo) is None


@pytest.mark.parametrize(
    "name",
    ["main", "refs/heads/../x", "refs/heads/a.lock", "refs/heads/a b", "refs/heads/.a", "refs/heads/", "refs//a",
     "refs/heads/a@{1}", "refs/heads/a\n", "refs/a.lock/b", "refs/heads/a:b", "refs/heads/a."],
)  # fmt: skip
def test_bad_names_are_refused_before_anything_is_touched(repo: Repo, ids: list[str], name: str) -> None:
    with pytest.raises(Malformed):
        move(repo, ids[0], None, ref=name)
    assert leftovers(repo) == []


def test_bad_ids_are_refused(repo: Repo, ids: list[str]) -> None:
    with pytest.raises(Malformed):
        move(repo, "HEAD", None)


@pytest.mark.parametrize("packed", [False, True])
def test_names_that_cant_live_side_by_side(repo: Repo, ids: list[str], packed: bool) -> None:
    move(repo, ids[0], None, ref="refs/heads/gt")
    move(repo, ids[0], None, ref="refs/heads/deep/er")
    if packed:
        plain(repo.common_dir, "pack-refs", "--all", "--prune")
    with pytest.raises(Refused, match="refs/heads/gt is in the way"):
        move(repo, ids[0], None, ref="refs/heads/gt/bead/1-a")
    with pytest.raises(Refused, match="refs/heads/deep/er is in the way"):
        move(repo, ids[0], None, ref="refs/heads/deep")
    assert leftovers(repo) == []


def test_empty_directories_dont_stand_in_the_way(repo: Repo, ids: list[str]) -> None:
    (repo.common_dir / "refs" / "heads" / "gt" / "a" / "b").mkdir(parents=True)
    move(repo, ids[0], None, ref="refs/heads/gt")
    assert plain(repo.common_dir, "rev-parse", "refs/heads/gt") == ids[0]


def test_refs_of_a_linked_worktree_are_everybodys(
    repo: Repo, repo_path: Path, tmp_path: Path, ids: list[str]
) -> None:
    plain(repo_path, "worktree", "add", "-q", str(tmp_path / "other"))
    other = discover(tmp_path / "other")
    move(other, ids[0], None)
    assert refs.read(repo, REF) == ids[0]
    assert refs.head_branch(other) == "other"


def test_reflogs_are_kept_as_git_keeps_them(repo: Repo, repo_path: Path, ids: list[str]) -> None:
    move(repo, ids[0], None)
    move(repo, ids[1], ids[0])
    move(repo, ids[1], ids[2], ref="refs/heads/main")
    move(repo, ids[0], None, ref="refs/gt/wip/x")
    log = plain(repo_path, "reflog", "--format=%H %gn <%ge> %gs", REF).split("\n")
    assert log == [f"{ids[1]} Alice <a@x> a reason", f"{ids[0]} Alice <a@x> a reason"]
    assert (
        (repo.common_dir / "logs" / REF)
        .read_text()
        .startswith(f"{repo.zero} {ids[0]} Alice <a@x> {NOW} +0000\t")
    )
    assert plain(repo_path, "reflog", "-1", "--format=%H %gs", "HEAD") == f"{ids[1]} a reason"
    assert not (repo.common_dir / "logs" / "refs" / "gt").exists()
    plain(repo_path, "config", "core.logAllRefUpdates", "always")
    move(repo, ids[1], ids[0], ref="refs/gt/wip/x")
    assert plain(repo_path, "reflog", "--format=%gs", "refs/gt/wip/x") == "a reason"
    plain(repo_path, "fsck", "--strict")


def test_a_sha256_repository(tmp_path: Path) -> None:
    plain(tmp_path, "init", "-q", "-b", "main", "--object-format=sha256", "new")
    first = commit_file(tmp_path / "new", "a", "1\n")
    repo = discover(tmp_path / "new")
    move(repo, first, None)
    plain(repo.common_dir, "pack-refs", "--all")
    assert refs.read(repo, REF) == first
    with pytest.raises(refs.RaceLost):
        move(repo, first, None)


def test_no_update_is_lost_among_many(repo: Repo, repo_path: Path) -> None:
    tree = plain(repo_path, "rev-parse", "HEAD^{tree}")
    start = plain(repo_path, "rev-parse", "HEAD")
    move(repo, start, None)
    made = {
        (number, turn): plain(repo_path, "commit-tree", "-m", f"{number}.{turn}", tree)
        for number in range(8)
        for turn in range(10)
    }

    def increments(number: int) -> None:
        for turn in range(10):
            while True:
                old = refs.read(repo, REF)
                try:
                    move(repo, made[number, turn], old, patience=60)
                except refs.RaceLost:
                    continue
                break

    packing = os.fork()
    if packing == 0:
        for _ in range(20):
            plain(repo_path, "pack-refs", "--all", "--prune")
        os._exit(0)
    together(8, increments)
    assert os.waitstatus_to_exitcode(os.waitpid(packing, 0)[1]) == 0
    log = [line.split(" ")[:2] for line in (repo.common_dir / "logs" / REF).read_text().splitlines()]
    assert [old for old, _ in log[1:]] == [new for _, new in log[:-1]]
    assert {new for _, new in log[1:]} == set(made.values())
    assert leftovers(repo) == []


def test_one_of_many_creators_wins(repo: Repo, ids: list[str], tmp_path: Path) -> None:
    def create(number: int) -> None:
        try:
            move(repo, ids[number % 3], None, ref="refs/heads/only/one")
        except refs.RaceLost:
            return
        (tmp_path / f"won.{number}").touch()

    together(8, create)
    assert len(list(tmp_path.glob("won.*"))) == 1


@pytest.mark.parametrize("created", [True, False])
def test_a_crash_at_any_step_leaves_nothing_in_the_way(repo: Repo, ids: list[str], created: bool) -> None:
    move(repo, ids[0], None, ref="refs/heads/warm")  # filelock is imported, the intents' directory made
    seen = set()
    for effect in range(1, 100):
        ref = f"refs/heads/crash/n{effect}"
        old = None if created else ids[0]
        if old is not None:
            move(repo, old, None, ref=ref)
        died = dies_at(effect, partial(move, repo, ids[1], old, ref=ref), closely=True)
        found = refs.read(repo, ref)
        assert found in (old, ids[1])
        if not died:
            break
        seen.add((found, intents.lock_of(refs.path_of(repo, ref)).exists()))
        move(repo, ids[2], found, ref=ref)
        assert refs.read(repo, ref) == ids[2]
        refs.heal(repo, ref)
        assert leftovers(repo) == []
    assert not died
    assert found == ids[1]
    # The crashes did hit all three states: untouched, locked, and moved.
    assert seen == {(old, False), (old, True), (ids[1], False)}


def test_a_lock_of_another_git_is_reported_and_never_removed(repo: Repo, ids: list[str]) -> None:
    move(repo, ids[0], None)
    lock = repo.common_dir / f"{REF}.lock"
    lock.touch()
    with pytest.raises(refs.ForeignLock) as foreign:
        move(repo, ids[1], ids[0], patience=0.05)
    assert foreign.value.hint == f"gt repair --foreign-lock {lock}"
    assert str(lock) in str(foreign.value)
    with pytest.raises(refs.ForeignLock):
        move(repo, None, ids[0], patience=0.05)
    assert refs.heal(repo, REF) is False
    assert lock.exists()
    assert refs.read(repo, REF) == ids[0]
    lock.unlink()
    assert leftovers(repo) == []


def test_a_lock_of_a_living_gt_is_waited_for(repo: Repo, ids: list[str]) -> None:
    move(repo, ids[0], None)
    with intents.taken(repo, refs.path_of(repo, REF), b"x\n", 1):
        assert refs.heal(repo, REF) is False
        with pytest.raises(Busy, match="another gt") as busy:
            move(repo, ids[1], ids[0], patience=0.05)
        assert not isinstance(busy.value, refs.ForeignLock)
    move(repo, ids[1], ids[0])


def test_a_git_that_is_stopped_in_a_prepared_transaction_keeps_its_lock(repo: Repo, ids: list[str]) -> None:
    """It holds the lock with no file open: nothing but the lock file tells that it lives."""
    move(repo, ids[0], None)
    argv = ["git", "update-ref", "--stdin"]
    with subprocess.Popen(
        argv, cwd=repo.common_dir, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        other.stdin.write(f"start\nupdate {REF} {ids[1]} {ids[0]}\nprepare\n")
        other.stdin.flush()
        assert [other.stdout.readline(), other.stdout.readline()] == ["start: ok\n", "prepare: ok\n"]
        os.kill(other.pid, signal.SIGSTOP)
        try:
            os.waitpid(other.pid, os.WUNTRACED)
            lock = intents.lock_of(refs.path_of(repo, REF))
            inode = lock.stat().st_ino
            for new in (ids[2], None):
                with pytest.raises(refs.ForeignLock) as foreign:
                    move(repo, new, ids[0], patience=0.05)
                assert foreign.value.hint == f"gt repair --foreign-lock {lock}"
            assert not refs.heal(repo, REF)
            assert left_locked(repo, REF) == ()
            assert lock.stat().st_ino == inode
        finally:
            os.kill(other.pid, signal.SIGCONT)
        other.stdin.write("commit\n")
        other.stdin.close()
        assert other.wait(30) == 0
    assert refs.read(repo, REF) == ids[1]
    with pytest.raises(refs.RaceLost):
        move(repo, ids[2], ids[0])


def test_a_gt_that_is_stopped_anywhere_is_never_robbed(repo: Repo, ids: list[str]) -> None:
    move(repo, ids[0], None, ref="refs/heads/warm")  # filelock is imported, the intents' directory made
    told = set()
    for effect in range(1, 100):
        ref = f"refs/heads/stopped/n{effect}"
        move(repo, ids[0], None, ref=ref)
        with stopped_at(effect, lambda ref=ref: move(repo, ids[1], ids[0], ref=ref)) as other:  # type: ignore[misc]
            lock = intents.lock_of(refs.path_of(repo, ref))
            held = lock.stat().st_ino if lock.exists() else None
            refs.heal(repo, ref)
            assert held is None or lock.stat().st_ino == held
            try:
                move(repo, ids[2], ids[0], ref=ref, patience=0.02)
                moved = True
            except refs.RaceLost:
                moved = False
            except Busy as busy:
                moved = False
                told.add(busy.hint == f"ps {other.pid}")
        assert (other.code, refs.read(repo, ref)) == ((75, ids[2]) if moved else (0, ids[1]))
        if not other.stopped:
            break
    assert not other.stopped
    assert told == {True}
    assert leftovers(repo) == []


def test_a_healer_that_comes_late_leaves_the_next_lock_alone(repo: Repo, ids: list[str]) -> None:
    """A dead gt's intent, whose lock a healer removed, says nothing about a lock that another made since."""
    file = refs.path_of(repo, REF)
    move(repo, ids[0], None)
    folder = repo.gt_dir / "intents"
    (folder / "dead").write_text(f"{ids[1]}\n")
    os.link(folder / "dead", intents.lock_of(file))
    os.unlink(intents.lock_of(file))
    intents.lock_of(file).touch()
    assert refs.heal(repo, REF)
    assert intents.lock_of(file).exists()
    assert os.listdir(folder) == []


def test_an_intent_that_became_the_ref_is_swept_up_and_the_ref_stays(repo: Repo, ids: list[str]) -> None:
    move(repo, ids[0], None)
    file = refs.path_of(repo, REF)
    os.link(file, repo.gt_dir / "intents" / "renamed")
    assert refs.heal(repo, REF)
    assert os.listdir(repo.gt_dir / "intents") == []
    assert refs.read(repo, REF) == ids[0]
    with file.open() as opened:
        assert lock_now(opened.fileno())


def test_where_refs_are_no_files_git_does_it_all(repo: Repo, ids: list[str]) -> None:
    """As on a reftable, which older gits can't make: everything has to go through git itself."""
    table = dataclasses.replace(repo, ref_storage="reftable")
    move(table, ids[0], None)
    move(table, ids[1], ids[0])
    for new, old in [(ids[2], ids[0]), (ids[2], None), (None, ids[0])]:
        with pytest.raises(refs.RaceLost) as lost:
            move(table, new, old)
        assert lost.value.found == ids[1]
    assert refs.read(table, REF) == ids[1]
    assert refs.head_branch(table) == "main"
    assert refs.listing(table, "refs/heads") == {REF: ids[1], "refs/heads/main": ids[2]}
    with pytest.raises(Refused, match="in the way"):
        move(table, ids[0], None, ref=f"{REF}/below")
    assert plain(repo.common_dir, "reflog", "-1", "--format=%gn %gs", REF) == "Alice a reason"
    move(table, None, ids[1])
    assert refs.read(table, REF) is None
    assert leftovers(repo) == []
