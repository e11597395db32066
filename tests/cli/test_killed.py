"""Every command that writes the ledger, killed at each of its effects: what it wanted is wholly there, or not at all.

A child is forked for each point; no gt is started anew. Commands that run agents and gates have their matrix of
whole processes in tests/e2e.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from gt.cli import table
from gt.core.bead import Phase
from gt.git import refs
from gt.git.leftlocks import left_locked
from gt.git.repo import Repo
from gt.store.ledger import LEDGER, Ledger
from tests.cli.course import Course, Said, found, left, said, undisturbed
from tests.cli.stage import (
    ASKED,
    CLOSED,
    DEAD,
    LANDED,
    MERGED,
    MINE,
    NEEDY,
    OPEN,
    OVER,
    PAGE,
    PROPOSED,
    REVERTING,
    SPENT,
    SUBMITTED,
    Row,
    gt,
    in_worktree,
    locked_by_the_dead,
    refused,
    row,
    unreadable,
)
from tests.conftest import run_git
from tests.crash.dying import paused
from tests.crash.still import Changes, Still
from tests.interop.ledgers import file_of, record
from tests.refinery.merging import TOKEN
from tests.store.scenes import bead, bead_id, write

IMPORTED = file_of(record("bd-1"), record("bd-2")).decode()
PLAN = "# Epic\n\n## First\n\npriority: 1\n\n## Second\n\nneeds: First\n"

ROWS = (
    row("init", "--commit", where="fresh", closely=True),
    row("create", "third", anew=True),
    row("create", "--file", "-", stdin=PLAN, anew=True, closely=True),
    row("convoy", "create", "together", OPEN, anew=True),
    row("formula", "run", "release", "--var", "version=1.0.0", anew=True),
    row("propose", "an idea", anew=True),
    row("edit", OPEN, "--title", "another", "--priority", "0"),
    row("edit", SUBMITTED, "--label", "late"),
    row("dep", "add", OPEN, PROPOSED),
    row("dep", "rm", NEEDY, OPEN),
    row("note", OPEN, "remember", anew=True, closely=True),
    row("accept", PROPOSED),
    row("close", OPEN, NEEDY, "--reason", "done"),
    row("reopen", CLOSED),
    row("answer", ASKED, "the second"),
    row("retry", SPENT, "--attempts", "2"),
    row("retry", "--agent", "sh", prepare=refused),
    row("ack", PAGE),
    row("ack", "--all"),
    row("approve", SUBMITTED),
    row("reject", SUBMITTED, "--reason", "no", anew=True),
    row("withdraw", SUBMITTED, "--hold", anew=True),
    row("revert", LANDED, "--reason", "slow", anew=True, draws=True),
    row("revert", LANDED, "--propose", anew=True, draws=True),
    row("accept", REVERTING),
    row("pause", "--reason", "holiday"),
    row("resume", prepare=lambda stage: gt(stage / "repo", "pause", "--reason", "holiday")),
    row("waive", "test", "--reason", "vendor"),
    row("waive", "--end", "test", prepare=lambda stage: gt(stage / "repo", "waive", "test", "-r", "vendor")),
    row("claim", OPEN, "--for", "1h"),
    row("claim", MINE, "--for", "2h"),
    row("submit", where=in_worktree(MINE), anew=True, closely=True),
    row("submit", "--branch", "side", anew=True, draws=True),
    row("release", MINE, anew=True),
    row("ask", "which?", where=in_worktree(MINE), anew=True),
    row("fail", MINE, "--reason", "no idea", anew=True),
    row("expire", DEAD, TOKEN, then=("prune", bead_id(DEAD), TOKEN)),
    row("stop", DEAD, anew=True),
    row("landed", LANDED, TOKEN),
    row("page", "town", "disk-full", "-m", "has no room"),
    row(
        "undo",
        anew=True,
        prepare=lambda stage: gt(stage / "repo", "edit", bead_id(OPEN), "--title", "another"),
    ),
    row("dismiss", MERGED, "--take"),
    row("import", "-", stdin=IMPORTED),
    row("heal", "refs/heads/main", prepare=locked_by_the_dead),
    row("prune", OVER, TOKEN),
    row("promote", "staging"),
    row("promote", "release", "--approve", prepare=lambda stage: gt(stage / "repo", "promote", "staging")),
    row("repair", "--yes", prepare=unreadable),
)

ELSEWHERE = {
    **dict.fromkeys(
        ("work", "merge", "reconcile", "run"), "run others' programs: tests/e2e/test_crash_matrix.py"
    ),
    **dict.fromkeys(("sync", "join"), "need another machine: tests/store/test_sync_killed.py"),
    "gc": "keeps what it wants until it is done, and writes no ledger: tests/verbs/test_gc.py",
    "kill": "writes nothing",
    "receive": "needs another machine, and runs a merge: tests/drive/test_admitting.py",
    **dict.fromkeys(("verify", "try", "check"), "keep outcomes, as `merge` does"),
    "demo": "makes a town of its own, and throws it away",
    "crew": "writes no ledger: tests/drive/test_crew.py",
    "supervise": "writes no ledger: tests/interop/test_supervise.py",
    "githooks": "writes no ledger: tests/interop/test_githooks.py",
    "setup": "writes no ledger: tests/interop/setup/test_files.py",
    "mcp": "calls other commands, one at a time",
}
AGENTS_TOO = {"note", "ask", "propose", "fail", "submit", "mcp"}
"""The commands that write and are open to agents; all others that are open to them only read."""


def test_every_command_that_writes_has_a_row() -> None:
    writing = {each.name for each in table.ROWS if each.agents is not True or each.name in AGENTS_TOO}
    assert writing - ELSEWHERE.keys() == {each.argv[0] for each in ROWS}


@dataclass(frozen=True)
class Moment:
    """A moment at which the disk isn't what it was at the one before."""

    effect: str
    """What comes next."""
    changes: Changes
    """What a kill leaves."""
    matters: bool
    """Whether the next command may find anything but other objects that nothing refers to."""


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_killed_at_any_effect_it_is_done_or_not_done(
    still: Still, row: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = undisturbed(still, row)  # in this process: the children find all imported
    seen = set()
    for moment in moments(still, row):
        still.put_back(moment.changes)
        repo = row.repo(still)
        try:
            number = found(repo, course, moment.changes)
            seen.add(number)
            if moment.matters:
                with monkeypatch.context() as patch:
                    patch.setattr(time, "sleep", had_to_wait)
                    if number < len(course.said) - 1 or not row.anew:
                        row.type(still, again=True)
                        check_end(still, row, course)
                    else:
                        check_next(repo, course)
                check_locks(repo)
        except AssertionError as error:
            raise AssertionError(f"killed before {moment.effect}\n{error}") from error
    assert seen == set(range(len(course.said)))


def moments(still: Still, row: Row) -> list[Moment]:
    """All moments of the command at which a kill leaves something else than at the one before."""
    row.set_up(still)
    found: list[tuple[str, Changes]] = []
    looks: list[frozenset[tuple[str, bytes | None]]] = []
    for effect in paused(lambda: row.type(still), closely=row.closely):
        changes = still.changes()
        look = still.nameless(changes)
        if looks[-1:] != [look]:
            found.append((effect, changes))
            looks.append(look)
    known = [frozenset(each for each in look if "/objects" not in each[0]) for look in looks]
    # Of a row of moments that differ in objects alone the first and the last matter: with none and with all of them.
    return [
        Moment(effect, changes, not before == now == after)
        for (effect, changes), before, now, after in zip(
            found, [None, *known], known, [*known[1:], None], strict=False
        )
    ]


def check_end(still: Still, row: Row, course: Course) -> None:
    """Typed again, the command came to what it came to undisturbed; what it keeps may be kept in a later commit."""
    repo = row.repo(still)
    if row.draws:
        assert story(said(repo)) == story(course.said[-1])
        return
    assert said(repo) == course.said[-1]
    if row.then:
        gt(still.root / row.where, *row.then)
    kept, *others = left(still, repo)
    wanted, *expected = course.left
    assert others == expected
    assert kept.keys() == wanted.keys()
    for ref, oid in wanted.items():
        if kept[ref] != oid:
            run_git(repo.common_dir, "merge-base", "--is-ancestor", oid, kept[ref])


def story(told: Said | None) -> list[tuple[str, Phase]]:
    """What a ledger says without ids and tokens."""
    assert told is not None
    return sorted((each.spec.title, each.phase) for each in told.beads.values())


def check_next(repo: Repo, course: Course) -> None:
    """The next write changes what it wants, and nothing else."""
    new, before = bead(31), course.said[-1]
    write(Ledger(repo), new).close()
    assert before is not None
    assert said(repo) == Said({**before.beads, new.id: new}, before.pages, before.state, before.problems)


def check_locks(repo: Repo) -> None:
    """The next command didn't find a ref locked, and what the dead left is cleared away."""
    for ref in left_locked(repo, LEDGER):
        refs.heal(repo, ref)
    folder = repo.gt_dir / "intents"
    intents = list(folder.iterdir()) if folder.exists() else []
    assert (list((repo.common_dir / "refs").rglob("*.lock")), intents) == ([], [])


def had_to_wait(seconds: float) -> None:
    raise AssertionError(f"it had to wait {seconds} s")
