"""Finding what an attempt left, wherever it is, and making commits of it.

Knows worktrees and commits; moves no ref and removes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from gt.core.values import dataclass
from gt.errors import GtError, Malformed
from gt.fleet import hidden, nested
from gt.fleet.places import PRIVATE, Place
from gt.fleet.records import Record
from gt.git import refs, worktree
from gt.git.merge import Change, changed_paths, is_ancestor
from gt.git.objects import Objects
from gt.git.repo import Repo, is_git_dir
from gt.git.run import git
from gt.git.snapshot import forced
from gt.git.trees import Leaf, edited, tree_of

AUTHOR = "agent <agent@gt.invalid>"
"""Who committed what an agent left uncommitted; and its own commits, where git's config names nobody."""

HELD = "gt: "
"""With what the reason begins for which gt locked a worktree: what is in it couldn't be kept then."""

REFLOG = 5000
"""How many of the last moves of HEAD are looked at."""


@dataclass(frozen=True, slots=True)
class Left:
    """What an attempt left, as commits; nothing of it is pinned yet."""

    head: str
    """What it made: its own commits and, on top, what it left uncommitted."""
    tree: str
    own: str
    """Its last commit of its own, or the one it began at."""
    others: tuple[str, ...] = ()
    """Commits of it that `head` doesn't contain."""
    commits: int = 0
    """How many it has on top of where it began, gt's included."""
    stays: str = ""
    """Why its worktree can't be removed: what is in it that couldn't be kept. Empty: everything is."""
    unread: bool = False
    """Whether what is uncommitted couldn't be looked at: nobody knows what it did beyond its own commits."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where an attempt's commits are."""

    head: str
    other: str | None
    there: worktree.Worktree | None


def gather(
    place: Place, record: Record | None, base: str, message: str, now: int, *, goes: bool = True
) -> Left | None:
    """What the attempt left; new commits are durable. None if there is nothing: no worktree and no branch.

    `base` is the target's commit that it was claimed on, `message` that of the commit which gt makes. `goes`: the
    worktree is to be removed, so that what only the clone or its user ignores is set aside, too. No process of the
    attempt may run any more.
    """
    found = _find(place, record)
    if found is None:
        return None
    start = record.start if record else base
    left = _uncommitted(place, record, found, message, now, goes=goes)
    others = {*left.others, *_dropped(place, found), *((found.other,) if found.other else ())}
    loose = tuple(sorted(c for c in others if not is_ancestor(place.repo, c, left.head)))
    count = git(place.repo, "rev-list", "--count", left.head, f"^{start}").text
    return replace(left, others=loose, commits=int(count))


def worktree_of(place: Place, record: Record | None) -> worktree.Worktree | None:
    """The attempt's worktree as git, or else gt, has it recorded; None if there is none."""
    git_dir = Path(record.git_dir) if record else None
    path = worktree.real(place.worktree)
    for tree in worktree.listing(place.repo):
        if not tree.main and (tree.git_dir == git_dir or worktree.real(tree.path) == path):
            return tree
    return _unrecorded(place, record) if record is not None else None


def _unrecorded(place: Place, record: Record) -> worktree.Worktree | None:
    """The attempt's worktree where git has lost its record of it: gt's own says that it made it."""
    if record.before is None or not place.worktree.is_dir() or place.worktree.is_symlink():
        return None
    return worktree.Worktree(
        path=place.worktree,
        git_dir=Path(record.git_dir),
        head=None,
        branch=None,
        detached=True,
        prunable=True,
        locked=False,
        lock="",
        half_made=False,
        underway=None,
        main=False,
    )


def _find(place: Place, record: Record | None) -> Found | None:
    """The attempt's commits: where its worktree's HEAD is, and where its branch is, if that is elsewhere."""
    there = worktree_of(place, record)
    tip = _sound(place.repo, branch_tip(place))
    head = _sound(place.repo, there.head) if there is not None else None
    if head is None:
        head = tip or (record.start if record and there else None)
    if head is None:
        return None
    return Found(head, tip if tip != head else None, there)


