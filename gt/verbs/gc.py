"""`gt gc`: what nobody needs any more is removed from this clone, and git packs the rest.

Nothing that is the only one of its kind goes: no commit, no text of a person's, no log of a Bead that isn't over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from gt import lock
from gt.core.bead import Bead
from gt.core.garbage import MONTH, Kind, Piece
from gt.core.town import Town
from gt.core.values import dataclass
from gt.errors import Busy, GtError, Malformed
from gt.fleet import attic as attempts
from gt.git import housekeeping, journal, mending, packing, refs, worktree
from gt.git.contained import spare
from gt.git.leftlocks import left_locked
from gt.git.repo import Repo, config_values
from gt.refinery import aftermath, pins, tidying, trials
from gt.refinery import attic as refinery
from gt.refinery.places import merge_lock, slot_lock
from gt.store import index
from gt.store.ledger import LEDGER, Ledger
from gt.store.settings import town_at
from gt.store.snapshot import Snapshot
from gt.store.targets import KEY, targets, tip, town_of

PINS = ("refs/gt/wip", "refs/gt/sub")

DAY = 86400
"""Seconds after which a segment of the journal has served, and a write is no longer under way."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What was removed (with a dry run: would be) and what was kept."""

    removed: tuple[Piece, ...]
    kept: tuple[Piece, ...]
    healed: int = 0
    """Objects that another git had pruned too early, and locks of gts that died; put right."""

    packed: bool = False
    """Whether git packed; not in a dry run, nor while another git does."""

    @property
    def freed(self) -> int:
        """Bytes, without what git packed."""
        return sum(piece.size for piece in self.removed)


def gc(repo: Repo, ledger: Ledger, *, actor: str, now: int, age: int = MONTH, dry: bool = False) -> Collected:
    """Remove what has been of no use for `age` seconds, heal what is to be healed, and let git pack.

    With `dry` nothing is touched. Killed anywhere, it can be called again. While a merge is at work, what is the
    Refinery's stays. Raises Busy while another `gt gc` is at work, and GitFailed when git can't pack.
    """
    if dry:
        pieces = _looked(repo, ledger, now, age, merging=lock.is_free(merge_lock(repo)) is not True)
        return _sorted(pieces)
    ours = lock.try_hold(repo.gt_dir / "gc.lock")
    if ours is None:
        raise Busy("another gt gc is at work", hint="gt gc --dry-run")
    try:
        healed = mending.mend(repo) + sum(refs.heal(repo, ref) for ref in left_locked(repo, LEDGER))
        done = _collected(repo, ledger, actor, now, age)
        packed = housekeeping.pack(repo)
    finally:
        lock.release(ours)
    return replace(done, healed=healed, packed=packed)


def _collected(repo: Repo, ledger: Ledger, actor: str, now: int, age: int) -> Collected:
    merging = lock.try_hold(merge_lock(repo))
    try:
        if merging is not None:
            tidying.tidy(repo, actor, now)
        pieces = _looked(repo, ledger, now, age, merging=merging is None)
        return _sorted(_removed(repo, pieces, actor, now))
    finally:
        if merging is not None:
            lock.release(merging)


def _sorted(pieces: tuple[Piece, ...]) -> Collected:
    return Collected(
        tuple(piece for piece in pieces if not piece.stays), tuple(piece for piece in pieces if piece.stays)
    )


def _looked(repo: Repo, ledger: Ledger, now: int, age: int, *, merging: bool) -> tuple[Piece, ...]:
    before = now - age
    with ledger.read() as snapshot:
        over = _Over(snapshot)
        found = [
            *attempts.logs(repo, over, before),
            *attempts.notes(repo, over, before),
            *_pins(repo, over, before),
            *_indexes(repo),
            *_keeps(repo, now),
            *_segments(repo, now),
        ]
    yard = [
        *refinery.kept_outcomes(repo, before, now, _spared(repo)),
        *refinery.offers(repo, over, before),
        *refinery.refused(repo, over, before),
        *refinery.run_counts(repo, before),
        *refinery.scratch(repo, now),
        *refinery.idle_slots(repo, _towns(repo), before),
    ]
    if merging:
        yard = [replace(piece, stays=piece.stays or "a merge is at work") for piece in yard]
    return (*found, *yard)


