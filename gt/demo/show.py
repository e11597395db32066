"""Runs the demonstration: types the commands a person would, then checks what came of them."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from gt.core.values import dataclass
from gt.demo.project import fixtures, make
from gt.demo.scenes import Scene, scenes
from gt.errors import Conflict
from gt.git.repo import discover
from gt.git.run import git
from gt.store.history import log
from gt.store.ledger import Ledger

NEEDS_HUMAN = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """What the demonstration came to."""

    repo: Path
    exit_code: int
    """Of `gt run`: 20, for it ends at rest but for what waits for a person."""
    scenes: tuple[Scene, ...]
    commits: int
    """How many first-parent commits of the target there are; each passed its gate again."""
    red: tuple[str, ...]
    """Those that didn't."""

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        return self.exit_code == NEEDS_HUMAN and not self.red and all(scene.shown for scene in self.scenes)


def show(at: Path, environ: Mapping[str, str], say: Callable[[str], None]) -> Shown:
    """Play the demonstration in the folder `at`, which is made; `say` is told each line.

    Raises Conflict when a command ends otherwise than it should.
    """
    repo = make(at / "wordkit")
    say(f"A small project, in {repo}")
    stage = _Stage(repo, environ, say)
    stage.type("init", "--commit")
    stage.type("create", "--file", str(fixtures() / "PLAN.md"))
    stage.type("list")
    code = stage.type("run", "--yes", "-j", "4", ok=(0, NEEDS_HUMAN))
    stage.type("status")
    stage.type("log", "-n", "60")
    town = discover(repo)
    verbs = [event.verb for event in log(town)]
    with Ledger(town).read() as snapshot:
        played = scenes(snapshot.listing(), reversed(verbs))
    commits = _first_parents(repo)
    return Shown(
        repo, code, played, len(commits), tuple(c for c in commits if not _green(repo, at, c, environ))
    )


@dataclass(frozen=True, slots=True)
class _Stage:
    repo: Path
    environ: Mapping[str, str]
    say: Callable[[str], None]

    def type(self, *args: str, ok: tuple[int, ...] = (0,)) -> int:
        """One command, its output as it comes; its exit code."""
        self.say("")
        self.say(f"$ {shlex.join(('gt', *args))}")
        done = subprocess.run(
            [sys.executable, "-m", "gt", *args], cwd=self.repo, env=dict(self.environ), check=False
        )
        if done.returncode not in ok:
            raise Conflict(f"gt {args[0]} ended with {done.returncode}", hint=f"gt -C {self.repo} status")
        return done.returncode


def _first_parents(repo: Path) -> list[str]:
    return git(repo, "rev-list", "--first-parent", "--reverse", "main").text.split()


def _green(repo: Path, at: Path, commit: str, environ: Mapping[str, str]) -> bool:
    """Whether the project's own tests pass on a commit, in a checkout of nothing else."""
    place = at / "check" / commit[:12]
    git(repo, "worktree", "add", "--detach", "-q", str(place), commit)
    try:
        done = subprocess.run(
            ["make", "-s", "test"], cwd=place, env=dict(environ), check=False, capture_output=True
        )
    finally:
        git(repo, "worktree", "remove", "--force", str(place))
    return done.returncode == 0
