"""What happened, as the ledger's commits tell it."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import field
from heapq import merge
from itertools import islice

from gt.core.ids import bead_path
from gt.core.values import dataclass
from gt.errors import NotFound
from gt.git import refs
from gt.git.formats import seconds
from gt.git.repo import Repo
from gt.store.ledger import LEDGER

_FIELDS = ("%H", "%P", "%at", "%an <%ae>", "%s", "%(trailers:only=true,unfold=true)")
_FORMAT = "%x00".join(_FIELDS)
_OWN = ("Gt-Verb", "Gt-Actor", "Gt-Bead")

ROUNDS = 20
"""How often history is asked for again because a pruning git had taken some of it."""


@dataclass(frozen=True, slots=True)
class Event:
    """One commit of the ledger."""

    commit: str
    at: int
    verb: str
    """Empty for a commit that gt did not make."""
    actor: str
    beads: tuple[str, ...]
    subject: str
    parents: tuple[str, ...] = ()
    """More than one: it brought two histories together."""
    said: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Its other `Gt-` trailers: what was decided at a merge, what was undone."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Which events are wanted: those that fit all that is given."""

    bead: str | None = None
    """By its whole id: what changed its file, and merges that name it."""
    verbs: Collection[str] = ()
    """Any of them."""
    actor: str = ""
    """A part of its name; letters' case doesn't matter."""
    since: int | None = None
    until: int | None = None
    after: str | None = None
    """A commit of the ledger: only what it doesn't contain."""

    def fits(self, event: Event) -> bool:
        """Whether the event is one of them, as far as git wasn't asked to see to it."""
        return (
            not self.verbs or event.verb in self.verbs
        ) and self.actor.casefold() in event.actor.casefold()


def log(repo: Repo, sought: Sought | None = None, limit: int | None = None) -> Iterator[Event]:
    """The events, latest first, at most so many. Raises NotFound without a ledger."""
    tip = refs.read(repo, LEDGER)
    if tip is None:
        raise NotFound("town", repo.name, hint="gt init")
    wanted = sought or Sought()
    span = (tip, f"^{wanted.after}") if wanted.after else (tip,)
    narrowed = tuple(_narrowed(wanted))
    if wanted.bead is None:
        found = _events(repo, *narrowed, *span, "--")
    else:
        found = _of_bead(repo, wanted.bead, (*narrowed, *span))
    return islice(filter(wanted.fits, found), limit)


def _of_bead(repo: Repo, bead: str, args: tuple[str, ...]) -> Iterator[Event]:
    """By its file: git need not read the other commits, where their commit-graph tells what they change."""
    # Simplified, it would leave out what one side of a merge did and the other undid.
    own = _events(repo, "--full-history", *args, "--", bead_path(bead))
    named = (f"--grep=^Gt-Bead: {bead}$", "--merges")
    merges = (each for each in _events(repo, *named, *args, "--") if bead in each.beads)
    seen: set[str] = set()
    for each in merge(own, merges, key=lambda each: -each.at):
        if each.commit not in seen:
            seen.add(each.commit)
            yield each


def event(repo: Repo, commit: str) -> Event:
    """What this commit of the ledger tells."""
    return next(_events(repo, "--no-walk", commit, "--"))


def _narrowed(sought: Sought) -> Iterator[str]:
    """What git can leave out by itself, without knowing trailers from other lines of a message."""
    yield from ("--extended-regexp", "--all-match")
    if sought.verbs:
        yield f"--grep=^Gt-Verb: ({'|'.join(sorted(sought.verbs))})$"
    if sought.since is not None:
        yield f"--since-as-filter=@{sought.since}"
    if sought.until is not None:
        yield f"--until=@{sought.until}"


def _events(repo: Repo, *args: str) -> Iterator[Event]:
    from gt.git.run import GitFailed

    told = 0
    for _ in range(ROUNDS):
        try:
            for each in islice(_streamed(repo, *args), told, None):
                yield each
                told += 1
        except GitFailed:
            from gt.git import mending

            # Git itself knows nothing of the journal. Another gt may have been quicker to give it back.
            mending.mend(repo)
        else:
            return
    yield from islice(_streamed(repo, *args), told, None)


def _streamed(repo: Repo, *args: str) -> Iterator[Event]:
    from gt.git.run import git_stream

    said = ("-z", f"--format={_FORMAT}", "--no-show-signature", "--no-mailmap", "--encoding=UTF-8")
    with git_stream(repo, "log", *said, *args, stdin=b"") as out:
        fields = _fields(out)  # type: ignore[arg-type]
        for commit in fields:
            yield _event(commit, *islice(fields, len(_FIELDS) - 1))


def _fields(out: io.BufferedReader) -> Iterator[str]:
    """What lies between NULs, as it comes."""
    rest = b""
    while chunk := out.read1(1 << 16):
        *whole, rest = (rest + chunk).split(b"\0")
        for each in whole:
            yield each.decode("utf-8", "surrogateescape")


def last_actors(repo: Repo, old: str | None, new: str) -> dict[str, str]:
    """By Bead, who last did something to it in the commits that `new` contains and `old` doesn't; merges don't count."""
    from gt.git.run import git

    values = "valueonly=true,separator=%x02"
    said = f"%(trailers:key=Gt-Bead,{values})%x01%(trailers:key=Gt-Actor,{values})"
    rest = () if old is None else (f"^{old}",)
    plain = ("--no-merges", "--no-show-signature", "--no-mailmap", "--encoding=UTF-8")
    found: dict[str, str] = {}
    for said_by in git(repo, "log", "-z", *plain, f"--format={said}", new, *rest, "--").fields:
        beads, _, actors = said_by.partition("\x01")
        for bead in beads.split("\x02") if actors else ():
            found.setdefault(bead, actors.split("\x02")[-1])
    return found


def _event(commit: str, parents: str, at: str, author: str, subject: str, trailers: str) -> Event:
    said: dict[str, list[str]] = {}
    for line in trailers.split("\n"):
        name, _, value = line.partition(": ")
        said.setdefault(name, []).append(value)
    return Event(
        commit=commit,
        at=seconds(at),
        verb=said.get("Gt-Verb", [""])[-1],
        actor=said.get("Gt-Actor", [author])[-1],
        beads=tuple(said.get("Gt-Bead", ())),
        subject=subject,
        parents=tuple(parents.split()),
        said={
            name: tuple(values)
            for name, values in said.items()
            if name.startswith("Gt-") and name not in _OWN
        },
    )
