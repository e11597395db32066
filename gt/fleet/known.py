"""The agent programs that gt knows, as data: how each is called, given its task, read, and understood when it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from gt.core.blame import Rule
from gt.core.values import dataclass
from gt.fleet import readers
from gt.fleet.reports import Report


@dataclass(frozen=True, slots=True)
class Preset:
    """One agent program."""

    argv: tuple[str, ...]
    """A last `-` says that the prompt is on stdin: options go before it."""
    prompt: str
    """How the prompt goes in: stdin, file or arg."""
    env: tuple[str, ...]
    """Names and patterns of variables that it is given."""
    read: Callable[[Path], Report | None]
    rules: tuple[Rule, ...] = ()
    resume: tuple[str, ...] = ()
    """What is added to go on with an earlier session, `{resumed}`; empty where that can't be done from another place."""
    scratch: tuple[str, ...] = ()
    """Patterns of what it leaves at the root of the worktree for itself: no part of its work."""


_MODEL_KEYS = (
    *("ANTHROPIC_API_KEY", "AZURE_API_*", "DEEPSEEK_API_KEY", "GEMINI_API_KEY", "GROQ_API_KEY"),
    *("MISTRAL_API_KEY", "OLLAMA_*", "OPENAI_API_*", "OPENAI_BASE_URL", "OPENROUTER_API_KEY", "XAI_API_KEY"),
)
"""For programs that talk to any model's server."""

PRESETS: Mapping[str, Preset] = {
    # Its sessions belong to the directory that they began in, and each attempt has one of its own: none goes on.
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
        read=readers.claude,
        rules=(
            Rule.infra("the session id is in use", output=r"already in use"),
            Rule.infra("it won't run unasked as root", output=r"cannot be used with root"),
            Rule.infra(
                "not logged in", output=r"Invalid API key|Please run /login|Credit balance is too low"
            ),
        ),
    ),
    "codex": Preset(
        argv=("codex", "exec", "--json", "--sandbox", "workspace-write", "-"),
        prompt="stdin",
        env=("OPENAI_API_KEY", "OPENAI_BASE_URL", "CODEX_API_KEY", "CODEX_HOME"),
        read=readers.codex,
        rules=(
            Rule.infra("not logged in", output=r"[Nn]ot logged in|codex login"),
            Rule.infra("no network", output=r"waiting for network", hung=True),
        ),
        resume=("resume", "{resumed}"),
    ),
    # Its sessions, too, belong to a directory.
    "gemini": Preset(
        argv=("gemini", "-o", "json", "--approval-mode", "yolo", "--skip-trust"),
        prompt="stdin",
        env=("GEMINI_*", "GOOGLE_*"),
        read=readers.gemini,
        rules=(
            Rule.infra("not logged in", codes=frozenset({41})),
            # An HTTP status, of which an exit code has the lower eight bits: 145 is 401, 173 is 429.
            Rule.infra("its model's server refused", codes=frozenset({145, 147, 173, 244, 247})),
        ),
    ),
    "copilot": Preset(
        argv=(
            *("copilot", "--allow-all-tools", "--no-ask-user", "--no-auto-update"),
            *("--output-format", "json"),
        ),
        prompt="stdin",
        env=("COPILOT_*", "GH_TOKEN", "GITHUB_TOKEN", "GH_HOST"),
        read=readers.copilot,
        rules=(Rule.infra("not logged in", output=r"No authentication|[Nn]ot logged in|/login\b"),),
        resume=("--resume={resumed}",),
    ),
    "opencode": Preset(
        argv=("opencode", "run", "--format", "json", "--auto"),
        prompt="stdin",
        env=("OPENCODE_*", *_MODEL_KEYS),
        read=readers.opencode,
        resume=("-s", "{resumed}"),
    ),
    "aider": Preset(
        argv=(
            *("aider", "--yes-always", "--no-stream", "--no-pretty", "--no-fancy-input", "--no-check-update"),
            *("--no-show-release-notes", "--no-show-model-warnings", "--analytics-disable", "--no-gitignore"),
            *("--no-detect-urls", "--no-suggest-shell-commands", "--message-file", "{prompt_file}"),
        ),
        prompt="file",
        env=("AIDER_*", *_MODEL_KEYS),
        read=readers.aider,
        rules=(
            Rule.infra(
                "its model's server doesn't answer",
                output=r"Retrying in [\d.]+ seconds\.\.\.\s*\Z",
                hung=True,
            ),
        ),
        scratch=(".aider*",),
    ),
    "cursor": Preset(
        argv=("cursor-agent", "-p", "--force", "--trust", "--output-format", "stream-json"),
        prompt="arg",
        env=("CURSOR_*",),
        read=readers.claude,
        rules=(
            Rule.infra("not logged in", output=r"[Nn]ot logged in|cursor-agent login|CURSOR_API_KEY"),
            # Of a failure it says nothing but a line of text.
            Rule.infra("its model's server refused", output=r"(?i)(rate|usage) limit|too many requests"),
        ),
        resume=("--resume", "{resumed}"),
    ),
    "amp": Preset(
        argv=("amp", "-x", "--stream-json", "--no-ide"),
        prompt="stdin",
        env=("AMP_*",),
        read=readers.claude,
        rules=(
            Rule.infra("not logged in", output=r"amp login|AMP_API_KEY"),
            Rule.infra("not logged in", output=r"Starting login flow", hung=True),
        ),
    ),
}
"""By the names that `.gt/town.yaml` calls them by."""
