"""Several machines that share a ledger: a bare hub, and clones of it, each a ledger with its own hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from gt.core import moves
from gt.core.bead import Attempt, Bead, Closed, CloseReason, Lease, Result, Submission
from gt.core.edit import spec_digest
from gt.core.town import Limits
from gt.git.repo import discover
from gt.store.counterpart import Counterpart, counterpart
from gt.store.integrate import Merger
from gt.store.ledger import Changes, Ledger, Message
from gt.store.sync import SyncReport, publish
from tests.conftest import NOW, run_git
from tests.store.scenes import bead, bead_id, new_ledger, write

LIMITS = Limits()


@dataclass
class Machine:
    """A clone, and who works there; its clock ticks with every deed."""

    name: str
    path: Path
    ledger: Ledger
    clock: int = NOW

    @property
    def actor(self) -> str:
        return f"{self.name} <{self.name}@example.com>"

    @property
    def remote(self) -> Counterpart:
        return counterpart(self.ledger.repo, None)

    def tick(self) -> int:
        self.clock += 10
        return self.clock

    def sync(self, *, send: bool = True, restore: bool = False) -> SyncReport:
        return publish(
            self.ledger,
            self.remote,
            Merger(self.actor, self.tick(), lambda _: LIMITS),
            send=send,
            restore=restore,
        )

    def do(self, verb: str, bead: str, change: Callable[[Bead], Bead]) -> Bead:
        """Change one Bead by one commit."""
        made: list[Bead] = []

        def changes(snapshot: object) -> Changes:
            made[:] = [change(self.bead(bead))]
            return Changes({made[0].id: made[0]})

        message = Message(f"{verb} {bead}", verb, self.actor, (bead,), self.tick())
        with self.ledger.hold() as held:
            self.ledger.update(held, message, changes).close()
        return made[0]

    def create(self, number: int, **spec: object) -> Bead:
        made = replace(bead(number, None, **spec), uid=f"{self.name}-{number}")
        with self.ledger.hold() as held:
            message = Message("create", "create", self.actor, (made.id,), self.tick())
            self.ledger.update(held, message, lambda _: Changes({made.id: made})).close()
        return made

    def claim(self, number: int, digits: str | None = None) -> str:
        """Claim a Bead; returns the token."""
        return self.take(bead_id(number), digits or (self.name * 4)[:4])

    def take(self, name: str, digits: str) -> str:
        now = self.tick()
        known = self.bead(name)
        token = f"{known.next_ordinal}-{digits}"
        lease = Lease(
            token=token,
            agent="",
            actor=self.actor,
            host=f"host-{self.name}",
            boot="b",
            clone=f"clone-{self.name}",
            lock=False,
            pid=0,
            pidstart=0,
            started=now,
            expires=now + 3600,
            worktree="",
            branch=f"gt/{name}/{token}",
            base="main",
            basecommit="0" * 40,
        )
        self.do("claim", name, lambda b: moves.claim(b, lease, spec_digest(b.spec)))
        return token

    def offer(self, name: str, token: str) -> None:
        now = self.tick()
        made = Submission(token, "c" * 40, f"gt/x/{token}", "main", "0" * 40, "", "merge", now, self.actor)
        attempt = Attempt(token, "", now, now, Result.SUBMITTED, head="c" * 40)
        self.do("submit", name, lambda b: moves.submit(b, made, attempt))

    def give_back(self, name: str, token: str) -> None:
        now = self.tick()
        attempt = Attempt(token, "", now, now, Result.RELEASED)
        self.do("release", name, lambda b: moves.end(b, attempt, LIMITS, now))

    def end(self, name: str) -> None:
        closed = Closed(CloseReason.DONE, "", self.tick(), self.actor)
        self.do("close", name, lambda b: moves.close(b, closed))

    def retitle(self, number: int, title: str) -> None:
        self.edit(bead_id(number), title)

    def edit(self, name: str, title: str) -> None:
        now = self.tick()

        def change(before: Bead) -> Bead:
            clock = {**before.clock, "spec.title": max(now, before.clock.get("spec.title", 0) + 1)}
            return replace(before, spec=replace(before.spec, title=title), clock=clock)

        self.do("edit", name, change)

    def bead(self, name: str) -> Bead:
        with self.ledger.read() as snapshot:
            return snapshot.get(name)

    def beads(self) -> dict[str, Bead]:
        with self.ledger.read() as snapshot:
            return {each.id: each for each in snapshot.listing()}

    def tip(self) -> str:
        return self.ledger.tip()

    def git(self, *args: str) -> str:
        return run_git(self.path, *args)


def machine(path: Path, name: str) -> Machine:
    return Machine(name, path, Ledger(discover(path)))


@dataclass
class Shared:
    """A hub, and what clones it."""

    hub: Path
    first: Machine

    def clone(self, name: str) -> Machine:
        """Another machine, whose ledger is the hub's as it is now."""
        path = self.hub.parent / name
        run_git(self.hub.parent, "clone", "-q", str(self.hub), name)
        run_git(
            path, "remote", "set-url", "origin", "../hub.git"
        )  # so that all of it can be copied elsewhere
        run_git(path, "branch", "-q", "--no-track", "beads", "origin/beads")
        return machine(path, name)

    def tip(self) -> str:
        return run_git(self.hub, "rev-parse", "beads")

    def git_hook(self, name: str, text: str) -> None:
        """Give the hub a git hook, a few lines of sh; none if there is no text."""
        place = self.hub / "hooks" / name
        place.parent.mkdir(exist_ok=True)
        place.unlink(missing_ok=True)
        if text:
            place.write_text(f"#!/bin/sh\n{text}\n")
            place.chmod(0o755)


def shared(path: Path, *beads: Bead) -> Shared:
    """A hub beside the repository at `path`, which is the first machine, with a ledger of these Beads on both."""
    ledger = new_ledger(path)
    if beads:
        write(ledger, *beads).close()
    hub = path.parent / "hub.git"
    run_git(path.parent, "init", "-q", "--bare", "-b", "main", str(hub))
    run_git(path, "remote", "add", "origin", "../hub.git")
    run_git(path, "push", "-q", "origin", "main")
    first = Machine("a", path, ledger)
    first.sync()
    return Shared(hub, first)
