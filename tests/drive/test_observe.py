"""observe: what is seen of a real town, and that looking leaves no trace."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gt import lock
from gt.core.bead import Attempt, Bead, Closed, CloseReason, Landed, Phase, Result, Status
from gt.core.plan import Next, plan
from gt.core.world import Liveness, Remains, World, Zombie
from gt.drive.observe import observe
from gt.errors import NotFound
from gt.fleet import roster
from gt.fleet.places import PRIVATE
from gt.git import refs
from gt.git.repo import discover
from gt.store.ledger import Ledger
from tests.conftest import NOW, run_git
from tests.core.small import lease
from tests.drive.attempts import Scene, town
from tests.store.scenes import ALICE, bead, bead_id, commit_files

ONE, TWO = bead_id(1), bead_id(2)
TOKEN = "1-aaaa"
LANDED = Status(phase=Phase.LANDED, landed=Landed("1" * 40, "2" * 40, NOW))
CLOSED = Status(phase=Phase.CLOSED, closed=Closed(CloseReason.DONE, "", NOW, ALICE))


@pytest.fixture
def scene(repo_path: Path, tmp_path: Path) -> Scene:
    return town(repo_path, tmp_path)


def look(scene: Scene, *also: str) -> World:
    return observe(scene.repo, scene.ledger, NOW, also)


def everything(path: Path) -> dict[str, bytes | None]:
    """Every file below, with its content; caches excepted."""
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file() and "index.db" not in file.name and "/gt/cache/" not in str(file)
    }


def leased(scene: Scene, **fields: object) -> Bead:
    """Bead 1, leased by an attempt of this very clone."""
    held = lease(TOKEN, clone=roster.clone(scene.repo), host=roster.host(), boot="", **fields)
    found = bead(1, Status(phase=Phase.LEASED, lease=held))
    scene.put(found)
    return found


def over(scene: Scene, agent: str = "sh") -> Bead:
    """Bead 1, open again after an attempt that came to nothing."""
    ended = Attempt(TOKEN, agent, NOW - 99, NOW - 90, Result.NO_CHANGE)
    found = bead(1, Status(attempts=(ended,)))
    scene.put(found)
    return found


def test_no_town(repo_path: Path) -> None:
    repo = discover(repo_path)
    with pytest.raises(NotFound):
        observe(repo, Ledger(repo), NOW)


def test_looking_leaves_no_trace(scene: Scene) -> None:
    look(scene)
    before = everything(scene.path)
    assert plan(look(scene)).next is Next.DUE
    assert everything(scene.path) == before


def test_what_live_beads_refer_to_is_seen_and_what_is_over_otherwise_not(scene: Scene) -> None:
    scene.put(
        bead(1, needs=frozenset({bead_id(2), bead_id(9)}), parent=bead_id(3)),
        bead(2, LANDED),
        bead(3, CLOSED, parent=bead_id(4)),
        bead(4, CLOSED),
        bead(5, LANDED),
        bead(6, type="epic"),
        bead(7, LANDED, parent=bead_id(6)),
    )
    assert sorted(look(scene).beads) == [bead_id(n) for n in (1, 2, 3, 4, 6, 7)]
    assert bead_id(5) in look(scene, bead_id(5)).beads


def test_targets_come_from_the_clones_config_with_what_is_wrong_with_them(scene: Scene) -> None:
    run_git(scene.path, "branch", "broken")
    run_git(scene.path, "config", "--add", "gt.target", "broken")
    run_git(scene.path, "config", "--add", "gt.target", "gone")
    blob = run_git(scene.path, "hash-object", "-w", "--stdin", stdin=b"nonsense: 1\n")
    run_git(scene.path, "read-tree", "--index-output=.git/other", "broken")
    index = {**os.environ, "GIT_INDEX_FILE": ".git/other"}
    add = ["git", "update-index", "--add", "--cacheinfo", f"100644,{blob},.gt/town.yaml"]
    subprocess.run(add, cwd=scene.path, env=index, check=True)
    tree = subprocess.run(["git", "write-tree"], cwd=scene.path, env=index, check=True, capture_output=True)
    commit = run_git(scene.path, "commit-tree", tree.stdout.decode().strip(), "-m", "broken")
    run_git(scene.path, "update-ref", "refs/heads/broken", commit)
    seen = look(scene)
    assert [(t.name, t.cause) for t in seen.targets.values()] == [
        ("main", ""),
        ("broken", "settings"),
        ("gone", "missing"),
    ]
    assert list(seen.towns) == ["main"]
    assert seen.default_target == "main"


def test_a_lease_lives_while_its_lock_is_held(scene: Scene) -> None:
    leased(scene)
    with lock.hold(roster.lock_path(scene.repo, ONE, TOKEN)):
        seen = look(scene)
        assert seen.liveness == {ONE: Liveness.LIVE}
        assert seen.zombies == ()
    assert look(scene).liveness == {ONE: Liveness.DEAD}


def test_a_persons_lease_and_another_clones_are_unknown(scene: Scene) -> None:
    leased(scene, lock=False)
    assert look(scene).liveness == {ONE: Liveness.UNKNOWN}
    found = leased(scene).status.lease
    assert found is not None
    scene.put(bead(1, Status(phase=Phase.LEASED, lease=replace(found, clone="other"))))
    assert look(scene).liveness == {ONE: Liveness.UNKNOWN}
    assert plan(look(scene)).actions == ()


def test_a_held_lock_without_a_lease_is_a_zombies(scene: Scene) -> None:
    over(scene)
    with lock.hold(roster.lock_path(scene.repo, ONE, TOKEN)):
        seen = look(scene)
        assert seen.zombies == (Zombie(ONE, TOKEN, NOW - 90),)
        assert seen.remains == ()


def test_a_free_lock_of_an_attempt_that_is_over_is_garbage(scene: Scene) -> None:
    over(scene)
    path = roster.lock_path(scene.repo, ONE, TOKEN)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    assert look(scene).remains == (Remains(ONE, TOKEN, "lock", str(path)),)


def worktree(scene: Scene, tmp_path: Path) -> Path:
    place = tmp_path / "repo.gt" / f"{ONE}-{TOKEN}"
    run_git(scene.path, "worktree", "add", "-q", "-b", f"gt/{ONE}/{TOKEN}", str(place))
    (place / PRIVATE).mkdir()
    return place


def test_the_worktree_and_branch_of_an_attempt_that_is_over_are_garbage(scene: Scene, tmp_path: Path) -> None:
    place = worktree(scene, tmp_path)
    leased(scene)
    with lock.hold(roster.lock_path(scene.repo, ONE, TOKEN)):
        assert look(scene).remains == ()
    roster.lock_path(scene.repo, ONE, TOKEN).unlink()
    over(scene)
    branch = f"refs/heads/gt/{ONE}/{TOKEN}"
    assert look(scene).remains == (
        Remains(ONE, TOKEN, "worktree", str(place)),
        Remains(ONE, TOKEN, "branch", branch),
    )
    run_git(scene.path, "worktree", "lock", str(place))
    assert look(scene).remains == ()


def test_a_persons_worktree_is_never_garbage(scene: Scene, tmp_path: Path) -> None:
    place = worktree(scene, tmp_path)
    over(scene, agent="")
    assert look(scene).remains == ()
    (place / PRIVATE).rmdir()
    over(scene)  # as a ledger may have it that others wrote
    assert "worktree" not in {left.what for left in look(scene).remains}


def test_a_branch_with_more_than_is_pinned_is_not_garbage(scene: Scene) -> None:
    found = over(scene)
    commit = scene.commit({"a": "a"})
    kept = replace(found.status.attempts[0], head=commit)
    scene.put(replace(found, status=replace(found.status, attempts=(kept,))))
    run_git(scene.path, "update-ref", f"refs/heads/gt/{ONE}/{TOKEN}", commit)
    assert look(scene).remains == ()
    run_git(scene.path, "update-ref", f"refs/gt/wip/{ONE}/{TOKEN}", commit)
    assert [left.what for left in look(scene).remains] == ["branch"]


def test_a_file_that_cannot_be_read_is_named_and_the_rest_is_usable(scene: Scene) -> None:
    commit_files(scene.path, {f"beads/{TWO[-2]}/{TWO[-1]}/{TWO}.yaml": "nonsense: ["})
    seen = look(scene)
    assert ONE in seen.beads
    assert [TWO in text for text in seen.unreadable] == [True]
    assert TWO not in seen.beads


def test_a_ref_that_a_dead_gt_left_locked_is_seen(scene: Scene) -> None:
    """A live one's lock is not, nor another git's."""
    intents = scene.repo.gt_dir / "intents"
    intents.mkdir(exist_ok=True)
    (intents / "0123").write_text("x")
    os.link(intents / "0123", scene.repo.common_dir / "refs/heads/beads.lock")
    (scene.repo.common_dir / "refs/heads/main.lock").touch()
    assert look(scene).stale == ("refs/heads/beads",)
    with lock.hold(intents / "0123"):
        assert look(scene).stale == ()


def test_an_intent_of_a_dead_gt_is_seen_and_swept_up(scene: Scene) -> None:
    intents = scene.repo.gt_dir / "intents"
    intents.mkdir(exist_ok=True)
    (intents / "alone").write_text("x")
    os.link(scene.repo.common_dir / "refs/heads/main", intents / "moved")
    assert look(scene).stale == ("refs/heads/main",)
    assert refs.heal(scene.repo, "refs/heads/main")
    assert look(scene).stale == ()
    assert os.listdir(intents) == []


def test_an_idle_town_is_looked_at_without_a_process(scene: Scene) -> None:
    scene.put(bead(1, LANDED))
    look(scene)
    started: list[object] = []

    def hook(event: str, args: tuple[object, ...]) -> None:
        if active and event in ("subprocess.Popen", "os.exec", "os.fork", "os.posix_spawn"):
            started.append(args)

    active = [True]
    sys.addaudithook(hook)
    try:
        assert plan(look(scene)).next is Next.REST
    finally:
        active.clear()
    assert started == []
