"""Two ledgers made one, in memory: file by file, three ways; only what both sides changed is merged.

Nothing here moves a ref or talks to anybody. What is written are objects that nothing names yet.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import field, replace

from gt.core.bead import Bead
from gt.core.ids import bead_path
from gt.core.merge3 import joined, merged, merged_page
from gt.core.replay import replayed_state
from gt.core.state import LedgerMeta, TownState
from gt.core.town import Limits
from gt.core.values import dataclass
from gt.errors import Conflict, Malformed, Refused
from gt.git.changes import Leaf, deeds
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.store import codec, records
from gt.store.account import Account, Refusal
from gt.store.again import Step, Unpushed
from gt.store.history import last_actors
from gt.store.layout import META, STATE, Kind, kind_of
from gt.store.pairs import Pair, Paired, lost_here, lost_there, paired
from gt.store.refusals import noted
from gt.store.sides import Files, Side, side
from gt.store.tree import LedgerTree

RESTORE = "gt sync --restore"


@dataclass(frozen=True, slots=True)
class Merger:
    """Who brings two ledgers together, when, and what limits hold for a Bead where its moves are made again."""

    actor: str
    now: int
    limits: Callable[[Bead], Limits]


@dataclass(frozen=True, slots=True)
class Merged:
    """Two ledgers made one."""

    tree: str
    """The id of its root tree."""
    meta: LedgerMeta
    account: Account


@dataclass(slots=True)
class _Work:
    """One merge under way."""

    repo: Repo
    odb: Objects
    files: Files
    mine: Side
    theirs: Side
    base: str | None
    merger: Merger
    meta: LedgerMeta
    blobs: dict[str, str] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    lost: list[tuple[str, str]] = field(default_factory=list)
    unpushed: Unpushed | None = None
    actors: dict[str, dict[str, str]] = field(default_factory=dict)
    """By side: who last did something to each Bead."""

    def put(self, path: str, data: bytes) -> None:
        self.blobs[path] = self.odb.add_blob(data)

    def moves(self) -> Unpushed:
        """What was done here; read only where both sides changed the same."""
        if self.unpushed is None:
            done = deeds(self.repo, self.mine.tip, self.theirs.tip) if self.base else ()
            self.unpushed = Unpushed(self.files, done)
        return self.unpushed

    def who(self, bead: Bead) -> str:
        """Who last edited this version of a Bead."""
        path = bead_path(bead.id)
        change = self.mine.changed.get(path)
        ours = change is not None and change.new is not None and self.files.bead(path, change.new) == bead
        tip = self.mine.tip if ours else self.theirs.tip
        if tip not in self.actors:
            self.actors[tip] = last_actors(self.repo, self.base, tip)
        return self.actors[tip].get(bead.id) or bead.created.by


def integrate(
    repo: Repo, odb: Objects, base: str | None, mine: str, theirs: str, merger: Merger, *, restore: bool
) -> Merged:
    """The ledger that has what both commits have, `base` being what both began with (None: nothing).

    The status of a Bead is theirs with every move made here made again. Raises Malformed for a file that can't be
    read, and Conflict where their side lost Beads, unless `restore` says that the last good version of each shall
    stand; Refused where this gt may not read or write the other ledger.
    """
    trees = (LedgerTree(odb, mine), LedgerTree(odb, theirs))
    meta = _meta(trees[0], trees[1], LedgerTree(odb, base) if base else None)
    files = Files(repo, odb)
    ours, others = side(repo, files, base, mine), side(repo, files, base, theirs)
    pairs = paired(files, ours, others, lambda bead: any(_has(tree, bead) for tree in trees))
    if not restore:
        check(ours, others, pairs)
    restored = _restored(ours, others, pairs)
    if not restored and base in (mine, theirs):
        return Merged(trees[base == mine].root, meta, Account())
    work = _Work(repo, odb, files, ours, others, base, merger, meta)
    for pair in pairs.pairs:
        _bead(work, pair)
    for path in sorted(ours.changed.keys() | others.changed.keys()):
        _file(work, path)
    tree = LedgerTree(odb, base or theirs).grafted(work.blobs)
    return Merged(tree, meta, Account(tuple(work.refused), tuple(work.lost), pairs.names, restored))


def _meta(mine: LedgerTree, theirs: LedgerTree, base: LedgerTree | None) -> LedgerMeta:
    """What both say of themselves, as one ledger: readable only by who may read both."""
    here = mine.meta()
    there = here if theirs.file(META) is None else theirs.meta()
    was = base.meta() if base else there
    lineages = {here.lineage, there.lineage} - {was.lineage}
    if base and len(lineages) > 1:
        raise Refused("both ledgers were joined to others since they parted", hint="gt join REMOTE")
    return LedgerMeta(
        lineage=next(iter(lineages)) if base and lineages else there.lineage,
        prefix=there.prefix,
        min_reader=max(here.min_reader, there.min_reader),
        min_writer=max(here.min_writer, there.min_writer),
    )


def check(ours: Side, others: Side, pairs: Paired) -> None:
    """Raise for what must not be taken over in silence."""
    if others.problems:
        raise _unreadable(others, "their ledger")
    if ours.problems:
        raise _unreadable(ours, "this ledger")
    lost = [*lost_there(pairs), *(path for path in others.gone if kind_of(path) is not Kind.BEAD)]
    if lost:
        shown = ", ".join(lost[:3]) + (", ..." if len(lost) > 3 else "")
        raise Conflict(
            f"the remote's ledger has lost {len(lost)} file{'' if len(lost) == 1 else 's'}: {shown}",
            hint=RESTORE,
        )


def _unreadable(where: Side, whose: str) -> Malformed:
    first = where.problems[0]
    count = len(where.problems) - 1
    more = f" (and {count} more file{'' if count == 1 else 's'})" if count else ""
    hint = f"git log -1 -p {where.tip} -- {shlex.quote(first.where)}"
    return Malformed(
        first.where, f"{first.why}, in {whose}{more}; --restore puts the last good version back", hint=hint
    )


def _restored(ours: Side, others: Side, pairs: Paired) -> tuple[str, ...]:
    files = {path for side in (ours, others) for path in side.gone if kind_of(path) is not Kind.BEAD}
    broken = {problem.where for side in (ours, others) for problem in side.problems}
    return tuple(sorted({*files, *broken, *lost_here(pairs), *lost_there(pairs)}))


def _has(tree: LedgerTree, bead: str) -> bool:
    folder, _, name = bead_path(bead).rpartition("/")
    try:
        return name in tree.folder(folder)
    except Malformed:
        return False


# Beads


def _bead(work: _Work, pair: Pair) -> None:
    base, mine, theirs = pair.base, pair.mine, pair.theirs
    if mine is None or theirs is None:
        made = mine or theirs or base
        assert made is not None
    elif mine in (base, theirs):
        made = theirs
    elif base == theirs:
        made = mine
    else:
        made = _both(work, base, mine, theirs)
    if made == base and made.id == pair.place:
        return
    path = bead_path(made.id)
    for side_ in (work.mine, work.theirs):
        change = side_.changed.get(path)
        if change and change.new and work.files.bead(path, change.new) == made:
            work.blobs[path] = change.new.oid
            return
    work.put(path, codec.encode(made))


def _both(work: _Work, base: Bead | None, mine: Bead, theirs: Bead) -> Bead:
    """The Bead that both sides changed."""
    merger = work.merger
    if work.base is None:
        made = joined(mine, theirs, who=work.who, fits=_fits)
    else:
        current: Bead = theirs
        refused: tuple[tuple[Refusal, Step], ...] = ()
        if base and mine.status == base.status:
            pass
        elif base and theirs.status == base.status:
            current = replace(theirs, status=mine.status)
        else:
            current, refused = work.moves().status(theirs, merger.limits(theirs))

        def told(bead: Bead) -> Bead:
            return noted(bead, refused)

        fits = lambda bead: _fits(told(bead))  # noqa: E731
        made = told(merged(base, mine, theirs, current.status, work.who, fits=fits))
        work.refused += [refusal for refusal, _ in refused]
    known = {*map(repr, mine.conflicts), *map(repr, theirs.conflicts)}
    work.lost += [(made.id, each.field) for each in made.conflicts if repr(each) not in known]
    return made


def _fits(bead: Bead) -> bool:
    try:
        codec.encode(bead)
    except Refused:
        return False
    return True


# Other files


def _file(work: _Work, path: str) -> None:
    """One file that is no Bead: as the one side has it that changed it; where both did, by its kind."""
    kind = kind_of(path)
    if kind is Kind.BEAD:
        return
    here, there = work.mine.changed.get(path), work.theirs.changed.get(path)
    mine, theirs = here.new if here else None, there.new if there else None
    if kind is Kind.META:
        work.put(META, codec.dump(records.meta_data(work.meta), META))
    elif mine and theirs and mine.oid != theirs.oid and kind in _BOTH:
        _BOTH[kind](work, path, mine, theirs)
    elif (leaf := theirs or mine) and not (kind is Kind.OTHER and _in_the_way(work, path, theirs)):
        work.blobs[path] = leaf.oid


def _in_the_way(work: _Work, path: str, theirs: Leaf | None) -> bool:
    """Whether this file of ours is where the other side has a folder, or below where it has a file."""
    if theirs:
        return False
    others: Mapping[str, object] = work.theirs.changed
    above = path.split("/")
    return any("/".join(above[:n]) in others for n in range(1, len(above))) or any(
        other.startswith(f"{path}/") for other in others
    )


def _page(work: _Work, path: str, mine: Leaf, theirs: Leaf) -> None:
    page = merged_page(work.files.page(path, mine), work.files.page(path, theirs))
    work.put(path, codec.encode_page(page))


def _state(work: _Work, path: str, mine: Leaf, theirs: Leaf) -> None:
    there = work.files.state(theirs)
    if work.base is None:
        made = replayed_state(there, TownState(), work.files.state(mine))
    else:
        made = work.moves().state(there)
    work.put(path, codec.dump(records.state_data(made), STATE))


_BOTH: dict[Kind, Callable[[_Work, str, Leaf, Leaf], None]] = {Kind.PAGE: _page, Kind.STATE: _state}
