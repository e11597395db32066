"""Which of many commits are here, and which of them nothing keeps: one process each, however many there are."""

from __future__ import annotations

from collections.abc import Iterable

from gt.git.repo import Repo
from gt.git.run import git


def present(repo: Repo, oids: Iterable[str]) -> frozenset[str]:
    """Those of these (whole) ids that are commits of this repository."""
    wanted = sorted(set(oids))
    if not wanted:
        return frozenset()
    stdin = "".join(f"{oid}\n" for oid in wanted).encode()
    lines = git(repo, "cat-file", "--batch-check=%(objectname) %(objecttype)", "--buffer", stdin=stdin).lines
    return frozenset(line.split(" ")[0] for line in lines if line.endswith(" commit"))


def outside(repo: Repo, commits: Iterable[str], ends: Iterable[str] | None = None) -> frozenset[str]:
    """Those of these commits that none of the ends contains; without ends: no ref at all. All must be here."""
    wanted = frozenset(commits)
    if not wanted:
        return wanted
    stdin = "".join(f"{oid}\n" for oid in sorted(wanted)).encode()
    # The ends come after what is read from stdin: so `--not` speaks of them only, in every version of git.
    limits = ("--all",) if ends is None else tuple(ends)
    return wanted.intersection(git(repo, "rev-list", "--stdin", "--not", *limits, stdin=stdin).lines)
