"""`gt page`: a call for a human is written down once, and sent until it gets through."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace

from gt.core.data import page_data
from gt.core.page import MAX_SENDS, Page, page_id
from gt.core.town import Command
from gt.core.values import dataclass
from gt.core.wording import fit
from gt.errors import GtError
from gt.git.repo import Repo
from gt.store.ledger import Changes, Ledger, Message, Snapshot

PATIENCE = 30.0
"""Seconds that the command which sends a page may take."""


@dataclass(frozen=True, slots=True)
class Paged:
    """A page after the verb, and what the verb did."""

    page: Page
    made: bool
    """Whether it is new in the ledger."""
    tried: bool
    """Whether sending was tried, just now."""

    @property
    def changed(self) -> bool:
        return self.made or self.tried


class SendFailed(GtError):
    """A page is written down, and its command failed to send it: it will be tried again."""

    kind = "send-failed"


def page(
    ledger: Ledger,
    call: Page,
    command: Command | None,
    *,
    environ: Mapping[str, str],
    actor: str,
    now: int,
) -> Paged:
    """Make the page if it isn't there, and send it by `command` if it never got through; None sends nothing.

    The page's JSON goes to the command's stdin. Every try is recorded. A page that was acknowledged, sent, or
    tried MAX_SENDS times is left alone. Raises SendFailed after recording the try.
    """
    from gt import lock

    # Of two that page at once, the second finds it sent.
    with lock.hold(ledger.repo.gt_dir / "page.lock", 2 * PATIENCE):
        written, made = _write_down(ledger, call, actor, now)
        if command is None or written.sent is not None or written.acknowledged or written.sends >= MAX_SENDS:
            return Paged(written, made, tried=False)
        problem = _send(ledger.repo, written, command, environ)
        recorded = _record(ledger, written.id, actor, now, sent=problem is None)
    if problem is not None:
        tries = f"{recorded.sends} of {MAX_SENDS} tries"
        raise SendFailed(f"{recorded.id} was not sent ({tries}): {problem}", hint="gt pages")
    return Paged(recorded, made, tried=True)


def call_for(subject: str, reason: str, epoch: str, text: str, now: int) -> Page:
    """A new page, as it is before anybody wrote it down."""
    return Page(page_id(subject, reason, epoch), subject, reason, epoch, fit(text), now)


def _write_down(ledger: Ledger, call: Page, actor: str, now: int) -> tuple[Page, bool]:
    found: list[Page | None] = []

    def change(snapshot: Snapshot) -> Changes:
        found[:] = [_find(snapshot, call.id)]
        return Changes() if found[0] else Changes(pages={call.id: call})

    message = Message(f"page {call.id}: {call.subject} {call.text}", "page", actor, (), now)
    with ledger.hold() as held, ledger.update(held, message, change):
        pass
    return found[0] or call, found[0] is None


def _record(ledger: Ledger, name: str, actor: str, now: int, *, sent: bool) -> Page:
    after: list[Page] = []

    def change(snapshot: Snapshot) -> Changes:
        before = _find(snapshot, name)
        assert before is not None, "it has just been written down, and pages are never removed"
        after[:] = [replace(before, sends=before.sends + 1, sent=now if sent else before.sent)]
        return Changes(pages={name: after[0]})

    outcome = "sent" if sent else "not sent"
    with (
        ledger.hold() as held,
        ledger.update(held, Message(f"page {name}: {outcome}", "page", actor, (), now), change),
    ):
        pass
    return after[0]


def _find(snapshot: Snapshot, name: str) -> Page | None:
    return next((page for page in snapshot.pages() if page.id == name), None)


def _send(repo: Repo, call: Page, command: Command, environ: Mapping[str, str]) -> str | None:
    """Runs the command; what went wrong, or None."""
    from gt.fleet.job import Job
    from gt.fleet.launch import environment, run, tail

    folder = repo.gt_dir / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    stdin, log = folder / f"{call.id}.{os.getpid()}.json", folder / f"{call.id}.{os.getpid()}.log"
    try:
        stdin.write_text(json.dumps(page_data(call), ensure_ascii=False) + "\n", "utf-8")
        argv = command if isinstance(command, tuple) else ("sh", "-c", command)
        extra = {"GT_PAGE": call.id, "GT_SUBJECT": call.subject, "GT_REASON": call.reason}
        ended = run(
            Job(
                argv=argv,
                cwd=repo.work_tree or repo.common_dir,
                env=environment(environ, (), extra),
                log=log,
                deadline=PATIENCE,
                grace=2.0,
                stdin=stdin,
            )
        )
        if ended.why == "exit" and ended.code == 0:
            return None
        said = tail(log, 400).strip().splitlines()[-1:] if log.exists() else []
        how = ended.message or (f"exit code {ended.code}" if ended.code is not None else ended.why)
        return ": ".join([how, *said])
    finally:
        stdin.unlink(missing_ok=True)
        log.unlink(missing_ok=True)
