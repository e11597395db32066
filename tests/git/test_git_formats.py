"""Trees and commits of any bytes: read, or refused as Malformed; nothing else."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gt.errors import Malformed
from gt.git.formats import FILE, TREE, Entry, format_tree, parse_commit, parse_tree

OID = "0" * 40
ID = b"\x00" * 20
COMMIT = b"tree %s\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n\ntext\n" % OID.encode()

names = st.binary(min_size=1, max_size=8).filter(lambda name: not {0, 0x2F} & set(name))
modes = st.sampled_from([b"100644", b"40000", b"040000", b"", b"x", b"+1", b"4_0", b"9", b"7" * 60, b"1e3"])
lines = st.builds(lambda mode, name, oid: mode + b" " + name + b"\0" + oid, modes, names, st.just(ID))


@given(st.binary(max_size=80) | st.lists(lines, max_size=4).map(b"".join))
@example(b"100644 a\0" + ID + b"100644 a\0" + ID)
@example(b"100644 a/b\0" + ID)
@example(b"100644 \0" + ID)
def test_any_bytes_are_a_tree_or_refused(data: bytes) -> None:
    try:
        entries = parse_tree(OID, data)
    except Malformed:
        return
    assert len({entry.name for entry in entries}) == len(entries)
    assert all(entry.name and "/" not in entry.name and entry.mode < 8**7 for entry in entries)


@given(st.dictionaries(names, st.sampled_from([FILE, TREE]), max_size=5))
def test_a_tree_that_is_written_is_read(wanted: dict[bytes, int]) -> None:
    entries = {Entry(mode, name.decode("utf-8", "surrogateescape"), OID) for name, mode in wanted.items()}
    with suppress(Malformed):  # for what format_tree refuses: `.git` and the like
        assert set(parse_tree(OID, format_tree(entries))) == entries


@given(st.integers(0, len(COMMIT)), st.integers(0, len(COMMIT)), st.binary(max_size=12))
@example(0, len(COMMIT), b"")
@example(COMMIT.index(b" 1 "), COMMIT.index(b" 1 ") + 3, b" " + b"9" * 5000 + b" ")
def test_any_bytes_are_a_commit_or_refused(start: int, end: int, middle: bytes) -> None:
    data = COMMIT[:start] + middle + COMMIT[end:]
    with suppress(Malformed):
        assert isinstance(parse_commit(OID, data).message, str)


@pytest.mark.parametrize(
    "author", [b"", b"A", b"A <a@x>", b"A <a@x> x +0000", b"A <a@x> 1", b"A <a@x> " + b"9" * 40 + b" +0000"]
)
def test_an_author_that_makes_no_sense_is_no_obstacle(author: bytes) -> None:
    commit = parse_commit(OID, COMMIT.replace(b"author A <a@x> 1 +0000", b"author " + author))
    assert (commit.tree, commit.author_time) == (OID, 0)
    assert author.decode().startswith(commit.author)


@pytest.mark.parametrize("encoding", [b"utf-16", b"nonsense", b"idna", b"rot13", b"hex", b"\xff"])
def test_a_foreign_encoding_is_no_obstacle(encoding: bytes) -> None:
    data = COMMIT.replace(b"\n\n", b"\nencoding " + encoding + b"\n\n")
    assert parse_commit(OID, data).author == "A <a@x>"
