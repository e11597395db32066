"""Running a git that talks to another repository: with the user's credentials, never for ever, never asking a terminal."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gt.errors import Busy
from gt.git.repo import Repo
from gt.git.run import TAME, Done, environment

if TYPE_CHECKING:
    import subprocess

PATIENCE = 120.0
"""Seconds that one conversation with a remote may take."""

GRACE = 2.0
"""Seconds between TERM and KILL: git removes its lock files when it is told to end."""

SAFE = (
    # What comes in is durable before a ref names it: git's own default spares itself that for loose objects.
    *("-c", "core.fsync=all"),
    # Only the refs that are named travel, whatever the user's config adds to a push.
    *("-c", "push.followTags=false"),
)


class Unreachable(Busy):
    """A remote gave no answer: what it holds is unknown, not absent."""

    kind = "unreachable"


def talk(repo: Repo, *args: str, patience: float = PATIENCE) -> Done:
    """Run git to its end and return what it answered, whatever its exit code.

    It runs in a session of its own, so that whatever it starts (ssh, a credential helper) can't ask the terminal and
    is ended with it. The user's git hooks don't run. Raises Unreachable after `patience` seconds.
    """
    import subprocess

    process = subprocess.Popen(
        ["git", f"--git-dir={repo.git_dir}", *TAME, *SAFE, *args],
        cwd=_home(repo),
        env=environment(None, user=True),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        raise Unreachable(f"git {args[0]} took longer than {patience:g} s") from None
    finally:
        _end(process)
    return Done(process.returncode, out, err)


def _home(repo: Repo) -> Path:
    """From where a remote's path leads, if it is relative: the main work tree, from wherever gt was called."""
    if repo.common_dir.name == ".git":
        return repo.common_dir.parent
    own = repo.git_dir == repo.common_dir
    return repo.work_tree if own and repo.work_tree else repo.common_dir


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a git that still runs, and what it started."""
    import subprocess

    if process.poll() is None:
        for deed in ("TERM", "KILL"):
            with suppress(OSError):
                _signal(process, deed)
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
                break
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _signal(process: subprocess.Popen[bytes], deed: str) -> None:
    """Send TERM or KILL to the process and all of its session; where there are no sessions, to it alone."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, getattr(signal, f"SIG{deed}"))
    elif deed == "TERM":
        process.terminate()
    else:
        process.kill()
