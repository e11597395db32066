"""Two clones that work apart and come together by `gt sync`: scenarios seen from outside."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import NOW, Gt
from tests.cli.towns import TownScene
from tests.conftest import run_git
from tests.store.scenes import commit_files

BOB = {"GT_ACTOR": "Bob <bob@example.com>"}


@dataclass
class Pair:
    """Alice's clone and Bob's, and the bare repository between them."""

    alice: TownScene
    bob: TownScene

    def sync(self) -> None:
        """Both have all that both did."""
        for clone in (self.alice, self.bob, self.alice):
            clone("sync", environ=BOB if clone is self.bob else {}, now=NOW + 9000)
        assert self.alice.tip() == self.bob.tip()


@pytest.fixture
def pair(town: TownScene, gt: Gt, tmp_path: Path) -> Pair:
    hub, path = tmp_path / "hub.git", tmp_path / "bob"
    run_git(tmp_path, "init", "-q", "--bare", "-b", "main", str(hub))
    run_git(town.path, "remote", "add", "origin", str(hub))
    run_git(town.path, "push", "-q", "origin", "main")
    town("sync")
    run_git(tmp_path, "clone", "-q", str(hub), str(path))
    bob = TownScene(path, gt)
    bob("init")
    bob("sync")
    return Pair(town, bob)


def test_scenario_54_children_made_apart_are_two(pair: Pair) -> None:
    parent = pair.alice.create("parent", "-t", "epic")
    pair.sync()
    mine, yours = (clone.create("child", "--parent", parent) for clone in (pair.alice, pair.bob))
    pair.sync()
    for clone in (pair.alice, pair.bob):
        items = clone("list", "--parent", parent, "--json").data["items"]
        assert {item["id"] for item in items} == {mine, yours}
    assert mine != yours


def test_scenario_55_a_label_taken_away_stays_away(pair: Pair) -> None:
    bead = pair.alice.create("a", "--label", "x", "--label", "z")
    pair.sync()
    pair.alice("edit", bead, "--unlabel", "x", now=NOW + 10)
    pair.bob("edit", bead, "--label", "y", now=NOW + 20, environ=BOB)
    pair.sync()
    after = pair.bob.bead(bead)
    assert (after["spec"]["labels"], after["conflicts"]) == (["y", "z"], [])


def test_scenario_56_edits_of_different_fields_are_both_kept(pair: Pair) -> None:
    bead = pair.alice.create("a")
    pair.sync()
    pair.alice("edit", bead, "--title", "by Alice", now=NOW + 10)
    pair.bob("edit", bead, "--priority", "0", now=NOW + 20, environ=BOB)
    pair.sync()
    after = pair.alice.bead(bead)
    assert (after["spec"]["title"], after["spec"]["priority"], after["conflicts"]) == ("by Alice", 0, [])


def test_scenario_56_of_two_edits_of_one_field_the_other_value_is_kept_and_can_be_taken(pair: Pair) -> None:
    bead = pair.alice.create("a")
    pair.sync()
    pair.alice("edit", bead, "--title", "by Alice", now=NOW + 10)
    pair.bob("edit", bead, "--title", "by Bob", now=NOW + 20, environ=BOB)
    pair.sync()
    after = pair.alice.bead(bead)
    (lost,) = after["conflicts"]
    assert (after["spec"]["title"], lost["field"], lost["lost"]) == ("by Bob", "spec.title", "by Alice")
    assert f"lost: {bead} spec.title" in pair.alice("log", "--verb", "sync").out
    pair.bob("dismiss", bead, "--take", environ=BOB, now=NOW + 9100)
    pair.sync()
    after = pair.alice.bead(bead)
    assert (after["spec"]["title"], after["conflicts"]) == ("by Alice", [])


def test_scenario_57_an_end_and_an_edit_are_both_kept(pair: Pair) -> None:
    bead = pair.alice.create("a")
    pair.sync()
    pair.alice("close", bead, "--reason", "obsolete", now=NOW + 10)
    pair.bob("edit", bead, "--title", "still wanted", now=NOW + 20, environ=BOB)
    pair.sync()
    after = pair.alice.bead(bead)
    assert (after["status"]["phase"], after["spec"]["title"]) == ("closed", "still wanted")


def test_scenario_57_a_file_that_is_gone_on_one_side_is_no_deletion_where_the_other_wrote(pair: Pair) -> None:
    bead = pair.alice.create("a")
    pair.sync()
    path = f"beads/{bead[-2]}/{bead[-1]}/{bead}.yaml"
    taken_out(pair.alice.path, path)
    pair.bob("edit", bead, "--title", "still wanted", now=NOW + 20, environ=BOB)
    pair.sync()
    assert pair.alice.bead(bead)["spec"]["title"] == "still wanted"
    assert path in pair.alice("log", "--verb", "sync").out


def taken_out(path: Path, name: str) -> None:
    """One file less on the branch `beads`, by plain git."""
    listed = run_git(path, "ls-tree", "-r", "beads").splitlines()
    kept = [line for line in listed if not line.endswith(f"\t{name}")]
    assert len(kept) == len(listed) - 1
    index = {"GIT_INDEX_FILE": str(path / ".git" / "scene")}
    with pytest.MonkeyPatch.context() as patch:
        for key, value in index.items():
            patch.setenv(key, value)
        run_git(path, "update-index", "--index-info", stdin=("\n".join(kept) + "\n").encode())
        tree = run_git(path, "write-tree")
    commit = run_git(path, "commit-tree", tree, "-p", "beads", "-m", "by hand")
    run_git(path, "update-ref", "refs/heads/beads", commit)


def test_what_was_undone_on_one_side_stays_undone(pair: Pair) -> None:
    """A note that was taken away doesn't come back from the clone that has it; nor does a Bead that was unmade."""
    bead = pair.alice.create("a")
    pair.alice("note", bead, "on the wrong Bead", now=NOW + 10)
    gone = pair.alice.create("never mind")
    pair.sync()
    pair.alice("undo", now=NOW + 20)
    pair.alice("undo", now=NOW + 30)
    pair.bob("edit", bead, "--title", "b", now=NOW + 40, environ=BOB)
    pair.sync()
    for clone in (pair.alice, pair.bob):
        after = clone.bead(bead)
        assert (after["spec"]["title"], after["notes"]) == ("b", [])
        assert clone.bead(gone)["status"]["closed"]["reason"] == "obsolete"


