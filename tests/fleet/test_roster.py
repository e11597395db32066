"""Who holds what on a clone, with real locks and real processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from gt import lock
from gt.core.bead import Lease
from gt.errors import Malformed
from gt.fleet import processes, roster
from gt.fleet.roster import Holder
from gt.git.repo import Repo, discover

BEAD, TOKEN = "gt-7k2m9qxa", "1-k9f2"


@pytest.fixture
def repo(repo_path: Path) -> Repo:
    return discover(repo_path)


@pytest.fixture
def lease(repo: Repo) -> Lease:
    """As an attempt on this machine takes it."""
    return Lease(
        token=TOKEN,
        agent="a",
        actor=f"a/{BEAD}/{TOKEN}",
        host=roster.host(),
        boot=processes.boot_id(),
        clone=roster.clone(repo),
        lock=True,
        pid=os.getpid(),
        pidstart=processes.start_time(os.getpid()) or 0,
        started=0,
        expires=3600,
        worktree="",
        branch="",
        base="main",
        basecommit="0" * 40,
    )


@pytest.fixture
def held(repo: Repo) -> Iterator[lock.Held]:
    got = lock.try_hold(roster.lock_path(repo, BEAD, TOKEN))
    assert got is not None
    yield got
    lock.release(got)


def test_a_clone_has_one_name(repo: Repo) -> None:
    assert roster.known_clone(repo) is None
    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(lambda _: roster.clone(repo), range(32)))
    assert names == {roster.known_clone(repo)}
    assert [path.name for path in repo.gt_dir.iterdir()] == ["clone"]


def test_a_copy_is_another_clone(repo: Repo, repo_path: Path, tmp_path: Path) -> None:
    name = roster.clone(repo)
    shutil.copytree(repo_path, tmp_path / "copy")
    other = roster.clone(discover(tmp_path / "copy"))
    assert other != name
    assert other.split("-")[0] == name.split("-")[0]


def test_a_worktree_is_the_same_clone(repo: Repo, repo_path: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "worktree", "add", "-q", tmp_path / "w"], cwd=repo_path, check=True)
    assert roster.clone(discover(tmp_path / "w")) == roster.clone(repo)


def test_a_spoilt_name_is_said(repo: Repo) -> None:
    repo.gt_dir.mkdir()
    (repo.gt_dir / "clone").write_text("a/b\n")
    with pytest.raises(Malformed, match="isn't the name of a clone"):
        roster.clone(repo)


def test_held_is_live_and_free_is_dead(repo: Repo, lease: Lease) -> None:
    assert roster.state(repo, BEAD, lease) is Holder.DEAD
    got = lock.try_hold(roster.lock_path(repo, BEAD, TOKEN))
    assert got is not None
    assert roster.state(repo, BEAD, lease) is Holder.LIVE
    child = subprocess.Popen(["sleep", "60"], pass_fds=[got.fd])
    lock.release(got)
    assert roster.state(repo, BEAD, lease) is Holder.LIVE
    child.kill()
    child.wait()
    assert roster.state(repo, BEAD, lease) is Holder.DEAD


def test_a_free_lock_says_nothing_of_others(repo: Repo, lease: Lease) -> None:
    for other in (replace(lease, lock=False), replace(lease, clone="another"), replace(lease, clone="")):
        assert roster.state(repo, BEAD, other) is Holder.UNKNOWN


def test_nothing_outlives_a_boot(repo: Repo, lease: Lease, held: lock.Held) -> None:
    assert roster.state(repo, BEAD, replace(lease, boot="earlier")) is Holder.DEAD
    # The same directory, seen by another kernel over a network.
    assert roster.state(repo, BEAD, replace(lease, boot="other", host="elsewhere")) is Holder.UNKNOWN
    assert roster.state(repo, BEAD, replace(lease, boot="")) is Holder.LIVE


def test_zombies_hold_a_lock_without_a_lease(repo: Repo, held: lock.Held) -> None:
    lock.release(lock.try_hold(roster.lock_path(repo, BEAD, "2-free")) or held)
    (held.path.parent / "stray").touch()
    found = roster.zombies(repo, [])
    assert found == (roster.Zombie(BEAD, TOKEN, held.path),)
    assert roster.zombies(repo, [(BEAD, TOKEN)]) == ()
    assert roster.zombies(repo, [(BEAD, "2-free"), ("gt-other", TOKEN)]) == found


def test_a_clone_without_locks_has_no_zombies(repo: Repo) -> None:
    assert roster.zombies(repo, []) == ()


ASK = """
import os, sys
from pathlib import Path
from gt.fleet.roster import inside_attempt
from gt.git.repo import discover
print(inside_attempt(discover(Path(sys.argv[1])), dict(os.environ)))
"""


def _ask(repo_path: Path, mark: str | None, *, cleared: bool = False) -> str:
    """What a gt says that is run by an agent's shell with this mark."""
    env = {"PATH": os.environ["PATH"]} | ({} if mark is None else {"GT_LEASE": mark})
    clear = ["env", "-u", "GT_LEASE"] if cleared else []
    script = '"$@"; exit $?'
    argv = ["sh", "-c", script, "sh", *clear, sys.executable, "-c", ASK, str(repo_path)]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_inside_an_attempt_of_this_clone(repo: Repo, repo_path: Path) -> None:
    mark = roster.marker(repo, BEAD, TOKEN)
    assert _ask(repo_path, mark) == str((BEAD, TOKEN))
    assert _ask(repo_path, mark, cleared=True) == str((BEAD, TOKEN))


def test_inside_a_private_clone_there_is_nobody_else(repo: Repo) -> None:
    repo.private.parent.mkdir(parents=True, exist_ok=True)
    repo.private.write_text(f"another-clone-1-2/{BEAD}/{TOKEN}\n")
    assert roster.inside_attempt(repo, {}) == (BEAD, TOKEN)
    repo.private.write_text("nonsense\n")
    assert roster.inside_attempt(repo, {}) is None


def test_not_inside(repo: Repo, repo_path: Path, tmp_path: Path) -> None:
    mark = roster.marker(repo, BEAD, TOKEN)
    assert _ask(repo_path, None) == "None"
    assert _ask(repo_path, f"another/{BEAD}/{TOKEN}") == "None"
    assert _ask(repo_path, f"{mark}/more") == "None"
    shutil.copytree(repo_path, tmp_path / "copy")
    assert _ask(tmp_path / "copy", mark) == "None"


def test_a_town_that_never_had_an_attempt_holds_nobody(repo: Repo) -> None:
    assert roster.inside_attempt(repo, {"GT_LEASE": f"x/{BEAD}/{TOKEN}"}) is None
    assert roster.known_clone(repo) is None
