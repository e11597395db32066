"""Whether a commit has anything to offer: it must differ from the target and from all that was refused of its Bead."""

from __future__ import annotations

from gt.core.bead import Bead, Result
from gt.git.objects import MissingObject, Objects
from gt.git.repo import Repo

REFUSED = frozenset({Result.RED, Result.REJECTED})
"""Results of attempts whose files were judged and not taken. One that conflicts wasn't: on a newer target the same
files may be the very answer."""


def nothing_new(repo: Repo, bead: Bead, commit: str, targets: dict[str, str]) -> str | None:
    """Why this commit needn't be submitted, as a clause after "it"; None if it has something new.

    `targets` maps commits of the target to what they are called.
    """
    refused = [a for a in bead.status.attempts if a.result in REFUSED and a.head is not None]
    with Objects(repo) as odb:
        tree = odb.commit(commit).tree
        for oid, name in targets.items():
            if odb.commit(oid).tree == tree:
                return f"has the same files as {name}"
        for attempt in refused:
            assert attempt.head is not None
            try:
                same = odb.commit(attempt.head).tree == tree
            except MissingObject:
                continue
            if same:
                return f"has the same files as attempt {attempt.token}, which ended {attempt.result}"
    return None
