"""What the commands that are asked all day don't import."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Gt
from tests.cli.towns import TownScene

HEAVY = (
    "dulwich",
    "ruamel",
    "filelock",
    "subprocess",
    "asyncio",
    "logging",
    "uuid",
    "http",
    "rich",
    "importlib.metadata",
)
ROOT = Path(__file__).parents[2]

PROBE = """
import sys
import typer
of_typer = set(sys.modules)
from gt.cli.context import Context
from gt.cli.main import run
code = run(Context.from_process())
print(*sorted(set(sys.modules) - of_typer), file=sys.stderr)
raise SystemExit(code)
"""


@pytest.mark.parametrize("argv", [("ready",), ("list",), ("show", "BEAD"), ("blocked",), ("ready", "--json")])
def test_a_warm_read_imports_nothing_heavy(gt: Gt, repo_path: Path, argv: tuple[str, ...]) -> None:
    town = TownScene(repo_path, gt)
    town("init")
    bead = town.create("a")
    town("ready")
    words = [bead if word == "BEAD" else word for word in argv]
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words],
        cwd=repo_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    loaded = set(done.stderr.split())
    assert done.returncode == 0, done.stderr
    assert bead in done.stdout or argv == ("blocked",)
    assert not [name for name in HEAVY if name in loaded]
