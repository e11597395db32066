"""What a submission itself changes: the paths in which it differs from what it shares with the target."""

from __future__ import annotations

from gt.core.values import dataclass
from gt.git.lineage import between, fork_points
from gt.git.merge import Change, changed_paths
from gt.git.remembered import Remembered
from gt.git.repo import Repo


@dataclass(frozen=True, slots=True)
class _Own:
    """What a commit changes, and of how many merge bases."""

    changes: tuple[Change, ...]
    bases: int


_own: Remembered[tuple[Repo, str, frozenset[str]], _Own] = Remembered(4096)


def own_changes(repo: Repo, tip: str, commit: str) -> tuple[Change, ...]:
    """What a commit changes of each of its merge bases with a target's tip. Raises GitFailed where one is missing.

    The bases are the last of what both have; so as long as the tip lacks the same of the commit's history, they stay the
    same, wherever the tip moves.
    """
    return _made(repo, tip, commit).changes


def simple_changes(repo: Repo, tip: str, commit: str) -> tuple[Change, ...] | None:
    """As `own_changes`; None unless there is exactly one merge base."""
    own = _made(repo, tip, commit)
    return own.changes if own.bases == 1 else None


def _made(repo: Repo, tip: str, commit: str) -> _Own:
    lacks = between(repo, [tip], commit)

    def made() -> _Own:
        bases = fork_points(repo, tip, commit)
        changes = tuple(change for base in bases for change in changed_paths(repo, base, commit))
        return _Own(changes, len(bases))

    return _own.or_make((repo, commit, lacks), made)


def footprint(repo: Repo, tip: str, commit: str) -> frozenset[str]:
    """The paths that a submission changes of what it shares with a target at `tip`."""
    return frozenset(change.path for change in own_changes(repo, tip, commit))
