"""Running a gate on exactly the tree that it vouches for, and keeping what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gt.core.town import Command, Gate, Town
from gt.errors import GtError, in_words
from gt.fleet.commandline import argv
from gt.fleet.job import signal_name
from gt.fleet.launch import Ended, Job
from gt.fleet.launch import environment as allowed
from gt.fleet.launch import run as launch
from gt.git.objects import Objects
from gt.git.slot import Place, altered, folds_case, index
from gt.refinery import outcomes, slots
from gt.refinery.gates import Check, environment
from gt.refinery.outcomes import Outcome, Verdict
from gt.refinery.slots import Slot
from gt.refinery.yard import Yard


def run(
    yard: Yard,
    town: Town,
    check: Check,
    commit: str,
    *,
    base: str,
    members: tuple[str, ...],
    queue: str,
    slot: int = 1,
    cancelled: Callable[[], bool] | None = None,
    began: float | None = None,
) -> Outcome:
    """Run a gate in a slot, by its number, and keep its outcome.

    `commit` has the candidate's tree, `base` is the target's tip. In a thread, `cancelled` says when to stop, and `began`
    when whoever started that began this run (default: now). Raises
    KeyboardInterrupt when interrupted: then the gate is dead and nothing is recorded.
    """
    repo, began = yard.repo, time.time() if began is None else began
    log = outcomes.new_log(repo, check.key)
    outcomes.begin(repo, base, queue)
    ended: Ended | None = None
    try:
        with slots.taken(repo, town, slot) as held:
            verdict, why, ended = _in_slot(yard, town, check, commit, held, log, cancelled)
    except (GtError, OSError) as error:
        verdict, why = Verdict.COULD_NOT_RUN, in_words(error)
    except KeyboardInterrupt:
        outcomes.void(repo, base, queue)
        with suppress(OSError):
            log.unlink()
        raise
    outcome = Outcome(
        key=check.key,
        gate=check.gate.name,
        verdict=verdict,
        tree=check.tree,
        base=base,
        members=members,
        at=yard.clock(),
        environment=environment(repo, town, check.gate, yard.environ),
        why=why,
        command=shown(check.gate.run),
        seconds=round(ended.seconds, 3) if ended else 0.0,
        cpu=round(ended.cpu_seconds, 3) if ended else 0.0,
        rss=ended.max_rss_kib if ended else 0,
        log=str(log),
        began=began,
        ended=time.time(),
    )
    outcomes.keep(outcome)
    yard.ran(outcome)
    return outcome


def shown(command: Command) -> str:
    """A command as a person would type it."""
    import shlex

    return command if isinstance(command, str) else shlex.join(command)


def _in_slot(
    yard: Yard,
    town: Town,
    check: Check,
    commit: str,
    slot: Slot,
    log: Path,
    cancelled: Callable[[], bool] | None,
) -> tuple[Verdict, str, Ended | None]:
    place = slots.fill(yard.repo, town, slot, _head(yard, check, commit), check.tree)
    # Where nothing ran, and nothing was kept, each file is as it was just written.
    touched = town.worktrees.setup is not None or town.worktrees.caches or folds_case(place)
    filled = index(place) if touched else None
    if town.worktrees.setup is not None:
        made = _launch(
            yard, town.worktrees.setup, check.gate, place, slot, log, town.worktrees.timeout, cancelled
        )
        if made.why != "exit" or made.code != 0:
            return Verdict.COULD_NOT_RUN, f"the set-up failed: {_said(made, town.worktrees.timeout)}", made
    changed = altered(yard.repo, place, check.tree, filled) if filled is not None else ()
    if changed:
        return Verdict.COULD_NOT_RUN, f"the set-up changed {', '.join(changed[:5])}, which is tracked", None
    ended = _launch(yard, check.gate.run, check.gate, place, slot, log, check.gate.timeout, cancelled)
    return _verdict(check.gate, ended), _said(ended, check.gate.timeout), ended


def _head(yard: Yard, check: Check, commit: str) -> str:
    """The commit that HEAD is at in the slot: its tree is what lies there."""
    with Objects(yard.repo) as odb:
        if odb.commit(commit).tree == check.tree:
            return commit
        made = odb.add_commit(check.tree, (), f"inputs of {check.gate.name}", yard.actor, yard.clock())
        odb.flush()
    return made


def _launch(
    yard: Yard,
    command: Command,
    gate: Gate,
    place: Place,
    slot: Slot,
    log: Path,
    timeout: int,
    cancelled: Callable[[], bool] | None,
) -> Ended:
    values = {"worktree": str(place.path), "repo": yard.repo.name}
    ended = launch(
        Job(
            argv=argv(command, values),
            cwd=place.path,
            env=allowed(yard.environ, gate.env, {"PWD": str(place.path)}),
            log=log,
            deadline=float(timeout),
            keep_fds=(slot.held.fd,),
            marker=slot.marker,
            grace=5.0,
            cancelled=cancelled,
        )
    )
    if ended.why == "interrupted":
        raise KeyboardInterrupt
    return ended


def _verdict(gate: Gate, ended: Ended) -> Verdict:
    if ended.why != "exit" or ended.code is None or ended.code in gate.could_not_run:
        return Verdict.COULD_NOT_RUN
    return Verdict.PASS if ended.code == 0 else Verdict.FAIL


def _said(ended: Ended, timeout: int) -> str:
    if ended.why == "deadline":
        return f"ran longer than {timeout} s"
    if ended.why == "not-started":
        return ended.message
    if ended.signal is not None:
        return f"killed by {signal_name(ended.signal)}"
    return f"exit {ended.code}"
