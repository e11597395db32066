"""Gas Town, re-engineered: Beads on a git branch, attempts with deadlines, a Refinery that proves what it lands."""

__version__ = "0.1.0"
