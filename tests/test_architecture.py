"""The shape of the package: who may import whom, and what start-up may cost."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {
    "asyncio",
    "dulwich",
    "filelock",
    "importlib.metadata",
    "logging",
    "pydantic",
    "rich",
    "ruamel",
    "sqlite3",
}
HEAVY |= {"http", "typer.rich_utils", "gt.store", "gt.verbs", "gt.drive"}


def test_imports_point_down() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as c; c()",
            "--no-cache",
            "--no-logo",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_layers_name_every_part() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    layers = " ".join(settings["tool"]["importlinter"]["contracts"][0]["layers"])
    named = set(layers.translate(str.maketrans("()|", "   ")).split())
    parts = {path.parent.name for path in (ROOT / "gt").glob("*/*.py")}
    parts |= {path.stem for path in (ROOT / "gt").glob("*.py") if path.stem != "__init__"}
    assert parts <= named


@pytest.mark.parametrize("argv", [["--help"], ["version"], ["exit-codes"], ["help", "version"], ["nonsense"]])
def test_start_up_leaves_the_heavy_things_alone(argv: list[str]) -> None:
    code = (
        "import sys; sys.argv = ['gt', *sys.argv[1:]]; from gt.cli.main import main; main();"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *argv], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert "gt.cli.app" in loaded
    assert loaded & HEAVY == set()


def test_printing_the_help_imports_no_command() -> None:
    code = (
        "import sys; sys.argv = ['gt', '--help']; from gt.cli.main import main; main();"
        "print(*(m for m in sys.modules if m.startswith('gt.cli.commands')), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.split() == []


def test_modules_have_one_idea() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in (ROOT / "gt").rglob("*.py")}
    ordered = sorted(lengths.values())
    assert ordered[len(ordered) // 2] <= 150
    banned = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    assert not [path for path in lengths if banned & set(path.relative_to(ROOT).with_suffix("").parts)]
