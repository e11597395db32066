"""The contract with each known agent program: how it is called, told, read, and understood when it fails."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from gt.core.bead import Result
from gt.core.town import AgentSpec
from gt.fleet import launch
from gt.fleet.failures import Traces, classify
from gt.fleet.known import PRESETS
from gt.fleet.launch import Ended, Job
from gt.fleet.output import tail
from gt.fleet.presets import Placeholders, resolve
from gt.fleet.reports import Report
from tests.fleet import programs

PROMPT = "do\n'all' of \"it\" $HOME\n"

USAGE = {
    "claude": {"usd": 0.5, "turns": 3, "input_tokens": 10, "cached_tokens": 100, "output_tokens": 5},
    "codex": {"turns": 1, "input_tokens": 10, "cached_tokens": 100, "output_tokens": 5},
    "gemini": {"turns": 3, "input_tokens": 10, "cached_tokens": 100, "output_tokens": 5},
    "copilot": {"requests": 2},
    "opencode": {"turns": 2, "usd": 0.5, "input_tokens": 10, "cached_tokens": 100, "output_tokens": 6},
    "aider": {"turns": 2, "usd": 0.3, "input_tokens": 1110, "cached_tokens": 1000, "output_tokens": 10},
    "cursor": {},
    "amp": {"turns": 2, "input_tokens": 10, "cached_tokens": 100, "output_tokens": 6},
}
"""What the imitations used."""


@dataclass(frozen=True)
class Played:
    """A run of an imitation."""

    ended: Ended
    report: Report | None
    output: str
    prompt: str
    env: list[str]
    resumed: str | None

    def failure(self, preset: str) -> Result:
        return classify(self.ended, Traces(self.report, self.output), PRESETS[preset].rules).result


def play(preset: str, scenario: str, place: Path, *, resumed: str = "", secret: str = "") -> Played:
    program = PRESETS[preset].argv[0]
    script = place / "bin" / program
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(f'#!/bin/sh\nexec {sys.executable} {programs.__file__} "{place}" {program} "$@"\n')
    script.chmod(0o755)
    (place / "scenario").write_text(scenario)
    (place / "prompt").write_text(PROMPT)
    log = place / "log"
    log.unlink(missing_ok=True)
    values = Placeholders(
        "gt-1", "1-k9f2", place, PROMPT, place / "prompt", "shop", uid="5f0c", resumed=resumed
    )
    how = resolve(AgentSpec(preset, preset=preset), values)
    base = {"PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}", secret or "UNWANTED": "hunter2"}
    ended = launch.run(
        Job(
            argv=how.argv,
            cwd=place,
            env=launch.environment(base, how.env, {}),
            log=log,
            deadline=60.0,
            stdin=how.stdin,
        )
    )
    output = tail(log, 16_000)
    assert (place / "called").exists(), output
    called = json.loads((place / "called").read_text())
    return Played(ended, how.parse(log), output, called["prompt"], called["env"], called["resumed"])


@pytest.mark.parametrize("preset", PRESETS)
def test_called_told_and_read(preset: str, tmp_path: Path) -> None:
    done = play(preset, "ok", tmp_path)
    assert (done.ended.code, done.ended.leftovers_killed) == (0, 0), done.output
    assert done.prompt == PROMPT
    assert "UNWANTED" not in done.env
    assert done.report is not None
    assert (done.report.failed, done.report.message) == (False, "Done.")
    assert done.report.usage == pytest.approx(USAGE[preset])
    assert done.failure(preset) is Result.NO_CHANGE  # if git sees none


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("scenario", ["unauthorized", "limited"])
def test_what_says_nothing_about_the_work(preset: str, scenario: str, tmp_path: Path) -> None:
    done = play(preset, scenario, tmp_path)
    assert done.failure(preset) is Result.INFRA, done.output


@pytest.mark.parametrize(
    ("preset", "secret"),
    [
        ("claude", "ANTHROPIC_API_KEY"),
        ("codex", "OPENAI_API_KEY"),
        ("gemini", "GEMINI_API_KEY"),
        ("copilot", "GH_TOKEN"),
        ("opencode", "OPENROUTER_API_KEY"),
        ("aider", "OPENAI_API_KEY"),
        ("cursor", "CURSOR_API_KEY"),
        ("amp", "AMP_API_KEY"),
    ],
)
def test_each_is_given_its_own_key(preset: str, secret: str, tmp_path: Path) -> None:
    assert secret in play(preset, "ok", tmp_path, secret=secret).env


@pytest.mark.parametrize("preset", [name for name, each in PRESETS.items() if each.resume])
def test_a_session_is_gone_on_with(preset: str, tmp_path: Path) -> None:
    first = play(preset, "ok", tmp_path)
    assert first.report is not None
    assert (first.resumed, first.report.session) == (None, programs.SESSION)
    again = play(preset, "ok", tmp_path, resumed=first.report.session)
    assert (again.ended.code, again.resumed, again.prompt) == (0, programs.SESSION, PROMPT)


@pytest.mark.parametrize("preset", [name for name, each in PRESETS.items() if not each.resume])
def test_others_begin_anew(preset: str, tmp_path: Path) -> None:
    done = play(preset, "ok", tmp_path, resumed=programs.SESSION)
    assert (done.ended.code, done.resumed) == (0, None)


HELP = {"codex": ("exec",), "opencode": ("run",)}
"""The command of a program whose options are used."""


@pytest.mark.parametrize("preset", PRESETS)
def test_the_real_program_knows_every_option(preset: str) -> None:
    argv = PRESETS[preset].argv
    if shutil.which(argv[0]) is None:
        pytest.skip(f"{argv[0]} isn't installed here")
    help_argv = (argv[0], *HELP.get(preset, ()), "--help")
    done = subprocess.run(help_argv, capture_output=True, text=True, timeout=120, check=False)
    told = set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", done.stdout + done.stderr))
    used = {word.partition("=")[0] for word in (*argv, *PRESETS[preset].resume) if word.startswith("-")}
    assert used - {"-"} <= told
