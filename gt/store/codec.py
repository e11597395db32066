"""Files of the ledger as bytes, and Beads and pages in them as values.

Writes canonical YAML; reads any plain YAML within bounds, and says of every other file which it is and why.
"""

from __future__ import annotations

from typing import Any

from gt.core.bead import Bead
from gt.core.data import bead_data, page_data
from gt.core.page import Page
from gt.core.schema import bead_from, page_from
from gt.errors import Malformed, Refused
from gt.store import canonical

MAX_BYTES = 256 * 1024
"""The size of a file above which it is neither written nor parsed."""


def dump(data: dict[str, Any], where: str = "this") -> bytes:
    """Canonical YAML, keys in the order given. Raises Refused for data it has no form for, or too much of it."""
    written = canonical.emit(data).encode()
    if len(written) > MAX_BYTES:
        raise Refused(f"{where} would be {len(written)} bytes; a file on the ledger has at most {MAX_BYTES}")
    return written


def load(data: bytes, where: str) -> dict[str, Any]:
    """The mapping in a YAML file. Raises Malformed, which names `where`."""
    check_size(len(data), where)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Malformed(where, f"is not UTF-8 at byte {error.start}") from None
    try:
        return canonical.read(text)
    except canonical.NotCanonical:
        return _foreign(text, where)


def check_size(size: int, where: str) -> None:
    """Raise Malformed for a file of more bytes than gt parses: asked of an object's header, before its content."""
    if size > MAX_BYTES:
        raise Malformed(where, f"is {size} bytes; at most {MAX_BYTES} are read")


def _foreign(text: str, where: str) -> dict[str, Any]:
    from gt.store.strict import Unreadable, parse

    if text.startswith("<<<<<<< ") or "\n<<<<<<< " in text:
        raise Malformed(where, "has conflict markers")
    try:
        data = parse(text)
    except Unreadable as error:
        raise Malformed(where, str(error)) from None
    if not isinstance(data, dict):
        raise Malformed(where, "is not a mapping")
    return data


def encode(bead: Bead) -> bytes:
    """The file of a Bead. Raises Refused when it would be too large."""
    return dump(bead_data(bead), bead.id)


def decode(data: bytes, where: str) -> Bead:
    """The Bead in a file. Raises Malformed, which names `where`."""
    return bead_from(load(data, where), where)


def encode_page(page: Page) -> bytes:
    """The file of a page."""
    return dump(page_data(page), page.id)


def decode_page(data: bytes, where: str) -> Page:
    """The page in a file. Raises Malformed."""
    return page_from(load(data, where), where)
