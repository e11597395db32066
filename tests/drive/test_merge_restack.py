"""Stacks whose lower part lands as other commits: what the upper one changes of it is neither lost nor a conflict."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.core.bead import Attempt, Phase, Result, Status
from gt.drive.attempt_start import start_of
from tests.conftest import NOW
from tests.core.small import lease
from tests.refinery.merging import Scene, scene, town
from tests.store.scenes import bead

LINES = "".join(f"{n}\n" for n in range(9))


def make(path: Path, more: str) -> Scene:
    yard = scene(path, town(more=f"refinery: {{slots: 1, {more}}}\n"))
    yard.push({"kept": LINES})
    return yard


WAYS = pytest.mark.parametrize(
    ("more", "strategy"),
    [
        ("history: linear", "merge"),
        ("history: train", "squash"),
        ("history: train", "rebase"),
        ("history: train", "merge"),
    ],
    ids=["linear", "squash", "rebase", "merge"],
)


@WAYS
@pytest.mark.parametrize("together", [True, False], ids=["together", "later"])
def test_what_the_upper_one_takes_away_of_the_lower_one_is_gone(
    repo_path: Path, more: str, strategy: str, together: bool
) -> None:
    yard = make(repo_path, more)
    since = yard.tip()
    lower = yard.commit({"x": LINES, "z": "z\n"}, since)
    upper = yard.commit({"x": None, "y": "y\n", "z": "other\n"}, lower)
    first = yard.submit({}, commit=lower, base=since, strategy=strategy)
    if not together:
        yard.submit({"between": ""})
        assert yard.merge().exit_code == 0
    second = yard.submit({}, commit=upper, base=since, strategy=strategy)
    assert yard.merge().exit_code == 0
    assert {yard.phase(each) for each in (first, second)} == {Phase.LANDED}
    assert {"x", "y", "z"} & yard.files() == {"y", "z"}
    assert yard.git("show", "main:z") == "other"


@WAYS
def test_the_next_attempt_begins_without_what_the_one_before_took_away_of_the_lower_one(
    repo_path: Path, more: str, strategy: str
) -> None:
    yard = make(repo_path, more)
    since = yard.tip()
    lower = yard.commit({"x": LINES, "z": "z\n"}, since)
    upper = yard.commit({"x": None, "y": "y\n", "z": "other\n"}, lower)
    yard.submit({}, commit=lower, base=since, strategy=strategy)
    assert yard.merge().exit_code == 0
    failed = Attempt("1-aaaa", "sh", NOW, NOW, Result.WORK_FAILED, head=upper, commits=2)
    again = bead(9, Status(attempts=(failed,)))
    start = start_of(yard.repo, again, lease("2-aaaa", basecommit=yard.tip()), NOW)
    assert (start.merged, start.aside) == (upper, None)
    assert {"x", "y", "z"} & yard.files(start.commit) == {"y", "z"}
    assert yard.git("show", f"{start.commit}:z") == "other"
    assert {yard.tip(), upper} == set(yard.git("rev-parse", f"{start.commit}^@").split())


@WAYS
def test_three_storeys_land_as_they_were_made(repo_path: Path, more: str, strategy: str) -> None:
    yard = make(repo_path, more)
    since = at = yard.tip()
    beads = []
    for n in range(3):
        at = yard.commit({"story": f"{n}\n{LINES}", f"of{n}": "", **({f"of{n - 1}": None} if n else {})}, at)
        beads.append(yard.submit({}, commit=at, base=since, strategy=strategy))
    yard.submit({"kept": f"{LINES}end\n"})
    assert yard.merge().exit_code == 0
    assert {yard.phase(each) for each in beads} == {Phase.LANDED}
    assert yard.git("show", "main:story").splitlines()[0] == "2"
    assert {"of0", "of1", "of2"} & yard.files() == {"of2"}


def by(yard: Scene, name: str, commit: str, parent: str) -> str:
    """The same commit by somebody."""
    who = ("-c", f"user.name={name}", "-c", f"user.email={name}@example.com")
    return yard.git(*who, "commit-tree", f"{commit}^{{tree}}", "-p", parent, "-m", "work")


def test_a_squash_has_the_author_of_its_own_commits(repo_path: Path) -> None:
    yard = make(repo_path, "history: train")
    since = yard.tip()
    lower = since
    for n in range(3):
        lower = by(yard, "Bob", yard.commit({f"bobs{n}": ""}, lower), lower)
    upper = by(yard, "Carol", yard.commit({"carols": ""}, lower), lower)
    yard.submit({}, commit=lower, base=since)
    mine = yard.submit({}, commit=upper, base=since, strategy="squash")
    assert yard.merge().exit_code == 0
    said = yard.git("log", "--format=%an %s", f"{since}..main", f"--grep={mine.id}", "--no-merges")
    assert said.split()[0] == "Carol"


@pytest.mark.parametrize("history", ["train", "linear"])
def test_a_rebase_brings_its_own_commits_and_no_others(repo_path: Path, history: str) -> None:
    yard = make(repo_path, f"history: {history}")
    since = yard.tip()
    lower = yard.commit({"a": "1\n"}, since, message="lower")
    upper = yard.commit({"a": "2\n"}, lower, message="upper")
    yard.submit({}, commit=lower, base=since)
    assert yard.merge().exit_code == 0
    tip = yard.tip()
    yard.submit({}, commit=upper, base=since, strategy="rebase")
    assert yard.merge().exit_code == 0
    assert yard.git("rev-list", "--count", f"{tip}..main") == "1"


def test_trailers_that_say_what_is_not_so_move_nothing(repo_path: Path) -> None:
    yard = make(repo_path, "history: train")
    since = yard.tip()
    lower = yard.commit({"x": LINES}, since)
    upper = yard.commit({"y": "y\n"}, lower)
    yard.submit({"first": ""})
    yard.merge()
    yard.push({"other": ""}, message=f"x\n\nGt-Bead: gt-9\nGt-Token: 1-aaaa\nGt-Commit: {lower}\n")
    yard.submit({}, commit=upper, base=since)
    assert yard.merge().exit_code == 0
    assert {"x", "y"} <= yard.files()
