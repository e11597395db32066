"""What gt's git hooks do when git calls them, and that nothing git does is broken by them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gt.fleet.roster import clone
from gt.git.repo import Repo, discover
from gt.interop.githooks import install
from tests.conftest import run_git

BEAD, TOKEN = "gt-7k2m9qxa", "2-k9f2"
TRAILERS = f"Gt-Bead: {BEAD}\nGt-Token: {TOKEN}"
LOUD = '#!/bin/sh\necho "$0" "$@" >>"$LOG"\ncat >>"$LOG"\n'


@pytest.fixture
def repo(repo_path: Path) -> Repo:
    run_git(repo_path, "config", "gt.target", "main")
    repo = discover(repo_path)
    clone(repo)
    install(repo)
    return repo


@pytest.fixture
def path(repo: Repo) -> Path:
    assert repo.work_tree
    return repo.work_tree


@pytest.fixture
def attempt(path: Path, tmp_path: Path) -> Path:
    """The worktree of an attempt."""
    place = tmp_path / "repo.gt" / f"{BEAD}-{TOKEN}"
    run_git(path, "worktree", "add", "-q", "-b", f"gt/{BEAD}/{TOKEN}", str(place), "main")
    return place


@pytest.fixture
def hub(tmp_path: Path, path: Path) -> Path:
    place = tmp_path / "hub.git"
    run_git(tmp_path, "init", "-q", "--bare", str(place))
    run_git(path, "remote", "add", "origin", str(place))
    run_git(path, "branch", "beads", "main")
    run_git(path, "branch", "topic", "main")
    return place


def commit(where: Path, *args: str) -> str:
    """A commit; returns its whole message."""
    run_git(where, "commit", "-q", "--allow-empty", *args)
    return run_git(where, "log", "-1", "--format=%B")


def push(where: Path, *args: str, **env: str) -> tuple[int, str]:
    done = subprocess.run(
        ["git", "push", "-q", "origin", *args],
        cwd=where,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def replaced(repo: Repo, name: str, text: str) -> None:
    """A git hook that was there before gt's."""
    place = repo.common_dir / "hooks" / f"{name}.before-gt"
    place.write_text(text)
    place.chmod(0o755)


# prepare-commit-msg


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ("work", f"work\n\n{TRAILERS}\n"),
        (
            "work\n\nCo-authored-by: B <b@example.com>",
            f"work\n\nCo-authored-by: B <b@example.com>\n{TRAILERS}\n",
        ),
        (
            "work\n\nGt-Bead: gt-00000000\nGt-Token: 1-aaaa",
            "work\n\nGt-Bead: gt-00000000\nGt-Token: 1-aaaa\n",
        ),
    ],
    ids=["plain", "with trailers", "with ours"],
)
def test_a_message_names_bead_and_token_once(attempt: Path, message: str, wanted: str) -> None:
    assert commit(attempt, "-m", message) == wanted
    assert commit(attempt, "--amend", "--no-edit") == wanted


def test_anywhere_else_a_message_stays_as_it_is(path: Path, tmp_path: Path) -> None:
    assert commit(path, "-m", "work") == "work\n"
    other = tmp_path / "gt-7k2m9qxa"
    run_git(path, "worktree", "add", "-q", str(other))
    assert commit(other, "-m", "work") == "work\n"


