"""Towns in which something is submitted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.refinery.merging import Scene, scene


@pytest.fixture
def yard(repo_path: Path) -> Scene:
    """A town with one gate, red wherever there is a file called `bad`."""
    return scene(repo_path)
