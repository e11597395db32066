"""Several machines that work one town through a bare repository: clones of it on this machine, each with its own hands."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from pathlib import Path

from gt.core.bead import Bead
from gt.core.plan import Plan, plan
from gt.core.town import Limits
from gt.drive import merge
from gt.drive.attempt_claim import Taken, take
from gt.drive.handing_in import HandedIn, hand_in
from gt.drive.hands import Hands
from gt.drive.merge import MergeReport
from gt.drive.observe import observe
from gt.drive.reconcile import Reconciled, reconcile
from gt.drive.work import Worked, work
from gt.git.repo import Repo, discover
from gt.store.counterpart import counterpart
from gt.store.integrate import Merger
from gt.store.ledger import Ledger
from gt.store.sync import SyncReport, publish
from tests.conftest import NOW, run_git
from tests.store.scenes import bead, new_ledger, write

TOWN = """\
apiVersion: gt/v1
agent: sh
agents:
  sh: {command: "sh SCRIPT", grace: 1s, deadline: 20s}
gates:
  - {name: test, run: sh GATE}
limits: {attempts: 3, concurrent: 9, backoff: 1s}
coordination: COORDINATION
refinery: {push: origin}
"""


@dataclass
class Machine:
    """A clone, and who works there."""

    name: str
    path: Path
    repo: Repo
    ledger: Ledger
    script: Path
    now: int = NOW
    said: list[str] = field(default_factory=list)
    tokens: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def actor(self) -> str:
        return f"{self.name} <{self.name}@example.com>"

    def hands(self) -> Hands:
        return Hands(
            self.repo, self.ledger, lambda: self.actor, self.digits, dict(os.environ), lambda: self.now
        )

    def digits(self, count: int) -> str:
        """Never the same twice, on any machine."""
        return f"{self.name}{next(self.tokens):0{count - 1}x}"[-count:]

    def claim(self, wanted: str | None = None, *, offline: bool = False) -> Taken:
        return take(self.hands(), wanted, None, offline=offline)

    def token(self, wanted: str) -> str:
        lease = self.get(wanted).status.lease
        assert lease is not None
        return lease.token

    def work(self, wanted: str | None = None, *, offline: bool = False) -> Worked:
        return work(self.hands(), wanted, offline=offline)

    @staticmethod
    def token_of(taken: Taken) -> str:
        lease = taken.bead.status.lease
        assert lease is not None
        return lease.token

    def submit(self, taken: Taken) -> HandedIn:
        return hand_in(self.hands(), taken.bead.id, self.token_of(taken), None)

    def merge(self, *, push: bool = False, dry: bool = False, again: bool = False) -> MergeReport:
        return merge.run(
            self.repo,
            self.ledger,
            actor=self.actor,
            clock=lambda: self.now,
            environ=dict(os.environ),
            say=self.said.append,
            push=push,
            dry=dry,
            again=again,
        )

    def reconcile(self) -> Reconciled:
        return reconcile(self.hands())

    def plan(self) -> Plan:
        return plan(observe(self.repo, self.ledger, self.now))

    def sync(self) -> SyncReport:
        """Only the ledger, by what any town has."""
        return publish(
            self.ledger,
            counterpart(self.repo, None),
            Merger(self.actor, self.now, lambda _: Limits()),
        )

    def get(self, name: str) -> Bead:
        with self.ledger.read() as snapshot:
            return snapshot.get(name)

    def git(self, *args: str, check: bool = True) -> str:
        return run_git(self.path, *args, check=check)

    def tip(self, ref: str = "main") -> str:
        return self.git("rev-parse", ref)

    def state(self) -> str:
        """All refs and all objects: what an idle pass must not change."""
        return self.git("for-each-ref") + self.git("count-objects", "-v")


@dataclass
class Fleet:
    """The hub, and the machines."""

    hub: Path
    script: Path
    first: Machine

    def machine(self, name: str) -> Machine:
        """One more, as `git clone` and `gt init` make it."""
        path = self.hub.parent / name
        run_git(self.hub.parent, "clone", "-q", str(self.hub), name)
        run_git(path, "branch", "-q", "--no-track", "beads", "origin/beads")
        return _machine(path, name, self.script)

    def tip(self, ref: str = "main") -> str:
        return run_git(self.hub, "rev-parse", ref)

    def agent(self, script: str) -> None:
        """What every agent does from now on."""
        self.script.write_text(f"set -e\n{script}\n")

    def git_hook(self, name: str, text: str) -> None:
        """A git hook of the hub, a few lines of sh; none if there is no text."""
        place = self.hub / "hooks" / name
        place.parent.mkdir(exist_ok=True)
        place.unlink(missing_ok=True)
        if text:
            place.write_text(f"#!/bin/sh\n{text}\n")
            place.chmod(0o755)

    def gate(self, script: str) -> None:
        """What the gate does from now on, on every machine."""
        _gate(self.script).write_text(f"{script}\n")

    def cut(self) -> None:
        """Nobody reaches the hub any more."""
        self.hub.rename(self.hub.with_name("gone.git"))

    def mend(self) -> None:
        self.hub.with_name("gone.git").rename(self.hub)


def commit(where: Path, files: dict[str, str], message: str = "work") -> str:
    for name, text in files.items():
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        (where / name).write_text(text)
        run_git(where, "add", "--", name)
    run_git(where, "commit", "-q", "-m", message)
    return run_git(where, "rev-parse", "HEAD")


def _machine(path: Path, name: str, script: Path) -> Machine:
    run_git(path, "config", "gt.target", "main")
    return Machine(name, path, discover(path), Ledger(discover(path)), script)


def fleet(path: Path, *, beads: int = 1, coordination: str = "remote") -> Fleet:
    """A hub beside the repository at `path`, which is machine a; so many ready Beads, numbered from 1."""
    script = path.parent / "agent.sh"
    hub = path.parent / "hub.git"
    text = TOWN.replace("SCRIPT", str(script)).replace("GATE", str(_gate(script)))
    text = text.replace("COORDINATION", coordination)
    commit(path, {".gt/town.yaml": text})
    run_git(path.parent, "init", "-q", "--bare", "-b", "main", str(hub))
    run_git(path, "remote", "add", "origin", str(hub))
    run_git(path, "push", "-q", "origin", "main")
    write(new_ledger(path), *(bead(n) for n in range(1, beads + 1))).close()
    made = Fleet(hub, script, _machine(path, "a", script))
    made.agent('echo "$GT_BEAD" > "$GT_BEAD"')
    made.gate("test ! -e bad")
    made.first.sync()
    return made


def _gate(script: Path) -> Path:
    return script.with_name("gate.sh")
