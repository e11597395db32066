"""gt's git hooks go in beside what is there, and out without a trace; killed anywhere, nobody's git hook is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from gt.errors import NotFound, Refused
from gt.git.repo import Repo, discover
from gt.interop.githooks import NAMES, SERVER, State, install, look, scripts, uninstall
from tests.conftest import run_git
from tests.crash.dying import dies_at

ROOT = Path(__file__).parents[2]
MINE = "#!/bin/sh\necho mine\n"


@pytest.fixture
def repo(repo_path: Path) -> Repo:
    run_git(repo_path, "config", "gt.target", "main")
    return discover(repo_path)


def put(repo: Repo, name: str, text: str = MINE, mode: int = 0o755) -> Path:
    """A git hook of the user's."""
    place = repo.common_dir / "hooks" / name
    place.parent.mkdir(exist_ok=True)
    place.write_text(text)
    place.chmod(mode)
    return place


def bytes_of(repo: Repo) -> dict[str, object]:
    """Config and git hooks: bytes, modes, times, links, which files they are."""
    folder = repo.common_dir / "hooks"
    there = sorted(folder.iterdir()) if folder.is_dir() else []
    seen: dict[str, object] = {"folder": os.path.lexists(folder), "config": _seen(repo.common_dir / "config")}
    return seen | {path.name: _seen(path) for path in there}


def _seen(path: Path) -> tuple[object, ...]:
    known = os.lstat(path)
    content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
    return content, known.st_mode, known.st_mtime_ns, known.st_ino, known.st_nlink


def states(repo: Repo) -> dict[str, State]:
    return {hook.name: hook.state for hook in look(repo).hooks}


def no_folder(_repo: Repo) -> None:
    """As a clone without templates has it."""


def empty_folder(repo: Repo) -> None:
    (repo.common_dir / "hooks").mkdir()


def own_hooks(repo: Repo) -> None:
    put(repo, "pre-push")
    put(repo, "post-commit", "not executable\n", 0o640)
    put(repo, "post-commit.sample")
    put(repo, "commit-msg")
    (repo.common_dir / "hooks" / "post-merge").symlink_to("commit-msg")
    (repo.common_dir / "hooks" / "post-rewrite").symlink_to("nowhere")


SCENES = (no_folder, empty_folder, own_hooks)


@pytest.mark.parametrize("scene", SCENES)
def test_out_again_all_is_byte_for_byte_as_before(repo: Repo, scene: Callable[[Repo], None]) -> None:
    scene(repo)
    before = bytes_of(repo)
    install(repo)
    assert set(states(repo).values()) == {State.OURS}
    inside = bytes_of(repo)
    assert {deed.what for deed in install(repo)} == {"unchanged"}
    assert bytes_of(repo) == inside
    assert len(uninstall(repo)) == len(NAMES)
    assert bytes_of(repo) == before
    assert uninstall(repo) == ()
    assert bytes_of(repo) == before


@pytest.mark.parametrize("scene", SCENES)
def test_killed_at_any_effect_nothing_is_lost(repo: Repo, scene: Callable[[Repo], None]) -> None:
    scene(repo)
    before = bytes_of(repo)
    for deed, prepare in ((install, uninstall), (uninstall, install)):
        prepare(repo)
        number = 1
        while dies_at(number, lambda: deed(repo)):  # noqa: B023 - done before the loop goes on
            _check_called(repo, scene)
            install(repo)
            assert set(states(repo).values()) == {State.OURS}
            uninstall(repo)
            assert bytes_of(repo) == before
            prepare(repo)
            number += 1
        assert number > 3
        uninstall(repo)


def _check_called(repo: Repo, scene: Callable[[Repo], None]) -> None:
    if scene is own_hooks:
        for name in ("pre-push", "post-merge"):
            done = subprocess.run(
                [repo.common_dir / "hooks" / name], input="", capture_output=True, text=True, check=True
            )
            assert done.stdout == "mine\n"


