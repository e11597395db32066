"""What only a whole process shows of the error boundary: its descriptors, its signals, its last flush."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
GT = (sys.executable, "-m", "gt")


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def shell(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs a line of sh in which `gt` is this gt."""
    script = f'gt() {{ "{sys.executable}" -m gt "$@"; }}\n{line}'
    return subprocess.run(
        ["sh", "-c", script], cwd=cwd, env=environment(), capture_output=True, text=True, check=False
    )


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*GT, "help", "--markdown"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as said:
        assert (process.wait(), said.read()) == (141, b"")


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    done = shell("gt version > /dev/full", tmp_path)
    assert (done.returncode, done.stderr) == (
        75,
        "error: the disk is full (No space left on device)\nhint: df -h .\n",
    )


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_descriptors_hurt_nobody(tmp_path: Path, closed: str) -> None:
    done = shell(f"gt version {closed}", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_termination_during_start_up_is_an_interruption(tmp_path: Path) -> None:
    # SIGTERM is sent while the handlers are in place and typer is being imported.
    code = (
        "import sys, os, signal, importlib.abc\n"
        "class Kill(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'typer': os.kill(os.getpid(), signal.SIGTERM)\n"
        "sys.meta_path.insert(0, Kill())\n"
        "sys.argv = ['gt', 'version']\n"
        "from gt.cli.main import main\n"
        "sys.exit(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_an_ignored_hang_up_stays_ignored(tmp_path: Path) -> None:
    code = (
        "import signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); sys.argv = ['gt', 'version']\n"
        "from gt.cli.main import main; main(); print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "True"