def branch_tip(place: Place) -> str | None:
    """What the attempt's branch says; None if there is none, or nothing sensible."""
    try:
        return refs.read(place.repo, f"refs/heads/{place.branch}")
    except Malformed:
        return None


def _sound(repo: Repo, commit: str | None) -> str | None:
    """The commit, if there is one: an agent may write anything into a ref."""
    if commit is None:
        return None
    with Objects(repo) as odb:
        try:
            odb.tree(odb.commit(commit).tree)
        except GtError:
            return None
    return commit


def _uncommitted(
    place: Place, record: Record | None, found: Found, message: str, now: int, *, goes: bool
) -> Left:
    """What is there, the uncommitted included, as one commit on top of HEAD."""
    repo = place.repo
    tree = tree_of(repo, found.head)
    if _is_unbegun(record, found.there) or found.there is None or not _is_there(found.there):
        return _ahead(repo, Left(found.head, tree, found.head), found)
    try:
        there = found.there
        passing = nested.shut(nested.doors(there.path)) if record and record.wrapped else ()
        shot = worktree.snapshot_tree(repo, there.path, there.git_dir, place.index, found.head, passing)
        known = record.hidden if record else {}
        secret = hidden.fresh(known, there.path, shot.hidden) if goes else ()
        forced_in = forced(repo, there.path, there.git_dir, place.index, secret)
        brought = _brought(repo, record)
        scratch = _scratch(repo, record, shot.tree)
        wanted = _without_set_up(place, record, brought, shot.tree)
        wanted = edited(repo, wanted, [Leaf(leaf.path, 0, "") for leaf in scratch], place.index)
        stays = _unkept(there, record, {*shot.failed, *forced_in.failed})
    except (GtError, OSError) as error:
        # Whatever an agent did to it, the lease must end.
        return Left(found.head, tree, found.head, stays=f"it can't be read: {error}", unread=True)
    left = Left(found.head, wanted, found.head, stays=stays)
    if wanted == tree:
        left = _ahead(repo, left, found)
    else:
        left = _committed(repo, record, found, left, brought, message, now)
    return _aside(place, left, (*forced_in.leaves, *scratch), now)


def _is_unbegun(record: Record | None, there: worktree.Worktree | None) -> bool:
    """Whether no agent has run yet: what lies there was copied, perhaps a secret; what doesn't wasn't written yet."""
    if record is None:
        return there is not None and there.half_made
    return record.before is None


def _is_there(tree: worktree.Worktree) -> bool:
    """Whether the worktree is where it was made; a link in its place leads to files that aren't its own."""
    return tree.path.is_dir() and not tree.path.is_symlink()


def _committed(
    repo: Repo,
    record: Record | None,
    found: Found,
    left: Left,
    brought: tuple[Change, ...],
    message: str,
    now: int,
) -> Left:
    """With its tree, which HEAD hasn't got, as a commit."""
    leaked = record is not None and _has_any(repo, record.start, tree_of(repo, found.head), brought)
    # What the set-up brought, a secret perhaps, may be in its commits: those are kept, but not offered.
    parent = record.start if record is not None and leaked else found.head
    with Objects(repo) as odb:
        odb.include(left.tree, (odb.commit(parent).tree,))
        commit = odb.add_commit(left.tree, (parent,), message, AUTHOR, now)
        odb.flush()
    return replace(left, head=commit, others=(found.head,) if leaked else ())


def _aside(place: Place, left: Left, leaves: Iterable[Leaf], now: int) -> Left:
    """With files that are no part of its work, but that nothing else keeps, in a commit of their own."""
    tree = edited(place.repo, left.tree, leaves, place.index)
    if tree == left.tree:
        return left
    with Objects(place.repo) as odb:
        commit = odb.add_commit(tree, (left.head,), "What is no part of the work\n", AUTHOR, now)
        odb.flush()
    return replace(left, others=(*left.others, commit))


