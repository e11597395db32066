"""The work that the ledger speaks of, sent to a remote before the ledger is: each submission under its pin.

What was sent is remembered in a file that may be forgotten at any time: sending again changes nothing.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import quote

from gt.core.bead import Bead, Phase
from gt.core.ids import submission_ref
from gt.core.values import dataclass
from gt.git import refs
from gt.git.remote import Overtaken, Update, ask, push
from gt.git.repo import Repo
from gt.store.ledger import Ledger

OFFERED = (Phase.SUBMITTED, Phase.PROPOSED)
"""The phases in which a Bead may name a commit that others must have: whoever accepts a proposal, too."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What is submitted here, and which of it a remote is known to have."""

    ledger: Ledger
    remote: str

    def missing(self) -> dict[str, str]:
        """The pins of submissions that are here and that the remote isn't known to have, with their commits."""
        with self.ledger.read() as snapshot:
            offered = snapshot.in_phase(*OFFERED)
        if not offered:
            return {}
        sent = self._sent()
        found = (_pinned(self.ledger.repo, bead) for bead in offered)
        return {ref: commit for ref, commit in filter(None, found) if sent.get(ref) != commit}

    def send(self) -> None:
        """Send what is missing. Raises Unreachable, Denied, and Busy."""
        wanted = self.missing()
        if not wanted:
            return
        try:
            self._push(wanted, {})
        except Overtaken:
            self._push(wanted, ask(self.ledger.repo, self.remote, *wanted))
        self.note(wanted)

    def note(self, pins: dict[str, str]) -> None:
        """Remember that the remote has these; forget those that nobody asks for any more."""
        with self.ledger.read() as snapshot:
            offered = {_ref(bead) for bead in snapshot.in_phase(*OFFERED)}
        kept = {ref: commit for ref, commit in (self._sent() | pins).items() if ref in offered}
        half = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        self._file.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(json.dumps(kept), "utf-8")
        os.replace(half, self._file)

    def _push(self, pins: dict[str, str], there: dict[str, str]) -> None:
        updates = [Update(ref, commit, there.get(ref)) for ref, commit in pins.items()]
        push(self.ledger.repo, self.remote, updates, atomic=False)

    @property
    def _file(self) -> Path:
        return self.ledger.repo.gt_dir / "sync" / f"{quote(self.remote, safe='')}.sent"

    def _sent(self) -> dict[str, str]:
        try:
            found = json.loads(self._file.read_bytes())
            return {str(ref): str(commit) for ref, commit in found.items()}
        except (OSError, ValueError, AttributeError):
            return {}


def _ref(bead: Bead) -> str | None:
    sub = bead.status.submission
    return submission_ref(bead.id, sub.token) if sub else None


def _pinned(repo: Repo, bead: Bead) -> tuple[str, str] | None:
    """The pin of what the Bead has submitted, if it is here."""
    sub, ref = bead.status.submission, _ref(bead)
    there = sub is not None and ref is not None and refs.read(repo, ref) == sub.commit
    return (ref, sub.commit) if there and sub and ref else None
