"""Completion in a real shell, on a terminal."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import termios
import time
from pathlib import Path

import pytest

from tests.e2e.town import Town

pytestmark = pytest.mark.e2e


SHELLS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i", "-C", "function fish_prompt; echo 'ready> '; end"],
}


class Session:
    """An interactive shell on a terminal that is wide enough for every title."""

    def __init__(self, town: Town, shell: str, **more: str) -> None:
        if shutil.which(shell) is None:
            pytest.skip(f"{shell} is not installed")
        self.ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (50, 200))
        term = "xterm" if shell == "fish" else "dumb"
        env = town.environment(
            {"TERM": term, "PS1": "ready> ", "COLUMNS": "200", "INPUTRC": "/dev/null"} | more
        )
        self.process = subprocess.Popen(
            # The first terminal that the leader of a session opens becomes its own, which fish insists on.
            ["sh", "-c", 'exec "$@" <>"$0" >&0 2>&0', os.ttyname(theirs), *SHELLS[shell]],
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


@pytest.mark.parametrize(
    ("shell", "load"),
    [
        ("bash", 'eval "$(gt completion bash)"'),
        ("zsh", 'eval "$(gt completion zsh)"'),
        ("fish", "gt completion fish | source"),
    ],
)
def test_a_shell_completes_commands_and_beads(town: Town, shell: str, load: str) -> None:
    one, two = town.create("the first title"), town.create("the second title")
    unique = next(end for end in range(4, 12) if one[:end] != two[:end])
    for typed, answers in (
        ("gt verif\t--jso\t\n", ['"apiVersion"']),
        ("gt show \t\t\t", ["the first title", "the second title"]),
        (f"gt show {one[:unique]}\t--jso\t\n", ['"title": "the first title"']),
    ):
        session = Session(town, shell)
        try:
            session.wait_for("ready> ")
            session.type(f"{load}; echo lo''aded\n")
            session.wait_for("loaded")
            session.type(typed)
            for answer in answers:
                session.wait_for(answer)
        finally:
            session.close()


def test_zsh_answers_the_first_tab_after_a_file_in_fpath(town: Town, tmp_path: Path) -> None:
    session = Session(town, "zsh", FPATH_OF_GT=str(tmp_path))
    (tmp_path / "_gt").write_text(town.gt("completion", "zsh").out)
    try:
        session.wait_for("ready> ")
        session.type("fpath=($FPATH_OF_GT $fpath); autoload -Uz compinit; compinit -D; echo lo''aded\n")
        session.wait_for("loaded")
        session.type("gt verif\t--jso\t\n")
        session.wait_for('"apiVersion"')
    finally:
        session.close()
