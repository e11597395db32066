"""What somebody meets who has never seen gt: hints that work, JSON wherever data is, text that can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.cli import portrait
from gt.cli.manual import every_command
from gt.cli.view import View
from gt.core.bead import Phase, Stuck, StuckReason
from gt.core.town import AgentSpec
from gt.fleet.survey import described, permission_mode
from gt.git.repo import discover
from gt.store.ledger import Ledger
from tests.cli.conftest import NOW, Gt
from tests.cli.towns import TownScene
from tests.conftest import run_git
from tests.core.small import bead as made

NO_DATA = {"convoy", "crew", "demo", "dep", "formula", "githooks", "help", "mcp"}
"""Commands that print no data but play, explain or serve, or are groups of commands."""


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    scene = TownScene(repo_path, gt)
    scene("init", environ={"PATH": ""})
    return scene


def claimed(town: TownScene, title: str) -> tuple[str, Path]:
    """A Bead that a person holds, and its worktree."""
    bead = town.create(title)
    return bead, Path(town("claim", bead).out.strip())


def test_every_command_that_prints_data_has_json() -> None:
    without = {
        path for path, command in every_command() if not any("--json" in p.opts for p in command.params)
    }
    assert without == NO_DATA


def test_a_bead_that_a_person_holds_is_given_back_not_stopped(town: TownScene) -> None:
    bead, _ = claimed(town, "mine")
    for refused in ("close", "reopen", "retry"):
        assert f"hint: gt release {bead}\n" in town(refused, bead, code=1).err
    assert "released" in town("release", bead).out


def test_the_diff_of_a_worktree_tells_of_new_files_too(town: TownScene) -> None:
    bead, tree = claimed(town, "write")
    (tree / "README.md").write_text("changed\n")
    (tree / "new.txt").write_text("fresh\n")
    (tree / ".gitignore").write_text("*.log\n")
    (tree / "noise.log").write_text("noise\n")
    index = Path(run_git(tree, "rev-parse", "--absolute-git-dir")) / "index"
    before = index.read_bytes()
    said = town("diff", bead, "--json").data
    assert (said["kind"], said["bead"], said["to"]) == ("Diff", bead, None)
    assert [text in said["text"] for text in ("+changed", "+fresh", "noise")] == [True, True, False]
    assert "new.txt" in town("diff", "--stat", cwd=tree).out
    assert index.read_bytes() == before


def test_what_is_meant_is_the_bead_of_the_worktree(town: TownScene) -> None:
    bead, tree = claimed(town, "here")
    for command in ("why", "show", "prime"):
        assert bead in town(command, cwd=tree).out
        assert town(command, "--json", cwd=tree).data[{"show": "id"}.get(command, "bead")] == bead
    assert "which Bead?" in town("why", code=1).err


def test_why_it_is_stuck_is_one_line_and_the_rest_below(town: TownScene) -> None:
    from dataclasses import replace

    stuck = Stuck(StuckReason.ATTEMPTS, NOW, "red: exit 1\n  assert 0\nlast\n")
    status = replace(made("a").status, phase=Phase.STUCK, stuck=stuck)
    with Ledger(discover(town.path)).read() as snapshot:
        view = View(discover(town.path), snapshot, NOW)
        lines = [
            "".join(part if isinstance(part, str) else part.text for part in line)
            for line in portrait.portrait(replace(made("a"), status=status), view)
        ]
    assert "stuck:      attempts-spent, red: exit 1" in lines
    assert lines[-4:] == ["evidence", "    red: exit 1", "      assert 0", "    last"]


def test_the_last_option_says_what_an_agent_may_do() -> None:
    assert permission_mode("claude") == "--permission-mode bypassPermissions"
    assert permission_mode("claude", ("--permission-mode", "acceptEdits")) == "--permission-mode acceptEdits"
    assert (
        permission_mode("codex", ("--sandbox=read-only", "--full-auto")) == "--sandbox read-only, --full-auto"
    )
    assert described(AgentSpec("x", command=("a", "b c"), prompt="arg")) == (
        "x",
        "a 'b c'",
        "all that you may",
    )


def test_commands_in_sentences_are_spelt_as_gt_was_called(town: TownScene) -> None:
    town.create("one")
    (town.path / ".gt/town.yaml").write_text(
        "apiVersion: gt/v1\nagent: sh\nagents: {sh: {command: 'true'}}\nungated: true\n"
    )
    town("init", "--commit")
    said = town("status", program="git gt").out
    assert said.endswith("work or merge is due: git gt run\n")
