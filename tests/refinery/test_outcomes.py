"""What is kept of gate runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.git.repo import discover
from gt.refinery import outcomes
from gt.refinery.outcomes import Outcome, Verdict
from tests.conftest import NOW


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"members": []}', "null"])
def test_a_damaged_outcome_is_none(repo_path: Path, text: str) -> None:
    repo = discover(repo_path)
    kept = Outcome(
        "key", "test", Verdict.PASS, "tree", "base", (), NOW, log=str(outcomes.new_log(repo, "key"))
    )
    outcomes.keep(kept)
    (outcomes.place(repo, "key") / "2.json").write_text(text)
    assert outcomes.kept(repo, "key", NOW) == (kept,)


def test_only_keys_under_which_something_could_not_be_run_need_be_asked_about(repo_path: Path) -> None:
    repo = discover(repo_path)
    for key, verdict in (("good", Verdict.PASS), ("bad", Verdict.FAIL), ("lame", Verdict.COULD_NOT_RUN)):
        log = str(outcomes.new_log(repo, key))
        outcomes.keep(Outcome(key, "test", verdict, "tree", "base", (), NOW, log=log))
    assert outcomes.unrun(repo) == {"lame"}


def test_what_was_moved_is_still_forgotten_when_a_person_says_so(repo_path: Path) -> None:
    repo = discover(repo_path)
    for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.COULD_NOT_RUN):
        log = str(outcomes.new_log(repo, "key"))
        outcomes.keep(Outcome("key", "test", verdict, "tree", "base", (), NOW, log=log))
    there = discover(repo_path.rename(repo_path.with_name("moved")))
    assert [Path(each.log).exists() for each in outcomes.kept(there, "key", NOW)] == [True] * 3
    outcomes.forgive(there, "base", ["key"])
    assert [each.verdict for each in outcomes.kept(there, "key", NOW)] == [Verdict.PASS]
