"""What a shell is offered, and the scripts by which it asks."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Gt
from tests.cli.towns import TownScene


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    scene = TownScene(repo_path, gt)
    scene("init", environ={"PATH": ""})
    return scene


def words(town: TownScene, *typed: str) -> dict[str, str]:
    lines = town("completion", "words", "--", *typed).out.splitlines()
    return dict(line.split("\t", 1) for line in lines)


def test_commands_options_and_choices(town: TownScene) -> None:
    assert set(words(town, "sho")) == {"show"}
    assert words(town, "")["init"].startswith("Make this repository a town")
    assert set(words(town, "-C", "/", "dep", "")) == {"add", "cycles", "rm", "tree"}
    assert set(words(town, "graph", "--form")) == {"--format"}
    assert set(words(town, "graph", "--format", "")) == {"text", "dot", "mermaid", "svg"}
    assert set(words(town, "graph", "-f", "m")) == {"mermaid"}
    assert {"--version", "--help"} <= set(words(town, "--"))
    assert words(town, "no-such-command", "") == {}
    assert words(town, "dep", "no-such-command", "") == {}


def test_beads_come_with_their_titles_those_that_ended_only_when_asked_for(town: TownScene) -> None:
    live, over = town.create("live\tone"), town.create("over")
    town("close", over)
    assert words(town, "show", "") == {live: "live\\tone"}
    assert words(town, "show", over[:6]).get(over) == "over"
    assert words(town, "edit", live, "--parent", "gt-") == {live: "live\\tone", over: "over"}
    assert words(town, "create", "title", "--needs", "") == {live: "live\\tone"}
    assert words(town, "edit", live, "--title", "") == {}


def test_as_data(town: TownScene) -> None:
    assert town("completion", "words", "--json", "--", "stat").data["items"][0]["word"] == "status"


def test_without_a_town_there_are_no_beads_and_no_error(gt: Gt, tmp_path: Path) -> None:
    said = gt("completion", "words", "--", "show", "", cwd=tmp_path)
    assert (said.code, said.out, said.err) == (0, "", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_of_that_shell(town: TownScene, shell: str) -> None:
    script = town("completion", shell).out
    assert "completion words -- " in script
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n"], input=script, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_scripts_take_no_words(town: TownScene) -> None:
    assert "only `words` takes words" in town("completion", "bash", "x", code=2).err
