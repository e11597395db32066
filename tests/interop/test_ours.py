"""gt's own export: nothing is lost on the way out and in, and what isn't whole is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gt.core.arrival import What
from gt.core.bead import Bead, Lease, Phase, Status
from gt.core.data import bead_data
from gt.core.page import Acknowledged, Page, page_id
from gt.core.schema import bead_from
from gt.core.state import Acceptance, LedgerMeta, Paused, TownState
from gt.errors import Refused
from gt.interop.jsonl import lines
from gt.store.ledger import Changes, Ledger
from tests.benchmarks import towns
from tests.conftest import NOW, run_git
from tests.core import strategies
from tests.interop.ledgers import REAL, beads_of, export_of, file_of, needs_real, take, told
from tests.store.scenes import ALICE, bead, bead_id, commit_files, message, write

PAGE = Page(
    page_id("town", "red", ""),
    "town",
    "red",
    "",
    "it is red",
    NOW,
    2,
    NOW + 8,
    NOW + 9,
    Acknowledged(ALICE, NOW + 10),
)
STATE = TownState(Paused("Bob", "lunch", NOW + 99), {"main": Acceptance("a" * 40, ("b" * 40, "c" * 40))})


def fill(ledger: Ledger, *beads: Bead) -> None:
    changes = Changes({each.id: each for each in beads}, {PAGE.id: PAGE}, STATE)
    with ledger.hold() as held:
        ledger.update(held, message(), lambda _: changes)


def tip(ledger: Ledger) -> str:
    return run_git(ledger.repo.common_dir, "rev-parse", "beads")


def test_exported_and_imported_it_is_equal(ledger: Ledger, other: Ledger) -> None:
    fill(ledger, *towns.beads(60))
    file = export_of(ledger)
    arrival = take(other, file)
    assert len(arrival.beads) == 60
    assert beads_of(other) == beads_of(ledger)
    with ledger.read() as one, other.read() as two:
        assert two.pages() == one.pages() == (PAGE,)
        assert two.state() == one.state() == STATE
    assert export_of(other) == file
    assert {remark.what for remark in arrival.remarks} <= {What.NOTICED}


def test_imported_again_nothing_is_written(ledger: Ledger, other: Ledger) -> None:
    fill(ledger, *towns.beads(20))
    file = export_of(ledger)
    for _ in range(2):
        take(other, file)
        again = take(ledger, file)
    assert run_git(other.repo.common_dir, "rev-list", "--count", "beads") == "2"
    assert again.empty
    assert (again.here, again.remarks) == (20, ())


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(strategies.beads, max_size=4, unique_by=lambda each: each.id))
def test_any_bead_survives_its_line(beads: list[Bead]) -> None:
    from io import BytesIO

    from gt.cli.jsonout import dumps

    file = "".join(dumps(bead_data(each)) + "\n" for each in beads).encode()
    assert [bead_from(line.data, "") for line in lines(BytesIO(file))] == beads


def test_the_lines_are_in_a_fixed_order(ledger: Ledger, other: Ledger) -> None:
    fill(ledger, bead(3), bead(1))
    write(ledger, bead(2))
    fill(other, bead(1), bead(2), bead(3))
    one, two = export_of(ledger).splitlines(), export_of(other).splitlines()
    assert one == two
    kinds = [(data["kind"], data.get("id")) for data in map(json.loads, one)]
    assert kinds == [
        ("Export", None),
        ("TownState", None),
        *(("Bead", bead_id(n)) for n in (1, 2, 3)),
        ("Page", PAGE.id),
    ]
    header = json.loads(one[0])
    assert (header["lineage"], header["prefix"], header["beads"], header["pages"]) == (
        "5b0c8f6e-6c7e-4d0c-9a51-3f5d6f0b2a11",
        "gt",
        3,
        1,
    )


def test_another_prefix_is_no_matter(ledger: Ledger, repo_path: Path, other: Ledger) -> None:
    write(ledger, bead(1, needs=frozenset({bead_id(2)})), bead(2))
    run_git(other.repo.common_dir, "update-ref", "-d", "refs/heads/beads")
    with other.hold() as held:
        other.create(held, LedgerMeta("other", "zz"), message())
    assert not take(other, export_of(ledger)).remarks
    assert beads_of(other) == beads_of(ledger)
    with other.read() as snapshot:
        assert snapshot.resolve(bead_id(1)) == bead_id(1)


def test_what_is_here_is_never_overwritten(ledger: Ledger, other: Ledger) -> None:
    write(ledger, bead(1, title="theirs"), bead(2), bead(3, title="new"))
    mine, twin = bead(1, title="mine"), replace(bead(2), uid="another")
    write(other, mine, twin)
    arrival = take(other, export_of(ledger))
    assert told(arrival) == [
        (bead_id(1), "noticed", "", "is another than here: what is here stays"),
        (bead_id(2), "dropped", "", "another Bead has this id here: that one stays"),
    ]
    assert (len(arrival.beads), arrival.here) == (1, 1)
    assert beads_of(other) == {each.id: each for each in (mine, twin, bead(3, title="new"))}


def test_pages_and_state_here_stay(ledger: Ledger, other: Ledger) -> None:
    fill(ledger)
    file = export_of(ledger)
    mine = replace(PAGE, acknowledged=None)
    with other.hold() as held:
        changes = Changes(pages={PAGE.id: mine}, state=TownState(Paused("Me", "no")))
        other.update(held, message(), lambda _: changes)
    arrival = take(other, file)
    assert arrival.empty
    assert told(arrival) == [
        ("", "noticed", "", "the town's state is another than here: what is here stays"),
        (PAGE.id, "noticed", "", "is another than the page here: what is here stays"),
    ]


def test_what_is_under_way_elsewhere_and_what_dangles_is_told(ledger: Ledger, other: Ledger) -> None:
    leased = next(each for each in towns.beads(200) if each.phase is Phase.LEASED)
    submitted = next(each for each in towns.beads(200) if each.phase is Phase.SUBMITTED)
    tied = bead(
        1, needs=frozenset({bead_id(8)}), parent=bead_id(9), links={"related": frozenset({bead_id(7)})}
    )
    fill(ledger, *(replace(each, spec=bead(1).spec) for each in (leased, submitted)), tied)
    lease: Lease | None = leased.status.lease
    assert lease
    assert sorted(told(take(other, export_of(ledger)))) == sorted(
        [
            (leased.id, "noticed", "status.lease", f"is leased by {lease.actor}, until its lease ends"),
            (
                submitted.id,
                "noticed",
                "status.submission",
                f"is submitted: its commit {submitted.status.submission.commit[:12]} must be here to land",  # type: ignore[union-attr]
            ),
            (
                bead_id(1),
                "noticed",
                "links.related",
                f"{bead_id(7)} is neither in the file nor in this ledger",
            ),
            (
                bead_id(1),
                "noticed",
                "needs",
                f"{bead_id(8)} is neither in the file nor in this ledger: it waits for that",
            ),
            (
                bead_id(1),
                "noticed",
                "parent",
                f"{bead_id(9)} is neither in the file nor in this ledger: it waits for that",
            ),
        ]
    )


def test_an_unreadable_bead_here_stays_and_is_told(ledger: Ledger, other: Ledger) -> None:
    write(ledger, bead(1), bead(2))
    commit_files(other.repo.common_dir.parent, {"beads/0/1/gt-00000001.yaml": "broken: ["})
    arrival = take(other, export_of(ledger))
    (remark,) = arrival.remarks
    assert (remark.id, remark.what) == (bead_id(1), What.DROPPED)
    assert "can't be read" in remark.why
    assert [each.id for each in arrival.beads] == [bead_id(2)]


def test_what_cant_be_read_here_is_not_exported_nor_counted(ledger: Ledger, other: Ledger) -> None:
    write(ledger, bead(1), bead(2))
    commit_files(ledger.repo.common_dir.parent, {"beads/0/1/gt-00000001.yaml": "broken: ["})
    assert [each.id for each in take(other, export_of(ledger)).beads] == [bead_id(2)]


HEADER = '{"apiVersion": "gt/v1", "kind": "Export", "lineage": "x", "prefix": "gt", "beads": 1, "pages": 0}'
LINE = bead_data(bead(1))


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (file_of(HEADER), "in.jsonl: says that it has 1 beads, and has 0: was it cut, or edited?"),
        (file_of(HEADER, LINE, bead_data(bead(2))), "in.jsonl: says that it has 1 beads, and has 2"),
        (file_of(HEADER, LINE, "<<<<<<< HEAD"), "in.jsonl:3: is a conflict marker"),
        (file_of(LINE, json.dumps(LINE)[:-9]), "in.jsonl:2: is no JSON"),
        (file_of(LINE, {**LINE, "uid": "other"}), "in.jsonl:2: gt-00000001 is there twice"),
        (file_of(LINE, {**LINE, "apiVersion": "gt/v2"}), "in.jsonl:2: is not of gt/v1"),
        (
            file_of(LINE, {**LINE, "kind": "Formula"}),
            "in.jsonl:2: kind: there is no place here for 'Formula'",
        ),
        (file_of(LINE, HEADER, HEADER), "in.jsonl:3: kind: there is no place here for 'Export'"),
        (file_of(HEADER.replace('"x"', '"x", "min_reader": 2')), "in.jsonl was written by a newer gt"),
        (file_of({**LINE, "spec": {"title": ""}}), "in.jsonl:1: spec.title: must not be empty"),
        (file_of({**LINE, "spec": {"title": "t", "body": "\ud800"}}), "in.jsonl:1: has half a character"),
        (
            file_of({**LINE, "spec": {"title": "t", "body": "x\n" * 100_000}}),
            "in.jsonl:1: gt-00000001 would be",
        ),
        (file_of({**LINE, "status": {"phase": "leased"}}), "in.jsonl:1: status.lease: is missing"),
        (b'{"some": "thing"}\n', "in.jsonl is neither an export of gt, a list of issues"),
        (b"", "in.jsonl is neither"),
    ],
)
def test_a_file_that_is_not_whole_and_good_is_refused(ledger: Ledger, file: bytes, why: str) -> None:
    before = tip(ledger)
    with pytest.raises(Refused) as refused:
        take(ledger, file)
    assert refused.value.message.startswith(why)
    assert tip(ledger) == before


def test_without_a_header_and_with_a_line_twice_it_is_whole(ledger: Ledger) -> None:
    assert len(take(ledger, file_of(LINE, LINE, bead_data(bead(2), full=True, seconds=True))).beads) == 2


@needs_real
def test_the_real_town_comes_back_equal(ledger: Ledger, other: Ledger) -> None:
    take(ledger, REAL.read_bytes())
    file = export_of(ledger)
    arrival = take(other, file)
    assert beads_of(other) == beads_of(ledger)
    assert export_of(other) == file
    assert {remark.what for remark in arrival.remarks} == {What.NOTICED}
    folder = "beads:beads"
    assert run_git(other.repo.common_dir, "rev-parse", folder) == run_git(
        ledger.repo.common_dir, "rev-parse", folder
    )


def test_phases_of_an_imported_status_are_kept(ledger: Ledger) -> None:
    take(ledger, file_of(bead_data(bead(1, Status(Phase.PROPOSED)))))
    assert beads_of(ledger)[bead_id(1)].phase is Phase.PROPOSED
