"""Going on where an earlier attempt's agent was interrupted: with its own session, if its program can."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from gt.core.bead import Bead, Result
from gt.fleet.places import log_path
from gt.fleet.reports import Report
from gt.git.repo import Repo

UNFINISHED = (Result.INFRA, Result.INTERRUPTED)
"""How an attempt ends whose agent did nothing wrong: what it had in mind is worth going on with."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{3,99}")
"""What a session may be called: the name comes out of a log, and becomes a word of a command line."""


def session_of(repo: Repo, bead: Bead, agent: str, read: Callable[[Path], Report | None]) -> str:
    """The session of the last attempt, for the next one to go on with; empty if it is to begin anew.

    Only a first failure that says nothing about the work: a session that can't be taken up costs one try, not all.
    """
    ended = bead.status.attempts
    if not ended or ended[-1].agent != agent or ended[-1].result not in UNFINISHED:
        return ""
    if len(ended) > 1 and ended[-2].result in UNFINISHED:
        return ""
    report = read(log_path(repo, bead.id, ended[-1].token))
    return report.session if report is not None and _NAME.fullmatch(report.session) else ""
