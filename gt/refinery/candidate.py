"""Candidates: what a target would be with a submission merged in, made in memory.

Knows trees and commits; whether they may land is told elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gt.core.town import Town
from gt.git.lineage import merge_bases
from gt.git.merge import changed_paths, merge_trees
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.refinery.protected import digest, guard

KEPT = 256
"""Previews in the cache."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What merging a commit into a target's tip gives."""

    tip: str
    commit: str
    tree: str | None
    """None: it conflicts."""
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


def preview(repo: Repo, tip: str, commit: str, town: Town) -> Preview:
    """Merge, and look at what would change. Remembered for the same commits and settings.

    Raises GitFailed where one of the commits is missing.
    """
    name = hashlib.sha256(json.dumps([1, tip, commit, town.refinery.protected]).encode()).hexdigest()[:32]
    cached = repo.gt_dir / "cache" / "candidates" / f"{name}.json"
    known = _recall(cached)
    if known is not None and (known.tree is None or _has(repo, known.tree)):
        return known
    made = fresh(repo, tip, commit, town)
    _keep(cached, made)
    return made


def fresh(repo: Repo, tip: str, commit: str, town: Town) -> Preview:
    """As `preview`, made anew: every object of it is there."""
    merged = merge_trees(repo, tip, commit, arena=repo.gt_dir / "arena")
    if merged.tree is None:
        return Preview(tip, commit, None, merged.conflicts, merged.messages)
    changes = changed_paths(repo, tip, merged.tree)
    guarded = guard(repo, town, tip)
    touched = guarded.touched(changes)
    own: set[str] = set()
    for base in merge_bases(repo, tip, commit):
        own.update(change.path for change in changed_paths(repo, base, commit))
    return Preview(
        tip,
        commit,
        merged.tree,
        protected=touched,
        # Where none is touched they are the tip's, which is looked at once for all.
        digest=digest(repo, guarded, merged.tree if touched else tip),
        changed=bool(changes),
        strays=tuple(sorted(change.path for change in changes if change.path not in own)),
    )


def _has(repo: Repo, oid: str) -> bool:
    with Objects(repo) as odb:
        return odb.has(oid)


def _recall(path: Path) -> Preview | None:
    try:
        data: dict[str, Any] = json.loads(path.read_text("utf-8", "surrogateescape"))
        lists = ("conflicts", "protected", "strays")
        for name in lists:
            data[name] = tuple(data[name])
        return Preview(**data)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _keep(path: Path, made: Preview) -> None:
    half = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(json.dumps(asdict(made)), "utf-8", "surrogateescape")
        os.replace(half, path)
        there = sorted(path.parent.iterdir(), key=lambda each: each.stat().st_mtime)
        for old in there[:-KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return
