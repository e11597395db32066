"""Which formats can be read, and which of them a file is in.

A format is a module of this package with `recognises` and `read`; to add one, name it in `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, NamedTuple

from gt.errors import Refused
from gt.interop import bd, github, jsonl, markdown, ours
from gt.interop.cargo import Asked, Cargo


class Format(NamedTuple):
    """How one format is told from the others, and read."""

    title: str
    recognises: Callable[[bytes], bool]
    """Whether a file that begins so is in the format."""
    read: Callable[[IO[bytes], Asked], Cargo]
    """Reads a whole file. Raises Refused (or its kin) for one that can't be in the format."""


FORMATS = {  # the first that recognises a file has it
    "gt": Format("an export of gt", ours.recognises, ours.read),
    "github": Format("a list of issues from gh", github.recognises, github.read),
    "bd": Format("an export of bd", bd.recognises, bd.read),
    "markdown": Format("a Markdown task list", markdown.recognises, markdown.read),
}


def format_of(stream: IO[bytes], name: str) -> str:
    """The format that the stream, which can be wound back, is in. Raises Refused."""
    head = stream.read(jsonl.MAX_LINE)
    stream.seek(0)
    found = next((known for known, each in FORMATS.items() if each.recognises(head)), None)
    if found is None:
        first, *others = (each.title for each in FORMATS.values())
        raise Refused(
            f"{name} is neither {', '.join([first, *others[:-1]])} nor {others[-1]}", hint="gt help import"
        )
    return found
