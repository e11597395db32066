"""The doorbell: who changes the ledger rings, and only what this clone's own config names is run."""

from __future__ import annotations

import os
from pathlib import Path

from gt.fleet import doorbell
from gt.git.repo import discover
from tests.cli.conftest import Gt
from tests.cli.towns import TownScene
from tests.conftest import run_git
from tests.drive.attempts import until


def rung(place: Path) -> bool:
    return place.exists()


def test_whoever_changes_the_ledger_rings(gt: Gt, repo_path: Path, tmp_path: Path) -> None:
    town = TownScene(repo_path, gt)
    town("init", environ={"PATH": ""})
    bell = repo_path / ".git" / "gt" / "doorbell"
    os.utime(bell, (0, 0))
    heard = tmp_path / "heard it"
    run_git(repo_path, "config", "gt.doorbell", f"printf %s \"$PWD\" > '{heard}' # it rings")
    town("list")
    town("ready")
    assert bell.stat().st_mtime == 0
    assert not heard.exists()
    town.create("bead")
    assert bell.stat().st_mtime > 0
    until(lambda: heard.exists() and heard.read_text() == str(repo_path / ".git"))


def test_every_command_that_is_named_is_run_and_none_can_spoil_anything(
    repo_path: Path, tmp_path: Path
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for command in (f": > '{one}'", "no-such-command-anywhere", "exit 3", f": > '{two}'"):
        run_git(repo_path, "config", "--add", "gt.doorbell", command)
    doorbell.ring(discover(repo_path), {"PATH": os.environ["PATH"]})
    until(lambda: one.exists() and two.exists())


def test_it_waits_for_none(repo_path: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    run_git(
        repo_path, "config", "gt.doorbell", f"read line < '{pipe}'; echo \"$line\" > '{tmp_path / 'said'}'"
    )
    doorbell.ring(discover(repo_path), {"PATH": os.environ["PATH"]})
    pipe.write_text("come\n")  # it reads only now
    until(lambda: (tmp_path / "said").exists() and (tmp_path / "said").read_text() == "come\n")
