"""Merges made in memory, and what git says about how commits relate.

Nothing here looks at a checkout: what a merge yields depends on the two commits alone.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from gt.core.values import dataclass
from gt.errors import Malformed
from gt.git.filling import fill_in, is_partial
from gt.git.formats import is_oid
from gt.git.lineage import is_settled
from gt.git.objects import MissingObject, Objects
from gt.git.remembered import Remembered
from gt.git.repo import Repo
from gt.git.run import Done, GitFailed, git
from gt.git.treediff import Change, diff_trees

EMPTY_TREE = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
"""Git knows these trees without having them."""

SEALED = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
}
"""Environment under which neither user nor system has a say in a merge."""

CONFIG = """\
[core]
	repositoryformatversion = 1
	bare = false
	attributesFile = /dev/null
	# A candidate must survive a power cut before a ref names it; git's default leaves loose objects out.
	fsync = loose-object,pack,pack-metadata
[extensions]
	objectFormat = {object_format}
[merge]
	# A file that moves because its neighbours did would land where nobody put it.
	directoryRenames = false
"""

__all__ = [
    "CONFIG",
    "EMPTY_TREE",
    "SEALED",
    "Change",
    "Merged",
    "changed_paths",
    "is_ancestor",
    "merge_base",
    "merge_trees",
    "trailers",
]

TRAILER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)[ \t]*:[ \t]*(.*)")


@dataclass(frozen=True, slots=True)
class Merged:
    """The outcome of a merge: a tree, or the paths that conflict (none if the histories are unrelated)."""

    tree: str | None
    conflicts: tuple[str, ...]
    messages: str
    """What git says about it, for people."""


def merge_trees(repo: Repo, ours: str, theirs: str, *, arena: Path) -> Merged:
    """Merge two commits, given by id; the resulting objects are durable in the repository's own store.

    `arena` is a directory of gt's for the time of the merge. Of all attributes only the `.gitattributes`
    files committed in `ours` count: no uncommitted ones, no merge drivers, no user's or system's config.
    """
    if is_partial(repo):  # the sealed directory can't fetch
        fill_in(repo, ours, theirs, *git(repo, "merge-base", "--all", ours, theirs, ok=(0, 1)).lines)
    with _arena(repo, ours, arena) as (git_dir, work_tree):
        env = {
            **SEALED,
            "GIT_DIR": str(git_dir),
            "GIT_WORK_TREE": str(work_tree),
            "GIT_OBJECT_DIRECTORY": str(repo.common_dir / "objects"),
        }
        args = ("merge-tree", "--write-tree", "-z", "--name-only", "--messages", ours, theirs)
        done = git(work_tree, *args, env=env, ok=range(256))
    return _outcome(args, done)


def is_ancestor(repo: Repo, old: str, new: str) -> bool:
    """Whether `new` contains `old`; a commit contains itself."""

    def asked() -> bool:
        return git(repo, "merge-base", "--is-ancestor", old, new, ok=(0, 1)).code == 0

    if old == new:
        return True
    return _contained.or_make((repo, old, new), asked) if is_settled(repo, old, new) else asked()


def is_ancestor_here(repo: Repo, old: str, new: str) -> bool:
    """As `is_ancestor`; False where one of them isn't in this repository."""
    with suppress(GitFailed):
        return is_ancestor(repo, old, new)
    return False


_contained: Remembered[tuple[Repo, str, str], bool] = Remembered(4096)
"""The last answers."""


def merge_base(repo: Repo, one: str, other: str) -> str | None:
    """The best common ancestor, None if the histories are unrelated."""
    found = git(repo, "merge-base", one, other, ok=(0, 1)).lines
    return found[0] if found else None


def changed_paths(repo: Repo, old_tree: str | None, new_tree: str | None) -> tuple[Change, ...]:
    """All paths that differ between two trees or commits (None: the empty tree); a rename is two changes."""
    if all(each is None or is_oid(each) for each in (old_tree, new_tree)):
        with Objects(repo) as odb, suppress(MissingObject, Malformed):
            return tuple(diff_trees(odb, _tree(odb, old_tree), _tree(odb, new_tree), repo.zero))
    return _diff(repo, old_tree, new_tree)


def _tree(odb: Objects, oid: str | None) -> str | None:
    """The tree of a commit, or the tree itself."""
    try:
        return None if oid is None else odb.commit(oid).tree
    except Malformed:
        return oid


