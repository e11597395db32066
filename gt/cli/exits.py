"""Exit codes: API, like the names of commands. docs/exit-codes.md says the same; a test compares them."""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class Code(IntEnum):
    """What a process of gt tells its caller."""

    meaning: str

    def __new__(cls, value: int, meaning: str = "") -> Self:
        code = int.__new__(cls, value)
        code._value_ = value
        code.meaning = meaning
        return code

    OK = 0, "done, also when there was nothing to do; `reconcile` and `run`: at rest"
    REFUSED = 1, "refused: a precondition says no, and nothing changed"
    USAGE = 2, "usage: the command line can't be understood"
    CONFLICT = (
        3,
        "a mind is needed: an attempt failed and is recorded, a submission was rejected, an import or a sync wants a look",
    )
    BUG = 4, "a bug in gt; a report was written and its path printed"
    PROGRESS = 10, "progress was made: call again"
    WAITING = 11, "waiting: live attempts, gates or a future wake"
    DUE = 12, "`reconcile`: work or merge is due"
    HUMAN = 20, "nothing to do until a human acts"
    BUSY = 75, "busy, or nothing claimable: try later"
    INTERRUPTED = 130, "interrupted by Ctrl-C, SIGTERM or SIGHUP"
    PIPE = 141, "the reader of the output went away"


CALM = frozenset({Code.CONFLICT, Code.PROGRESS, Code.WAITING, Code.DUE, Code.HUMAN, Code.BUSY})
"""What `--exit-zero` turns into 0: every code that speaks of the town, none that speaks of a failure of gt."""
