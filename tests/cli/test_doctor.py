"""`gt doctor` and `gt repair` as they are typed."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from gt.core.ids import bead_path
from tests.cli.conftest import NOW, Gt
from tests.cli.towns import TownScene, untouched
from tests.conftest import run_git
from tests.store.scenes import commit_files


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    scene = TownScene(repo_path, gt)
    scene("init", "--commit")
    return scene


def broken(town: TownScene) -> str:
    """A Bead whose file can't be read any more; returns its path."""
    path = bead_path(town.create("a"))
    commit_files(town.path, {path: "broken: ["})
    return path


def test_nothing_is_wrong(town: TownScene) -> None:
    said = town("doctor")
    assert (said.out, said.err) == ("", "nothing is wrong\n")
    assert town("doctor", "--deep", "--json").data == {
        "apiVersion": "gt/v1",
        "kind": "DoctorReport",
        "healthy": True,
        "findings": [],
    }


def test_an_error_is_told_and_needs_a_person(town: TownScene) -> None:
    path = broken(town)
    tip, check = town.tip(), untouched(town.path)
    said = town("doctor", code=20)
    assert said.out.splitlines()[0].startswith(f"error: {path} line 2, column")
    assert said.out.splitlines()[1] == f"    gt repair unreadable:{path}"
    assert said.err == "1 error\n"
    (finding,) = town("doctor", "--json", code=20).data["findings"]
    assert (finding["check"], finding["subject"], finding["severity"]) == ("unreadable", path, "error")
    assert town("doctor", "--exit-zero").err == "1 error\n"
    assert town.tip() == tip
    check()


def test_a_warning_alone_is_healthy(town: TownScene) -> None:
    run_git(town.path, "config", "gc.pruneExpire", "now")
    assert town("doctor").err == "1 warning\n"
    assert town("doctor", "--json").data["healthy"] is True


def test_many_findings_of_one_check_are_counted(town: TownScene) -> None:
    commit_files(town.path, {f"beads/stray{n}": "x" for n in range(15)})
    said = town("doctor", code=20)
    assert said.out.splitlines()[-1] == "... and 5 more of misplaced: gt doctor --json"
    assert len(town("doctor", "--json", code=20).data["findings"]) == 15


def test_the_command_that_is_named_repairs_it(town: TownScene) -> None:
    path = broken(town)
    command = town("doctor", code=20).out.splitlines()[1].strip()
    asked = town(*shlex.split(command)[1:], code=1)
    assert asked.err.splitlines()[-1].startswith(
        "error: no terminal can answer, so this needs --yes: do this?"
    )
    tip = town.tip()
    shown = town("repair", "--dry-run")
    assert shown.err.startswith(f"would do: {path} is restored from ")
    assert town.tip() == tip
    done = town(*shlex.split(command)[1:], "--yes")
    assert done.out.splitlines() == ["repaired 1", f"the ledger's commit is {town.tip()[:12]}"]
    assert town("doctor").err == "nothing is wrong\n"
    assert town("repair", "--yes").err == "there is nothing that gt repair could do\n"


def test_repair_as_json(town: TownScene) -> None:
    path = broken(town)
    planned = town("repair", "--dry-run", "--json").data
    assert (planned["commit"], [each["done"] for each in planned["repairs"]]) == (None, [False])
    done = town("repair", "--yes", "--json").data
    assert (done["commit"], [each["finding"] for each in done["repairs"]]) == (
        town.tip(),
        [f"unreadable:{path}"],
    )
    assert town("repair", "nothing", "--yes", "--json", code=1).error["kind"] == "not-found"


def test_a_lock_that_another_git_left(town: TownScene) -> None:
    path = town.path / ".git" / "refs" / "heads" / "beads.lock"
    path.touch()
    os.utime(path, (NOW - 3600, NOW - 3600))
    command = town("doctor", code=20).out.splitlines()[1].strip()
    assert command == f"gt repair --foreign-lock {path}"
    for words in (("--dry-run",), ("--yes",)):
        said = town(*shlex.split(command)[1:], *words)
        assert "warning: a git that has prepared a transaction" in said.err
        assert path.exists() == (words == ("--dry-run",))
    assert town("doctor").err == "nothing is wrong\n"
    assert "is not a lock" in town("repair", "--foreign-lock", "README.md", code=1).err
