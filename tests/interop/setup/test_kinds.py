"""What tools are told about gt is so: each command that is named there is one, with these options."""

from __future__ import annotations

import re

import pytest

from gt.cli.manual import every_command
from gt.interop.setup.kinds import KINDS, SECTION, SKILL
from gt.interop.setup.marked import Part


@pytest.mark.parametrize("text", [SECTION, SKILL], ids=["section", "skill"])
def test_every_command_that_is_named_is_one(text: str) -> None:
    options = {path: {opt for param in made.params for opt in param.opts} for path, made in every_command()}
    named = re.findall(r"(?:`|^    )gt (\w+)((?: [^`\n]+)?)", text, re.MULTILINE)
    assert len(named) > 6
    for command, rest in named:
        assert command in options
        assert set(re.findall(r"(?<= )--?[a-z][a-z-]*", rest)) <= options[command]


def test_a_tool_pays_for_few_words_in_each_session() -> None:
    always = [
        piece.head + piece.body
        for pieces in KINDS.values()
        for piece in pieces.values()
        if isinstance(piece, Part)
    ]
    assert len(SECTION) < 1200
    assert max(map(len, always)) < 2500
