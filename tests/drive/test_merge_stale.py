"""Outcomes that speak of something else than what would land: of another time, another tree, another order."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import NOW
from tests.refinery.merging import scene, town

HOUR = 3600


def test_a_control_of_long_ago_blames_nobody(repo_path: Path, tmp_path: Path) -> None:
    """The target was green; hours later something outside of it is broken, and so is whatever is merged into it."""
    broken = tmp_path / "broken"
    yard = scene(repo_path, town(f'{{name: test, run: "test ! -e bad && test ! -e {broken}"}}'))
    yard.submit({"bad": ""})
    assert yard.merge().exit_code == 3
    broken.touch()
    yard.submit({"fine": ""})
    report = yard.merge(now=NOW + 2 * HOUR)
    assert (report.exit_code, report.rejected, report.landed) == (20, [], [])
    assert report.trouble is not None
    assert "is red itself" in report.trouble
