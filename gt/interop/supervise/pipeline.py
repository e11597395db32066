"""What GitHub Actions, GitLab CI and Kubernetes have in common: a fresh clone each time, and one script for each part.

Such a town is worked through its remote (`coordination: remote`): a worker claims there, and what it submits and what
the Refinery lands are pushed. gt alone counts attempts, so that none of these platforms may try anything again.
"""

from __future__ import annotations

from gt.interop.supervise.site import Site

LONGEST = 6 * 3600
"""Seconds that a hosted job may take."""

PREPARE = ("gt init >&2",)
"""In a fresh clone: takes over the ledger of the remote. sh lines."""

RECONCILE = (
    "code=0",
    "gt reconcile || code=$?",
    # 12: there is something to work on or to land
    'case $code in 0|10|11|12|20) ;; *) exit "$code" ;; esac',
)
"""One look at the town; `code` is gt's exit code."""

WORK = (
    "while :; do",
    "  code=0",
    "  gt work || code=$?",
    # an attempt has ended, so there may be another; else there is none for now
    '  case $code in 0|3|10) ;; 11|20|75) break ;; *) exit "$code" ;; esac',
    "done",
)
"""One attempt after another, until nothing is ready."""

MERGE = (
    "code=0",
    "gt merge --push || code=$?",
    'case $code in 0|3|10|11|20) ;; *) exit "$code" ;; esac',
)
"""The Refinery, once."""


def minutes(site: Site) -> int:
    """How long a job of one worker may take: gt's own deadlines come first."""
    return min(max(2 * site.limit, 3600), LONGEST) // 60


def script(*parts: tuple[str, ...], indent: int) -> str:
    """Lines of sh, one below the other, each so far to the right."""
    return "\n".join(" " * indent + line for part in parts for line in part)
