from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt.core import ids
from gt.errors import Ambiguous, NotFound, Refused
from tests.core import strategies

KNOWN = ("gt-1aaaaaaa", "gt-1abbbbbb", "gt-2ccccccc", "old-3ddddddd")


def matching(start: str) -> Iterable[str]:
    return (name for name in KNOWN if name.startswith(start))


@given(strategies.ids)
def test_an_id_is_one_and_lies_by_its_last_two_characters(name: str) -> None:
    assert ids.is_id(name)
    assert ids.bead_path(name) == f"beads/{name[-2]}/{name[-1]}/{name}.yaml"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gt",
        "gt-",
        "gt-0000000",
        "gt-000000000",
        "gt-0000000i",
        "GT-00000000",
        "../00000000",
        "gt-00000000\n",
    ],
)
def test_what_is_no_id_makes_no_path(text: str) -> None:
    assert not ids.is_id(text)
    with pytest.raises(Refused, match="not a Bead id"):
        ids.bead_path(text)


def test_an_id_that_is_taken_is_not_minted_again() -> None:
    digits = iter(["00000000", "11111111"])
    assert ids.mint_id("gt", lambda _: next(digits), {"gt-00000000"}.__contains__) == "gt-11111111"
    with pytest.raises(Refused, match="no free id"):
        ids.mint_id("gt", lambda _: "00000000", lambda _: True)


@given(st.integers(1, 999), st.text(ids.ALPHABET, min_size=4, max_size=4))
def test_a_token_tells_its_ordinal(number: int, digits: str) -> None:
    token = ids.mint_token(number, lambda _: digits)
    assert ids.is_token(token)
    assert ids.ordinal(token) == number


@pytest.mark.parametrize(
    ("abbreviation", "found"),
    [
        ("gt-2ccccccc", "gt-2ccccccc"),
        ("gt-2", "gt-2ccccccc"),
        ("2", "gt-2ccccccc"),
        ("2CC", "gt-2ccccccc"),
        (" 1ab ", "gt-1abbbbbb"),
        ("old-3", "old-3ddddddd"),
        ("old", "old-3ddddddd"),
    ],
)
def test_an_abbreviation_finds_the_one_it_fits(abbreviation: str, found: str) -> None:
    assert ids.resolve(abbreviation, "gt", matching) == found


@pytest.mark.parametrize("abbreviation", ["9", "gt-9", "", "../x", "a" * 30, "%"])
def test_an_abbreviation_of_nothing_is_not_found(abbreviation: str) -> None:
    with pytest.raises(NotFound):
        ids.resolve(abbreviation, "gt", matching)


def test_an_abbreviation_of_several_names_them() -> None:
    with pytest.raises(Ambiguous) as error:
        ids.resolve("1a", "gt", matching)
    assert error.value.matches == ("gt-1aaaaaaa", "gt-1abbbbbb")


def test_a_whole_id_is_never_ambiguous() -> None:
    assert ids.resolve("gt-1", "gt", lambda _: ["gt-1", "gt-1x"]) == "gt-1"


def test_no_token_is_minted_that_could_not_be_read() -> None:
    assert ids.is_token(ids.mint_token(999_999, lambda count: "0" * count))
    with pytest.raises(Refused, match="999999 attempts"):
        ids.mint_token(1_000_000, lambda count: "0" * count)
