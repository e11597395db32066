"""Ledgers and files for the tests of what comes in and goes out."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from gt.cli.jsonout import dumps
from gt.core.arrival import Arrival
from gt.core.bead import Bead, Phase
from gt.core.graph import cycles
from gt.core.merge3 import joined
from gt.interop.cargo import Asked
from gt.interop.formats import FORMATS, format_of
from gt.interop.ours import exported
from gt.store import codec
from gt.store.ledger import Ledger
from gt.verbs.bring import bring, foresee
from tests.conftest import NOW
from tests.store.scenes import ALICE

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "beads-rich.jsonl"
"""A real export of bd; it isn't part of this project."""

needs_real = pytest.mark.skipif(not REAL.exists(), reason="the real export is not here")

CREATED = "2026-01-02T03:04:05Z"


def record(name: str, **more: Any) -> dict[str, Any]:
    """An open record of bd."""
    said = {"id": name, "title": f"Title of {name}", "status": "open", "priority": 2, "issue_type": "task"}
    return {**said, "created_at": CREATED, "updated_at": CREATED, **more}


def edge(name: str, to: str, kind: str = "blocks", at: str = CREATED) -> dict[str, Any]:
    """A dependency record of bd."""
    return {"issue_id": name, "depends_on_id": to, "type": kind, "created_at": at, "created_by": "bob"}


def file_of(*records: dict[str, Any] | bytes | str) -> bytes:
    """A file with a line for each."""
    lines = (each if isinstance(each, bytes | str) else json.dumps(each) for each in records)
    return b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines)


def take(ledger: Ledger, data: bytes, name: str = "in.jsonl", **asked: Any) -> Arrival:
    """Import a file."""
    stream = io.BytesIO(data)
    cargo = FORMATS[format_of(stream, name)].read(stream, Asked(name, **asked))
    return bring(ledger, cargo.arrive, name, actor=ALICE, now=NOW)


def foreseen(ledger: Ledger, data: bytes, **asked: Any) -> Arrival:
    """What importing a file would do."""
    stream = io.BytesIO(data)
    cargo = FORMATS[format_of(stream, "in.jsonl")].read(stream, Asked("in.jsonl", **asked))
    return foresee(ledger, cargo.arrive)


def export_of(ledger: Ledger) -> bytes:
    """What `gt export` prints."""
    with ledger.read() as snapshot:
        return "".join(dumps(data) + "\n" for data in exported(snapshot)).encode()


def beads_of(ledger: Ledger) -> dict[str, Bead]:
    """All Beads by what they are called in bd, or else by their ids."""
    with ledger.read() as snapshot:
        return {bead.extra.get("bd", {}).get("id", bead.id): bead for bead in snapshot.every()}


def told(arrival: Arrival, *names: str) -> list[tuple[str, str, str, str]]:
    """The remarks: id, what, field, why; only those about these ids, if any are named."""
    remarks: Iterable[Any] = arrival.remarks
    return [(r.id, r.what.value, r.field, r.why) for r in remarks if not names or r.id in names]


def check_sound(arrival: Arrival) -> None:
    """Each Bead can be kept and read back, has begun or ended, and none waits for itself."""
    beads = {each.id: each for each in arrival.beads}
    families: dict[str, list[str]] = {}
    for each in arrival.beads:
        assert codec.decode(codec.encode(each), f"beads/{each.id[-2]}/{each.id[-1]}/{each.id}.yaml") == each
        assert each.phase in (Phase.OPEN, Phase.CLOSED)
        families.setdefault(each.spec.parent or "", []).append(each.id)
    assert not cycles(
        beads,
        lambda name: beads[name].spec.needs if name in beads else (),
        lambda name: beads[name].spec.parent if name in beads else None,
        lambda name: families.get(name, ()),
    )


def check_same(first: Sequence[Bead], second: Sequence[Bead]) -> None:
    """What two machines made of one file are the same Beads, and merge without conflict."""
    assert [each.id for each in first] == [each.id for each in second]
    for one, two in zip(first, second, strict=True):
        made = joined(one, two)
        assert made == joined(two, one)
        assert (made.created, made.spec, made.phase) == (one.created, one.spec, one.phase)
        assert made.conflicts == ()
