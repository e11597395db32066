"""The town's settings, as a commit of the target has them: never those of a work tree.

Finds, reads and remembers `.gt/town.yaml`; what may stand in it is told in `townfile`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from gt.core.town import TOWN_FILE, Town
from gt.errors import Malformed
from gt.git import config
from gt.git.repo import Repo, config_values
from gt.store.cachefile import keep, recall
from gt.store.townfile import town_from

KEPT = 64
"""Files in the cache: a commit's takes one line, a version of the settings a few kilobytes."""

NONE = "none"
"""Stands for the blob of a commit without settings."""


HUB = "gt.hub"
"""The key of git's config that says: this repository is what the machines of the town call their remote."""


def town_at(repo: Repo, commit: str | None) -> Town:
    """The settings in this commit; the defaults where it has none, or there is no commit yet.

    In the repository that is itself the town's remote nothing is said of a remote. Raises Malformed, which names the
    key.
    """
    town = _town_at(repo, commit)
    if town.refinery.push is None or not is_hub(repo):
        return town
    return replace(town, coordination="local", refinery=replace(town.refinery, push=None, land=None))


def is_hub(repo: Repo) -> bool:
    """Whether this repository's own config says that it is the town's remote."""
    return config.truth((config_values(repo, HUB) or ("false",))[-1])


def _town_at(repo: Repo, commit: str | None) -> Town:
    if commit is None:
        return Town()
    cache = repo.gt_dir / "cache" / "town"
    blob = recall(cache / commit)
    if blob == NONE:
        return Town()
    known = recall(cache / f"{blob}.json") if blob else None
    if known is not None:
        try:
            return town_from(json.loads(known), TOWN_FILE)
        except (ValueError, Malformed):
            pass  # a torn file, or one of another version: look again
    blob, data = _look(repo, commit)
    town = Town() if data is None else town_from(data, TOWN_FILE)
    if data is not None:
        keep(cache / f"{blob}.json", json.dumps(data, ensure_ascii=False), most=KEPT)
    keep(cache / commit, blob, most=KEPT)
    return town


def town_in(data: bytes) -> Town:
    """The settings that a file of this content would make, once it is on the target. Raises Malformed."""
    from gt.store.codec import check_size, load

    check_size(len(data), TOWN_FILE)
    return town_from(load(data, TOWN_FILE), TOWN_FILE)


def _look(repo: Repo, commit: str) -> tuple[str, dict[str, Any] | None]:
    """The blob of the settings, and what it says."""
    from gt.git.objects import TREE, Objects
    from gt.store.codec import check_size, load
    from gt.store.layout import check_file

    with Objects(repo) as odb:
        tree = odb.commit(commit).tree
        *folders, name = TOWN_FILE.split("/")
        for folder in folders:
            found = next((entry for entry in odb.tree(tree) if entry.name == folder), None)
            if found is None:
                return NONE, None
            if found.mode != TREE:
                raise Malformed(folder, "is not a folder")
            tree = found.oid
        entry = next((entry for entry in odb.tree(tree) if entry.name == name), None)
        if entry is None:
            return NONE, None
        check_file(TOWN_FILE, entry.mode)
        check_size(odb.size(entry.oid), TOWN_FILE)
        return entry.oid, load(odb.blob(entry.oid), TOWN_FILE)
