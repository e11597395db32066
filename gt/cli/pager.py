"""What is long goes to a terminal by the user's pager, chosen and called as git does."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from gt.cli.context import Context, ReaderGone
from gt.errors import GtError

Answer = TypeVar("Answer")

DEFAULT = "less"
EASY = {"LESS": "FRX", "LV": "-c"}
"""Set where the user hasn't: what fits on the screen is only printed, colours pass, the screen stays as it was."""


class _Shown(io.TextIOWrapper):
    """A pipe to the pager. What goes into it is for a terminal."""

    def isatty(self) -> bool:
        return True


def paged(gt: Context, command: Callable[[], Answer]) -> Answer | None:
    """Have what a command prints go through the pager, and wait for that; returns the command's answer.

    None for a reader who left before the end: no failure, but nobody wants the rest.
    """
    pager = _start(gt)
    if pager is None:
        return command()
    assert pager.stdin is not None
    _ = gt.columns, gt.colour  # looked up now: behind a pipe neither could be told any more
    shown = _Shown(pager.stdin, encoding="utf-8", errors="backslashreplace")
    out, err = gt.stdout, gt.stderr
    gt.flush()
    gt.stdout = shown
    if err.isatty():
        gt.stderr = shown
    try:
        return command()
    except ReaderGone:
        return None
    finally:
        gt.stdout, gt.stderr = out, err
        _finish(pager, shown)


def _start(gt: Context) -> subprocess.Popen[bytes] | None:
    """The pager; None where there is to be none, none is there, or the terminal can't do what one does."""
    if gt.environ.get("TERM", "dumb") == "dumb":
        return None
    command = _command(gt)
    simple = not set(command) & set("|&;<>()$`\\\"' \t\n*?[#~=%")
    if command in ("", "cat") or (
        simple and shutil.which(command, path=gt.environ.get("PATH", os.defpath)) is None
    ):
        return None
    environ = {**EASY, **gt.environ}
    return subprocess.Popen(["/bin/sh", "-c", command], stdin=subprocess.PIPE, env=environ, cwd=gt.cwd)


def _command(gt: Context) -> str:
    """As in git-var(1), GIT_PAGER: the variable, core.pager, PAGER, less. A line for sh."""
    if "GIT_PAGER" in gt.environ:
        return gt.environ["GIT_PAGER"].strip()
    return (_configured(gt) or gt.environ.get("PAGER", DEFAULT)).strip()


def _configured(gt: Context) -> str:
    from gt.git.run import git

    try:
        return git(gt.repo, "config", "--get", "core.pager", user=True, ok=(0, 1)).text
    except GtError:  # outside a repository, and that will be told
        return ""


def _finish(pager: subprocess.Popen[bytes], shown: _Shown) -> None:
    """Ctrl-C is for the pager alone, as long as it is there and has all that it gets."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with suppress(BrokenPipeError):
            shown.close()
        pager.wait()
    finally:
        signal.signal(signal.SIGINT, before)
