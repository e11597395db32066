"""An attempt's worktree, made and made usable."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gt.core.bead import Bead
from gt.core.town import AgentSpec, Town
from gt.core.values import dataclass
from gt.errors import NotFound, Refused
from gt.fleet import furnish, hidden, nested, presets, records, wrapping
from gt.fleet.fetched import DRAFT
from gt.fleet.launch import Ended
from gt.fleet.places import PRIVATE, Place
from gt.fleet.records import Record
from gt.fleet.wrapping import Scene, Wrapper, wrapper_of
from gt.git import privateclone, worktree
from gt.git.folders import object_folders
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
    wrapper: Wrapper | None = None


def make(place: Place, bead: Bead, start: str, site: Site, merged: str | None) -> Record:
    """The attempt's worktree at `start`, with the copied files in it and the set-up run; returns its record.

    Raises Unusable, with nothing removed: what is there is found by whoever ends the attempt.
    """
    try:
        worktree.add(place.repo, place.worktree, start, place.branch, keep_fds=site.keep_fds)
        git_dir = discover(place.worktree).git_dir
        ours, scratch = site.agent.commit == "gt", presets.scratch(site.agent)
        wrapper = site.wrapper
        record = Record(
            git_dir=str(git_dir),
            start=start,
            merged=merged,
            commit=ours,
            scratch=scratch,
            wrapped=wrapper is not None,
            private=wrapper is not None,
            kill=wrapper.kill if wrapper else (),
        )
        records.write(place.record, record)
        _private(place)
        if wrapper is not None:
            privateclone.make(place.repo, place.worktree, place.private / DRAFT, site.marker)
        record = _furnish(place, bead, record, site)
    except (Refused, NotFound, OSError) as error:
        raise Unusable(f"the worktree can't be made: {error}") from error
    return record


def _private(place: Place) -> None:
    if os.path.lexists(place.private):
        raise Refused(f"{PRIVATE} is a path of the project; gt needs it")
    place.outbox.mkdir(parents=True)
    (place.private / ".gitignore").write_text("*\n")


def leave_prompt(place: Place, prompt: str) -> None:
    """Write the prompt for the agent. Raises Unusable where the set-up, with what earlier agents made, got in the way."""
    if place.private.is_symlink() or place.outbox.is_symlink() or not place.outbox.is_dir():
        raise Unusable(f"the set-up replaced {PRIVATE}, which is gt's")
    place.prompt.unlink(missing_ok=True)
    with place.prompt.open("x", encoding="utf-8", errors="replace") as file:
        file.write(prompt)


def wrapper_for(place: Place, agent: AgentSpec, home: str) -> Wrapper | None:
    """What the agent runs inside of; None: nothing. Raises Malformed for one that would let it write the town."""
    if agent.wrap is None:
        return None
    main = main_work_tree(place.repo)
    name = f"gt-{place.bead}-{place.token}"
    values = {
        "bead": place.bead,
        "token": place.token,
        "worktree": str(place.worktree),
        "repo": str(main or place.repo.common_dir),
        "git": str(place.repo.common_dir),
        "home": home,
        "name": name,
    }
    folders = object_folders(place.repo)
    scene = Scene(place.worktree, place.repo.common_dir, folders, main, name, Path(home), values)
    return wrapper_of(agent.name, agent.wrap, scene)


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
        wrapper=site.wrapper,
    )
    wrapping.end_inside(record.kill)
    git_dir = Path(record.git_dir)
    inside = nested.doors(place.worktree) if record.wrapped else nested.nested(place.worktree)
    passing = nested.shut(inside) if record.wrapped else ()
    shot = worktree.snapshot_tree(place.repo, place.worktree, git_dir, place.index, record.start, passing)
    record = replace(
        record,
        before=shot.tree,
        nested=inside,
        hidden=hidden.signatures(place.worktree, shot.hidden),
    )
    records.write(place.record, record)
    if failed is not None:
        raise Unusable(failed[1], failed[0])
    return record


def main_work_tree(repo: Repo) -> Path | None:
    """Where the user's own checkout is; None for a bare repository."""
    return next((tree.path for tree in worktree.listing(repo) if tree.main), None)
