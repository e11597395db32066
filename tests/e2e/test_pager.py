"""What is long goes through the user's pager, as with git."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.e2e.test_terminal import on_terminal, start_on_terminal
from tests.e2e.town import LIMIT, Town

pytestmark = pytest.mark.e2e

MARK = "sed s/^/paged:/"


@pytest.mark.parametrize(
    ("env", "config", "paged"),
    [
        ({"GIT_PAGER": MARK}, None, True),
        ({"GIT_PAGER": "cat", "PAGER": MARK}, MARK, False),
        ({"GIT_PAGER": "", "PAGER": MARK}, MARK, False),
        ({"PAGER": MARK}, None, True),
        ({"PAGER": "false"}, MARK, True),
        ({"PAGER": "no-such-pager"}, None, False),
        ({"GIT_PAGER": MARK, "TERM": "dumb"}, None, False),
    ],
)
def test_it_is_chosen_as_git_does(
    town: Town, monkeypatch: pytest.MonkeyPatch, env: dict[str, str], config: str | None, paged: bool
) -> None:
    monkeypatch.delenv("GIT_PAGER")
    if config:
        town.git("config", "core.pager", config)
    bead = town.gt("create", "A Bead").out.strip()
    lines = on_terminal(town, "list", **env).splitlines()
    assert bead in lines[-1]
    assert all(line.startswith("paged:") is paged for line in lines)


def test_only_what_shows_and_may_be_long_is_paged_and_only_where_it_is_read(town: Town) -> None:
    bead = town.gt("create", "A Bead").out.strip()
    for args in (
        ("list", "--json"),
        ("--no-pager", "list"),
        ("status",),
        ("why", bead),
        ("edit", bead, "-p1"),
    ):
        assert "paged:" not in on_terminal(town, *args, GIT_PAGER=MARK), args
    for args in (("show", bead), ("log",), ("ready",)):
        assert "paged:" in on_terminal(town, *args, GIT_PAGER=MARK), args
    assert "paged:" not in town.gt("list", env={"GIT_PAGER": MARK}).out


def test_what_is_said_besides_is_paged_too_and_an_error_counts(town: Town) -> None:
    assert "error: no such Bead: nowhere" in on_terminal(town, "show", "nowhere", GIT_PAGER=MARK)
    assert "paged:error: --limit" not in on_terminal(town, "list", "--limit", "x", GIT_PAGER=MARK)


def test_leaving_it_early_is_no_failure(town: Town) -> None:
    town.gt("create", "--file", "-", stdin="".join(f"# Bead {number} {'x' * 60}\n" for number in range(3000)))
    process, ours = start_on_terminal(town, "list", "--all", GIT_PAGER="head -n 1")
    with process:
        assert process.wait(LIMIT) == 0
    os.close(ours)


def test_an_interrupt_is_for_the_pager_alone(town: Town) -> None:
    """Ctrl-C reaches both; gt is there until the pager is gone, and what it reports stands."""
    pager = (
        "trap 'echo interrupted >got' INT; cat >/dev/null; echo >ready; until [ -e got ]; do sleep 0.05; done"
    )
    process, ours = start_on_terminal(town, "log", GIT_PAGER=pager)
    with process:
        until = time.monotonic() + LIMIT
        while not (town.path / "ready").exists():
            assert time.monotonic() < until
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(LIMIT) == 0
    os.close(ours)
    assert (town.path / "got").read_text() == "interrupted\n"
