"""Sixteen agents at once, on whatever machine this is: nothing goes wrong, and each Bead lands once."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.benchmarks.crowd import AT_ONCE, crowded, work_off
from tests.e2e.checks import check_town

pytestmark = pytest.mark.e2e

BEADS = 24


def test_each_of_a_crowd_lands_once_and_nothing_goes_wrong(tmp_path: Path, quiet: None) -> None:
    town, beads = crowded(tmp_path / "town", BEADS)
    running = town.start("run", "--yes", "-j", str(AT_ONCE))
    out, err = running.communicate(timeout=180)
    assert running.returncode == 0, out + err

    # none was tried twice, refused, or told of an error
    told = town.beads()
    assert sorted(told) == sorted(beads)
    results = [[each["result"] for each in bead["status"]["attempts"]] for bead in told.values()]
    assert results == [["submitted"]] * BEADS
    logs = [path for path in (town.common / "gt" / "log").rglob("*") if path.is_file()]
    said = [(path.name, line) for path in logs for line in path.read_text(errors="replace").splitlines()]
    assert [each for each in said if re.match(r"(error|busy|warning):", each[1])] == []
    spans = [(a["start"], a["end"]) for each in told.values() for a in each["status"]["attempts"]]
    most = max(sum(start <= at <= end for start, end in spans) for at, _ in spans)
    assert most > 1, "they were at work at once"

    # each landed once, by commits of the Refinery's own
    landed = Counter(
        re.findall(r"(?m)^Gt-Bead: (\S+)", town.git("log", "--first-parent", "--format=%B", "main"))
    )
    assert landed == Counter(beads)
    assert {f"made/{bead}" for bead in beads} <= town.files()

    # and it rests
    assert town.data("plan")["atRest"] is True
    assert town.gt("reconcile").code == 0
    assert work_off(town).code == 0
    check_town(town)
