from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt.core.when import format_duration, format_time, parse_duration, parse_past, parse_time
from gt.errors import Refused
from tests.core import strategies


@given(strategies.times)
def test_times_survive_being_text(at: int) -> None:
    assert parse_time(format_time(at)) == at


@given(st.integers(0, 10**9))
def test_durations_survive_being_text(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("20m", 1200), ("1h", 3600), ("3d", 259200), ("1h30m", 5400), ("1w", 604800)],
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", " ", "90", "h", "-1h", "1.5h", "1m1h", "1y", "1h 30m", "٣h"])
def test_no_durations(text: str) -> None:
    with pytest.raises(Refused, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T20:00:00Z",
        "2026-11-22T21:00:00+01:00",
        "2026-11-22 20:00",
        "2026-11-22T20:00:00.5Z",
        "2026-11-22T20:00:00+0000",
    ],
)
def test_times(text: str) -> None:
    assert parse_time(text) == 1795377600


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026-13-01",
        "2026-1-1",
        "20261122",
        "1969-12-31",
        "9999-12-31",
        "0001-01-01",
        "2026-11-22T25:00",
        "1795377600",
    ],
)
def test_no_times(text: str) -> None:
    with pytest.raises(Refused, match="not a time"):
        parse_time(text)


def test_90_seconds_are_written_in_two_units() -> None:
    assert [format_duration(s) for s in (0, 90, 3600, 90061)] == ["0s", "1m30s", "1h", "1d1h1m1s"]


def test_a_duration_of_centuries_is_a_slip() -> None:
    with pytest.raises(Refused, match="too long"):
        parse_duration("999999999w")


@pytest.mark.parametrize("text", ["2h", "2h ago", " 120m  ago", "2026-11-22T18:00:00Z"])
def test_a_time_may_be_said_as_how_long_ago(text: str) -> None:
    assert parse_past(text, 1795377600) == 1795370400


@pytest.mark.parametrize("text", ["", "ago", "yesterday", "2h later", "-2h", "1234567d"])
def test_what_is_no_time_of_the_past(text: str) -> None:
    with pytest.raises(Refused, match="not a time"):
        parse_past(text, 1795377600)