@pytest.mark.parametrize("seed", range(3))
def test_scenario_59_whoever_comes_first_both_end_with_the_same(pair: Pair, seed: int) -> None:
    """Much done at random on both sides, brought together: no marker, no loss, and again it changes nothing."""
    dice = random.Random(seed)
    beads = [pair.alice.create(f"bead {n}", "--label", "x") for n in range(4)]
    pair.sync()
    notes: set[str] = set()
    for step in range(8):
        for clone, who in ((pair.alice, {}), (pair.bob, BOB)):
            bead, word = dice.choice(beads), f"{step} by {who or 'Alice'}"
            deed = dice.choice(
                (
                    ("edit", bead, "--title", word),
                    ("edit", bead, "--body", f"a\n{word}\nc\n"),
                    ("edit", bead, "--label", word, "--unlabel", "x"),
                    ("edit", bead, "--hold" if dice.random() < 0.5 else "--no-hold"),
                    ("note", bead, word),
                    ("close", bead, "--reason", dice.choice(("done", "wontfix"))),
                    ("reopen", bead),
                )
            )
            said = clone.call(*deed, cwd=clone.path, now=NOW + 10 * step, environ=who)
            if deed[0] == "note" and said.code == 0:
                notes.add(word)
    for clone, who in ((pair.bob, BOB), (pair.alice, {}), (pair.bob, BOB)):
        clone.call("sync", cwd=clone.path, environ=who, now=NOW + 9000)  # 3: a move was refused, and is told
    assert pair.alice.tip() == pair.bob.tip()
    items = pair.alice("list", "--all", "--json").data["items"]
    assert {item["id"] for item in items} == set(beads)
    assert {note["text"] for item in items for note in item["notes"]} == notes
    assert "<<<<<<<" not in run_git(pair.alice.path, "grep", "-h", "", "beads")
    tip = pair.alice.tip()
    pair.sync()
    assert pair.alice.tip() == tip


def test_scenario_60_a_file_that_cannot_be_read_is_no_success(pair: Pair) -> None:
    bead, other = pair.alice.create("a"), pair.alice.create("b")
    pair.sync()
    path = f"beads/{bead[-2]}/{bead[-1]}/{bead}.yaml"
    commit_files(pair.bob.path, {path: "<<<<<<< ours\n"})
    pair.alice("edit", other, "--title", "c", now=NOW + 10)
    said = pair.bob.call("sync", cwd=pair.bob.path, environ=BOB, now=NOW + 20)
    assert said.code != 0
    assert path in said.err
