"""Real processes, and the proof after each test that none of them lives."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gt.fleet.processes import table
from tests.fleet.stages import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A stage; when the test is over nobody may be left on it, and this process has no child it hadn't before."""
    before = _children()
    made = Stage(tmp_path / "stage")
    yield made
    left = made.alive()
    strays = _children() - before
    for pid in left:
        os.kill(pid, 9)
    assert (left, strays) == (set(), set())


def _children() -> set[int]:
    return {pid for pid, row in table().items() if row.parent == os.getpid()}
