"""The reference manual of the command line, as Markdown, made from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gt.cli.app import Root, root, summary
from gt.cli.context import Context
from gt.cli.table import GROUPS, ROWS
from gt.cli.topics import TOPICS

_COLUMNS = 100
_HEAD = """\
# The command line

Made by `make docs` from the commands' own help; edit that. How commands are named and what they have in
common is in [cli-convention.md](cli-convention.md), the exit codes are in [exit-codes.md](exit-codes.md).
"""


def markdown() -> str:
    """The whole manual; the same text on every machine."""
    return "\n".join(_parts()).rstrip() + "\n"


def _parts() -> Iterator[str]:
    yield _HEAD
    top = root()
    context = top.make_context("gt", [], obj=Context(), resilient_parsing=True, terminal_width=_COLUMNS)
    for group in GROUPS:
        rows = [row for row in ROWS if row.group == group]
        if not rows:
            continue
        yield f"## {group}\n"
        yield from (f"- [`gt {row.name}`](#gt-{row.name}): {row.summary}" for row in rows)
        yield ""
        for row in rows:
            yield from _command(top.commands.get(row.name), row.name, context)
    yield "## Topics\n"
    for topic in TOPICS:
        yield f"### `gt help {topic.name}`\n\n{topic.summary}.\n\n```text\n{topic.text.strip(chr(10))}\n```\n"


def _command(command: Any, name: str, parent: Any) -> Iterator[str]:
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    yield f"### `{context.command_path}`\n"
    yield f"```text\n{command.get_help(context)}\n```\n"
    for leaf, below in getattr(command, "commands", {}).items():
        yield from _command(below, leaf, context)


def every_command() -> Iterator[tuple[str, Any]]:
    """Each command's path (`dep add`) and the command; groups come before what is in them."""
    top: Root = root()
    for row in ROWS:
        command = top.commands.get(row.name)
        yield row.name, command
        for leaf, below in getattr(command, "commands", {}).items():
            yield f"{row.name} {leaf}", below


def summaries() -> dict[str, str]:
    """The first line of each top-level command's help, by name."""
    return {path: summary(command) for path, command in every_command() if " " not in path}
