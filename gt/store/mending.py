"""Files of the ledger that can't be read, put right without losing a byte.

The newest readable version in history takes the place of a broken one, which history keeps; what never was readable,
or lies where nothing belongs, is moved to `lost/` on the branch. Knows trees and files; who asked for it is told elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from gt.core import ids
from gt.core.bead import Note
from gt.core.schema import page_from
from gt.core.values import dataclass
from gt.errors import GtError
from gt.git.objects import Entry, Objects
from gt.git.presence import absent
from gt.git.repo import Repo
from gt.git.run import git
from gt.store import codec, records
from gt.store.birth import WELCOME
from gt.store.layout import (
    FILE,
    FOLDER,
    MAX_COMMIT,
    MAX_TREE,
    META,
    README,
    STATE,
    check_file,
    check_page,
    same_id,
    spoken,
)

if TYPE_CHECKING:
    from gt.lock import Held
    from gt.store.ledger import Ledger, Message

LOST = "lost"
"""The folder for what gt can't read."""

VERSIONS = 1000
"""How many earlier versions of a file are looked at."""

Raw = tuple[str, ...]
"""A path as names of trees have it, bytes that aren't UTF-8 as surrogates."""


@dataclass(frozen=True, slots=True)
class Mend:
    """What is to be done about one path of the ledger."""

    path: str
    text: str
    """What it comes to, as a clause that goes after the path."""
    place: Raw
    broken: Entry | None
    """What stands there now."""
    good: Entry | None
    """What is to stand there: an earlier version. None: it is moved to `lost/`, or written anew."""
    since: str = ""
    """The commit that has the good version."""
    absent: bool = False
    """What stands there isn't broken: it is missing in this clone, and may be whole in another."""


def is_good(repo: Repo, tip: str, path: str) -> bool:
    """Whether what stands at this path (as findings name it) can be read at a commit of the ledger."""
    with Objects(repo) as odb:
        found = _find(odb, odb.commit(tip, MAX_COMMIT).tree, path)[1]
        return found is not None and _is_good(odb, path, found)


def mend_of(repo: Repo, tip: str, path: str) -> Mend | None:
    """How this path (as findings name it) is put right at a commit of the ledger; None if it can't be, or needn't."""
    with Objects(repo) as odb:
        place, broken = _find(odb, odb.commit(tip, MAX_COMMIT).tree, path)
        if broken is not None and _is_good(odb, path, broken):
            return None
        since, good = _earlier(repo, odb, tip, path)
    # It may be whole elsewhere, and what is put in its place here would count as the later edit there.
    missing = broken is not None and bool(absent(repo, (broken.oid,)))
    first = "; another clone may have it: try git fetch --refetch first" if missing else ""
    if good is not None:
        kept = f"; history keeps {broken.oid[:12]}" if broken and not missing else ""
        return Mend(
            path, f"is restored from {since[:12]}{kept}{first}", place, broken, good, since, absent=missing
        )
    if broken is not None and path not in (META, STATE):
        why = "isn't in this clone" if missing else "never was readable"
        return Mend(path, f"{why}: it is moved to {LOST}/{first}", place, broken, None, absent=missing)
    if path == README:
        return Mend(path, "is written anew", place, None, None)
    return None


def apply(
    ledger: Ledger, held: Held, mends: Iterable[Mend], message: Message, note: Callable[[str], Note]
) -> str:
    """Put these paths right by one commit; returns it. A path that somebody has changed meanwhile is left alone.

    `note` makes the remark that stays with a Bead that was restored.
    """
    wanted = tuple(mends)

    def make(odb: Objects, tip: str) -> str:
        root = odb.commit(tip, MAX_COMMIT).tree
        changes: dict[Raw, Entry | None] = {}
        for mend in wanted:
            if _find(odb, root, mend.path)[1] == mend.broken:
                _plan(odb, root, tip, mend, changes, note)
        return _planted(odb, root, changes) or root

    return ledger.rewrite(held, message, make)


def _plan(
    odb: Objects,
    root: str,
    tip: str,
    mend: Mend,
    changes: dict[Raw, Entry | None],
    note: Callable[[str], Note],
) -> None:
    if mend.good is not None:
        changes[mend.place] = replace(mend.good, oid=_restored(odb, tip, mend, note))
    elif mend.broken is None:
        changes[mend.place] = Entry(FILE, mend.path, odb.add_blob(WELCOME.encode()))
    else:
        changes[mend.place] = None
        changes[_lost(odb, root, mend)] = mend.broken


