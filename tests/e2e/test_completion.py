"""Completion in a real shell, on a terminal."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import time

import pytest

from tests.e2e.town import Town

pytestmark = pytest.mark.e2e


class Session:
    """An interactive bash."""

    def __init__(self, town: Town) -> None:
        self.ours, theirs = pty.openpty()
        env = town.environment({"TERM": "dumb", "PS1": "ready> ", "COLUMNS": "200", "INPUTRC": "/dev/null"})
        self.process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-i"],
            cwd=town.path,
            env=env,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.seen = ""

    def type(self, text: str) -> None:
        self.seen = ""
        os.write(self.ours, text.encode())

    def wait_for(self, text: str) -> None:
        end = time.monotonic() + 20
        while text not in self.seen:
            ready, _, _ = select.select([self.ours], [], [], max(end - time.monotonic(), 0))
            assert ready, f"waited for {text!r}: {self.seen}"
            self.seen += os.read(self.ours, 4096).decode(errors="replace")

    def close(self) -> None:
        os.close(self.ours)
        self.process.kill()
        self.process.wait()


def test_bash_completes_commands_and_beads(town: Town) -> None:
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    one, two = town.create("the first title"), town.create("the second title")
    session = Session(town)
    try:
        session.wait_for("ready> ")
        session.type('eval "$(gt completion bash)"; echo loaded\n')
        session.wait_for("\nloaded")
        session.type("gt verif\t")
        session.wait_for("gt verify ")
        session.type("\x15gt show \t\t\t")
        for title in ("(the first title)", "(the second title)"):
            session.wait_for(title)
        unique = next(end for end in range(4, 12) if one[:end] != two[:end])
        session.type(f"\x15gt show {one[:unique]}\t")
        session.wait_for(one)
        session.type("\n")
        session.wait_for("the first title")
    finally:
        session.close()
