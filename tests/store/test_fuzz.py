"""Any bytes as a file of the ledger, any entries as its folders: read or refused by name, within bounded time."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gt.core.bead import Bead
from gt.core.merge3 import joined, merged
from gt.errors import Malformed
from gt.git.objects import Entry, MissingObject, Objects
from gt.git.repo import discover
from gt.store import canonical, codec
from gt.store.ledger import Ledger
from tests.conftest import run_git
from tests.core import strategies
from tests.store.scenes import bead, bead_id, new_ledger

HOSTILE = Path(__file__).parents[2] / "fixtures" / "hostile"
SEEDS = sorted(path.read_bytes() for path in HOSTILE.glob("*.yaml"))

PATIENCE = 5.0
"""Seconds of work that one file may take, on the slowest of machines; of waiting it says nothing."""

unhurried = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    max_examples=60,
)
"""Time is measured here by the test itself, and in seconds."""

PIECES = (
    b"\n", b" ", b"  ", b"- ", b"-", b": ", b":", b"|", b"|2", b"|+", b">", b"&a ", b"*a", b"!!str ", b"<<: ", b"%YAML 1.1\n",
    b"---\n", b"...\n", b"{", b"}", b"[", b"]", b"'", b'"', b"\\u0000", b"\\ud800", b"\t", b"\r", b"\x00", b"\xff", b"\x1b[2J",
    b"null", b"~", b"1e999", b"-0", b"0x1", b"9" * 31, b"gt-00000000", b"#", b"? ", b"\xc2\x85", b"\xe2\x80\xae", b"[" * 40,
)  # fmt: skip

files = strategies.beads.map(codec.encode) | st.sampled_from(SEEDS)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A file with a few pieces cut out, put in, doubled or moved."""
    data = draw(files)
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 40)))
        piece = draw(st.sampled_from(PIECES) | st.just(data[start:end] * 2) | st.binary(max_size=4))
        data = data[:start] + piece + data[draw(st.sampled_from([start, end])) :]
    return data


@st.composite
def versions(draw: st.DrawFn) -> tuple[Bead, Bead, Bead]:
    """Three readable versions of one Bead, with lines lost, doubled and changed."""
    text = codec.encode(draw(strategies.beads))
    return _version(draw, text), _version(draw, text), _version(draw, text)


def _version(draw: st.DrawFn, text: bytes) -> Bead:
    first = codec.decode(text, "here")
    lines = text.split(b"\n")
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        lines[at : at + 1] = draw(
            st.sampled_from([[], [lines[at]] * 2, [lines[at] + b"x"], [lines[at] + b"9"]])
        )
    with suppress(Malformed):
        return replace(codec.decode(b"\n".join(lines), "here"), id=first.id, uid=first.uid)
    return first


@unhurried
@given(versions())
def test_whatever_can_be_read_can_be_merged(three: tuple[Bead, Bead, Bead]) -> None:
    """In bounded time, whichever side is named first, to something that can be written."""
    base, one, other = three
    begun = time.process_time()
    for start in (base, None):
        made = merged(start, one, other, one.status, lambda bead: bead.created.by)
        assert made == merged(start, other, one, one.status, lambda bead: bead.created.by)
        read(codec.encode(made))
    joined(one, other)
    assert time.process_time() - begun < PATIENCE


def read(data: bytes) -> None:
    """As whoever reads a file: a Bead, or a refusal that names it; what is read can be written and read again."""
    begun = time.process_time()
    with suppress(Malformed):
        found = codec.decode(data, "here")
        assert codec.decode(codec.encode(found), "here") == found
    assert time.process_time() - begun < PATIENCE


@unhurried
@given(mutated())
def test_a_mutated_file_is_read_or_refused(data: bytes) -> None:
    read(data)


@unhurried
@given(st.binary(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join))
@example(b"\xef\xbb\xbfa: b\n")
@example(b'"a": "\\ud800"\n')
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    read(data)


@unhurried
@given(mutated())
def test_the_fast_reader_never_guesses(data: bytes) -> None:
    """What it takes for canonical, the whole YAML parser reads as the same."""
    from gt.store.strict import parse

    try:
        text = data.decode()
        fast = canonical.read(text)
    except (UnicodeDecodeError, canonical.NotCanonical):
        return
    assert parse(text) == fast


