"""Machines that share a ledger through a bare repository: what each sends, gets, wins and loses."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Phase
from gt.core.ids import bead_path
from gt.core.page import Page, page_id
from gt.core.state import Acceptance, Paused, TownState
from gt.errors import Busy, Conflict, IllegalMove, Malformed, NotFound, Refused
from gt.git.remote import Denied, Unreachable
from gt.store import sync
from gt.store.account import read
from gt.store.ledger import Changes, Message
from gt.store.refusals import said
from tests.conftest import NOW, run_git
from tests.git.gitscenes import together
from tests.store.machines import Machine, Shared, machine, shared
from tests.store.scenes import META, bead, bead_id, commit_files


@pytest.fixture
def town(repo_path: Path) -> Shared:
    """Machine a, and its hub, with three Beads."""
    return shared(repo_path, *(bead(n) for n in range(3)))


def parents(machine: Machine, commit: str = "beads") -> list[str]:
    return machine.git("rev-parse", f"{commit}^@").split()


def message(machine: Machine, commit: str = "beads") -> str:
    return machine.git("log", "-1", "--format=%B", commit)


def write(machine: Machine, changes: Changes, verb: str = "edit") -> None:
    with machine.ledger.hold() as held:
        told = Message(verb, verb, machine.actor, tuple(changes.beads), machine.tick())
        machine.ledger.update(held, told, lambda _: changes).close()


def by_hand(town: Shared, files: dict[str, bytes | str | tuple[str, str]]) -> str:
    """Put files on the hub's ledger with plain git; returns the commit."""
    helper = town.hub.parent / "by-hand"
    if helper.exists():
        run_git(helper, "fetch", "-q", "origin", "+beads:beads")
    else:
        run_git(town.hub.parent, "clone", "-q", str(town.hub), str(helper))
        run_git(helper, "branch", "-q", "beads", "origin/beads")
    commit = commit_files(helper, files)
    run_git(helper, "push", "-q", "origin", "beads")
    return commit


def without(town: Shared, *paths: str) -> str:
    """The hub's ledger, some files lost by a commit on top."""
    tree = run_git(town.hub, "ls-tree", "-r", "beads").split("\n")
    kept = "\n".join(line for line in tree if line.partition("\t")[2] not in paths)
    index = {"GIT_INDEX_FILE": str(town.hub / "scene-index")}
    made = _with_index(town.hub, index, kept)
    run_git(town.hub, "update-ref", "refs/heads/beads", made)
    return made


