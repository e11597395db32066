"""Which open Beads could begin by what they need, and couldn't by their base: that hasn't the landing in it.

The ledger says what has landed; whether a branch of this clone has it is for git to say. What it said is remembered for as
long as the branch goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from urllib.parse import quote

from gt.core.bead import Bead
from gt.core.ready import Lack
from gt.errors import GtError
from gt.git import refs
from gt.git.merge import is_ancestor
from gt.git.reach import outside, present
from gt.git.repo import Repo
from gt.git.run import GitFailed
from gt.store.cachefile import keep, recall
from gt.store.targets import shared_through


def lacking(
    repo: Repo, beads: Iterable[Bead], look: Callable[[str], Bead | None], tips: Mapping[str, str]
) -> dict[str, Lack]:
    """For each of these Beads whose base lacks the landing of something it needs: which.

    `look` finds a Bead by its id; `tips`: the targets of this clone, the default first, and where they are.
    """
    default, shared = next(iter(tips), ""), _is_shared(repo)
    needs = [
        (bead.id, need, need.status.landed.commit, base)
        for bead in beads
        for name in sorted(bead.spec.needs)
        if (base := bead.spec.base or default) in tips and (need := look(name)) and need.status.landed
    ]
    wanted: dict[str, set[str]] = {}
    for _, _, commit, base in needs:
        wanted.setdefault(base, set()).add(commit)
    out = {
        base: _outside(repo, base, _begin(repo, base, tips[base], shared), wanted[base]) for base in wanted
    }
    found: dict[str, Lack] = {}
    for bead, need, commit, base in needs:
        here = out[base].get(commit)
        if here is not None:
            sub = need.status.submission
            taken = here and sub is not None and sub.base == base
            found.setdefault(bead, Lack(need.id, commit, base, taken))
    return found


def _is_shared(repo: Repo) -> bool:
    with suppress(GtError):  # settings that can't be read are told as the target's trouble
        return shared_through(repo) is not None
    return False


def _begin(repo: Repo, base: str, tip: str, shared: bool) -> str:
    """Where attempts begin: in a town of several machines where its remote was seen to have the branch."""
    return (refs.read(repo, f"refs/gt/there/{base}") if shared else None) or tip


def _outside(repo: Repo, base: str, tip: str, commits: set[str]) -> dict[str, bool]:
    """Those of these commits that the branch hasn't got there, and whether they are here at all."""
    seen = repo.gt_dir / "cache" / "contained" / quote(base, safe="")
    at, *had = (recall(seen) or " ").split(" ")
    known = frozenset(had) if at and _goes_on(repo, at, tip) else frozenset()
    new = frozenset(commits) - known - {tip}
    here = present(repo, new)
    out = (new - here) | outside(repo, here, [tip])
    if at != tip or new - out:
        keep(seen, " ".join([tip, *sorted(known | (new - out))]))
    return {commit: commit in here for commit in out}


def _goes_on(repo: Repo, old: str, new: str) -> bool:
    with suppress(GitFailed):  # the old one may be gone
        return is_ancestor(repo, old, new)
    return False
