"""An attempt's outbox: written whole, read with suspicion."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gt.core.bead import Bead
from gt.core.sayings import MAX_SAYING, Kind, noted, proposed
from gt.errors import Malformed, Refused
from gt.fleet.outbox import queue, read
from tests.conftest import NOW
from tests.store.scenes import bead


def digits(count: int) -> str:
    return os.urandom(count).hex()[:count]


def test_what_is_queued_is_read_in_order(tmp_path: Path) -> None:
    queue(tmp_path, "note", {"text": "second"}, NOW + 1, digits)
    queue(tmp_path, "note", {"text": "first"}, NOW, digits)
    queue(tmp_path, "propose", {"title": "T", "labels": ["a"]}, NOW + 2, digits)
    heard = read(tmp_path)
    assert [(s.kind, s.text) for s in heard.sayings] == [
        (Kind.NOTE, "first"),
        (Kind.NOTE, "second"),
        (Kind.PROPOSE, ""),
    ]
    assert heard.remarks == ()
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


def test_a_question_comes_before_a_failure_and_that_before_a_wish(tmp_path: Path) -> None:
    queue(tmp_path, "submit", {}, NOW, digits)
    assert read(tmp_path).verdict().kind is Kind.SUBMIT  # type: ignore[union-attr]
    queue(tmp_path, "fail", {"reason": "no"}, NOW + 1, digits)
    assert read(tmp_path).verdict().kind is Kind.FAIL  # type: ignore[union-attr]
    queue(tmp_path, "ask", {"question": "?"}, NOW + 2, digits)
    assert read(tmp_path).verdict().kind is Kind.ASK  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("note", {"text": " "}),
        ("ask", {}),
        ("fail", {"reason": 3}),
        ("propose", {"title": "T", "phase": "open"}),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(
    tmp_path: Path, kind: str, payload: dict[str, object]
) -> None:
    with pytest.raises(Malformed):
        queue(tmp_path, kind, payload, NOW, digits)
    assert os.listdir(tmp_path) == []


def test_too_long_or_too_late(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="are the most"):
        queue(tmp_path, "note", {"text": "x" * MAX_SAYING}, NOW, digits)
    with pytest.raises(Refused, match="the attempt is over"):
        queue(tmp_path / "gone", "note", {"text": "x"}, NOW, digits)


def test_hostile_files_are_remarked_on_and_not_taken(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text(json.dumps({"kind": "note", "at": 1, "text": "secret"}))
    box = tmp_path / "box"
    box.mkdir()
    (box / "000000000001-aaaa.json").symlink_to(outside)
    os.mkfifo(box / "000000000002-aaaa.json")
    (box / "000000000003-aaaa.json").write_text("{" * 5000)
    (box / "000000000004-aaaa.json").write_text("x" * (MAX_SAYING + 1))
    (box / "000000000005-aaaa.json").write_text('{"kind": "close"}')
    (box / "000000000006-aaaa.json").mkdir()
    (box / "evil.json").write_text("{}")
    heard = read(box)
    assert heard.sayings == ()
    assert len(heard.remarks) == 7


def test_an_attempt_says_so_much_and_no_more(tmp_path: Path) -> None:
    for number in range(500):
        (tmp_path / f"{number:012d}-aaaa.json").write_text('{"kind": "note", "at": 1, "text": "x"}')
    heard = read(tmp_path)
    assert len(heard.sayings) == 200
    assert len(heard.remarks) == 2


class Known:
    """A ledger of given Beads."""

    def __init__(self, *beads: Bead) -> None:
        self.beads = {each.id: each for each in beads}

    def find(self, name: str) -> Bead | None:
        return self.beads.get(name)

    def resolve(self, name: str) -> str:
        return name

    def children(self, _name: str) -> tuple[()]:
        return ()


def test_applied_twice_it_changes_once(tmp_path: Path) -> None:
    from gt.core.draft import Rules

    queue(tmp_path, "note", {"text": "n"}, NOW, digits)
    queue(tmp_path, "propose", {"title": "T"}, NOW, digits)
    queue(tmp_path, "propose", {"title": "U", "type": "nonsense"}, NOW + 1, digits)
    heard, one = read(tmp_path), bead(1)
    once = noted(one, "1-aaaa", heard, "x", NOW)
    assert noted(once, "1-aaaa", heard, "x", NOW + 9) == once
    made, remarks = proposed(one, "1-aaaa", heard, Known(one), "x", NOW, Rules())
    (name,) = made
    assert made[name].spec.links == {"discovered-from": {one.id}}
    assert "nonsense" in remarks[0]
    again, _ = proposed(one, "1-aaaa", heard, Known(one, made[name]), "x", NOW, Rules())
    assert again == {}
