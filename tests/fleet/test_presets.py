"""How agents are called, and how what they print is read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gt.core.town import AgentSpec
from gt.errors import Malformed
from gt.fleet import readers
from gt.fleet.commandline import argv
from gt.fleet.presets import Placeholders, resolve

NASTY = 'it\'s "$(touch OOPS)" `touch OOPS` \\ ; touch OOPS\n* {bead} $HOME'


@pytest.fixture
def values(tmp_path: Path) -> Placeholders:
    return Placeholders("gt-1", "1-k9f2", tmp_path / "w t", NASTY, tmp_path / "prompt", "shop", uid="5f0c")


def test_claude(values: Placeholders) -> None:
    got = resolve(AgentSpec("claude", preset="claude", args=("--model", "opus"), env=("X",)), values)
    assert got.argv == (
        *("claude", "-p", "--output-format", "json", "--permission-mode", "bypassPermissions"),
        *("--session-id", values.values()["session"], "--model", "opus"),
    )
    assert got.stdin == values.prompt_file
    assert "ANTHROPIC_*" in got.env
    assert got.env[-1] == "X"


def test_codex_options_come_before_its_dash(values: Placeholders) -> None:
    got = resolve(AgentSpec("codex", preset="codex", args=("-m", "M")), values)
    assert got.argv == ("codex", "exec", "--json", "--sandbox", "workspace-write", "-m", "M", "-")
    assert got.stdin == values.prompt_file


def test_sessions_are_one_to_an_attempt(values: Placeholders, tmp_path: Path) -> None:
    other = Placeholders("gt-1", "2-zzzz", tmp_path, "", tmp_path, "shop", uid="5f0c")
    assert values.values()["session"] == values.values()["session"]
    assert values.values()["session"] != other.values()["session"]


def test_own_command_by_each_way_of_prompting(values: Placeholders) -> None:
    def got(prompt: str, *command: str) -> tuple[tuple[str, ...], Path | None]:
        made = resolve(AgentSpec("own", command=command, prompt=prompt), values)
        return made.argv, made.stdin

    file = str(values.prompt_file)
    assert got("stdin", "fix", "{bead}") == (("fix", "gt-1"), values.prompt_file)
    assert got("none", "fix") == (("fix",), None)
    assert got("file", "fix") == (("fix", file), None)
    assert got("file", "fix", "--from={prompt_file}", "x") == (("fix", f"--from={file}", "x"), None)
    assert got("arg", "fix") == (("fix", NASTY), None)
    assert got("arg", "fix", "{prompt}", "x") == (("fix", NASTY, "x"), None)


def test_own_command_with_a_preset_keeps_its_reading(values: Placeholders) -> None:
    got = resolve(AgentSpec("c", preset="codex", command=("./wrapped",)), values)
    assert got.argv == ("./wrapped",)
    assert got.parse is readers.codex
    assert "OPENAI_API_KEY" in got.env


def test_settings_that_do_not_say(values: Placeholders) -> None:
    for spec, words in (
        (AgentSpec("a"), "needs a preset or a command"),
        (AgentSpec("a", preset="clod"), "no such preset: clod"),
        (AgentSpec("a", command="fix it", prompt="file"), "{prompt_file}"),
        (AgentSpec("a", command="fix it", prompt="arg"), "{prompt}"),
    ):
        with pytest.raises(Malformed) as caught:
            resolve(spec, values)
        assert "agents.a" in str(caught.value)
        assert words in str(caught.value)


def test_a_list_keeps_what_is_no_placeholder() -> None:
    assert argv(("jq", "{a: .b}", "{x}", "{bead}{bead}"), {"bead": "gt-1"}) == (
        "jq",
        "{a: .b}",
        "{x}",
        "gt-1gt-1",
    )


@pytest.mark.parametrize(
    "script",
    [
        "printf '%s' {prompt}",
        'printf "%s" "{prompt}"',
        "printf '%s' '{prompt}'",
        "x={prompt}; printf '%s' \"$x\"",
        "echo \\' > /dev/null; printf '%s' {prompt}",
    ],
)
def test_no_quoting_lets_a_value_become_script(script: str, tmp_path: Path) -> None:
    done = subprocess.run(argv(script, {"prompt": NASTY}), cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.decode() == NASTY
    assert list(tmp_path.iterdir()) == []


def test_unlucky_quoting_still_runs_nothing(tmp_path: Path) -> None:
    for script in ('echo "$(echo "{prompt}" "a b")"', "echo `echo '{prompt}'`", "cat <<E\n{prompt}\nE\n"):
        subprocess.run(argv(script, {"prompt": NASTY}), cwd=tmp_path, capture_output=True, check=False)
        assert list(tmp_path.iterdir()) == []


def test_a_string_has_more_arguments_than_nine_and_variables_of_its_own(tmp_path: Path) -> None:
    names = {f"n{letter}": letter for letter in "abcdefghijkl"}
    script = "nb=own; echo ${nb} " + " ".join(f"{{{name}}}" for name in names) + " {na}"
    done = subprocess.run(argv(script, names), capture_output=True, text=True, check=True)
    assert done.stdout == "own a b c d e f g h i j k l a\n"
