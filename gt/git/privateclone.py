"""A clone for one worktree: refs, index and config of its own, its objects borrowed; and what was made in it, fetched.

Whoever worked in it may have made anything of it: no git ever runs on it here. Its refs are read as text, and its
objects by a git of the repository itself, which checks every one that it takes.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from gt.core.values import dataclass
from gt.errors import Refused
from gt.git.folders import object_folders
from gt.git.repo import Repo, is_git_dir
from gt.git.run import GitFailed, git

COPIED = re.compile(
    r"user\..*|filter\..*|diff\..*|merge\..*|gt\.target"
    r"|core\.(autocrlf|eol|filemode|ignorecase|precomposeunicode|quotepath|safecrlf|symlinks|whitespace)"
)
"""Settings that it takes along. No remotes: what is fetched or pushed is nothing of its own."""

UNBELIEVED = (
    *("-c", "core.commitGraph=false", "-c", "core.multiPackIndex=false", "-c", "pack.useBitmaps=false"),
    *("-c", "pack.readReverseIndex=false"),
)
"""What lies beside objects and says something about them."""

TEXT = 16 << 20
"""Bytes of one file of refs that are read."""

FILES = 100_000
"""How many files of refs are read."""

_OID = re.compile(r"\b[0-9a-f]{40}(?:[0-9a-f]{24})?\b")
_ON = re.compile(r"ref: (refs/heads/[^\s]+)\s*")


class Unreadable(Refused):
    """What was made in a private clone can't be taken over."""

    kind = "unreadable"


@dataclass(frozen=True, slots=True)
class Made:
    """What there is in a private clone. All commits are in the repository, too, once this is known."""

    head: str | None
    """The commit checked out; None where there is none."""
    branches: dict[str, str]
    """By full name: those that weren't there when it was made, or are elsewhere now."""
    commits: tuple[str, ...]
    """All that its refs and their histories name and that the repository hadn't got."""


def make(repo: Repo, work_tree: Path, draft: Path, mark: str) -> None:
    """Give the worktree a clone of its own in place of git's file that leads to the repository.

    `draft` is a path in the worktree where it is made first, `mark` what `Repo.private` is to say. Killed at any
    point the worktree has the file, the clone or neither. Raises GitFailed and OSError.
    """
    dot = work_tree / ".git"
    named = dot.read_text("utf-8", "surrogateescape").removeprefix("gitdir: ").rstrip("\n")
    git_dir = Path(os.path.normpath(work_tree / named))
    how = ("--quiet", "--bare", "--template=", f"--object-format={repo.object_format}")
    git(work_tree, "init", *how, "--", str(draft), env={"GIT_DEFAULT_REF_FORMAT": "files"})
    _borrow(repo, draft)
    _configure(repo, draft)
    rows = git(
        repo, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/remotes", "refs/tags"
    )
    (draft / "packed-refs").write_bytes(rows.out)
    shutil.copyfile(git_dir / "HEAD", draft / "HEAD")
    with suppress(FileNotFoundError):
        shutil.copyfile(repo.common_dir / "shallow", draft / "shallow")
    for index in (git_dir / "index", *git_dir.glob("sharedindex.*")):
        shutil.copy2(index, draft / index.name)
    own = Repo(draft, draft, None, repo.object_format, "files").private
    own.parent.mkdir()
    own.write_text(f"{mark}\n", "ascii")
    dot.unlink()
    os.rename(draft, dot)


def fetch(repo: Repo, dot: Path, start: str, scratch: Path) -> Made:
    """Take over all commits that were made in the private clone at `dot`, which began at the commit `start`.

    Nobody may be working there. `scratch` is the beginning of names of files that this makes and removes. Moves no
    ref. Raises Unreadable where not all of it can be had; nothing is lost then, as nothing is removed.
    """
    try:
        return _fetch(repo, dot, start, scratch)
    except (OSError, GitFailed) as error:
        raise Unreadable(f"its private clone can't be read: {error}") from error


def _fetch(repo: Repo, dot: Path, start: str, scratch: Path) -> Made:
    if dot.is_symlink() or (dot / "commondir").exists() or not is_git_dir(dot):
        raise Unreadable("its private clone was broken")
    if not _borrows_as_made(repo, dot):
        raise Unreadable("its private clone has objects that lie elsewhere")
    before = dict(_refs_of(git(repo, "for-each-ref", "--format=%(objectname) %(refname)", "refs").text))
    now = _refs(dot)
    named = dict.fromkeys((*now.values(), *_histories(dot)))
    said = _text(dot / "HEAD").strip()
    on = _ON.fullmatch(said)
    at = now.get(on[1]) if on else (said if _OID.fullmatch(said) else None)
    if on and at is None and on[1].endswith("/.invalid"):
        raise Unreadable("its private clone keeps its refs in a way that isn't known here")
    borrowed = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(dot / "objects")}
    asked = [*named, *([at] if at else [])]
    commits = _commits(repo, asked, borrowed)
    here = _commits(repo, {*before.values(), start, *commits.values()}, {})
    new = tuple(dict.fromkeys(oid for oid in commits.values() if oid not in here))
    if new:
        _take(repo, new, [oid for oid in here if oid in {*before.values(), start}], borrowed, scratch)
    branches = {
        ref: commits[oid]
        for ref, oid in now.items()
        if ref.startswith("refs/heads/") and oid in commits and before.get(ref) != oid
    }
    return Made(commits.get(at) if at else None, branches, new)


