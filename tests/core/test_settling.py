"""What follows the end of an attempt."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gt.core import settling


@given(st.text(min_size=1), st.integers(1, 60), st.integers(1, 600))
def test_back_off_grows_is_capped_and_the_same_for_everybody(uid: str, failures: int, base: int) -> None:
    wait = settling.backoff(uid, failures, base)
    nominal = min(settling.BACKOFF_CAP, base * 2 ** min(failures - 1, 10))
    assert wait == settling.backoff(uid, failures, base)
    assert 0.8 * nominal - 1 <= wait <= 1.2 * nominal + 1
    assert wait >= 1
