"""The ledger: one commit for each change, none lost, none half done, nobody else's branch touched."""

from __future__ import annotations

import multiprocessing
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Bead, Note
from gt.core.page import Page, page_id
from gt.core.state import LONGEST_WAIVER, Acceptance, LedgerMeta, Paused, TownState, Waiver, Word
from gt.errors import Busy, Malformed, NotFound, Refused
from gt.git.repo import discover
from gt.store import codec, records
from gt.store.ledger import Changes, Ledger, Message, Snapshot
from tests.conftest import NOW, run_git
from tests.crash.dying import dies_at, stopped_at
from tests.store.scenes import ALICE, META, bead, bead_id, commit_files, message, new_ledger, write


def test_a_new_ledger_is_an_orphan_branch_that_explains_itself(repo_path: Path) -> None:
    head, status = run_git(repo_path, "rev-parse", "HEAD"), run_git(repo_path, "status", "--porcelain")
    ledger = new_ledger(repo_path)
    assert run_git(repo_path, "ls-tree", "-r", "--name-only", "beads").split() == [
        "README.md",
        "gt.yaml",
        "state.yaml",
    ]
    assert run_git(repo_path, "rev-list", "--count", "beads") == "1"
    assert ledger.read().meta() == META
    assert (run_git(repo_path, "rev-parse", "HEAD"), run_git(repo_path, "status", "--porcelain")) == (
        head,
        status,
    )
    assert run_git(repo_path, "symbolic-ref", "HEAD") == "refs/heads/main"


def test_an_update_is_one_commit_with_trailers(repo_path: Path) -> None:
    ledger = new_ledger(repo_path)
    with ledger.hold() as held:
        said = Message("Create A\nGt-Actor: mallory", "create", ALICE, (bead_id(1), bead_id(2)), NOW + 60)
        after = ledger.update(held, said, lambda _: Changes({bead_id(1): bead(1), bead_id(2): bead(2)}))
    assert after.get(bead_id(1)) == bead(1)
    assert after.tip == run_git(repo_path, "rev-parse", "beads")
    assert run_git(repo_path, "log", "-1", "--format=%an|%ae|%at|%B", "beads") == (
        f"Alice|alice@example.com|{NOW + 60}|Create A Gt-Actor: mallory\n\n"
        "Gt-Verb: create\nGt-Bead: gt-00000001\nGt-Bead: gt-00000002\nGt-Actor: Alice <alice@example.com>\n"
    )
    assert run_git(repo_path, "show", "beads:beads/0/1/gt-00000001.yaml") == codec.encode(
        bead(1)
    ).decode().rstrip("\n")
    assert run_git(repo_path, "fsck", "--strict") == ""


def test_an_attempt_may_be_the_author(repo_path: Path) -> None:
    ledger = new_ledger(repo_path)
    with ledger.hold() as held:
        said = Message("Ask", "ask", "claude/gt-00000001/1-abcd", (bead_id(1),), NOW)
        ledger.update(held, said, lambda _: Changes({bead_id(1): bead(1)}))
    assert run_git(repo_path, "log", "-1", "--format=%an|%ae", "beads") == "claude/gt-00000001/1-abcd|"
    assert run_git(repo_path, "fsck", "--strict") == ""


def test_what_changes_nothing_writes_nothing(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, bead(1))
    tip, objects = run_git(repo_path, "rev-parse", "beads"), run_git(repo_path, "count-objects")
    assert write(ledger, bead(1)).tip == tip
    with ledger.hold() as held:
        assert ledger.update(held, message(), lambda _: Changes()).tip == tip
        assert ledger.update(held, message(), lambda s: Changes(state=s.state())).tip == tip
    assert run_git(repo_path, "rev-parse", "beads") == tip
    assert run_git(repo_path, "count-objects") == objects


def test_a_file_of_the_same_meaning_is_not_rewritten(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, bead(1))
    by_hand = b"# mine\n" + codec.encode(bead(1))
    tip = commit_files(repo_path, {"beads/0/1/gt-00000001.yaml": by_hand})
    assert write(ledger, bead(1)).tip == tip


def test_a_change_that_raises_leaves_everything_as_it_was(repo_path: Path) -> None:
    ledger = new_ledger(repo_path)
    tip = run_git(repo_path, "rev-parse", "beads")

    def change(_: Snapshot) -> Changes:
        raise Refused("no")

    with ledger.hold() as held, pytest.raises(Refused, match="no"):
        ledger.update(held, message(), change)
    assert run_git(repo_path, "rev-parse", "beads") == tip


