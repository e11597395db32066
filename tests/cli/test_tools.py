"""The tools of `gt mcp`: each call is a command line that somebody could have typed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from gt.cli.context import Context
from gt.cli.manual import every_command
from gt.cli.table import BY_NAME
from gt.cli.tools import VERBS, call, command
from gt.errors import Refused
from tests.cli.conftest import Gt


def test_a_tool_is_a_command_with_options_that_it_has() -> None:
    commands = dict(every_command())
    for verb in VERBS:
        options = {option for param in commands[verb.name].params for option in param.opts}
        assert {param.option for param in verb.params if param.option} <= options
        assert sum(param.stdin for param in verb.params) <= 1
        assert BY_NAME[verb.name].agents is (verb.name != "create")


@pytest.mark.parametrize(
    ("name", "given", "argv", "stdin"),
    [
        ("status", {}, ("status", "--json", "--"), ""),
        (
            "ready",
            {"labels": ["a", "-b"]},
            ("ready", "--json", "--limit=20", "--label=a", "--label=-b", "--"),
            "",
        ),
        ("note", {"bead": "-x", "text": "-"}, ("note", "--json", "--", "-x", "-"), "-"),
        ("note", {"text": "t"}, ("note", "--json", "--", "-"), "t"),
        ("fail", {"reason": "--bead"}, ("fail", "--json", "--reason=-", "--"), "--bead"),
        ("ask", {"question": "?", "bead": "b"}, ("ask", "--json", "--bead=b", "--", "-"), "?"),
        ("show", {"bead": None}, ("show", "--json", "--"), ""),
    ],
)
def test_nothing_given_is_taken_for_an_option(
    name: str, given: dict[str, Any], argv: tuple[str, ...], stdin: str
) -> None:
    assert command(name, given) == (argv, stdin)


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("merge", {}, "there is no tool merge; there are ready, list"),
        ("show", {"bed": "x"}, "show takes no bed; it takes bead"),
        ("status", {"bead": "x"}, "status takes no bead; it takes nothing"),
        ("note", {}, "note needs text"),
        ("ready", {"limit": "5"}, "limit of ready must be of type integer"),
        ("ready", {"limit": True}, "limit of ready must be of type integer"),
        ("ready", {"labels": [1]}, "labels of ready must be of type array"),
        ("list", {"phase": "done"}, "phase of list is one of proposed, open"),
    ],
)
def test_what_fits_no_schema_is_refused_with_a_hint(name: str, given: dict[str, Any], told: str) -> None:
    with pytest.raises(Refused, match=told) as refused:
        command(name, given)
    assert refused.value.hint in {f"gt {name} --help", "gt mcp --help"}
    answer = call(Context(), name, given)
    assert answer.failed
    assert '"kind": "usage"' in answer.texts[0]


def test_without_the_extra_it_says_what_to_install(
    gt: Gt, repo_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "anyio", None)
    said = gt("mcp", cwd=repo_path)
    assert said.code == 1
    assert said.err.startswith("error: gt mcp needs the extra `mcp` of gt-town (")
    assert said.err.endswith("-m pip install 'gt-town[mcp]'\n")
