"""Every hint in the code names a command that is there, with options that it has: it works when it is pasted."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gt.cli.manual import every_command

ROOT = Path(__file__).resolve().parents[2]
COMMANDS: dict[str, Any] = dict(every_command())
HOLE = "HOLE"
"""Stands for what is only known when the hint is printed."""

OTHERS = {"cd", "crontab", "file", "fuser", "git", "ls", "mv", "pip", "pipx", "ps", "rm", "unset"}
"""Programs besides gt that a hint may begin with."""


def texts(node: ast.expr) -> Iterator[str]:
    """What a hint may be, as far as the code itself says it."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=values):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in values)
        case ast.IfExp(body=one, orelse=other):
            yield from texts(one)
            yield from texts(other)
        case ast.BoolOp(values=some):
            for each in some:
                yield from texts(each)


def hints() -> Iterator[tuple[str, str]]:
    """Every hint in the code, and where it is."""
    for path in sorted((ROOT / "gt").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            found = [each.value for each in node.keywords if each.arg == "hint"]
            if isinstance(node.func, ast.Attribute) and node.func.attr == "hint":
                found += node.args[:1]
            for each in found:
                for text in texts(each):
                    yield text, f"{path.relative_to(ROOT)}:{node.lineno}"


ALL = sorted({(text, place) for text, place in hints() if text and not text.startswith(HOLE)})


@pytest.mark.parametrize(("text", "place"), ALL, ids=[place for _, place in ALL])
def test_a_hint_can_be_typed(text: str, place: str) -> None:
    for part in text.split(" && "):
        words = shlex.split(part)
        if words[0] != "gt":
            assert words[0] in OTHERS, f"{place}: {text}"
            continue
        check(words[1:], f"{place}: {text}")


def check(words: list[str], told: str) -> None:
    """Fails unless these words after `gt` are a command of ours with options that it knows."""
    while words[:1] == ["-C"]:
        words = words[2:]
    if words[:1] in ([HOLE], []):
        return
    path = " ".join(words[:2]) if " ".join(words[:2]) in COMMANDS else words[0]
    assert path in COMMANDS, told
    command = COMMANDS[path]
    if path == "help":
        topics = {"agents", "environment", "output"}
        assert not words[1:] or words[1] in topics or " ".join(words[1:]) in COMMANDS, told
    known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {"--help"}
    for word in words[len(path.split()) :]:
        name = word.partition("=")[0]
        if (name.startswith("--") and name != "--" and HOLE not in name) or (
            name.startswith("-") and len(name) == 2 and name[1].isalpha()
        ):
            assert name in known, f"{told}: {name}"


def test_there_are_many() -> None:
    assert len(ALL) > 200
