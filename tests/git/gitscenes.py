"""What the tests of gt.git set their scenes with: plain git, and many at once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gt.errors import Busy

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


@contextmanager
def stopped_at(effect: int, deed: Callable[[], None], events: Collection[str] = EFFECTS) -> Iterator[Stopped]:
    """A child that does the deed and is stopped, as by ^Z, before its n-th effect; it goes on when the block ends."""
    child = os.fork()
    if child == 0:
        _count_down(effect, lambda: os.kill(os.getpid(), signal.SIGSTOP), events)
        code = 1
        try:
            deed()
            code = 0
        except Busy:
            code = Busy.exit_code
        finally:
            os._exit(code)
    _, status = os.waitpid(child, os.WUNTRACED)
    found = Stopped(child, os.WIFSTOPPED(status))
    try:
        yield found
    finally:
        if found.stopped:
            os.kill(child, signal.SIGCONT)
            _, status = os.waitpid(child, 0)
        found.code = os.waitstatus_to_exitcode(status)
    assert found.code in (0, Busy.exit_code)


@dataclass
class Stopped:
    """Such a child; `stopped` is false once the deed has no so many effects."""

    pid: int
    stopped: bool
    code: int = -1
    """What it exited with, after the block: 0, or 75 if it was told to try again."""


def _count_down(
    effect: int, then: Callable[[], object] = lambda: os._exit(9), events: Collection[str] = EFFECTS
) -> None:
    left = effect

    def hook(event: str, _args: object) -> None:
        nonlocal left
        if event in events:
            left -= 1
            if left == 0:
                then()

    sys.addaudithook(hook)


def together(count: int, deed: Callable[[int], None]) -> None:
    """Do the deed in so many processes at once; all must end well."""
    children = [FORK.Process(target=deed, args=(number,)) for number in range(count)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * count


@contextmanager
def meanwhile(path: Path, *commands: str) -> Iterator[None]:
    """These git commands, again and again, whatever they answer; at least once."""
    flag = path.parent / "storm"
    flag.touch()
    script = f"while :; do {'; '.join(f'git {each}' for each in commands)}; test -e '{flag}' || exit 0; done"
    with subprocess.Popen(["sh", "-c", script], cwd=path, stderr=subprocess.DEVNULL) as storm:
        try:
            yield
        finally:
            flag.unlink()
            assert storm.wait(60) == 0
