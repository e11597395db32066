"""Founding a town: the ledger made or adopted, and the check that nobody else has its names."""

from __future__ import annotations

from gt.core.state import LedgerMeta
from gt.core.values import dataclass
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
    """The remote's branch that it was adopted from, as `origin/beads`."""


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


def found(
    repo: Repo, prefix: str | None, lineage: str, *, actor: str, now: int, offline: bool = False
) -> Founded:
    """Make sure that the repository has a ledger: its own, a remote's, or a new one.

    `prefix` is wanted for the ids of its Beads, `lineage` is the identity of a new ledger. The remotes are asked,
    unless `offline`: then what was fetched before counts. Raises Refused for a branch `beads` that isn't a ledger, for
    a ledger with another prefix, and where a remote can't tell.
    """
    check_names(repo)
    ledger = Ledger(repo)
    there = None if ledger.exists() else _elsewhere(repo, offline, actor, now)
    with ledger.hold() as held:
        how, remote = "found", ""
        if not ledger.exists():
            if there:
                remote, tip = there
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


def _elsewhere(repo: Repo, offline: bool, actor: str, now: int) -> tuple[str, str] | None:
    from gt.store.adopting import elsewhere

    return elsewhere(repo, offline=offline, actor=actor, now=now)
