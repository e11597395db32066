"""A cheap look at whether anything changed: where the ledger and the targets are."""

from __future__ import annotations

from gt.core.values import dataclass
from gt.git import refs
from gt.git.repo import Repo, config_values
from gt.store.ledger import LEDGER
from gt.store.targets import KEY


@dataclass(frozen=True, slots=True)
class Pulse:
    """The tips that a plan depends on; compared, never interpreted."""

    tips: tuple[str | None, ...]

    @classmethod
    def of(cls, repo: Repo) -> Pulse:
        """As they are now; starts no process where refs are files."""
        targets = dict.fromkeys(config_values(repo, KEY))
        tips = (refs.read(repo, f"refs/heads/{name}") for name in targets)
        # What gt made of targets and stages: a stage moves while its target stays.
        own = refs.listing(repo, "refs/gt/landing").values()
        return cls((refs.read(repo, LEDGER), *tips, *own))
