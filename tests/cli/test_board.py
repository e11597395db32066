"""`gt board`: which Bead is in which column, and how columns fit a terminal."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.cli.conftest import NOW, Gt
from tests.cli.towns import TownScene, set_up
from tests.conftest import run_git

SETTINGS = "apiVersion: gt/v1\nungated: true\n"
COLUMNS = ("ready", "waiting", "leased", "submitted", "stuck", "landed")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    return set_up(gt, repo_path, SETTINGS)


def ids(town: TownScene, *argv: str, now: int = NOW) -> dict[str, list[str]]:
    data = town("board", "--json", *argv, now=now).data
    assert data["kind"] == "Board"
    return {name: [bead["id"] for bead in data[name]] for name in COLUMNS}


def shown(town: TownScene, columns: int, **environ: str) -> str:
    out = Terminal()
    town("board", stdout=out, environ={"COLUMNS": str(columns), "TERM": "xterm", **environ})
    return out.getvalue()


def submitted(town: TownScene, bead: str) -> None:
    where = town.path / town("claim", bead, "--json").data["status"]["lease"]["worktree"]
    (where / f"file-{bead}").write_text("x\n")
    run_git(where, "add", ".")
    run_git(where, "commit", "-qm", "work")
    town("submit", cwd=where)


def test_every_bead_is_in_its_column(town: TownScene) -> None:
    landed, waits_for, leased = town.create("landed"), town.create("submitted"), town.create("leased")
    submitted(town, landed)
    town("merge")
    submitted(town, waits_for)
    town("claim", leased)
    urgent, ready = town.create("urgent", "-p", "0"), town.create("ready")
    waiting, epic = town.create("waiting", "--needs", leased), town.create("epic", "--type", "epic")
    stuck = town.create("stuck", "--attempts", "1")
    town("claim", stuck)
    town("fail", stuck, "--reason", "the API is gone")
    town("propose", "proposed")
    assert ids(town) == {
        "ready": [urgent, ready],
        "waiting": [waiting, epic] if waiting < epic else [epic, waiting],
        "leased": [leased],
        "submitted": [waits_for],
        "stuck": [stuck],
        "landed": [landed],
    }
    assert ids(town, "--limit", "1")["ready"] == [urgent]
    assert ids(town, now=NOW + 86401)["landed"] == []
    out = town("board").out
    assert f"{waiting} P2  needs {leased}, which is leased  waiting" in out
    assert "stuck (1)" in out
    assert "stuck (" not in town("board", "--at", "beads~2").out
    assert "1 proposed: gt list --phase proposed" in out


def test_columns_are_beside_each_other_only_where_there_is_room(town: TownScene) -> None:
    one = town.create("a title that is far too long for a column of its own on this terminal\x1b[31m")
    two = town.create("second", "--needs", one)
    wide, narrow = shown(town, 60, NO_COLOR="1"), shown(town, 40, NO_COLOR="1")
    assert wide.splitlines()[0].split() == ["ready", "(1)", "waiting", "(1)"]
    assert wide.splitlines()[2].split() == [one, "P2", two, "P2"]
    assert narrow.splitlines()[0] == "ready (1)"
    assert narrow.index(one) < narrow.index("waiting (1)") < narrow.index(two)
    for columns in (20, 40, 41, 42, 60, 200):
        text = shown(town, columns, NO_COLOR="1")
        assert "\x1b" not in text
        if columns >= 60:
            assert max(map(len, text.splitlines())) <= columns
    assert "\x1b[32mready (1)\x1b[0m" in shown(town, 60)


def test_what_is_not_shown_is_counted(town: TownScene) -> None:
    for number in range(10):
        town.create(f"number {number}")
    assert "ready (10)" in shown(town, 80)
    assert "and 2 more" in shown(town, 80)
    assert town("board").out.count("number") == 10


def test_an_empty_board_says_so(town: TownScene) -> None:
    assert town("board").out == "nothing is under way, and nothing landed in the last day\n"