def test_only_the_folders_of_what_changed_are_written_anew(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, *(bead(n) for n in range(1, 200)))
    before = run_git(repo_path, "rev-list", "--objects", "--all").split("\n")
    write(ledger, replace(bead(7), spec=replace(bead(7).spec, title="Other")))
    after = run_git(repo_path, "rev-list", "--objects", "--all").split("\n")
    new = sorted(line.partition(" ")[2] for line in set(after) - set(before))
    assert new == [
        "",
        "",
        "beads",
        "beads/0",
        "beads/0/7",
        "beads/0/7/gt-00000007.yaml",
    ]  # a commit, its tree, ...


def test_pages_and_the_state_are_kept_too(repo_path: Path) -> None:
    ledger = new_ledger(repo_path)
    page = Page(page_id("town", "red", "x"), "town", "red", "x", "The target is red.\n", NOW)
    waiver = Waiver("release/1", "slow: tests", ALICE, "no: vendor's", NOW, NOW + LONGEST_WAIVER, "b" * 40)
    words = {"release/1": Word("a" * 40, ALICE, NOW, "SIGNED\nAAAA\n"), "staging": Word("b" * 40, ALICE, NOW)}
    state = TownState(
        Paused(ALICE, "holiday", NOW + 3600),
        {"main": Acceptance("a" * 40, ("b" * 40, "c" * 40))},
        (waiver,),
        words,
    )
    with ledger.hold() as held:
        after = ledger.update(held, message(), lambda _: Changes(pages={page.id: page}, state=state))
    assert (after.pages(), after.state()) == ((page,), state)
    assert (ledger.read().pages(), ledger.read().state()) == ((page,), state)


@pytest.mark.parametrize(
    ("waivers", "why"),
    [
        ("[]", "waivers: must be a mapping"),
        ("{main: {test: []}}", r"waivers\.main\.test: must be a mapping"),
        ("{a..b: {test: {}}}", "is not a branch name"),
        ("{main: {test: {by: a, reason: r, at: 2026-01-01, tip: TIP}}}", r"main\.test\.until: is missing"),
        ("{main: {test: {by: a, at: 2026-01-01, until: 2026-01-02, tip: TIP}}}", "reason: is missing"),
        ("{main: {test: {by: a, reason: r, at: 2026-01-01, until: 2026-01-09, tip: TIP}}}", "at most 7d"),
        ("{main: {test: {by: a, reason: r, at: 2026-01-02, until: 2026-01-02, tip: TIP}}}", "at most 7d"),
        ("{main: {test: {by: a, reason: r, at: 2026-01-01, until: 2026-01-02, tip: main}}}", "object id"),
        (
            "{main: {test: {by: a, reason: r, at: 2026-01-01, until: 2026-01-02, tip: TIP, all: true}}}",
            r"main\.test\.all: is not a key",
        ),
    ],
)
def test_a_waiver_that_says_anything_else_is_none(waivers: str, why: str) -> None:
    text = f"apiVersion: gt/v1\nkind: TownState\nwaivers: {waivers.replace('TIP', 'a' * 40)}\n"
    with pytest.raises(Malformed, match=why):
        records.state_from(codec.load(text.encode(), "state.yaml"), "state.yaml")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("[1]", "approved: must be a mapping"),
        ("{a: x}", "approved.a: must be a mapping"),
        ("{a: {commit: x, by: al, at: '2026-11-22T20:00:00Z', more: 1}}", "approved.a: must be a mapping of"),
        ("{a: {commit: x, by: al}}", "approved.a: commit, by and at must be text"),
        ("{a: {commit: x, by: al, at: soon}}", "approved.a.at: "),
        (
            "{a: {commit: x, by: al, at: '2026-11-22T20:00:00Z', signature: [x]}}",
            "approved.a.signature: must be text",
        ),
    ],
)
def test_a_word_that_says_anything_else_is_none(words: str, why: str) -> None:
    text = f"apiVersion: gt/v1\nkind: TownState\napproved: {words}\n"
    with pytest.raises(Malformed, match=why):
        records.state_from(codec.load(text.encode(), "state.yaml"), "state.yaml")


def test_inside_an_update_a_bead_is_read_from_git_not_from_the_index(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, bead(1))
    snapshot = ledger.read()
    snapshot._index.unpin()
    snapshot._index.db.execute("UPDATE bead SET doc = replace(doc, 'Task 1', 'Forged')")
    snapshot.close()
    assert ledger.read().get(bead_id(1)).spec.title == "Forged", "the test must have poisoned the index"
    seen = []

    def change(s: Snapshot) -> Changes:
        seen.append(s.get(bead_id(1)).spec.title)
        return Changes()

    with ledger.hold() as held:
        ledger.update(held, message(), change)
    assert seen == ["Task 1"]


