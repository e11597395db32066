"""`gt demo` keeps every promise it makes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gt.demo.scenes import _SCENES
from tests.e2e.checks import assert_no_locks, assert_no_orphans, assert_sound
from tests.e2e.town import Town, stage_agent

pytestmark = pytest.mark.e2e


def test_the_demonstration_shows_what_it_promises(tmp_path: Path, quiet: None) -> None:
    stage_agent(tmp_path / "scripts")
    stage = Town(tmp_path, tmp_path / "scripts")
    done = stage.gt("demo", "--keep", "kept", limit=240)
    assert " NO" not in done.out, done
    assert all(f"yes  {promise}" in done.out for promise, _ in _SCENES), done
    town = Town(tmp_path / "kept" / "wordkit", tmp_path / "scripts")
    assert_sound(town)
    assert_no_locks(town)
    assert_no_orphans(town)
    assert (
        subprocess.run(
            ["git", "status", "--porcelain"], cwd=town.path, capture_output=True, check=True
        ).stdout
        == b""
    )
    town.gt("reconcile", ok=(20,))


def test_the_demonstration_writes_over_nothing(tmp_path: Path, quiet: None) -> None:
    stage_agent(tmp_path / "scripts")
    precious = tmp_path / "kept" / "wordkit" / "precious"
    precious.parent.mkdir(parents=True)
    precious.write_text("mine\n")
    refused = Town(tmp_path, tmp_path / "scripts").gt("demo", "--keep", "kept", ok=(1,))
    assert "not empty" in refused.err
    assert [path.name for path in precious.parent.iterdir()] == ["precious"]
