"""Refs, read by hand: what they are called, where they are kept, what they say."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gt.errors import Busy, Malformed, Refused
from gt.git.repo import WIDTH, Repo

PER_WORKTREE = ("refs/bisect/", "refs/worktree/", "refs/rewritten/")
BAD_NAME = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|[./]$")
"""What git check-ref-format refuses, for names below `refs/`."""

SYMBOLIC_DEPTH = 5
"""How many symbolic refs git follows before it gives up."""


class RaceLost(Busy):
    """The ref isn't where it was expected: somebody else moved it."""

    kind = "race-lost"

    def __init__(self, ref: str, expected: str | None, found: str | None) -> None:
        super().__init__(f"{ref} is at {found or 'nothing'}, not at {expected or 'nothing'}")
        self.ref = ref
        self.expected = expected
        self.found = found


class ForeignLock(Busy):
    """A ref's lock file is in the way, and no gt made it."""

    kind = "foreign-lock"

    def __init__(self, lock: Path) -> None:
        super().__init__(
            f"{lock} exists: another git is at work there, or died at it",
            hint=f"gt repair --foreign-lock {shlex.quote(str(lock))}",
        )
        self.lock = lock


def check_name(ref: str) -> str:
    """The full name of a ref, if it is a valid one; raises Malformed."""
    if not ref.startswith("refs/") or BAD_NAME.search(ref):
        raise Malformed(repr(ref), "isn't a valid name of a ref")
    return ref


def path_of(repo: Repo, ref: str) -> Path:
    """The file of a loose ref: of all worktrees, but for the few kinds that each worktree has of its own."""
    own = ref == "HEAD" or ref.startswith(PER_WORKTREE)
    return (repo.git_dir if own else repo.common_dir) / ref


def read(repo: Repo, ref: str) -> str | None:
    """The object id that a ref (full name, or HEAD) leads to through symbolic refs; None if there is none."""
    for _ in range(SYMBOLIC_DEPTH):
        found = read_raw(repo, ref)
        if found is None or not found.startswith("ref: "):
            return found
        ref = found.removeprefix("ref: ").strip()
    raise Malformed(ref, "leads in a circle")


def read_raw(repo: Repo, ref: str) -> str | None:
    """What a ref says: an object id, `ref: NAME`, or None."""
    if ref != "HEAD":
        check_name(ref)
    if repo.ref_storage != "files":
        return _ask(repo, ref)
    found = _loose(repo, ref)
    # In this order: git publishes a packed ref before it removes the loose one.
    return found if found is not None else _packed(repo).get(ref)


def head_branch(repo: Repo) -> str | None:
    """The branch checked out in this worktree, by its short name; None if HEAD is detached."""
    return branch_at(repo, repo.git_dir)


def branch_at(repo: Repo, git_dir: Path) -> str | None:
    """The branch that the HEAD of a worktree's git directory is on, by its short name."""
    if repo.ref_storage != "files":
        from gt.git.run import git

        asked = git(repo, f"--git-dir={git_dir}", "symbolic-ref", "-q", "HEAD", ok=(0, 1, 128))
        target = asked.text
    else:
        head = git_dir / "HEAD"
        try:
            target = os.readlink(head) if head.is_symlink() else head.read_text("utf-8", "surrogateescape")
        except OSError:
            return None
        if not head.is_symlink() and not target.startswith("ref:"):
            return None
    target = target.removeprefix("ref:").strip()
    return target.removeprefix("refs/heads/") if target.startswith("refs/heads/") else None


def listing(repo: Repo, prefix: str) -> dict[str, str]:
    """All refs below a prefix (`refs/gt/sub` and `refs/gt/sub/` say the same), sorted, with what they lead to.

    Those that are broken are left out.
    """
    folder = check_name(prefix.rstrip("/")) if prefix.rstrip("/") != "refs" else "refs"
    if repo.ref_storage != "files":
        return _ask_all(repo, folder)
    loose = dict(_walk(repo, folder))
    found = {ref: oid for ref, oid in _packed(repo).items() if ref.startswith(f"{folder}/")}
    found.update(loose)
    resolved = {ref: read(repo, ref) if oid.startswith("ref: ") else oid for ref, oid in found.items()}
    return {ref: oid for ref, oid in sorted(resolved.items()) if oid is not None}


def in_the_way(repo: Repo, ref: str) -> str | None:
    """A ref whose name can't exist beside this one's: `a` beside `a/b`."""
    parts = ref.split("/")
    above = ("/".join(parts[:n]) for n in range(3, len(parts)))
    taken = next((name for name in above if read_raw(repo, name) is not None), None)
    return taken or next(iter(listing(repo, ref)), None)


def _loose(repo: Repo, ref: str) -> str | None:
    try:
        with open(path_of(repo, ref), "rb") as file:
            said = file.read().decode("utf-8", "surrogateescape").rstrip("\n")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    if said.startswith("ref: ") or (
        len(said) == WIDTH[repo.object_format] and not said.strip("0123456789abcdef")
    ):
        return said
    raise Malformed(ref, "is broken: it says neither an object id nor another ref")


def _packed(repo: Repo) -> dict[str, str]:
    try:
        text = (repo.common_dir / "packed-refs").read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return {}
    lines = (line.split(" ", 1) for line in text.split("\n") if line and line[0] not in "#^")
    return {ref: oid for oid, ref in lines}


def _walk(repo: Repo, folder: str) -> Iterator[tuple[str, str]]:
    try:
        entries = list(os.scandir(path_of(repo, f"{folder}/")))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        ref = f"{folder}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(repo, ref)
        elif not BAD_NAME.search(ref):
            # As git does: a broken ref doesn't hide the others.
            with suppress(Malformed):
                if (said := _loose(repo, ref)) is not None:
                    yield ref, said


def _ask(repo: Repo, ref: str) -> str | None:
    from gt.git.run import git

    symbolic = git(repo, "symbolic-ref", "-q", ref, ok=(0, 1, 128))
    if symbolic.code == 0:
        return f"ref: {symbolic.text}"
    return git(repo, "rev-parse", "--verify", "-q", ref, ok=(0, 1)).text or None


def _ask_all(repo: Repo, folder: str) -> dict[str, str]:
    from gt.git.run import git

    lines = git(repo, "for-each-ref", "--format=%(objectname) %(refname)", f"{folder}/").lines
    return {ref: oid for oid, ref in (line.split(" ", 1) for line in lines)}


def refused_by(ref: str, taken: str) -> Refused:
    """The error for a ref that can't be made because of another's name."""
    return Refused(f"{ref} can't be made: {taken} is in the way", hint=f"git update-ref -d {taken}")
