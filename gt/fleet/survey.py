"""What a newcomer's project and machine already have: a command that tests it, agents on PATH.

Looks at files; runs nothing.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from gt.core.town import AgentSpec, Command
from gt.fleet.known import PRESETS
from gt.fleet.presets import preset_command

_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_TEST_TARGET = re.compile(r"^test[ \t]*::?(?![=:])", re.MULTILINE)
_PYTHON_TESTS = ("test_*.py", "tests/test_*.py", "test/test_*.py")
_PYTEST = ("pyproject.toml", "pytest.ini", "conftest.py", "tests/conftest.py")
_PLACEHOLDER = "no test specified"
"""What npm puts into a new package.json: a script that always fails."""

_MODES = ("--permission-mode", "--sandbox", "--approval-mode")
"""Options of the known agents that say what they may do unasked."""


_UNBOUND = (
    *(
        "--dangerously-skip-permissions",
        "--dangerously-bypass-approvals-and-sandbox",
        "--full-auto",
        "--yolo",
    ),
    *("--allow-all-tools", "--auto", "--yes-always", "--force"),
)
"""Options of theirs that take the brakes off."""

_ALL = "all that you may"
"""What a program may do that gt knows nothing of."""


def gate(project: Path) -> str | None:
    """The command that most likely tests the project in this directory, or None."""
    if any(_TEST_TARGET.search(_text(project / name)) for name in _MAKEFILES):
        return "make test"
    if any((project / name).is_file() for name in _PYTEST) or "[tool:pytest]" in _text(project / "setup.cfg"):
        return "python -m pytest -q"
    if any(next(project.glob(pattern), None) for pattern in _PYTHON_TESTS):
        return "python -m pytest -q"  # runs what is written for unittest, too
    if _npm_tests(project / "package.json"):
        return "npm test"
    if (project / "Cargo.toml").is_file():
        return "cargo test"
    return "go test ./..." if (project / "go.mod").is_file() else None


def agents(path: str) -> tuple[str, ...]:
    """The known agents whose programs are on this PATH, in the order of the presets."""
    return tuple(name for name, preset in PRESETS.items() if shutil.which(preset.argv[0], path=path))


def command_line(preset: str, args: Sequence[str] = ()) -> str:
    """What would be run for an agent of this preset, as a person would type it."""
    known = PRESETS[preset]
    prompt = ("{prompt}",) if known.prompt == "arg" else ()
    return _typed((*preset_command(known, tuple(args)), *prompt)) + _given(known.prompt)


def permission_mode(preset: str, args: Sequence[str] = ()) -> str:
    """What an agent of this preset may do without being asked, in the words of its own options."""
    argv = (*PRESETS[preset].argv, *args)
    modes: dict[str, str] = {}
    for word, following in zip(argv, (*argv[1:], ""), strict=True):
        option, equals, value = word.partition("=")
        if option in _MODES:
            modes[option] = f"{option} {value if equals else following}"  # the last one counts
        elif word in _UNBOUND:
            modes[word] = word
    return ", ".join(modes.values()) or "its own default"


def described(agent: AgentSpec) -> tuple[str, str, str]:
    """An agent's name, its command line, and what it may do unasked."""
    preset = agent.preset or agent.name
    if agent.command is not None:
        line, may = _typed(agent.command) + _given(agent.prompt), _ALL
    elif preset in PRESETS:
        line, may = command_line(preset, agent.args), permission_mode(preset, agent.args)
    else:
        return agent.name, f"unknown preset {preset}", "unknown"
    if agent.wrap is None:
        return agent.name, line, may
    if agent.wrap.recipe is None:
        return agent.name, f"{_typed(agent.wrap.command)} {line}", "what its wrapper lets it"
    more = [f"and {', '.join(agent.wrap.write)}"] if agent.wrap.write else []
    net = "with the network" if agent.wrap.network else "without network"
    return (
        agent.name,
        f"{agent.wrap.recipe} ... {line}",
        " ".join(["change its worktree", *more, f"({net})"]),
    )


def _typed(command: Command) -> str:
    if isinstance(command, str):
        return command
    return re.sub(r"'(\{\w+\})'", r"\1", shlex.join(command))


def _given(prompt: str) -> str:
    return "  (the task on stdin)" if prompt == "stdin" else ""


def _npm_tests(package: Path) -> bool:
    try:
        script = json.loads(_text(package))["scripts"]["test"]
    except (ValueError, KeyError, TypeError):
        return False
    return isinstance(script, str) and bool(script.strip()) and _PLACEHOLDER not in script


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")[:1_000_000]
    except OSError:
        return ""
