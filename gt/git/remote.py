"""What another repository has, brought here, and what this one has, brought there: single refs, by name.

Every failure says which kind it is. Only an answer of the remote's that a ref isn't there counts as absence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gt.core.values import dataclass
from gt.errors import Busy, NotFound, Refused
from gt.git import config
from gt.git.lookup import check_name
from gt.git.network import PATIENCE, Unreachable, talk
from gt.git.repo import Repo, config_values
from gt.git.run import Done, git

__all__ = [
    "Denied",
    "Overtaken",
    "Unreachable",
    "Update",
    "ask",
    "bring",
    "choose",
    "fetch",
    "lacks_files",
    "listing",
    "names",
    "push",
]

KEY = "gt.remote"
"""The local git setting that names the remote which the town is shared through."""

DEEP = 1_000_000
"""Commits of history that are asked for to complete a shallow one. Git's own word for all would complete every
branch of a shallow clone, the code's too."""

FETCH = (
    "fetch",
    "--quiet",
    "--force",
    "--no-tags",
    "--no-prune",
    "--no-filter",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--no-recurse-submodules",
    "--no-show-forced-updates",
    "--refmap=",
)
PUSH = ("push", "--porcelain", "--no-verify", "--no-recurse-submodules")

DENIALS = (
    "permission denied",
    "permission to ",
    "authentication failed",
    "could not read username",
    "could not read password",
    "access denied",
    "access rights to push",
    "not authorized",
    "unauthorized",
    "returned error: 401",
    "returned error: 403",
    "service not enabled",
    "read-only",
    "repository not found",
)
"""What git, ssh and the known hosts say to somebody who may not do this. Anything else is taken for a network that fails."""

RACES = (
    "fetch first",
    "non-fast-forward",
    "needs force",
    "stale info",
    "incorrect old value",
    "reference already exists",
    "failed to update ref",
    "failed to lock",
    "cannot lock ref",
    "atomic push failed",
    "atomic push failure",
    "atomic transaction failed",
    "transaction failed",
    "remote ref updated since checkout",
)
"""Why a ref is refused when somebody else moved it, or is moving it just now."""


class Denied(Refused):
    """A remote answered, and said no: by its permissions, its settings or a git hook of its own."""

    kind = "denied"


class Overtaken(Busy):
    """A ref of the remote isn't where it was expected: somebody else moved it."""

    kind = "overtaken"


@dataclass(frozen=True, slots=True)
class Update:
    """What a ref of the remote is to be: `new` (None: gone) if, and only if, it is at `old` (None: not there)."""

    ref: str
    new: str | None
    old: str | None


def names(repo: Repo) -> tuple[str, ...]:
    """The remotes that this repository's config names, in its order."""
    keys = (key for key, _ in config.load(repo.common_dir / "config"))
    urls = (key for key in keys if key.startswith("remote.") and key.endswith(".url"))
    return tuple(dict.fromkeys(key.removeprefix("remote.").removesuffix(".url") for key in urls))


def choose(repo: Repo, wanted: str | None) -> str:
    """The remote to share through: the wanted one, else git's `gt.remote`, else the only one, else origin.

    Raises NotFound for one that isn't configured, Refused where there is none, or several and none of them is it.
    """
    known = names(repo)
    name = wanted or next(iter(config_values(repo, KEY)[::-1]), None)
    if name is not None:
        if name not in known:
            raise NotFound("remote", name, hint="git remote --verbose")
        return name
    if len(known) == 1 or "origin" in known:
        return "origin" if "origin" in known else known[0]
    if not known:
        raise Refused("this repository has no remote", hint="git remote add origin URL")
    raise Refused(
        f"several remotes, and none is called origin: {', '.join(known)}", hint=f"git config {KEY} {known[0]}"
    )


def ask(repo: Repo, remote: str, *refs: str, patience: float = PATIENCE) -> dict[str, str]:
    """Where these refs (full names) are on the remote; those that it doesn't have are left out.

    Raises Unreachable, and Denied.
    """
    done = talk(repo, "ls-remote", "--refs", "--quiet", remote, *map(check_name, refs), patience=patience)
    if done.code != 0:
        raise _failed(remote, done)
    found = (line.partition("\t") for line in done.lines)
    return {ref: oid for oid, _, ref in found if ref in refs}


def listing(repo: Repo, remote: str, prefix: str) -> dict[str, str]:
    """The refs (full names) of the remote that begin so, and where they are. Raises Unreachable, and Denied."""
    done = talk(repo, "ls-remote", "--refs", "--quiet", remote, f"{check_name(prefix.rstrip('/'))}/*")
    if done.code != 0:
        raise _failed(remote, done)
    found = (line.partition("\t") for line in done.lines)
    return {ref: oid for oid, _, ref in found if ref.startswith(prefix)}


