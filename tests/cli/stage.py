"""A stage for commands that are killed: a town with something to do for each of them, put back before every call."""

from __future__ import annotations

import io
import itertools
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gt.cli.context import Context
from gt.cli.main import run
from gt.core import ids
from gt.core.bead import (
    Attempt,
    Closed,
    CloseReason,
    FieldConflict,
    Lease,
    Phase,
    Question,
    Result,
    Status,
    Stuck,
    StuckReason,
)
from gt.core.draft import Origin
from gt.core.page import Page, page_id
from gt.fleet import processes, roster
from gt.fleet.places import Place, worktree_path
from gt.git import refs
from gt.git.repo import Repo, discover
from gt.store.ledger import Changes, Ledger
from gt.verbs.revert import propose_revert
from tests.conftest import NOW, run_git
from tests.crash.still import Still
from tests.refinery.merging import TOKEN, Scene, scene, town
from tests.store.scenes import ALICE, bead, bead_id, commit_files, message, write

OPEN, NEEDY, PROPOSED, CLOSED, ASKED, SPENT, SUBMITTED, MINE, DEAD, LANDED, OVER, MERGED = range(1, 13)
"""The Beads of the town, by what there is to do with them."""

REVERTED, REVERTING = 13, 14
"""One that has landed, and the proposal that takes it back."""

PAGE = page_id(bead_id(ASKED), "question", "1")
SETTINGS = (
    'page: {command: "true"}\nagent: sh\nagents: {sh: {command: "true"}}\n'
    "stages: [{branch: staging}, {branch: release, approve: true}]\n"
)


@dataclass(frozen=True)
class Row:
    """A command to kill."""

    argv: tuple[str, ...]
    where: str = "repo"
    """The directory below the stage where it is typed."""
    anew: bool = False
    """Whether each call does its deed once more: then it is typed again only if it wasn't done."""
    prepare: Callable[[Path], object] = lambda _: None
    """What is done to the stage before."""
    draws: bool = False
    """Whether it pins something by a name that it draws: a dead one's pin stays, and the next draws another."""
    then: tuple[str, ...] = ()
    """The command that clears up behind it, where it was killed at that."""
    stdin: str = ""
    closely: bool = False
    """Whether it is killed also within a write, before a sync, and between statements of sqlite."""

    def __str__(self) -> str:
        return " ".join(self.argv)

    def repo(self, still: Still) -> Repo:
        """The repository that the command is about."""
        return discover(still.root / self.where.partition("/")[0].removesuffix(".gt"))

    def set_up(self, still: Still) -> None:
        """Make the stage ready for the command."""
        still.put_back()
        self.prepare(still.root)

    def type(self, still: Still, *, again: bool = False) -> None:
        """The command, which must succeed."""
        gt(still.root / self.where, *self.argv, stdin=self.stdin, drawn=100 if again and self.draws else 0)


def row(*argv: str | int, **more: Any) -> Row:
    """A row; numbers stand for Beads."""
    return Row(tuple(bead_id(each) if isinstance(each, int) else each for each in argv), **more)


def in_worktree(number: int) -> str:
    """Where the attempt at this Bead works."""
    return f"repo.gt/{bead_id(number)}-{TOKEN}"


def locked_by_the_dead(stage: Path) -> None:
    """A gt has died as it held the lock of `main`."""
    folder = stage / "repo" / ".git" / "gt" / "intents"
    folder.mkdir(exist_ok=True)
    (folder / "dead").write_text("0" * 40)
    os.link(folder / "dead", stage / "repo" / ".git" / "refs" / "heads" / "main.lock")


def refused(stage: Path) -> None:
    """The agent has failed three times outside its task, and the Bead waits for its next attempt."""
    times = (NOW + 1990, NOW + 1991, NOW + 1992)
    ended = (Attempt(f"{n}-aaaa", "sh", at, at, Result.INFRA, "no key") for n, at in enumerate(times, 1))
    ledger = Ledger(discover(stage / "repo"))
    write(ledger, bead(OPEN, Status(attempts=tuple(ended), wake=NOW + 9999))).close()


def unreadable(stage: Path) -> None:
    """Somebody has broken a Bead's file on the ledger, and put another where none belongs."""
    commit_files(stage / "repo", {ids.bead_path(bead_id(OPEN)): "broken: [", "beads/stray": "x"})


def gt(cwd: Path, *argv: str, stdin: str = "", drawn: int = 0) -> None:
    """A command in this process, which must succeed; ids and tokens are numbered, `drawn` of them were before."""
    count, complaints = itertools.count(drawn + 1), io.StringIO()
    code = run(
        Context(
            argv=argv,
            cwd=cwd,
            environ={**os.environ, "GT_ACTOR": ALICE},
            clock=lambda: NOW + 2000,
            digits=lambda digits: f"{next(count):0{digits}}",
            uid=lambda: f"{next(count):032x}",
            stdin=io.StringIO(stdin),
            stdout=io.StringIO(),
            stderr=complaints,
        )
    )
    assert code == 0, f"gt {' '.join(argv)}: exit {code}\n{complaints.getvalue()}"


