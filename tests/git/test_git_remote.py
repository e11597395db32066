"""Talking to remotes: real ones, bare repositories beside this one, and a daemon that shuts its door."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from gt.errors import NotFound, Refused
from gt.git import refs, remote
from gt.git.network import talk
from gt.git.remote import Denied, Overtaken, Unreachable, Update
from gt.git.repo import Repo, discover
from tests.git.gitscenes import commit_file, git_daemon, plain

BEADS = "refs/heads/beads"
MINE = "refs/gt/incoming/origin"
NONE = "refs/heads/nothing"


@pytest.fixture
def hub(repo_path: Path, tmp_path: Path) -> Path:
    """A bare repository, which `repo_path` calls origin; it has two branches."""
    hub = tmp_path / "hub.git"
    plain(tmp_path, "clone", "-q", "--bare", str(repo_path), str(hub))
    plain(hub, "branch", "beads", "main")
    plain(repo_path, "remote", "add", "origin", str(hub))
    return hub


@pytest.fixture
def repo(repo_path: Path, hub: Path) -> Repo:
    return discover(repo_path)


def at(path: Path, ref: str = BEADS) -> str:
    return plain(path, "rev-parse", ref)


def git_hook(hub: Path, name: str, text: str) -> None:
    (hub / "hooks").mkdir(exist_ok=True)
    (hub / "hooks" / name).write_text(f"#!/bin/sh\n{text}\n")
    (hub / "hooks" / name).chmod(0o755)


# which remote


def test_the_remote_is_the_named_one_else_the_configured_else_the_only_one_else_origin(
    repo_path: Path,
) -> None:
    repo = discover(repo_path)
    with pytest.raises(Refused, match="no remote"):
        remote.choose(repo, None)
    plain(repo_path, "remote", "add", "hub.two", "/nowhere")
    assert remote.choose(repo, None) == "hub.two"
    plain(repo_path, "remote", "add", "b", "/nowhere")
    with pytest.raises(Refused, match="none is called origin"):
        remote.choose(repo, None)
    plain(repo_path, "remote", "add", "origin", "/nowhere")
    assert remote.choose(repo, None) == "origin"
    plain(repo_path, "config", "gt.remote", "b")
    assert (remote.choose(repo, None), remote.choose(repo, "hub.two")) == ("b", "hub.two")
    with pytest.raises(NotFound, match="no such remote: nope"):
        remote.choose(repo, "nope")


# asking and fetching


def test_what_a_remote_has_and_hasnt(repo: Repo, hub: Path) -> None:
    plain(hub, "branch", "x/refs/heads/beads", "main")
    assert remote.ask(repo, "origin", BEADS, NONE) == {BEADS: at(hub)}


def test_a_fetch_moves_one_ref_of_ours_and_nothing_else(repo: Repo, repo_path: Path, hub: Path) -> None:
    plain(hub, "tag", "v1", "beads")
    before = refs.listing(repo, "refs")
    assert remote.fetch(repo, "origin", BEADS, MINE) == at(hub)
    assert refs.listing(repo, "refs") == {**before, MINE: at(hub)}
    assert not (repo.git_dir / "FETCH_HEAD").exists()
    other = plain(hub, "commit-tree", "-m", "rewound", "main^{tree}")
    plain(hub, "update-ref", BEADS, other)
    assert remote.fetch(repo, "origin", BEADS, MINE) == other


def test_a_ref_that_isnt_there_is_absent(repo: Repo, tmp_path: Path) -> None:
    assert remote.fetch(repo, "origin", NONE, MINE) is None
    plain(tmp_path, "init", "-q", "--bare", "empty.git")
    plain(repo.git_dir, "remote", "add", "empty", str(tmp_path / "empty.git"))
    assert remote.fetch(repo, "empty", BEADS, MINE) is None
    assert remote.ask(repo, "empty", BEADS) == {}


@pytest.mark.parametrize("url", ["/nowhere/at/all", "file:///nowhere/x.git", "http://127.0.0.1:1/x.git"])
def test_no_answer_is_not_absence(repo: Repo, url: str) -> None:
    plain(repo.git_dir, "remote", "add", "gone", url)
    for deed in (
        lambda: remote.ask(repo, "gone", BEADS),
        lambda: remote.fetch(repo, "gone", BEADS, MINE),
        lambda: remote.push(repo, "gone", [Update(BEADS, at(repo.git_dir, "main"), None)]),
    ):
        with pytest.raises(Unreachable, match="gone can't be reached"):
            deed()


def test_a_remote_that_never_answers_is_left_after_a_while(repo: Repo, tmp_path: Path) -> None:
    script, mark = tmp_path / "slow-ssh", tmp_path / "children"
    # Its child would outlive it, and hold the pipe, if only git itself were ended.
    script.write_text(f"#!/bin/sh\nsleep 300 & echo $! > {mark}; wait\n")
    script.chmod(0o755)
    plain(repo.git_dir, "config", "core.sshCommand", str(script))
    plain(repo.git_dir, "remote", "add", "slow", "ssh://nobody@nowhere/x.git")
    with pytest.raises(Unreachable, match="took longer than"):
        remote.ask(repo, "slow", BEADS, patience=0.5)
    child = mark.read_text().strip()
    until = time.monotonic() + 10  # it was killed; it dies when the kernel gets to it
    while _lives(child) and time.monotonic() < until:
        signal.sigtimedwait([], 0.01)
    assert not _lives(child)


def _lives(pid: str) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_credentials_are_never_asked_of_a_terminal(repo: Repo) -> None:
    # In a session of its own there is no terminal to open.
    done = talk(repo, "-c", "alias.tty=!sh -c 'exec < /dev/tty'", "tty")
    assert done.code != 0


def test_the_config_of_this_one_call_counts(repo: Repo, hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain(repo.git_dir, "remote", "add", "short", "hub:x")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{hub}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "hub:x")
    assert remote.ask(repo, "short", BEADS) == {BEADS: at(hub)}


def test_a_relative_path_leads_from_the_main_work_tree(repo: Repo, repo_path: Path, hub: Path) -> None:
    plain(repo_path, "remote", "add", "beside", "../hub.git")
    plain(repo_path, "worktree", "add", "-q", "--detach", "../elsewhere/deep")
    for place in (repo_path, repo_path.parent / "elsewhere/deep"):
        assert remote.ask(discover(place), "beside", BEADS) == {BEADS: at(hub)}
    bare = repo_path.parent / "bare.git"
    plain(repo_path.parent, "clone", "-q", "--bare", str(hub), str(bare))
    plain(bare, "remote", "add", "beside", "../hub.git")
    assert remote.ask(discover(bare), "beside", BEADS) == {BEADS: at(hub)}


# clones that don't have everything


@pytest.fixture
def origin(hub: Path, repo_path: Path) -> Path:
    """The hub with a longer history of main and of beads."""
    for n in range(3):
        commit_file(repo_path, "f", f"{n}\n")
    plain(repo_path, "push", "-q", "origin", "main", "main:beads")
    plain(hub, "config", "uploadpack.allowFilter", "true")
    root = plain(hub, "commit-tree", "-m", "root", "main^{tree}")
    for name in ("one", "two"):
        blob = plain(hub, "hash-object", "-w", "--stdin", stdin=name)
        tree = plain(hub, "mktree", stdin=f"100644 blob {blob}\t{name}\n")
        root = plain(hub, "commit-tree", "-p", root, "-m", name, tree)
    plain(hub, "update-ref", BEADS, root)
    return hub


def test_a_shallow_clone_is_completed_for_one_ref_only(origin: Path, tmp_path: Path) -> None:
    clone = tmp_path / "shallow"
    plain(tmp_path, "clone", "-q", "--depth=1", "--no-single-branch", f"file://{origin}", str(clone))
    repo = discover(clone)
    assert plain(clone, "rev-list", "--count", "origin/beads") == "1"
    remote.fetch(repo, "origin", BEADS, MINE)
    assert plain(clone, "rev-list", "--count", MINE) == "3"
    assert plain(clone, "rev-list", "--count", "main") == "1"


def test_a_single_branch_clone_gets_the_ref(origin: Path, tmp_path: Path) -> None:
    clone = tmp_path / "single"
    plain(tmp_path, "clone", "-q", "--single-branch", "--branch=main", f"file://{origin}", str(clone))
    assert remote.fetch(discover(clone), "origin", BEADS, MINE) == at(origin)
    assert plain(clone, "branch", "-r", "--list", "origin/beads") == ""


def test_a_partial_clone_gets_every_file(origin: Path, tmp_path: Path) -> None:
    clone = tmp_path / "partial"
    plain(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{origin}", str(clone))

    def missing() -> int:
        return plain(clone, "rev-list", "--objects", "--missing=print", "origin/beads").count("?")

    assert missing() > 0
    remote.fetch(discover(clone), "origin", BEADS, MINE, again=True)
    assert missing() == 0


# pushing


def new_commit(repo: Repo, parent: str, message: str = "next") -> str:
    return plain(repo.git_dir, "commit-tree", "-m", message, "-p", parent, f"{parent}^{{tree}}")


def test_a_push_moves_what_is_where_it_was_expected(repo: Repo, hub: Path) -> None:
    old = at(hub)
    new = new_commit(repo, old)
    remote.push(repo, "origin", [Update(BEADS, new, old)])
    assert at(hub) == new
    remote.push(repo, "origin", [Update(BEADS, new, old)])  # it happened already: a lost answer
    for wrong in (old, None):
        with pytest.raises(Overtaken, match="moved by somebody else"):
            remote.push(repo, "origin", [Update(BEADS, new_commit(repo, new, "more"), wrong)])
    assert at(hub) == new
    remote.push(repo, "origin", [Update(NONE, new, None), Update(BEADS, None, new)])
    assert remote.ask(repo, "origin", BEADS, NONE) == {NONE: new}


def test_several_refs_move_together_or_not_at_all(repo: Repo, hub: Path) -> None:
    old = at(hub)
    new = new_commit(repo, old)
    both = [Update("refs/heads/main", new, old), Update(BEADS, new, new)]
    plain(hub, "update-ref", BEADS, new_commit_in(hub, old))
    with pytest.raises(Overtaken, match="refs/heads/beads"):
        remote.push(repo, "origin", [both[0], Update(BEADS, new_commit(repo, old, "x"), old)])
    assert at(hub, "main") == old
    remote.push(repo, "origin", [both[0], Update(NONE, new, None)])
    assert (at(hub, "main"), at(hub, NONE)) == (new, new)


def new_commit_in(path: Path, parent: str) -> str:
    return plain(path, "commit-tree", "-m", "theirs", "-p", parent, f"{parent}^{{tree}}")


def test_git_hooks_of_the_remote_count_and_ours_dont(repo: Repo, repo_path: Path, hub: Path) -> None:
    old = at(hub)
    new = new_commit(repo, old)
    git_hook(repo.common_dir, "pre-push", "exit 1")
    git_hook(repo.common_dir, "reference-transaction", "exit 1")
    git_hook(hub, "pre-receive", "echo 'not on a Sunday'; exit 1")
    with pytest.raises(Denied, match=r"pre-receive hook declined.*not on a Sunday"):
        remote.push(repo, "origin", [Update(BEADS, new, old)])
    assert at(hub) == old
    (hub / "hooks" / "pre-receive").unlink()
    remote.push(repo, "origin", [Update(BEADS, new, old)])
    assert remote.fetch(repo, "origin", BEADS, MINE) == new


def test_of_several_refs_the_one_that_is_refused_is_named(repo: Repo, hub: Path) -> None:
    old = at(hub)
    new = new_commit(repo, old)
    git_hook(hub, "update", "test $1 != refs/heads/main")
    with pytest.raises(Denied, match=r"refused the push to refs/heads/main: .*hook declined"):
        remote.push(repo, "origin", [Update(BEADS, new, old), Update("refs/heads/main", new, old)])
    assert (at(hub), at(hub, "main")) == (old, old)


def test_a_lock_on_the_remotes_ref_is_a_race_and_a_name_in_the_way_is_not(repo: Repo, hub: Path) -> None:
    old = at(hub)
    new = new_commit(repo, old)
    lock = hub / "refs/heads/beads.lock"
    lock.touch()
    with pytest.raises(Overtaken):
        remote.push(repo, "origin", [Update(BEADS, new, old)])
    lock.unlink()
    with pytest.raises(Denied, match="refs/heads/beads/x"):
        remote.push(repo, "origin", [Update(f"{BEADS}/x", new, None)])


def test_a_branch_that_the_remote_has_checked_out_is_refused(repo: Repo, tmp_path: Path, hub: Path) -> None:
    plain(tmp_path, "clone", "-q", str(hub), "worked-in")
    plain(repo.git_dir, "remote", "add", "person", str(tmp_path / "worked-in"))
    old = at(hub, "main")
    with pytest.raises(Denied, match="checked out"):
        remote.push(repo, "person", [Update("refs/heads/main", new_commit(repo, old), old)])


def test_only_the_named_refs_travel(repo: Repo, repo_path: Path, hub: Path) -> None:
    old = at(hub)
    new = new_commit(repo, old)
    plain(repo_path, "tag", "-a", "-m", "x", "v1", new)
    for key in ("push.followTags", "remote.origin.mirror"):
        plain(repo_path, "config", key, "true")
    remote.push(repo, "origin", [Update(BEADS, new, old)])
    assert plain(hub, "for-each-ref", "--format=%(refname)") == f"{BEADS}\nrefs/heads/main"


# a server


def test_a_server_that_only_serves_reads_denies_a_push(repo: Repo, hub: Path, tmp_path: Path) -> None:
    with git_daemon(tmp_path) as url:
        plain(repo.git_dir, "remote", "add", "served", f"{url}/hub.git")
        old = at(hub)
        assert remote.ask(repo, "served", BEADS) == {BEADS: old}
        with pytest.raises(Denied):
            remote.push(repo, "served", [Update(BEADS, new_commit(repo, old), old)])
        plain(repo.git_dir, "remote", "add", "missing", f"{url}/missing.git")
        with pytest.raises((Denied, Unreachable)):
            remote.ask(repo, "missing", BEADS)
