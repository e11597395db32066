"""A repository with a ledger and submissions in it, and the Refinery called on it in this process."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from gt.core.bead import Attempt, Bead, Phase, Result, Status, Submission
from gt.core.ids import submission_ref
from gt.core.state import Acceptance, TownState
from gt.core.town import Town
from gt.drive.merge import MergeReport, View, look, run
from gt.git import refs
from gt.git.repo import Repo
from gt.refinery import pins
from gt.refinery.accepted import asked
from gt.refinery.outcomes import Outcome
from gt.refinery.pins import landing_ref
from gt.refinery.proving import Keys, Proved, Slot, candidate, prove
from gt.refinery.train import Member, Train, Yardmaster
from gt.refinery.yard import Yard
from gt.store.ledger import Changes, Ledger
from tests.conftest import NOW, run_git
from tests.store.scenes import ALICE, bead, message, new_ledger, write

TOKEN = "1-aaaa"
Files = Mapping[str, str | None]

GATE = '{name: test, run: "test ! -e bad"}'
"""Red wherever there is a file called `bad`."""


def town(*gates: str, more: str = "") -> str:
    """Settings with these gates."""
    return f"apiVersion: gt/v1\ngates: [{', '.join(gates or (GATE,))}]\n{more}"


SCENE = "refs/heads/scene"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


@dataclass
class Scene:
    """A town whose target is `main`; nobody has it checked out unless a test says so."""

    path: Path
    ledger: Ledger
    said: list[str] = field(default_factory=list)
    number: int = 0

    @property
    def repo(self) -> Repo:
        return self.ledger.repo

    def git(self, *args: str, check: bool = True) -> str:
        return run_git(self.path, *args, check=check)

    def tip(self, ref: str = "refs/heads/main") -> str:
        plain = ref.startswith("refs/") and not set(ref) & set("^~:{")
        return (refs.read(self.repo, ref) if plain else None) or self.git("rev-parse", ref)

    def own(self, branch: str) -> str | None:
        """What gt noted down last of what it made of this branch."""
        return self.git("rev-parse", "-q", "--verify", landing_ref(branch), check=False) or None

    def commit(
        self, files: Files, *parents: str, message: str = "work", tree: str | None = None, ref: str = ""
    ) -> str:
        """A commit on top of these parents (default: main), none of it in a checkout; `ref` is moved there.

        It has the files of the first parent, or of `tree`, but for these: None removes a file, `-> PATH` is a
        symbolic link, `=> COMMIT` a submodule.
        """
        first, *others = parents or ("refs/heads/main",)
        out = [f"commit {SCENE}\nmark :1\ncommitter {ALICE} {NOW} +0000\n", _data(f"{message}\n")]
        out += [f"from {first}^0\n", *(f"merge {other}^0\n" for other in others)]
        if tree is not None:
            out.append(f'M 040000 {self.tip(f"{tree}^{{tree}}")} ""\n')
        for name, content in files.items():
            if content is None:
                out.append(f"D {name}\n")
            elif content.startswith("=> "):
                out.append(f"M 160000 {content[3:]} {name}\n")
            else:
                mode = "120000" if content.startswith("-> ") else "100644"
                out += [f"M {mode} inline {name}\n", _data(content.removeprefix("-> "))]
        if ref:
            out.append(f"reset {ref}\nfrom :1\n")
        # Once its id is told, nothing else is to name it.
        out.append(f"get-mark :1\nreset {SCENE}\nfrom {self.repo.zero}\n")
        return run_git(self.path, "fast-import", "--quiet", stdin="".join(out).encode())

    def push(self, files: Files, **more: str) -> str:
        """Somebody moves main forward, without gt."""
        return self.commit(files, ref="refs/heads/main", **more)

    def submit(
        self,
        files: Files,
        *,
        commit: str | None = None,
        base: str | None = None,
        strategy: str = "merge",
        **spec: object,
    ) -> Bead:
        """A Bead with this change of main submitted."""
        self.number += 1
        since = base or self.tip()
        new = bead(self.number, None, **spec)
        pin = submission_ref(new.id, TOKEN)
        if commit:
            self.git("update-ref", pin, commit)
        made = commit or self.commit(files, since, ref=pin)
        at = NOW + self.number
        sub = Submission(
            TOKEN, made, f"gt/{new.id}/{TOKEN}", "main", since, "", strategy, at, "fixer <>", "fixer"
        )
        tried = Attempt(TOKEN, "fixer", NOW, at, Result.SUBMITTED, head=made, commits=1)
        new = replace(new, status=Status(Phase.SUBMITTED, submission=sub, attempts=(tried,)))
        write(self.ledger, new).close()
        return new

    def bead(self, which: Bead) -> Bead:
        """The Bead as the ledger has it now."""
        with self.ledger.read() as snapshot:
            return snapshot.get(which.id)

    def change(self, which: Bead, edit: Callable[[Bead], Bead]) -> Bead:
        made = edit(self.bead(which))
        write(self.ledger, made).close()
        return made

    def state(self, state: TownState) -> None:
        with self.ledger.hold() as held:
            self.ledger.update(held, message(), lambda _: Changes(state=state)).close()

    def acknowledge(self) -> None:
        """A person accepts main as it is."""
        own = pins.tips(self.repo, "main").own
        word = Acceptance.of(asked(self.repo, self.tip(), own) if own is not None else self.tip())
        with self.ledger.read() as snapshot:
            before = snapshot.state().acknowledged.get("main")
        self.state(TownState(acknowledged={"main": word.after(before)}))

    def merge(self, *, now: int = NOW + 1000, again: bool = False, dry: bool = False) -> MergeReport:
        return run(
            self.repo, self.ledger, actor=ALICE, clock=lambda: now, environ=dict(os.environ),
            say=self.said.append, again=again, dry=dry,
        )  # fmt: skip

    def look(self, now: int = NOW + 1000) -> View:
        return look(self.repo, self.ledger, now)

    def causes(self) -> dict[str, str]:
        """`standing cause` of everything submitted."""
        queued = self.look().queue.queued
        return {each.bead: f"{each.standing} {each.cause}".strip() for each in queued}

    def files(self, ref: str = "main") -> set[str]:
        return set(self.git("ls-tree", "-r", "--name-only", ref).split("\n"))

    def phase(self, which: Bead) -> Phase:
        return self.bead(which).phase


def scene(path: Path, settings: str | None = None) -> Scene:
    """A town with these settings (default: one gate)."""
    made = Scene(path, new_ledger(path))
    run_git(path, "checkout", "-q", "-b", "dev")
    run_git(path, "config", "gt.target", "main")
    made.push({".gt/town.yaml": town() if settings is None else settings})
    return made


@dataclass(frozen=True)
class Proven:
    """A train of one submission on main as it is, its gates run."""

    train: Train
    verdict: Proved
    proofs: Mapping[str, tuple[Outcome, ...]]
    town: Town
    yard: Yard


def proving(town: Scene, which: Bead) -> Proven:
    """Runs the gates on this Bead's submission."""
    seen = town.look()
    place = Yard(town.repo, ALICE, lambda: NOW + 1000, dict(os.environ))
    sub = seen.beads[which.id].status.submission
    assert sub is not None
    train = Yardmaster(town.repo).train(town.tip(), [Member(which.id, sub)])
    it = candidate(place, train, [seen.towns["main"]])
    verdict = prove(place, it, Slot(1, lambda: False), Keys(), queue="q")
    proofs = {it.tree: it.proofs(town.repo, NOW + 1000) or ()}
    return Proven(train, verdict, proofs, seen.towns["main"], place)
