"""When a limit is over, in the words of the programs that run into one."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt.core.when import format_time, parse_time
from gt.fleet.resets import LATEST, SOONEST, reset, stated

AT = parse_time("2026-11-22T20:00:00Z")
EAST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (f"Claude AI usage limit reached|{AT + 3600}", "2026-11-22T21:00:00Z"),
        ("You've hit your limit · resets 3am (UTC)", "2026-11-23T03:00:00Z"),
        ("5-hour limit reached ∙ resets 11:30pm (Europe/Berlin)", "2026-11-22T22:30:00Z"),
        ("You've hit your session limit · resets 11:30pm", "2026-11-22T21:30:00Z"),
        ("Weekly limit reached, resets Nov 25, 9am (UTC)", "2026-11-25T09:00:00Z"),
        ("You've hit your usage limit. Try again at Nov 23rd, 2026 3:05 PM.", "2026-11-23T13:05:00Z"),
        ("You've hit your usage limit. Try again in 3 days 2 hours 5 minutes.", "2026-11-25T22:05:00Z"),
        ("Rate limit reached for gpt-5. Please try again in 1m30.5s. Visit ...", "2026-11-22T20:01:31Z"),
        ("Rate limit reached: try again in 1.898s.", "2026-11-22T20:01:00Z"),
        ("Your quota will reset after 14h23m45s.", "2026-11-23T10:23:45Z"),
        ("RESOURCE_EXHAUSTED: Please retry in 125.3s.", "2026-11-22T20:02:06Z"),
        ('{"error": {"code": 429, "details": [{"retryDelay": "340s"}]}}', "2026-11-22T20:05:40Z"),
        ("HTTP 429\nRetry-After: 120\n", "2026-11-22T20:02:00Z"),
        ("HTTP 429\nretry-after: Mon, 23 Nov 2026 07:28:00 GMT\n", "2026-11-23T07:28:00Z"),
        ("429: the limit resets at 2026-11-22T23:15:00Z", "2026-11-22T23:15:00Z"),
        ("rate_limit_error, x-ratelimit-reset: 1795384800", "2026-11-22T22:00:00Z"),
        ('{"type": "usage_limit_reached", "resets_in_seconds": 9000}', "2026-11-22T22:30:00Z"),
        ("usage limit; available again in 400 days", "2026-11-29T20:00:00Z"),
        ("usage limit, resets 8pm (UTC)", "2026-11-23T20:00:00Z"),
        ("usage limit; resets_at: 2020-01-01T00:00:00Z", "2026-11-22T20:01:00Z"),
        ("Too many requests", None),
        ("rate limit exceeded; resets soon", None),
        ("rate limit exceeded; try again at 99:99", None),
        ("rate limit exceeded; resets Feb 31, 9am", None),
        ("could not connect; retrying in 16 seconds", None),
        ("", None),
    ],
)
def test_what_programs_say(said: str, expected: str | None) -> None:
    found = reset(said, AT, EAST)
    assert (None if found is None else format_time(found)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", AT + 120),
        ("3", AT + SOONEST),
        (str(AT + 500), AT + 500),
        (str((AT + 500) * 1000), AT + 500),
        ("2026-11-22T20:30:00Z", AT + 1800),
        ("Sun, 22 Nov 2026 20:30:00 GMT", AT + 1800),
        ("99999999", AT + LATEST),
        ("soon", None),
        ("", None),
    ],
)
def test_as_a_value(value: str, expected: int | None) -> None:
    assert stated(value, AT) == expected


@given(st.text(st.sampled_from("resetlimi 429 again in at 0123456789:-.|hmsdapT()/"), max_size=80))
def test_whatever_is_said_it_is_within_bounds(said: str) -> None:
    for text in (said, f"rate limit resets {said}", f"429 retry-after: {said}"):
        for found in (reset(text, AT, EAST), stated(text, AT)):
            assert found is None or AT + SOONEST <= found <= AT + LATEST
