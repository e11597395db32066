"""Files that commands write where the user says."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def write_whole(place: Path, parts: Iterable[str], digits: str) -> None:
    """Write text into a file that is there only once it is whole. A crash leaves `.NAME.part-DIGITS` beside it.

    Raises OSError.
    """
    if place.exists() and not place.is_file():
        with open(place, "w", encoding="utf-8") as stream:  # a device, a pipe: nothing can take its place
            stream.writelines(parts)
        return
    part = place.with_name(f".{place.name}.part-{digits}")
    try:
        with open(part, "x", encoding="utf-8", newline="\n") as stream:
            stream.writelines(parts)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, place)
    finally:
        part.unlink(missing_ok=True)
