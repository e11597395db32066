"""A town to play with: a repository of its own, scripted agents, and gt run as real processes with a time limit."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gt.cli.context import Context
from gt.cli.main import run
from tests.conftest import run_git
from tests.outputs import parsed

ROOT = Path(__file__).resolve().parents[2]
GT = (sys.executable, "-m", "gt")
LIMIT = 60.0
"""Seconds that one command of gt may take before the test fails."""

AGENT = """\
# Keeps its prompt, then plays the script that the test wrote for this Bead; `n` is the number of the attempt.
scripts=${0%/*}
cat > "$scripts/$GT_BEAD.$GT_TOKEN.prompt"
n=${GT_TOKEN%%-*}
. "$scripts/$GT_BEAD.sh"
"""

TOWN = """\
apiVersion: gt/v1
agent: sh
agents:
  sh: {command: [sh, AGENT], prompt: stdin, deadline: 1m, grace: 1s}
gates:
  - {name: test, run: sh gate.sh, timeout: 1m}
refinery: {protected: [".gt/**", ".github/**"]}
limits: {attempts: 3, deadline: 1m, concurrent: 4, backoff: 1s}
"""

GATE = "! ls | grep -q '^bad' || { echo 'the gate found something bad'; exit 1; }\n"
"""Red for every tree with a file whose name begins with bad."""


@dataclass(frozen=True)
class Ran:
    """What a command answered."""

    argv: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Stdout as JSON."""
        return parsed(self.out)

    @property
    def error(self) -> Any:
        """What `--json` says on stderr when something goes wrong."""
        return json.loads(self.err.splitlines()[-1])["error"]

    def __str__(self) -> str:
        return f"gt {shlex.join(self.argv)}: exit {self.code}\n{self.out}{self.err}"


@dataclass
class Town:
    """A repository with a ledger. `path` is where commands are run, `scripts` what agents do."""

    path: Path
    scripts: Path
    env: dict[str, str] = field(default_factory=dict)
    since: str = ""
    """The first commit that has a gate."""

    # running

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What a process of gt gets: the sealed environment, with a `gt` on PATH for agents."""
        path = f"{self.scripts}/bin{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "PYTHONPATH": str(ROOT), "PATH": path, **self.env, **(more or {})}

    def start(
        self, *args: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, **more: Any
    ) -> subprocess.Popen[str]:
        """A process of gt, in a session of its own, with its output in pipes."""
        streams: dict[str, Any] = {
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "stdin": subprocess.DEVNULL,
        }
        return subprocess.Popen(
            [*GT, *args],
            cwd=cwd or self.path,
            env=self.environment(env),
            text=True,
            start_new_session=True,
            **(streams | more),
        )

    def gt(
        self,
        *args: str,
        ok: Container[int] | None = (0,),
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        limit: float = LIMIT,
    ) -> Ran:
        """Runs a command to its end; fails unless its exit code is one of `ok` (None: whatever it is)."""
        with self.start(*args, cwd=cwd, env=env, stdin=subprocess.PIPE) as process:
            try:
                out, err = process.communicate(stdin, timeout=limit)
            except subprocess.TimeoutExpired:
                process.kill()
                out, err = process.communicate()
                raise AssertionError(
                    f"gt {shlex.join(args)} took longer than {limit:g} s\n{out}{err}"
                ) from None
        ran = Ran(args, process.returncode, out, err)
        assert ok is None or ran.code in ok, str(ran)
        return ran

    def here(self, *args: str, ok: Container[int] = (0,), cwd: Path | None = None) -> Ran:
        """As `gt`, in this process: to set a scene and to look at one, which no process has to start for."""
        out, err = io.StringIO(), io.StringIO()
        where, environ = cwd or self.path, self.environment()
        code = run(
            Context(argv=args, cwd=where, environ=environ, stdin=io.StringIO(), stdout=out, stderr=err)
        )
        ran = Ran(args, code, out.getvalue(), err.getvalue())
        assert ran.code in ok, str(ran)
        return ran

    def data(self, *args: str, ok: Container[int] = (0,), cwd: Path | None = None) -> Any:
        """What a command that only reads prints with `--json`."""
        return self.here(*args, "--json", ok=ok, cwd=cwd).data

    def run(self, *args: str, ok: Container[int] = (0, 20)) -> Ran:
        """`gt run` until it has nothing more to do."""
        return self.gt("run", "--yes", *args, ok=ok, limit=180)

    def git(self, *args: str, check: bool = True, cwd: Path | None = None) -> str:
        """Plain git in this repository."""
        return run_git(cwd or self.path, *args, check=check)

    # Beads

    def create(self, title: str, script: str = "", *options: str) -> str:
        """A Bead whose agent plays this script (sh; it runs in the attempt's worktree); returns its id."""
        bead = self.here("create", title, *options).out.strip()
        self.play(bead, script)
        return bead

    def play(self, bead: str, script: str) -> None:
        """From now on this is what agents do for the Bead."""
        (self.scripts / f"{bead}.sh").write_text(f"set -e\n{script}\n")

    def bead(self, bead: str) -> Any:
        """A Bead as `gt show --json` prints it."""
        return self.data("show", bead)

    def beads(self) -> dict[str, Any]:
        """All Beads by id."""
        return {bead["id"]: bead for bead in self.data("list", "--all", ok=(0, 1))["items"]}

    def phase(self, bead: str) -> str:
        return str(self.bead(bead)["status"]["phase"])

    def results(self, bead: str) -> list[str]:
        """How its attempts ended."""
        return [attempt["result"] for attempt in self.bead(bead)["status"]["attempts"]]

    def prompt(self, bead: str, ordinal: int) -> str:
        """What the agent of this attempt was told."""
        (found,) = self.scripts.glob(f"{bead}.{ordinal}-*.prompt")
        return found.read_text()

    def why(self, bead: str) -> str:
        """Why a Bead isn't moving, and the command that moves it."""
        ran = self.here("why", bead)
        return ran.out + ran.err

    # looking

    def files(self, ref: str = "main") -> set[str]:
        """The paths in a commit."""
        return set(self.git("ls-tree", "-r", "--name-only", ref).splitlines())

    def text(self, path: str, ref: str = "main") -> str:
        return self.git("show", f"{ref}:{path}")

    @property
    def common(self) -> Path:
        """The common git directory."""
        return (self.path / self.git("rev-parse", "--git-common-dir")).resolve()

    def worktrees(self) -> list[Path]:
        """All worktrees but the main one."""
        listed = self.git("worktree", "list", "--porcelain").splitlines()
        return [Path(line.removeprefix("worktree ")) for line in listed if line.startswith("worktree ")][1:]

    def commit(self, files: Mapping[str, str], message: str = "a change", cwd: Path | None = None) -> str:
        """A commit made by hand on what is checked out; returns its id."""
        for name, text in files.items():
            place = (cwd or self.path) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        self.git("add", "-A", cwd=cwd)
        self.git("commit", "-q", "-m", message, cwd=cwd)
        return self.git("rev-parse", "HEAD", cwd=cwd)


def wait_until(holds: Callable[[], object], what: str, limit: float = 30.0) -> None:
    """Looks again and again until it holds; fails after `limit` seconds."""
    end = time.monotonic() + limit
    while not holds():
        assert time.monotonic() < end, f"waited {limit:g} s for {what}"
        time.sleep(0.02)


def settings(scripts: Path, text: str = TOWN) -> str:
    """The text of `.gt/town.yaml`, with the scripted agent in the place of AGENT."""
    return text.replace("AGENT", str(scripts / "agent"))


def stage_agent(scripts: Path) -> None:
    """Writes the scripted agent, and a `gt` for its PATH."""
    (scripts / "bin").mkdir(parents=True)
    (scripts / "agent").write_text(AGENT)
    shim = scripts / "bin" / "gt"
    shim.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.join(GT)} "$@"\n')
    shim.chmod(0o755)


def found(path: Path, scripts: Path, files: Mapping[str, str] | None = None) -> Town:
    """Makes the repository at `path` a town: settings and gate committed on `main`, which is checked out."""
    if not scripts.exists():
        stage_agent(scripts)
    town = Town(path, scripts)
    town.since = town.commit({".gt/town.yaml": settings(scripts), "gate.sh": GATE, **(files or {})}, "Settle")
    town.here("init")
    return town


def kill_all(pids: Iterable[int]) -> None:
    """Kills these processes, by id."""
    for pid in pids:
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            continue
