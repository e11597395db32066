"""Taking back what a commit of the ledger did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gt.core.page import Page
from gt.git.repo import discover
from gt.store.ledger import Changes, Ledger
from tests.cli.conftest import NOW, Gt
from tests.cli.towns import TownScene, untouched
from tests.conftest import run_git
from tests.store.scenes import commit_files, message

BOB = {"GT_ACTOR": "Bob <bob@example.com>"}


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    scene = TownScene(repo_path, gt)
    scene("init", environ={"PATH": ""})
    return scene


def test_the_last_thing_that_one_did_is_taken_back(town: TownScene) -> None:
    bead = town.create("first", "--label", "x")
    town("edit", bead, "--title", "second", "--unlabel", "x", "--priority", "0")
    edit = town.tip()
    town("note", bead, "of another", environ=BOB)
    said = town("undo")
    assert said.err.startswith(f"{edit[:12]}, just now, by Alice <alice@example.com>: edit {bead}\n")
    assert f"to have it again: gt undo {town.tip()[:12]}" in said.err
    assert said.out.splitlines() == [
        f"    {bead}",
        "      - spec.title: second",
        "      + spec.title: first",
        "      - spec.priority: 0",
        "      + spec.priority: 2",
        "      + spec.labels: x",
    ]
    after = town.bead(bead)
    assert (after["spec"]["title"], after["spec"]["labels"], len(after["notes"])) == ("first", ["x"], 1)
    event = town("log", "-n", "1", "--json").data["items"][0]
    assert (event["verb"], event["beads"], event["trailers"]) == ("undo", [bead], {"Gt-Undoes": [edit]})


def test_called_again_it_goes_further_back_and_an_undo_can_be_undone(town: TownScene) -> None:
    bead = town.create("a")
    for name in "bcd":
        town("edit", bead, "--title", name)

    def title() -> str:
        return str(town.bead(bead)["spec"]["title"])

    seen = []
    commits = []
    for _ in range(3):
        town("undo")
        seen.append(title())
        commits.append(town.tip())
    assert seen == ["c", "b", "a"]
    town("undo", commits[-1])
    assert title() == "b"
    town("undo")  # what was done again can be taken back again
    assert title() == "a"
    assert town("undo").err.splitlines()[0].endswith(f"create {bead}: a")
    assert town.bead(bead)["status"]["closed"]["reason"] == "obsolete"
    assert "nothing that Alice <alice@example.com> did by hand is left to undo" in town("undo", code=1).err


def test_twice_changes_once(town: TownScene) -> None:
    bead = town.create("a")
    town("edit", bead, "--hold")
    commit = town.tip()
    town("undo", commit[:10])
    tip = town.tip()
    said = town("undo", commit, "--json").data
    assert (said["commit"], said["by"], said["changes"]) == (None, tip, [])
    assert "taken back already" in town("undo", commit).err
    assert town.tip() == tip


def test_a_dry_run_only_shows(town: TownScene) -> None:
    bead = town.create("a")
    town("edit", bead, "--title", "b")
    tip = town.tip()
    said = town("undo", "--dry-run")
    assert said.out.splitlines()[1:] == ["      - spec.title: b", "      + spec.title: a"]
    assert "nothing changed: this is what would be" in said.err
    data = town("undo", "--dry-run", "--json").data
    assert (data["dryRun"], data["commit"], data["undone"]["commit"]) == (True, None, tip)
    assert data["changes"] == [{"kind": "Bead", "id": bead, "field": "spec.title", "old": "b", "new": "a"}]
    assert town.tip() == tip


def test_what_came_to_depend_on_it_is_named(town: TownScene) -> None:
    bead = town.create("a")
    made = town.tip()
    town("edit", bead, "--title", "b")
    edited = town.tip()
    town("edit", bead, "--title", "c", environ=BOB)
    later = town.tip()
    for commit, why in (
        (edited, f"{bead} has another title since"),
        (made, f"{bead} isn't as it was made: spec.title"),
    ):
        said = town("undo", commit, code=1).err
        assert f"can't undo {commit[:12]}" in said
        assert why in said
        assert f"since then: {later[:12]} (edit {bead})" in said
    other = town.create("d", "--needs", town.create("e"))
    assert f"is named by {other}" in town("undo", "beads~1", code=1).err


def test_a_plan_is_taken_back_in_one_commit(town: TownScene) -> None:
    town("create", "--file", "-", stdin="# Epic\n\n## One\nneeds: Two\n\n## Two\n")
    before = town.tip()
    town("undo")
    assert run_git(town.path, "rev-parse", "beads~1") == before
    assert town("list").out == ""
    town("undo", "beads")
    assert town.ready() == ["Two"]


def test_an_import_is_taken_back_in_one_commit(
    town: TownScene, gt: Gt, new_repo: Callable[[str], Path], tmp_path: Path
) -> None:
    other = TownScene(new_repo("other"), gt)
    other("init", environ={"PATH": ""})
    need = other.create("need")
    other.create("bead", "--needs", need, "--parent", other.create("epic", "-t", "epic"))
    other("close", need)
    other("export", "-o", str(tmp_path / "all.jsonl"))
    town("import", str(tmp_path / "all.jsonl"))
    before = town.tip()
    kept = town("list", "--all", "--json").data["items"]
    town("undo")
    assert run_git(town.path, "rev-parse", "beads~1") == before
    items = town("list", "--all", "--json").data["items"]
    assert {item["status"]["closed"]["reason"] for item in items} == {"obsolete"}
    town("undo", "beads")
    assert town("list", "--all", "--json").data["items"] == kept


def test_a_close_is_taken_back_with_the_pages_it_settled(town: TownScene) -> None:
    bead = town.create("a")
    settled = Page("p-0123456789ab", bead, "stuck", "", "is stuck", NOW)
    ledger = Ledger(discover(town.path))
    with ledger.hold() as held:
        ledger.update(held, message(), lambda _: Changes(pages={settled.id: settled})).close()
    town("close", bead, "--reason", "wontfix")
    assert town("pages").out == ""
    town("undo")
    assert town.bead(bead)["status"]["phase"] == "open"
    assert settled.id in town("pages").out


def test_a_claim_is_given_back_with_all_that_was_done(town: TownScene) -> None:
    bead = town.create("a")
    place = Path(town("claim", bead, "--json").data["status"]["lease"]["worktree"])
    (place / "new").write_text("x")
    assert "is held by Alice" in town("undo", town.tip(), code=1, environ=BOB).err
    town("undo")
    after = town.bead(bead)
    (attempt,) = after["status"]["attempts"]
    assert (after["status"]["phase"], attempt["result"]) == ("open", "released")
    assert run_git(town.path, "show", f"{attempt['head']}:new") == "x"
    assert (place / "new").read_text() == "x"


@pytest.mark.parametrize(
    ("commit", "why", "hint"),
    [
        ("beads", "brings two histories together", "gt log --since"),
        ("beads~1", "went from leased to open", "gt claim"),
        ("beads~4", "beginning of the ledger", "gt log"),
        ("HEAD", "not of the ledger", "gt log"),
        ("nonsense", "names no commit", "gt log"),
    ],
)
def test_what_cannot_be_taken_back(town: TownScene, commit: str, why: str, hint: str) -> None:
    bead = town.create("a")
    for command in ("claim", "release"):
        town(command, bead)
    tip, other = town.tip(), run_git(town.path, "rev-parse", "beads~1")
    merge = run_git(town.path, "commit-tree", "beads^{tree}", "-p", tip, "-p", other, "-m", "both")
    run_git(town.path, "update-ref", "refs/heads/beads", merge)
    check = untouched(town.path)
    error = town("undo", commit, "--json", code=1).error
    assert why in error["message"]
    assert error["hint"].startswith(hint)
    assert town.tip() == merge
    check()


def test_a_word_for_the_town_that_another_replaced_stays(town: TownScene) -> None:
    town("pause", "--reason", "a")
    first = town.tip()
    town("resume")
    town("pause", "--reason", "b")
    tip = town.tip()
    error = town("undo", first, "--json", code=1).error
    assert error["message"].startswith(f"can't undo {first[:12]} (")
    assert error["message"].endswith("the town was paused or resumed since")
    assert (error["hint"], town.tip()) == ("gt status", tip)


def test_a_call_that_went_out_stays(town: TownScene) -> None:
    bead = town.create("a")
    town("claim", bead)
    town("ask", "--bead", bead, "which?")
    town("reconcile", code=10)
    (page,) = town("pages", "--json").data["items"]
    error = town("undo", town.tip(), "--json", code=1).error
    assert error["message"].endswith(f"{page['id']} is a call that went out")
    assert error["hint"] == f"gt ack {page['id']}"


def test_a_commit_of_another_clone_is_not_of_this_history(town: TownScene) -> None:
    town.create("a")
    side = run_git(town.path, "commit-tree", "beads^{tree}", "-p", "beads~1", "-m", "aside")
    assert "not in the history" in town("undo", side, code=1).err


def test_what_merge_and_reconcile_did_in_ones_name_is_passed_over(town: TownScene) -> None:
    bead = town.create("a")
    done = town.tip()
    said = f"land it\n\nGt-Verb: landed\nGt-Bead: {bead}\nGt-Actor: Alice <alice@example.com>\n"
    landed = run_git(town.path, "commit-tree", "beads^{tree}", "-p", "beads", "-m", said)
    run_git(town.path, "update-ref", "refs/heads/beads", landed)
    assert town("undo", "--json").data["undone"]["commit"] == done


def test_an_edit_by_hand_is_taken_back_too(town: TownScene) -> None:
    bead = town.create("a")
    path = f"beads/{bead[-2]}/{bead[-1]}/{bead}.yaml"
    text = run_git(town.path, "show", f"beads:{path}")
    by_hand = commit_files(town.path, {path: text.replace("title: a", "title: b")})
    assert town.bead(bead)["spec"]["title"] == "b"
    town("undo", by_hand)
    assert town.bead(bead)["spec"]["title"] == "a"


def test_the_note_that_was_taken_away_is_in_the_log(town: TownScene) -> None:
    bead = town.create("a")
    town("note", bead, "on the wrong Bead", now=NOW + 60)
    town("undo", now=NOW + 120)
    assert town.bead(bead)["notes"] == []
    assert "on the wrong Bead" in town("log", bead, "-p").out
