"""The Crew: standing services, each with a worktree that gt makes and keeps; a supervisor keeps them running.

gt starts none of them again, and has no part in what they do: `gt crew run` becomes the command.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from gt import lock
from gt.core.town import CrewSpec, Town
from gt.core.values import dataclass
from gt.drive.attempt_place import main_work_tree
from gt.errors import Busy, NotFound, Refused
from gt.fleet import furnish
from gt.fleet.commandline import argv
from gt.fleet.places import crew_path
from gt.fleet.surroundings import UNATTENDED
from gt.git import worktree
from gt.git.repo import Repo
from gt.git.run import GitFailed, git
from gt.git.worktree import Worktree
from gt.lock import Held
from gt.store.settings import town_at
from gt.store.targets import targets, tip


@dataclass(frozen=True, slots=True)
class Member:
    """One of the Crew, as it was found."""

    name: str
    spec: CrewSpec
    place: Path
    """Where it works."""
    there: bool
    """Whether that place has been made."""
    on_duty: bool | None
    """Whether it runs; None if that can't be told."""


@dataclass(frozen=True, slots=True)
class Duty:
    """What a process is to become."""

    argv: tuple[str, ...]
    cwd: Path
    environ: Mapping[str, str]
    held: Held
    """Is inherited: while it is held, the member is on duty."""
    remark: str | None = None
    """What went otherwise than one might think."""


def crew(repo: Repo) -> tuple[Member, ...]:
    """The Crew of the default target's settings, by name. Raises NotFound where no town is, Malformed."""
    town, _ = _town(repo)
    return tuple(_member(repo, town, name) for name in sorted(town.crew))


def report_for_duty(repo: Repo, name: str, environ: Mapping[str, str]) -> Duty:
    """Make this member's worktree, or bring it forward to the target where that loses nothing, and take its lock.

    A worktree that its member has on a branch, or that has diverged, stays as it is, as do files in the way. Raises
    NotFound, Busy while it is on duty, Refused where the worktree can't be made or its set-up fails.
    """
    town, commit = _town(repo)
    if name not in town.crew:
        raise NotFound("member of the Crew", name, hint="gt crew list")
    held = lock.try_hold(_lock(repo, name))
    if held is None:
        raise Busy(f"{name} is on duty already", hint=lock.process_hint(lock.holders(_lock(repo, name))))
    try:
        member = _member(repo, town, name)
        remark = _prepare(repo, town, member, commit, environ, held) if member.spec.worktree else None
    except BaseException:
        lock.release(held)
        raise
    values = _values(repo, member)
    ours = {"GT_CREW": name, "GT_WORKTREE": str(member.place), "GT_ACTOR": f"crew/{name}"}
    os.set_inheritable(held.fd, True)
    return Duty(
        argv(member.spec.command, values), member.place, {**environ, **UNATTENDED, **ours}, held, remark
    )


def _town(repo: Repo) -> tuple[Town, str]:
    target = targets(repo)[0]
    commit = tip(repo, target)
    if commit is None:
        raise NotFound("branch", target, hint="git branch --all")
    return town_at(repo, commit), commit


def _member(repo: Repo, town: Town, name: str) -> Member:
    spec = town.crew[name]
    home = main_work_tree(repo) or repo.common_dir
    place = crew_path(repo, town.worktrees.root, name) if spec.worktree else home
    free = lock.is_free(_lock(repo, name))
    return Member(name, spec, place, place.is_dir(), None if free is None else not free)


def _lock(repo: Repo, name: str) -> Path:
    return repo.gt_dir / "crew" / f"{name}.lock"


def _values(repo: Repo, member: Member) -> dict[str, str]:
    return {"worktree": str(member.place), "repo": str(main_work_tree(repo) or repo.common_dir)}


def _prepare(
    repo: Repo, town: Town, member: Member, commit: str, environ: Mapping[str, str], held: Held
) -> str | None:
    made = repo.gt_dir / "crew" / f"{member.name}.made"
    there = _found(repo, member.place)
    if there is not None and not there.prunable and made.exists():
        return _bring_forward(there, commit)
    if there is not None and there.prunable and os.path.lexists(member.place):
        raise Refused(f"{member.place} is no worktree of {repo.name} any more", hint="git worktree list")
    if there is None or there.prunable or there.half_made:
        made.unlink(missing_ok=True)
        member.place.parent.mkdir(parents=True, exist_ok=True)
        if there is not None:
            # Its directory is gone, or git was killed over it. What it was at may be nowhere else.
            commit = there.head or commit
            worktree.remove(repo, member.place)
        worktree.add(repo, member.place, commit, None, keep_fds=(held.fd,))
    main = main_work_tree(repo)
    if main is not None:
        furnish.copy(main, member.place, town.worktrees.copy)
    failed = furnish.set_up(
        town.worktrees,
        member.place,
        values=_values(repo, member),
        env={**environ, **UNATTENDED},
        log=repo.gt_dir / "log" / "crew" / f"{member.name}.setup.log",
        keep_fds=(held.fd,),
        marker="",
    )
    if failed is not None:
        raise Refused(f"{member.place}: {failed[1]}", hint=f"gt crew run {member.name}")
    made.touch()
    return None


def _found(repo: Repo, place: Path) -> Worktree | None:
    """The worktree that git has recorded there."""
    wanted = worktree.real(place)
    return next(iter(worktree.listing(repo, lambda path: worktree.real(path) == wanted)), None)


def _bring_forward(there: Worktree, commit: str) -> str | None:
    """Move a detached worktree to this commit, if that is a fast-forward over nothing of its member's."""
    place = there.path
    if not there.detached:
        return f"{place} is on {there.branch}, and stays there"
    try:
        git(place, "merge", "--quiet", "--ff-only", "--no-overwrite-ignore", commit)
    except GitFailed as error:
        return f"{place} stays as it is: {error.message.splitlines()[0]}"
    return None
