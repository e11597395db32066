"""`gt setup`: what changes is shown, checked, and taken out again."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.interop import toolserver
from tests.cli.conftest import Gt
from tests.cli.towns import TownScene, set_up, untouched
from tests.conftest import run_git


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    return set_up(gt, repo_path, "apiVersion: gt/v1\nungated: true\n")


def test_shown_written_and_out_again(town: TownScene) -> None:
    same = untouched(town.path)
    (town.path / "sub").mkdir()
    said = town("setup", "vscode", "--check", code=3)
    assert "+++ b/.vscode/tasks.json" in said.out
    assert "vscode: 2 would change" in said.err
    same()
    assert town("setup", "vscode", cwd=town.path / "sub").out == said.out
    assert "vscode: nothing would change" in town("setup", "vscode", "--check").err
    removed = town("setup", "vscode", "--remove", "--json").data
    assert (removed["kind"], removed["tool"], removed["done"]) == ("SetupChanges", "vscode", True)
    assert removed["items"] == [
        {"path": ".vscode/tasks.json", "change": "removed"},
        {"path": ".vscode/mcp.json", "change": "removed"},
    ]
    same()


def test_what_is_not_as_gt_wrote_it_stays_and_is_named(town: TownScene) -> None:
    town("setup", "claude")
    place = town.path / "CLAUDE.md"
    place.write_text(place.read_text().replace("Beads", "things"))
    assert "hint: git diff HEAD -- CLAUDE.md" in town("setup", "claude", code=1).err
    said = town("setup", "claude", "--remove", code=3)
    assert "warning: CLAUDE.md: what gt wrote there was changed, and stays" in said.err
    assert run_git(town.path, "status", "--porcelain") == "?? CLAUDE.md"


def test_without_the_extra_it_says_how_the_tools_come(
    town: TownScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toolserver, "installed", lambda: False)
    said = town("setup", "cursor")
    assert said.err.endswith("-m pip install 'gt-town[mcp]'\n")


def test_only_a_town_is_told_of(gt: Gt, repo_path: Path) -> None:
    said = gt("setup", "claude", cwd=repo_path)
    assert (said.code, "hint: gt init" in said.err) == (1, True)
    assert gt("setup", "claude", "--remove", cwd=repo_path).code == 0
    assert run_git(repo_path, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("emacs",), "is none of claude, codex, gemini, copilot, cursor, vscode"),
        (("codex", "--check", "--remove"), "exclude one another"),
    ],
)
def test_usage(town: TownScene, argv: tuple[str, ...], told: str) -> None:
    assert told in town("setup", *argv, code=2).err


def test_a_bare_repository_has_nowhere_to_write(town: TownScene, tmp_path: Path) -> None:
    run_git(tmp_path, "clone", "-q", "--bare", str(town.path), str(tmp_path / "bare.git"))
    assert "has no work tree" in town("setup", "claude", code=1, cwd=tmp_path / "bare.git").err