def test_some_of_them(repo: Repo) -> None:
    install(repo, ["pre-push"])
    assert [name for name, state in states(repo).items() if state is State.OURS] == ["pre-push"]


def test_only_in_a_town(repo_path: Path) -> None:
    with pytest.raises(NotFound, match="target"):
        install(discover(repo_path))
    assert not (repo_path / ".git" / "gt").exists()


def test_an_older_one_is_updated(repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put(repo, "pre-push")
    before = bytes_of(repo)
    old = tmp_path / "old"
    shutil.copytree(scripts(), old)
    with (old / "pre-push").open("a") as file:
        file.write("# older\n")
    with monkeypatch.context() as patch:
        patch.setattr("gt.interop.githooks.scripts", lambda: old)
        install(repo)
    assert states(repo)["pre-push"] is State.OUTDATED
    assert {deed.what for deed in install(repo) if deed.name == "pre-push"} == {"updated"}
    uninstall(repo)
    assert bytes_of(repo) == before


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('#!/bin/sh\nexec run-parts "$0.d"\n', "goes by its own name"),
        ('#!/bin/sh\nexec hooks "$(basename "$0")" "$@"\n', "goes by its own name"),
        ("#!/bin/sh\nexec hooks ${0##*/}\n", "goes by its own name"),
        ("#!/usr/bin/env ruby\nload File.basename($0)\n", "goes by its own name"),
    ],
)
def test_what_is_in_the_way_is_named_and_nothing_changes(repo: Repo, text: str, why: str) -> None:
    put(repo, "pre-push", text)
    before = bytes_of(repo)
    with pytest.raises(Refused, match=why) as refused:
        install(repo)
    assert bytes_of(repo) == before
    hint = refused.value.hint or ""
    assert hint.startswith("gt githooks install ")
    install(repo, hint.split()[3:])
    assert states(repo)["pre-push"] is State.THEIRS
    uninstall(repo)
    assert bytes_of(repo) == before


@pytest.mark.parametrize("text", ['cd "$(dirname "$0")"', 'cd "$(dirname -- "$0")"', 'cd "${0%/*}"', "f $05"])
def test_a_git_hook_may_look_for_its_directory(repo: Repo, text: str) -> None:
    put(repo, "pre-push", f"#!/bin/sh\n{text}\n")
    install(repo)
    assert states(repo)["pre-push"] is State.OURS


def test_a_directory_is_in_the_way(repo: Repo) -> None:
    (repo.common_dir / "hooks" / "pre-push").mkdir(parents=True)
    with pytest.raises(Refused, match="is a directory"):
        install(repo)


