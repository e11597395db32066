"""bd's export: what each field becomes, and that whatever isn't as it was there is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gt.core.bead import TYPES, Bead, Closed, CloseReason, Created, Note, Phase
from gt.core.ready import waiting
from gt.errors import Busy
from gt.interop.bdentry import instant
from gt.interop.names import Names
from gt.store import codec
from gt.store.ledger import Ledger
from tests.conftest import NOW, run_git
from tests.interop.ledgers import (
    CREATED,
    REAL,
    beads_of,
    check_sound,
    edge,
    export_of,
    file_of,
    foreseen,
    needs_real,
    record,
    take,
    told,
)
from tests.store.scenes import bead, bead_id, commit_files, write

AT = 1767323045
"""CREATED in seconds since the epoch."""


def one(ledger: Ledger, **fields: Any) -> tuple[Bead, list[tuple[str, str, str]]]:
    """The Bead of a record with these fields, and what was said of it."""
    arrival = foreseen(ledger, file_of(record("bd-1", **fields)))
    (made,) = arrival.beads
    return made, [(what, field, why) for _, what, field, why in told(arrival)]


def test_every_field_has_a_place(ledger: Ledger) -> None:
    made, said = one(
        ledger,
        description="What it is.",
        design="How.\n",
        notes="And more.",
        acceptance_criteria="- it works",
        priority=1,
        issue_type="bug",
        labels=["a", "b"],
        created_by="carol",
        defer_until="2027-01-01T00:00:00+01:00",
        created_at="2026-01-01T22:04:05.123456789-05:00",
        assignee="dave",
        owner="erin@example.com",
        estimated_minutes=0,
        metadata={"deep": [1, 2.5, {"er": None}]},
        some_new_key="kept",
        pinned=False,
        due_at=None,
        content_hash="",
        comment_count=3,
        _type="issue",
        comments=[
            {"id": 7, "issue_id": "bd-1", "author": "bob", "text": "second", "created_at": "2026-01-02T00:00:00Z"},
            {"id": "c-1", "author": "al", "text": "first", "created_at": "2026-01-01T00:00:00Z", "mood": "good"},
        ],
    )  # fmt: skip
    assert said == []
    assert made.spec.title == "Title of bd-1"
    assert made.spec.body == "What it is.\n\n## Design\n\nHow.\n\n\n## Notes\n\nAnd more."
    assert (made.spec.acceptance, made.spec.priority, made.spec.type) == ("- it works", 1, "bug")
    assert made.spec.labels == {"a", "b"}
    assert made.spec.defer == 1798758000
    assert made.created == Created(AT, "carol")
    assert made.notes == (
        Note("bd-c-1", 1767225600, "al", "first"),
        Note("bd-7", 1767312000, "bob", "second"),
    )
    own = made.extra["bd"]
    assert own["id"] == "bd-1"
    assert own["record"] == {
        "assignee": "dave",
        "owner": "erin@example.com",
        "estimated_minutes": 0,
        "metadata": {"deep": [1, 2.5, {"er": None}]},
        "some_new_key": "kept",
        "comments": [{"id": "c-1", "mood": "good"}],
        "created_at": "2026-01-01T22:04:05.123456789-05:00",
        "updated_at": CREATED,
        "defer_until": "2027-01-01T00:00:00+01:00",
    }
    assert made.phase is Phase.OPEN
    assert not made.spec.hold


def test_what_has_no_place_is_counted(ledger: Ledger) -> None:
    arrival = take(ledger, file_of(record("bd-1", assignee="a"), record("bd-2", assignee="b", owner="c")))
    assert arrival.kept == {"assignee": 2, "owner": 1}


def test_a_missing_priority_is_the_highest(empty: Ledger) -> None:
    (made,) = foreseen(empty, file_of({k: v for k, v in record("bd-1").items() if k != "priority"})).beads
    assert made.spec.priority == 0


@pytest.mark.parametrize(
    ("status", "more", "hold", "say"),
    [
        ("open", {}, False, None),
        ("in_progress", {"assignee": "x"}, False, "is in_progress: open here, for nobody holds it"),
        ("hooked", {}, False, "is hooked: open here, for nobody holds it"),
        ("blocked", {}, True, "is blocked: held here, until a person says otherwise"),
        ("pinned", {}, True, "is pinned: held here, until a person says otherwise"),
        ("waiting_for_legal", {}, True, "is waiting_for_legal: held here, until a person says otherwise"),
        ("deferred", {}, True, "is deferred without a date: held here, until a person says otherwise"),
        ("deferred", {"defer_until": "2027-01-01T00:00:00Z"}, False, None),
        ("", {}, True, "is of no status: held here, until a person says otherwise"),
        ("open", {"pinned": True}, True, "is pinned: held here, until a person says otherwise"),
        ("open", {"ephemeral": True}, True, "is ephemeral: held here, until a person says otherwise"),
        ("open", {"wisp": True}, True, "is wisp: held here, until a person says otherwise"),
        ("open", {"is_template": True}, True, "is is_template: held here, until a person says otherwise"),
    ],
)  # fmt: skip
def test_only_what_bd_would_hand_out_is_ready(
    empty: Ledger, status: str, more: dict[str, Any], hold: bool, say: str | None
) -> None:
    made, said = one(empty, status=status, **more)
    assert made.phase is Phase.OPEN
    assert made.status.lease is None
    assert made.spec.hold is hold
    assert [why for _, _, why in said] == ([say] if say else [])
    if status not in ("open", ""):
        assert made.extra["bd"]["record"]["status"] == status


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", CloseReason.DONE),
        ("Closed", CloseReason.DONE),
        ("Implemented in abc123, no longer fails", CloseReason.DONE),
        ("Fixed duplicate detection", CloseReason.DONE),
        ("Duplicate of bd-7", CloseReason.DUPLICATE),
        ("dupe: see bd-7", CloseReason.DUPLICATE),
        ("Won't fix: by design", CloseReason.WONTFIX),
        ("wontfix", CloseReason.WONTFIX),
        ("Not planned", CloseReason.WONTFIX),
        ("Wrong repo - these were for another", CloseReason.WONTFIX),
        ("Obsolete", CloseReason.OBSOLETE),
        ("Superseded by bd-9", CloseReason.OBSOLETE),
        ("  Stale/spurious - test artifacts", CloseReason.OBSOLETE),
        ("Stalemate resolved", CloseReason.DONE),
        ("Cancelled", CloseReason.OBSOLETE),
    ],
)
def test_what_is_closed_says_why(empty: Ledger, text: str, reason: CloseReason) -> None:
    made, said = one(empty, status="closed", closed_at="2026-02-01T00:00:00.5Z", close_reason=text)
    assert made.phase is Phase.CLOSED
    assert made.status.closed == Closed(reason, text, 1769904000, "unknown")
    assert said == []


def test_done_is_closed_and_a_missing_time_is_that_of_the_last_change(empty: Ledger) -> None:
    made, said = one(empty, status="done", updated_at="2026-03-01T00:00:00Z")
    assert made.status.closed == Closed(CloseReason.DONE, "", 1772323200, "unknown")
    assert said == []


@pytest.mark.parametrize(
    ("there", "here", "hold"),
    [
        *((each, each, False) for each in TYPES),
        ("story", "feature", False),
        ("enhancement", "feature", False),
        ("adr", "decision", False),
        ("timebox", "spike", False),
        ("molecule", "epic", False),
        ("milestone", "epic", False),
        ("message", "task", True),
        ("merge-request", "task", True),
        ("agent", "task", True),
        ("our-own", "task", False),
    ],
)
def test_types(empty: Ledger, there: str, here: str, hold: bool) -> None:
    made, said = one(empty, issue_type=there)
    assert (made.spec.type, made.spec.hold) == (here, hold)
    if there != here:
        assert ("changed", "issue_type", f"is {there}: {here} here") in said
        assert made.extra["bd"]["record"]["issue_type"] == there
    assert len(said) == (there != here) + hold


def test_a_type_of_the_towns_own_stays(empty: Ledger) -> None:
    arrival = foreseen(empty, file_of(record("bd-1", issue_type="gate")), types=(*TYPES, "gate"))
    assert (arrival.beads[0].spec.type, arrival.remarks) == ("gate", ())


def test_what_has_ended_is_not_held(empty: Ledger) -> None:
    made, _ = one(empty, issue_type="message", status="closed", pinned=True)
    assert not made.spec.hold


# Edges


def test_edges_become_needs_parents_and_links(ledger: Ledger) -> None:
    arrival = take(
        ledger,
        file_of(
            # All of them point forward.
            record(
                "bd-1",
                dependencies=[
                    edge("bd-1", "bd-2"),
                    edge("bd-1", "bd-3", "parent-child"),
                    edge("bd-1", "bd-4", "discovered-from"),
                    edge("bd-1", "bd-5", "relates"),
                    edge("bd-1", "bd-6", "blocked-by"),
                    edge("bd-1", "bd-7", "waits-for"),
                    edge("bd-1", "bd-8", "conditional-blocks"),
                ],
            ),
            *(record(f"bd-{n}") for n in range(2, 9)),
        ),
    )
    made = beads_of(ledger)
    ids = {name: each.id for name, each in made.items()}
    spec = made["bd-1"].spec
    assert spec.needs == {ids["bd-2"], ids["bd-6"], ids["bd-7"]}
    assert spec.parent == ids["bd-3"]
    assert spec.links == {
        "discovered-from": {ids["bd-4"]},
        "relates": {ids["bd-5"]},
        "conditional-blocks": {ids["bd-8"]},
    }
    assert spec.hold
    assert told(arrival) == [
        ("bd-1", "changed", "dependencies", "blocked-by: bd gives it no effect: a need here"),
        (
            "bd-1",
            "changed",
            "dependencies",
            "waits-for: waits for the children alone there: a need here, which waits for bd-7 itself as well",
        ),
        (
            "bd-1",
            "changed",
            "dependencies",
            "conditional-blocks: only if bd-8 fails, which is not known here: a link, and held until a person says otherwise",
        ),
    ]
    assert made["bd-1"].extra["bd"]["record"]["dependencies"][0] == {
        "depends_on_id": "bd-2",
        "type": "blocks",
        "created_at": CREATED,
        "created_by": "bob",
    }


def test_of_two_parents_the_first_counts(ledger: Ledger) -> None:
    arrival = take(
        ledger,
        file_of(
            record(
                "bd-1",
                dependencies=[
                    edge("bd-1", "bd-2", "parent-child", "2026-01-02T00:00:00.2Z"),
                    edge("bd-1", "bd-3", "parent-child", "2026-01-02T01:00:00.1+01:00"),
                    edge("bd-1", "bd-3", "parent-child", "2026-05-02T00:00:00Z"),
                ],
            ),
            record("bd-2"),
            record("bd-3"),
        ),
    )
    made = beads_of(ledger)
    assert made["bd-1"].spec.parent == made["bd-3"].id
    assert made["bd-1"].spec.links == {"parent-child": {made["bd-2"].id}}
    assert told(arrival) == [
        ("bd-1", "changed", "dependencies", "parent-child: bd-2 is another parent: a link here")
    ]


def test_an_edge_that_leads_nowhere_blocks_and_is_told(ledger: Ledger) -> None:
    arrival = take(
        ledger,
        file_of(
            record("bd-1", dependencies=[edge("bd-1", "bd-gone"), edge("bd-1", "bd-9", "parent-child")]),
            {**record("bd-9"), "status": "tombstone", "deleted_at": CREATED},
        ),
    )
    assert told(arrival) == [
        ("bd-1", "noticed", "needs", "bd-gone is neither in the file nor in this ledger: it waits for that"),
        ("bd-1", "noticed", "parent", "bd-9 was deleted there: it waits for that"),
        ("bd-9", "dropped", "", "is a tombstone: it was deleted there"),
    ]
    with ledger.read() as snapshot:
        (made,) = snapshot.live()
        why = waiting(made, snapshot.find, snapshot.children, NOW, snapshot.state())
    assert why
    assert "which is not in this ledger" in why.text
    # What comes later takes the place that was kept for it.
    take(ledger, file_of(record("bd-gone")))
    assert beads_of(ledger)["bd-1"].spec.needs == {beads_of(ledger)["bd-gone"].id}


def test_cycles_are_cut_where_they_close(ledger: Ledger) -> None:
    records = [
        record("bd-a", created_at="2026-01-01T00:00:00Z", dependencies=[edge("bd-a", "bd-b")]),
        record("bd-b", dependencies=[edge("bd-b", "bd-c")]),
        record("bd-c", dependencies=[edge("bd-c", "bd-a")]),
        record("bd-epic", issue_type="epic", dependencies=[edge("bd-epic", "bd-child")]),
        record("bd-child", dependencies=[edge("bd-child", "bd-epic", "parent-child")]),
        record("bd-self", dependencies=[edge("bd-self", "bd-self"), edge("bd-self", "bd-self", "parent-child")]),
        record("bd-x", created_at="2026-01-01T00:00:00Z", dependencies=[edge("bd-x", "bd-y", "parent-child")]),
        record("bd-y", dependencies=[edge("bd-y", "bd-x", "parent-child")]),
    ]  # fmt: skip
    arrival = take(ledger, file_of(*records))
    made = beads_of(ledger)
    assert {name: sorted(each.spec.needs) for name, each in made.items() if each.spec.needs} == {
        "bd-a": [made["bd-b"].id],
        "bd-b": [made["bd-c"].id],
    }
    assert made["bd-c"].spec.links == {"blocks": {made["bd-a"].id}}
    assert made["bd-child"].spec.parent == made["bd-epic"].id
    assert made["bd-epic"].spec.links == {"blocks": {made["bd-child"].id}}
    assert made["bd-self"].spec.links == {key: {made["bd-self"].id} for key in ("blocks", "parent-child")}
    assert made["bd-x"].spec.parent == made["bd-y"].id
    assert made["bd-y"].spec.links == {"parent-child": {made["bd-x"].id}}
    assert told(arrival) == [
        (
            "bd-c",
            "changed",
            "dependencies",
            "blocks: bd-a waits for it (bd-a -> bd-b -> bd-c -> bd-a): a link here",
        ),
        (
            "bd-epic",
            "changed",
            "dependencies",
            "blocks: bd-child waits for it (bd-child -> bd-epic -> bd-child): a link here",
        ),
        ("bd-self", "changed", "dependencies", "parent-child: bd-self is below bd-self itself: a link here"),
        (
            "bd-self",
            "changed",
            "dependencies",
            "blocks: bd-self waits for it (bd-self -> bd-self): a link here",
        ),
        ("bd-y", "changed", "dependencies", "parent-child: bd-x is below bd-y itself: a link here"),
    ]


def test_a_cycle_through_what_is_here_is_cut_at_what_comes(ledger: Ledger) -> None:
    take(ledger, file_of(record("bd-1", dependencies=[edge("bd-1", "bd-2")])))
    before = beads_of(ledger)["bd-1"]
    take(ledger, file_of(record("bd-2", dependencies=[edge("bd-2", "bd-1")])))
    made = beads_of(ledger)
    assert made["bd-1"] == before
    assert not made["bd-2"].spec.needs
    assert made["bd-2"].spec.links == {"blocks": {before.id}}


def test_a_need_that_was_closed_otherwise_is_told(ledger: Ledger) -> None:
    arrival = take(
        ledger,
        file_of(
            record("bd-1", dependencies=[edge("bd-1", "bd-2")]),
            record("bd-2", status="closed", close_reason="Obsolete"),
        ),
    )
    assert told(arrival) == [
        ("bd-1", "noticed", "needs", "bd-2 was closed as obsolete: it waits until a person decides")
    ]


# The file


def test_what_is_no_record_is_left_out_and_told(ledger: Ledger) -> None:
    arrival = take(
        ledger,
        file_of(
            {"_schema": 3},
            record("bd-1"),
            "<<<<<<< HEAD",
            record("bd-2"),
            "=======",
            '{"id": "bd-3", "title":',
            ">>>>>>> other",
            {"_type": "memory", "key": "how", "value": "so"},
            {"title": "nameless", "status": "open"},
            record("bd\n4"),
        ),
    )
    assert sorted(beads_of(ledger)) == ["bd-1", "bd-2"]
    assert [(r.line, r.id, r.what.value) for r in arrival.remarks] == [
        (n, name, "dropped")
        for n, name in ((3, ""), (5, ""), (6, ""), (7, ""), (8, "how"), (9, ""), (10, ""))
    ]
    assert arrival.read == 5


def test_of_an_id_that_is_there_twice_the_newest_counts(ledger: Ledger) -> None:
    late, zoned = "2026-01-02T03:04:05.2Z", "2026-01-01T22:04:05.1-05:00"
    arrival = take(
        ledger,
        file_of(
            record("bd-1", title="new", updated_at=late),
            record("bd-1", title="old", updated_at=zoned),
            record("bd-2", title="above"),
            record("bd-2", title="below"),
            record("bd-3", updated_at=zoned),
            {**record("bd-3", updated_at=late), "status": "tombstone"},
        ),
    )
    assert {name: each.spec.title for name, each in beads_of(ledger).items()} == {
        "bd-1": "new",
        "bd-2": "below",
    }
    assert [(r.line, r.id, r.why) for r in arrival.remarks] == [
        (2, "bd-1", "is there again on line 1, which is newer or further down"),
        (3, "bd-2", "is there again on line 4, which is newer or further down"),
        (5, "bd-3", "is there again on line 6, which is newer or further down"),
        (6, "bd-3", "is a tombstone: it was deleted there"),
    ]


def test_times_are_read_to_the_nanosecond_in_any_zone() -> None:
    same = (
        "2026-01-02T03:04:05.123456789Z",
        "2026-01-01T22:04:05.123456789-05:00",
        "2026-01-02T08:34:05.123456789+05:30",
    )
    assert {instant(each) for each in same} == {(AT, 123456789)}
    assert instant("2026-01-02T03:04:05.1Z") == (AT, 100000000)
    for none in ("0001-01-01T00:00:00Z", "yesterday", "", None, 7, ["2026-01-02T03:04:05Z"]):
        assert instant(none) is None


@pytest.mark.parametrize(
    ("fields", "key", "why"),
    [
        ({"title": "x" * 1001}, "title", "isn't one line of at most 1000 characters: made one, kept whole as well"),
        ({"title": "two\nlines"}, "title", "isn't one line of at most 1000 characters: made one, kept whole as well"),
        ({"title": " "}, "title", "is empty: its id stands there instead"),
        ({"description": ["a", "b"]}, "description", "is no text: kept as it is, beside the Bead"),
        ({"created_by": "a\nb"}, "created_by", "isn't one line of at most 1000 characters: kept as it is, beside the Bead"),
        ({"created_at": "then"}, "created_at", "is missing, or no time: 2026-01-02T03:04:05Z here"),
        ({"priority": 7}, "priority", "is 7: 4 here"),
        ({"priority": "P1"}, "priority", "is P1: 1 here"),
        ({"priority": True}, "priority", "is True: 2 here"),
        ({"labels": ["good", ""]}, "labels", "not all are short lines of text: the others are kept beside the Bead"),
        ({"labels": "good"}, "labels", "not all are short lines of text: the others are kept beside the Bead"),
        ({"comments": [{"text": "no time"}]}, "comments", "one can't be read: kept as it is, beside the Bead"),
        ({"dependencies": [{"type": "blocks"}]}, "dependencies", "one can't be read, or is another's: kept as it is, without effect"),
        ({"dependencies": [edge("bd-2", "bd-3")]}, "dependencies", "one can't be read, or is another's: kept as it is, without effect"),
        ({"description": "half \ud800"}, "", "has half characters, which UTF-8 can't hold: they are U+FFFD here"),
    ],
)  # fmt: skip
def test_what_doesnt_fit_is_changed_kept_and_told(
    empty: Ledger, fields: dict[str, Any], key: str, why: str
) -> None:
    made, said = one(empty, **fields)
    assert said == [("changed", key, why)]
    if key and fields[key] != " ":
        assert made.extra["bd"]["record"][key] == fields[key]


def test_comments_of_one_id_are_both_kept(empty: Ledger) -> None:
    said = [{"id": 1, "author": "a", "text": text, "created_at": CREATED} for text in ("x", "y", "x")]
    made, remarks = one(empty, comments=said)
    assert [note.text for note in made.notes] == ["x"]
    assert made.extra["bd"]["record"]["comments"] == [said[1]]
    assert remarks == [("changed", "comments", "one has the id of another: kept as it is, beside the Bead")]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"description": "x" * 200_001}, "no Bead can hold it: spec.body: is longer than 200000 characters"),
        ({"metadata": {"a": "y" * 300_000}}, "no Bead can hold it: gt-"),
        ({"labels": [str(n) for n in range(10_001)]}, "no Bead can hold it: spec.labels: has more than 10000 items"),
        (
            {"comments": [{"id": 1, "author": "a", "text": "z" * 200_001, "created_at": CREATED}]},
            "no Bead can hold it: notes[0].text: is longer than 200000 characters",
        ),
    ],
)  # fmt: skip
def test_what_no_bead_can_hold_is_left_out_whole(ledger: Ledger, fields: dict[str, Any], why: str) -> None:
    arrival = take(
        ledger, file_of(record("bd-1", **fields), record("bd-2", dependencies=[edge("bd-2", "bd-1")]))
    )
    assert list(beads_of(ledger)) == ["bd-2"]
    dropped, dangling = told(arrival)
    assert dropped[:3] == ("bd-1", "dropped", "")
    assert dropped[3].startswith(why)
    assert dangling[3].startswith("bd-1 is neither")


# Names, and importing again


def test_names_are_always_the_same_and_can_be_found(ledger: Ledger, other: Ledger) -> None:
    file = file_of(record("my-hyphened-prefix-a3f8.1.2"), record("bd-1"))
    assert take(ledger, file).names == take(other, file).names
    assert beads_of(ledger) == beads_of(other)
    with ledger.read() as snapshot:
        (found,) = snapshot.listing(text="A3F8.1.2")
        assert found.extra["bd"]["id"] == "my-hyphened-prefix-a3f8.1.2"
        assert snapshot.listing(text="nothing has this") == ()


def test_two_trackers_ids_are_told_apart_by_name(ledger: Ledger) -> None:
    take(ledger, file_of(record("bd-1")))
    second = file_of(record("bd-1", created_at="2020-01-01T00:00:00Z", title="another"))
    arrival = take(ledger, second)
    assert arrival.empty
    ((_, what, _, why),) = told(arrival)
    assert what == "dropped"
    assert why.endswith("is another bd-1, created at another time (name another tracker with --source)")
    (made,) = take(ledger, second, source="second").beads
    assert made.extra["bd"]["source"] == "second"
    assert take(ledger, second, source="second").empty


def test_of_two_that_would_have_one_id_both_get_one(ledger: Ledger) -> None:
    """Forty bits of a digest meet once in millions of files; none of them do at once."""

    def named(_kind: str, prefix: str, _source: str, _theirs: str, turn: int) -> str:
        return f"{prefix}-0000000{turn}"

    def names(*wanted: str) -> dict[str, str]:
        with ledger.read() as snapshot:
            found = Names("bd", snapshot, "gt", "", named)
            found.give(wanted)
            return found.ours

    assert names("bd-b", "bd-a") == {"bd-a": bead_id(0), "bd-b": bead_id(1)}
    write(ledger, *(replace(bead(n), extra={"bd": {"id": name}}) for n, name in enumerate(("bd-a", "bd-b"))))
    assert names("bd-b") == {"bd-b": bead_id(1)}
    assert names("bd-c", "bd-a") == {"bd-a": bead_id(0), "bd-c": bead_id(2)}


def test_imported_again_only_news_is_told(ledger: Ledger) -> None:
    file = file_of(record("bd-1", status="hooked"), record("bd-2"), record("bd-3"))
    take(ledger, file)
    made = beads_of(ledger)
    for _ in range(2):
        arrival = take(ledger, file)
        assert (arrival.empty, arrival.here, arrival.remarks) == (True, 3, ())
        # Whatever was changed here since, the file has no news.
        mine = bead(1, title="changed here").spec
        write(
            ledger, *(Bead(each.id, each.uid, each.created, mine, extra=each.extra) for each in made.values())
        )
    arrival = take(
        ledger,
        file_of(
            record("bd-1", title="newer", updated_at="2026-06-01T00:00:00Z"),
            record("bd-2", title="older", updated_at="2025-06-01T00:00:00Z"),
            record("bd-3", comment_count=5),
        ),
    )
    assert told(arrival) == [
        (
            "bd-1",
            "noticed",
            "",
            f"has changed there since it was imported as {made['bd-1'].id}: what is here stays",
        )
    ]
    assert {each.spec.title for each in beads_of(ledger).values()} == {"changed here"}
    assert run_git(ledger.repo.common_dir, "rev-list", "--count", "beads") == "3"


def test_an_unreadable_bead_here_stays_and_is_told(ledger: Ledger) -> None:
    (made,) = take(ledger, file_of(record("bd-1"))).beads
    path = f"beads/{made.id[-2]}/{made.id[-1]}/{made.id}.yaml"
    commit_files(ledger.repo.common_dir.parent, {path: "broken: ["})
    arrival = take(ledger, file_of(record("bd-1")))
    assert arrival.empty
    ((_, what, _, why),) = told(arrival)
    assert (what, why[:26]) == ("dropped", "what is here can't be read")


def test_a_ledger_that_changes_meanwhile_is_busy_or_the_same(ledger: Ledger) -> None:
    """Somebody without our lock commits between the look and the write."""
    import io

    from gt.interop import bd
    from gt.interop.cargo import Asked
    from gt.verbs.bring import bring
    from tests.store.scenes import ALICE

    cargo = bd.read(io.BytesIO(file_of(record("bd-1"))), Asked("x"))
    looks = 0

    def arrive(snapshot: Any) -> Any:
        nonlocal looks
        looks += 1
        found = cargo.arrive(snapshot)
        if looks == 1:
            commit_files(ledger.repo.common_dir.parent, {"README.md": "harmless"})
        return found

    assert len(bring(ledger, arrive, "x", actor=ALICE, now=NOW).beads) == 1
    assert looks == 2
    looks = 0
    cargo = bd.read(io.BytesIO(file_of(record("bd-2"))), Asked("x"))
    (made,) = cargo.arrive(ledger.read()).beads

    def outrun(snapshot: Any) -> Any:
        nonlocal looks
        looks += 1
        found = cargo.arrive(snapshot)
        if looks == 1:
            path = f"beads/{made.id[-2]}/{made.id[-1]}/{made.id}.yaml"
            commit_files(ledger.repo.common_dir.parent, {path: codec.encode(made)})
        return found

    with pytest.raises(Busy):
        bring(ledger, outrun, "x", actor=ALICE, now=NOW)


# Anything

words = st.sampled_from(
    ["bd-1", "bd-2", "bd-3", "open", "closed", "blocks", "parent-child", CREATED, "bug", ""]
)
anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**20) | words | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
edges = st.fixed_dictionaries(
    {"depends_on_id": words}, optional={"type": words | anything, "created_at": words, "issue_id": words}
)
records = st.fixed_dictionaries(
    {"id": words | anything},
    optional={
        "title": words | anything,
        "status": words | anything,
        "priority": anything,
        "issue_type": words | anything,
        "dependencies": st.lists(edges | anything, max_size=4) | anything,
        "comments": st.lists(
            st.fixed_dictionaries({"id": anything, "text": words, "created_at": words}) | anything, max_size=2
        ),
        **dict.fromkeys(
            ("created_at", "updated_at", "closed_at", "defer_until", "labels", "created_by", "notes"),
            anything | words,
        ),
    },
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(records, max_size=6))
def test_whatever_it_says_the_beads_are_sound_and_nothing_is_silent(
    empty: Ledger, said: list[dict[str, Any]]
) -> None:
    import io

    from gt.interop import bd
    from gt.interop.cargo import Asked

    cargo = bd.read(io.BytesIO(file_of(*said)), Asked("x"))
    with empty.read() as snapshot:
        arrival = cargo.arrive(snapshot)
        assert cargo.arrive(snapshot) == arrival
    check_sound(arrival)
    dropped = {remark.line for remark in arrival.remarks if remark.what == "dropped"}
    assert len(dropped) + len(arrival.beads) == len(said)


@needs_real
def test_the_real_export(ledger: Ledger) -> None:
    data = REAL.read_bytes()
    arrival = take(ledger, data)
    assert (arrival.read, len(arrival.beads), arrival.here) == (3077, 2731, 0)
    with ledger.read() as snapshot:
        assert snapshot.problems() == ()
        counts = snapshot.counts()
    assert (counts[Phase.OPEN], counts[Phase.CLOSED], counts[Phase.LEASED]) == (382, 2349, 0)
    whys = [remark.why for remark in arrival.remarks]
    assert whys.count("is a tombstone: it was deleted there") == 346
    assert whys.count("is hooked: open here, for nobody holds it") == 36
    assert sum(why.endswith("is another parent: a link here") for why in whys) == 4
    assert (
        sum("was deleted there: it waits" in why for why in whys)
        + sum(why.endswith("was deleted there") and not why.startswith("is") for why in whys)
        == 3
    )
    assert not any("a link here" in why for why in whys if why.startswith("blocks"))
    run_git(ledger.repo.common_dir, "fsck", "--strict")
    before = export_of(ledger)
    again = take(ledger, data)
    assert (again.empty, again.here) == (True, 2731)
    assert {remark.what.value for remark in again.remarks} == {"dropped"}
    assert export_of(ledger) == before