def test_a_change_is_run_again_when_the_branch_moved_meanwhile(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, bead(1))
    rounds = []

    def change(s: Snapshot) -> Changes:
        rounds.append(s.find(bead_id(2)) is not None)
        if len(rounds) == 1:
            commit_files(repo_path, {"beads/0/2/gt-00000002.yaml": codec.encode(bead(2))})
        return Changes({bead_id(1): replace(s.get(bead_id(1)), notes=(Note("n", NOW, "a", "b"),))})

    with ledger.hold() as held:
        after = ledger.update(held, message(), change)
    assert rounds == [False, True]
    assert len(after.live()) == 2
    assert len(after.get(bead_id(1)).notes) == 1


def test_a_branch_that_never_stands_still_is_busy(repo_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gt.store.ledger.ROUNDS", 3)
    ledger = new_ledger(repo_path, bead(1))
    rounds = []

    def change(_: Snapshot) -> Changes:
        rounds.append(1)
        commit_files(repo_path, {})
        return Changes({bead_id(2): bead(2)})

    with ledger.hold() as held, pytest.raises(Busy):
        ledger.update(held, message(), change)
    assert len(rounds) == 3


def test_there_is_no_town_without_the_branch(repo_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        Ledger(discover(repo_path)).read()
    assert caught.value.hint == "gt init"


def test_a_branch_of_the_same_name_that_is_not_ours_is_left_alone(repo_path: Path) -> None:
    run_git(repo_path, "branch", "beads")
    tip = run_git(repo_path, "rev-parse", "beads")
    ledger = Ledger(discover(repo_path))
    with pytest.raises(Refused, match="not a gt ledger"):
        ledger.read()
    with ledger.hold() as held:
        with pytest.raises(Refused, match="not a gt ledger"):
            ledger.update(held, message(), lambda _: Changes({bead_id(1): bead(1)}))
        with pytest.raises(Refused, match="a branch beads already"):
            ledger.create(held, META, message())
    assert run_git(repo_path, "rev-parse", "beads") == tip


def test_formats_to_come_are_refused(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, bead(1))
    newer = records.meta_data(LedgerMeta(META.lineage, "gt", 1, 2)) | {"later": "key"}
    commit_files(repo_path, {"gt.yaml": codec.dump(newer)})
    assert ledger.read().get(bead_id(1)) == bead(1)
    with pytest.raises(Refused, match="may only be written by format 2"):
        write(ledger, bead(2))
    commit_files(repo_path, {"gt.yaml": codec.dump(newer | {"min_reader": 2})})
    with pytest.raises(Refused, match="has format 2"):
        ledger.read()


def test_the_lock_must_be_this_ledgers(repo_path: Path, tmp_path: Path) -> None:
    from gt import lock

    ledger = new_ledger(repo_path)
    with lock.hold(tmp_path / "other.lock") as held, pytest.raises(ValueError, match="not the lock"):
        ledger.update(held, message(), lambda _: Changes())


def bad_files(repo: Path) -> dict[str, bytes | str | tuple[str, str]]:
    blob = run_git(repo, "hash-object", "-w", "--stdin", stdin=codec.encode(bead(20)))
    big = run_git(repo, "hash-object", "-w", "--stdin", stdin=b"x" * 10_000_000)
    return {
        "beads/0/b/gt-0000000b.yaml": "spec: [\n",
        "beads/0/c/gt-0000000c.yaml": codec.encode(bead(1)),
        "beads/0/d/gt-0000000d.yaml": ("120000", blob),
        "beads/0/e/gt-0000000e.yaml": ("160000", run_git(repo, "rev-parse", "main")),
        "beads/0/f/gt-0000000f.yaml": ("100755", blob),
        "beads/0/g/gt-0000000g.yaml": ("100644", big),
        "beads/0/h/gt-0000000h.yaml": b"\xff\xfe",
        "beads/0/z/gt-0000000k.yaml": codec.encode(bead(20)),
        "beads/0/1/stray.txt": "hello",
        "beads/stray.yaml": "a: 1",
        "beads/0/1/folder/x.yaml": "a: 1",
        "pages/p-1.yaml": "kind: Page\n",
    }


WHY = {
    "beads/0/1/folder": "is not where a Bead belongs",
    "beads/0/1/stray.txt": "is not where a Bead belongs",
    "beads/0/b/gt-0000000b.yaml": "line 2, column 1",
    "beads/0/c/gt-0000000c.yaml": "has the id of another Bead, gt-00000001",
    "beads/0/d/gt-0000000d.yaml": "is a symbolic link",
    "beads/0/e/gt-0000000e.yaml": "is a submodule",
    "beads/0/f/gt-0000000f.yaml": "is an executable file",
    "beads/0/g/gt-0000000g.yaml": "is 10000000 bytes; at most 262144 are read",
    "beads/0/h/gt-0000000h.yaml": "is not UTF-8",
    "beads/0/z/gt-0000000k.yaml": "is not where a Bead belongs",
    "beads/stray.yaml": "is not where a Bead belongs",
    "pages/p-1.yaml": "kind: must be a Page",
}


@pytest.mark.parametrize("packed", [False, True], ids=["loose", "packed"])
@pytest.mark.parametrize("cold", [False, True], ids=["warm", "cold"])
def test_bad_files_are_named_and_the_rest_stays_usable(repo_path: Path, packed: bool, cold: bool) -> None:
    ledger = new_ledger(repo_path, bead(1), bead(2))
    commit_files(repo_path, bad_files(repo_path))
    if packed:
        run_git(repo_path, "gc", "-q", "--prune=now")
    if cold:
        (ledger.repo.gt_dir / "index.db").unlink()
    start = time.process_time()
    with ledger.read() as snapshot:
        problems = {each.where: each.why for each in snapshot.problems()}
        assert problems.keys() == WHY.keys()
        assert [path for path, why in WHY.items() if why not in problems[path]] == []
        assert {each.id for each in snapshot.live()} == {bead_id(1), bead_id(2)}
        with pytest.raises(Malformed, match="symbolic link"):
            snapshot.get("gt-0000000d")
        assert snapshot.resolve("0000000d") == "gt-0000000d"
    assert time.process_time() - start < 2
    after = write(ledger, bead(3))
    assert len(after.live()) == 3
    assert {each.where for each in after.problems()} == WHY.keys()
    with ledger.hold() as held, pytest.raises(Malformed, match=r"gt-0000000g\.yaml: is 10000000 bytes"):
        ledger.update(held, message(), lambda s: Changes({bead_id(4): s.get("gt-0000000g")}))
    commit_files(repo_path, {"beads/0/b/gt-0000000b.yaml": codec.encode(bead(11))})
    assert ledger.read().get(bead_id(11)) == bead(11)


def test_a_bead_that_cannot_be_read_can_be_put_right(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, bead(1))
    commit_files(repo_path, {"beads/0/1/gt-00000001.yaml": "nonsense"})
    assert write(ledger, bead(1)).problems() == ()


def test_a_bad_state_is_loud_and_a_bad_description_stops_everything(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, bead(1))
    commit_files(repo_path, {"state.yaml": "apiVersion: gt/v1\nkind: TownState\npuased: {}\n"})
    with ledger.read() as snapshot:
        assert len(snapshot.live()) == 1
        assert [each.where for each in snapshot.problems()] == ["state.yaml"]
        with pytest.raises(Malformed, match="puased"):
            snapshot.state()
    commit_files(repo_path, {"gt.yaml": "prefix: [\n"})
    with pytest.raises(Malformed, match=r"gt\.yaml"):
        ledger.read()


def test_loose_objects_are_packed_once_there_are_many(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, bead(1))
    run_git(repo_path, "config", "gc.auto", "20")
    crowd = repo_path / ".git" / "objects" / "17"
    crowd.mkdir(exist_ok=True)
    made = 0
    while len(list(crowd.iterdir())) <= 27:
        made += 1
        data = b"blob 6\0%06d" % made
        import hashlib
        import zlib

        name = hashlib.sha1(data).hexdigest()
        if name.startswith("17"):
            (crowd / name[2:]).write_bytes(zlib.compress(data))
    write(ledger, bead(2))
    deadline = time.monotonic() + 20
    while not list((repo_path / ".git" / "objects" / "pack").glob("*.pack")):
        assert time.monotonic() < deadline, "git gc --auto never packed anything"
        time.sleep(0.02)
    while (repo_path / ".git" / "gc.pid").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert len(ledger.read().live()) == 2


def _writer(path: str, worker: int, count: int) -> None:
    ledger = Ledger(discover(Path(path)))
    for n in range(count):
        mine = bead(1000 + worker * 100 + n)

        def change(s: Snapshot, n: int = n, mine: object = mine) -> Changes:
            shared = s.get(bead_id(1))
            note = Note(f"{worker}-{n}", NOW, "w", "x")
            noted = {shared.id: replace(shared, notes=(*shared.notes, note))}
            return Changes(noted if n % 2 else {**noted, mine.id: mine})  # type: ignore[attr-defined,dict-item]

        with ledger.hold() as held:
            ledger.update(held, message(mine.id), change)
        with ledger.read() as seen:
            assert f"{worker}-{n}" in {note.id for note in seen.get(bead_id(1)).notes}


def test_many_writers_lose_nothing(repo_path: Path) -> None:
    workers, count = 4, 6
    ledger = new_ledger(repo_path, bead(1))
    context = multiprocessing.get_context("fork")
    started = [context.Process(target=_writer, args=(str(repo_path), w, count)) for w in range(workers)]
    for process in started:
        process.start()
    for process in started:
        process.join(120)
    assert [process.exitcode for process in started] == [0] * workers
    after = ledger.read()
    assert {note.id for note in after.get(bead_id(1)).notes} == {
        f"{w}-{n}" for w in range(workers) for n in range(count)
    }
    assert len(after.live()) == 1 + workers * (count // 2)
    assert run_git(repo_path, "rev-list", "--count", "beads") == str(2 + workers * count)
    assert run_git(repo_path, "fsck", "--strict") == ""


def test_killed_anywhere_an_update_is_done_or_not_done(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, bead(1))
    outcomes = set()
    for at in range(1, 200):
        before, mine = run_git(repo_path, "rev-parse", "beads"), bead(100 + at)
        died = dies_at(at, lambda mine=mine: write(ledger, mine))  # type: ignore[misc]
        with ledger.read() as seen:
            there = seen.find(mine.id) is not None
            assert seen.tip == run_git(repo_path, "rev-parse", "beads")
            assert seen.get(bead_id(1)) == bead(1)
        assert there == (seen.tip != before)
        assert there or died
        outcomes.add(there)
        assert write(ledger, mine).get(mine.id) == mine, "a dead writer must block nobody"
        if not died:
            break
    else:
        pytest.fail("the update never came to its end")
    assert outcomes == {True, False}
    assert not os.path.exists(repo_path / ".git" / "refs" / "heads" / "beads.lock")


@pytest.mark.parametrize("form", ["sha256", "packed-refs", "bare", "worktree"])
def test_other_kinds_of_repositories(tmp_path: Path, form: str) -> None:
    path = tmp_path / "other"
    options = {"sha256": ["--object-format=sha256"], "bare": ["--bare"]}.get(form, [])
    run_git(tmp_path, "init", "-q", "-b", "main", *options, str(path))
    if form == "worktree":
        run_git(path, "commit", "-q", "--allow-empty", "-m", "x")
        run_git(path, "worktree", "add", "-q", str(tmp_path / "tree"))
        path = tmp_path / "tree"
    ledger = new_ledger(path, bead(1))
    if form == "packed-refs":
        run_git(path, "pack-refs", "--all")
        run_git(path, "gc", "-q")
    assert len(write(ledger, bead(2)).live()) == 2
    assert run_git(path, "fsck", "--strict") == ""


def test_a_writer_that_is_stopped_anywhere_is_waited_for_and_not_robbed(
    repo_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are told who holds the lock; when it goes on, it does what it began, once."""
    # One that is stopped while it writes the index keeps others from it: they read without.
    monkeypatch.setattr("gt.store.index.PATIENCE", 0.1)
    ledger = new_ledger(repo_path, bead(1))
    written = {bead_id(1)}
    told = set()
    for effect in range(1, 400, 7):
        mine, other = bead(1000 + effect), bead(2000 + effect)

        def stopped(mine: Bead = mine) -> None:
            write(Ledger(discover(repo_path)), mine)

        with stopped_at(effect, stopped) as child:
            try:
                with ledger.hold(0.02) as held:
                    ledger.update(held, message(), lambda _, b=other: Changes({b.id: b})).close()  # type: ignore[misc]
                written.add(other.id)
            except Busy as busy:
                told.add(busy.hint == f"ps {child.pid}")
            with ledger.read() as snapshot:
                assert written <= {each.id for each in snapshot.live()}
        assert child.code == 0
        written.add(mine.id)
        if not child.stopped:
            break
    assert not child.stopped
    assert told == {True}
    with ledger.read() as snapshot:
        assert {each.id for each in snapshot.live()} == written
    assert run_git(repo_path, "rev-list", "--count", "beads") == str(1 + len(written))
    assert run_git(repo_path, "fsck", "--strict") == ""
