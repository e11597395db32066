"""What an author is told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gt.refinery.evidence import as_one


@pytest.mark.parametrize(
    "command",
    [
        "touch ran",
        "cd .; touch ran",
        "false || touch ran",
        "true\ntouch ran",
        "touch ran # so",
        "touch 'ran'",
    ],
)
def test_a_command_behind_another_runs_whole_or_not_at_all(tmp_path: Path, command: str) -> None:
    for before, there in (("false", False), ("true", True)):
        subprocess.run(["sh", "-c", f"{before} && {as_one(command)}"], cwd=tmp_path, check=False)
        assert (tmp_path / "ran").exists() is there


def test_a_plain_command_is_shown_as_it_is() -> None:
    assert as_one("sh gate.sh") == "sh gate.sh"
