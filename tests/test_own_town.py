"""gt's own repository is set up as a town: its settings can be read, and its gates are what its pipeline runs."""

from __future__ import annotations

import re
from pathlib import Path

from gt.core.town import TOWN_FILE
from gt.git.repo import discover
from gt.store.settings import town_at
from tests.conftest import run_git

ROOT = Path(__file__).resolve().parents[1]


def test_what_its_pipeline_runs_are_its_gates(repo_path: Path) -> None:
    (repo_path / TOWN_FILE).parent.mkdir()
    (repo_path / TOWN_FILE).write_bytes((ROOT / TOWN_FILE).read_bytes())
    run_git(repo_path, "add", TOWN_FILE)
    run_git(repo_path, "commit", "-qm", "The settings")
    town = town_at(discover(repo_path), run_git(repo_path, "rev-parse", "HEAD"))
    run = re.findall(r"^make .*$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert [gate.run for gate in town.gates] == run != []
    assert {".gt/**", ".ci/**", "Makefile"} <= set(town.refinery.protected)
