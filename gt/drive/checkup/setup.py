"""What gt stands on: git, its settings in this clone, the parser, and where gt's own files lie."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterator, Mapping

from gt.core.finding import Finding, Severity
from gt.drive.checkup.scene import Scene
from gt.git.run import git
from gt.git.worktree import checked_out
from gt.store.ledger import LEDGER

OLDEST = (2, 38)
REFTABLE = (2, 45)
"""The first versions of git with what gt needs: `merge-tree --write-tree`, and refs in a table."""

_KEYS = r"^(gc\.(auto|pruneexpire)|core\.(fsync|fsyncmethod|fsyncobjectfiles)|extensions\.partialclone|remote\..*\.promisor)$"
_TRUE = ("", "true", "yes", "on", "1")
_CROWD = 27 * 8
"""Loose objects in one of 256 folders that a repository has when nobody tidies it."""


def check(scene: Scene) -> Iterator[Finding]:
    """Findings about this machine and this clone's settings."""
    yield from _git(scene)
    yield from _settings(_config(scene))
    if importlib.util.find_spec("_ruamel_yaml") is None:
        text = "is not installed: Beads that people edited can't be read"
        yield Finding("parser", Severity.ERROR, "ruamel.yaml.clib", text, "pip install ruamel.yaml.clib")
    own = scene.repo.gt_dir if scene.repo.gt_dir.exists() else scene.repo.common_dir
    if not os.access(own, os.W_OK | os.X_OK):
        text = "can't be written by you: every read makes its own index, and nothing can be changed"
        yield Finding("read-only", Severity.ERROR, str(own), text)
    for tree in checked_out(scene.repo, LEDGER):
        text = "has the ledger checked out: its files will lag behind"
        yield Finding(
            "checked-out", Severity.WARNING, str(tree.path), text, f"git -C {tree.path} switch --detach"
        )
    yield from _objects(scene)


def _git(scene: Scene) -> Iterator[Finding]:
    said = git(scene.repo, "version").text
    numbers = re.search(r"(\d+)\.(\d+)", said)
    version = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
    if version < OLDEST:
        text = f"is too old: gt needs {OLDEST[0]}.{OLDEST[1]}"
        yield Finding("git", Severity.ERROR, said, text)
    elif scene.repo.ref_storage == "reftable" and version < REFTABLE:
        text = f"can't read this repository's reftable: that takes {REFTABLE[0]}.{REFTABLE[1]}"
        yield Finding("git", Severity.ERROR, said, text)
    if (scene.repo.common_dir / "shallow").exists():
        text = "ends early here: this clone is shallow, and what is older can't be looked at"
        yield Finding("shallow", Severity.NOTE, "history", text, "git fetch --unshallow")


def _config(scene: Scene) -> Mapping[str, str]:
    fields = git(scene.repo, "config", "-z", "--get-regexp", _KEYS, user=True, ok=(0, 1)).fields
    pairs = (field.partition("\n") for field in fields)
    return {key: value.lower() for key, _, value in pairs}


def _settings(config: Mapping[str, str]) -> Iterator[Finding]:
    expire = config.get("gc.pruneexpire", "")
    if expire in ("now", "all", "0", "0.seconds.ago"):
        text = f"is {expire}: a git gc may remove what another process has just written, and break the ledger"
        yield Finding("gc", Severity.WARNING, "gc.pruneExpire", text, "git config --unset-all gc.pruneExpire")
    if config.get("gc.auto") == "0":
        text = "is 0: objects pile up until you run git gc yourself"
        yield Finding("gc", Severity.NOTE, "gc.auto", text, "git gc")
    fsync = config.get("core.fsync", "")
    if "none" in fsync.split(",") or config.get("core.fsyncmethod") == "writeout-only":
        text = "lets git leave commits and refs to a power cut; gt's own writes are safe"
        yield Finding(
            "fsync", Severity.WARNING, "core.fsync", text, "git config core.fsync committed,reference"
        )
    for key, value in config.items():
        if key == "extensions.partialclone" or (key.endswith(".promisor") and value in _TRUE):
            text = "is set: a gate can't be run on files that git left out of this clone"
            yield Finding("partial", Severity.NOTE, key, text, "git fetch --refetch --no-filter")
            break


def _objects(scene: Scene) -> Iterator[Finding]:
    try:
        crowd = len(os.listdir(scene.repo.common_dir / "objects" / "17"))
    except OSError:
        return
    if crowd > _CROWD:
        text = f"has some {crowd * 256} loose objects: everything gets slower"
        yield Finding(
            "loose-objects", Severity.WARNING, str(scene.repo.common_dir / "objects"), text, "git gc"
        )
