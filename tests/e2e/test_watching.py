"""`--watch`: shown again on each change and only then; Ctrl-C leaves the terminal as it was."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.town import GT, LIMIT, Town

pytestmark = pytest.mark.e2e


@contextmanager
def child(town: Town, *args: str, stdin: int | None = None, stdout: int) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [*GT, *args],
        cwd=town.path,
        env=town.environment({"TERM": "xterm"}),
        stdin=stdin,
        stdout=stdout,
        stderr=stdout if stdin is not None else None,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def read_until(source: int, wanted: bytes) -> bytes:
    seen = b""
    while wanted not in seen:
        data = os.read(source, 1 << 16)
        assert data, seen
        seen += data
    return seen


@pytest.mark.parametrize("command", ["status", "queue", "board"])
def test_ctrl_c_leaves_the_terminal_as_it_was(town: Town, command: str) -> None:
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    with child(town, command, "--watch", stdin=theirs, stdout=theirs) as process:
        assert read_until(ours, b"\x1b[J").startswith(b"\x1b[?1049h\x1b[?25l\x1b[?7l")
        os.killpg(process.pid, signal.SIGINT)
        read_until(ours, b"\x1b[?7h\x1b[?25h\x1b[?1049l")
        assert process.wait(LIMIT) == 130
    assert termios.tcgetattr(theirs) == before
    os.close(theirs)
    os.close(ours)


def test_a_change_is_shown_on_the_terminal(town: Town) -> None:
    ours, theirs = pty.openpty()
    with child(town, "status", "--watch", stdin=theirs, stdout=theirs) as process:
        read_until(ours, b"no Beads yet")
        town.create("first", "true")
        read_until(ours, b"1 open")
        os.killpg(process.pid, signal.SIGINT)
        read_until(ours, b"\x1b[?1049l")
        assert process.wait(LIMIT) == 130
    os.close(theirs)
    os.close(ours)


def test_json_is_a_line_for_each_change_and_nothing_is_written(town: Town) -> None:
    town.gt("status")
    ours, theirs = os.pipe()
    with child(town, "status", "--watch", "--json", stdout=theirs) as process:
        os.close(theirs)
        first = read_until(ours, b"\n")
        assert first.count(b"\n") == 1
        assert json.loads(first)["phases"]["open"] == 0
        tip = town.git("rev-parse", "beads")
        # A ring without a change is looked at, and says nothing.
        (town.path / ".git" / "gt" / "doorbell").touch()
        town.create("first", "true")
        second = read_until(ours, b"\n")
        assert json.loads(second.splitlines()[0])["phases"]["open"] == 1
        assert town.git("rev-parse", "beads~1") == tip
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT) == 130
        assert os.read(ours, 1) == b""
    os.close(ours)


def test_it_is_refused_where_nobody_would_see_it(town: Town) -> None:
    for command in ("status", "queue", "board"):
        ran = town.gt(command, "--watch", ok=(2,))
        assert "--watch needs a terminal; elsewhere --watch --json" in ran.err
        assert f"hint: gt {command} --help" in ran.err
    assert "the past doesn't change" in town.gt("status", "--watch", "--at", "beads", ok=(2,)).err
