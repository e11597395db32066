"""What happened, as the ledger's commits tell it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gt.errors import NotFound
from gt.git import refs
from gt.git.repo import Repo
from gt.store.ledger import LEDGER

_FORMAT = "%H%x00%at%x00%an <%ae>%x00%s%x00%(trailers:only=true,unfold=true)"


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


def log(repo: Repo, bead: str | None = None, limit: int | None = None) -> Iterator[Event]:
    """The events, latest first, of one Bead (by its whole id) or of all. Raises NotFound without a ledger."""
    from gt.git.run import git

    if refs.read(repo, LEDGER) is None:
        raise NotFound("town", repo.name, hint="gt init")
    args = ["log", "-z", f"--format={_FORMAT}", "--no-show-signature", "--no-mailmap", "--encoding=UTF-8"]
    if limit is not None:
        args.append(f"--max-count={limit}")
    if bead is not None:
        args += ["--basic-regexp", f"--grep=^Gt-Bead: {bead}$"]
    fields = iter(git(repo, *args, LEDGER, "--").fields)
    for commit, at, author, subject, trailers in zip(fields, fields, fields, fields, fields, strict=True):
        yield _event(commit, int(at), author, subject, trailers)


def _event(commit: str, at: int, author: str, subject: str, trailers: str) -> Event:
    said: dict[str, list[str]] = {}
    for line in trailers.splitlines():
        name, _, value = line.partition(": ")
        said.setdefault(name, []).append(value)
    return Event(
        commit=commit,
        at=at,
        verb=said.get("Gt-Verb", [""])[-1],
        actor=said.get("Gt-Actor", [author])[-1],
        beads=tuple(said.get("Gt-Bead", ())),
        subject=subject,
    )
