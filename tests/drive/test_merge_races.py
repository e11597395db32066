"""Those who would stop a landing while it is under way: before the last look they do, after it they come too late."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest

from gt.core.bead import Bead, Phase
from gt.core.draft import Rules
from gt.errors import IllegalMove
from gt.git import refs
from gt.git.repo import Repo
from gt.lock import Held
from gt.refinery import landing
from gt.store.ledger import Message
from gt.store.respec import respec
from gt.verbs.pause import pause
from gt.verbs.reject import reject
from gt.verbs.withdraw import withdraw
from tests.conftest import NOW
from tests.refinery.merging import Scene
from tests.store.scenes import ALICE


def take_back(yard: Scene, bead: Bead) -> None:
    withdraw(yard.repo, yard.ledger, bead.id, actor=ALICE, now=NOW)


def send_back(yard: Scene, bead: Bead) -> None:
    reject(yard.repo, yard.ledger, bead.id, "no", actor=ALICE, now=NOW)


def stop_all(yard: Scene, _bead: Bead) -> None:
    pause(yard.repo, yard.ledger, "lunch", None, actor=ALICE, now=NOW)


def hold_it(yard: Scene, bead: Bead) -> None:
    message = Message(f"edit {bead.id}", "edit", ALICE, (bead.id,), NOW)
    respec(yard.ledger, bead.id, lambda spec: replace(spec, hold=True), message, Rules())


def add_a_need(yard: Scene, bead: Bead) -> None:
    wanted = yard.submit({"wanted": ""}, hold=True)
    message = Message(f"need for {bead.id}", "dep add", ALICE, (bead.id,), NOW)
    respec(yard.ledger, bead.id, lambda spec: replace(spec, needs=frozenset({wanted.id})), message, Rules())


DEEDS = (take_back, send_back, stop_all, hold_it, add_a_need)


@pytest.mark.parametrize("deed", DEEDS[:4], ids=lambda deed: deed.__name__)
def test_who_would_stop_a_landing_after_its_last_look_comes_too_late(
    yard: Scene, deed: Callable[[Scene, Bead], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the last look and the swap everybody waits who may take a submission back; then the target has it."""
    one = yard.submit({"a": ""})
    said: list[BaseException | None] = []

    def do() -> None:
        try:
            deed(yard, one)
            said.append(None)
        except IllegalMove as error:
            said.append(error)

    other, real = threading.Thread(target=do), refs.swap

    def swap(repo: Repo, ref: str, *args: Any, **more: Any) -> None:
        if ref == "refs/heads/main":
            other.start()
            other.join(0.3)  # it can't come to its end, however long it is given
            assert said == []
        real(repo, ref, *args, **more)

    monkeypatch.setattr(refs, "swap", swap)
    report = yard.merge()
    other.join()
    assert [bead for bead, _, _ in report.landed] == [one.id]
    assert yard.phase(one) is Phase.LANDED
    if deed in (take_back, send_back):
        assert "has landed as" in str(said[0]) or "is landed" in str(said[0])


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_who_stops_it_before_its_last_look_is_heard(
    yard: Scene, deed: Callable[[Scene, Bead], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All is proven, and the landing has begun."""
    one = yard.submit({"a": ""})
    old, real = yard.tip(), landing.last_look

    def last_look(repo: Repo) -> AbstractContextManager[Held]:
        monkeypatch.undo()
        deed(yard, one)
        return real(repo)

    monkeypatch.setattr(landing, "last_look", last_look)
    assert yard.merge().landed == []
    assert yard.tip() == old
    assert yard.git(
        "for-each-ref", "--contains", one.status.submission.commit if one.status.submission else ""
    )


@pytest.mark.parametrize("when", ["before the last look", "before the swap"])
def test_a_target_that_moves_while_it_is_landed_on_is_merged_anew(
    yard: Scene, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others push at the last moment: nothing of theirs is taken back, and the old proof isn't good enough."""
    one = yard.submit({"a": ""})
    later = yard.commit({"later": ""})
    module, name = (landing, "last_look") if when == "before the last look" else (refs, "swap")
    real = getattr(module, name)

    def moved_first(*args: Any, **more: Any) -> Any:
        if name == "last_look" or args[1] == "refs/heads/main":
            monkeypatch.undo()
            yard.git("update-ref", "refs/heads/main", later)
        return real(*args, **more)

    monkeypatch.setattr(module, name, moved_first)
    report = yard.merge()
    assert [bead for bead, _, _ in report.landed] == [one.id]
    assert yard.git("rev-parse", "main^1") == later
    assert [run.base for run in report.runs] == [yard.git("rev-parse", "main^1^1"), later]
