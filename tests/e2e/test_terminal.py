"""On a terminal: nothing that others wrote acts on it, whatever command shows it."""

from __future__ import annotations

import os
import pty
import subprocess
import unicodedata

import pytest

from gt.core.ids import bead_path
from tests.conftest import run_git
from tests.e2e.test_hostile_ledger import plant
from tests.e2e.town import GT, LIMIT, Town

pytestmark = pytest.mark.e2e

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\u2066\u200b\x08\r"
"""Sets a title, clears the screen, reverses text, hides."""

QUOTED = '"x' + EVIL.encode("unicode_escape").decode().replace("\\x9b", "\\u009b") + '"'
"""The same, as YAML has it."""


def start_on_terminal(town: Town, *args: str, **env: str) -> tuple[subprocess.Popen[bytes], int]:
    """A command with a terminal as its stdin, stdout and stderr; and where that is read, until OSError."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*GT, *args],
        cwd=town.path,
        env=town.environment({"TERM": "xterm", "COLUMNS": "200", **env}),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    return process, ours


def all_shown(ours: int) -> bytes:
    """What is written there until nobody can write any more."""
    seen = b""
    try:
        while data := os.read(ours, 1 << 16):
            seen += data
    except OSError:  # the other side is closed
        pass
    os.close(ours)
    return seen


def on_terminal(town: Town, *args: str, **env: str) -> str:
    """What a command writes to a terminal that is its stdin, stdout and stderr."""
    process, ours = start_on_terminal(town, *args, **env)
    with process:
        seen = all_shown(ours)
        process.wait(LIMIT)
    return seen.replace(b"\r\n", b"\n").decode("utf-8", "surrogateescape")


def hostile(text: str) -> str:
    """Every character that acts on a terminal or hides, newlines and tabs excepted."""
    return "".join(char for char in text if char not in "\n\t" and unicodedata.category(char)[0] == "C")


def test_nothing_raw_reaches_a_terminal(town: Town) -> None:
    bead = town.create("harmless", f"printf {EVIL.encode()!r} > file".replace("b'", "'"), "--attempts", "1")
    town.gt("work", bead)
    data = town.git("show", f"beads:{bead_path(bead)}")
    data = data.replace("title: harmless", f"title: {QUOTED}\n  body: {QUOTED}\n  labels:\n    - {QUOTED}")
    note = f'\nnotes:\n  - id: n-1\n    at: "2026-11-22T20:10:00Z"\n    by: {QUOTED}\n    text: {QUOTED}\n'
    plant(town, bead_path(bead), "100644", (data + note).encode())
    plant(town, f"beads/z/z/{EVIL}.yaml", "100644", b"[")
    commit = run_git(
        town.path,
        "-c", f"user.name=M{EVIL}", "commit-tree", "beads^{tree}", "-p", "beads", "-m", f"subject {EVIL}\n\nGt-Actor: {EVIL}",
    )  # fmt: skip
    town.git("update-ref", "refs/heads/beads", commit)
    commands = (
        ("log",),
        ("log", bead),
        ("show", bead),
        ("list", "--all"),
        ("list", "--all", "--json"),
        ("status",),
        ("board",),
        ("why", bead),
        ("prime", bead),
        ("logs", bead),
        ("diff", bead),
        ("diff", bead, "--stat"),
        ("plan",),
        ("show", f"x{EVIL}"),
        ("list", "--phase", EVIL),
    )
    shown = {command: on_terminal(town, *command) for command in commands}
    assert {command: hostile(text) for command, text in shown.items() if hostile(text)} == {}
    for command in (("log",), ("show", bead), ("list", "--all"), ("diff", bead)):
        assert "\\x1b]0;owned\\x07" in shown[command], shown[command]


def test_what_takes_long_says_for_how_long_and_nothing_of_it_stays(town: Town) -> None:
    wait = "until [ -e ../go ]; do sleep 0.05; done"
    settings = (town.path / ".gt/town.yaml").read_text()
    town.commit({".gt/town.yaml": settings.replace("run: sh gate.sh", f"run: 'cd {town.path}/.git; {wait}'")})
    town.git("checkout", "-q", "-b", "mine")
    town.commit({"mine": "x"})
    process, ours = start_on_terminal(town, "try", "mine")
    with process:
        seen = b""
        while b"\x1b7\x1b[Kgt try: 2s\x1b8" not in seen:
            seen += os.read(ours, 1 << 16)
        (town.path / "go").touch()
        rest = all_shown(ours)
        assert process.wait(LIMIT) == 0
    last = rest.rpartition(b"\x1b8")[2]
    assert last.startswith(b"\x1b[K")
    assert b"gt try: " not in last
    assert b"pass" in last
