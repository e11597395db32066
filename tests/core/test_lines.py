from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt.core.lines import combined

texts = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n"]), max_size=8).map("".join)


@given(texts, texts, texts)
def test_both_edits_or_none(base: str, one: str, other: str) -> None:
    made = combined(base, one, other)
    assert made == combined(base, other, one)
    assert combined(base, base, one) == combined(base, one, one) == one
    if made is not None:
        assert set(made.splitlines()) <= set((base + one + other).splitlines())


@pytest.mark.parametrize(
    ("one", "other", "made"),
    [
        ("1\n2\n3\n4\n5\n", "0\n1\n2\n3\n4\n", "0\n1\n2\n3\n4\n5\n"),
        ("1\n3\n4\n", "1\n2\n3\n4\nend", "1\n3\n4\nend"),
        ("1\ntwo\n3\n4\n", "1\n2\n3\nfour\n", "1\ntwo\n3\nfour\n"),
        ("1\ntwo\n3\n4\n", "1\ntwo\n3\nfour\n", "1\ntwo\n3\nfour\n"),
        ("1\ntwo\n3\n4\n", "1\n2\nthree\n4\n", None),
        ("1\ntwo\n3\n4\n", "1\nzwei\n3\n4\n", None),
        ("1\n2\n3\n4\na\n", "1\n2\n3\n4\nb\n", None),
        ("", "1\n2\n3\n4\nb\n", None),
    ],
)
def test_lines_that_one_changed(one: str, other: str, made: str | None) -> None:
    assert combined("1\n2\n3\n4\n", one, other) == made


def test_a_last_line_without_an_end_stays_the_last() -> None:
    assert combined("1\n2\n3", "0\n1\n2\n3", "1\n2\n3\n4") == "0\n1\n2\n3\n4"


@pytest.mark.parametrize(
    ("base", "one", "other"),
    [
        ("\n" * 90_000, "a\n" * 60_000, "\n" * 80_000 + "b\n"),
        ("ab" * 100_000, "\n" * 100_000, ""),
        ("x\ny\n" * 40_000, "y\nx\n" * 40_000, "z\n" * 80_000),
    ],
)
def test_texts_made_to_be_slow_are_not_compared(base: str, one: str, other: str) -> None:
    assert combined(base, one, other) is None
