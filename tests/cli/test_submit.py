"""`gt submit`, as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Gt
from tests.cli.towns import TownScene
from tests.conftest import run_git


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    scene = TownScene(repo_path, gt)
    scene("init", environ={"PATH": ""})
    return scene


def work(where: Path, text: str = "made\n") -> None:
    (where / "made").write_text(text)
    run_git(where, "add", "made")
    run_git(where, "commit", "-q", "-m", "work")


@pytest.mark.parametrize("strategy", ["merge", "squash", "rebase"])
def test_how_it_shall_land_is_said_for_a_claim_and_for_a_branch(
    town: TownScene, tmp_path: Path, strategy: str
) -> None:
    bead = town.create("By hand")
    place = Path(town("claim", bead, "--json").data["status"]["lease"]["worktree"])
    work(place)
    said = town("submit", "--strategy", strategy, "--json", cwd=place).data
    assert said["status"]["submission"]["strategy"] == strategy
    assert town.bead(bead) == said
    run_git(town.path, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    work(tmp_path / "side", "made by hand\n")
    said = town("submit", "--branch", "side", "--strategy", strategy, "--json").data
    assert said["status"]["submission"]["strategy"] == strategy
