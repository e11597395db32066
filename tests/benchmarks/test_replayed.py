"""Whole histories replayed: this repository's, and those of the repositories that GT_REPLAY names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.drive.history import replay

pytestmark = pytest.mark.bench

LAST = 60
"""First-parent commits that are landed again."""
OWN = Path(__file__).resolve().parents[2]
NAMED = [Path(name) for name in os.environ.get("GT_REPLAY", "").split(os.pathsep) if name]


@pytest.mark.parametrize("source", [*([OWN] if (OWN / ".git").exists() else []), *NAMED], ids=str)
def test_a_history_lands_again_with_its_trees(repo_path: Path, source: Path) -> None:
    it = replay(repo_path, source, LAST)
    print(
        f"\n{source}: {len(it.landed)} landed with history's trees; of the rest {len(it.unclean)} were merged by hand, "
        f"{len(it.strayed)} follow a rename, {len(it.empty)} change nothing"
    )
    assert it.tree("main") == it.settled("refs/history")
