"""Many at once, and too late: leases are exclusive, notes all arrive, what is submitted can't be lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.checks import assert_no_locks, check_town
from tests.e2e.town import Town
from tests.git.gitscenes import meanwhile

pytestmark = pytest.mark.e2e

BUSY = 75


def test_of_eight_that_claim_at_once_one_gets_it(town: Town) -> None:
    bead = town.create("wanted by all")
    claims = [
        town.start("claim", bead, "--for", "1h", env={"GT_ACTOR": f"person{number}"}) for number in range(8)
    ]
    said = [(process.communicate(timeout=60), process.returncode) for process in claims]
    winners = [number for number, (_, code) in enumerate(said) if code == 0]
    losers = [(number, err, code) for number, ((_, err), code) in enumerate(said) if number not in winners]
    assert len(winners) == 1, said
    holder = f"person{winners[0]}"
    assert {code for _, _, code in losers} == {BUSY}, said
    assert all(holder in err for _, err, _ in losers), losers
    lease = town.bead(bead)["status"]["lease"]
    assert lease["actor"] == holder
    assert [path.name for path in town.worktrees()] == [f"{bead}-{lease['token']}"]
    assert_no_locks(town)


def test_sixteen_notes_at_once_are_sixteen_notes(town: Town) -> None:
    bead = town.create("much discussed")
    texts = [f"remark {number}" for number in range(16)]
    notes = [town.start("note", bead, text) for text in texts]
    said = [(process.communicate(timeout=60), process.returncode) for process in notes]
    assert [code for _, code in said] == [0] * 16, said
    assert sorted(note["text"] for note in town.bead(bead)["notes"]) == sorted(texts)
    assert_no_locks(town)


def claimed(town: Town, bead: str, actor: str) -> Path:
    town.gt("claim", bead, "--for", "1h", env={"GT_ACTOR": actor})
    return Path(town.bead(bead)["status"]["lease"]["worktree"])


def test_a_late_submit_under_an_old_token_is_refused(town: Town) -> None:
    bead = town.create("handed over")
    old = claimed(town, bead, "alice")
    town.commit({"late": "from the old attempt"}, cwd=old)
    town.gt("release", bead, env={"GT_ACTOR": "alice"})
    new = claimed(town, bead, "bob")
    before = town.bead(bead)

    late = town.gt("submit", cwd=old, ok=(1,), env={"GT_ACTOR": "alice"})

    assert re.search(r"1-\w{4}", late.err), late
    assert town.bead(bead) == before
    town.commit({"timely": "from the new one"}, cwd=new)
    town.gt("submit", cwd=new, env={"GT_ACTOR": "bob"})
    town.gt("submit", cwd=old, ok=(1,), env={"GT_ACTOR": "alice"})
    town.run()
    assert ("late" in town.files(), "timely" in town.files()) == (False, True)
    assert town.phase(bead) == "landed"


def test_a_submitted_branch_that_is_deleted_and_pruned_still_lands(town: Town) -> None:
    bead = town.create("kept by its pin")
    place = claimed(town, bead, "alice")
    town.commit({"kept": "yes"}, cwd=place)
    town.gt("submit", cwd=place, env={"GT_ACTOR": "alice"})
    branch = town.bead(bead)["status"]["submission"]["branch"]

    town.git("worktree", "remove", "--force", str(place))
    town.git("branch", "-D", branch)
    town.git("reflog", "expire", "--expire=now", "--all")
    town.git("gc", "-q", "--prune=now")

    town.gt("merge")
    assert town.phase(bead) == "landed"
    assert town.text("kept") == "yes"
    check_town(town)


@pytest.mark.parametrize("prune", ["--prune=now", "--prune=2.weeks.ago"])
def test_beside_a_git_that_packs_and_prunes_without_end_nobody_sees_an_error(town: Town, prune: str) -> None:
    beads = [town.create(f"task {number}") for number in range(3)]
    with meanwhile(town.path, f"gc -q {prune}", "pack-refs --all"):
        for turn in range(4):
            calls = [town.start("note", bead, f"remark {turn}") for bead in beads]
            calls += [town.start("list"), town.start("log", beads[0]), town.start("create", f"more {turn}")]
            said = [(process.communicate(timeout=60), process.returncode) for process in calls]
            assert [code for _, code in said] == [0] * len(calls), said
    town.gt("reconcile", ok=(0, 10, 12))
    assert town.git("fsck", "--full", "--no-dangling") == ""
    found = town.beads()
    assert len(found) == 7
    for bead in beads:
        assert [note["text"] for note in found[bead]["notes"]] == [f"remark {turn}" for turn in range(4)]
    assert_no_locks(town)
