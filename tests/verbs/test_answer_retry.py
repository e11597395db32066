"""People moving on what is stuck."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Attempt, Bead, Phase, Question, Result, Status, Stuck, StuckReason
from gt.core.page import Page, page_id
from gt.errors import IllegalMove, Refused
from gt.store.ledger import Changes, Ledger
from gt.verbs.answer import answer
from gt.verbs.retry import retry
from tests.conftest import NOW, run_git
from tests.store.scenes import ALICE, bead, message, new_ledger


@pytest.fixture
def ledger(repo_path: Path) -> Ledger:
    run_git(repo_path, "config", "gt.target", "main")
    failed = Attempt("1-aaaa", "sh", NOW, NOW, Result.NO_CHANGE)
    spent = Status(Phase.STUCK, stuck=Stuck(StuckReason.ATTEMPTS, NOW), attempts=(failed,) * 3)
    asked = Status(Phase.STUCK, stuck=Stuck(StuckReason.QUESTION, NOW, "?"), question=Question("which?", NOW))
    made = new_ledger(repo_path, bead(1, spent), bead(2, asked), bead(3))
    page = Page(page_id(bead(2).id, "question", "e"), bead(2).id, "question", "e", "asks", NOW)
    with made.hold() as held:
        made.update(held, message(), lambda _: Changes(pages={page.id: page})).close()
    return made


def test_an_answer_opens_it_and_settles_its_page(ledger: Ledger) -> None:
    name = bead(2).id
    done = answer(ledger.repo, ledger, name, "the second", actor=ALICE, now=NOW + 5)
    assert (done.changed, done.bead.phase) == (True, Phase.OPEN)
    assert done.bead.status.question == Question("which?", NOW, "the second")
    with ledger.read() as snapshot:
        (page,) = snapshot.pages()
    assert page.acknowledged is not None
    assert page.acknowledged.by == ALICE
    assert not answer(ledger.repo, ledger, name, "the second", actor=ALICE, now=NOW + 6).changed
    with pytest.raises(IllegalMove):
        answer(ledger.repo, ledger, name, "no, the first", actor=ALICE, now=NOW + 7)
    with pytest.raises(Refused, match="needs some text"):
        answer(ledger.repo, ledger, name, " ", actor=ALICE, now=NOW)


def test_retry_grants_attempts_and_ends_a_wait(ledger: Ledger) -> None:
    done = retry(ledger.repo, ledger, bead(1).id, 2, actor=ALICE, now=NOW)
    assert (done.bead.phase, done.bead.spec.attempts, done.bead.status.stuck) == (Phase.OPEN, 5, None)
    assert not retry(ledger.repo, ledger, bead(1).id, 2, actor=ALICE, now=NOW).changed
    assert not retry(ledger.repo, ledger, bead(3).id, None, actor=ALICE, now=NOW).changed
    waiting: Bead = replace(bead(3), status=Status(wake=NOW + 100))
    with ledger.hold() as held:
        ledger.update(held, message(waiting.id), lambda _: Changes({waiting.id: waiting})).close()
    assert retry(ledger.repo, ledger, waiting.id, None, actor=ALICE, now=NOW).bead.status.wake is None
