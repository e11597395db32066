"""Deeds done in a forked child that stops before each of its effects: no Python has to start for it."""

from __future__ import annotations

import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from gt.errors import Busy
from tests.crash import effects

Deed = Callable[[], object]

FAILED = "the deed failed: see stderr"


def dies_at(number: int, deed: Deed, *, closely: bool = False) -> bool:
    """Do the deed in a child that is killed just before its n-th effect; False if it came to its end first."""
    left = number

    def tell(_effect: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    child = _forked()
    if child == 0:
        _do(deed, tell, closely=closely)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -signal.SIGKILL), FAILED
    return code != 0


def paused(deed: Deed, *, closely: bool = False) -> Generator[str, None, None]:
    """Do the deed in a child, which stands still before each effect while that is looked at.

    The disk then is what a kill would leave; close the iterator there, and it is a kill. `closely`: the halves of
    what is written, syncs, and the statements of sqlite are effects, too. Raises AssertionError if the deed fails.
    """
    (told, tell), (going, go) = os.pipe(), os.pipe()
    child = _forked()
    if child == 0:
        os.close(go)
        write = os.write

        def stop(effect: str) -> None:
            write(tell, effect.replace("\n", " ").encode(errors="replace") + b"\n")
            os.read(going, 1)

        _do(deed, stop, closely=closely)
    os.close(tell)
    os.close(going)
    ended = False
    try:
        with open(told, encoding="utf-8", errors="replace") as effects_told:
            for line in effects_told:
                yield line.rstrip("\n")
                os.write(go, b".")
        ended = True
    finally:
        if not ended:
            os.kill(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.close(go)
    assert code == 0, FAILED


@dataclass
class Stopped:
    """A child that was stopped; `stopped` is false if the deed had no so many effects."""

    pid: int
    stopped: bool
    code: int = -1
    """What it exited with in the end: 0, or 75 if it was told to try again."""


@contextmanager
def stopped_at(number: int, deed: Deed, *, closely: bool = False) -> Iterator[Stopped]:
    """A child that does the deed and is stopped, as by ^Z, before its n-th effect; when the block ends it goes on."""
    left = number

    def tell(_effect: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGSTOP)

    def told() -> None:
        try:
            deed()
        except Busy:
            os._exit(Busy.exit_code)

    child = _forked()
    if child == 0:
        _do(told, tell, closely=closely)
    _, status = os.waitpid(child, os.WUNTRACED)
    found = Stopped(child, os.WIFSTOPPED(status))
    try:
        yield found
    finally:
        if found.stopped:
            os.kill(child, signal.SIGCONT)
            _, status = os.waitpid(child, 0)
        found.code = os.waitstatus_to_exitcode(status)
    assert found.code in (0, Busy.exit_code), FAILED


def _forked() -> int:
    with warnings.catch_warnings():
        # A test runner may have threads; the child calls nothing of theirs.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _do(deed: Deed, tell: effects.Tell, *, closely: bool) -> NoReturn:
    code = 1
    try:
        effects.watch(tell)
        if closely:
            effects.watch_bytes(tell)
        deed()
        code = 0
    except BaseException:  # noqa: BLE001  # whatever it is, this process must not go on as a test runner
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(code)
