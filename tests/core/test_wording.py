"""Text made fit to be kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gt.core.wording import fit, whole


@given(st.text(alphabet=st.characters()), st.integers(min_value=60, max_value=100))
def test_it_can_be_written_and_is_no_longer_than_asked(text: str, most: int) -> None:
    made = fit(text, most)
    assert made.encode().decode() == made
    assert len(made) <= most
    assert made == whole(text) or "left out" in made


def test_what_is_sound_stays() -> None:
    assert fit("a\nb\U0001f600") == "a\nb\U0001f600"
    assert fit("a\udcffb") == "a\\udcffb"
    assert fit("a" * 50 + "b" * 50, 60) == "a" * 17 + "\n[40 characters left out]\n" + "b" * 17
