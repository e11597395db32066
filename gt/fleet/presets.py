"""How an agent of the town's settings is called: command line, prompt, environment, and how its output is read.

The known ones are data (`known`). What an ended run means, beyond what its rules match, is `classify`'s to say.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gt.core.blame import Rule
from gt.core.town import TOWN_FILE, AgentSpec, Command
from gt.core.values import dataclass
from gt.errors import Malformed
from gt.fleet import readers
from gt.fleet.commandline import argv, mentions
from gt.fleet.known import PRESETS, Preset
from gt.fleet.reports import Report


@dataclass(frozen=True, slots=True)
class Placeholders:
    """What `{bead} {token} {worktree} {prompt} {prompt_file} {repo}` stand for in a command."""

    bead: str
    token: str
    worktree: Path
    prompt: str
    prompt_file: Path
    """Holds the prompt, too."""
    repo: str
    uid: str = ""
    """The Bead's; with the token it makes `{session}`, a UUID that is this attempt's alone."""
    resumed: str = ""
    """The agent's own session that it is to go on with, if it can; empty: none."""

    def values(self) -> dict[str, str]:
        import uuid

        return {
            "bead": self.bead,
            "token": self.token,
            "worktree": str(self.worktree),
            "prompt": self.prompt,
            "prompt_file": str(self.prompt_file),
            "repo": self.repo,
            "resumed": self.resumed,
            "session": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.uid or self.bead}/{self.token}")),
        }


@dataclass(frozen=True, slots=True)
class Invocation:
    """An agent, ready to be run."""

    argv: tuple[str, ...]
    stdin: Path | None
    """None: nothing to read."""
    env: tuple[str, ...]
    """Names and patterns of variables that pass, as `environment` takes them."""
    parse: Callable[[Path], Report | None]
    """From the log to what the agent reports of itself."""
    rules: tuple[Rule, ...]
    """For `classify`."""


def resolve(agent: AgentSpec, values: Placeholders) -> Invocation:
    """How to run this agent now. Raises Malformed when its settings don't say, or no such preset is known.

    A command of the agent's own takes the place of its preset's; the rest of the preset stays.
    """
    where = f"{TOWN_FILE}: agents.{agent.name}"
    preset = _preset(agent, where)
    command: Command
    if agent.command is not None:
        command, prompt = agent.command, agent.prompt
    elif preset is not None:
        command, prompt = preset_command(preset, agent.args, resume=bool(values.resumed)), preset.prompt
    else:
        raise Malformed(where, "needs a preset or a command")
    return Invocation(
        argv=argv(_with_prompt(command, prompt, where), values.values()),
        stdin=values.prompt_file if prompt == "stdin" else None,
        env=(*(preset.env if preset else ()), *agent.env),
        parse=preset.read if preset else readers.claude,
        rules=(*agent.failures, *(preset.rules if preset else ())),
    )


def scratch(agent: AgentSpec) -> tuple[str, ...]:
    """Patterns of what this agent's program leaves for itself at the root of the worktree."""
    preset = PRESETS.get(agent.preset) if agent.preset else None
    return preset.scratch if preset else ()


def preset_command(preset: Preset, args: tuple[str, ...], *, resume: bool = False) -> tuple[str, ...]:
    """Its command line with these options, going on with an earlier session if it is to and can."""
    last = preset.argv[-1:] if preset.argv[-1] == "-" else ()
    return (*preset.argv[: len(preset.argv) - len(last)], *args, *(preset.resume if resume else ()), *last)


def _preset(agent: AgentSpec, where: str) -> Preset | None:
    if agent.preset is None:
        return None
    found = PRESETS.get(agent.preset)
    if found is None:
        raise Malformed(where, f"no such preset: {agent.preset} (known: {', '.join(PRESETS)})")
    return found


def _with_prompt(command: Command, prompt: str, where: str) -> Command:
    """The command, naming the prompt or its file where it is to be given so and it doesn't name it yet."""
    name = {"file": "prompt_file", "arg": "prompt"}.get(prompt)
    if name is None or mentions(command, name):
        return command
    if isinstance(command, str):
        raise Malformed(where, f"`prompt: {prompt}` needs {{{name}}} in its command")
    return (*command, f"{{{name}}}")
