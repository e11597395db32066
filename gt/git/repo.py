"""Where a repository keeps its things: found by hand, without a process.

Knows directories and a few settings; knows nothing of what refs and objects say.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from gt.core.values import dataclass
from gt.errors import Malformed, NotFound, Refused
from gt.git import config

WIDTH = {"sha1": 40, "sha256": 64}
"""Hexadecimal digits of an object id, by object format."""

SHARED = {
    "false": 0, "umask": 0, "0": 0,
    "true": 0o660, "group": 0o660, "1": 0o660,
    "all": 0o664, "world": 0o664, "everybody": 0o664, "2": 0o664,
}  # fmt: skip
"""Permission bits that core.sharedRepository asks for."""


@dataclass(frozen=True, slots=True)
class Repo:
    """One worktree's view of a repository; every path is absolute."""

    git_dir: Path
    """Of this worktree: HEAD and index."""
    common_dir: Path
    """Of all worktrees: refs, objects, config, and gt's own files."""
    work_tree: Path | None
    """None in a bare repository."""
    object_format: str
    """`sha1` or `sha256`."""
    ref_storage: str
    """`files` or `reftable`."""
    shared: int = 0
    """Permission bits that files in it get besides the umask's (core.sharedRepository)."""
    incoming: Path | None = None
    """Where the objects of a push lie that isn't accepted yet: what is read is looked for there, too. No ref moves then."""

    @property
    def gt_dir(self) -> Path:
        """Where gt keeps what it can lose; made by whoever writes there."""
        return _gt_dir(self.common_dir)

    @property
    def private(self) -> Path:
        """A file of a private clone's: it says which attempt has it. No other repository has one."""
        return self.gt_dir / "attempt"

    @property
    def zero(self) -> str:
        """The null object id."""
        return "0" * WIDTH[self.object_format]

    @property
    def name(self) -> str:
        """What people call it: the directory of the main work tree, or the bare one's less `.git`."""
        if self.common_dir.name == ".git":
            return self.common_dir.parent.name
        if self.work_tree is not None and self.git_dir == self.common_dir:
            return self.work_tree.name
        return self.common_dir.name.removesuffix(".git")


@lru_cache(maxsize=16)
def _gt_dir(common_dir: Path) -> Path:
    """Put together once: it is asked for with every outcome, of every submission."""
    return common_dir / "gt"


def discover(start: Path, *, git_dir: str | None = None, work_tree: str | None = None) -> Repo:
    """The repository that `start` (a directory) is in, or the one whose git directory is named.

    `git_dir` and `work_tree` are the user's GIT_DIR and GIT_WORK_TREE. Raises NotFound, Malformed for a
    `.git` file that leads nowhere, and Refused where git doesn't trust the repository's owner.
    """
    start = Path(os.path.realpath(start))
    if git_dir is not None:
        named = _follow(Path(os.path.normpath(start / git_dir)))
        if not is_git_dir(named):
            raise NotFound("git repository", git_dir)
        return _open(named, _work_tree(start, work_tree))
    for place in (start, *start.parents):
        found = _git_dir_at(place)
        if found is not None:
            repo = _open(found, _work_tree(start, work_tree))
            _check_owner(repo, start)
            return repo
    raise NotFound("git repository", str(start), hint="git init")


def is_git_dir(path: Path) -> bool:
    """Whether git would take this directory for a git directory."""
    common = _common_dir(path)
    return _has_head(path) and (common / "objects").is_dir() and (common / "refs").is_dir()


def config_values(repo: Repo, key: str) -> tuple[str, ...]:
    """All values of a key in the repository's own config, in order; the user's and the system's don't count."""
    wanted = config.canonical(key)
    pairs = config.load(repo.common_dir / "config")
    if any(k == "extensions.worktreeconfig" and config.truth(v) for k, v in pairs):
        pairs += config.load(repo.git_dir / "config.worktree")
    return tuple(value for k, value in pairs if k == wanted)


def config_add(repo: Repo, key: str, value: str) -> None:
    """Add a value to a key in the repository's own config."""
    from gt.git.run import git

    git(repo, "config", "--local", "--add", key, value)