def trailers(message: str) -> tuple[tuple[str, str], ...]:
    """The trailers of a commit message: its last paragraph, if that is nothing else and isn't the subject."""
    paragraphs = re.split(r"\n[ \t]*(?:\n[ \t]*)+", message.strip())
    if len(paragraphs) < 2:
        return ()
    found: list[tuple[str, str]] = []
    for line in paragraphs[-1].split("\n"):
        if found and line.startswith((" ", "\t")):
            key, value = found.pop()
            found.append((key, f"{value} {line.strip()}"))
        elif match := TRAILER.fullmatch(line):
            found.append((match[1], match[2].rstrip()))
        else:
            return ()
    return tuple(found)


@contextmanager
def _arena(repo: Repo, ours: str, parent: Path) -> Iterator[tuple[Path, Path]]:
    """A git directory and work tree for one merge; made by hand, as `git init` would read templates."""
    parent.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="merge-", dir=parent))
    try:
        git_dir, work_tree = place / "git", place / "tree"
        for folder in (git_dir / "objects", git_dir / "refs", work_tree):
            folder.mkdir(parents=True)
        (git_dir / "HEAD").write_text("ref: refs/heads/none\n")
        (git_dir / "config").write_text(CONFIG.format(object_format=repo.object_format))
        shallow = repo.common_dir / "shallow"
        if shallow.exists():
            shutil.copyfile(shallow, git_dir / "shallow")
        _write_attributes(repo, ours, work_tree)
        yield git_dir, work_tree
    finally:
        shutil.rmtree(place, ignore_errors=True)


_remembered: Remembered[tuple[Repo, str], Mapping[str, str]] = Remembered(256)
"""The `.gitattributes` files of the last commits that were asked for, by path."""


def _attributes(repo: Repo, commit: str) -> Mapping[str, str]:
    """The `.gitattributes` files of a commit, by path: those of its parent, if they are known, and what it changed."""
    return _remembered.or_make((repo, commit), lambda: _all_attributes(repo, commit))


def _all_attributes(repo: Repo, commit: str) -> Mapping[str, str]:
    with Objects(repo) as odb:
        parents = odb.commit(commit).parents
    known = _remembered.get((repo, parents[0])) if parents else None
    before = parents[0] if known is not None else None
    changes = (
        changed_paths(repo, before, commit)
        if before
        else _diff(repo, None, commit, ":(top,glob)**/.gitattributes")
    )
    found = dict(known or {})
    for change in changes:
        if change.path.rpartition("/")[2] == ".gitattributes":
            found.pop(change.path, None)
            if change.mode_new in (0o100644, 0o100755):
                found[change.path] = change.oid_new
    return found


def _write_attributes(repo: Repo, commit: str, work_tree: Path) -> None:
    files = _attributes(repo, commit)
    if not files:
        return
    with Objects(repo) as odb:
        contents = dict(odb.blobs(files.values()))
    for path, oid in files.items():
        data = contents[oid]
        # A forged tree may name places outside; git has no use for such attributes either.
        if data is None or {"", ".", "..", ".git"} & set(path.lower().split("/")):
            continue
        target = work_tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def _diff(repo: Repo, old: str | None, new: str | None, *pathspec: str) -> tuple[Change, ...]:
    empty = EMPTY_TREE[repo.object_format]
    args = ("--no-renames", "--ignore-submodules=none", "--no-ext-diff", "--full-index")
    fields = git(repo, "diff-tree", "-r", "-z", *args, old or empty, new or empty, "--", *pathspec).fields
    changes = []
    for line, path in zip(fields[::2], fields[1::2], strict=True):
        mode_old, mode_new, oid_old, oid_new, _ = line.removeprefix(":").split(" ")
        changes.append(Change(int(mode_old, 8), int(mode_new, 8), oid_old, oid_new, path))
    return tuple(changes)


def _outcome(args: tuple[str, ...], done: Done) -> Merged:
    if not done.out:
        if b"unrelated histories" in done.err:
            return Merged(None, (), done.complaint)
        raise GitFailed(args, done)
    # The tree, the conflicted paths, an empty field; then messages: a count, that many paths, kind, text.
    tree, *rest = done.fields
    end = rest.index("") if "" in rest else len(rest)
    messages = "\n".join(_texts(rest[end + 1 :]))
    if done.code == 0:
        return Merged(tree, (), messages)
    return Merged(None, tuple(dict.fromkeys(rest[:end])), messages)


def _texts(fields: list[str]) -> Iterator[str]:
    at = 0
    while at < len(fields) and fields[at].isdigit():
        at += int(fields[at]) + 3
        yield fields[at - 1].rstrip("\n")
