"""What trees and commits look like inside.

Parsed by hand: a tree of the ledger is 32 lines, and dulwich's parser would cost its import.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gt.core.values import dataclass
from gt.errors import Malformed

TREE = 0o040000
FILE = 0o100644
EXECUTABLE = 0o100755
SYMLINK = 0o120000
GITLINK = 0o160000

MODE = re.compile(rb"[0-7]{1,7}")

CALENDAR_END = 253370764800
"""The year 9999, in seconds since the epoch."""

SIGNATURE = re.compile(r"(.*>) (-?\d+) [+-]\d+", re.DOTALL | re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a tree; a name that isn't UTF-8 survives as surrogates."""

    mode: int
    name: str
    oid: str


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit; `author` and `committer` are `Name <mail>`, times seconds since the epoch."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: str
    committer: str
    author_time: int
    commit_time: int
    message: str


def is_oid(name: str) -> bool:
    """Whether this is a whole id, which never changes what it names; a ref does, and so does a short id."""
    return len(name) in (40, 64) and not name.strip("0123456789abcdef")


def parse_tree(oid: str, data: bytes) -> tuple[Entry, ...]:
    """The entries of a tree object; the length of its own id tells that of its entries'.

    Raises Malformed, also for names that no path can have and for a name that is there twice.
    """
    width = len(oid) // 2
    entries = []
    names = set()
    at = 0
    while at < len(data):
        blank = data.find(b" ", at)
        nul = data.find(b"\0", blank)
        end = nul + 1 + width
        raw = data[blank + 1 : nul]
        if (
            not at < blank < nul
            or end > len(data)
            or not raw
            or b"/" in raw
            or raw in names
            or not MODE.fullmatch(data, at, blank)
        ):
            raise Malformed(oid, "is a damaged tree", hint="git fsck")
        names.add(raw)
        name = raw.decode("utf-8", "surrogateescape")
        entries.append(Entry(int(data[at:blank], 8), name, data[nul + 1 : end].hex()))
        at = end
    return tuple(entries)


def format_tree(entries: Iterable[Entry]) -> bytes:
    """A tree object's content; raises Malformed for names that no tree may hold."""
    return b"".join(tree_lines(entries).values())


def tree_lines(entries: Iterable[Entry]) -> dict[str, bytes]:
    """The lines of a tree object by their names, in git's order; raises as `format_tree`."""
    lines: dict[bytes, tuple[bytes, str, bytes]] = {}
    for entry in entries:
        name = encode(entry.name)
        if name.lower() in (b"", b".", b"..", b".git") or b"/" in name or b"\0" in name or name in lines:
            raise Malformed(repr(entry.name), "can't be a name in a tree")
        lines[name] = (name + b"/" if entry.mode == TREE else name, entry.name, tree_line(entry))
    return {name: line for _, name, line in sorted(lines.values())}


def tree_line(entry: Entry) -> bytes:
    """The line of an entry that a tree may hold."""
    return b"%o %s\0" % (entry.mode, encode(entry.name)) + bytes.fromhex(entry.oid)


def parse_commit(oid: str, data: bytes) -> Commit:
    """A commit object; raises Malformed for one without a tree.

    Somebody's odd program may have written no sensible author or time: git shrugs at that, and so do we.
    """
    head, _, body = data.partition(b"\n\n")
    fields: dict[str, list[str]] = {}
    for line in head.decode("utf-8", "surrogateescape").split("\n"):
        key, _, value = line.partition(" ")
        fields.setdefault(key, []).append(value)
    tree = fields.get("tree", [""])[0]
    if len(tree) != len(oid) or tree.strip("0123456789abcdef"):
        raise Malformed(oid, "is a damaged commit", hint="git fsck")
    author, author_time = _signature(fields.get("author", [""])[0])
    committer, commit_time = _signature(fields.get("committer", [""])[0])
    return Commit(
        oid=oid,
        tree=tree,
        parents=tuple(fields.get("parent", ())),
        author=author,
        committer=committer,
        author_time=author_time,
        commit_time=commit_time,
        message=_decode(body, fields.get("encoding", ["utf-8"])[0]),
    )


def seconds(said: str) -> int:
    """A commit's time; 0 for one that no calendar has: whoever made the commit could write anything there."""
    return int(said) if said.isdecimal() and len(said) <= 18 and int(said) < CALENDAR_END else 0


def _signature(value: str) -> tuple[str, int]:
    match = SIGNATURE.fullmatch(value)
    return (match[1], seconds(match[2])) if match else (value, 0)


def _decode(text: bytes, encoding: str) -> str:
    try:
        return text.decode(encoding, "surrogateescape")
    except (LookupError, UnicodeError):
        return text.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Text as git keeps it: UTF-8, with undecodable bytes as they came."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a lone surrogate, out of some JSON
        return text.encode("utf-8", "backslashreplace")
