"""Canonical YAML: what is written is read back, by gt and by every other YAML library; what is bad is named."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import pytest
import ruamel.yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gt.core.bead import Bead, Status
from gt.errors import Malformed, Refused
from gt.store import canonical, codec, strict
from tests.benchmarks.towns import beads
from tests.store.scenes import bead

FIXTURES = Path(__file__).parents[2] / "fixtures" / "hostile"

NASTY = [
    "", " ", "\n", "\n\n", "\n\n\n", " \n", "\t", "a\tb", "\ta\nb", " a\nb", "a\n b", "a\n\tb", "a\n\n", "a\n\n\nb\n\n\n",
    "\na", "\n\na\n", "a\r\nb\r\n", "a\rb", "no", "No", "NO", "y", "on", "null", "Null", "~", "true", "1e3", "1", "-1",
    "0o17", "017", "0x1f", "12:30:45", "2026-11-22", "2026-11-22T20:00:00Z", ".inf", ".nan", "1_000", "+1", "=", "<<",
    "a: b", "a:", "a #b", "#a", "- a", "-", "--- a", "---", "...", "? a", "[a]", "{a}", "&a", "*a", "!a", "|", ">", "%a",
    "@a", "`a", "'a'", '"a"', "a'b", 'a"b', "a\\b", "a ", " a", "\x00", "\x1b[31m", "\x7f", "\x85", "\xa0", "a\u2028b",
    "a\u2029\nb", "\ufeffa", "\u202eabc\n\u2066x", "é", "Übung", "日本語", "🎉", "👩\u200d🔧\nx", "a\n \n", "a\n  ", "  \na",
    "a,b", "a, [b]", "x" * 2000, "a:b", "a :b", "key: |", "\U0010ffff", "\ufffe", "=\n", "a\n---\nb\n", "a\n...\n",
]  # fmt: skip

texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.text("ab:# \n\t-|\"'\\", max_size=12),
)
keys = st.one_of(
    st.sampled_from([n for n in NASTY if len(n) < 60]),
    st.text("ab:# -\"'\n", max_size=6),
    st.text("abc", min_size=1),
)
scalars = st.one_of(
    texts,
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
)
plain = st.dictionaries(
    keys,
    st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=12,
    ),
    max_size=6,
)


def other_library(text: str, version: str, *, pure: bool) -> Any:
    """What ruamel makes of it, as YAML 1.1 or 1.2."""
    yaml = ruamel.yaml.YAML(typ="safe", pure=pure)
    if pure:
        yaml.version = version
    return yaml.load(io.StringIO(text))


def same(a: object, b: object) -> bool:
    """Equal, types and the order of keys included."""
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@given(plain)
@example({"text": {"inner": list(NASTY)}})
@example({each: each for each in NASTY if len(each) < 200})
def test_what_is_emitted_is_read_back_by_the_fast_reader(data: dict[str, Any]) -> None:
    assert same(canonical.read(canonical.emit(data)), data)


@given(plain)
@example({"text": {"inner": list(NASTY)}})
@example({each: [each, {each: each}] for each in NASTY if len(each) < 200})
def test_the_c_parser_reads_the_same(data: dict[str, Any]) -> None:
    assert same(strict.parse(canonical.emit(data)), data)


@settings(max_examples=40, deadline=None)
@given(plain)
@example({"text": {"inner": list(NASTY)}})
@example({each: [each] for each in NASTY if len(each) < 200})
def test_other_libraries_read_the_same_in_both_versions_of_yaml(data: dict[str, Any]) -> None:
    text = canonical.emit(data)
    assert same(other_library(text, "1.1", pure=False), data)
    assert same(other_library(text, "1.1", pure=True), data)
    assert same(other_library(text, "1.2", pure=True), data)


@given(
    st.one_of(st.text("ab:-|\" \n{}[]'#", max_size=40), st.text(max_size=40), st.binary(max_size=40).map(str))
)
def test_the_fast_reader_never_reads_what_the_strict_one_reads_otherwise(text: str) -> None:
    try:
        fast = canonical.read(text)
    except canonical.NotCanonical:
        return
    assert same(fast, strict.parse(text))


SCRAPS = (
    "\n", " ", "  ", "- ", "-\n", ": ", ":", '"', "|", "|-\n", "|2", "[]", "{}", "null", "y", "1", "-0", "00", "1.0e+5", "#",
    "\t", "\r", "\u2028", "\\n", "'", "    ", "a: a\n", "é",
)  # fmt: skip


@settings(max_examples=400)
@given(plain, st.data())
def test_what_the_fast_reader_reads_is_what_was_emitted_to_the_letter(
    data: dict[str, Any], dice: st.DataObject
) -> None:
    text = canonical.emit({"a": data, "b": "text"})
    for _ in range(dice.draw(st.integers(1, 3))):
        at = dice.draw(st.integers(0, len(text)))
        cut = dice.draw(st.integers(0, 3))
        text = text[:at] + dice.draw(st.sampled_from(("", *SCRAPS))) + text[at + cut :]
    try:
        read = canonical.read(text)
    except canonical.NotCanonical:
        return
    assert canonical.emit(read) == text


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 1\n", "a: \n  b: 1\n", "a:\n    b: 1\n", "a: 1\n\n", "a: 1", "a:\n", "a: |-\n  x\n  y\n\n",
        'a: "b"\n', 'a: "1\\nb"\n', 'a: "\n', 'a: "1" \n', '"a": 1\n', "a: - b\n", "a:\n  -  b\n", "a: 01\n", "a: 1.50\n",
        "a: b: c\n", "a: b #c\n", "a: yes\n", "a: True\n", " a: 1\n", "- a\n",
        "".join("  " * depth + "a:\n" for depth in range(24)) + "  " * 24 + "a: 1\n",
    ],
)  # fmt: skip
def test_the_fast_reader_refuses_what_would_have_been_emitted_otherwise(text: str) -> None:
    for _ in range(2):  # what it has once read of a text must not open a way for it
        with pytest.raises(canonical.NotCanonical):
            canonical.read(text)


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "a\n\ud800\n"])
def test_half_characters_are_refused(text: str) -> None:
    with pytest.raises(Refused, match="half a character"):
        canonical.emit({"a": text})


@pytest.mark.parametrize(
    "value", [float("inf"), float("nan"), b"bytes", {1: "a"}, {"k" * 600: 1}, 10**40, ()]
)
def test_what_yaml_has_no_form_for_is_refused(value: object) -> None:
    with pytest.raises(Refused):
        canonical.emit({"a": value})


def test_what_is_nested_too_deep_is_refused() -> None:
    data: dict[str, Any] = {}
    for _ in range(40):
        data = {"a": data or 1}
    with pytest.raises(Refused, match="nested"):
        canonical.emit(data)


def test_a_bead_reads_well() -> None:
    made = bead(
        1, title="Fix: the login", body="One.\n\nTwo.\n", labels=frozenset({"b", "a", "no"}), deadline=5400
    )
    assert codec.encode(made).decode() == (
        "apiVersion: gt/v1\n"
        "kind: Bead\n"
        "id: gt-00000001\n"
        'uid: "00000000000000000000000000000001"\n'
        "created:\n"
        '  at: "2026-11-22T20:00:01Z"\n'
        "  by: Alice <alice@example.com>\n"
        "spec:\n"
        '  title: "Fix: the login"\n'
        "  type: task\n"
        "  priority: 2\n"
        "  body: |\n"
        "    One.\n"
        "\n"
        "    Two.\n"
        "  labels:\n"
        "    - a\n"
        "    - b\n"
        '    - "no"\n'
        '  deadline: "1h30m"\n'
        "status:\n"
        "  phase: open\n"
    )


@pytest.mark.parametrize("made", list(beads(60)), ids=lambda each: each.status.phase.value)
def test_realistic_beads_survive(made: Bead) -> None:
    data = codec.encode(made)
    assert codec.decode(data, "x") == made
    canonical.read(data.decode())


def test_unknown_keys_are_kept_and_come_last() -> None:
    data = codec.load(codec.encode(bead(1)), "x")
    data["spec"]["colour"] = {"zeta": [1, "no"], "alpha": None}
    data["zebra"], data["aardvark"] = 1.5, "x"
    again = codec.load(codec.encode(codec.decode(canonical.emit(data).encode(), "x")), "x")
    assert list(again)[-2:] == ["aardvark", "zebra"]
    assert again["spec"]["colour"] == {"zeta": [1, "no"], "alpha": None}
    assert list(again["spec"])[-1] == "colour"


def test_a_legal_edit_by_hand_is_read() -> None:
    text = (
        "# a remark\n{apiVersion: gt/v1, kind: Bead, id: gt-00000001, 'uid': x, created: {at: 2026-11-22, by: bob},\n"
        "spec: {title: no, labels: [b, a], defer: 2026-12-01, priority: 0x1, hold: true}}\n"
    )
    read = codec.decode(text.encode(), "x")
    assert (read.spec.title, read.spec.labels, read.spec.priority) == ("no", frozenset({"a", "b"}), 1)
    assert read.spec.defer == 1796083200
    assert read.status == Status()


def test_what_would_be_too_large_is_not_written() -> None:
    with pytest.raises(Refused, match="at most 262144"):
        codec.encode(bead(1, body="é" * 150_000))


HOSTILE = {
    "alias-bomb.yaml": "an anchor is not allowed",
    "billion-merges.yaml": "an anchor is not allowed",
    "merge-key.yaml": "a merge key is not allowed",
    "foreign-tag.yaml": "a tag is not allowed: tag:yaml.org,2002:python/object/apply:os.system",
    "directive.yaml": "directive",
    "two-documents.yaml": "a second document is not allowed",
    "duplicate-key.yaml": "the key 'priority' is there twice",
    "conflict-markers.yaml": "has conflict markers",
    "not-utf8.yaml": "is not UTF-8 at byte",
    "syntax.yaml": "line 9, column 1: did not find",
    "a-list.yaml": "is not a mapping",
    "number-key.yaml": "a key must be text, not 7",
    "wrong-type.yaml": "spec.priority: must be",
    "newer-version.yaml": "apiVersion: must be gt/v1",
    "no-title.yaml": "spec.title: is missing",
    "lease-without-phase.yaml": "status.lease",
    "unknown-lease-key.yaml": "status.lease.expirs: is not a key",
    "deep.yaml": "nested deeper than",
    "control.yaml": "",
    "empty.yaml": "is empty",
}


@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.iterdir() if path.suffix == ".yaml"))
def test_hostile_files_are_refused_by_name_and_at_once(name: str) -> None:
    start = time.process_time()
    with pytest.raises(Malformed) as caught:
        codec.decode((FIXTURES / name).read_bytes(), f"beads/0/1/{name}")
    assert caught.value.where == f"beads/0/1/{name}"
    assert HOSTILE[name] in caught.value.why
    assert time.process_time() - start < 2, "a bound that costs seconds bounds nothing"


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 200_000,
        b"- " * 100_000,
        b"a: " + b"{a: " * 60_000,
        b"? " * 100_000,
        b"a:\n" * 60_000,
        b"\n".join(b" " * i + b"a:" for i in range(700)),
        b"x" * 10_000_000,
        b"a: [" + b"1," * 120_000 + b"]",
        b'a: "' + b"\\u0041" * 40_000,
    ],
    ids=["flow", "lists", "maps", "keys", "same-key", "staircase", "10MB", "nodes", "unclosed"],
)
def test_bulk_is_refused_at_once(data: bytes) -> None:
    start = time.process_time()
    with pytest.raises(Malformed):
        codec.decode(data, "x")
    assert time.process_time() - start < 2


def test_a_missing_c_parser_is_an_error_not_a_slow_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "_ruamel_yaml", None)
    with pytest.raises(Exception, match="C parser is not installed"):
        strict.parse("a: 1")
