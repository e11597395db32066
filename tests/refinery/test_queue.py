"""The order of the queue, and what an empty one costs."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from gt.core.bead import CloseReason
from gt.core.state import Paused, TownState
from gt.git import bringing
from gt.refinery import checkout
from gt.verbs.close import close
from tests.conftest import NOW
from tests.refinery.merging import Scene, scene, town
from tests.store.scenes import ALICE, bead, write


def test_an_empty_queue_costs_no_process(yard: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    yard.look()

    def refuse(*_args: object, **_more: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "run", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert yard.look().queue.queued == ()


def test_a_pause_stops_landing_until_it_ends(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    yard.state(TownState(paused=Paused("Alice", "lunch", NOW + 2000)))
    assert yard.causes() == {one.id: "waiting paused"}
    assert yard.merge().exit_code == 11
    assert yard.merge(now=NOW + 2000).exit_code == 0


def test_a_target_that_isnt_one_here(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    yard.git("config", "gt.target", "dev")
    queue = yard.look().queue
    assert [(q.bead, q.standing, q.cause) for q in queue.queued] == [(one.id, "held", "no-target")]
    assert queue.queued[0].hint == "git config --add gt.target main"


def test_a_review_of_everything(yard: Scene) -> None:
    one = yard.submit({"a": ""}, review="all")
    assert yard.causes() == {one.id: "held approval"}
    yard.push({".gt/town.yaml": town(more="refinery: {review: all}\n")})
    two = yard.submit({"b": ""})
    assert yard.causes() == {one.id: "held approval", two.id: "held approval"}


def test_gate_runs_left_are_counted_for_each_target(yard: Scene) -> None:
    yard.submit({"a": ""}, hold=True)
    assert yard.look().queue.gate_runs == {"main": 20}


def test_an_outcome_is_believed_for_a_week(yard: Scene) -> None:
    yard.submit({"a": ""}, hold=True)
    one = yard.submit({"b": ""})
    yard.merge()
    yard.git("update-ref", "refs/heads/main", yard.git("rev-parse", "main^1"))
    yard.git("update-ref", "-d", "refs/gt/landing/main")
    yard.git("update-ref", "-d", "refs/gt/next/main")
    yard.change(one, lambda _: one)
    later = yard.merge(now=NOW + 1000 + 8 * 86400)
    assert [run.verdict for run in later.runs] == ["pass"]


def test_the_checkout_is_looked_at_once_for_all_that_is_submitted(
    repo_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = scene(repo_path)
    there.push({"mine": "1\n"})
    there.git("checkout", "-q", "main")
    (there.path / "mine").write_text("changed\n")
    beads = [there.submit({name: "new\n"}) for name in ("a", "b", "mine")]
    looks = []
    real = bringing.dirty

    def dirty(*args: Any) -> frozenset[str]:
        looks.append(args)
        return real(*args)

    monkeypatch.setattr(bringing, "dirty", dirty)
    assert there.causes() == dict(zip((b.id for b in beads), ("due", "due", "held dirty"), strict=True))
    assert len(looks) == 1


def test_what_a_landing_writes_now_is_in_nobodys_way(
    repo_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = scene(repo_path)
    there.git("checkout", "-q", "main")
    one = there.submit({"new": "new\n"})
    seen: list[dict[str, str]] = []
    real = bringing.advance

    def advance(*args: object) -> None:
        real(*args)  # type: ignore[arg-type]
        seen.append(there.causes())

    monkeypatch.setattr(bringing, "advance", advance)
    assert there.merge().exit_code == 0
    assert seen == [{one.id: "due"}]


def test_what_has_landed_since_the_look_is_in_nobodys_way(
    repo_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = scene(repo_path)
    there.git("checkout", "-q", "main")
    one = there.submit({"new": "new\n"})
    real = checkout.obstacles

    def obstacles(*args: object, **more: Any) -> str | None:
        with monkeypatch.context() as usual:
            usual.setattr(checkout, "obstacles", real)
            assert there.merge().landed
        return real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(checkout, "obstacles", obstacles)
    assert there.causes() == {one.id: "due"}


def test_what_needs_one_that_can_not_come_any_more_waits_for_a_person(yard: Scene) -> None:
    """Nothing would move it by itself, and nobody was called."""
    need = bead(99)
    write(yard.ledger, need).close()
    one = yard.submit({"b": ""}, needs=frozenset({need.id}))
    assert yard.causes()[one.id] == "waiting need"
    close(yard.ledger, [need.id], CloseReason.WONTFIX, "", actor=ALICE, now=NOW)
    (queued,) = yard.look().queue.queued
    assert (queued.standing, queued.cause) == ("held", "need")
    assert queued.why == f"needs {need.id}, which was closed as wontfix"
    assert queued.hint == f"gt dep rm {one.id} {need.id}"
