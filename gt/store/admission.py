"""Whether a ledger may go from one commit to another: what a shared place asks before it takes a push.

Judged are the steps of the first-parent line, which all machines share: a merge by what it makes of its first parent,
so that nothing that is there is lost by bringing something else in. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gt.core.bead import Bead
from gt.core.legality import objections
from gt.core.page import Page
from gt.core.soundness import contradictions, doubles, misnamed
from gt.core.values import dataclass
from gt.errors import GtError, Malformed
from gt.git.changes import Change, changes, deeds, nothing
from gt.git.lineage import steps
from gt.git.merge import is_ancestor
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.store.layout import META, Kind, kind_of, not_ours, writable
from gt.store.sides import MAX_CHANGED, Files


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing in a move of the ledger that is against its rules."""

    commit: str
    """Empty for what is wrong with the whole."""
    what: str
    """A sentence."""
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Landing:
    """What a move says has landed: whether it has, the target tells."""

    commit: str
    """The ledger's, that says so."""
    bead: Bead


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found in a move of the ledger."""

    objections: tuple[Objection, ...]
    landings: tuple[Landing, ...]


def judge(repo: Repo, old: str | None, new: str | None, now: int) -> Judged:
    """Look at a ledger's way from `old` (None: there was none) to `new` (None: it is taken away).

    Of a ledger that comes in whole the Beads are looked at as they are, and not how they came to be so.
    """
    if new is None:
        return _no("the ledger would be gone", "gt sync")
    if old is None:
        return _whole(repo, new)
    if not is_ancestor(repo, old, new):
        return _no("would lose what is there: bring both together first", "gt sync")
    with Objects(repo) as odb:
        return _Judging(repo, Files(repo, odb), now).all(old, new)


def _no(what: str, hint: str | None = None) -> Judged:
    return Judged((Objection("", what, hint),), ())


def _whole(repo: Repo, new: str) -> Judged:
    found: list[Objection] = []
    with Objects(repo) as odb:
        files = Files(repo, odb)
        try:
            there = changes(repo, nothing(repo), new, MAX_CHANGED)
            files.fetch(change.new for change in there.values())
            meta = there.get(META, Change(None, None)).new
            if meta is None:
                raise not_ours()
            writable(files.meta(meta))
        except GtError as error:
            return _no(error.message)
        for path, (_, leaf) in there.items():
            try:
                assert leaf is not None
                files.check(path, leaf)
            except GtError as error:
                found.append(Objection(new, error.message))
                continue
            if kind_of(path) is Kind.BEAD:
                bead = files.bead(path, leaf)
                found += [
                    Objection(new, f"{bead.id} {why}")
                    for look in (contradictions, doubles)
                    for why in look(bead)
                ]
    return Judged(tuple(found), ())


@dataclass(frozen=True, slots=True)
class _Step:
    """One commit, and what it changed of the one before it."""

    commit: str
    merge: bool
    changes: Mapping[str, Change]


@dataclass(frozen=True, slots=True)
class _Judging:
    """One move under judgement."""

    repo: Repo
    files: Files
    now: int

    def all(self, old: str, new: str) -> Judged:
        found: list[Objection] = []
        landings: list[Landing] = []
        try:
            for step in self._steps(old, new):
                self.files.fetch(leaf for change in step.changes.values() for leaf in change)
                found += self._step(step, landings)
        except GtError as error:
            found.append(Objection("", error.message, error.hint))
        return Judged(tuple(found), tuple(landings))

    def _steps(self, old: str, new: str) -> Iterator[_Step]:
        line = steps(self.repo, old, new)[::-1]
        if line and line[0].parents[:1] != (old,):
            # It was merged into another line: all that was done since is one step.
            yield _Step(new, True, changes(self.repo, old, new, MAX_CHANGED))
            return
        single = {deed.oid: deed.changes for deed in deeds(self.repo, new, old) if len(deed.parents) == 1}
        for each in line:
            known = single.get(each.oid)
            made = changes(self.repo, each.parents[0], each.oid, MAX_CHANGED) if known is None else known
            yield _Step(each.oid, len(each.parents) > 1, made)

    def _step(self, step: _Step, landings: list[Landing]) -> Iterator[Objection]:
        before: dict[str, Bead] = {}
        after: dict[str, Bead] = {}
        for path, change in step.changes.items():
            try:
                self._file(path, change, before, after)
            except GtError as error:
                yield Objection(step.commit, error.message)
        for uid in before.keys() - after.keys():
            yield Objection(step.commit, f"{before[uid].id} is gone, or another Bead has its place")
        for uid, bead in after.items():
            known = before.get(uid)
            if known is not None and known.id != bead.id and not step.merge:
                yield Objection(step.commit, f"{known.id} is called {bead.id} now")
            why = [f"{bead.id} {each}" for each in objections(known, bead, self.now)]
            yield from (Objection(step.commit, each, f"gt show {bead.id}") for each in why)
            if bead.status.landed is not None and (
                known is None or known.status.landed != bead.status.landed
            ):
                landings.append(Landing(step.commit, bead))

    def _file(self, path: str, change: Change, before: dict[str, Bead], after: dict[str, Bead]) -> None:
        """Look at one file; Beads are put aside, by their uids. Raises GtError for what may not be."""
        kind = kind_of(path)
        if change.new is None:
            if kind in (Kind.BEAD, Kind.PAGE, Kind.META, Kind.STATE):
                raise Malformed(path, "is gone: nothing is ever taken out of a ledger")
            return
        self.files.check(path, change.new)
        if kind is Kind.BEAD:
            if change.old is not None:
                was = self.files.bead(path, change.old)
                before[was.uid] = was
            bead = self.files.bead(path, change.new)
            after[bead.uid] = bead
        elif kind is Kind.PAGE:
            old = self.files.page(path, change.old) if change.old is not None else None
            _check_page(path, old, self.files.page(path, change.new))
        elif kind is Kind.META:
            meta = writable(self.files.meta(change.new))
            if change.old is None or self.files.meta(change.old).lineage != meta.lineage:
                raise Malformed(path, "would make this the ledger of another town", hint="gt join")


def _check_page(path: str, old: Page | None, new: Page) -> None:
    why = misnamed(new)
    if why is not None:
        raise Malformed(path, why)
    if old is None:
        return
    if old.acknowledged is not None and new.acknowledged is None:
        raise Malformed(path, f"was acknowledged by {old.acknowledged.by}, and isn't any more")
    if old.sent is not None and new.sent is None:
        raise Malformed(path, "was sent, and isn't any more: it would be sent again")
