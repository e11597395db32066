from __future__ import annotations

import sys
from typing import Annotated

import pytest
import typer

from gt.cli import app as grammar
from gt.cli import table
from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.options import BeadId, Limit, Yes, duration, moment
from tests.cli.conftest import Gt


@pytest.fixture
def taking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adds `gt taking`, which prints what it was given."""

    class Module:
        app = new_app()

    @Module.app.command("taking")
    def _taking(
        ctx: typer.Context,
        bead: BeadId,
        span: Annotated[int | None, duration("--for", help="How long.")] = None,
        until: Annotated[int | None, moment("--until", help="When.")] = None,
        limit: Limit = None,
        yes: Yes = False,
    ) -> int:
        """Take things."""
        Context.of(ctx).emit([bead, span, until, limit, yes])
        return 0

    row = table.Row("taking", table.PLUMBING, "Take things", agents=True)
    monkeypatch.setattr(grammar, "ROWS", (row,))
    monkeypatch.setitem(table.BY_NAME, "taking", row)
    monkeypatch.setitem(sys.modules, row.module, Module)


@pytest.mark.usefixtures("taking")
def test_values(gt: Gt) -> None:
    assert gt("taking", "7k").data == ["7k", None, None, None, False]
    said = gt("taking", "7k", "--for", "1h30m", "--until", "2026-11-22T20:00:00Z", "-n", "3", "-y")
    assert said.data == ["7k", 5400, 1795377600, 3, True]


@pytest.mark.usefixtures("taking")
@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "missing argument 'BEAD'"),
        (
            ["x", "--for", "soon"],
            "invalid value for '--for': not a duration: 'soon' (write 90s, 20m, 1h or 3d)",
        ),
        (["x", "--until", "noon"], "invalid value for '--until': not a time: 'noon' (write 2026-12-01 or"),
        (["x", "-n", "0"], "invalid value for '--limit' / '-n': 0 is not in the range x>=1"),
    ],
)
def test_what_cannot_be_read_is_a_usage_error(gt: Gt, argv: list[str], message: str) -> None:
    said = gt("taking", *argv)
    assert said.code == 2
    assert said.err.startswith(f"error: {message}")
    assert said.err.endswith("\nhint: gt taking --help\n")


@pytest.mark.usefixtures("taking")
def test_how_they_look_in_the_help(gt: Gt) -> None:
    help_text = gt("taking", "--help").out
    assert "Usage: gt taking [OPTIONS] BEAD\n" in help_text
    assert "--for DURATION" in help_text
    assert "--until TIME" in help_text