def test_a_shared_folder_is_left_alone(repo: Repo, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (repo.common_dir / "hooks").symlink_to(shared)
    with pytest.raises(Refused, match="leads to"):
        install(repo)
    assert list(shared.iterdir()) == []


def test_what_somebody_changed_in_ours_stays(repo: Repo) -> None:
    put(repo, "pre-push")
    install(repo)
    place = repo.common_dir / "hooks" / "pre-push"
    with place.open("a") as file:
        file.write("# mine\n")
    changed = place.read_bytes()
    assert states(repo)["pre-push"] is State.EDITED
    with pytest.raises(Refused, match="was changed"):
        install(repo)
    assert [deed.name for deed in uninstall(repo) if deed.what == "left"] == ["pre-push"]
    assert place.read_bytes() == changed
    assert place.with_name("pre-push.before-gt").read_text() == MINE


def test_one_that_took_our_place_stays(repo: Repo) -> None:
    put(repo, "pre-push")
    install(repo)
    (repo.common_dir / "hooks" / "pre-push").unlink()
    put(repo, "pre-push", "#!/bin/sh\necho another\n")
    assert states(repo)["pre-push"] is State.REPLACED
    with pytest.raises(Refused, match="taken the place"):
        install(repo)
    assert [deed.name for deed in uninstall(repo) if deed.what == "left"] == ["pre-push"]
    assert states(repo)["pre-push"] is State.REPLACED


def test_one_that_was_put_back_by_hand_is_as_before(repo: Repo) -> None:
    put(repo, "pre-push")
    install(repo)
    (repo.common_dir / "hooks" / "pre-push").unlink()
    put(repo, "pre-push")
    uninstall(repo)
    assert states(repo)["pre-push"] is State.THEIRS
    assert not (repo.common_dir / "hooks" / "pre-push.before-gt").exists()


def test_ours_removed_by_hand_the_one_before_comes_back(repo: Repo) -> None:
    place = put(repo, "pre-push")
    before = bytes_of(repo)
    install(repo)
    place.unlink()
    uninstall(repo)
    assert bytes_of(repo) == before


PRE_COMMIT = """#!/bin/sh
# File generated by pre-commit
here=$(dirname "$0")
[ -z "$RUNNING" ] || { echo 'called again' >&2; exit 9; }
[ ! -x "$here/post-commit.legacy" ] || RUNNING=1 "$here/post-commit.legacy" "$@" || exit
echo checked
"""
"""How pre-commit does it: what it finds is renamed to `.legacy`, and called."""


@pytest.mark.parametrize("before", [None, MINE, PRE_COMMIT], ids=["none", "mine", "pre-commit"])
def test_a_manager_that_comes_later_calls_ours_and_ours_what_was_before(
    repo: Repo, before: str | None
) -> None:
    folder = repo.common_dir / "hooks"
    if before is not None:
        put(repo, "post-commit", before)
    install(repo)
    (folder / "post-commit").rename(folder / "post-commit.legacy")
    put(repo, "post-commit", PRE_COMMIT)
    done = subprocess.run([folder / "post-commit"], capture_output=True, text=True, check=True)
    assert done.stdout == ("mine\nchecked\n" if before == MINE else "checked\n")
    assert (repo.gt_dir / "doorbell").exists()
    assert states(repo)["post-commit"] is State.MOVED
    install(repo)
    assert states(repo)["post-commit"] is State.MOVED
    uninstall(repo)
    left = {path.name: path.read_text() for path in folder.iterdir()}
    legacy = {"post-commit.legacy": MINE} if before == MINE else {}
    assert left == {"post-commit": PRE_COMMIT, **legacy}


def test_where_git_looks_elsewhere_that_place_is_not_touched(repo: Repo, tmp_path: Path) -> None:
    managed = tmp_path / "managed"
    managed.mkdir()
    run_git(repo.common_dir, "config", "core.hooksPath", str(managed))
    before = bytes_of(repo)
    install(repo)
    found = look(repo)
    assert found.elsewhere == managed
    assert list(managed.iterdir()) == []
    (managed / "post-commit").write_text(f"#!/bin/sh\n{found.call('post-commit')}\n")
    (managed / "post-commit").chmod(0o755)
    assert repo.work_tree
    run_git(repo.work_tree, "commit", "-q", "--allow-empty", "-m", "work")
    assert (repo.gt_dir / "doorbell").exists()
    uninstall(repo)
    assert bytes_of(repo) == before
    run_git(
        repo.work_tree, "commit", "-q", "--allow-empty", "-m", "work"
    )  # the line is no error without ours


def test_a_path_that_leads_to_the_usual_place_is_not_elsewhere(repo: Repo) -> None:
    assert repo.work_tree
    run_git(repo.work_tree, "config", "core.hooksPath", ".git/hooks")
    assert look(repo).elsewhere is None


def test_the_wheel_has_them() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"]["hooks"] == "gt/hooks"
    assert sorted(path.name for path in scripts().iterdir()) == sorted((*NAMES, *SERVER))
    for name in (*NAMES, *SERVER):
        assert (scripts() / name).read_bytes().startswith(b"#!/bin/sh\n")
