"""`gt pause` and `gt resume`: a person's brake on the whole town."""

from __future__ import annotations

import shlex
from dataclasses import replace

from gt.core.state import Paused
from gt.core.values import dataclass
from gt.errors import Refused
from gt.git.repo import Repo
from gt.refinery.landing import last_look
from gt.store.ledger import Changes, Ledger, Message, Snapshot


@dataclass(frozen=True, slots=True)
class Braked:
    """The brake as it is after the verb (None: off), and whether the verb changed it."""

    paused: Paused | None
    changed: bool


def pause(repo: Repo, ledger: Ledger, reason: str, until: int | None, *, actor: str, now: int) -> Braked:
    """From now on nothing is claimed, gated or landed, until the time `until` (seconds), or until somebody resumes.

    Live attempts go on, and what they submit is accepted. A town that is paused already gets the new reason and
    end. Waits for a landing under way. Raises Refused for a pause without a reason, or one that is over already.
    """
    if not reason.strip():
        raise Refused("a pause needs a reason, for those who wonder", hint='gt pause --reason "WHY"')
    if until is not None and until <= now:
        hint = f"gt pause --reason {shlex.quote(reason.strip())} --for 1h"
        raise Refused("that time has passed already: the town would not pause", hint=hint)
    return _brake(repo, ledger, Paused(actor, reason.strip(), until), "pause", actor, now)


def resume(repo: Repo, ledger: Ledger, *, actor: str, now: int) -> Braked:
    """Release the brake, whoever set it; unchanged if it is off."""
    return _brake(repo, ledger, None, "resume", actor, now)


def _brake(repo: Repo, ledger: Ledger, wanted: Paused | None, verb: str, actor: str, now: int) -> Braked:
    changed: list[bool] = []

    def change(snapshot: Snapshot) -> Changes:
        state = snapshot.state()
        changed[:] = [state.paused != wanted]
        return Changes(state=replace(state, paused=wanted))

    subject = f"{verb} the town" + (f": {wanted.reason}" if wanted else "")
    with last_look(repo), ledger.hold() as held:
        ledger.update(held, Message(subject, verb, actor, (), now), change).close()
    return Braked(wanted, changed[0])
