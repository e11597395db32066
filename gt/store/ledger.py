"""The ledger: reading it as a Snapshot, and changing it by one commit under one compare-and-swap.

Knows how a change becomes a commit on `refs/heads/beads`; knows nothing of what a change means.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from gt.core.bead import Bead
from gt.core.ids import LEDGER
from gt.core.state import LedgerMeta, TownState
from gt.core.values import dataclass
from gt.errors import Busy, NotFound, Refused
from gt.git import refs
from gt.git.repo import Repo
from gt.store import index
from gt.store.layout import writable
from gt.store.snapshot import Snapshot

if TYPE_CHECKING:
    from gt.core.page import Page
    from gt.git.objects import Objects
    from gt.lock import Held
    from gt.store.fill import Progress
    from gt.store.tree import LedgerTree

__all__ = ["LEDGER", "Changes", "Ledger", "Message", "Snapshot"]

ROUNDS = 50
"""How often a change is run again because somebody without our lock moved the branch."""

CROWDED = 27
"""Loose objects in one of 256 folders at which `git gc --auto` finds work to do."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a commit of the ledger says: a sentence, and who did what to which Beads, when."""

    subject: str
    verb: str
    actor: str
    """`Name <email>` of a person, or `agent/bead/token`."""
    beads: tuple[str, ...]
    now: int
    more: tuple[tuple[str, str], ...] = ()
    """Further trailers."""

    def text(self) -> str:
        """The commit message: the subject, and trailers."""
        trailers = [
            ("Gt-Verb", self.verb),
            *(("Gt-Bead", bead) for bead in self.beads),
            ("Gt-Actor", self.actor),
            *self.more,
        ]
        return "\n".join(
            [_line(self.subject), "", *(f"{name}: {_line(value)}" for name, value in trailers), ""]
        )

    def author(self) -> str:
        """The actor as git wants an author."""
        return self.actor if self.actor.endswith(">") and "<" in self.actor else f"{self.actor} <>"


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be written: whole new values; what isn't named stays."""

    beads: Mapping[str, Bead] = field(default_factory=dict)
    pages: Mapping[str, Page] = field(default_factory=dict)
    state: TownState | None = None