def _restored(odb: Objects, tip: str, mend: Mend, note: Callable[[str], Note]) -> str:
    """The blob of the good version; a Bead's with a note of what it replaces."""
    assert mend.good is not None
    if not _is_bead(mend.path) or mend.good.mode != FILE:
        return mend.good.oid
    bead = codec.decode(odb.blob(mend.good.oid), mend.path)
    what = f"object {mend.broken.oid} of {tip}" if mend.broken else "nothing"
    text = f"Restored from {mend.since}, for what stood here couldn't be read; history keeps it: {what}."
    return odb.add_blob(codec.encode(replace(bead, notes=(*bead.notes, note(text)))))


def _lost(odb: Objects, root: str, mend: Mend) -> Raw:
    """A free place below `lost/`, and one that every tree may have."""
    assert mend.broken is not None
    forbidden = (".", "..", ".git")
    names = tuple(f"_{name}" if name.lower() in forbidden else name for name in mend.place)
    taken = _find(odb, root, f"{LOST}/{mend.path}")[1]
    if taken is not None:
        names = (*names[:-1], f"{names[-1]}.{mend.broken.oid[:12]}")
    return (LOST, *names)


def _planted(odb: Objects, tree: str | None, changes: Mapping[Raw, Entry | None]) -> str | None:
    """The tree with these paths put so (None: gone), folders made and unmade as needed; None for an empty one."""
    entries = {entry.name: entry for entry in odb.tree(tree, MAX_TREE)} if tree else {}
    for name in {place[0] for place in changes}:
        below = {place[1:]: entry for place, entry in changes.items() if place[0] == name}
        if () in below:
            entry = below.pop(())
            entries.pop(name, None)
            if entry is not None:
                entries[name] = Entry(entry.mode, name, entry.oid)
        if below:
            there = entries.pop(name, None)
            made = _planted(odb, there.oid if there and there.mode == FOLDER else None, below)
            if made is not None:
                entries[name] = Entry(FOLDER, name, made)
    return odb.add_tree(entries.values()) if entries else None


def _find(odb: Objects, root: str, path: str) -> tuple[Raw, Entry | None]:
    """Where a path is, by its names in trees, and what is there."""
    place: list[str] = []
    entry: Entry | None = Entry(FOLDER, "", root)
    for name in path.split("/"):
        found = None
        if entry is not None and entry.mode == FOLDER:
            found = next((e for e in _entries(odb, entry.oid) if spoken(e.name) == name), None)
        place.append(found.name if found else name)
        entry = found
    return tuple(place), entry


def _entries(odb: Objects, tree: str) -> tuple[Entry, ...]:
    try:
        return odb.tree(tree, MAX_TREE)
    except GtError:
        return ()


def _earlier(repo: Repo, odb: Objects, tip: str, path: str) -> tuple[str, Entry | None]:
    """The newest version of a path that can be read, and the commit that has it."""
    seen: set[Entry] = set()
    for commit in _commits(repo, odb, tip, path):
        _, entry = _find(odb, odb.commit(commit, MAX_COMMIT).tree, path)
        if entry is not None and entry not in seen and _is_good(odb, path, entry):
            return commit, entry
        if entry is not None:
            seen.add(entry)
    return "", None


def _commits(repo: Repo, odb: Objects, tip: str, path: str) -> Iterator[str]:
    """Commits that may have another version of a path, the newest first."""
    limit = f"--max-count={VERSIONS}"
    touched = git(repo, "rev-list", limit, tip, "--", f":(top,literal){path}", ok=(0, 128))
    if touched.code:
        yield from git(repo, "rev-list", limit, tip).lines  # git can't compare what it can't read either
        return
    for commit in touched.lines:
        yield commit
        yield from odb.commit(commit, MAX_COMMIT).parents


def _is_bead(path: str) -> bool:
    name = path.rpartition("/")[2].removesuffix(".yaml")
    return ids.is_id(name) and ids.bead_path(name) == path


def _is_good(odb: Objects, path: str, entry: Entry) -> bool:
    """Whether this is what belongs at this path, and can be read."""
    try:
        if path in ("beads", "pages") or (path.startswith("beads/") and path.count("/") < 3):
            known = all(len(part) == 1 and part in ids.ALPHABET for part in path.split("/")[1:])
            return known and entry.mode == FOLDER and odb.tree(entry.oid, MAX_TREE) is not None
        check_file(path, entry.mode)
        codec.check_size(odb.size(entry.oid), path)
        _read(path, odb.blob(entry.oid))
    except GtError:
        return False
    return True


def _read(path: str, data: bytes) -> None:
    """Raise Malformed unless this content belongs at this path."""
    if path == README:
        return
    if _is_bead(path):
        same_id(codec.decode(data, path), path)
    elif path == META:
        records.meta_from(codec.load(data, path), path)
    elif path == STATE:
        records.state_from(codec.load(data, path), path)
    else:
        check_page(page_from(codec.load(data, path), path), path)
