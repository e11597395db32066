"""What chance decides about a gate run: by the changes in its tree and how often that tree was run, and by nothing else.

So every queue that plays a town meets the same gates, in whatever order it asks; and so does a real gate, which sees
no more than that. Imports little: a gate is a process that is started for every run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

CHANGES = "changes"
"""The folder of a real tree with one file for each change."""
JITTER = 0.05
"""By how much a gate run is shorter or longer than one gate time, at most."""
SCALE = 2.0**64


def throw(seed: int, content: Iterable[str], nth: int) -> tuple[float, float]:
    """For the nth run (from 0) on a tree: a number in [0, 1) that says whether it lies, and its length in gate times."""
    said = hashlib.sha256(f"{seed} {nth} {','.join(sorted(content))}".encode()).digest()
    lie, length = (int.from_bytes(said[at : at + 8], "big") / SCALE for at in (0, 8))
    return lie, 1 + JITTER * (2 * length - 1)
