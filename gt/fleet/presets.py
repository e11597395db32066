"""How each agent is called: command line, prompt, what may pass from the environment, how its output is read.

The known ones are data. What an ended run means, beyond what its rules match, is `classify`'s to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gt.core.town import TOWN_FILE, AgentSpec, Command
from gt.errors import Malformed
from gt.fleet import reports
from gt.fleet.commandline import argv, mentions
from gt.fleet.failures import Rule, classify
from gt.fleet.reports import Report

__all__ = ["PRESETS", "Invocation", "Placeholders", "Preset", "Report", "Rule", "classify", "resolve"]


@dataclass(frozen=True, slots=True)
class Preset:
    """One agent program, as data."""

    argv: tuple[str, ...]
    prompt: str
    env: tuple[str, ...]
    read: Callable[[Path], Report | None]
    rules: tuple[Rule, ...] = field(default=())


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

    def values(self) -> dict[str, str]:
        import uuid

        return {
            "bead": self.bead,
            "token": self.token,
            "worktree": str(self.worktree),
            "prompt": self.prompt,
            "prompt_file": str(self.prompt_file),
            "repo": self.repo,
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


PRESETS: Mapping[str, Preset] = {
    "claude": Preset(
        argv=(
            *("claude", "-p", "--output-format", "json"),
            *("--permission-mode", "bypassPermissions", "--session-id", "{session}"),
        ),
        prompt="stdin",
        env=(
            *("ANTHROPIC_*", "CLAUDE_CONFIG_DIR", "CLAUDE_CODE_OAUTH_TOKEN"),
            *("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX"),
        ),
        read=reports.claude,
        rules=(
            Rule.infra("the session id is in use", output=r"already in use"),
            Rule.infra(
                "not logged in", output=r"Invalid API key|Please run /login|Credit balance is too low"
            ),
        ),
    ),
    "codex": Preset(
        argv=("codex", "exec", "--json", "--sandbox", "workspace-write", "-"),
        prompt="stdin",
        env=("OPENAI_API_KEY", "OPENAI_BASE_URL", "CODEX_API_KEY", "CODEX_HOME"),
        read=reports.codex,
        rules=(Rule.infra("not logged in", output=r"[Nn]ot logged in|codex login"),),
    ),
}


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
        # Options go before a last `-`, which says that the prompt is on stdin.
        last = preset.argv[-1:] if preset.argv[-1] == "-" else ()
        command = (*preset.argv[: len(preset.argv) - len(last)], *agent.args, *last)
        prompt = preset.prompt
    else:
        raise Malformed(where, "needs a preset or a command")
    return Invocation(
        argv=argv(_with_prompt(command, prompt, where), values.values()),
        stdin=values.prompt_file if prompt == "stdin" else None,
        env=(*(preset.env if preset else ()), *agent.env),
        parse=preset.read if preset else reports.claude,
        rules=preset.rules if preset else (),
    )


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
