"""What an author is told when a submission isn't taken: enough to see why, and to see it again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from gt.core.bead import Submission
from gt.fleet.output import tail
from gt.git.lineage import merge_bases, steps
from gt.git.merge import trailers
from gt.git.repo import Repo
from gt.refinery.candidate import Preview
from gt.refinery.outcomes import Outcome
from gt.refinery.train import Member, Train

LOG_BYTES = 8192
LOG_LINES = 200
SEVERAL = re.compile(r"[;&|#\n]")
"""What may part a command into several, or end it early."""

LINE = 120
"""Characters of a line that is quoted inside a sentence."""


def of_red(member: Member, it: Train, failed: Outcome, blame: str, more: Sequence[str] = ()) -> str:
    """A gate failed: which, how, on what, why this one is to blame, how to run it again, and the end of its output.

    `more`: lines of what else there is to see.
    """
    lines = tail(Path(failed.log), LOG_BYTES).splitlines()[-LOG_LINES:]
    sub = member.sub
    others = [other for other in it.members if other != member]
    company = f", with {', '.join(other.bead for other in others)}" if others else ""
    merges = " && ".join(f"git merge --no-ff {each.sub.commit[:12]}" for each in it.members)
    return "\n".join(
        [
            f"gate {failed.gate} is red: {failed.why}",
            f"on tree {failed.tree}: {sub.commit[:12]} merged into {sub.base} at {it.tip[:12]}{company}; {blame}",
            *more,
            f"reproduce: gt try --tree {failed.tree} --gate {shlex.quote(failed.gate)} --again",
            f"or by hand: git checkout --detach {it.tip[:12]} && {merges} && {as_one(failed.command)}",
            "",
            *lines,
        ]
    ).rstrip()


def as_one(command: str) -> str:
    """A gate's command so that it can stand behind `&&`: all of it runs, or nothing of it."""
    return f"sh -c {shlex.quote(command)}" if SEVERAL.search(command) else command


def last_line(run: Outcome) -> str:
    """The last line that a gate printed, quoted after a colon, to go behind its `why`; "" if it printed nothing."""
    for line in reversed(tail(Path(run.log), LOG_BYTES).splitlines() if run.log else ()):
        if said := " ".join(line.split()):
            return f': "{said}"' if len(said) <= LINE else f': "{said[: LINE - 3]}..."'
    return ""


def of_conflict(repo: Repo, sub: Submission, made: Preview) -> str:
    """It doesn't merge: which files, and what landed on the other side."""
    if not made.conflicts:
        return f"can't be merged into {sub.base}: {made.messages or 'the histories are unrelated'}"
    bases = merge_bases(repo, made.tip, sub.commit)
    other = steps(repo, bases[0] if bases else None, made.tip, paths=made.conflicts, limit=10)
    return "\n".join(
        [
            f"conflicts with {sub.base} at {made.tip[:12]} in {', '.join(made.conflicts)}",
            *(f"on the other side: {step.oid[:12]} {step.subject}{_by(step.message)}" for step in other),
            f"reproduce: git checkout --detach {sub.commit[:12]} && git merge {made.tip[:12]}",
            "",
            *made.messages.splitlines()[:40],
        ]
    ).rstrip()


def of_nothing(sub: Submission, made: Preview) -> str:
    """It adds nothing to what the target has."""
    return f"changes nothing: {sub.base} at {made.tip[:12]} has all of {sub.commit[:12]} already"


def _by(message: str) -> str:
    named = [value for key, value in trailers(message) if key == "Gt-Bead"]
    return f" [{', '.join(named)}]" if named and named[0] not in message.partition("\n")[0] else ""
