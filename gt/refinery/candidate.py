"""Candidates: what a target would be with a submission merged in, made in memory.

Knows trees and commits; whether they may land is told elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from gt.core.town import Town
from gt.core.values import dataclass
from gt.errors import Malformed
from gt.git.filling import is_partial
from gt.git.lineage import between
from gt.git.merge import Change, changed_paths, merge_trees
from gt.git.objects import MissingObject, Objects
from gt.git.remembered import Remembered
from gt.git.repo import Repo
from gt.git.run import GitFailed
from gt.git.treediff import are_apart, keeps, merged_apart, patched
from gt.refinery.footprint import own_changes, simple_changes
from gt.refinery.protected import Guard, digest, guard
from gt.refinery.restack import restacked
from gt.store.cachefile import keep, recall

KEPT = 512
"""Previews that stay in the cache when it is cleared."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What merging a commit into a target's tip gives."""

    tip: str
    commit: str
    """What is merged: what was submitted, or that moved onto what landed below it."""
    tree: str | None
    """None where it conflicts, and where it is `verbatim`: `named` tells it then, where somebody needs it."""
    conflicts: tuple[str, ...] = ()
    messages: str = ""
    protected: tuple[str, ...] = ()
    """The protected paths that would change."""
    digest: str = ""
    """Names the protected files as they would be."""
    changed: bool = True
    """Whether the tree differs from the tip's."""
    strays: tuple[str, ...] = ()
    """Paths that would change on the target though the submission doesn't change them: nothing like that lands."""
    verbatim: bool = False
    """Whether what would change is just what the submission changes, each path from what it was to what it is there."""

    @property
    def clashes(self) -> bool:
        """Whether it conflicts."""
        return self.tree is None and not self.verbatim


_made: Remembered[tuple[Repo, str, str, tuple[str, ...]], Preview] = Remembered(4096)
"""What this process has looked at: by tip, commit and what is protected."""

_latest: Remembered[tuple[Repo, str, tuple[str, ...]], Preview] = Remembered(4096)
"""For each commit and what is protected: the last of its previews."""


def preview(repo: Repo, tip: str, commit: str, town: Town) -> Preview:
    """Merge, and look at what would change. Remembered for the same commits and settings.

    Raises GitFailed where one of the commits is missing.
    """
    key = (repo, tip, commit, town.refinery.protected)

    def made() -> Preview:
        through = restacked(repo, tip, commit)
        return apart(repo, tip, through, town) or _preview(repo, tip, through, town)

    return _made.or_make(key, made)


def named(repo: Repo, made: Preview) -> str:
    """The tree of a preview that merges; it need not be in the repository: see `written`."""
    assert not made.clashes
    if made.tree is not None:
        return made.tree
    with Objects(repo) as odb:
        return _merged_apart(odb, repo, made.tip, made.commit) or written(repo, made)


def written(repo: Repo, made: Preview) -> str:
    """The tree of a preview that merges, with every object of it in the repository."""
    assert not made.clashes
    if made.tree is None or not _has(repo, made.tree):
        with Objects(repo) as odb:
            tree = _merged_apart(odb, repo, made.tip, made.commit)
            if tree is not None:
                odb.flush()
                return tree
        merged = merge_trees(repo, made.tip, made.commit, arena=repo.gt_dir / "arena").tree
        assert merged is not None
        return merged
    return made.tree


def changes(repo: Repo, made: Preview) -> tuple[Change, ...]:
    """What a preview that merges would change on the target."""
    if made.verbatim:
        return own_changes(repo, made.tip, made.commit)
    return changed_paths(repo, made.tip, written(repo, made))


def _preview(repo: Repo, tip: str, commit: str, town: Town) -> Preview:
    name = hashlib.sha256(json.dumps([1, tip, commit, town.refinery.protected]).encode()).hexdigest()[:32]
    cached = repo.gt_dir / "cache" / "candidates" / f"{name}.json"
    made = _recall(cached)
    if made is None or (made.tree is not None and not _has(repo, made.tree)):
        before = _latest.get((repo, commit, town.refinery.protected))
        made = _told(repo, before, tip, town) or fresh(repo, tip, commit, town)
        _keep(cached, made)
    return _latest.put((repo, commit, town.refinery.protected), made)


def _told(repo: Repo, before: Preview | None, tip: str, town: Town) -> Preview | None:
    """As `carried`; None also where a commit of then is gone."""
    with suppress(GitFailed, MissingObject):
        return carried(repo, before, tip, town) if before is not None else None
    return None


def apart(repo: Repo, tip: str, commit: str, town: Town) -> Preview | None:
    """As `fresh`, without a process; None where something that the submission changes isn't on the target as it was.

    Its tree is made, and written, only where it is looked into here; the preview isn't kept: it is told as fast again.
    """
    with Objects(repo) as odb, suppress(GitFailed, MissingObject, Malformed):
        ground = _ground(repo, tip, town.refinery.protected)
        if ground.partial:  # the files must be brought, too
            return None
        own = simple_changes(repo, tip, commit)
        if own is None or not are_apart(odb, ground.tree, own):
            return None
        touched = ground.guard.touched(own)
        tree = patched(odb, ground.tree, own) if touched else None
        odb.flush()
        return Preview(
            tip,
            commit,
            tree,
            protected=touched,
            digest=digest(repo, ground.guard, tree) if tree is not None else ground.digest,
            changed=bool(own),
            verbatim=True,
        )
    return None