def fetch(
    repo: Repo, remote: str, ref: str, into: str, *, again: bool = False, patience: float = PATIENCE
) -> str | None:
    """Bring a ref of the remote here, with its whole history and every file, as the ref `into`, wherever that was.

    `again` fetches what a clone that left out files lacks of it. Returns the commit; None, and nothing is done, where
    the remote answers that it has no such ref. Raises Unreachable, and Denied.
    """
    from gt.git import refs

    more = ("--refetch",) if again else ()
    spec = f"{check_name(ref)}:{check_name(into)}"
    done = talk(repo, *FETCH, *more, *_depth(repo), remote, spec, patience=patience)
    if done.code != 0:
        if b"couldn't find remote ref" in done.err:
            return None
        if b"cannot lock ref" in done.err:
            raise Busy(done.complaint)
        raise _failed(remote, done)
    return refs.read(repo, into)


def bring(repo: Repo, remote: str, wanted: Mapping[str, str], *, patience: float = PATIENCE) -> None:
    """Bring several refs of the remote here, each as the ref that it is mapped to, wherever that was.

    A shallow clone stays shallow. Raises Busy where another git moves one of them, Unreachable, and Denied.
    """
    if not wanted:
        return
    specs = [f"{check_name(ref)}:{check_name(into)}" for ref, into in wanted.items()]
    done = talk(repo, *FETCH, remote, *specs, patience=patience)
    if done.code != 0:
        if b"cannot lock ref" in done.err:
            raise Busy(done.complaint)
        raise _failed(remote, done)


def lacks_files(repo: Repo, tip: str, known: str | None) -> bool:
    """Whether a clone that left out files has left out some of this history; that of `known` is complete."""
    rest = () if known is None else (f"^{known}",)
    lines = git(repo, "rev-list", "--objects", "--missing=print", "--no-object-names", tip, *rest).lines
    return any(line.startswith("?") for line in lines)


def _depth(repo: Repo) -> tuple[str, ...]:
    """In a shallow clone, what completes the one ref that is fetched and leaves the others shallow."""
    return (f"--depth={DEEP}",) if (repo.common_dir / "shallow").exists() else ()


def push(
    repo: Repo, remote: str, updates: Sequence[Update], *, atomic: bool = True, patience: float = PATIENCE
) -> frozenset[str]:
    """Move refs of the remote, each by compare-and-swap; `atomic` moves all or none. Returns those that this moved.

    A ref that is there already is fine, and isn't among these: who makes the very same commit in the same second may
    have been quicker. The git hooks of this clone don't run, those of the remote do. `new` must
    descend from `old`, or the remote must allow what it would lose. Raises Overtaken where a ref is elsewhere, Denied,
    and Unreachable: then nobody knows whether it happened.
    """
    if not updates:
        return frozenset()
    leases = tuple(f"--force-with-lease={check_name(each.ref)}:{each.old or ''}" for each in updates)
    specs = tuple(f"{each.new or ''}:{each.ref}" for each in updates)
    whole = ("--atomic",) if atomic and len(updates) > 1 else ()
    settings = ("-c", f"remote.{remote}.mirror=false")
    done = talk(repo, *settings, *PUSH, *whole, *leases, remote, *specs, patience=patience)
    told = [line.split("\t") for line in done.lines if line[1:2] == "\t"]
    refused = [fields for fields in told if fields[0] == "!"]
    if done.code == 0 and not refused:
        return frozenset(fields[1].rpartition(":")[2] for fields in told if fields[0] != "=")
    raise _rejected(remote, refused, done) if refused else _failed(remote, done)


def _rejected(remote: str, refused: list[list[str]], done: Done) -> Busy | Refused:
    """The error for a push that the remote answered: the first reason that isn't another ref's."""
    said = done.err.decode("utf-8", "replace").lower()
    final = [fields for fields in refused if not any(race in fields[-1].lower() for race in RACES)]
    _, refs, *_, why = (final or refused)[0]
    ref = refs.rpartition(":")[2]
    if not final and "exists; cannot create" not in said:
        return Overtaken(f"{ref} of {remote} was moved by somebody else: {why}")
    told = _told(done)
    return Denied(f"{remote} refused the push to {ref}: {why}{f': {told}' if told else ''}")


def _told(done: Done) -> str:
    """What a git hook of the remote said, in one line."""
    lines = done.err.decode("utf-8", "replace").splitlines()
    said = [line.removeprefix("remote:").strip() for line in lines if line.startswith("remote:")]
    return " ".join(line for line in said if line)[:300]


def _failed(remote: str, done: Done) -> Busy | Refused:
    """The error for a conversation that came to nothing."""
    said = done.err.decode("utf-8", "replace").lower()
    why = done.complaint
    if any(words in said for words in DENIALS):
        return Denied(f"{remote} gives no access: {why}", hint=f"git ls-remote {remote}")
    return Unreachable(f"{remote} can't be reached: {why}", hint=f"git ls-remote {remote}")
