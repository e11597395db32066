"""Collecting garbage: what nobody needs goes, what is the only one of its kind stays, whenever it is killed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gt import lock
from gt.core.bead import Closed, CloseReason, Landed, Phase, Status
from gt.core.garbage import MONTH, Kind
from gt.errors import Busy
from gt.git import housekeeping, journal, loose, mending, packing
from gt.refinery import aftermath, slots
from gt.refinery.outcomes import UNRUN, unrun
from gt.refinery.places import merge_lock, slot_lock
from gt.store import index
from gt.store.settings import town_at
from gt.verbs.gc import Collected, gc
from tests.conftest import NOW, run_git
from tests.crash.dying import dies_at
from tests.refinery.merging import Scene, scene, town
from tests.store.scenes import ALICE, bead, bead_id, write

OLD = NOW - 2 * MONTH
ENDED, FRESH, OPEN, GONE = (bead_id(n) for n in (1, 2, 3, 4))
TOKEN = "1-aaaa"


@pytest.fixture
def yard(repo_path: Path) -> Scene:
    """A town with a Bead that is long over, one that was closed yesterday, and one that is open."""
    made = scene(repo_path)
    long_ago = Closed(CloseReason.DONE, "", OLD, ALICE)
    write(
        made.ledger,
        bead(1, Status(phase=Phase.CLOSED, closed=long_ago)),
        bead(2, Status(phase=Phase.LANDED, landed=Landed("1" * 40, "2" * 40, NOW - 86400))),
        bead(3),
    )
    return made


def collect(yard: Scene, *, dry: bool = False, age: int = MONTH) -> Collected:
    return gc(yard.repo, yard.ledger, actor=ALICE, now=NOW, age=age, dry=dry)


def put(path: Path, text: str = "text", at: int = OLD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (at, at))
    return path


def names(pieces: Collected, kind: Kind) -> dict[str, str]:
    """What was looked at of this kind, by the end of its name: why it stays."""
    return {
        piece.name.rpartition("/")[2]: piece.stays
        for piece in (*pieces.removed, *pieces.kept)
        if piece.kind is kind
    }


def test_logs_go_with_beads_that_are_long_over(yard: Scene) -> None:
    folder = yard.repo.gt_dir / "log"
    made = {each: put(folder / each / f"{TOKEN}.log") for each in (ENDED, FRESH, OPEN, GONE)}
    put(folder / ENDED / f"{TOKEN}.setup.log")
    put(folder / "run" / "old.log")
    asked = {each: yard.repo.gt_dir / "offers" / f"{each}-{TOKEN}" for each in (ENDED, OPEN)}
    for path in asked.values():
        put(path / "1.log")
    young = put(folder / "run" / "young.log", at=NOW)
    said = collect(yard)
    assert {each for each, path in made.items() if path.exists()} == {FRESH, OPEN, GONE}
    assert (young.exists(), (folder / ENDED).exists()) == (True, False)
    assert {each for each, path in asked.items() if path.exists()} == {OPEN}
    assert {piece.name for piece in said.removed} >= {str(made[ENDED]), str(folder / "run" / "old.log")}
    why = {piece.name: piece.stays for piece in said.kept}
    assert "short time" in why[str(made[FRESH])]
    assert why[str(made[OPEN])] == why[str(made[GONE])] == "its Bead isn't over"
    assert said.freed >= 12


def test_a_dry_run_says_the_same_and_touches_nothing(yard: Scene) -> None:
    log = put(yard.repo.gt_dir / "log" / ENDED / f"{TOKEN}.log")
    yard.git("update-ref", f"refs/gt/sub/{ENDED}/{TOKEN}", "main")
    collect(yard, dry=True)  # whatever reads remembers what it read
    before = sorted(str(path) for path in yard.repo.common_dir.rglob("*"))
    said = collect(yard, dry=True)
    assert {piece.name for piece in said.removed} == {str(log), f"refs/gt/sub/{ENDED}/{TOKEN}"}
    assert sorted(str(path) for path in yard.repo.common_dir.rglob("*")) == before
    assert {piece.name for piece in collect(yard).removed} == {piece.name for piece in said.removed}


def test_pins_go_where_something_that_stays_has_their_commits(yard: Scene) -> None:
    main = yard.tip()
    lone = yard.commit({"lone": "1"})
    yard.git("branch", "feature", lone)  # a branch of a person's may go tomorrow
    for ref, oid in {
        f"wip/{ENDED}/1-aaaa": main,
        f"sub/{ENDED}/1-aaaa": lone,
        f"wip/{ENDED}/2-bbbb": lone,
        f"sub/{FRESH}/1-aaaa": main,
        f"wip/{OPEN}/1-aaaa": main,
        f"wip/{GONE}/1-aaaa": main,
        "wip/odd": main,
    }.items():
        yard.git("update-ref", f"refs/gt/{ref}", oid)
    said = collect(yard)
    gone = {piece.name for piece in said.removed if piece.kind is Kind.PIN}
    assert gone == {f"refs/gt/wip/{ENDED}/1-aaaa", f"refs/gt/wip/{ENDED}/2-bbbb"}
    left = yard.git("for-each-ref", "--format=%(refname)", "refs/gt/sub", "refs/gt/wip").split()
    assert left == [
        f"refs/gt/sub/{ENDED}/1-aaaa",
        f"refs/gt/sub/{FRESH}/1-aaaa",
        f"refs/gt/wip/{OPEN}/1-aaaa",
        f"refs/gt/wip/{GONE}/1-aaaa",
        "refs/gt/wip/odd",
    ]
    why = {piece.name: piece.stays for piece in said.kept}
    assert why[f"refs/gt/sub/{ENDED}/1-aaaa"] == "nothing else has its commits"


def test_a_pin_whose_keeper_moved_away_meanwhile_is_put_back(
    yard: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gt.git import refs

    old = yard.tip()
    ahead = yard.commit({"ahead": "1"})
    yard.git("update-ref", "refs/heads/main", ahead)
    yard.git("update-ref", f"refs/gt/sub/{ENDED}/{TOKEN}", ahead)
    real = refs.swap

    def swap(*args: object, **more: object) -> None:
        real(*args, **more)  # type: ignore[arg-type]
        yard.git("update-ref", "refs/heads/main", old)

    monkeypatch.setattr("gt.verbs.gc.refs.swap", swap)
    said = collect(yard)
    assert said.removed == ()
    assert "moved" in names(said, Kind.PIN)[TOKEN]
    assert yard.tip(f"refs/gt/sub/{ENDED}/{TOKEN}") == ahead


def test_what_tells_how_a_tip_is_for_a_gate_that_runs_after_stays(yard: Scene) -> None:
    yard.push({".gt/town.yaml": town("{name: slow, run: make slow, when: after}")})
    (key,) = aftermath.keys(yard.repo, yard.tip(), town_at(yard.repo, yard.tip()))
    mine = put(yard.repo.gt_dir / "outcomes" / key / "1.json")
    other = put(yard.repo.gt_dir / "outcomes" / "other" / "1.json")
    collect(yard, age=60)
    assert (mine.exists(), other.exists()) == (True, False)


def test_outcomes_go_when_they_speak_for_nobody_any_more(yard: Scene) -> None:
    folder = yard.repo.gt_dir / "outcomes"
    old = [put(folder / "key" / name) for name in ("1.json", "1.log", "2.log")]
    fresh = put(folder / "key" / "3.json", at=NOW - 3600)
    lone = put(folder / "other" / "1.json")
    counts = put(yard.repo.gt_dir / "runs" / ("1" * 40))
    tip = put(yard.repo.gt_dir / "runs" / yard.tip())
    said = collect(yard, age=60)
    assert [path.exists() for path in (*old, fresh, lone, counts, tip)] == [
        *[False] * 3,
        True,
        *[False] * 2,
        True,
    ]
    assert names(said, Kind.OUTCOME)["3"] == "it still counts"
    assert not lone.parent.exists()


def test_that_something_could_not_be_run_is_known_as_long_as_its_outcomes(yard: Scene) -> None:
    folder = yard.repo.gt_dir / "outcomes"
    put(folder / "young" / "1.json", at=NOW - 3600)
    put(folder / "old" / "1.json")
    for key in ("young", "old"):
        put(yard.repo.gt_dir / UNRUN / f"{key}.seen")
    for left in ({"young", "old"}, {"young"}):
        # The outcome goes before what points to it.
        collect(yard, age=60)
        assert unrun(yard.repo) == left


def test_while_a_merge_is_at_work_what_is_the_refinerys_stays(yard: Scene) -> None:
    path = put(yard.repo.gt_dir / "outcomes" / "key" / "1.json")
    put(yard.repo.gt_dir / "log" / ENDED / f"{TOKEN}.log")
    with lock.hold(merge_lock(yard.repo)):
        for dry in (True, False):
            said = collect(yard, dry=dry)
            assert names(said, Kind.OUTCOME) == {"1": "a merge is at work"}
            assert [piece.kind for piece in said.removed] == [Kind.LOG]
    assert path.exists()
    collect(yard)
    assert not path.exists()


def test_a_slot_goes_when_no_gate_has_run_in_it_for_long(yard: Scene) -> None:
    yard.submit({"a": ""})
    yard.merge()
    from gt.git import worktree

    (slot,) = (tree for tree in worktree.listing(yard.repo) if tree.path.name == "slot-1")
    assert names(collect(yard), Kind.SLOT) == {"slot-1": "a gate ran in it lately"}
    os.utime(slot.git_dir / "index", (OLD, OLD))
    with lock.hold(slot_lock(yard.repo)):
        assert names(collect(yard), Kind.SLOT) == {"slot-1": "a gate runs in it"}
    assert names(collect(yard), Kind.SLOT) == {"slot-1": ""}
    assert (slot.path.exists(), slot.git_dir.exists()) == (False, False)
    again = yard.submit({"b": ""})
    yard.merge()
    assert yard.phase(again) is Phase.LANDED


def test_a_worktree_of_that_name_that_gt_never_made_is_a_persons(yard: Scene) -> None:
    with yard.ledger.read():
        pass
    from gt.core.town import Town

    place = slots.root(yard.repo, Town()) / "slot-7"
    yard.git("worktree", "add", "-q", str(place), "HEAD")
    assert names(collect(yard), Kind.SLOT) == {}
    assert place.exists()


def test_broken_indexes_and_old_segments_go(yard: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    gt_dir = yard.repo.gt_dir
    (gt_dir / "index.db").rename(gt_dir / "index-9.db")
    stale = [put(gt_dir / name) for name in ("index.db", "index.db-wal", "index-3.db")]
    assert set(index.retired(gt_dir)) == set(stale)
    monkeypatch.setattr(journal, "SEGMENT", 1)
    for number in range(3):
        write(yard.ledger, bead(10 + number))
    first, second, third = journal.segments(yard.repo)[-3:]
    for path in journal.segments(yard.repo)[:-3]:
        path.unlink()
    os.utime(first, (OLD, OLD))
    os.utime(second, (NOW, NOW))
    os.utime(third, (OLD, OLD))
    tree = run_git(yard.path, "rev-parse", "beads^{tree}")
    loose.path_in(yard.repo.common_dir / "objects", tree).unlink()
    said = collect(yard)
    assert said.healed == 1, "what the journal has is given back before anything of it goes"
    assert not any(path.exists() for path in stale)
    assert names(said, Kind.JOURNAL) == {
        first.name: "",
        second.name: "it is less than a day old",
        third.name: "it is appended to",
    }
    assert journal.segments(yard.repo) == (second, third)


def test_what_kept_a_pack_for_a_gt_that_died_goes(yard: Scene) -> None:
    mine = packing.store(yard.repo, [("blob", b"new")])
    others = put(mine.with_name("pack-1.keep"), "mine")
    assert collect(yard).removed == ()
    assert mine.exists()
    os.utime(mine, (OLD, OLD))
    assert [piece.name for piece in collect(yard).removed] == [str(mine)]
    assert others.exists()


def test_git_packs_and_says_which_paths_a_commit_changes(yard: Scene) -> None:
    assert collect(yard).packed
    assert yard.git("count-objects").startswith("0 objects")
    graph = yard.repo.common_dir / "objects" / "info" / "commit-graph"
    assert b"BIDX" in graph.read_bytes()[:200]
    write(yard.ledger, bead(9))
    yard.git("gc", "-q")
    assert b"BIDX" in graph.read_bytes()[:200]
    (yard.repo.common_dir / "gc.pid").write_text(f"{os.getpid()} {os.uname().nodename}\n")
    assert not collect(yard).packed


def test_a_second_one_is_busy(yard: Scene) -> None:
    with lock.hold(yard.repo.gt_dir / "gc.lock"), pytest.raises(Busy, match="another gt gc"):
        collect(yard)


def test_killed_anywhere_it_can_be_run_again(yard: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "pack", lambda _: True)  # what a killed git leaves is git's to know
    alone = yard.commit({"alone": "1"})
    yard.git("update-ref", f"refs/gt/wip/{ENDED}/alone", alone)

    def scatter() -> list[Callable[[], bool]]:
        left = [
            put(yard.repo.gt_dir / "log" / ENDED / f"{TOKEN}.log"),
            put(yard.repo.gt_dir / "outcomes" / "key" / "1.json"),
            put(yard.repo.gt_dir / "outcomes" / "key" / "1.log"),
            put(yard.repo.gt_dir / "arena" / "merge-x" / "file"),
        ]
        os.utime(left[-1].parent, (OLD, OLD))
        yard.git("update-ref", f"refs/gt/sub/{ENDED}/{TOKEN}", "main")
        pin = yard.repo.common_dir / "refs" / "gt" / "sub" / ENDED / TOKEN
        return [path.exists for path in (*left, pin)]

    def killed() -> None:
        collect(yard)

    for effect in range(1, 400, 3):
        there = scatter()
        died = dies_at(effect, killed)
        collect(yard)
        assert not any(each() for each in there), effect
        assert yard.tip(f"refs/gt/wip/{ENDED}/alone") == alone
        if not died:
            break
    assert not died
    yard.git("fsck")
    assert mending.lost(yard.repo) == ()
    assert replace(collect(yard), kept=()) == Collected((), (), 0, packed=True)
