"""Arguments and options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from gt.core.when import parse_duration, parse_past, parse_time
from gt.errors import Refused

BeadId = Annotated[
    str, typer.Argument(metavar="BEAD", help="A Bead's id, or the start of one; the prefix may be left out.")
]
BeadIds = Annotated[list[str], typer.Argument(metavar="BEAD...", help="Ids of Beads, or the starts of them.")]
MaybeBead = Annotated[str | None, typer.Argument(metavar="BEAD", help="A Bead's id, or the start of one.")]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline", help="Don't ask the town's remote: the next sync tells whether the claim stands."
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask for confirmation.")]
Limit = Annotated[int | None, typer.Option("--limit", "-n", min=1, metavar="COUNT", help="At most so many.")]
At = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="REV|TIME", help="As it was: at beads~3, a commit of `gt log`, 2h ago, 2026-12-01."
    ),
]
Text = Annotated[
    str | None, typer.Option("--message", "-m", metavar="TEXT", help="The text; `-` reads it from stdin.")
]


def _usage(parse: Callable[[str], int]) -> Callable[[str], int]:
    """What can't be read on the command line is a usage error, not a refusal."""

    def parsed(value: str) -> int:
        try:
            return parse(value)
        except Refused as error:
            raise typer.BadParameter(error.message) from None

    return parsed


def duration(*names: str, help: str) -> Any:  # noqa: A002
    """An option that takes `90s 20m 1h 3d` and gives seconds.

    It stands in an annotation: `Annotated[int | None, duration("--for", help="...")] = None`.
    """
    return typer.Option(*names, parser=_usage(parse_duration), metavar="DURATION", help=help)


def moment(*names: str, help: str) -> Any:  # noqa: A002
    """An option that takes a date or a time and gives seconds since the epoch."""
    return typer.Option(*names, parser=_usage(parse_time), metavar="TIME", help=help)


def past(value: str | None, now: int) -> int | None:
    """The time that a value of an option names: a date, a time, or how long ago. A usage error for none of them."""
    return None if value is None else _usage(lambda text: parse_past(text, now))(value)
