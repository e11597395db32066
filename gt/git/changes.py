"""What differs between two trees, and what each of many commits changed: told by git, in one process for all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from gt.core.values import dataclass
from gt.errors import Malformed
from gt.git.objects import MissingObject
from gt.git.repo import Repo
from gt.git.run import git

RAW = ("-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--no-ext-diff", "--ignore-submodules=none")


class Leaf(NamedTuple):
    """A file as a tree has it."""

    mode: int
    oid: str


class Change(NamedTuple):
    """A path before and after; None: it isn't there."""

    old: Leaf | None
    new: Leaf | None


@dataclass(frozen=True, slots=True)
class Deed:
    """A commit: when it was made, what it says, whose children it is, and (if of one parent) what it changed."""

    oid: str
    parents: tuple[str, ...]
    time: int
    message: str
    changes: Mapping[str, Change]


def nothing(repo: Repo) -> str:
    """The tree without files."""
    return git(repo, "hash-object", "-t", "tree", "--stdin", stdin=b"").text


def changes(repo: Repo, old: str, new: str, limit: int = 0) -> dict[str, Change]:
    """The files that differ between two trees or commits, by path.

    Raises Malformed for a tree that names a file twice, or where more than `limit` (0: none) differ.
    """
    fields = iter(git(repo, "diff-tree", *RAW, old, new).fields)
    found: dict[str, Change] = {}
    for raw, path in zip(fields, fields, strict=True):
        if path in found:
            raise Malformed(path, f"is there twice, in {new[:12]}")
        found[path] = _change(raw)
        if limit and len(found) > limit:
            raise Malformed(new[:12], f"differs in more than {limit} files from {old[:12]}")
    return found


def deeds(repo: Repo, new: str, old: str) -> tuple[Deed, ...]:
    """The commits that `new` contains and `old` doesn't, parents before their children, first parents' side first."""
    what = "%H%x01%P%x01%ct%x01%B"
    log = ("log", "-z", "--no-show-signature", "--no-notes", "--no-mailmap", "--encoding=UTF-8")
    said = git(repo, *log, f"--format={what}", new, f"^{old}", "--").fields
    plain = {}
    for field in said:
        oid, parents, time, message = field.split("\x01", 3)
        plain[oid] = Deed(oid, tuple(parents.split()), int(time), message, {})
    single = [oid for oid, deed in plain.items() if len(deed.parents) < 2]
    changed = _changed_by(repo, single)
    ordered = _in_order(new, plain)
    return tuple(
        Deed(each.oid, each.parents, each.time, each.message, changed.get(each.oid, {})) for each in ordered
    )


def _in_order(tip: str, found: Mapping[str, Deed]) -> Iterator[Deed]:
    done: set[str] = set()
    waiting = [tip] if tip in found else []
    while waiting:
        oid = waiting[-1]
        left = [parent for parent in found[oid].parents if parent in found and parent not in done]
        if oid in done or not left:
            waiting.pop()
            if oid not in done:
                done.add(oid)
                yield found[oid]
        else:
            waiting.append(left[0])


def _changed_by(repo: Repo, commits: Iterable[str]) -> dict[str, dict[str, Change]]:
    asked = "".join(f"{oid}\n" for oid in commits).encode()
    if not asked:
        return {}
    fields = iter(git(repo, "diff-tree", "--stdin", "--root", *RAW, stdin=asked).fields)
    found: dict[str, dict[str, Change]] = {}
    current: dict[str, Change] = {}
    for field in fields:
        if field.startswith(":"):
            current[next(fields)] = _change(field)
        else:
            current = found.setdefault(field, {})
    return found


def _change(raw: str) -> Change:
    old, new, before, after, _ = raw[1:].split(" ")
    return Change(
        Leaf(int(old, 8), before) if int(old) else None, Leaf(int(new, 8), after) if int(new) else None
    )


def sizes(repo: Repo, oids: Iterable[str]) -> dict[str, int]:
    """How many bytes each of these objects has, told before any is inflated. Raises MissingObject."""
    wanted = tuple(dict.fromkeys(oids))
    if not wanted:
        return {}
    asked = "".join(f"{oid}\n" for oid in wanted).encode()
    said = git(repo, "cat-file", "--buffer", "--batch-check=%(objectsize)", stdin=asked).lines
    for oid, size in zip(wanted, said, strict=True):
        if not size.isdigit():
            raise MissingObject(oid)
    return {oid: int(size) for oid, size in zip(wanted, said, strict=True)}


def counts(repo: Repo, one: str, other: str) -> tuple[int, int]:
    """How many commits, merges excepted, the first has that the second lacks, and the other way round."""
    asked = ("rev-list", "--count", "--left-right", "--no-merges", f"{one}...{other}")
    left, _, right = git(repo, *asked).text.partition("\t")
    return int(left), int(right)
