"""`gt answer`: a person answers an attempt's question, and the next attempt is primed with it."""

from __future__ import annotations

from gt.core import moves
from gt.core.bead import Bead
from gt.errors import Refused
from gt.git.repo import Repo
from gt.store.amend import Amended, amend
from gt.store.ledger import Ledger, Message, Snapshot
from gt.store.targets import town_of


def answer(repo: Repo, ledger: Ledger, bead: str, text: str, *, actor: str, now: int) -> Amended:
    """Answer the open question of the Bead with this whole id: it is open again. The same answer twice changes once.

    Raises IllegalMove if it has no open question, Refused without text.
    """
    if not text.strip():
        raise Refused("an answer needs some text")

    def change(_snapshot: Snapshot, before: Bead) -> Bead:
        question = before.status.question
        if question is not None and question.answer == text:
            return before
        return moves.answer(before, text, town_of(repo, before).limits)

    message = Message(f"answer the question of {bead}", "answer", actor, (bead,), now)
    return amend(ledger, bead, change, message, settle=True)
