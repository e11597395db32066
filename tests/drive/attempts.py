"""A town whose agent is a shell script of the test's own."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from gt.core.bead import Attempt, Bead, Lease, Phase
from gt.drive.hands import Hands
from gt.drive.work import Worked, work
from gt.git.repo import Repo, discover
from gt.store.ledger import Ledger
from tests.conftest import NOW, run_git
from tests.store.scenes import ALICE, bead, new_ledger, write

TOWN = """\
apiVersion: gt/v1
agent: sh
agents:
  sh:
    command: "sh {script}"
    env: [SAY]
    grace: 1s
    deadline: {deadline}
{agent}
{rest}
ungated: true
"""

SAY = """\
import json, os, sys
kind, key, text, *rest = sys.argv[1:]
name = os.path.join(os.environ["GT_OUTBOX"], "%012d-%s.json" % (1795377600, (rest or ["aaaaaaaa"])[0]))
json.dump({"kind": kind, "at": 1795377600, key: text}, open(name, "w"))
"""


@dataclass
class Scene:
    """The repository, its ledger, and a script that every attempt runs."""

    path: Path
    repo: Repo
    ledger: Ledger
    script: Path
    tokens: itertools.count[int] = field(default_factory=lambda: itertools.count(0x1000))

    def hands(self, actor: str = ALICE) -> Hands:
        environ = {**os.environ, "SAY": str(self.script.with_name("say.py"))}
        return Hands(self.repo, self.ledger, lambda: actor, self.digits, environ, lambda: NOW)

    def digits(self, count: int) -> str:
        """Never the same twice."""
        return f"{next(self.tokens):0{count}x}"[-count:]

    def agent(self, script: str) -> None:
        """What the agent does from now on."""
        self.script.write_text(f"set -e\n{script}\n")

    def settings(self, *, agent: str = "", rest: str = "", deadline: str = "20s") -> None:
        """Put the town's settings on main."""
        text = TOWN.replace("{script}", str(self.script)).replace("{deadline}", deadline)
        text = text.replace("{agent}", agent).replace("{rest}", rest)
        self.commit({".gt/town.yaml": text})

    def commit(self, files: dict[str, str]) -> str:
        """A commit on main by its user."""
        for name, data in files.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(data)
            run_git(self.path, "add", "--", name)
        run_git(self.path, "commit", "-q", "-m", "by the user")
        return run_git(self.path, "rev-parse", "HEAD")

    def work(self, wanted: str | None = None, told: Callable[[Lease, str], None] = lambda *_: None) -> Worked:
        return work(self.hands(), wanted, told)

    def work_apart(self, bead: str) -> int:
        """Starts the same for this Bead in a process of its own; its id."""
        pid = os.fork()
        if pid == 0:
            try:
                self.work(bead)
            finally:
                os._exit(0)
        return pid

    def orphaned(self, bead: str, busy: Path) -> Lease:
        """Starts the same, and kills this gt once its agent has made the file `busy`; the lease that stays."""
        pid = self.work_apart(bead)
        until(busy.exists)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        lease = self.get(bead).status.lease
        assert lease is not None
        return lease

    def without_lease(self, bead: str) -> None:
        """The lease of this Bead is over, though nobody ended its attempt."""
        found = self.get(bead)
        self.put(replace(found, status=replace(found.status, phase=Phase.OPEN, lease=None)))

    def get(self, name: str) -> Bead:
        with self.ledger.read() as snapshot:
            return snapshot.get(name)

    def put(self, *beads: Bead) -> None:
        write(self.ledger, *beads).close()

    def files(self, commit: str | None) -> dict[str, str]:
        """The paths of a commit with their contents, less the settings."""
        assert commit is not None
        names = run_git(self.path, "ls-tree", "-r", "--name-only", commit).splitlines()
        return {
            name: run_git(self.path, "show", f"{commit}:{name}")
            for name in names
            if not name.startswith(".gt/")
        }

    def nothing_left(self) -> None:
        """No worktree, work branch, lock or note of an attempt is left."""
        trees = run_git(self.path, "worktree", "list", "--porcelain")
        branches = run_git(self.path, "for-each-ref", "--format=%(refname)", "refs/heads/gt")
        kept = [
            path.name
            for folder in ("locks", "attempts")
            for path in (self.repo.gt_dir / folder).glob("*")
            if path.is_file()
        ]
        assert (trees.count("worktree "), branches, kept) == (1, "", [])


def town(path: Path, tmp_path: Path) -> Scene:
    """A town with one ready Bead, number 1, and an agent that does nothing."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "say.py").write_text(SAY)
    run_git(path, "config", "gt.target", "main")
    scene = Scene(path, discover(path), new_ledger(path, bead(1)), scripts / "agent.sh")
    scene.agent("true")
    scene.settings()
    return scene


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Waits for something that another process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it didn't come about"
        time.sleep(0.01)


def last(found: Bead) -> Attempt:
    return found.status.attempts[-1]
