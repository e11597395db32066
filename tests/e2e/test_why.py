"""`gt why` in every situation that docs/why.md has: what it says stands there, and what it names moves the Bead.

The page is what is expected: a row without a scene fails, and so does a scene without a row. `GT_WRITE_DOCS=1`, and
`make docs`, write what is said into the page.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gt.core.bead import StuckReason
from tests.conftest import seal
from tests.e2e.town import found
from tests.e2e.whys import (  # noqa: F401  (they fill the list of scenes)
    agents,
    ended,
    landed,
    leased,
    opened,
    queue,
    targets,
)
from tests.e2e.whys.stage import SCENES, SETTINGS, Hint, Stage, why
from tests.e2e.whys.table import NOTHING, Row, cell, code, rows, usual, write

pytestmark = pytest.mark.e2e

WRITE = "GT_WRITE_DOCS" in os.environ
"""Asked before a test is sealed from the environment."""


def test_every_row_has_a_scene_and_every_scene_a_row() -> None:
    assert set(rows()) == set(SCENES)


ROOT = Path(__file__).resolve().parents[2]
NAMED = (
    (r"Call\(\s*(?:f?\"[^\"]*\"|[\w.]+),\s*\"([a-z-]+)\"", "{}"),
    (r"Standing\.HELD,\s*\"([a-z-]+)\"", "held-{}"),
    (r"(?:Trouble|Parting|\b_?held)\(\s*\"([a-z-]+)\"", "{}"),
    (r"Target\([^\n]*, \"([a-z-]+)\"\)", "{}"),
    (r"\bcause=\"([a-z-]+)\"", "{}"),
)
"""How the code names what a person is called for, and what the page calls it."""


def test_every_call_for_a_person_has_a_row() -> None:
    code = "".join(
        path.read_text()
        for part in ("core", "refinery", "drive")
        for path in (ROOT / "gt" / part).glob("*.py")
    )
    named = {told.format(word) for pattern, told in NAMED for word in re.findall(pattern, code)}
    assert len(named) > 30
    there = {word for row in rows().values() for word in re.findall(r"`([a-z-]+)`", row.call)}
    # What is stuck and doesn't say why was written by nobody's gt.
    assert (named | {str(reason) for reason in StuckReason}) - there == {"stuck"}


@pytest.fixture(scope="session")
def founded(template_repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town that is made once, and copied for each scene."""
    place = tmp_path_factory.mktemp("founded")
    shutil.copytree(template_repo, place / "repo", symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        seal(patch, place)
        town = found(place / "repo", place / "scripts", {"story": "once\nupon\na\ntime\n"})
        shutil.copytree(town.path, place / "kept", symlinks=True)
    return place


@pytest.fixture
def stage(founded: Path, tmp_path: Path, quiet: None) -> Stage:
    shutil.copytree(founded / "kept", tmp_path / "repo", symlinks=True)
    shutil.copytree(founded / "scripts", tmp_path / "scripts")
    town = Stage(tmp_path / "repo", tmp_path / "scripts")
    town.settle(SETTINGS)
    return town


@pytest.mark.parametrize("situation", SCENES)
def test_it_says_why_and_what_it_names_moves_it(situation: str, stage: Stage) -> None:
    with closing(SCENES[situation](stage)) as playing:
        play(situation, stage, playing)


def play(situation: str, stage: Stage, playing: Generator[str, Hint, None]) -> None:
    """Ask, compare with the page, and do what is named."""
    bead = next(playing)
    people, programs = why(stage, bead)
    assert (people.code, programs.code) == (0, 0), f"{people}\n{programs}"
    said, data = people.out.splitlines(), programs.data
    typed = people.err.removeprefix("hint: ").strip() or None

    # both say the same
    assert [line.strip() for line in said][: len(data["chain"])] == [
        f"{link['bead']} {link['reason']}" for link in data["chain"]
    ]
    assert (data["bead"], data["reason"], data["hint"]) == (bead, data["chain"][0]["reason"], typed)

    # which is what stands on the page
    calls = [each["cause"] for each in stage.status() if each["subject"] in _subjects(data, stage)]
    *lines, last = usual([*(line.strip() for line in said), typed or ""], bead)
    told = Row(
        situation,
        cell(lines),
        code(last) if last else NOTHING,
        ", ".join(map(code, dict.fromkeys(calls))) or NOTHING,
    )
    row = rows()[situation]
    more = row.moves.removeprefix(told.moves) if row.moves.startswith(told.moves) else ""
    told = Row(told.situation, told.says, told.moves + more, told.call)
    if WRITE:
        write(told)
    else:
        assert str(told) == str(row), "run `make docs`"

    # and what is named moves it
    hint = Hint(stage, typed)
    with pytest.raises(StopIteration):
        playing.send(hint)
    if typed and not hint.ran:
        hint()
    if typed or data["phase"] != "landed":
        after = stage.data("why", bead)
        assert (after["phase"], after["chain"]) != (data["phase"], data["chain"]), f"{typed}: nothing moved"


def _subjects(data: dict[str, Any], town: Stage) -> set[str]:
    """What calls for a person may be about that concern this Bead: those of its chain, its target, stages and agent."""
    beads = {link["bead"] for link in data["chain"]}
    status = town.data("status")
    return beads | {
        "agent:sh",
        "ledger",
        *(f"target:{each['name']}" for each in status["targets"]),
        *(f"stage:{each['branch']}" for each in status["stages"]),
    }
