"""What can go wrong, as a tree.

    GtError                      exit  means
      Refused                      1   a precondition says no; nothing changed
        Malformed                      an object, a file or a setting can't be read
        NotFound                       no such Bead, page, branch, town
        Ambiguous                      an abbreviation fits several
        IllegalMove                    the Bead's phase, token or guard forbids it
      Conflict                     3   a mind is needed
      Busy                        75   try again: a lock is held, a race was lost

An error takes data and builds its own sentence: it names the thing, begins
in lower case and ends without a full stop. A hint is the command to type
next. The exit codes are API: docs/exit-codes.md.
"""

from __future__ import annotations

from typing import ClassVar


class GtError(Exception):
    """Base of all that gt says no with; never raised itself."""

    exit_code: ClassVar[int] = 1
    kind: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        """The command to type next, without the leading `hint:`."""

    def __str__(self) -> str:
        return self.message


def in_words(error: Exception) -> str:
    """An error as a part of what else is told; the command to type next stands in brackets."""
    hint = error.hint if isinstance(error, GtError) else None
    return f"{error} ({hint})" if hint else f"{error}"


class Refused(GtError):
    """A precondition says no, and nothing changed."""

    exit_code = 1
    kind = "refused"


class Malformed(Refused):
    """Something that was to be read can't be: `where` names it, `why` says what is wrong."""

    kind = "malformed"

    def __init__(self, where: str, why: str, *, hint: str | None = None) -> None:
        super().__init__(f"{where}: {why}", hint=hint)
        self.where = where
        self.why = why


class NotFound(Refused):
    """There is no such thing."""

    kind = "not-found"

    def __init__(self, what: str, name: str, *, hint: str | None = None) -> None:
        super().__init__(f"no such {what}: {name}", hint=hint)
        self.what = what
        self.name = name


class Ambiguous(Refused):
    """An abbreviation fits more than one id."""

    kind = "ambiguous"

    def __init__(self, prefix: str, matches: tuple[str, ...]) -> None:
        shown = ", ".join(matches[:5]) + (", ..." if len(matches) > 5 else "")
        super().__init__(f"{prefix} is ambiguous: {shown}", hint=f"gt show {matches[0]}")
        self.prefix = prefix
        self.matches = matches


class IllegalMove(Refused):
    """The table of legal moves has no such edge from where the Bead is."""

    kind = "illegal-move"

    def __init__(self, bead: str, why: str, *, hint: str | None = None) -> None:
        super().__init__(f"{bead} {why}", hint=hint)
        self.bead = bead
        self.why = why


class Conflict(GtError):
    """A mind is needed: a merge conflict, a red gate, an attempt that failed and is recorded."""

    exit_code = 3
    kind = "conflict"


class Busy(GtError):
    """Try again later: a lock is held, a race was lost, nothing is claimable."""

    exit_code = 75
    kind = "busy"
