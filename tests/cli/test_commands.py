from __future__ import annotations

import importlib.util
import pkgutil
import re
from pathlib import Path

import pytest

from gt import __version__
from gt.cli import commands
from gt.cli.exits import CALM, Code
from gt.cli.manual import summaries
from gt.cli.table import DAILY, GROUPS, ROWS
from gt.cli.topics import TOPICS
from gt.errors import Busy, Conflict, GtError, Refused
from tests.cli.conftest import Gt


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_has_its_module_and_stands_in_a_group_of_the_help(row: object) -> None:
    from gt.cli.table import Row

    assert isinstance(row, Row)
    assert importlib.util.find_spec(row.module) is not None
    assert row.group in GROUPS


def test_every_module_has_its_row() -> None:
    modules = {f"{commands.__name__}.{module.name}" for module in pkgutil.iter_modules(commands.__path__)}
    assert modules == {row.module for row in ROWS}


def test_the_table_says_what_the_commands_say() -> None:
    assert summaries() == {row.name: row.summary for row in ROWS}


def test_the_daily_commands_are_five() -> None:
    daily = [row.name for row in ROWS if row.group == DAILY]
    assert daily == [row.name for row in ROWS[:5]] == ["init", "create", "run", "status", "why"]
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text()
    assert re.findall(r"^\| `gt (\w+)` \|", readme, re.MULTILINE) == daily


def test_version(gt: Gt) -> None:
    assert gt("version").out == gt("--version").out == f"gt {__version__}\n"
    assert gt("version", "--json").data["gt"] == __version__


def test_exit_codes(gt: Gt) -> None:
    items = gt("exit-codes", "--json").data["items"]
    assert [item["code"] for item in items] == [0, 1, 2, 3, 4, 10, 11, 12, 20, 75, 130, 141]
    assert gt("exit-codes").out.splitlines()[5].startswith("10   progress")


def test_errors_have_codes_that_are_listed() -> None:
    assert [error.exit_code for error in (GtError, Refused, Conflict, Busy)] == [1, 1, 3, 75]
    assert {int(code) for code in CALM} == {3, 10, 11, 12, 20, 75}
    assert Code(75) is Code.BUSY


def test_help(gt: Gt) -> None:
    assert gt("help").out == gt("--help").out
    assert gt("help", "version").out == gt("version", "-h").out
    assert "NO_COLOR" in gt("help", "environment").out
    assert gt("help", "nothing").err == "error: no such command 'nothing'\nhint: gt --help\n"
    assert gt("help", "--markdown").out.startswith("# The command line\n")


def test_help_lists_the_commands_by_what_they_are_for(gt: Gt) -> None:
    out = gt("--help").out
    headings = [line.removesuffix(":") for line in out.splitlines() if line.endswith(":") and line[0] != " "]
    assert headings == ["Options", *GROUPS, "Begin with", "More"]
    assert all(f"    gt help {topic.name}\n" in out for topic in TOPICS)
    assert all(f"  {row.name}  " in out for row in ROWS)
