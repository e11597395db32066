"""`gt try`: what it prints, and what it exits with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Gt
from tests.cli.towns import TownScene, set_up, untouched
from tests.conftest import run_git

SETTINGS = """\
apiVersion: gt/v1
gates:
  - {name: test, run: "echo looked; test ! -e bad"}
  - {name: tools, run: "test ! -e lame || exit 127"}
"""


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    scene = set_up(gt, repo_path, SETTINGS)
    for name in ("good", "bad", "lame"):
        run_git(repo_path, "checkout", "-q", "-b", f"{name}-work")
        (repo_path / name).touch()
        run_git(repo_path, "add", name)
        run_git(repo_path, "commit", "-qm", name)
        run_git(repo_path, "checkout", "-q", "main")
    return scene


def test_green_red_and_neither(town: TownScene) -> None:
    same, ledger = untouched(town.path), town.tip()
    said = town("try", "good-work")
    assert [line.split()[:2] for line in said.out.splitlines()] == [["test", "pass"], ["tools", "pass"]]
    said = town("try", "bad-work", code=3)
    assert [line.split()[0] for line in said.out.splitlines()] == ["test", "tools", "looked"]
    assert "not run" in said.out
    town("try", "lame-work", code=20)
    town("try", "lame-work", "--exit-zero")
    same()
    assert town.tip() == ledger


def test_as_json(town: TownScene) -> None:
    data = town("try", "good-work", "bad-work", "--json", code=3).data
    assert (data["kind"], data["target"], data["names"]) == ("TryReport", "main", ["good-work", "bad-work"])
    assert [(each["gate"], each["verdict"]) for each in data["gates"]] == [("test", "fail"), ("tools", None)]
    kept = town("try", "good-work", "bad-work", "--json", code=3).data["gates"][0]
    assert (kept["kept"], Path(kept["log"]).read_text()) == (True, "looked\n")


def test_what_makes_no_sense(town: TownScene) -> None:
    assert "nothing to merge" in town("try", "good-work", "--tree", "main", code=1).err
    assert "no such gate: tets (there are test, tools)" in town("try", "--gate", "tets", code=1).err
