"""The tree of all that lies in a worktree, taken without touching the worktree.

Whoever worked there may have broken its `.git` file, its HEAD or its index: none of them is used.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from gt.core.values import dataclass
from gt.errors import Refused
from gt.git.objects import GITLINK
from gt.git.repo import Repo, is_git_dir
from gt.git.run import Done, GitFailed, git
from gt.git.trees import Leaf

CONFIG = (
    "core.fsync=loose-object,pack,pack-metadata",
    "core.fsyncMethod=batch",
    "core.safecrlf=false",
    "core.splitIndex=false",
    "core.untrackedCache=false",
    "index.sparse=false",
    "advice.addEmbeddedRepo=false",
)

UNBORN = re.compile(rb"^error: '(.+)/' does not have a commit checked out$", re.MULTILINE)
FILTERED = re.compile(rb"^fatal: (.+): clean filter '.*' failed$", re.MULTILINE)
UNREADABLE = re.compile(rb"""^error: open\("(.+)"\): .*$""", re.MULTILINE)
CLOSED = re.compile(rb"^warning: could not open directory '(.+?)(?:': .*)?$", re.MULTILINE)
"""Git cuts such a line short, where the name is very long."""

ATTEMPTS = 100
"""How many paths that git can't get past are left out before giving up."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a worktree holds: the tree of it, and the paths that couldn't be kept in it."""

    tree: str
    nested: tuple[str, ...]
    """Embedded repositories that the base doesn't have as submodules."""
    failed: tuple[str, ...]
    """Files and directories that couldn't be read."""
    hidden: tuple[str, ...] = ()
    """Files left out because the clone or its user ignores them, though no `.gitignore` of the worktree does."""


@dataclass(frozen=True, slots=True)
class Forced:
    """Files as they are in a tree, whatever ignores them."""

    leaves: tuple[Leaf, ...]
    failed: tuple[str, ...]
    """Those that couldn't be read."""


def snapshot_tree(
    repo: Repo, work_tree: Path, git_dir: Path, index: Path, base: str, passing: Collection[str] = ()
) -> Snapshot:
    """Write the tree of a worktree: what `git add -A` on top of `base` (commit or tree) would commit.

    `git_dir` is the worktree's as recorded when it was made, `index` a file of gt's own. Ignored files are
    left out. Paths in `passing` are not looked at: git runs a git in a submodule, with the config it has there. The
    objects are durable when this returns.
    """
    index.parent.mkdir(parents=True, exist_ok=True)
    # Left by a gt that was killed here: the index is our caller's alone.
    for leftover in (index, index.with_name(f"{index.name}.lock")):
        leftover.unlink(missing_ok=True)
    scene = _scene(repo, work_tree, git_dir, index)
    scene.git("read-tree", "--reset", base)
    before = scene.gitlinks()
    nested, failed = _add(scene, passing, "--all")
    if (scene.git_dir / "info" / "sparse-checkout").exists():
        # Git passes over what lies outside a sparse checkout: what isn't there is not removed, but what is, counts.
        more = _add(scene, passing, "--sparse", "--no-all")
        nested, failed = nested | more[0], failed | more[1]
    fresh = sorted(scene.gitlinks() - before)
    if fresh:
        names = b"".join(_raw(name) + b"\0" for name in fresh)
        scene.git("update-index", "--force-remove", "-z", "--stdin", stdin=names)
    tree = scene.git("write-tree").text
    inside = {*nested, *fresh}
    others = scene.git("ls-files", "-z", "--others", "--exclude-per-directory=.gitignore").fields
    hidden = {name for name in others if not name.endswith("/")} - failed - inside
    return Snapshot(tree, tuple(sorted(inside)), tuple(sorted(failed)), tuple(sorted(hidden)))


def forced(repo: Repo, work_tree: Path, git_dir: Path, index: Path, names: Collection[str]) -> Forced:
    """These files as `git add --force` takes them; arguments as for `snapshot_tree`. Their content is durable."""
    if not names:
        return Forced((), ())
    scene = _scene(repo, work_tree, git_dir, index)
    scene.git("read-tree", "--empty")
    stdin = b"".join(b":(top,literal)" + _raw(name) + b"\0" for name in names)
    args = ("add", "--force", "--sparse", "--ignore-errors", "--pathspec-from-file=-", "--pathspec-file-nul")
    scene.git(*args, stdin=stdin, ok=(0, 1))
    leaves = []
    for field in scene.git("ls-files", "--stage", "-z").fields:
        info, _, path = field.partition("\t")
        mode, oid, _ = info.split(" ")
        leaves.append(Leaf(path, int(mode, 8), oid))
    there = {leaf.path for leaf in leaves}
    return Forced(tuple(leaves), tuple(sorted(name for name in names if name not in there)))


def _scene(repo: Repo, work_tree: Path, git_dir: Path, index: Path) -> _Scene:
    return _Scene(repo, work_tree, git_dir if is_git_dir(git_dir) else repo.common_dir, index)


@dataclass(frozen=True, slots=True)
class _Scene:
    """A worktree looked at with a git directory and an index of our choosing."""

    repo: Repo
    work_tree: Path
    git_dir: Path
    index: Path

    def git(self, *args: str, stdin: bytes | None = None, ok: tuple[int, ...] = (0,)) -> Done:
        config = [part for setting in CONFIG for part in ("-c", setting)]
        env = {"GIT_INDEX_FILE": str(self.index)}
        seen = replace(self.repo, git_dir=self.git_dir)
        return git(seen, *config, *args, stdin=stdin, env=env, ok=ok, work_tree=self.work_tree)

    def gitlinks(self) -> set[str]:
        entries = (field.split("\t", 1) for field in self.git("ls-files", "--stage", "-z").fields)
        return {path for info, path in entries if info.startswith(f"{GITLINK:o} ")}


def _add(scene: _Scene, passing: Collection[str], *what: str) -> tuple[set[str], set[str]]:
    """Stage everything as `git add` does with these options; returns the embedded repositories and the files that git couldn't stage.

    Some paths end the whole `git add`: those are left out, and it is called again.
    """
    nested = set(passing)
    failed: set[str] = set()
    for _ in range(ATTEMPTS):
        left_out = b"".join(
            b":(exclude,top,literal)" + _raw(path) + b"\0" for path in sorted(nested | failed)
        )
        stdin = b":/\0" + left_out
        args = ("add", *what, "--ignore-errors", "--pathspec-from-file=-", "--pathspec-file-nul")
        done = scene.git(*args, stdin=stdin, ok=(0, 1, 128))
        failed |= _names(UNREADABLE, done) | _names(CLOSED, done)
        stopped = _names(UNBORN, done) - nested, _names(FILTERED, done) - failed
        nested |= stopped[0]
        failed |= stopped[1]
        if done.code != 128:
            return nested, failed
        if not any(stopped):
            raise GitFailed(args, done)
    raise Refused(
        f"can't read {scene.work_tree}: git stumbles over {', '.join(sorted(nested | failed)[:5])} and more"
    )


def _names(pattern: re.Pattern[bytes], done: Done) -> set[str]:
    return {name.decode("utf-8", "surrogateescape").rstrip("/") for name in pattern.findall(done.err)}


def _raw(name: str) -> bytes:
    with suppress(UnicodeEncodeError):
        return name.encode("utf-8", "surrogateescape")
    return name.encode("utf-8", "surrogatepass")
