"""Making a fresh worktree usable: untracked files copied from the main work tree, the town's set-up run in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from gt.core.town import Worktrees
from gt.fleet import launch
from gt.fleet.commandline import argv
from gt.fleet.launch import Ended, Job
from gt.fleet.wrapping import Wrapper

SHOWN = 2000
"""Bytes of a failed set-up's output that go into the reason."""


def copy(source: Path, target: Path, names: Iterable[str]) -> tuple[str, ...]:
    """Copy files and folders by their relative paths; returns a remark for each that wasn't.

    What isn't there, or is in the target already, is passed over. A link is followed only within `source`.
    """
    remarks = []
    for name in names:
        origin, goal = source / name, target / name
        if not os.path.lexists(origin) or os.path.lexists(goal):
            continue
        if not _inside(origin, source) or not _inside(goal.parent, target):
            remarks.append(f"worktrees.copy: {name} leads outside, and was not copied")
            continue
        goal.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, goal, symlinks=True)
        elif origin.is_file():
            shutil.copy2(origin, goal)
        else:
            remarks.append(f"worktrees.copy: {name} is no file, and was not copied")
    return tuple(remarks)


def _inside(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def set_up(
    spec: Worktrees,
    worktree: Path,
    *,
    values: Mapping[str, str],
    env: Mapping[str, str],
    log: Path,
    keep_fds: tuple[int, ...],
    marker: str,
    wrapper: Wrapper | None = None,
) -> tuple[Ended, str] | None:
    """Run the town's set-up in the worktree, inside the agent's wrapper if it has one; None if it went well, else how it ended and why it is a failure."""
    if spec.setup is None:
        return None
    command = argv(spec.setup, values)
    # It runs on files that an earlier attempt may have changed.
    if wrapper is not None:
        command, env = wrapper.around(command, env), wrapper.environment(env)
    ended = launch.run(
        Job(
            argv=command,
            cwd=worktree,
            env=env,
            log=log,
            deadline=spec.timeout,
            keep_fds=keep_fds,
            marker=marker,
        )
    )
    if ended.why == "exit" and ended.code == 0:
        return None
    how = {"exit": f"exit code {ended.code}" if ended.code is not None else f"signal {ended.signal}"}
    output = launch.tail(log, SHOWN).strip()
    why = f"the set-up failed: {how.get(ended.why, ended.why)}{f': {ended.message}' if ended.message else ''}"
    return ended, f"{why}\n{output}" if output else why
