"""Where a new clone gets its ledger from: a remote that has one, asked now, or as it was when last fetched."""

from __future__ import annotations

from gt import lock
from gt.errors import Refused
from gt.git import refs, remote
from gt.git.objects import Objects
from gt.git.remote import Denied, Unreachable
from gt.git.repo import Repo
from gt.store.counterpart import Counterpart, counterpart
from gt.store.layout import META

OFFLINE = "gt init --offline"


def elsewhere(repo: Repo, *, offline: bool, actor: str, now: int) -> tuple[str, str] | None:
    """A remote's ledger as `NAME/beads`, and its commit, which is here; None where no remote has one.

    Of several that have one, the remote that the town would be shared through counts. `offline` asks nobody, and goes
    by what was fetched before. Raises Refused where a remote gives no answer, where several have one and none is the
    one, and for a branch `beads` that is no ledger.
    """
    found = _fetched(repo) if offline else _asked(repo, actor, now) or _fetched(repo)
    if not found:
        return None
    name = _one(repo, found)
    _check(repo, name, found[name])
    return f"{name}/beads", found[name]


def _asked(repo: Repo, actor: str, now: int) -> dict[str, str]:
    """What the remotes say: by name the commit of each that has a branch `beads`."""
    names = remote.names(repo)
    if not names:
        return {}
    found = {}
    with lock.hold(repo.gt_dir / "sync.lock"):
        for name in names:
            there = counterpart(repo, name)
            commit = _fetch(there)
            if commit is not None:
                there.track(commit, actor, now)
                found[name] = commit
    return found


def _fetch(there: Counterpart) -> str | None:
    try:
        return there.fetched(restore=True)  # nothing of ours could be lost by it
    except (Unreachable, Denied) as error:
        raise Refused(
            f"whether there is a ledger already can't be told: {error.message}", hint=OFFLINE
        ) from None


def _fetched(repo: Repo) -> dict[str, str]:
    """What a plain `git fetch`, or an earlier gt, brought."""
    found = {
        name.removeprefix(folder).removesuffix("/beads"): commit
        for folder in ("refs/remotes/", "refs/gt/remotes/")
        for name, commit in refs.listing(repo, folder).items()
        if name.endswith("/beads")
    }
    known = remote.names(repo)
    return {name: commit for name, commit in found.items() if name in known or "/" not in name}


def _one(repo: Repo, found: dict[str, str]) -> str:
    try:
        wanted = remote.choose(repo, None)
    except Refused:
        wanted = "origin"
    if wanted in found or len(set(found.values())) == 1:
        return wanted if wanted in found else next(iter(found))
    shown = ", ".join(f"{name}/beads" for name in sorted(found))
    raise Refused(f"several remotes have a branch beads: {shown}", hint=f"git config {remote.KEY} REMOTE")


def _check(repo: Repo, name: str, commit: str) -> None:
    """Raise Refused unless this commit is a ledger's."""
    with Objects(repo) as odb:
        if all(entry.name != META for entry in odb.tree(odb.commit(commit).tree)):
            raise Refused(
                f"{name}/beads is not a gt ledger: it has no {META}",
                hint=f"git push {name} :beads  # once its owner has renamed it",
            )
