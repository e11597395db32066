"""`gt init`: a repository becomes a town."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from gt.core.scaffold import town_yaml
from gt.core.town import TOWN_FILE, Town
from gt.core.values import dataclass
from gt.errors import NotFound, Refused
from gt.fleet import survey
from gt.git import ident, refs
from gt.git.repo import Repo, config_add, config_values
from gt.git.run import GitFailed, git
from gt.store.founding import Founded, check_names, found
from gt.store.settings import town_at, town_in
from gt.store.targets import KEY, tip


@dataclass(frozen=True, slots=True)
class Begun:
    """What `gt init` found and did."""

    targets: tuple[str, ...]
    ledger: Founded
    town_file: Path | None
    """Where the settings lie in the work tree; None in a bare repository."""
    wrote: bool
    """Whether the settings were written just now."""
    committed: bool
    """Whether the first target has settings now."""
    agents: tuple[tuple[str, str, str], ...]
    """For each agent: name, command line, what it may do unasked."""
    gate: str | None
    """The command that was found to test the project, if settings were written."""
    ready: str | None
    """Why the settings can't be committed here and now: the command that comes first. None where they can be."""


def init(
    repo: Repo,
    *,
    target: str | None,
    prefix: str | None,
    commit: bool,
    path: str,
    lineage: str,
    actor: str,
    now: int,
    offline: bool = False,
) -> Begun:
    """Make the repository a town, or complete what an earlier call began; all that is there already stays.

    `path` is the PATH on which agents are looked for, `lineage` the identity of a new ledger. Remotes are asked for a
    ledger unless `offline`. Raises Refused where names are taken, where there is no commit to start from, where
    `commit` can't be done, or where a remote can't tell.
    """
    check_names(repo)
    targets = _targets(repo, target)
    if commit:
        _check_commit(repo, targets)
        _written(repo)  # settings that can't be read aren't committed
    ledger = found(repo, prefix, lineage, actor=actor, now=now, offline=offline)
    known = config_values(repo, KEY)
    for name in targets:
        if name not in known:
            config_add(repo, KEY, name)
    gate = survey.gate(repo.work_tree) if repo.work_tree else None
    settled = _has_settings(repo, targets[0])
    wrote = not settled and _scaffold(repo, survey.agents(path), gate)
    if commit and not settled:
        _commit(repo, actor, now)
        settled = True
    return Begun(
        targets=targets,
        ledger=ledger,
        town_file=repo.work_tree / TOWN_FILE if repo.work_tree else None,
        wrote=wrote,
        committed=settled,
        agents=_agents(repo, targets[0], settled, survey.agents(path)),
        gate=gate if wrote else None,
        ready=_first(repo, targets[0]),
    )


def _targets(repo: Repo, wanted: str | None) -> tuple[str, ...]:
    """The targets, the default first: those set already, and the wanted one or the branch to begin with."""
    known = tuple(dict.fromkeys(config_values(repo, KEY)))
    if wanted is None and known:
        return known
    name = (wanted or "").removeprefix("refs/heads/") or _default(repo)
    if name == "beads" or name.startswith("gt/"):
        raise Refused(f"{name} can't be a target: the name is gt's own", hint="gt init --target main")
    if tip(repo, name) is None:
        if not refs.listing(repo, "refs/heads"):
            raise Refused(
                "this repository has no commits yet: there is nothing to work on",
                hint='git commit --allow-empty -m "Begin"',
            )
        raise NotFound("branch", name, hint="git branch --list")
    return (*known, *(() if name in known else (name,)))


def _default(repo: Repo) -> str:
    branch = refs.head_branch(repo)
    if branch is None:
        raise Refused("HEAD is detached: say which branch work shall land on", hint="gt init --target main")
    if tip(repo, branch) is None and refs.listing(repo, "refs/heads"):
        configured = git(repo, "config", "--get", "init.defaultBranch", ok=(0, 1)).text
        return next((name for name in (configured, "main") if name and tip(repo, name)), branch)
    return branch


def _has_settings(repo: Repo, target: str) -> bool:
    return git(repo, "cat-file", "-e", f"refs/heads/{target}:{TOWN_FILE}", ok=(0, 1, 128)).code == 0


def _scaffold(repo: Repo, agents: Sequence[str], gate: str | None) -> bool:
    """Write the settings into the work tree unless there are some; whether it did."""
    if repo.work_tree is None:
        return False
    place = repo.work_tree / TOWN_FILE
    place.parent.mkdir(exist_ok=True)
    # Whole or not at all: a file that a kill left empty would be taken for somebody's settings. Linked, as a rename
    # would write over theirs.
    draft = repo.gt_dir / f"town.{os.getpid()}.yaml"
    try:
        draft.write_text(town_yaml(agents, gate), "utf-8")
        os.link(draft, place)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True


def _check_commit(repo: Repo, targets: Sequence[str]) -> None:
    """Raise Refused where `--commit` couldn't add the settings to the default target."""
    target = targets[0]
    if repo.work_tree is None:
        raise Refused(f"a bare repository has no work tree to commit {TOWN_FILE} from", hint="gt init")
    if refs.head_branch(repo) != target:
        raise Refused(f"--commit needs {target} checked out here", hint=f"git switch {target}")
    if _unfinished(repo):
        raise Refused("--commit can't be done in the middle of a merge or rebase", hint="git status")


def _first(repo: Repo, target: str) -> str | None:
    """What to type before the settings can be committed here."""
    if repo.work_tree is None:
        return None
    if _unfinished(repo):
        return "git status  # a merge or rebase is to be ended first"
    return None if refs.head_branch(repo) == target else f"git switch {shlex.quote(target)}"


def _unfinished(repo: Repo) -> bool:
    """Whether a merge, rebase or the like waits for its end in this worktree."""
    names = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")
    return any((repo.git_dir / name).exists() for name in names)


def _commit(repo: Repo, actor: str, now: int) -> None:
    """Commit the settings alone, in this actor's name: what else is staged stays staged."""
    assert repo.work_tree is not None
    tree = repo.work_tree
    git(repo, "add", "--force", "--", TOWN_FILE, work_tree=tree)
    message = "Add the settings of the town"
    who = ident.environment(actor, now)
    try:
        git(repo, "commit", "--quiet", "--only", "-m", message, "--", TOWN_FILE, work_tree=tree, env=who)
    except GitFailed:
        git(repo, "reset", "--quiet", "--", TOWN_FILE, work_tree=tree)
        raise


def _written(repo: Repo) -> Town | None:
    """The settings that lie in the work tree; None where there is no such file. Raises Malformed."""
    if repo.work_tree is None:
        return None
    try:
        return town_in((repo.work_tree / TOWN_FILE).read_bytes())
    except FileNotFoundError:
        return None


def _agents(repo: Repo, target: str, settled: bool, found: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    """The agents that the town has, or would have with the settings as they are proposed."""
    town = town_at(repo, tip(repo, target)) if settled else _written(repo)
    if town is None:
        return tuple((name, survey.command_line(name), survey.permission_mode(name)) for name in found)
    return tuple(survey.described(spec) for _, spec in sorted(town.agents.items()))
