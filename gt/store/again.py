"""The moves that were made here and that a remote doesn't have yet, made again on what the remote has."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from gt.core.bead import Bead
from gt.core.replay import replayed, replayed_state
from gt.core.state import TownState
from gt.core.town import Limits
from gt.core.values import dataclass
from gt.errors import IllegalMove, Malformed
from gt.git.changes import Deed, Leaf
from gt.store.account import Refusal, read
from gt.store.layout import STATE, Kind, kind_of
from gt.store.sides import Files


@dataclass(frozen=True, slots=True)
class Step:
    """What one commit made of one Bead."""

    deed: Deed
    before: Bead | None
    after: Bead


class Unpushed:
    """What each of these commits, oldest first, did to each Bead and to the town's state.

    Merges did nothing: what they brought in was done by others. What an earlier merge refused stays refused.
    """

    def __init__(self, files: Files, deeds: Iterable[Deed]) -> None:
        self._files = files
        self._steps: dict[str, list[Step]] = {}
        self._states: list[tuple[TownState, TownState]] = []
        self._refused: set[tuple[str, str]] = set()
        self._last: dict[str, Bead] = {}
        for deed in deeds:
            if len(deed.parents) > 1:
                self._refused |= {(each.commit, each.bead) for each in read(deed.message).refused}
            for path, change in deed.changes.items():
                if kind_of(path) is Kind.BEAD and change.new:
                    self._add(deed, path, change.old, change.new)
                elif path == STATE and change.new:
                    self._add_state(change.old, change.new)

    def _add(self, deed: Deed, path: str, old: Leaf | None, new: Leaf) -> None:
        # A version that can't be read is passed over: what it did is in the next one that can.
        after = self._bead(path, new)
        if after is None:
            return
        before = (self._bead(path, old) if old else None) or self._last.get(path)
        self._last[path] = after
        known = before if before and before.uid == after.uid else None
        self._steps.setdefault(after.uid, []).append(Step(deed, known, after))

    def _bead(self, path: str, leaf: Leaf) -> Bead | None:
        try:
            return self._files.bead(path, leaf)
        except Malformed:
            return None

    def _add_state(self, old: Leaf | None, new: Leaf) -> None:
        with suppress(Malformed):
            before = self._files.state(old) if old else TownState()
            self._states.append((before, self._files.state(new)))

    def status(self, current: Bead, limits: Limits) -> tuple[Bead, tuple[tuple[Refusal, Step], ...]]:
        """The Bead with every move made again that it allows, and the moves that it refused."""
        refused = []
        for step in self._steps.get(current.uid, ()):
            if (step.deed.oid, step.after.id) in self._refused:
                continue
            try:
                status = replayed(current, step.before, step.after, limits, step.deed.time)
            except IllegalMove as error:
                refused.append((Refusal(step.deed.oid, step.after.id, error.why), step))
            else:
                current = replace(current, status=status)
        return current, tuple(refused)

    def state(self, current: TownState) -> TownState:
        """The town's state with every change made again."""
        for before, after in self._states:
            current = replayed_state(current, before, after)
        return current
