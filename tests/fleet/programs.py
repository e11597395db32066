"""The known agents' programs, imitated: `programs.py FOLDER PROGRAM ARGS...`, as far as gt calls them.

Each understands the options of the real one and no others, takes its task the way that does, and prints what that
prints. FOLDER/scenario says how the run goes; what was called, and with which task, is left in FOLDER/called.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

Print = Callable[[argparse.Namespace, str], int]

SESSION = "0123abcd-session"


def tell(*items: object) -> None:
    for item in items:
        sys.stdout.write(item if isinstance(item, str) else json.dumps(item))
        sys.stdout.write("\n")


def parser(*flags: str, values: tuple[str, ...] = (), words: tuple[str, ...] = ()) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(allow_abbrev=False)
    for flag in flags:
        made.add_argument(flag, action="store_true", required=True)
    for value in values:
        made.add_argument(value, required=True)
    for word in words:
        made.add_argument(word)
    return made


def claude(said: argparse.Namespace, scenario: str) -> int:
    assert (said.output_format, len(said.session_id)) == ("json", 36)
    tokens = {"input_tokens": 10, "cache_read_input_tokens": 100, "output_tokens": 5}
    ok = {
        "type": "result",
        "subtype": "success",
        "is_error": scenario != "ok",
        "num_turns": 3,
        "result": "Done.",
        "session_id": said.session_id,
        "total_cost_usd": 0.5,
        "usage": tokens,
    }
    if scenario == "ok":
        tell(ok)
        return 0
    code = {"unauthorized": 401, "limited": 429}[scenario]
    tell({**ok, "api_error_status": code, "result": "Failed to authenticate", "total_cost_usd": 0})
    return 1


def codex(said: argparse.Namespace, scenario: str) -> int:
    assert said.sandbox == "workspace-write"
    tell({"type": "thread.started", "thread_id": SESSION}, {"type": "turn.started"})
    if scenario == "ok":
        message = {"type": "agent_message", "text": "Done."}
        tokens = {"input_tokens": 110, "cached_input_tokens": 100, "output_tokens": 5}
        tell({"type": "item.completed", "item": message}, {"type": "turn.completed", "usage": tokens})
        return 0
    words = {
        "unauthorized": "unexpected status 401 Unauthorized: Missing bearer",
        "limited": "You've hit your usage limit.",
    }[scenario]
    tell({"type": "error", "message": words}, {"type": "turn.failed", "error": {"message": words}})
    return 1


def gemini(said: argparse.Namespace, scenario: str) -> int:
    assert (said.o, said.approval_mode) == ("json", "yolo")
    if scenario == "ok":
        tokens = {"prompt": 110, "candidates": 4, "total": 115, "cached": 100, "thoughts": 1, "tool": 0}
        models = {"gemini-2.5-pro": {"api": {"totalRequests": 3, "totalErrors": 0}, "tokens": tokens}}
        ok = {"session_id": SESSION, "response": "Done.", "stats": {"models": models, "tools": {}}}
        tell("Loaded cached credentials.", json.dumps(ok, indent=2))
        return 0
    code, exits = {"unauthorized": (401, 145), "limited": (429, 173)}[scenario]
    error = {"type": "ApiError", "message": "the request was refused", "code": code}
    sys.stderr.write(json.dumps({"session_id": SESSION, "error": error}, indent=2) + "\n")
    return exits


def copilot(said: argparse.Namespace, scenario: str) -> int:
    assert said.output_format == "json"
    if scenario == "unauthorized":
        sys.stderr.write("Error: No authentication information found.\n\nTo authenticate, run /login.\n")
        return 1
    usage = {"premiumRequests": 2, "totalApiDurationMs": 10, "sessionDurationMs": 20}
    end = {"type": "result", "sessionId": SESSION, "exitCode": 0, "usage": usage}
    if scenario == "ok":
        tell({"type": "assistant.message", "data": {"content": "Done."}}, end)
        return 0
    tell({"type": "session.error", "data": {"message": "429 too many requests"}}, {**end, "exitCode": 1})
    return 1


def opencode(said: argparse.Namespace, scenario: str) -> int:
    assert said.format == "json"
    tell({"type": "step_start", "sessionID": SESSION, "part": {"type": "step-start"}})
    if scenario == "ok":
        step = {
            "cost": 0.25,
            "tokens": {"input": 4, "output": 2, "reasoning": 1, "cache": {"write": 1, "read": 50}},
        }
        tell({"type": "step_finish", "sessionID": SESSION, "part": step})
        tell({"type": "text", "sessionID": SESSION, "part": {"text": "Done."}})
        tell({"type": "step_finish", "sessionID": SESSION, "part": step})
        return 0
    code = {"unauthorized": 401, "limited": 429}[scenario]
    error = {"name": "APIError", "data": {"message": "the request was refused", "statusCode": code}}
    tell({"type": "error", "sessionID": SESSION, "error": error})
    return 1


def aider(said: argparse.Namespace, scenario: str) -> int:
    Path(".aider.chat.history.md").write_text("# talk\n")
    if scenario == "ok":
        tell("Tokens: 1.1k sent, 1k cache hit, 5 received.", "Cost: $0.20 message, $0.20 session.", "Done.")
        tell("Tokens: 10 sent, 5 received. Cost: $0.10 message, $0.30 session.", "Done.")
        return 0
    kind = {"unauthorized": "AuthenticationError", "limited": "RateLimitError"}[scenario]
    tell(f"litellm.{kind}: AnthropicException - rate_limit_error or invalid api key", "Retrying in 0.2 s")
    tell(f"litellm.{kind}: AnthropicException - rate_limit_error or invalid api key")
    return 0


def cursor(said: argparse.Namespace, scenario: str) -> int:
    assert said.output_format == "stream-json"
    if scenario == "unauthorized":
        sys.stderr.write("Error: Not logged in. Run 'cursor-agent login', or set CURSOR_API_KEY.\n")
        return 1
    if scenario == "limited":
        sys.stderr.write("Error: rate limit\n")
        return 1
    tell({"type": "system", "subtype": "init", "session_id": SESSION})
    tell(
        {
            "type": "result",
            "subtype": "success",
            "is_error": False,
            "result": "Done.",
            "session_id": SESSION,
        }
    )
    return 0


def amp(said: argparse.Namespace, scenario: str) -> int:
    tell({"type": "system", "subtype": "init", "session_id": f"T-{SESSION}"})
    tokens = {"input_tokens": 5, "cache_read_input_tokens": 50, "output_tokens": 3}
    message = {"role": "assistant", "content": [{"type": "text", "text": "Done."}], "usage": tokens}
    tell({"type": "assistant", "message": message}, {"type": "assistant", "message": message})
    end = {"type": "result", "subtype": "success", "is_error": False, "num_turns": 2, "result": "Done."}
    if scenario == "ok":
        tell({**end, "session_id": f"T-{SESSION}"})
        return 0
    words = {"unauthorized": "401 unauthorized", "limited": "429 too many requests"}[scenario]
    tell({**end, "subtype": "error_during_execution", "is_error": True, "result": words})
    return 1


def resumable(made: argparse.ArgumentParser, *names: str) -> argparse.ArgumentParser:
    made.add_argument(*names, dest="resumed")
    return made


PROGRAMS: dict[str, tuple[Callable[[], argparse.ArgumentParser], Print, str]] = {
    "claude": (
        lambda: parser("-p", values=("--output-format", "--permission-mode", "--session-id")),
        claude,
        "stdin",
    ),
    "codex": (
        lambda: parser("--json", values=("--sandbox",), words=("exec",)),
        codex,
        "stdin",
    ),
    "gemini": (lambda: parser("--skip-trust", values=("-o", "--approval-mode")), gemini, "stdin"),
    "copilot": (
        lambda: resumable(
            parser("--allow-all-tools", "--no-ask-user", "--no-auto-update", values=("--output-format",)),
            "--resume",
        ),
        copilot,
        "stdin",
    ),
    "opencode": (
        lambda: resumable(parser("--auto", values=("--format",), words=("run",)), "-s"),
        opencode,
        "stdin",
    ),
    "aider": (
        lambda: parser(
            *("--yes-always", "--no-stream", "--no-pretty", "--no-fancy-input", "--no-check-update"),
            *("--no-show-release-notes", "--no-show-model-warnings", "--analytics-disable"),
            *("--no-gitignore", "--no-detect-urls", "--no-suggest-shell-commands"),
            values=("--message-file",),
        ),
        aider,
        "file",
    ),
    "cursor-agent": (
        lambda: resumable(
            parser("-p", "--force", "--trust", values=("--output-format",), words=("prompt",)), "--resume"
        ),
        cursor,
        "arg",
    ),
    "amp": (lambda: parser("-x", "--stream-json", "--no-ide"), amp, "stdin"),
}


def main(folder: Path, program: str, argv: list[str]) -> int:
    make, play, way = PROGRAMS[program]
    resumed = None
    if program == "codex":  # a command of a command, and a dash for the task
        assert argv[-1] == "-"
        argv = argv[:-1]
        if "resume" in argv:
            at = argv.index("resume")
            resumed, argv = argv[at + 1], argv[:at]
    said = make().parse_args(argv)
    if way == "stdin":
        prompt = sys.stdin.read()
    else:
        prompt = said.prompt if way == "arg" else Path(said.message_file).read_text()
    called = {
        "prompt": prompt,
        "env": sorted(os.environ),
        "resumed": resumed or getattr(said, "resumed", None),
    }
    (folder / "called").write_text(json.dumps(called))
    return play(said, (folder / "scenario").read_text())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