def _merged_apart(odb: Objects, repo: Repo, tip: str, commit: str) -> str | None:
    """The tree, not flushed; None where a merge isn't told so."""
    if is_partial(repo):
        return None
    with suppress(GitFailed, MissingObject, Malformed):
        own = simple_changes(repo, tip, commit)
        return merged_apart(odb, odb.commit(tip).tree, own) if own is not None else None
    return None


@dataclass(frozen=True, slots=True)
class _Ground:
    """What is the same for all that is merged into a tip."""

    tree: str
    partial: bool
    guard: Guard
    digest: str


@lru_cache(maxsize=16)
def _ground(repo: Repo, tip: str, protected: tuple[str, ...]) -> _Ground:
    guarded = guard(repo, protected, tip)
    with Objects(repo) as odb:
        return _Ground(odb.commit(tip).tree, is_partial(repo), guarded, digest(repo, guarded, tip))


def fresh(repo: Repo, tip: str, commit: str, town: Town) -> Preview:
    """As `preview`, made anew: every object of it is there."""
    merged = merge_trees(repo, tip, commit, arena=repo.gt_dir / "arena")
    if merged.tree is None:
        return Preview(tip, commit, None, merged.conflicts, merged.messages)
    changed, own = changed_paths(repo, tip, merged.tree), own_changes(repo, tip, commit)
    return _seen(repo, tip, commit, town, merged.tree, changed, own)


def _seen(
    repo: Repo,
    tip: str,
    commit: str,
    town: Town,
    tree: str,
    changes: tuple[Change, ...],
    own: tuple[Change, ...],
) -> Preview:
    guarded = guard(repo, town.refinery.protected, tip)
    touched = guarded.touched(changes)
    paths = {change.path for change in own}
    return Preview(
        tip,
        commit,
        tree,
        protected=touched,
        digest=digest(repo, guarded, tree if touched else tip),
        changed=bool(changes),
        strays=tuple(sorted(change.path for change in changes if change.path not in paths)),
        verbatim=changes == own,
    )


def carried(repo: Repo, before: Preview, tip: str, town: Town) -> Preview | None:
    """The preview on a new tip, told from that on an older one without a merge; None if it can't be told.

    A merge goes path by path but where files are renamed, folders and files are in each other's way, or attributes say
    how to merge. So nothing is told where the submission deletes anything (a renamed file is one that is gone), where it
    changed a file that isn't where it was on the target (it may have been renamed there, which is told by what else is
    there), or added one that is there, where what the target gained meanwhile meets its paths, or where attributes
    changed. For all else each path is what it was.
    """
    commit = before.commit
    if before.tree is None or not before.changed or before.strays:
        return None
    if between(repo, [before.tip], commit) != between(repo, [tip], commit):
        return None
    own = own_changes(repo, tip, commit)
    gained = _gained(repo, before.tip, tip)
    if gained is None or any(not change.mode_new or _meets(change.path, gained) for change in own):
        return None
    changes = changed_paths(repo, before.tip, before.tree)
    with Objects(repo) as odb, suppress(Malformed):
        at = odb.commit(tip).tree
        if not all(keeps(odb, at, change) for change in own):
            return None
        tree = patched(odb, at, changes)
        odb.flush()
        return _seen(repo, tip, commit, town, tree, changes, own)
    return None


@dataclass(frozen=True, slots=True)
class _Gained:
    """What a target gained from one tip to another: the paths, and the folders above them."""

    paths: frozenset[str]
    folders: frozenset[str]


@lru_cache(maxsize=64)
def _gained(repo: Repo, old: str, new: str) -> _Gained | None:
    """None if attributes are among it."""
    paths = frozenset(change.path for change in changed_paths(repo, old, new))
    if any(path.rpartition("/")[2] == ".gitattributes" for path in paths):
        return None
    return _Gained(paths, frozenset(folder for path in paths for folder in _folders(path)))


def _meets(path: str, gained: _Gained) -> bool:
    return (
        path in gained.paths
        or path in gained.folders
        or any(folder in gained.paths for folder in _folders(path))
    )


def _folders(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _has(repo: Repo, oid: str) -> bool:
    with Objects(repo) as odb:
        return odb.has(oid)


def _recall(path: Path) -> Preview | None:
    try:
        data: dict[str, Any] = json.loads(recall(path) or "")
        lists = ("conflicts", "protected", "strays")
        for name in lists:
            data[name] = tuple(data[name])
        return Preview(**data)
    except (ValueError, TypeError, KeyError):
        return None


def _keep(path: Path, made: Preview) -> None:
    keep(path, json.dumps(asdict(made)), most=KEPT, spare=KEPT)
