"""`gt receive`."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.cli.jsonout import listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gt.drive.receiving import Fate, Refinery

app = new_app()

WAIT = "gt.receiveWait"
LIMIT = "gt.receiveLimit"
RUN = "gt.receive"


@app.command(exit_zero=True)
def receive(
    ctx: typer.Context,
    pushed: Annotated[
        bool, typer.Option("--pushed", help="Read lines of OLD NEW REF, as git gives them to post-receive.")
    ] = False,
    merge: Annotated[
        bool, typer.Option("--merge", help="Land what is submitted here: the second half, by itself.")
    ] = False,
) -> int:
    """Record every attempt's branch that others have pushed here as submitted, and have the Refinery run.

    The Refinery is a process of its own, that goes on when this one ends: however many pushes come, one
    merges and one waits. What becomes of what was pushed is told here, for as long as gt.receiveWait in this
    repository's git config says (seconds; default 60). gt.receiveLimit (seconds; default 3600) is when the
    Refinery is asked to end; gt.receive set to ring has it not started, and leaves that to a supervisor.

    Exits with 0 when all that was pushed has landed, 3 when something was refused, 20 when it waits for a
    person, 11 when it isn't decided yet.

    Example:
      gt receive
      gt receive --merge
    """
    from gt.drive import receiving
    from gt.drive.admitting import work_named
    from gt.git.repo import config_values

    gt = Context.of(ctx)
    repo = gt.repo
    gt.environ = _outside(gt)
    if merge:
        return _merge(gt, _seconds(gt, LIMIT, 3600))
    lines = [line.split() for line in gt.stdin] if pushed else []
    named = [work_named(fields[2]) for fields in lines if len(fields) == 3 and fields[1].strip("0")]
    found = receiving.record(repo, gt.ledger, gt.now)
    for each in found:
        if each.trouble:
            gt.say(f"error: {each.trouble}")
        elif each.new:
            gt.say(f"{each.bead} submitted as {each.commit[:12]}")
    # Another push may have recorded ours along with its own, and have landed it already.
    mine = dict(filter(None, named)) | {each.bead: each.token for each in found if each.new}
    for each in found:
        if each.trouble:
            mine.pop(each.bead, None)
    wait = _seconds(gt, WAIT, 60)
    fates: list[Fate] = []
    if (mine or receiving.is_due(gt.ledger)) and (config_values(repo, RUN) or ("run",))[-1] != "ring":
        refinery = receiving.Refinery.start(repo, gt.ledger, gt.environ, gt.clock)
        if mine and wait:
            gt.say(f"the Refinery is at it; it goes on by itself if this takes more than {wait} s")
            gt.flush()
        fates = _watch(gt, refinery, mine, wait)
    if gt.json:
        gt.emit(listing("FateList", map(_data, fates)))
    troubled = any(each.trouble for each in found)
    return _code(fates, troubled=troubled)


def _watch(gt: Context, refinery: Refinery, mine: dict[str, str], wait: int) -> list[Fate]:
    decided: list[Fate] = []

    def told(fate: Fate) -> None:
        decided.append(fate)
        if gt.json:
            return
        if fate.landed:
            gt.out(f"{fate.bead} landed as {fate.landed[:12]}")
        else:
            gt.out(f"{fate.bead} was not taken: {fate.ended}")
            gt.hint(f"gt sync && gt show {fate.bead}")
        gt.flush()

    open_still = refinery.watch(mine, wait, told) if mine else []
    for fate in open_still:
        if not gt.json:
            gt.out(f"{fate.bead} {fate.waits}")
            gt.hint(f"gt sync && gt show {fate.bead}")
    return [*decided, *open_still]


def _code(fates: Iterable[Fate], *, troubled: bool) -> Code:
    some = list(fates)
    if troubled or any(fate.ended for fate in some):
        return Code.CONFLICT
    if any(fate.held for fate in some):
        return Code.HUMAN
    return Code.WAITING if any(not fate.decided for fate in some) else Code.OK


def _merge(gt: Context, limit: int) -> int:
    from gt.drive.merge import run
    from gt.drive.receiving import turn
    from gt.store.targets import targets

    code: int = Code.OK
    with _ending(limit), turn(gt.repo, limit) as held:
        if held is None:
            return Code.OK
        for target in targets(gt.repo):
            report = run(
                gt.repo, gt.ledger, target=target, actor=gt.actor, clock=gt.clock, environ=gt.environ,
                say=gt.say, tell=gt.out, held=held,
            )  # fmt: skip
            code = max(code, report.exit_code)
            gt.flush()
    return code


@contextmanager
def _ending(seconds: int) -> Iterator[None]:
    """Asks this process to end after so many seconds, as a supervisor would."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGTERM))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _outside(gt: Context) -> dict[str, str]:
    """The environment without what git tells its hooks, and without the mark of an attempt that pushed."""
    from gt.git.run import KEPT

    marks = {"GT_BEAD", "GT_TOKEN", "GT_WORKTREE", "GT_OUTBOX", "GT_LEASE", "GT_AGENT"}
    return {
        name: value
        for name, value in gt.environ.items()
        if name not in marks and (not name.startswith("GIT_") or name.startswith(KEPT))
    }


def _seconds(gt: Context, key: str, default: int) -> int:
    from gt.errors import Malformed
    from gt.git.repo import config_values

    said = (config_values(gt.repo, key) or (str(default),))[-1]
    if not said.isdecimal():
        raise Malformed(
            f"git config {key}", f"{said!r} is no number of seconds", hint=f"git config {key} {default}"
        )
    return int(said)


def _data(fate: Fate) -> dict[str, object]:
    return {
        "bead": fate.bead,
        "token": fate.token,
        "landed": fate.landed,
        "refused": fate.ended or None,
        "waits": fate.waits or None,
    }
