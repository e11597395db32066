"""The branches that work lands on, as this clone's own git config names them; no Bead has a say in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gt.core.bead import Bead
from gt.errors import NotFound, Refused
from gt.git import refs
from gt.git.repo import Repo, config_values

if TYPE_CHECKING:
    from gt.core.town import Limits, Town

KEY = "gt.target"


def targets(repo: Repo) -> tuple[str, ...]:
    """The targets by their short names, the default first. Raises NotFound where `gt init` hasn't set any."""
    found = tuple(dict.fromkeys(config_values(repo, KEY)))
    if not found:
        raise NotFound("target", f"git config {KEY} is not set", hint="gt init")
    return found


def tip(repo: Repo, target: str) -> str | None:
    """The commit that a target is at, None if there is no such branch."""
    return refs.read(repo, f"refs/heads/{target}")


def town_of(repo: Repo, bead: Bead | None = None) -> Town:
    """The settings that hold for a Bead: those at the tip of its target; without a Bead the default target's.

    The defaults for a Bead whose base isn't a target of this clone: a Bead can't choose where settings come from.
    """
    from gt.store.settings import town_at

    known = targets(repo)
    base = (bead.spec.base if bead else None) or known[0]
    return town_at(repo, tip(repo, base) if base in known else None)


def shared_through(repo: Repo) -> str | None:
    """The remote through which this town is worked, as the default target's settings say; None: it isn't.

    Raises Refused where these can't be read, or there is no target.
    """
    town = town_of(repo)
    return town.refinery.push if town.coordination == "remote" else None


def limits_of(repo: Repo, bead: Bead) -> Limits:
    """The limits that hold for a Bead, as far as this clone knows its target's settings; else those of any town."""
    from gt.core.town import Limits

    try:
        return town_of(repo, bead).limits
    except Refused:
        return Limits()
