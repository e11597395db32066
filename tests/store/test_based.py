"""What an open Bead needs has landed, and its base hasn't got that here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Bead, Landed, Phase, Status
from gt.core.ready import Lack
from gt.core.state import Acceptance
from gt.git.repo import Repo, discover
from gt.store.based import Bases, beginnings
from tests.conftest import NOW, run_git
from tests.core.small import submission
from tests.store.scenes import bead, bead_id

ABSENT = "9" * 40


class Yard:
    """A repository with a target, and one Bead that needs another."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.repo: Repo = discover(path)
        self.made = 0
        self.first = self.git("rev-parse", "main")

    def git(self, *args: str) -> str:
        return run_git(self.path, *args)

    def commit(self, *parents: str) -> str:
        self.made += 1
        named = [word for parent in parents for word in ("-p", parent)]
        return self.git("commit-tree", "main^{tree}", *named, "-m", f"commit {self.made}")

    def main(self, commit: str) -> None:
        self.git("update-ref", "refs/heads/main", commit)

    def lacking(
        self, commit: str, *, base: str = "main", on: str | None = None, without: tuple[str, ...] = ()
    ) -> Lack | None:
        """What a Bead lacks that needs one which landed on `base` as this commit; `without`: what was let go there."""
        need = bead(
            1,
            Status(
                phase=Phase.LANDED,
                submission=replace(submission(), base=base),
                landed=Landed(commit, "2" * 40, NOW),
            ),
        )
        other = bead(2, None, needs=frozenset({need.id}), base=on)

        def look(name: str) -> Bead | None:
            return need if name == need.id else None

        tips = {name: self.git("rev-parse", name) for name in ("main", "release")}
        words = {"main": Acceptance(self.first, without)}
        return Bases(self.repo, beginnings(self.repo, tips), words).lacking([other], look).get(other.id)


@pytest.fixture
def yard(repo_path: Path) -> Yard:
    made = Yard(repo_path)
    made.git("branch", "release")
    return made


def test_a_base_that_has_it_lacks_nothing_and_git_is_asked_once(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = yard.commit(yard.first)
    yard.main(yard.commit(landed))
    assert yard.lacking(landed) is None
    monkeypatch.setattr("gt.store.based.present", lambda _, new: pytest.fail("asked") if new else frozenset())
    assert yard.lacking(landed) is None
    yard.main(yard.commit("main"))
    assert yard.lacking(landed) is None, "a branch that goes on has what it had"


@pytest.mark.parametrize("known", ["here", "by word"])
def test_what_was_taken_away_is_lacking_until_it_is_back(yard: Yard, known: str) -> None:
    landed = yard.commit(yard.first)
    without = (landed,) if known == "by word" else ()
    if known == "here":
        yard.git("update-ref", "refs/gt/landing/main", landed)
    yard.main(landed)
    assert yard.lacking(landed, without=without) is None
    yard.main(yard.commit(yard.first))
    lack = yard.lacking(landed, without=without)
    assert lack is not None
    assert lack.taken
    assert lack.waiting.text == f"needs {lack.need}, whose landing main doesn't have any more"
    yard.main(yard.commit("main", landed))
    assert yard.lacking(landed, without=without) is None


def test_what_was_only_fetched_was_taken_by_nobody(yard: Yard) -> None:
    landed = yard.commit(yard.first)
    yard.git("update-ref", "refs/remotes/origin/main", landed)
    lack = yard.lacking(landed)
    assert lack is not None
    assert (lack.taken, lack.waiting.hint) == (False, f"git branch --all --contains {landed[:12]}")


def test_what_is_not_here_says_how_it_may_come(yard: Yard) -> None:
    lack = yard.lacking(ABSENT)
    assert lack is not None
    assert (lack.taken, lack.hint) == (False, f"gt dep rm {bead_id(2)} {lack.need}")
    yard.git("remote", "add", "origin", "/nowhere")
    lack = yard.lacking(ABSENT)
    assert lack is not None
    assert lack.hint == "git fetch --all"


def test_what_one_above_it_needs_counts_unless_that_is_over(yard: Yard) -> None:
    need = bead(1, Status(phase=Phase.LANDED, submission=submission(), landed=Landed(ABSENT, "2" * 40, NOW)))
    above = bead(2, None, needs=frozenset({need.id}), type="epic")
    below = bead(3, None, parent=above.id)
    tips = {"main": yard.first}

    def lacks(above: Bead) -> bool:
        known = {each.id: each for each in (need, above, below)}
        return below.id in Bases(yard.repo, tips, {}).lacking([below], known.get)

    assert lacks(above)
    assert not lacks(replace(above, status=Status(phase=Phase.CLOSED)))


def test_another_branch_may_not_have_it_yet(yard: Yard) -> None:
    landed = yard.commit(yard.first)
    yard.main(landed)
    lack = yard.lacking(landed, on="release")
    assert lack is not None
    assert (lack.base, lack.taken) == ("release", False)
    assert lack.waiting.text == f"needs {lack.need}, whose landing {landed[:12]} is not in release here"


def test_where_attempts_begin_from_what_the_remote_had_that_counts(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed, other = yard.commit(yard.first), yard.commit(yard.first)
    yard.git("update-ref", "refs/gt/there/main", landed)
    assert yard.lacking(landed) is not None
    monkeypatch.setattr("gt.store.based.shared_through", lambda _: "origin")
    assert yard.lacking(landed) is None
    yard.main(other)
    assert yard.lacking(landed) is None, "whatever is here"
    assert yard.lacking(other) is not None
