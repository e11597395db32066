"""An attempt's worktree, made and made usable."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gt.core.bead import Bead
from gt.core.town import AgentSpec, Town
from gt.errors import NotFound, Refused
from gt.fleet import furnish, hidden, nested, presets, records
from gt.fleet.launch import Ended
from gt.fleet.places import PRIVATE, Place
from gt.fleet.records import Record
from gt.git import worktree
from gt.git.repo import Repo, discover
from gt.git.trees import tree_of


class Unusable(Exception):
    """The worktree couldn't be made usable; how the set-up ended, if it was that."""

    def __init__(self, why: str, ended: Ended | None = None) -> None:
        super().__init__(why)
        self.ended = ended


@dataclass(frozen=True, slots=True)
class Site:
    """What a worktree is made usable with."""

    town: Town
    agent: AgentSpec
    env: Mapping[str, str]
    keep_fds: tuple[int, ...]
    marker: str


def make(place: Place, bead: Bead, start: str, site: Site, merged: str | None) -> Record:
    """The attempt's worktree at `start`, with the copied files in it and the set-up run; returns its record.

    Raises Unusable, with nothing removed: what is there is found by whoever ends the attempt.
    """
    try:
        worktree.add(place.repo, place.worktree, start, place.branch, keep_fds=site.keep_fds)
        git_dir = discover(place.worktree).git_dir
        ours, scratch = site.agent.commit == "gt", presets.scratch(site.agent)
        record = Record(str(git_dir), start, merged, commit=ours, scratch=scratch)
        records.write(place.record, record)
        _private(place)
        record = _furnish(place, bead, record, site)
    except (Refused, NotFound, OSError) as error:
        raise Unusable(f"the worktree can't be made: {error}") from error
    return record


def _private(place: Place) -> None:
    if os.path.lexists(place.private):
        raise Refused(f"{PRIVATE} is a path of the project; gt needs it")
    place.outbox.mkdir(parents=True)
    (place.private / ".gitignore").write_text("*\n")


def _furnish(place: Place, bead: Bead, record: Record, site: Site) -> Record:
    spec = site.town.worktrees
    if not spec.copy and spec.setup is None:
        record = replace(record, before=tree_of(place.repo, record.start))
        records.write(place.record, record)
        return record
    main = main_work_tree(place.repo)
    if main is not None:
        furnish.copy(main, place.worktree, spec.copy)
    failed = furnish.set_up(
        spec,
        place.worktree,
        values={
            "bead": bead.id,
            "token": place.token,
            "worktree": str(place.worktree),
            "repo": str(main or place.repo.common_dir),
        },
        env=site.env,
        log=place.setup_log,
        keep_fds=site.keep_fds,
        marker=site.marker,
    )
    git_dir = Path(record.git_dir)
    shot = worktree.snapshot_tree(place.repo, place.worktree, git_dir, place.index, record.start)
    record = replace(
        record,
        before=shot.tree,
        nested=nested.nested(place.worktree),
        hidden=hidden.signatures(place.worktree, shot.hidden),
    )
    records.write(place.record, record)
    if failed is not None:
        raise Unusable(failed[1], failed[0])
    return record


def main_work_tree(repo: Repo) -> Path | None:
    """Where the user's own checkout is; None for a bare repository."""
    return next((tree.path for tree in worktree.listing(repo) if tree.main), None)
