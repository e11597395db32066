from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from gt.cli.jsonout import dumps, failure, single
from gt.cli.text import safe


@given(
    st.recursive(
        st.text() | st.integers() | st.none(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_it_reads_back_the_same_and_holds_nothing_that_acts_on_a_terminal(data: object) -> None:
    printed = dumps(data, indent=2)
    assert json.loads(printed) == data
    assert safe(printed) == printed


def test_utf_8_stays_readable() -> None:
    assert dumps({"title": "grün \u202e\x7f\U000e0041"}) == '{"title": "grün \\u202e\\u007f\\udb40\\udc41"}'


def test_shapes() -> None:
    assert single("Version", {"gt": "1"}) == {"apiVersion": "gt/v1", "kind": "Version", "gt": "1"}
    assert failure("refused", "no", None) == {"error": {"kind": "refused", "message": "no", "hint": None}}
