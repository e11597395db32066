"""The ids and identities that Beads of other trackers have here: worked out of what they are called there, always alike."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gt.core.bead import Bead
from gt.core.ids import ALPHABET, ID_DIGITS
from gt.errors import Malformed, Refused
from gt.store.snapshot import Snapshot

ROUNDS = 100
"""How often another id is tried for one that another Bead has: once would do nearly always."""


def name_of(kind: str, prefix: str, source: str, theirs: str, turn: int) -> str:
    """The id for one of theirs, at so many-th try: a digest's first 40 bits."""
    digest = hashlib.sha256(f"{kind}\0{source}\0{theirs}\0{turn}".encode()).digest()
    bits = int.from_bytes(digest[:5], "big")
    return f"{prefix}-" + "".join(ALPHABET[bits >> 5 * i & 31] for i in reversed(range(ID_DIGITS)))


def identity(kind: str, source: str, theirs: str, mark: object) -> str:
    """The uid. `mark` tells two of one id apart, such as when each was created."""
    return hashlib.sha256(f"{kind}\0{source}\0{theirs}\0uid\0{mark}".encode()).hexdigest()[:32]


def origin(bead: Bead, kind: str) -> str:
    """What an imported Bead is called in a tracker of this kind; empty for any other."""
    own = bead.extra.get(kind)
    return str(own.get("id", "")) if isinstance(own, dict) else ""


@dataclass(slots=True)
class Names:
    """Which id here stands for which there."""

    kind: str
    """Which tracker it is, `bd` say: also the key of a Bead that says what it is called there."""
    snapshot: Snapshot
    prefix: str
    source: str
    named: Callable[[str, str, str, str, int], str] = name_of
    ours: dict[str, str] = field(default_factory=dict)
    theirs: dict[str, str] = field(default_factory=dict)
    here: dict[str, Bead] = field(default_factory=dict)
    """The Beads that were imported before, by their ids there."""
    broken: dict[str, str] = field(default_factory=dict)
    """Why a Bead that should be one of those can't be read."""

    def give(self, ids: Iterable[str]) -> None:
        """Find an id for each of theirs. Of two that would have the same, the first in order gets it."""
        for each in sorted(ids):
            self.of(each)

    def of(self, theirs: str) -> str:
        """The id here."""
        if theirs not in self.ours:
            name = self._free(theirs)
            self.ours[theirs] = name
            self.theirs[name] = theirs
        return self.ours[theirs]

    def _free(self, theirs: str) -> str:
        for turn in range(ROUNDS):
            name = self.named(self.kind, self.prefix, self.source, theirs, turn)
            if name in self.theirs:
                continue
            try:
                found = self.snapshot.find(name)
            except Malformed as error:
                self.broken[theirs] = str(error)
                return name
            if found is None:
                return name
            if origin(found, self.kind) == theirs:
                self.here[theirs] = found
                return name
        raise Refused(f"no free id for {theirs} in {ROUNDS} tries")
