from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt.interop import jsonl
from gt.interop.jsonl import MAX_DEPTH, MAX_LINE, Line, first, lines


def read(data: bytes) -> list[Line]:
    return list(lines(io.BytesIO(data)))


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    found = read(b'\xef\xbb\xbf{"a": 1}\r\n\n  \n{"b": "\xc3\xa4"}')
    assert [(line.number, line.data) for line in found] == [(1, {"a": 1}), (4, {"b": "ä"})]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"<<<<<<< HEAD", "is a conflict marker"),
        (b"=======", "is a conflict marker"),
        (b"||||||| base", "is a conflict marker"),
        (b">>>>>>> other", "is a conflict marker"),
        (b"{", "is no JSON: "),
        (b'{"a": 1}}', "is no JSON: "),
        (b"[1]", "is no JSON object"),
        (b'{"a": "\xff"}', "is not UTF-8 at byte 7"),
        (b'{"a": {"b": 1, "b": 2}}', "has the key 'b' twice"),
        (b'{"a": NaN}', "has NaN, which is no JSON"),
        (b'{"a": -Infinity}', "has -Infinity, which is no JSON"),
        (b'{"a": 1e999}', "has a number that is too large: 1e999"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "has a number of more than 30 digits"),
        (b'{"a": ' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}", "is nested deeper than 20 levels"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "is nested deeper than 20 levels"),
        (b'{"' + b"k" * 81 + b'": 1}', "has a key longer than 80 characters"),
        (b'{"a": "' + b"x" * MAX_LINE + b'"}', f"is longer than {MAX_LINE} bytes"),
    ],
)
def test_a_line_that_cant_be_read_is_told_and_the_next_is_read(line: bytes, why: str) -> None:
    bad, good = read(line + b'\n{"good": true}\n')
    assert (bad.number, bad.data) == (1, {})
    assert bad.wrong.startswith(why)
    assert (good.number, good.data, good.wrong) == (2, {"good": True}, "")


def test_what_is_within_bounds_is_read() -> None:
    deep = b'{"a": ' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"
    wide = b'{"a": [' + b"[]," * 50 + b"[]]}"
    long = b'{"a": "' + b"x" * (MAX_LINE - 100) + b'"}'
    assert [line.wrong for line in read(b"\n".join((deep, wide, long)))] == ["", "", ""]


def test_no_more_than_so_many_lines_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "MAX_LINES", 2)
    assert [line.wrong[:14] for line in read(b"{}\n{}\n{}\n{}\n")] == ["", "", "is one of more"]


def test_half_characters_are_mended_wherever_they_are() -> None:
    (line,) = read(rb'{"a\ud800": ["\udfff", {"b": "\ud83d\ude00"}]}')
    assert line.mended
    assert line.data == {"a\ufffd": ["\ufffd", {"b": "\N{GRINNING FACE}"}]}
    assert not read(rb'{"a": "\ud83d\ude00"}')[0].mended


def test_the_first_object_of_a_head() -> None:
    assert first(b'<<<<<<< x\n{"a": 1}\n{"b": 2}\n') == {"a": 1}
    assert first(b'{"cut": "sho') == {}
    assert first(b"# Markdown\n") == {}


plain: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**29), 10**29) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), plain, max_size=4))
def test_plain_data_comes_as_it_was_written(data: dict[str, Any]) -> None:
    for text in (json.dumps(data), json.dumps(data, ensure_ascii=False)):
        (line,) = read(text.encode("utf-8", "surrogatepass"))
        assert line.mended or line.wrong or line.data == data


@given(st.binary(max_size=60))
def test_no_bytes_break_it(data: bytes) -> None:
    for line in read(data):
        assert not (line.wrong and line.data)
