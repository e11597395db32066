"""What a branch went through: its first-parent steps with their messages, and which commits lie between two others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from gt.git.formats import seconds
from gt.git.repo import Repo
from gt.git.run import git


@dataclass(frozen=True, slots=True)
class Step:
    """A commit of a first-parent line; `time` is its committer's, in seconds since the epoch."""

    oid: str
    parents: tuple[str, ...]
    tree: str
    time: int
    message: str

    @property
    def subject(self) -> str:
        return self.message.strip().partition("\n")[0]


def steps(
    repo: Repo, old: str | None, new: str, *, paths: Iterable[str] = (), limit: int = 0
) -> tuple[Step, ...]:
    """The commits of `new`'s first-parent line that `old` doesn't contain, newest first.

    `paths` (literal) leaves only those that differ from their first parent there; `limit` (0: none) stops early.
    """
    what = ("%H", "%P", "%T", "%ct", "%B")
    limits = (f"--max-count={limit}",) if limit else ()
    named = tuple(f":(top,literal){path}" for path in paths)
    log = ("log", "-z", "--first-parent", "--no-show-signature", "--no-notes", "--encoding=UTF-8")
    exclude = () if old is None else (f"^{old}",)
    done = git(repo, *log, *limits, f"--format={'%x01'.join(what)}", new, *exclude, "--", *named)
    return tuple(_step(field) for field in done.fields if field)


def _step(field: str) -> Step:
    oid, parents, tree, time, message = field.split("\x01", 4)
    return Step(oid, tuple(parents.split()), tree, seconds(time), message)


def merge_bases(repo: Repo, one: str, other: str) -> tuple[str, ...]:
    """All best common ancestors; none if the histories are unrelated."""
    return git(repo, "merge-base", "--all", one, other, ok=(0, 1)).lines


def between(repo: Repo, old: Iterable[str], new: str) -> frozenset[str]:
    """The commits that `new` contains and none of `old` does; all are ids, so that the answer can be remembered."""
    return _between(repo, tuple(sorted(set(old))), new)


@lru_cache(maxsize=1024)
def _between(repo: Repo, old: tuple[str, ...], new: str) -> frozenset[str]:
    return frozenset(git(repo, "rev-list", new, *(f"^{oid}" for oid in old)).lines)


def files(repo: Repo, tree: str) -> tuple[tuple[int, str, str], ...]:
    """Every file of a tree or commit as (mode, object id, path); submodules and symbolic links are files here."""
    found = []
    for field in git(repo, "ls-tree", "-r", "-z", "--full-tree", tree).fields:
        info, _, path = field.partition("\t")
        mode, _, oid = info.split(" ")
        found.append((int(mode, 8), oid, path))
    return tuple(found)
