"""Files of a cache below `gt/`: each may be missing, torn by another version, or impossible to write, and no harm is done."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def recall(path: Path) -> str | None:
    """What was kept there; None if nothing that can be read."""
    try:
        return path.read_text("utf-8", "surrogateescape")
    except (OSError, ValueError):
        return None


def keep(path: Path, text: str, *, most: int | None = None, spare: int = 0) -> None:
    """Put a file there whole, if that can be done at all.

    Of more than `most` in its folder the oldest go, once there are `spare` too many: looking at all of them costs.
    """
    half = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(text, "utf-8", "surrogateescape")
        os.replace(half, path)
        names = os.listdir(path.parent) if most is not None else []
        if most is not None and len(names) > most + spare:
            there = sorted(map(path.parent.joinpath, names), key=lambda each: each.stat().st_mtime)
            for old in there[:-most]:
                old.unlink(missing_ok=True)