def _take(repo: Repo, tips: Iterable[str], known: Iterable[str], env: dict[str, str], scratch: Path) -> None:
    """Copy what these commits lead to and the known ones don't, every object checked, every link of it followed."""
    revs = "".join(f"{oid}\n" for oid in tips) + "".join(f"^{oid}\n" for oid in known)
    scratch.parent.mkdir(parents=True, exist_ok=True)
    name = git(
        repo, *UNBELIEVED, "pack-objects", "--quiet", "--revs", str(scratch), stdin=revs.encode(), env=env
    ).text
    pack = scratch.with_name(f"{scratch.name}-{name}.pack")
    try:
        git(repo, "index-pack", "--strict", "--stdin", stdin=pack)
    finally:
        for file in scratch.parent.glob(f"{scratch.name}-{name}.*"):
            file.unlink(missing_ok=True)


def _commits(repo: Repo, oids: Iterable[str], env: dict[str, str]) -> dict[str, str]:
    """By id: the commit that it is or, being a tag, leads to. What isn't there, or is something else, is left out."""
    asked = list(oids)
    stdin = "".join(f"{oid}^{{commit}}\n" for oid in asked).encode()
    answers = git(
        repo, *UNBELIEVED, "cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=stdin, env=env
    )
    rows = (line.split(" ") for line in answers.lines)
    return {oid: row[0] for oid, row in zip(asked, rows, strict=True) if len(row) == 2 and row[1] == "commit"}


def _borrow(repo: Repo, draft: Path) -> None:
    (draft / "objects" / "info").mkdir(exist_ok=True)
    (draft / "objects" / "info" / "alternates").write_bytes(_alternates(repo))


def _alternates(repo: Repo) -> bytes:
    return b"".join(os.fsencode(folder) + b"\n" for folder in object_folders(repo))


def _borrows_as_made(repo: Repo, dot: Path) -> bool:
    """Whether its objects lie in it and in the repository only: git would follow them anywhere."""
    info = dot / "objects" / "info"
    if any(path.is_symlink() for path in (info.parent, info, info / "alternates", info.parent / "pack")):
        return False
    try:
        return (info / "alternates").read_bytes() == _alternates(repo)
    except FileNotFoundError:
        return True


def _configure(repo: Repo, draft: Path) -> None:
    file = str(draft / "config")
    git(draft, "config", "--file", file, "core.bare", "false")
    listed = git(repo, "config", "--local", "--null", "--list").fields
    for key, _, value in (pair.partition("\n") for pair in listed):
        if COPIED.fullmatch(key):
            git(draft, "config", "--file", file, "--add", key, value)
    (draft / "info").mkdir(exist_ok=True)
    for name in ("exclude", "attributes"):
        with suppress(FileNotFoundError):
            shutil.copyfile(repo.common_dir / "info" / name, draft / "info" / name)


def _refs(dot: Path) -> dict[str, str]:
    """Its refs by full name; the loose ones count more than the packed."""
    found = dict(_refs_of(_text(dot / "packed-refs")))
    for path in _files(dot / "refs"):
        oid = _OID.fullmatch(_text(path).strip())
        if oid is not None:
            found[path.relative_to(dot).as_posix()] = oid[0]
    return found


def _refs_of(listed: str) -> Iterator[tuple[str, str]]:
    for line in listed.split("\n"):
        oid, _, ref = line.partition(" ")
        if ref and _OID.fullmatch(oid):
            yield ref, oid


def _histories(dot: Path) -> Iterator[str]:
    """All that its reflogs name, and what else its worktrees, if it has any, were at."""
    for path in (*_files(dot / "logs"), *_files(dot / "worktrees")):
        if path.name == "index":
            continue
        for line in _text(path).split("\n"):
            yield from (oid for oid in line.split(" ", 2)[:2] if _OID.fullmatch(oid) and oid.strip("0"))


def _files(folder: Path) -> Iterator[Path]:
    count = 0
    for place, _, names in os.walk(folder):
        for name in sorted(names):
            count += 1
            if count > FILES:
                raise Unreadable(f"its private clone has more than {FILES} refs")
            yield Path(place, name)


def _text(path: Path) -> str:
    """A file's text, empty for one that isn't there; it may be a link, a pipe, or gigabytes."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    with open(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise Unreadable(f"{path.name} in its private clone is no file")
        data = file.read(TEXT + 1)
    if len(data) > TEXT:
        raise Unreadable(f"{path.name} in its private clone has more than {TEXT} bytes")
    return data.decode("utf-8", "surrogateescape")


def _quoted(path: Path) -> str:
    """A path as git takes it in a list of such."""
    text = str(path)
    if os.pathsep not in text and not text.startswith('"'):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
