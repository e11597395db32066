"""A part between marks: whatever is around it comes back byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt.interop.setup.marked import HASH, HTML, Edited, Part

PART = Part("## gt\n\nhow\n", HTML)
WHOLE = Part("body\n", HTML, "---\nname: gt\n---\n")
TEXTS = st.lists(st.sampled_from(["a", "# b", "\n", "\r\n", "<!-- c -->\n", "", " "])).map("".join)


@given(TEXTS, st.sampled_from([PART, Part("x = 1\n", HASH)]))
def test_out_again_it_is_as_it_was(text: str, part: Part) -> None:
    one = part.put(text, "codex")
    assert part.put(one, "codex") == one
    both = part.put(one, "copilot")
    assert part.take(both, "copilot") == one
    assert part.take(one, "gemini") == one
    assert part.take(part.take(both, "codex"), "copilot") == text


@given(TEXTS, TEXTS)
def test_what_was_written_around_it_since_stays(before: str, after: str) -> None:
    made = PART.put(None, "claude")
    assert PART.take(before + "\n" + made + after, "claude") == before + "\n" + after
    put = PART.put("old\n", "claude")
    assert PART.take(put + after, "claude") == "old\n" + after


@pytest.mark.parametrize("part", [PART, WHOLE])
def test_a_file_of_its_own_comes_and_goes(part: Part) -> None:
    made = part.put(None, "claude")
    assert part.take(made, "claude") is None
    assert part.take(None, "claude") is None
    assert PART.take(PART.put("", "claude"), "claude") == ""


def test_another_gts_is_brought_up_to_date_where_it_stands() -> None:
    old = Part("older\n", HTML).put("top\n", "claude") + "bottom\n"
    assert PART.put(old, "claude") == PART.put("top\n", "claude") + "bottom\n"
    assert PART.take(old, "claude") == "top\nbottom\n"
    older = Part("older\n", HTML, "---\nname: old\n---\n").put(None, "claude")
    assert WHOLE.put(older, "claude") == WHOLE.put(None, "claude")


def test_with_other_line_ends_it_is_known_again() -> None:
    put = PART.put("top\r\n", "claude")
    assert "\n" not in put.replace("\r\n", "")
    assert PART.take(PART.put("top\n", "claude").replace("\n", "\r\n"), "claude") == "top\r\n"


@pytest.mark.parametrize(
    "text",
    [
        PART.put("top\n", "claude").replace("how", "why"),
        PART.put("top\n", "claude").replace("end", "ende"),
        PART.put("top\n", "claude") * 2,
        WHOLE.put(None, "claude").replace("name: gt", "name: mine"),
    ],
)
def test_what_somebody_changed_is_left(text: str) -> None:
    part = WHOLE if text.startswith("---") else PART
    with pytest.raises(Edited):
        part.put(text, "claude")
    with pytest.raises(Edited):
        part.take(text, "claude")


def test_a_whole_file_of_somebody_elses_is_left() -> None:
    with pytest.raises(Edited):
        WHOLE.put("mine\n", "claude")
    assert WHOLE.take("mine\n", "claude") == "mine\n"
    with pytest.raises(Edited):
        WHOLE.take(WHOLE.put(None, "claude") + "and mine\n", "claude")
