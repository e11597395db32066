"""Protected paths: which of them a candidate changes, and what they would be afterwards.

Trees are compared, file by file: no rename is detected, and a symbolic link or a submodule is a file.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterable, Iterator
from functools import lru_cache

from gt.core.values import dataclass
from gt.errors import Malformed
from gt.git.merge import Change
from gt.git.objects import GITLINK, SYMLINK, TREE, Objects
from gt.git.repo import Repo
from gt.git.treediff import plain
from gt.refinery.globs import Globs, rests_below

ALWAYS = (".gt/**",)
"""Protected whatever the settings say: they say what gt executes."""

LINKS = frozenset({SYMLINK, GITLINK})
"""Modes of what may stand for a whole directory that is elsewhere."""

HOPS = 8
"""How many symbolic links are followed from one protected path to the next."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What is protected under the settings of a target's commit."""

    globs: Globs

    def touched(self, changes: Iterable[Change]) -> tuple[str, ...]:
        """The protected paths among these changes, sorted."""
        return tuple(
            sorted(
                change.path
                for change in changes
                if self.globs.touches(change.path, link=bool({change.mode_old, change.mode_new} & LINKS))
            )
        )


@lru_cache(maxsize=16)
def guard(repo: Repo, named: tuple[str, ...], commit: str) -> Guard:
    """What is protected on this commit of a target: what the settings name, and what always is.

    Where a protected path is a link, or a directory above it is one, what that leads to is protected, too; not everything,
    though, where one below a protected directory leads to the root.
    """
    patterns = list(dict.fromkeys((*ALWAYS, *named)))
    found = Globs(patterns, fold=True)
    with Objects(repo) as odb:
        for _ in range(HOPS):
            fresh = dict.fromkeys(
                reached
                for mode, oid, path in _touched(odb, found, commit)
                if mode == SYMLINK
                for to in _leads_to(odb, path, oid)
                for reached in ([to] if found.matches(path) else _reached(patterns, path, to))
                if reached not in (*patterns, ".")
            )
            if not fresh:
                break
            patterns += fresh
            found = Globs(patterns, fold=True)
    return Guard(found)


def _reached(patterns: Iterable[str], link: str, to: str) -> Iterator[str]:
    """What these patterns protect by way of a link above it, as patterns for the place that it leads to."""
    for pattern in patterns:
        rests = rests_below(pattern, link)
        # What it fits as well below the other place it has by itself.
        yield from sorted(
            rests if to == "." else {f"{to}/{rest}" for rest in rests - rests_below(pattern, to)}
        )


@lru_cache(maxsize=256)
def digest(repo: Repo, guarded: Guard, tree: str) -> str:
    """A name for the protected files of a tree (or commit): mode, content and path of each."""
    with Objects(repo) as odb:
        lines = sorted(f"{mode:o} {oid} {path}" for mode, oid, path in _touched(odb, guarded.globs, tree))
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _touched(odb: Objects, globs: Globs, commit: str) -> Iterator[tuple[int, str, str]]:
    """The files of a commit (or tree) that patterns touch, as mode, id and path; only folders that may hold such are opened."""
    try:
        root = odb.commit(commit).tree
    except Malformed:
        root = commit
    yield from _below(odb, globs, root, "")


def _below(odb: Objects, globs: Globs, tree: str, at: str) -> Iterator[tuple[int, str, str]]:
    for entry in map(plain, odb.tree(tree)):
        path = f"{at}{entry.name}"
        if entry.mode == TREE:
            if globs.matches(path) or globs.may_hold(path):
                yield from _below(odb, globs, entry.oid, f"{path}/")
        elif globs.touches(path, link=entry.mode in LINKS):
            yield entry.mode, entry.oid, path


def _leads_to(odb: Objects, path: str, oid: str) -> tuple[str, ...]:
    to = posixpath.normpath(
        posixpath.join(posixpath.dirname(path), odb.blob(oid).decode("utf-8", "surrogateescape"))
    )
    return () if to == ".." or to.startswith(("../", "/")) else (to,)
