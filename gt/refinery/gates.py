"""What a gate is to run on, and the key under which what came of it is kept.

A gate with `inputs` sees a tree of only these paths, `.gt/` and `.gitattributes`: that tree's id is in its key, so
that a change elsewhere costs no run.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from gt.core.town import Gate, Town
from gt.core.values import dataclass
from gt.git.merge import EMPTY_TREE
from gt.git.objects import TREE, Entry, Objects
from gt.git.repo import Repo
from gt.refinery.globs import Globs

SEEN = (".gt/**", "**/.gitattributes")
"""What every gate sees, whatever its inputs are."""


@dataclass(frozen=True, slots=True)
class Check:
    """A gate, and the tree that it runs on."""

    gate: Gate
    tree: str
    key: str


def checks(repo: Repo, town: Town, tree: str) -> tuple[Check, ...]:
    """What must pass before this tree (or commit) lands under these settings, in the order of the settings.

    The input trees are durable when this returns.
    """
    wanted = [gate for gate in town.gates if gate.when == "before"]
    if not wanted:
        return ()
    trees: dict[tuple[str, ...], str] = {(): tree}
    if any(gate.inputs for gate in wanted):
        with Objects(repo) as odb:
            trees |= {gate.inputs: _input_tree(repo, odb, gate, tree) for gate in wanted}
            odb.flush()
    return tuple(Check(gate, trees[gate.inputs], _key(town, gate, trees[gate.inputs])) for gate in wanted)


def along(repo: Repo, town: Town, gate: Gate, trees: Sequence[str]) -> tuple[Check, ...]:
    """One gate, whenever it is to run, on each of these trees; as durable as with `checks`."""
    if gate.inputs:
        with Objects(repo) as odb:
            trees = [_input_tree(repo, odb, gate, tree) for tree in trees]
            odb.flush()
    return tuple(Check(gate, tree, _key(town, gate, tree)) for tree in trees)


def environment(repo: Repo, town: Town, gate: Gate, environ: Mapping[str, str]) -> str:
    """A name for what a gate's outcome may depend on besides its definition and its tree."""
    host = os.uname() if hasattr(os, "uname") else None
    data = {
        "system": [host.sysname, host.machine] if host else [os.name],
        "variables": {name: environ.get(name) for name in sorted(gate.env)},
        "copied": {name: _content(repo, name) for name in sorted(town.worktrees.copy)},
    }
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]


def _key(town: Town, gate: Gate, tree: str) -> str:
    data = {
        "gate": [gate.name, gate.run, gate.timeout, gate.inputs, gate.env, gate.could_not_run],
        "setup": [town.worktrees.setup, town.worktrees.timeout, town.worktrees.copy, town.worktrees.caches],
        "tree": tree,
    }
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:32]


def _content(repo: Repo, name: str) -> str | None:
    """What a copied file has; of a folder, which files it has and when they were written: it may hold very much."""
    if repo.common_dir.name != ".git":
        return None
    place = repo.common_dir.parent / name
    try:
        data = _stamps(place) if place.is_dir() else place.read_bytes()
    except OSError:
        return None
    return hashlib.sha256(data).hexdigest()


def _stamps(folder: Path) -> bytes:
    found = (
        (os.path.relpath(os.path.join(at, name), folder), os.lstat(os.path.join(at, name)))
        for at, _, names in os.walk(folder)
        for name in names
    )
    lines = sorted(f"{path}\0{seen.st_size} {seen.st_mtime_ns} {seen.st_mode}" for path, seen in found)
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def _input_tree(repo: Repo, odb: Objects, gate: Gate, tree: str) -> str:
    if not gate.inputs:
        return tree
    scoped = _scoped(odb, tree, "", Globs((*gate.inputs, *SEEN)))
    return scoped or odb.add_tree(()) or EMPTY_TREE[repo.object_format]


def _scoped(odb: Objects, tree: str, below: str, globs: Globs) -> str | None:
    """The tree with only what matches; None if that is nothing."""
    entries: list[Entry] = []
    for entry in odb.tree(tree):
        path = f"{below}{entry.name}"
        if globs.matches(path):
            entries.append(entry)
        elif entry.mode == TREE and globs.may_hold(path):
            inner = _scoped(odb, entry.oid, f"{path}/", globs)
            if inner is not None:
                entries.append(Entry(TREE, entry.name, inner))
    return odb.add_tree(entries) if entries else None
