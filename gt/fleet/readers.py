"""How the known agents report of a run: a reader for each, from the log to a `Report`, or None where there is none.

Cached tokens are told apart from other input, as the one who is billed for them is; what a model thinks is output.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gt.fleet.output import tail
from gt.fleet.reports import READ, Report, add, blocks_of, lines_of, mapping, number, resets, status, total


def claude(log: Path) -> Report | None:
    """Reads the `result` object of `claude -p`, as `json` or `stream-json`, and of those that imitate it.

    Where that tells of no tokens, as Amp's doesn't, those of the single messages are summed.
    """
    last: Mapping[str, Any] | None = None
    said: dict[str, float] = {}
    for item in lines_of(log):
        if item.get("type") == "result" and ("is_error" in item or "total_cost_usd" in item):
            last = item
        elif item.get("type") == "assistant":
            add(said, _claude_tokens(mapping(mapping(item.get("message")).get("usage"))))
    if last is None:
        return None
    tokens = {k: v for k, v in _claude_tokens(mapping(last.get("usage"))).items() if v is not None} or said
    usage = {"usd": number(last.get("total_cost_usd")), "turns": number(last.get("num_turns")), **tokens}
    subtype = str(last.get("subtype", ""))
    return Report(
        usage={key: value for key, value in usage.items() if value is not None},
        # A refused key is reported as a success that is an error; a spent budget only by its subtype.
        failed=last.get("is_error") is True or subtype.startswith("error"),
        status=status(last.get("api_error_status")),
        message=str(last.get("result") or last.get("terminal_reason") or subtype),
        session=str(last.get("session_id", "")),
        resets=resets(last),
    )


def _claude_tokens(tokens: Mapping[str, Any]) -> dict[str, float | None]:
    return {
        "input_tokens": total(tokens, "input_tokens", "cache_creation_input_tokens", "inputTokens"),
        "cached_tokens": total(tokens, "cache_read_input_tokens", "cacheReadTokens"),
        "output_tokens": total(tokens, "output_tokens", "outputTokens"),
    }


def codex(log: Path) -> Report | None:
    """Reads the events of `codex exec --json`: tokens summed over its turns, the last error, the last words."""
    usage: dict[str, float] = {}
    session = error = words = ""
    seen = failed = False
    for item in lines_of(log):
        match item.get("type"):
            case "thread.started":
                session = str(item.get("thread_id", ""))
            case "turn.completed":
                seen, failed = True, False
                tokens = mapping(item.get("usage"))
                add(usage, {"turns": 1.0, **_apart(tokens, "input_tokens", "cached_input_tokens")})
                add(usage, {"output_tokens": number(tokens.get("output_tokens")) or 0.0})
            case "turn.failed":
                seen = failed = True
                error = str(mapping(item.get("error")).get("message", "")) or error
            case "error":
                # Also printed for what is tried again: it is a failure only if the turn fails.
                seen, error = True, str(item.get("message", ""))
            case "item.completed":
                words = str(mapping(item.get("item")).get("text", "")) or words
    if not seen:
        return None
    failed = failed or ("turns" not in usage and bool(error))
    return Report(usage, failed, None, error if failed else words, session)


def gemini(log: Path) -> Report | None:
    """Reads the object that `gemini -o json` prints at its end; of a failure it comes on stderr."""
    last: Mapping[str, Any] | None = None
    for item in (*blocks_of(log), *lines_of(log)):
        if "error" in item or "response" in item:
            last = item
    if last is None:
        return None
    usage: dict[str, float] = {}
    for model in mapping(mapping(last.get("stats")).get("models")).values():
        tokens = mapping(mapping(model).get("tokens"))
        add(usage, {"turns": number(mapping(mapping(model).get("api")).get("totalRequests"))})
        add(usage, _apart(tokens, "prompt", "cached"))
        add(usage, {"output_tokens": total(tokens, "candidates", "thoughts")})
    error = mapping(last.get("error"))
    failed = "error" in last
    words = (
        str(error.get("message") or error.get("type") or "") if failed else str(last.get("response") or "")
    )
    code = status(error.get("code"))
    # Its own exit codes come in the same place as HTTP's.
    refused = code if code is not None and code >= 400 else None
    return Report(usage, failed, refused, words, str(last.get("session_id", "")))


def copilot(log: Path) -> Report | None:
    """Reads the events of `copilot --output-format json`; it counts premium requests, not tokens."""
    last: Mapping[str, Any] | None = None
    words = error = ""
    for item in lines_of(log):
        data = mapping(item.get("data"))
        match item.get("type"):
            case "assistant.message":
                words = str(data.get("content") or words)
            case "session.error":
                error = str(data.get("message") or error)
            case "result":
                last = item
    if last is None:
        return None
    failed = number(last.get("exitCode")) != 0
    used = number(mapping(last.get("usage")).get("premiumRequests"))
    usage = {} if used is None else {"requests": used}
    return Report(usage, failed, None, (error or words) if failed else words, str(last.get("sessionId", "")))


def opencode(log: Path) -> Report | None:
    """Reads the events of `opencode run --format json`: cost and tokens summed over its steps."""
    usage: dict[str, float] = {}
    session = words = error = again = ""
    refused: int | None = None
    seen = False
    for item in lines_of(log):
        part = mapping(item.get("part"))
        session = str(item.get("sessionID") or session)
        match item.get("type"):
            case "step_finish":
                seen, error, refused = True, "", None
                tokens, cache = mapping(part.get("tokens")), mapping(mapping(part.get("tokens")).get("cache"))
                add(
                    usage,
                    {
                        "turns": 1.0,
                        "usd": number(part.get("cost")),
                        "input_tokens": total({**tokens, "write": cache.get("write")}, "input", "write"),
                        "cached_tokens": number(cache.get("read")),
                        "output_tokens": total(tokens, "output", "reasoning"),
                    },
                )
            case "text":
                words = str(part.get("text") or words)
            case "error":
                seen = True
                said = mapping(item.get("error"))
                data = mapping(said.get("data"))
                error = str(data.get("message") or said.get("name") or "an error")
                refused = status(data.get("statusCode"))
                again = resets(mapping(data.get("responseHeaders")))
    if not seen:
        return None
    return Report(usage, bool(error), refused, error or words, session, again if error else "")


_AIDER_TOKENS = re.compile(r"([\d.,]+)([kM]?) (sent|received|cache hit)\b")
_AIDER_COST = re.compile(r"Cost: \$[\d.,]+ message, \$([\d.,]*\d) session\.$")
_AIDER_ERROR = re.compile(r"^litellm\.\w*(?:Error|Exception)\b.*$")


def aider(log: Path) -> Report | None:
    """Reads aider's text: a line of tokens and cost after each message, and errors, with which it exits 0 all the same.

    Only an error with no answer after it is a failure: aider tries again by itself.
    """
    usage: dict[str, float] = {}
    words = error = ""
    for line in map(str.strip, tail(log, READ).splitlines()):
        cost = _AIDER_COST.search(line)
        if cost:  # of the whole session, up to here
            usage["usd"] = float(cost[1].replace(",", ""))
        if line.startswith("Tokens: "):
            error = ""
            add(usage, {"turns": 1.0, **_aider_tokens(line)})
        elif _AIDER_ERROR.match(line):
            error = line
        elif line and not cost:
            words = line
    if not usage and not error:
        return None
    return Report(usage, bool(error), None, error or words)


def _aider_tokens(line: str) -> dict[str, float | None]:
    found = {
        kind: float(amount.replace(",", "")) * {"": 1, "k": 1e3, "M": 1e6}[unit]
        for amount, unit, kind in _AIDER_TOKENS.findall(line)
    }
    return {
        "input_tokens": found.get("sent"),
        "cached_tokens": found.get("cache hit"),
        "output_tokens": found.get("received"),
    }


def _apart(tokens: Mapping[str, Any], whole: str, cached: str) -> dict[str, float | None]:
    """Input and cached tokens, where the first are counted with the second."""
    hit = number(tokens.get(cached)) or 0.0
    return {"input_tokens": max(0.0, (number(tokens.get(whole)) or 0.0) - hit), "cached_tokens": hit}
