"""Command lines from the town's settings: a list is run as it is, a string by `sh -c`, placeholders filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gt.core.town import Command

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def argv(command: Command, values: Mapping[str, str]) -> tuple[str, ...]:
    """The argument vector of a command; `{name}` is replaced for the names in values, all else stays.

    For a string the values are arguments of the shell, never a part of its script: they hold other people's text.
    `{name}` is one word there, in quotes or not; in quotes within a quoted `$(...)` it may be split, but never run.
    """
    if isinstance(command, str):
        script, used = _script(command, values)
        return ("/bin/sh", "-c", script, "sh", *(values[name] for name in used))
    return tuple(_PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), word) for word in command)


def mentions(command: Command, name: str) -> bool:
    """Whether the command has this placeholder."""
    words = (command,) if isinstance(command, str) else command
    return any(f"{{{name}}}" in word for word in words)


def _script(command: str, values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The script with references to its arguments, and the names of those in their order."""
    used: list[str] = []
    parts: list[str] = []
    quote, at = "", 0
    while at < len(command):
        found = _PLACEHOLDER.match(command, at)
        # `${name}` is the shell's own.
        if found and found[1] in values and command[at - 1 : at] != "$":
            if found[1] not in used:
                used.append(found[1])
            parts.append(_reference(used.index(found[1]) + 1, quote))
            at = found.end()
            continue
        step = 2 if command[at] == "\\" and quote != "'" else 1
        if step == 1 and command[at] in "'\"" and quote in ("", command[at]):
            quote = "" if quote else command[at]
        parts.append(command[at : at + step])
        at += step
    return "".join(parts), tuple(used)


def _reference(number: int, quote: str) -> str:
    """An argument of the shell as a word, or a part of one, inside these quotes."""
    reference = f"${{{number}}}"
    return {"": f'"{reference}"', '"': reference, "'": f"'\"{reference}\"'"}[quote]
