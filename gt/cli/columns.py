"""How a board looks: columns side by side where the terminal is wide enough, else one below the other.

Knows nothing of Beads.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import Final, NamedTuple

from gt.cli.context import Context
from gt.cli.text import Cell, Styled, one_line, shorten

NARROWEST: Final = 20
"""A column with less room than this is no column: they are stacked."""


class Card(NamedTuple):
    """What a column says of one thing."""

    name: str
    detail: str
    title: str


class Column(NamedTuple):
    """Cards under a heading. `more`: how many are not shown."""

    heading: str
    style: str
    cards: tuple[Card, ...]
    more: int = 0


def show(gt: Context, columns: list[Column]) -> None:
    """Prints them, those without cards left out."""
    full = [column for column in columns if column.cards]
    room = ((gt.columns or 0) - 2 * (len(full) - 1)) // max(len(full), 1)
    if room >= NARROWEST:
        _beside(gt, full, room)
    else:
        _below(gt, full)


def _beside(gt: Context, columns: list[Column], room: int) -> None:
    gt.table(zip_longest(*(_lines(column, room) for column in columns), fillvalue=""))


def _lines(column: Column, room: int) -> list[Cell]:
    lines: list[Cell] = [Styled(shorten(_heading(column), room), column.style)]
    for card in column.cards:
        lines += [
            "",
            Styled(shorten(one_line(card.name), room), "bold"),
            shorten(one_line(card.title), room),
            Styled(shorten(one_line(card.detail), room), "dim"),
        ]
    return [*lines, "", f"and {column.more} more"] if column.more else lines


def _below(gt: Context, columns: list[Column]) -> None:
    for number, column in enumerate(columns):
        if number:
            gt.out()
        gt.out(Styled(_heading(column), column.style))
        rows = [(card.name, card.detail, card.title) for card in column.cards]
        width = gt.columns
        if width is None:
            gt.table(rows)
        else:  # the reason gives way before the title does
            most = max(width // 3, 12)
            gt.table([(name, shorten(one_line(detail), most), title) for name, detail, title in rows])
        if column.more:
            gt.out(f"and {column.more} more")


def _heading(column: Column) -> str:
    return f"{column.heading} ({len(column.cards) + column.more})"
