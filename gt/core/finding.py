"""A finding: something that isn't as gt leaves it, which object it is, and the command that puts it right."""

from __future__ import annotations

from enum import StrEnum

from gt.core.values import dataclass


class Severity(StrEnum):
    """What a finding asks for."""

    ERROR = "error"
    """A person must act, or gt can't do all of its work."""
    WARNING = "warning"
    """Something is out of order; gt works all the same, and may put it right by itself."""
    NOTE = "note"
    """Worth knowing; nothing need be done."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found."""

    check: str
    """Which check found it: a word or two with hyphens; docs/doctor.md lists them."""
    severity: Severity
    subject: str
    """The object: a path on the ledger, a ref, a file, a Bead's id, a setting."""
    text: str
    """What is wrong, as a clause that goes after the subject."""
    repair: str | None = None
    """The command that repairs it; None where only thought does."""

    @property
    def name(self) -> str:
        """What `gt repair` calls it: unique among the findings of one look."""
        return f"{self.check}:{self.subject}"
