"""A call for a person: of all who would make it at once one does, and it is made though nobody can be asked."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.page import FIRST_WAIT, MAX_SENDS, Page
from gt.errors import GtError
from gt.verbs import page as paging
from gt.verbs.page import PATIENCE, Paged, SendFailed, call_for, page
from tests.conftest import NOW
from tests.drive.machines import Fleet, Machine, fleet

CALL = call_for("town", "disk-full", "", "has 1% of its disk left", NOW)


@pytest.fixture
def town(repo_path: Path) -> Fleet:
    return fleet(repo_path)


def called(machine: Machine, command: str | None, now: int = NOW) -> Paged:
    return page(machine.ledger, CALL, command, environ=dict(os.environ), actor="al <al@example.com>", now=now)


def known(machine: Machine) -> Page:
    with machine.ledger.read() as snapshot:
        (found,) = snapshot.pages()
    return found


def test_of_several_machines_one_sends_it(town: Fleet, tmp_path: Path) -> None:
    a, b = town.first, town.machine("b")
    told = f"echo told >> {tmp_path}/told"
    assert called(a, told).tried
    seen = called(b, told)
    assert (seen.made, seen.tried, seen.page.sends) == (False, False, 1)
    assert (tmp_path / "told").read_text() == "told\n"
    a.sync()
    b.sync()
    assert known(b).sent == NOW


def test_while_one_is_at_it_no_other_is(town: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = town.first, town.machine("b")
    real, others = paging._send, list[Paged]()

    def meanwhile(*args: object) -> str | None:
        monkeypatch.setattr(paging, "_send", real)
        others.append(called(b, "true", NOW + int(PATIENCE)))
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(paging, "_send", meanwhile)
    assert called(a, "true").tried
    assert [each.tried for each in others] == [False]


def test_who_was_killed_over_it_leaves_it_to_others(town: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = town.first, town.machine("b")

    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as at:
        at.setattr(paging, "_send", kill)
        with pytest.raises(Killed):
            called(a, "true")
    assert not called(b, "true", NOW + FIRST_WAIT - 1).tried
    assert called(b, "true", NOW + FIRST_WAIT).page.sent == NOW + FIRST_WAIT


def test_a_try_has_its_time_however_old_the_page_is(town: Fleet) -> None:
    a, b = town.first, town.machine("b")
    with pytest.raises(SendFailed):
        called(a, "exit 1")
    later = NOW + 9999
    assert called(a, "true", later).tried
    a.sync()
    assert not called(b, "true", later + FIRST_WAIT - 1).tried


def test_a_remote_that_does_not_answer_is_not_waited_for(
    town: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = town.first
    a.git("config", "remote.origin.url", "ssh://nowhere/x")
    monkeypatch.setenv("GIT_SSH_COMMAND", "sleep 100 #")
    monkeypatch.setattr(paging, "ANSWER", 0.3)
    assert called(a, f"echo told >> {tmp_path}/told").tried
    assert (tmp_path / "told").read_text() == "told\n"
    monkeypatch.setattr("gt.git.remote.ask", lambda *_, **__: pytest.fail("asked"))
    assert page(
        a.ledger,
        replace(CALL, id="p-" + "0" * 12),
        "true",
        environ=dict(os.environ),
        actor=a.actor,
        now=NOW,
        alone=True,
    ).tried


def test_out_of_reach_each_calls_for_itself(town: Fleet, tmp_path: Path) -> None:
    a, b = town.first, town.machine("b")
    town.cut()
    for machine in (a, b):
        assert called(machine, f"echo told >> {tmp_path}/told").tried
    town.mend()
    for machine in (a, b, a):
        machine.sync()
    assert known(a) == known(b)
    assert known(a).sent == NOW


def test_it_is_tried_so_often_and_recorded_alone_where_nothing_sends_it(town: Fleet) -> None:
    a, at = town.first, NOW
    assert not called(a, None).tried
    for number in range(1, MAX_SENDS + 1):
        with pytest.raises(SendFailed, match=f"{number} of {MAX_SENDS} tries"):
            called(a, "exit 1", at)
        assert not called(a, "exit 1", at + 1).tried
        at = NOW + FIRST_WAIT * ((1 << number) - 1)
    assert not called(a, "true", at + 99_999).tried
    assert issubclass(SendFailed, GtError)