def furnished(template: Path, place: Path) -> Still:
    """The stage, below `place`: `repo` is the town, `repo.gt` has its worktrees, `fresh` is no town yet."""
    stage = place / "stage"
    shutil.copytree(template, stage / "repo", symlinks=True)
    shutil.copytree(template, stage / "fresh", symlinks=True)
    _furnish(scene(stage / "repo", town(more=SETTINGS)))
    return Still(stage, place / "store")


def _furnish(yard: Scene) -> None:
    yard.number = LANDED - 1
    landed = yard.submit({"landed": ""})
    assert yard.merge().exit_code == 0
    yard.change(landed, lambda _: landed)
    yard.number = REVERTED - 1
    reverted = yard.submit({"reverted": ""})
    assert yard.merge().exit_code == 0
    yard.change(landed, lambda _: landed)
    digits = iter((bead_id(REVERTING).partition("-")[2], TOKEN.partition("-")[2]))
    origin = Origin(ALICE, NOW + 1500, lambda _: next(digits), lambda: f"{REVERTING:032x}")
    propose_revert(yard.repo, yard.ledger, reverted.id, reason="", origin=origin)
    yard.number = SUBMITTED - 1
    yard.submit({".gt/protected": ""})
    yard.git("branch", "side", yard.commit({"side": ""}))
    place = _worktree(yard, MINE)
    (place / "made").write_text("by hand\n")
    run_git(place, "add", "made")
    run_git(place, "commit", "-q", "-m", "by hand")
    for number in (DEAD, OVER):
        _begun(yard, number)
    mine = _lease(yard.repo, MINE, agent="", actor=ALICE, lock=False)
    dead = _lease(yard.repo, DEAD, agent="sh", actor=f"sh/{bead_id(DEAD)}/{TOKEN}", lock=True)
    write(
        yard.ledger,
        bead(OPEN),
        bead(NEEDY, needs=frozenset({bead_id(OPEN)})),
        bead(PROPOSED, Status(Phase.PROPOSED)),
        bead(CLOSED, Status(Phase.CLOSED, closed=Closed(CloseReason.WONTFIX, "", NOW, ALICE))),
        bead(ASKED, _stuck(StuckReason.QUESTION, question=Question("which?", NOW))),
        bead(SPENT, _stuck(StuckReason.ATTEMPTS, attempts=(_failed(),) * 3)),
        bead(MINE, Status(Phase.LEASED, lease=mine)),
        bead(DEAD, Status(Phase.LEASED, lease=dead)),
        bead(OVER, Status(attempts=(_failed(),))),
        replace(bead(MERGED), conflicts=(FieldConflict("spec.title", "Another", ALICE, NOW),)),
    ).close()
    call = Page(PAGE, bead_id(ASKED), "question", "1", "asks", NOW)
    with yard.ledger.hold() as held:
        yard.ledger.update(held, message(), lambda _: Changes(pages={PAGE: call})).close()


def _stuck(reason: StuckReason, **more: Any) -> Status:
    return Status(Phase.STUCK, stuck=Stuck(reason, NOW), **more)


def _failed() -> Attempt:
    return Attempt(TOKEN, "sh", NOW, NOW, Result.NO_CHANGE)


def _worktree(yard: Scene, number: int) -> Path:
    """The worktree of an attempt, with its branch."""
    place = worktree_path(yard.repo, "../{repo}.gt", bead_id(number), TOKEN)
    yard.git("worktree", "add", "-q", "-b", ids.work_branch(bead_id(number), TOKEN), str(place), "main")
    return place


def _begun(yard: Scene, number: int) -> None:
    """What a gt that ran an agent has made, and what the agent has: its lock is free, for it is dead."""
    place = Place(yard.repo, bead_id(number), TOKEN, _worktree(yard, number))
    place.outbox.mkdir(parents=True)
    (place.private / ".gitignore").write_text("*\n")
    (place.worktree / "made").write_text("half\n")
    place.lock.parent.mkdir(exist_ok=True)
    place.lock.touch()


def _lease(repo: Repo, number: int, *, agent: str, actor: str, lock: bool) -> Lease:
    name = bead_id(number)
    return Lease(
        token=TOKEN,
        agent=agent,
        actor=actor,
        host=roster.host(),
        boot=processes.boot_id(),
        clone=roster.clone(repo),
        lock=lock,
        pid=0,
        pidstart=0,
        started=NOW,
        expires=NOW + 9999,
        worktree=str(worktree_path(repo, "../{repo}.gt", name, TOKEN)),
        branch=ids.work_branch(name, TOKEN),
        base="main",
        basecommit=refs.read(repo, "refs/heads/main") or "",
    )
