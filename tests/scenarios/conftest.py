"""A town for each scenario: a copy of one that is made once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Gt, gt  # noqa: F401  (a fixture)
from tests.cli.towns import TownScene

SETTINGS = """\
apiVersion: gt/v1
agent: sh
agents: {sh: {command: "true"}}
types: [ritual]
ungated: true
"""


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the town lies that is copied, once the first scenario has made it."""
    return tmp_path_factory.mktemp("stock") / "repo"


@pytest.fixture
def town(gt: Gt, stock: Path, template_repo: Path, tmp_path: Path) -> TownScene:  # noqa: F811
    if not stock.exists():
        from tests.conftest import run_git

        shutil.copytree(template_repo, stock, symlinks=True)
        (stock / ".gt").mkdir()
        (stock / ".gt" / "town.yaml").write_text(SETTINGS)
        run_git(stock, "add", ".gt")
        run_git(stock, "commit", "-qm", "settings")
        TownScene(stock, gt)("init", environ={"PATH": ""})
    path = tmp_path / "repo"
    shutil.copytree(stock, path, symlinks=True)
    return TownScene(path, gt)