def _with_index(hub: Path, env: dict[str, str], listing: str) -> str:
    import os
    import subprocess

    def git(*args: str, stdin: str = "") -> str:
        done = subprocess.run(
            ["git", *args],
            cwd=hub,
            env={**os.environ, **env},
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    git("read-tree", "--empty")
    git("update-index", "--index-info", stdin=listing + "\n")
    return git(
        *(
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@x",
            "commit-tree",
            git("write-tree"),
            "-p",
            "beads",
            "-m",
            "oops",
        )
    )


# to and fro


def test_what_one_machine_does_another_gets(town: Shared) -> None:
    a, b = town.first, town.clone("b")
    a.retitle(0, "new")
    sent = a.sync()
    assert (sent.sent, sent.received, sent.tip) == (1, 0, town.tip())
    got = b.sync()
    assert (got.sent, got.received, got.tip) == (0, 1, town.tip())
    assert b.beads() == a.beads()
    assert b.tip() == a.tip() == town.tip()  # nobody made a merge


def test_a_sync_with_nothing_new_writes_nothing(town: Shared) -> None:
    town.first.sync()
    before = town.first.git("for-each-ref"), run_git(town.hub, "for-each-ref")
    report = town.first.sync()
    assert (report.sent, report.received) == (0, 0)
    assert (town.first.git("for-each-ref"), run_git(town.hub, "for-each-ref")) == before


def test_two_that_did_different_things_have_both(town: Shared) -> None:
    a, b = town.first, town.clone("b")
    a.retitle(0, "by a")
    a.create(7)
    b.retitle(1, "by b")
    a.sync()
    theirs, mine = a.tip(), b.tip()
    report = b.sync()
    assert (report.sent, report.received, report.account.beads) == (1, 2, ())
    assert parents(b) == [theirs, mine]  # the shared line first
    assert said(message(b), "Gt-Verb") == "sync"
    a.sync()
    assert a.tip() == b.tip() == town.tip()
    titles = {each.spec.title for each in a.beads().values()}
    assert titles == {"by a", "by b", "Task 2", "Task 7"}


def test_edits_of_one_bead_are_merged_and_what_lost_is_told(town: Shared) -> None:
    a, b = town.first, town.clone("b")
    a.retitle(0, "by a")
    b.clock += 100
    b.retitle(0, "by b")
    b.do("edit", bead_id(0), lambda each: replace(each, spec=replace(each.spec, labels=frozenset({"x"}))))
    a.sync()
    report = b.sync()
    made = b.bead(bead_id(0))
    assert (made.spec.title, made.spec.labels) == ("by b", frozenset({"x"}))
    assert [(each.lost, each.by) for each in made.conflicts] == [("by a", a.actor)]
    assert report.account.lost == ((made.id, "spec.title"),)
    assert read(message(b)).lost == report.account.lost
    assert said(message(b), "Gt-Bead") == made.id


def test_pages_and_the_state_of_the_town_are_brought_together(town: Shared) -> None:
    a, b = town.first, town.clone("b")
    page = Page(page_id("town", "x", ""), "town", "x", "", "look", NOW)
    write(a, Changes(pages={page.id: page}, state=TownState(acknowledged={"main": Acceptance("1" * 40)})))
    write(b, Changes(pages={page.id: replace(page, sends=2)}, state=TownState(Paused("b", "lunch"))))
    a.sync()
    b.sync()
    with b.ledger.read() as snapshot:
        assert snapshot.state() == TownState(Paused("b", "lunch"), {"main": Acceptance("1" * 40)})
        assert [each.sends for each in snapshot.pages()] == [2]


def test_a_clock_that_is_wrong_is_told(town: Shared) -> None:
    a, b = town.first, town.clone("b")
    b.clock += 5000
    b.retitle(0, "from the future")
    assert b.sync().skew == 0
    assert 4900 < a.sync().skew <= 5000


def test_a_remote_without_a_ledger_gets_one(repo_path: Path, tmp_path: Path) -> None:
    town = shared(repo_path, bead(1))
    run_git(tmp_path, "init", "-q", "--bare", "second.git")
    run_git(repo_path, "remote", "add", "second", str(tmp_path / "second.git"))
    run_git(repo_path, "config", "gt.remote", "second")
    with pytest.raises(NotFound):
        town.first.sync(send=False)
    assert town.first.sync().sent == 2
    assert run_git(tmp_path / "second.git", "rev-parse", "beads") == town.first.tip()


def test_only_the_ledger_and_refs_of_our_own_move(town: Shared) -> None:
    a, b = town.first, town.clone("b")
    a.retitle(0, "x")
    a.sync()
    b.retitle(1, "y")
    b.git("config", "remote.origin.fetch", "+refs/heads/main:refs/remotes/origin/main")
    b.sync()
    names = b.git("for-each-ref", "--format=%(refname)", "refs/heads", "refs/gt").split("\n")
    refs = [f"refs/gt/{kind}/origin/beads" for kind in ("incoming", "outgoing", "remotes")]
    assert names == [*refs, "refs/heads/beads", "refs/heads/main"]
    assert b.git("status", "--porcelain") == ""


# moves


def test_of_two_that_claimed_the_first_to_sync_holds(town: Shared) -> None:
    a, b = town.first, town.clone("b")
    won, lost = a.claim(0), b.claim(0)
    claim = b.tip()
    a.sync()
    report = b.sync()
    held = b.bead(bead_id(0))
    assert held.status.lease
    assert held.status.lease.token == won
    assert [(each.commit, each.bead) for each in report.account.refused] == [(claim, held.id)]
    (note,) = held.notes
    for part in (claim[:12], won, f"host-b: branch gt/{held.id}/{lost}", f"refs/gt/wip/{held.id}/{lost}"):
        assert part in note.text
    assert read(message(b)).refused[0].commit == claim
    assert b.git("merge-base", "--is-ancestor", claim, "beads") == ""  # nothing is forgotten
    assert a.sync().account.refused == ()  # it isn't a's
    assert a.bead(held.id) == held


def test_what_was_refused_is_refused_once_with_all_that_followed_from_it(town: Shared) -> None:
    a, b = town.first, town.clone("b")
    a.claim(0)
    a.sync()
    b.offer(bead_id(0), b.claim(0))
    b.retitle(1, "kept")
    assert len(b.sync(send=False).account.refused) == 2
    assert b.sync(send=False).account.refused == ()
    a.retitle(0, "moved on")
    a.sync()
    report = b.sync()
    assert report.account.refused == ()
    found = b.bead(bead_id(0))
    assert (found.phase, found.spec.title, len(found.notes)) == (Phase.LEASED, "moved on", 1)
    assert "claim, submit by b" in found.notes[0].text
    assert b.bead(bead_id(1)).spec.title == "kept"
    a.sync()
    assert a.beads() == b.beads()


def test_moves_that_still_hold_are_made_again(town: Shared) -> None:
    a, b = town.first, town.clone("b")
    a.give_back(bead_id(0), a.claim(0))
    a.retitle(0, "after a's attempt")
    a.sync()
    b.retitle(0, "before")
    b.end(bead_id(0))
    report = b.sync()
    closed = b.bead(bead_id(0))
    assert (report.account.refused, closed.phase, len(closed.status.attempts)) == ((), Phase.CLOSED, 1)


def test_a_lease_of_another_clone_stays_that_clones(town: Shared) -> None:
    a, b = town.first, town.clone("b")
    a.claim(0)
    a.sync()
    b.sync()
    lease = b.bead(bead_id(0)).status.lease
    assert lease is not None
    assert lease.clone == "clone-a"


# one id, two Beads


def test_two_beads_with_one_id_become_two_and_references_follow(town: Shared) -> None:
    a, b = town.first, town.clone("b")
    a.create(9, title="a's")
    b.do("touch", bead_id(2), lambda each: replace(each, extra={"x": 1}))
    b.create(9, title="b's")
    b.create(10, title="needs b's", needs=frozenset({bead_id(9)}))
    b.do("edit", bead_id(1), lambda each: replace(each, spec=replace(each.spec, parent=bead_id(9))))
    a.sync()
    report = b.sync()
    (renamed,) = report.account.renamed
    assert renamed[0] == bead_id(9)
    found = b.beads()
    assert found[bead_id(9)].spec.title == "a's"
    assert found[renamed[1]].spec.title == "b's"
    assert found[bead_id(10)].spec.needs == {renamed[1]}
    assert found[bead_id(1)].spec.parent == renamed[1]
    # Whoever still means the old id by the Bead that moved is understood.
    a.sync()
    assert a.beads() == found


def test_an_edit_follows_a_bead_that_got_another_id(town: Shared) -> None:
    a, b, c, d = town.first, town.clone("b"), town.clone("c"), town.clone("d")
    b.create(9, title="older")
    late = replace(bead(9, title="younger"), uid="z")
    late = replace(late, created=replace(late.created, at=NOW + 1000))
    write(a, Changes({late.id: late}), "create")
    a.sync()
    c.sync()
    c.do("edit", bead_id(9), lambda each: replace(each, spec=replace(each.spec, labels=frozenset({"c"}))))
    c.create(11, title="needs the younger", needs=frozenset({bead_id(9)}))
    d.sync()
    d.retitle(0, "something else")
    ((old, new),) = b.sync().account.renamed
    d.sync()  # who did nothing to it has it, too
    assert (d.beads()[old].spec.title, d.beads()[new].spec.title) == ("older", "younger")
    c.sync()
    found = c.beads()
    assert (found[old].spec.title, found[old].spec.labels) == ("older", frozenset())
    assert (found[new].spec.title, found[new].spec.labels) == ("younger", frozenset({"c"}))
    assert found[bead_id(11)].spec.needs == {new}


# what the remote lost


@pytest.mark.parametrize("how", ["rewound", "gone", "other"])
def test_a_remote_that_went_back_is_not_followed(town: Shared, how: str) -> None:
    a = town.first
    old = town.tip()
    a.retitle(0, "new")
    a.sync()
    if how == "gone":
        run_git(town.hub, "update-ref", "-d", "refs/heads/beads")
    else:
        run_git(town.hub, "update-ref", "refs/heads/beads", old)
    if how == "other":
        by_hand(town, {"note.txt": "written after the rewind\n"})
    before = a.git("for-each-ref", "refs/heads", "refs/gt/remotes")
    with pytest.raises(Conflict) as caught:
        a.sync()
    assert caught.value.hint == "gt sync --restore"
    assert a.git("for-each-ref", "refs/heads", "refs/gt/remotes") == before
    a.sync(restore=True)
    assert town.tip() == a.tip()
    assert a.bead(bead_id(0)).spec.title == "new"
    if how == "other":
        assert a.git("show", "beads:note.txt") == "written after the rewind"
    a.sync()


def test_beads_that_the_remote_lost_are_an_alarm_and_come_back(town: Shared) -> None:
    a, path = town.first, bead_path(bead_id(0))
    without(town, path)
    with pytest.raises(Conflict, match=path):
        a.sync()
    report = a.sync(restore=True)
    assert report.account.restored == (path,)
    assert run_git(town.hub, "show", f"beads:{path}") == a.git("show", f"beads:{path}")
    assert read(message(a)).restored == (path,)


def test_beads_that_were_lost_here_are_not_lost_there(town: Shared) -> None:
    a, b = town.first, town.clone("b")
    path = bead_path(bead_id(0))
    lost = without(town, path)
    run_git(b.path, "fetch", "-q", "origin", "+beads:beads")
    run_git(town.hub, "update-ref", "refs/heads/beads", a.tip())
    assert b.tip() == lost
    report = b.sync()
    assert report.account.restored == (path,)
    assert set(b.beads()) == set(a.beads())
    a.sync()
    assert a.tip() == town.tip() == b.tip()


# what nobody can read

BAD: dict[str, dict[str, bytes | str | tuple[str, str]]] = {
    "conflict markers": {bead_path(bead_id(0)): "<<<<<<< ours\na: 1\n=======\na: 2\n>>>>>>> theirs\n"},
    "another's id": {bead_path(bead_id(5)): "COPY"},
    "a bomb": {bead_path(bead_id(0)): "a: &x [1]\nb: [*x, *x]\n"},
    "too large": {bead_path(bead_id(0)): "#" * 300_000},
    "misplaced": {"beads/x.yaml": "a: 1\n"},
    "a link": {bead_path(bead_id(6)): ("120000", "LINK")},
    "a submodule": {bead_path(bead_id(6)): ("160000", "c" * 40)},
    "a folder": {"gt.yaml/x": "a: 1\n"},
    "state": {"state.yaml": "apiVersion: gt/v1\nkind: TownState\nsudo: true\n"},
    "a page": {"pages/p-000000000000.yaml": "kind: Page\n"},
}


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_cant_be_read_is_named_and_nothing_is_taken_over(town: Shared, what: str) -> None:
    a = town.first
    files = dict(BAD[what])
    for path, content in files.items():
        if content == "COPY":
            files[path] = a.git("show", f"beads:{bead_path(bead_id(0))}") + "\n"
        if isinstance(content, tuple) and content[1] == "LINK":
            files[path] = (
                "120000",
                run_git(town.hub, "hash-object", "-w", "-t", "blob", "--stdin", stdin=b"/etc"),
            )
    a.retitle(1, "mine")
    if what == "a folder":
        without(town, "gt.yaml")
    by_hand(town, files)
    there = town.tip()
    before = a.git("for-each-ref", "refs/heads", "refs/gt/remotes")
    with pytest.raises((Malformed, Refused)) as caught:
        a.sync()
    assert next(iter(files)).partition("/x")[0] in caught.value.message
    assert a.git("for-each-ref", "refs/heads", "refs/gt/remotes") == before
    assert town.tip() == there
    if what == "a folder":
        return
    report = a.sync(restore=True)
    assert report.account.restored == tuple(files)
    with a.ledger.read() as snapshot:
        assert snapshot.problems() == ()
    assert a.bead(bead_id(1)).spec.title == "mine"
    assert town.tip() == a.tip()
    assert run_git(town.hub, "merge-base", "--is-ancestor", there, "beads") == ""


def test_a_broken_file_of_ours_is_not_sent(town: Shared) -> None:
    a, path = town.first, bead_path(bead_id(0))
    commit_files(a.path, {path: "oops: [\n"})
    with pytest.raises(Malformed, match=path):
        a.sync()
    a.sync(restore=True)
    assert a.bead(bead_id(0)).spec.title == "Task 0"


def test_a_newer_format_is_neither_read_nor_written(town: Shared) -> None:
    a = town.first
    meta = a.git("show", "beads:gt.yaml") + "\n"
    by_hand(town, {"gt.yaml": meta.replace("min_writer: 1", "min_writer: 99")})
    a.sync()  # it may be read
    a_tip = a.tip()
    by_hand(town, {"note": "x"})
    commit_files(a.path, {"other": "y"})
    with pytest.raises(Refused, match="may only be written by format 99"):
        a.sync()
    run_git(a.path, "update-ref", "refs/heads/beads", a_tip)
    by_hand(town, {"gt.yaml": meta.replace("min_reader: 1", "min_reader: 99")})
    with pytest.raises(Refused, match="has format 99"):
        a.sync()
    assert a.tip() == a_tip


def test_another_towns_ledger_is_not_ours(town: Shared, tmp_path: Path) -> None:
    run_git(tmp_path, "clone", "-q", str(town.hub), "stranger")
    stranger = machine(tmp_path / "stranger", "s")
    with stranger.ledger.hold() as held:
        stranger.ledger.create(held, replace(META, lineage="another"), message_of(stranger)).close()
    before = stranger.tip()
    with pytest.raises(Refused, match="another town") as caught:
        stranger.sync()
    assert (caught.value.hint, stranger.tip()) == ("gt join origin", before)


def message_of(machine: Machine) -> Message:
    return Message("found", "init", machine.actor, (), NOW)


# remotes that don't play along


def test_a_remote_that_refuses_is_told_apart_and_can_still_be_read(town: Shared) -> None:
    a, b = town.first, town.clone("b")
    a.retitle(0, "x")
    a.sync()
    town.git_hook("pre-receive", "echo closed on Sundays; exit 1")
    b.retitle(1, "y")
    before = b.tip()
    with pytest.raises(Denied, match="closed on Sundays") as caught:
        b.sync()
    assert (caught.value.hint, b.tip()) == ("gt sync origin --no-push", before)
    report = b.sync(send=False)
    assert (report.sent, report.received, report.pushed) == (0, 1, False)
    assert {each.spec.title for each in b.beads().values()} == {"x", "y", "Task 2"}
    town.git_hook("pre-receive", "")
    assert b.sync().sent == 1
    assert town.tip() == b.tip()


def test_a_remote_that_cant_be_reached_changes_nothing(town: Shared) -> None:
    a = town.first
    a.retitle(0, "x")
    before = a.git("for-each-ref")
    town.hub.rename(town.hub.with_name("away.git"))
    with pytest.raises(Unreachable):
        a.sync()
    assert a.git("for-each-ref") == before


def test_others_that_are_always_quicker_are_given_up_on(
    town: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "TRIES", 3)
    monkeypatch.setattr(sync, "PAUSE", 0.0)
    a = town.first
    script = (
        "unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES\n"
        "new=$(git -c user.name=x -c user.email=x@x commit-tree -m quicker -p beads beads^{tree})\n"
        "git update-ref refs/heads/beads $new\n"
    )
    town.git_hook("pre-receive", script)
    a.retitle(0, "x")
    before = a.tip()
    with pytest.raises(Busy, match="quicker"):
        a.sync()
    assert a.tip() == before
    town.git_hook("pre-receive", "")
    report = a.sync()
    assert (report.received, a.tip()) == (3, town.tip())


def test_what_is_written_here_during_a_push_is_kept(town: Shared) -> None:
    a, b = town.first, town.clone("b")
    a.retitle(0, "theirs")
    a.sync()
    b.retitle(1, "mine")
    b.git("branch", "meanwhile", "beads")
    tree = b.git("rev-parse", "beads^{tree}")
    # While the hub thinks about b's push, somebody writes to b's ledger.
    script = (
        f"cd {b.path}\nunset GIT_QUARANTINE_PATH $(git rev-parse --local-env-vars)\n"
        f"git update-ref refs/heads/beads $(git commit-tree -m meanwhile -p beads {tree})\n"
    )
    town.git_hook("pre-receive", script)
    b.sync()
    town.git_hook("pre-receive", "")
    assert "meanwhile" in b.git("log", "--format=%s", "beads")
    assert parents(b)[0] == town.tip()
    assert {each.spec.title for each in b.beads().values()} == {"theirs", "mine", "Task 2"}
    assert b.sync().sent == 1
    assert town.tip() == b.tip()


def test_a_mirror_that_a_fetch_would_overwrite_is_refused(town: Shared) -> None:
    town.first.git("config", "remote.origin.fetch", "+refs/*:refs/*")
    with pytest.raises(Refused, match="would overwrite"):
        town.first.sync()


# many at once


def test_many_processes_of_one_clone_share_a_push(town: Shared) -> None:
    a, b = town.first, town.clone("b")
    town.git_hook("post-receive", f"echo pushed >> {town.hub}/pushes")

    def deed(number: int) -> None:
        a.create(100 + number)
        mine = a.tip()
        a.sync()
        assert a.git("merge-base", "--is-ancestor", mine, a.remote.tracking) == ""

    together(10, deed)
    pushes = (town.hub / "pushes").read_text().count("pushed")
    assert 1 <= pushes < 10
    b.sync()
    assert {bead_id(100 + n) for n in range(10)} <= set(b.beads())


def test_clones_that_race_lose_nothing_and_one_holds_each_bead(town: Shared) -> None:
    clones = [town.clone(f"c{n}") for n in range(4)]

    def deed(number: int) -> None:
        for target in range(3):
            with suppress(IllegalMove):  # another's claim came by an earlier sync
                clones[number].claim(target, f"{number}" * 4)
            clones[number].sync()

    together(4, deed)
    for each in [*clones, *clones]:
        each.sync()
    ledgers = [each.beads() for each in clones]
    assert all(each == ledgers[0] for each in ledgers)
    for target in range(3):
        held = ledgers[0][bead_id(target)]
        assert held.phase is Phase.LEASED
        claims = run_git(town.hub, "log", "--no-merges", "--format=%an", f"--grep=^claim {held.id}", "beads")
        refused = run_git(
            town.hub, "log", "--merges", "--format=%B", f"--grep=^Gt-Refused: .* {held.id}", "beads"
        )
        assert len(claims.split("\n")) == 1 + refused.count(f" {held.id} is leased")
