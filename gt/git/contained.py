"""Which of many refs can go without a commit being lost: what else has their commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gt.git.repo import Repo
from gt.git.run import git


def spare(repo: Repo, pins: Mapping[str, str], keepers: Iterable[str]) -> frozenset[str]:
    """Those of these refs (by full name, with their ids) whose commits a keeper has, or a pin that isn't spare.

    `keepers` are ids. A ref to anything but a commit that is there is never spare. Two processes, however many refs.
    """
    kept = tuple(keepers)
    commits = _commits(repo, (*pins.values(), *kept))
    found = {ref: oid for ref, oid in pins.items() if oid in commits}
    if not found:
        return frozenset()
    asked = [*found.values(), *(f"^{oid}" for oid in kept if oid in commits)]
    # All that no keeper has. An ancestor of another pin's commit is there as somebody's parent.
    stdin = "".join(f"{each}\n" for each in asked).encode()
    rows = [row.split(" ") for row in git(repo, "rev-list", "--parents", "--stdin", stdin=stdin).lines]
    alone = {commit for commit, *_ in rows}
    tops = alone - {parent for _, *parents in rows for parent in parents}
    stay: dict[str, str] = {}
    for ref, oid in sorted(found.items()):
        if oid in tops:
            stay.setdefault(oid, ref)  # of several at one commit, one stays
    return frozenset(found.keys() - stay.values())


def _commits(repo: Repo, oids: Iterable[str]) -> frozenset[str]:
    asked = "".join(f"{oid}\n" for oid in sorted(set(oids))).encode()
    form = "--batch-check=%(objectname) %(objecttype)"
    rows = (line.partition(" ") for line in git(repo, "cat-file", form, stdin=asked).lines)
    return frozenset(oid for oid, _, kind in rows if kind == "commit")