class Ledger:
    """The ledger of a repository. `progress` is told when a cold index takes long."""

    def __init__(self, repo: Repo, progress: Progress | None = None) -> None:
        self.repo = repo
        self.progress = progress
        self.moved = False
        """Whether it was moved through this object."""

    @property
    def lock(self) -> Path:
        """The file whose lock a writer holds."""
        return self.repo.gt_dir / "ledger.lock"

    def hold(self, timeout: float = 30.0) -> AbstractContextManager[Held]:
        """Hold the lock that writers take, waiting up to so many seconds. Raises Busy."""
        from gt import lock

        return lock.hold(self.lock, timeout)

    def exists(self) -> bool:
        """Whether there is a branch `beads`; it may be somebody else's."""
        return refs.read(self.repo, LEDGER) is not None

    def tip(self) -> str:
        """The commit that the ledger is at. Raises NotFound."""
        found = refs.read(self.repo, LEDGER)
        if found is None:
            raise NotFound("town", self.repo.name, hint="gt init")
        return found

    def read(self) -> Snapshot:
        """The ledger as it is now. Raises NotFound without one, Refused for one that isn't gt's or is too new."""
        opened, tip = index.open_at(self.repo, self.tip, self.progress)
        return self.checked(Snapshot(tip, opened, lambda: index.mend(self.repo, tip)))

    def update(self, held: Held, message: Message, change: Callable[[Snapshot], Changes]) -> Snapshot:
        """Make what `change` wants of the present one commit; returns the ledger after it.

        `change` is pure, and is run again if somebody moved the branch meanwhile. Where it changes nothing,
        nothing is written. The commit is durable when this returns. Raises what `change` raises, Refused where
        this version may not write, and Busy.
        """
        self._check(held)
        for _ in range(ROUNDS):
            after = self._try(message, change)
            if after is not None:
                return after
        raise Busy("somebody keeps moving the branch beads", hint="git reflog beads")

    def draft(self, before: Snapshot, message: Message, change: Callable[[Snapshot], Changes]) -> str:
        """The commit that makes of this state what `change` wants: durable, and named by no ref.

        The commit of the state itself where nothing is to be changed. Raises what `change` raises, and Refused where
        this version may not write.
        """
        from gt.git.objects import Objects
        from gt.store.tree import LedgerTree

        with Objects(self.repo) as odb:
            tree = LedgerTree(odb, before.tip, before.sound)
            root = self._changed(tree, before, change)
            if root == tree.root:
                return before.tip
            oid = odb.add_commit(root, (before.tip,), message.text(), message.author(), message.now)
            odb.flush()
            return oid

    def advance(self, held: Held, commit: str, old: str, message: Message) -> None:
        """Move the ledger from `old` to a commit that contains it and is durable already.

        Raises RaceLost if it isn't at `old`, and Busy.
        """
        from gt.git import mending

        self._check(held)
        subject = _line(message.subject)
        author = message.author()
        refs.swap(self.repo, LEDGER, commit, old, message=subject, actor=author, now=message.now)
        mending.mend_tail(self.repo)
        self._ring()
        self._tidy(commit)

    def rewrite(self, held: Held, message: Message, make: Callable[[Objects, str], str]) -> str:
        """Make one commit with the tree that `make` makes, from git's objects, of the commit the ledger is at.

        For repairs: what `update` can't read is no obstacle. Returns the commit after it, which is durable; where
        the tree is the same it is the one before. Raises what `make` raises, and Busy.
        """
        from gt.git.objects import Objects

        self._check(held)
        for _ in range(ROUNDS):
            tip = self.tip()
            with Objects(self.repo) as odb, suppress(refs.RaceLost):
                root = make(odb, tip)
                return tip if root == odb.commit(tip).tree else self._commit(odb, root, (tip,), message)
        raise Busy("somebody keeps moving the branch beads", hint="git reflog beads")

    def create(self, held: Held, meta: LedgerMeta, message: Message) -> Snapshot:
        """Start the ledger, with no Beads. Raises Refused where there is a branch `beads` already."""
        from gt.git.objects import Objects
        from gt.store.birth import first_tree

        self._check(held)
        if self.exists():
            raise Refused("there is a branch beads already", hint="gt status")
        with Objects(self.repo) as odb:
            tip = self._commit(odb, first_tree(odb, meta), (), message)
        return self._at(tip)

    def _try(self, message: Message, change: Callable[[Snapshot], Changes]) -> Snapshot | None:
        """One round of an update; None if the race was lost."""
        from gt.git.objects import Objects
        from gt.store.tree import LedgerTree

        tip = self.tip()
        with Objects(self.repo) as odb, self._at(tip) as before:
            tree = LedgerTree(odb, tip, before.sound)
            root = self._changed(tree, before, change)
            if root == tree.root:
                return self._at(tip)
            try:
                tip = self._commit(odb, root, (tip,), message)
            except refs.RaceLost:
                return None
        self._tidy(tip)
        return self._at(tip)

    def _changed(self, tree: LedgerTree, before: Snapshot, change: Callable[[Snapshot], Changes]) -> str:
        """The root tree that `change` makes of this one."""
        writable(tree.meta())
        before.read_from(tree.bead)
        files = _files(tree, before, change(before))
        return tree.written(files) if files else tree.root

    def _commit(self, odb: Objects, root: str, parents: tuple[str, ...], message: Message) -> str:
        from gt.git import mending

        oid = odb.add_commit(root, parents, message.text(), message.author(), message.now)
        odb.flush()
        old = parents[0] if parents else None
        subject = _line(message.subject)
        # A git that prunes may take what no ref leads to, and what none led to when it looked.
        odb.stand()
        refs.swap(self.repo, LEDGER, oid, old, message=subject, actor=message.author(), now=message.now)
        odb.stand()
        mending.mend_tail(self.repo)
        self._ring()
        return oid

    def _ring(self) -> None:
        """Tell whoever watches `gt/doorbell` that it is worth looking: a supervisor, if there is one."""
        self.moved = True
        with suppress(OSError):  # it is a courtesy: a ring that is lost costs nothing but time
            (self.repo.gt_dir / "doorbell").touch()

    def _at(self, tip: str) -> Snapshot:
        """The ledger at a commit that we know is, or just was, its tip."""
        opened, _ = index.open_at(self.repo, lambda: tip, self.progress)
        return self.checked(Snapshot(tip, opened, lambda: index.mend(self.repo, tip)))

    def checked(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot, if it is of a ledger of gt's that this version can read. Raises Refused."""
        try:
            snapshot.meta()
        except BaseException:
            snapshot.close()
            raise
        return snapshot

    def _check(self, held: Held) -> None:
        if os.path.realpath(held.path) != os.path.realpath(self.lock):
            raise ValueError(f"{held.path} is not the lock of this ledger")

    def _tidy(self, tip: str) -> None:
        """Let git pack loose objects, in the background, once there are many."""
        try:
            crowd = len(os.listdir(self.repo.common_dir / "objects" / "17"))
        except OSError:
            return
        if crowd > CROWDED:
            from gt.git.housekeeping import pack_sometime

            pack_sometime(self.repo, tip)


def _files(tree: LedgerTree, before: Snapshot, changes: Changes) -> dict[str, bytes]:
    """The files to write: those whose value isn't what the ledger has already."""
    from gt.core.ids import bead_path
    from gt.errors import Malformed
    from gt.store import codec, records
    from gt.store.layout import STATE, page_path

    files: dict[str, bytes] = {}
    for name, bead in changes.beads.items():
        if name != bead.id:
            raise ValueError(f"{name} is not the id of {bead.id}")
        try:
            same = tree.bead(name) == bead
        except Malformed:
            same = False
        if not same:
            files[bead_path(name)] = codec.encode(bead)
    for page in changes.pages.values():
        files[page_path(page.id)] = codec.encode_page(page)
    if changes.state is not None and changes.state != before.state():
        files[STATE] = codec.dump(records.state_data(changes.state), STATE)
    return files


def _line(text: str) -> str:
    """Text as one line of a commit message."""
    return " ".join(text.split()) or "no message"
