"""Founding a town: the ledger made or adopted, and the check that nobody else has its names."""

from __future__ import annotations

from dataclasses import dataclass

from gt.core.state import LedgerMeta
from gt.errors import Refused
from gt.git import refs
from gt.git.repo import Repo
from gt.store.ledger import LEDGER, Ledger, Message

WORK = "refs/heads/gt"
"""Above every work branch: a branch of this very name leaves no room for them."""


@dataclass(frozen=True, slots=True)
class Founded:
    """How a repository came to have a ledger."""

    prefix: str
    how: str
    """`created`, `adopted` or `found`."""
    remote: str = ""
    """The remote-tracking branch that it was adopted from."""


def check_names(repo: Repo) -> None:
    """Raise Refused where somebody's branches are in the way of gt's."""
    if refs.read(repo, WORK) is not None:
        raise Refused(
            "a branch called gt is in the way: attempts work on branches below gt/",
            hint="git branch -m gt OTHER-NAME",
        )
    below = next(iter(refs.listing(repo, LEDGER)), None)
    if below is not None:
        name = below.removeprefix("refs/heads/")
        raise Refused(
            f"a branch called {name} is in the way of beads", hint=f"git branch -m {name} OTHER-NAME"
        )


def found(repo: Repo, prefix: str | None, lineage: str, *, actor: str, now: int) -> Founded:
    """Make sure that the repository has a ledger: its own, a remote's `beads` as last fetched, or a new one.

    `prefix` is wanted for the ids of its Beads, `lineage` is the identity of a new ledger. Raises Refused for a
    branch `beads` that isn't a ledger, and for a ledger with another prefix.
    """
    check_names(repo)
    ledger = Ledger(repo)
    with ledger.hold() as held:
        how, remote = "found", ""
        if not ledger.exists():
            remote, tip = _remote(repo)
            if tip:
                _check_tree(repo, remote, tip)
                message = f"adopt {remote}"
                refs.swap(repo, LEDGER, tip, None, message=message, actor=actor, now=now)
                how = "adopted"
            else:
                meta = LedgerMeta(lineage=lineage, prefix=prefix or "gt")
                ledger.create(held, meta, Message("found the town", "init", actor, (), now)).close()
                how = "created"
        with ledger.read() as snapshot:
            has = snapshot.meta().prefix
    if prefix and has != prefix:
        raise Refused(f"the ledger's prefix is {has}: it can't become {prefix}", hint="gt list --all")
    return Founded(has, how, remote)


def _remote(repo: Repo) -> tuple[str, str | None]:
    """The remote-tracking branch that has the town's ledger, and its commit: origin's, or the only one."""
    marks = {
        name.removeprefix("refs/remotes/"): tip
        for name, tip in refs.listing(repo, "refs/remotes").items()
        if name.endswith("/beads") and name.count("/") == 3
    }
    if "origin/beads" in marks:
        return "origin/beads", marks["origin/beads"]
    if len(set(marks.values())) > 1:
        raise Refused(
            f"several remotes have a branch beads: {', '.join(sorted(marks))}",
            hint="git branch beads REMOTE/beads",
        )
    return next(iter(marks.items()), ("", None))


def _check_tree(repo: Repo, remote: str, tip: str) -> None:
    """Raise Refused unless this commit is a ledger's."""
    from gt.git.objects import Objects
    from gt.store.layout import META

    with Objects(repo) as odb:
        if all(entry.name != META for entry in odb.tree(odb.commit(tip).tree)):
            raise Refused(
                f"{remote} is not a gt ledger: it has no {META}",
                hint=f"git push {remote.partition('/')[0]} :beads  # once its owner has renamed it",
            )
