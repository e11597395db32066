"""What the tests of gt.git set their scenes with: plain git, and children that crash on purpose."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

EFFECTS = ("open", "os.link", "os.rename", "os.remove", "os.mkdir", "fcntl.flock")
"""Audit events before each of which a process may be killed."""

FORK = multiprocessing.get_context("fork")


def plain(cwd: Path, *args: str, stdin: str | None = None, code: int = 0) -> str:
    """Run git as a user would; returns stdout without its last newline."""
    done = subprocess.run(["git", *args], cwd=cwd, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout.removesuffix("\n")


def commit_file(cwd: Path, name: str, text: str, message: str = "change") -> str:
    """Commit one file in a checkout; returns the commit's id."""
    path = cwd / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    plain(cwd, "add", "--", name)
    plain(cwd, "commit", "-q", "-m", message)
    return plain(cwd, "rev-parse", "HEAD")


def dies_at(effect: int, deed: Callable[[], None]) -> bool:
    """Do the deed in a child that is gone, at once, before its n-th effect; whether it died."""
    child = os.fork()
    if child == 0:
        _count_down(effect)
        code = 1
        try:
            deed()
            code = 0
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9)
    return code == 9


def _count_down(effect: int) -> None:
    left = effect

    def hook(event: str, _args: object) -> None:
        nonlocal left
        if event in EFFECTS:
            left -= 1
            if left == 0:
                os._exit(9)

    sys.addaudithook(hook)


def together(count: int, deed: Callable[[int], None]) -> None:
    """Do the deed in so many processes at once; all must end well."""
    children = [FORK.Process(target=deed, args=(number,)) for number in range(count)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * count