def config_unset(repo: Repo, key: str) -> None:
    """Remove all values of a key from the repository's own config; fine if there are none."""
    from gt.git.run import git

    git(repo, "config", "--local", "--unset-all", key, ok=(0, 5))


def _git_dir_at(place: Path) -> Path | None:
    dot = place / ".git"
    if dot.is_file():
        found = _follow(dot)
        if not is_git_dir(found):
            raise Malformed(
                str(dot), f"leads to {found}, which isn't a git directory", hint="git worktree repair"
            )
        return found
    if is_git_dir(dot):
        return Path(os.path.realpath(dot))
    return place if is_git_dir(place) else None


def _has_head(path: Path) -> bool:
    head = path / "HEAD"
    if head.is_symlink():
        return os.readlink(head).startswith("refs/")
    try:
        said = head.read_text("utf-8", "surrogateescape")
    except OSError:
        return False
    return said.startswith("ref:") or len(said.rstrip()) in WIDTH.values()


def _follow(dot: Path) -> Path:
    """The git directory that a `.git` file names, or the path itself."""
    if not dot.is_file():
        return Path(os.path.realpath(dot))
    text = dot.read_text("utf-8", "surrogateescape")
    if not text.startswith("gitdir: "):
        raise Malformed(str(dot), "isn't a git directory, nor a file that names one")
    return Path(os.path.realpath(dot.parent / text.removeprefix("gitdir: ").rstrip("\r\n")))


def _open(git_dir: Path, work_tree: Path | None) -> Repo:
    common = _common_dir(git_dir)
    settings = dict(config.load(common / "config"))
    version = settings.get("core.repositoryformatversion", "0")
    if version not in ("0", "1"):
        raise Refused(f"{common} has repository format {version}, which this gt doesn't know")
    object_format = settings.get("extensions.objectformat", "sha1").lower()
    if object_format not in WIDTH:
        raise Refused(f"{common} has object format {object_format}, which this gt doesn't know")
    return Repo(
        git_dir=git_dir,
        common_dir=common,
        work_tree=work_tree or _own_work_tree(git_dir, common, settings),
        object_format=object_format,
        ref_storage=settings.get("extensions.refstorage", "files").lower(),
        shared=_shared(settings.get("core.sharedrepository", "false").lower()),
    )


def _work_tree(start: Path, named: str | None) -> Path | None:
    return None if named is None else Path(os.path.realpath(start / named))


def _own_work_tree(git_dir: Path, common: Path, settings: dict[str, str]) -> Path | None:
    if git_dir != common:
        back = (git_dir / "gitdir").read_text("utf-8", "surrogateescape").rstrip("\n")
        return Path(os.path.normpath(git_dir / back)).parent
    if "core.worktree" in settings:
        return Path(os.path.realpath(git_dir / settings["core.worktree"]))
    bare = config.truth(settings.get("core.bare"), default=git_dir.name != ".git")
    return None if bare else git_dir.parent


def _common_dir(git_dir: Path) -> Path:
    try:
        named = (git_dir / "commondir").read_text("utf-8", "surrogateescape").rstrip("\n")
    except OSError:
        return git_dir
    return Path(os.path.realpath(git_dir / named))


def _shared(value: str) -> int:
    if value in SHARED:
        return SHARED[value]
    try:
        return int(value, 8) & 0o666
    except ValueError:
        return 0


def _check_owner(repo: Repo, start: Path) -> None:
    """Let git judge a repository that another user owns: it may bring config that runs programs."""
    if not hasattr(os, "geteuid"):
        return
    places = (repo.common_dir, repo.git_dir, repo.work_tree)
    if all(
        os.lstat(place).st_uid == os.geteuid() for place in places if place is not None and place.exists()
    ):
        return
    from gt.git.run import git

    done = git(start, "rev-parse", "--git-dir", ok=range(256), user=True)
    if done.code != 0:
        raise Refused(
            done.complaint, hint=f"git config --global --add safe.directory {repo.work_tree or repo.git_dir}"
        )
