"""Where files lie on the ledger's branch, which modes they may have, and which versions may touch them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from gt.core import ids
from gt.core.bead import Bead
from gt.core.state import FORMAT, LedgerMeta
from gt.errors import Malformed, Refused

if TYPE_CHECKING:
    from gt.core.page import Page

META = "gt.yaml"
STATE = "state.yaml"
README = "README.md"
FILE, FOLDER = 0o100644, 0o040000

_KINDS = {
    0o120000: "a symbolic link",
    0o160000: "a submodule",
    0o100755: "an executable file",
    FOLDER: "a folder",
}

MAX_TREE = 4 << 20
"""Bytes of a folder above which it isn't read: some 50,000 entries, where a folder of a large ledger has a hundred."""

MAX_COMMIT = 16 << 20
"""Bytes of a commit above which it isn't read; one that brings a hundred thousand Beads names them in two million."""


class Kind(StrEnum):
    """What lies at a path of the branch."""

    BEAD = "bead"
    PAGE = "page"
    META = "meta"
    STATE = "state"
    OTHER = "other"
    """Something that gt neither reads nor writes."""
    MISPLACED = "misplaced"
    """Something in gt's folders, or below a file of gt's, where nothing belongs."""


UPGRADE = "pip install --upgrade gt-town"


def spoken(name: str) -> str:
    """A name in a tree as text that can be kept and printed: bytes that aren't UTF-8 are escaped."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def kind_of(path: str) -> Kind:
    """What belongs at this path."""
    first, *below = path.split("/")
    if not below and first in (META, STATE):
        return Kind.META if first == META else Kind.STATE
    name = path.rpartition("/")[2].removesuffix(".yaml")
    if first == "beads":
        return Kind.BEAD if ids.is_id(name) and path == ids.bead_path(name) else Kind.MISPLACED
    if first == "pages":
        return Kind.PAGE if path == page_path(name) else Kind.MISPLACED
    strange = {"", ".", "..", ".git"}.intersection(part.lower() for part in (first, *below))
    return Kind.MISPLACED if strange or first in (META, STATE) else Kind.OTHER


def check_file(path: str, mode: int) -> None:
    """Raise Malformed unless this is the mode of a plain file."""
    if mode != FILE:
        raise Malformed(path, f"is {_KINDS.get(mode, f'of mode {mode:o}')}, not a plain file")


def same_id(bead: Bead, path: str) -> Bead:
    """The Bead, if its id is the one that its path says. Raises Malformed."""
    if path != ids.bead_path(bead.id):
        raise Malformed(path, f"has the id of another Bead, {bead.id}")
    return bead


def page_path(page: str) -> str:
    """Where a page lies."""
    return f"pages/{page}.yaml"


def check_page(page: Page, path: str) -> None:
    """Raise Malformed unless the page's id is the one that its path says."""
    if path != page_path(page.id):
        raise Malformed(path, f"has the id of another page, {page.id}"[:120])


def not_ours() -> Refused:
    """The error for a branch `beads` that somebody made for something else."""
    return Refused(
        "the branch beads is not a gt ledger: it has no gt.yaml", hint="git branch -m beads OTHER-NAME"
    )


def readable(meta: LedgerMeta) -> LedgerMeta:
    """The description, if this version may read such a ledger. Raises Refused."""
    if meta.min_reader > FORMAT:
        raise Refused(f"this ledger has format {meta.min_reader}; this gt reads up to {FORMAT}", hint=UPGRADE)
    return meta


def writable(meta: LedgerMeta) -> LedgerMeta:
    """The description, if this version may write such a ledger. Raises Refused."""
    if meta.min_writer > FORMAT:
        raise Refused(
            f"this ledger may only be written by format {meta.min_writer}; this gt writes {FORMAT}",
            hint=UPGRADE,
        )
    return meta
