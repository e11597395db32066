"""`gt page`: a call for a human is written down once, and sent until it gets through."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from gt.core.data import page_data
from gt.core.page import MAX_SENDS, Page, next_send, page_id
from gt.core.town import Command
from gt.core.values import dataclass
from gt.core.wording import fit
from gt.errors import GtError
from gt.git.repo import Repo
from gt.store.ledger import LEDGER, Changes, Ledger, Message, Snapshot

if TYPE_CHECKING:
    from gt.store.hub import Hub

PATIENCE = 30.0
"""Seconds that the command which sends a page may take."""

ANSWER = 10.0
"""Seconds that the town's remote has to say that it is there."""


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
    alone: bool = False,
) -> Paged:
    """Make the page if it isn't there, and send it by `command` if it never got through; None sends nothing.

    The page's JSON goes to the command's stdin. Every try is recorded; where several machines work the town, before it
    is made: then the one whose word the town's remote takes makes it, and the others have theirs when it is due again.
    `alone`: that remote can't be reached just now, and isn't asked. A page that was acknowledged, sent, or tried
    MAX_SENDS times is left alone. Raises SendFailed after a try that failed.
    """
    from gt import lock

    # Of two that page at once here, the second finds it sent.
    with lock.hold(ledger.repo.gt_dir / "page.lock", 2 * PATIENCE):
        hub = None if alone or command is None else _hub(ledger, actor, now)
        it = _Paging(ledger, hub, actor, now)
        begun = it.begin(call, sending=command is not None)
        if command is None or not begun.tried:
            return begun
        problem = _send(ledger.repo, begun.page, command, environ)
        after = it.end(begun.page, sent=problem is None)
    if problem is not None:
        tries = f"{after.sends} of {MAX_SENDS} tries"
        raise SendFailed(f"{after.id} was not sent ({tries}): {problem}", hint="gt pages")
    return replace(begun, page=after)


def call_for(subject: str, reason: str, epoch: str, text: str, now: int) -> Page:
    """A new page, as it is before anybody wrote it down."""
    return Page(page_id(subject, reason, epoch), subject, reason, epoch, fit(text), now)


@dataclass(frozen=True, slots=True)
class _Paging:
    """What is written of one page by one call."""

    ledger: Ledger
    hub: Hub | None
    """Where other machines look, if anything is sent and that could be reached."""
    actor: str
    now: int

    def begin(self, call: Page, *, sending: bool) -> Paged:
        """Write down the page, and, for other machines, that it is sent now if that is due."""
        found: list[Paged] = []
        shared = self.hub is not None

        def change(snapshot: Snapshot) -> Changes:
            before = _find(snapshot, call.id)
            after = before or call
            due = next_send(after)
            tried = sending and due is not None and (due <= self.now or not shared)
            if tried and shared:
                after = replace(after, sends=after.sends + 1, tried=self.now)
            found[:] = [Paged(after, made=before is None, tried=tried)]
            return Changes(pages={call.id: after}) if after != before else Changes()

        self._announce(f"page {call.id}: {call.subject} {call.text}", change)
        return found[0]

    def end(self, page: Page, *, sent: bool) -> Page:
        """Write down what became of the try; returns the page then."""
        after: list[Page] = []
        more = 0 if self.hub is not None else 1

        def change(snapshot: Snapshot) -> Changes:
            before = _find(snapshot, page.id) or page
            sends, when = before.sends + more, self.now if sent else before.sent
            after[:] = [replace(before, sends=sends, tried=self.now, sent=when)]
            return Changes(pages={page.id: after[0]}) if after[0] != before else Changes()

        self._write(f"page {page.id}: {'sent' if sent else 'not sent'}", change)
        return after[0]

    def _announce(self, subject: str, change: Callable[[Snapshot], Changes]) -> None:
        """Write to the remote's ledger, and to ours; a call for a person doesn't fail because that can't be reached."""
        if self.hub is not None:
            from gt.store.hub import Unsure

            with suppress(GtError):
                with suppress(Unsure):  # then it is here
                    self.hub.update(lambda _: (self._message(subject), change))
                return
        self._write(subject, change)

    def _write(self, subject: str, change: Callable[[Snapshot], Changes]) -> None:
        with self.ledger.hold() as held, self.ledger.update(held, self._message(subject), change):
            pass

    def _message(self, subject: str) -> Message:
        return Message(subject, "page", self.actor, (), self.now)


def _hub(ledger: Ledger, actor: str, now: int) -> Hub | None:
    """The town's remote; None where it has none, nobody can say, or it gives no answer."""
    from gt.git.remote import ask
    from gt.store.hub import hub_of

    with suppress(GtError):
        hub = hub_of(ledger, actor, now)
        if hub is not None:
            ask(ledger.repo, hub.name, LEDGER, patience=ANSWER)
        return hub
    return None


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
