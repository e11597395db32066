"""The ledger of a remote, as this clone knows it: fetched into a ref of our own, and compared with what it was.

The local ledger is never moved by a fetch, nor is any ref of the user's.
"""

from __future__ import annotations

from gt.core.values import dataclass
from gt.errors import Conflict, Refused
from gt.git import refs, remote
from gt.git.changes import counts
from gt.git.filling import is_partial
from gt.git.merge import is_ancestor
from gt.git.repo import Repo, config_values
from gt.store.ledger import LEDGER

RESTORE = "gt sync --restore"


@dataclass(frozen=True, slots=True)
class Counterpart:
    """One remote's ledger."""

    repo: Repo
    remote: str

    @property
    def tracking(self) -> str:
        """The ref of the last commit that the remote is known to have had."""
        return f"refs/gt/remotes/{self.remote}/beads"

    @property
    def incoming(self) -> str:
        """The ref that a fetch writes, before anybody looked at what came."""
        return f"refs/gt/incoming/{self.remote}/beads"

    @property
    def outgoing(self) -> str:
        """The ref that keeps what is being pushed."""
        return f"refs/gt/outgoing/{self.remote}/beads"

    def known(self) -> str | None:
        """The last commit that the remote is known to have had."""
        return refs.read(self.repo, self.tracking)

    def fetched(self, *, restore: bool = False) -> str | None:
        """The commit that the remote's ledger is at, brought here; None if it has none.

        Raises Conflict where it isn't what it was with more on top, unless it is to be restored; Unreachable, Denied.
        """
        known = self.known()
        found = self._fetch(known)
        if known is None or restore or self._goes_on(known, found):
            return found
        # Once more: a fetch that a gt which died had begun may have put an older commit there just now.
        found = self._fetch(known)
        if self._goes_on(known, found):
            return found
        if found is None:
            raise Conflict(f"the ledger of {self.remote} is gone", hint=RESTORE)
        raise Conflict(
            f"the ledger of {self.remote} was rewound: it has {found[:12]}, without {known[:12]}",
            hint=RESTORE,
        )

    def _fetch(self, known: str | None) -> str | None:
        found = remote.fetch(self.repo, self.remote, LEDGER, self.incoming)
        if found is not None and is_partial(self.repo) and remote.lacks_files(self.repo, found, known):
            remote.fetch(self.repo, self.remote, LEDGER, self.incoming, again=True)
        return found

    def _goes_on(self, known: str, found: str | None) -> bool:
        return found is not None and is_ancestor(self.repo, known, found)

    def track(self, commit: str, actor: str, now: int) -> None:
        """The remote is known to have this commit."""
        self._set(self.tracking, commit, actor, now)

    def keep(self, commit: str, actor: str, now: int) -> None:
        """Keep a commit that no other ref keeps, until the next one."""
        self._set(self.outgoing, commit, actor, now)

    def _set(self, ref: str, commit: str, actor: str, now: int) -> None:
        # Only who holds the lock of syncing comes here.
        old = refs.read(self.repo, ref)
        if old != commit:
            refs.swap(self.repo, ref, commit, old, message="gt sync", actor=actor, now=now)


def unsent(repo: Repo, tip: str) -> dict[str, int]:
    """By remote: how many commits of the ledger at `tip` it isn't known to have; those that have all are left out."""
    folder = "refs/gt/remotes/"
    known = {
        ref.removeprefix(folder).removesuffix("/beads"): oid
        for ref, oid in refs.listing(repo, folder).items()
    }
    found = {name: counts(repo, tip, oid)[0] for name, oid in known.items() if oid != tip}
    return {name: count for name, count in found.items() if count}


def counterpart(repo: Repo, wanted: str | None) -> Counterpart:
    """The ledger of the wanted remote, or of the one that the town is shared through.

    Raises NotFound and Refused: where there is no such remote, and where a plain fetch from it would overwrite the
    ledger of this clone.
    """
    name = remote.choose(repo, wanted)
    for spec in config_values(repo, f"remote.{name}.fetch"):
        source, _, to = spec.removeprefix("+").partition(":")
        if to and spec.startswith("+") and _maps(source, to) == LEDGER:
            raise Refused(
                f"git fetch {name} would overwrite this clone's ledger, by {spec}",
                hint=f"git config --unset-all remote.{name}.fetch",
            )
    return Counterpart(repo, name)


def _maps(source: str, to: str) -> str | None:
    """Where a fetch by these patterns would put the ledger."""
    before, star, after = source.partition("*")
    if not star:
        return to if source == LEDGER else None
    if not (LEDGER.startswith(before) and LEDGER.endswith(after)):
        return None
    return to.replace("*", LEDGER[len(before) : len(LEDGER) - len(after)], 1)