class _Over:
    """Since when Beads are over, each looked up once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._known: dict[str, int | None] = {}

    def __call__(self, bead: str) -> int | None:
        if bead not in self._known:
            self._known[bead] = self._look(bead)
        return self._known[bead]

    def _look(self, bead: str) -> int | None:
        # Of a Bead that isn't there, or that can't be read, nothing is known: all of it stays.
        with suppress(Malformed):
            found = self._snapshot.find(bead)
            return _over_since(found) if found is not None else None
        return None


def _over_since(bead: Bead) -> int | None:
    end = bead.status.landed or bead.status.closed
    return end.at if bead.phase.over and end is not None else None


def _pins(repo: Repo, over: _Over, before: int) -> Iterator[Piece]:
    """What is pinned for Beads; may go: of Beads over since then, where a target or another pin has all of it."""
    found = {ref: oid for prefix in PINS for ref, oid in refs.listing(repo, prefix).items()}
    old = {ref: oid for ref, oid in found.items() if (since := over(_bead_of(ref))) and since <= before}
    keepers = [*(oid for ref, oid in found.items() if ref not in old), *_kept_for_good(repo)]
    free = spare(repo, old, keepers) if old else frozenset()
    for ref in found:
        stays = "" if ref in free else "nothing else has its commits" if ref in old else "its Bead isn't over"
        if ref not in old and over(_bead_of(ref)):
            stays = "its Bead has been over for a short time only"
        yield Piece(Kind.PIN, ref, 0, stays)


def _bead_of(ref: str) -> str:
    return ref.split("/")[3]


def _kept_for_good(repo: Repo) -> list[str]:
    """The commits of targets, of what gt landed there, and of tags: nobody moves these away lightly."""
    tips = [tip(repo, target) for target in targets(repo)]
    more = [oid for prefix in ("refs/gt/landing", "refs/tags") for oid in refs.listing(repo, prefix).values()]
    return [*(each for each in tips if each is not None), *more]


def _indexes(repo: Repo) -> Iterator[Piece]:
    for path in index.retired(repo.gt_dir):
        with suppress(FileNotFoundError):
            yield Piece(Kind.INDEX, str(path), path.stat().st_size)


def _keeps(repo: Repo, now: int) -> Iterator[Piece]:
    for path in packing.abandoned(repo, now - DAY):
        yield Piece(Kind.KEEP, str(path))


def _segments(repo: Repo, now: int) -> Iterator[Piece]:
    *older, newest = journal.segments(repo) or (None,)
    for path in older:
        assert path is not None
        with suppress(FileNotFoundError):
            seen = path.stat()
            stays = "it is less than a day old" if seen.st_mtime > now - DAY else ""
            yield Piece(Kind.JOURNAL, str(path), seen.st_size, stays)
    if newest is not None:
        with suppress(FileNotFoundError):
            yield Piece(Kind.JOURNAL, str(newest), newest.stat().st_size, "it is appended to")


def _spared(repo: Repo) -> frozenset[str]:
    """The keys of the outcomes that tell how the targets' tips are for gates that run after, and what stages wait for."""
    found: set[str] = set()
    for name in config_values(repo, KEY):
        with suppress(GtError):
            at = tip(repo, name)
            if at is not None:
                town = town_at(repo, at)
                found |= aftermath.keys(repo, at, town)
                found |= trials.in_use(repo, [stage.branch for stage in town.stages])
    return frozenset(found)


def _towns(repo: Repo) -> tuple[Town, ...]:
    with suppress(GtError):
        return (town_of(repo),)
    return ()


def _removed(repo: Repo, pieces: tuple[Piece, ...], actor: str, now: int) -> tuple[Piece, ...]:
    """The pieces, removed where they may go; one that couldn't be removed stays, and says why."""
    after = []
    gone: dict[str, str] = {}
    for piece in pieces:
        if piece.stays:
            after.append(piece)
            continue
        try:
            if piece.kind is Kind.PIN:
                gone |= _unpinned(repo, piece.name, actor, now)
            else:
                _remove(repo, piece)
        except (GtError, OSError) as error:
            after.append(replace(piece, stays=f"it can't be removed: {error}"))
        else:
            after.append(piece)
    back = _put_back(repo, gone, actor, now)
    return tuple(
        replace(piece, stays="what else had its commits moved") if piece.name in back else piece
        for piece in after
    )


def _unpinned(repo: Repo, ref: str, actor: str, now: int) -> Mapping[str, str]:
    oid = refs.read(repo, ref)
    if oid is None:
        return {}
    refs.swap(repo, ref, None, oid, message="kept elsewhere", actor=actor, now=now)
    return {ref: oid}


def _put_back(repo: Repo, gone: Mapping[str, str], actor: str, now: int) -> frozenset[str]:
    """Pin again what lost its other keeper while it was looked at: a target that somebody moved back."""
    if not gone:
        return frozenset()
    left = {ref: oid for prefix in PINS for ref, oid in refs.listing(repo, prefix).items()}
    lost = gone.keys() - spare(repo, gone, [*left.values(), *_kept_for_good(repo)])
    for ref in sorted(lost):
        pins.put(repo, ref, gone[ref], why="nothing else keeps it", actor=actor, now=now)
    return frozenset(lost)


def _remove(repo: Repo, piece: Piece) -> None:
    path = Path(piece.name)
    match piece.kind:
        case Kind.OUTCOME:
            # The outcome before its log: one that is found names a log that is there.
            for part in sorted(path.parent.glob(f"{path.name}.*")):
                part.unlink(missing_ok=True)
            with suppress(OSError):
                path.parent.rmdir()
        case Kind.SLOT:
            _remove_slot(repo, path)
        case _ if path.is_dir():
            worktree.remove_all(path)
        case _:
            path.unlink(missing_ok=True)
            if piece.kind is Kind.LOG:
                with suppress(OSError):
                    path.parent.rmdir()


def _remove_slot(repo: Repo, path: Path) -> None:
    number = refinery.slot_number(path)
    assert number is not None
    held = lock.try_hold(slot_lock(repo, number))
    if held is None:
        raise Busy(f"a gate runs in {path}")
    try:
        worktree.remove(repo, path)
    finally:
        lock.release(held)
