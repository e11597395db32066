from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt.cli.text import Cell, Styled, one_line, paint, plain, relative, safe, shorten, table, width

HOSTILE = [
    "\x00",
    "\x08",
    "\x0b",
    "\r",
    "\x1b",
    "\x7f",
    "\x9b",
    "\u00ad",
    "\u061c",
    "\u200b",
    "\u200d",
    "\u200e",
]
HOSTILE += ["\u2028", "\u202e", "\u2066", "\u2069", "\u3164", "\ufeff", "\ud800", "\udcff", "\U000e0041"]


@pytest.mark.parametrize("char", HOSTILE, ids=ascii)
def test_what_acts_on_a_terminal_or_hides_is_shown(char: str) -> None:
    shown = safe(f"a{char}b")
    assert char not in shown
    assert shown.isascii()
    assert f"{ord(char):x}" in shown.lower()


@pytest.mark.parametrize(
    "text", ["", "plain", "two\nlines\twith a tab", "grün", "日本語", "a b", "ok 🎉", "\\x1b"]
)
def test_the_rest_is_left_alone(text: str) -> None:
    assert safe(text) == text


@given(st.text())
def test_no_text_reaches_a_terminal_raw(text: str) -> None:
    for char in safe(text):
        assert char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cs", "Zl", "Zp"}
        assert unicodedata.bidirectional(char) not in {
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        }
    assert safe(safe(text)) == safe(text)


def test_a_cell_holds_one_line() -> None:
    assert one_line("a\nb\tc\r") == "a\\nb\\tc\\x0d"


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("", 0)])
def test_width(text: str, columns: int) -> None:
    assert width(text) == columns


def test_shorten() -> None:
    assert shorten("all of it", 9) == "all of it"
    assert shorten("all of it", 8) == "all o..."
    assert shorten("日本語日本語", 8) == "日本..."
    assert shorten("abcdef", 2) == ".."


def test_a_table_aligns_and_ends_no_line_in_spaces() -> None:
    assert table([["gt-1", "open", "A"], ["gt-22", "", "B"], ["gt-3", "", ""]]) == [
        "gt-1   open  A",
        "gt-22        B",
        "gt-3",
    ]
    assert table([]) == []


def test_only_the_elastic_column_gives_way() -> None:
    rows = [["gt-1", "a title that is too long", "9m"]]
    assert table(rows, columns=27, elastic=1) == ["gt-1  a title that i...  9m"]
    assert table(rows, columns=200, elastic=1) == ["gt-1  a title that is too long  9m"]


def test_styles_do_not_move_columns() -> None:
    rows: list[list[Cell]] = [[Styled("x", "red"), "y"], ["xxx", "\x1b[2J"]]
    assert table(rows, painter=plain) == ["x    y", "xxx  \\x1b[2J"]
    assert table(rows, painter=paint) == ["\x1b[31mx\x1b[0m    y", "xxx  \\x1b[2J"]


@pytest.mark.parametrize(
    ("apart", "said"),
    [
        (0, "just now"),
        (5, "5s ago"),
        (119, "1m ago"),
        (7200, "2h ago"),
        (3 * 86400, "3d ago"),
        (-7200, "in 2h"),
    ],
)
def test_relative_times(apart: int, said: str) -> None:
    now = 1795377600
    assert relative(now - apart, now) == said


def test_a_time_long_ago_is_a_date() -> None:
    assert relative(1795377600 - 40 * 86400, 1795377600) == "2026-10-13"