def _ahead(repo: Repo, left: Left, found: Found) -> Left:
    """Where nothing is uncommitted and the branch is further on than HEAD, the branch is what was made."""
    if found.other is None or not is_ancestor(repo, left.head, found.other):
        return left
    return replace(left, head=found.other, own=found.other, tree=tree_of(repo, found.other))


def _brought(repo: Repo, record: Record | None) -> tuple[Change, ...]:
    """What copying and the set-up changed before the agent began."""
    if record is None or record.before is None:
        return ()
    return changed_paths(repo, record.start, record.before)


def _scratch(repo: Repo, record: Record | None, tree: str) -> tuple[Leaf, ...]:
    """What the agent's program made for itself at the root of the tree."""
    if record is None or not record.scratch:
        return ()
    made = [c for c in changed_paths(repo, record.start, tree) if not c.mode_old]
    return tuple(
        Leaf(c.path, c.mode_new, c.oid_new)
        for c in made
        if any(fnmatchcase(c.path.partition("/")[0], pattern) for pattern in record.scratch)
    )


def _without_set_up(place: Place, record: Record | None, brought: tuple[Change, ...], tree: str) -> str:
    """The tree less what was there before the agent began and wasn't changed by it, and less gt's own directory."""
    with Objects(place.repo) as odb:
        leaves = [Leaf(PRIVATE, 0, "")] if any(entry.name == PRIVATE for entry in odb.tree(tree)) else []
    if leaves:
        inside = changed_paths(place.repo, None, tree)
        leaves = [Leaf(c.path, 0, "") for c in inside if c.path.split("/")[0] == PRIVATE]
    if brought and record is not None:
        changed = {c.path for c in changed_paths(place.repo, record.before, tree)}
        leaves += [Leaf(c.path, c.mode_old, c.oid_old) for c in brought if c.path not in changed]
    return edited(place.repo, tree, leaves, place.index)


def _has_any(repo: Repo, start: str, tree: str, brought: tuple[Change, ...]) -> bool:
    """Whether a commit's tree has something that the set-up brought, as it brought it."""
    if not brought:
        return False
    committed = {(c.path, c.mode_new, c.oid_new) for c in changed_paths(repo, start, tree)}
    return any((c.path, c.mode_new, c.oid_new) in committed for c in brought)


def _unkept(there: worktree.Worktree, record: Record | None, failed: Iterable[str]) -> str:
    """What is in the worktree that its commit doesn't hold, as a clause; empty if nothing."""
    if is_git_dir(there.path / ".git"):
        return "it was made a repository of its own"
    known = dict(record.nested) if record else {}
    look = nested.doors if record and record.wrapped else nested.nested
    inside = nested.touched(known, look(there.path))
    if inside:
        return f"it has repositories of its own: {', '.join(inside[:5])}"
    unread = sorted(failed)
    if unread:
        return f"it has files that can't be read: {', '.join(unread[:5])}"
    if there.locked and not there.lock.startswith(HELD):
        return "it is locked"
    return ""


def _dropped(place: Place, found: Found) -> tuple[str, ...]:
    """Commits that HEAD was at and that no branch has: only its reflog, which goes with the worktree, knows them."""
    if found.there is None:
        return ()
    try:
        lines = (found.there.git_dir / "logs" / "HEAD").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ()
    seen = {oid for line in lines[-REFLOG:] for oid in line.split(" ", 2)[:2] if oid.strip("0")}
    with Objects(place.repo) as odb:
        there = sorted(oid for oid in seen if odb.has(oid))
    if not there:
        return ()
    kept = (found.head, f"--exclude={place.branch}", "--branches", "--tags", "--remotes")
    # Some branch may name a commit that there isn't: what it would have kept counts as lost.
    rows = git(place.repo, "rev-list", "--ignore-missing", "--parents", *there, "--not", *kept, "--").lines
    lost = [row.split(" ") for row in rows]
    parents = {parent for _, *above in lost for parent in above}
    return tuple(commit for commit, *_ in lost if commit not in parents)