@pytest.mark.parametrize("how", [("-m", ""), ("-e",), ("-v",), ("-t", "template")], ids=str)
def test_an_abandoned_message_makes_no_commit(
    attempt: Path, how: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    (attempt / "template").write_text("Why:\n")
    monkeypatch.setenv("GIT_EDITOR", "true")
    before = run_git(attempt, "rev-parse", "HEAD")
    run_git(attempt, "commit", "-q", "--allow-empty", *how, check=False)
    assert run_git(attempt, "rev-parse", "HEAD") == before


def test_the_one_before_comes_first_and_may_refuse(repo: Repo, attempt: Path) -> None:
    replaced(repo, "prepare-commit-msg", '#!/bin/sh\necho "more of it" >>"$1"\n')
    assert commit(attempt, "-m", "work") == f"work\nmore of it\n\n{TRAILERS}\n"
    replaced(repo, "prepare-commit-msg", "#!/bin/sh\nexit 1\n")
    before = run_git(attempt, "rev-parse", "HEAD")
    run_git(attempt, "commit", "-q", "--allow-empty", "-m", "work", check=False)
    assert run_git(attempt, "rev-parse", "HEAD") == before


# pre-push


def marked(repo: Repo) -> dict[str, str]:
    return {"GT_LEASE": f"{clone(repo)}/{BEAD}/{TOKEN}"}


@pytest.mark.parametrize(
    ("refs", "named"),
    [
        (["main"], "main"),
        (["HEAD:main"], "main"),
        (["topic:refs/heads/main"], "main"),
        (["topic", "main"], "main"),
        (["beads"], "beads"),
        (["--all"], "beads"),
    ],
)
def test_an_attempt_may_not_push_a_target_or_the_ledger(
    repo: Repo, path: Path, hub: Path, refs: list[str], named: str
) -> None:
    code, said = push(path, *refs, **marked(repo))
    assert code == 1
    assert f"error: an attempt doesn't push {named}: " in said
    assert "hint: gt submit\n" in said
    assert run_git(hub, "for-each-ref") == ""
    assert push(path, "--no-verify", *refs, **marked(repo))[0] == 0


def test_nor_may_it_remove_them(repo: Repo, path: Path, hub: Path) -> None:
    push(path, "main", "topic")
    run_git(hub, "symbolic-ref", "HEAD", "refs/heads/topic")
    assert push(path, ":main", **marked(repo))[0] == 1
    assert push(path, ":main")[0] == 0


def test_what_else_an_attempt_pushes_goes_through(repo: Repo, path: Path, attempt: Path, hub: Path) -> None:
    run_git(path, "branch", "main2")
    refs = ["topic", "main2", "topic:refs/heads/of/main", "topic:refs/tags/main"]
    assert push(path, *refs, **marked(repo)) == (0, "")
    assert push(attempt, f"gt/{BEAD}/{TOKEN}", **marked(repo)) == (0, "")


def test_the_worktree_tells_an_attempt_of_an_agent_from_a_persons(
    repo: Repo, attempt: Path, hub: Path
) -> None:
    code, said = push(attempt, "HEAD:main")  # claimed by a person
    assert (code, said.startswith("hint: work lands on main by ")) == (0, True)
    record = repo.gt_dir / "attempts" / f"{BEAD}.{TOKEN}.json"
    record.parent.mkdir()
    record.write_text("{}")
    assert push(attempt, "HEAD:beads")[0] == 1


def test_an_attempt_of_another_clone_is_a_person_here(path: Path, hub: Path) -> None:
    assert push(path, "topic", "main", GT_LEASE=f"0123456789abcdef-1-2/{BEAD}/{TOKEN}")[0] == 0


def test_a_person_is_told_and_pushes(path: Path, hub: Path) -> None:
    code, said = push(path, "main", "beads", "topic")
    assert code == 0
    assert [line.split("`")[1] for line in said.splitlines()] == ["gt submit --branch", "gt sync"]
    assert push(path, "topic:another") == (0, "")


def test_the_one_before_is_given_what_git_says(repo: Repo, path: Path, hub: Path, tmp_path: Path) -> None:
    replaced(repo, "pre-push", LOUD)
    log, tip = tmp_path / "log", run_git(path, "rev-parse", "main")
    zero = "0" * 40
    assert push(path, "main", "topic", LOG=str(log))[0] == 0
    first, *lines = log.read_text().splitlines()
    assert first.split()[1:] == ["origin", str(hub)]
    assert lines == [f"refs/heads/{name} {tip} refs/heads/{name} {zero}" for name in ("main", "topic")]
    log.unlink()
    assert push(path, "main", LOG=str(log))[0] == 0
    assert len(log.read_text().splitlines()) == 1  # nothing to push, and nothing said
    replaced(repo, "pre-push", "#!/bin/sh\nexit 7\n")
    run_git(path, "branch", "late")
    assert push(path, "late")[0] == 1


# all of them


def bell(repo: Repo) -> bool:
    """Whether the doorbell was rung; it is silent again."""
    place = repo.gt_dir / "doorbell"
    rung = place.exists()
    place.unlink(missing_ok=True)
    return rung


def test_the_doorbell_is_rung(repo: Repo, path: Path, attempt: Path) -> None:
    assert not bell(repo)
    commit(path, "-m", "one")
    assert bell(repo)
    commit(attempt, "-m", "two")
    assert bell(repo)
    run_git(path, "merge", "-q", f"gt/{BEAD}/{TOKEN}", "-m", "merged")
    assert bell(repo)
    run_git(path, "rebase", "-q", "--force-rebase", "HEAD~1")
    assert bell(repo)


def test_a_bell_that_cannot_be_rung_is_no_hindrance(repo: Repo, path: Path) -> None:
    (repo.gt_dir / "doorbell").mkdir()
    done = subprocess.run(
        ["git", "commit", "-q", "--allow-empty", "-m", "x"], cwd=path, capture_output=True, check=True
    )
    assert done.stderr == b""


@pytest.mark.parametrize("name", ["post-commit", "post-merge", "post-rewrite"])
def test_those_that_ring_hand_on_all_they_are_given(
    repo: Repo, path: Path, tmp_path: Path, name: str
) -> None:
    replaced(repo, name, LOUD + "exit 7\n")
    log = tmp_path / "log"
    done = subprocess.run(
        [f".git/hooks/{name}", "one", "t w o"],
        cwd=path,
        input="said\n",
        text=True,
        env={**os.environ, "LOG": str(log)},
        check=False,
    )
    assert done.returncode == 7
    assert log.read_text() == f".git/hooks/{name}.before-gt one t w o\nsaid\n"


def test_nothing_that_git_does_is_broken(
    path: Path, attempt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for where in (path, attempt):
        name = where.name
        (where / name).write_text("one\n")
        run_git(where, "add", name)
        commit(where, "-m", "first")
        (where / name).write_text("two\n")
        run_git(where, "commit", "-q", "-a", "-m", "second")
        (where / name).write_text("three\n")
        (where / "staged").write_text("not yet\n")
        run_git(where, "add", "staged")
        run_git(where, "commit", "-q", "-m", "third", "--", name)  # with an index of its own
        assert run_git(where, "status", "--porcelain") == "A  staged"
        run_git(where, "stash", "-q")
        run_git(where, "stash", "pop", "-q", "--index")
        assert run_git(where, "status", "--porcelain") == "A  staged"
        run_git(where, "rm", "-q", "-f", "staged")
        with monkeypatch.context() as patch:
            patch.setenv("GIT_SEQUENCE_EDITOR", "sed -i.old -e 2s/pick/reword/ -e 3s/pick/fixup/")
            patch.setenv("GIT_EDITOR", "sh -c 'echo reworded >\"$1\"' -")
            run_git(where, "rebase", "-q", "-i", "HEAD~3")
        assert run_git(where, "log", "-2", "--format=%s") == "reworded\nfirst"
        assert (where / name).read_text() == "three\n"
        run_git(where, "revert", "--no-edit", "HEAD")
        run_git(where, "cherry-pick", "HEAD~1")
        run_git(where, "commit", "-q", "--amend", "-m", "picked")
        assert (where / name).read_text() == "three\n"
    run_git(path, "worktree", "add", "-q", str(tmp_path / "another"), "-b", "another")
    run_git(tmp_path, "clone", "-q", str(path), "cloned")
    run_git(path, "gc", "-q", "--prune=now")
    run_git(path, "fsck", "--strict")
    assert run_git(path, "status", "--porcelain") == ""


# the environment that git, or another git hook, gives


@pytest.fixture
def other(new_repo: Callable[[str], Path]) -> Repo:
    """Another town with git hooks."""
    path = new_repo("other")
    run_git(path, "config", "gt.target", "main")
    repo = discover(path)
    clone(repo)
    install(repo)
    return repo


def test_the_bell_is_that_of_the_repository_whatever_leads_there(
    repo: Repo, path: Path, other: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert other.work_tree
    (path / "deep").mkdir()
    commit(path / "deep", "-m", "from within")
    assert (bell(repo), bell(other)) == (True, False)
    run_git(
        tmp_path,
        *(
            f"--git-dir={repo.git_dir}",
            f"--work-tree={path}",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "from afar",
        ),
    )
    assert (bell(repo), bell(other)) == (True, False)
    monkeypatch.setenv("GIT_DIR", str(repo.git_dir))
    commit(other.work_tree, "-m", "led astray")
    assert (bell(repo), bell(other)) == (True, False)


def test_a_git_hook_that_works_elsewhere_rings_there(repo: Repo, path: Path, other: Repo) -> None:
    assert other.work_tree
    text = f'unset $(git rev-parse --local-env-vars)\ncd "{other.work_tree}" && git commit -q --allow-empty -m x\n'
    replaced(repo, "post-commit", f"#!/bin/sh\n{text}")
    commit(path, "-m", "here and there")
    assert (bell(repo), bell(other)) == (True, True)


def test_the_one_before_sees_the_environment_that_git_gave(repo: Repo, path: Path, tmp_path: Path) -> None:
    def seen(name: str) -> str:
        (path / "file").write_text(name)
        run_git(path, "add", "file")
        run_git(path, "commit", "-q", "-m", name, "--", "file")
        return (tmp_path / "env").read_text()

    script = f"#!/bin/sh\nenv | grep -e ^GIT_ -e ^GT_ | sort >{tmp_path}/env\n"
    replaced(repo, "prepare-commit-msg", script)
    ours = seen("through ours")
    hook = repo.common_dir / "hooks" / "prepare-commit-msg"
    hook.unlink()
    hook.with_name("prepare-commit-msg.before-gt").rename(hook)
    plain = seen("without")
    assert "GIT_INDEX_FILE=" in plain
    assert _less_pids(ours) == _less_pids(plain)


def _less_pids(env: str) -> list[str]:
    return [line for line in env.splitlines() if not line.startswith("GIT_INDEX_FILE=")]


def test_names_of_ours_in_the_environment_mean_nothing(
    repo: Repo, path: Path, attempt: Path, hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("said", "ledger", "target", "targets", "kept", "here", "pushed", "clone", "name", "token"):
        monkeypatch.setenv(name, "beads")
    assert push(path, "topic", **marked(repo)) == (0, "")
    assert commit(attempt, "-m", "work") == f"work\n\n{TRAILERS}\n"
