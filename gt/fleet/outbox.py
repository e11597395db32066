"""An attempt's outbox: a directory of small files, one a saying, written by the agent's `gt` and read by whoever ends it.

Knows files; what a saying means, and what becomes of it, is said in `core.sayings` and done in `store.ending`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gt.core import ids
from gt.core.sayings import MAX_SAYING, MAX_SAYINGS, Heard, Kind, Saying, decode, encode, heard, mint_name
from gt.errors import Malformed, Refused

_SUFFIX = ".json"


def queue(outbox: Path, kind: str, payload: Mapping[str, Any], now: int, digits: ids.Digits) -> str:
    """Put a saying into the outbox, whole or not at all; returns its id.

    The payload of a note has `text`, of an ask `question`, of a fail `reason`; that of a proposal is a spec's data
    (`data.spec_data`); that of a submit is empty. Raises Refused where there is no outbox, Malformed for what
    couldn't be understood when it is read.
    """
    name = mint_name(now, digits)
    data = encode(Kind(kind), now, payload)
    decode(name, data)
    draft = outbox / f".{name}"
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, outbox / f"{name}{_SUFFIX}")
    except (FileNotFoundError, NotADirectoryError):
        raise Refused(f"there is no outbox {outbox}: the attempt is over") from None
    finally:
        draft.unlink(missing_ok=True)
    return name


def read(outbox: Path) -> Heard:
    """What is in the outbox: strictly read, and with a remark for everything that isn't taken."""
    if outbox.is_symlink() or outbox.parent.is_symlink():
        return Heard((), ("the outbox leads elsewhere, and was not read",))
    try:
        names = sorted(name for name in os.listdir(outbox) if not name.startswith("."))
    except OSError:
        return Heard()
    sayings: list[Saying] = []
    remarks: list[str] = []
    # More than are ever taken need not be opened: an outbox may hold a million files.
    for name in names[: MAX_SAYINGS * 2]:
        try:
            sayings.append(_read(outbox / name, name))
        except Malformed as error:
            remarks.append(f"something in the outbox was not taken: {error.message}"[:400])
    if len(names) > MAX_SAYINGS * 2:
        remarks.append(f"{len(names) - MAX_SAYINGS * 2} more files in the outbox were not looked at")
    return heard(sayings, remarks[:20])


def _read(path: Path, name: str) -> Saying:
    shown = repr(name)[:80]
    if not name.endswith(_SUFFIX):
        raise Malformed(shown, "is no saying")
    try:
        # The agent made it: it may be a link to somewhere, a pipe, or gigabytes.
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Malformed(shown, error.strerror or "can't be opened") from None
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise Malformed(shown, "is no file")
        data = os.read(fd, MAX_SAYING + 1)
    finally:
        os.close(fd)
    if len(data) > MAX_SAYING:
        raise Malformed(shown, f"has more than {MAX_SAYING} bytes")
    return decode(name.removesuffix(_SUFFIX), data)