@pytest.mark.parametrize(
    "data",
    [
        b"a:" + b"\n- " * 80_000,
        b"- " * 120_000,
        b"a: " + b"[" * 200_000,
        b"a: " + b"{a: " * 60_000,
        b"".join(b" " * n + b"a:\n" for n in range(700)),
        b"a: |\n" + b"  x\n" * 60_000,
        b"a: '" + b"''" * 120_000 + b"'\n",
        b'a: "' + b"\\x1b" * 60_000 + b'"\n',
        b"".join(b"k%d: 1\n" % n for n in range(25_000)),
        b"? " * 100_000,
        b"&a " * 80_000,
        b"a: " + b"9" * 250_000 + b"\n",
        b"a: 1e" + b"9" * 250_000 + b"\n",
        b"#" * 250_000,
        b"a: b: " * 40_000,
    ],
    ids=range(15),
)
def test_a_file_made_to_be_slow_is_not(data: bytes) -> None:
    assert len(data) <= codec.MAX_BYTES
    read(data)


names = st.sampled_from(
    [b"gt-00000011.yaml", b"gt-zzzzzz11.yaml", b"stray", b"1", b"0", b"zz", b"\xff", b"a\x1bb"]
) | st.binary(min_size=1, max_size=6).filter(
    lambda name: not {0, 0x2F} & set(name) and name.lower() not in (b".", b"..", b".git")
)
modes = st.sampled_from([0o100644, 0o040000, 0o120000, 0o160000, 0o100755, 0, 0o7777777])
kinds = st.sampled_from(["blob", "bead", "tree", "leaf", "gone"])
entries = st.lists(st.tuples(modes, names, kinds), max_size=6, unique_by=lambda each: each[1])


@unhurried
@given(st.lists(entries, min_size=4, max_size=4))
def test_any_folders_are_read_or_named(repo_path: Path, levels: list[list[tuple[int, bytes, str]]]) -> None:
    """Folders of folders of anything, at every level: the ledger opens, and the good Bead is there."""
    repo = discover(repo_path)
    if not Ledger(repo).exists():
        new_ledger(repo_path, bead(32**2 + 1))
    with Objects(repo) as odb:
        oids = {
            "blob": odb.add_blob(b"["),
            "bead": odb.add_blob(codec.encode(bead(33))),
            "gone": "1" * 40,
            "leaf": odb.add_tree([]),
        }
        below = oids["tree"] = oids["leaf"]
        good = odb.commit(Ledger(repo).tip()).tree
        kept = {entry.name: entry for entry in odb.tree(good)}
        for level, wanted in zip(("leaf", "second", "first", "pages"), levels, strict=True):
            made = {
                name.decode("utf-8", "surrogateescape"): (mode, oids[kind]) for mode, name, kind in wanted
            }
            if level == "pages":
                break
            if level != "leaf":
                made["1" if level == "second" else "0"] = (0o040000, below)
            below = oids["tree"] = odb.add_tree(Entry(mode, name, oid) for name, (mode, oid) in made.items())
        pages = odb.add_tree(Entry(mode, name, oid) for name, (mode, oid) in made.items())
        kept |= {"beads": Entry(0o040000, "beads", below), "pages": Entry(0o040000, "pages", pages)}
        tip = odb.add_commit(odb.add_tree(kept.values()), (), "hostile", "m <m@x>", 1)
        odb.flush()
    run_git(repo_path, "update-ref", "refs/heads/beads", tip)
    begun = time.process_time()
    for _ in range(2):
        try:
            opened = Ledger(repo).read()
        except MissingObject:  # a folder that was lost, of which nothing is known: no fetch brings such a one
            assert any(kind == "gone" for level in levels for _, _, kind in level)
            break
        with opened as snapshot:
            for problem in snapshot.problems():
                problem.message.encode()
            for each in snapshot.live():
                assert each.id == bead_id(33)
        (repo.gt_dir / "index.db").unlink(missing_ok=True)
    assert time.process_time() - begun < PATIENCE
