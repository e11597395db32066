"""Several copies of one Bead, edited and merged in any order, as clones of one ledger would do it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random

from gt.core.bead import Bead, Created, FieldConflict, Note, Spec
from gt.core.edit import edited
from gt.core.merge3 import merged
from tests.core.small import NOW, gt

TEXT = "".join(f"line {i}\n" for i in range(12))


@dataclass(frozen=True, eq=False)
class Version:
    """A version of the Bead, as a commit has it."""

    bead: Bead
    parents: tuple[Version, ...] = ()
    past: frozenset[Version] = frozenset()
    """All versions before it."""


def after(bead: Bead, *parents: Version) -> Version:
    past = frozenset(parents).union(*(parent.past for parent in parents))
    return Version(bead, parents, past)


def who(bead: Bead) -> str:
    """Somebody, who isn't the same for any two versions."""
    return f"{len(bead.clock)} {len(bead.notes)} {bead.spec.title}"


def meet(one: Version, other: Version) -> Version:
    """The merge of two versions; of several best common ancestors the base is their merge."""
    if one is other or other in one.past:
        return one
    if one in other.past:
        return other
    common = (one.past | {one}) & (other.past | {other})
    best = sorted((v for v in common if not any(v in c.past for c in common)), key=lambda v: repr(v.bead))
    base = best[0]
    for each in best[1:]:
        base = meet(base, each)
    bead = merged(base.bead, one.bead, other.bead, one.bead.status, who)
    assert bead == merged(base.bead, other.bead, one.bead, one.bead.status, who)
    return after(bead, one, other)


@dataclass
class Fleet:
    """The replicas, each with a clock that is wrong in its own way, and what was done to them in all."""

    random: Random
    tips: list[Version]
    skew: list[int]
    added: set[str] = field(default_factory=set)
    """Labels, each added once."""
    removed: set[str] = field(default_factory=set)
    said: set[str] = field(default_factory=set)
    """Texts of notes."""
    dismissed: list[FieldConflict] = field(default_factory=list)
    tick: int = 0

    def edit(self, at: int) -> None:
        """One edit by somebody on one replica."""
        self.tick += 1
        now = NOW + self.tick + self.skew[at]
        before = self.tips[at].bead
        bead = self._edited(before, now)
        if bead != before:
            self.tips[at] = after(bead, self.tips[at])

    def _edited(self, bead: Bead, now: int) -> Bead:
        random, spec, new = self.random, bead.spec, f"x{self.tick}"
        match random.randrange(11):
            case 0:
                spec = replace(spec, title=random.choice("abc"))
            case 1:
                spec = replace(spec, priority=random.randrange(5), hold=random.random() < 0.5)
            case 2:
                spec = replace(spec, parent=random.choice([None, gt("p"), gt("q")]))
            case 3:
                self.added.add(new)
                spec = replace(spec, labels=spec.labels | {new})
            case 4 if spec.labels:
                gone = random.choice(sorted(spec.labels))
                self.removed.add(gone)
                spec = replace(spec, labels=spec.labels - {gone})
            case 5:
                lines = spec.body.splitlines(keepends=True)
                lines[random.randrange(len(lines))] = f"{new}\n"
                spec = replace(spec, body="".join(lines))
            case 6:
                spec = replace(spec, extra={**spec.extra, "new": random.choice([1, True, "x", None, ["y"]])})
            case 7:
                return replace(bead, extra={**bead.extra, "newer": new})
            case 8 if bead.conflicts:
                seen = random.choice(bead.conflicts)
                self.dismissed.append(seen)
                return replace(bead, conflicts=tuple(c for c in bead.conflicts if c != seen))
            case 9:
                spec = replace(spec, links={"related": frozenset({gt(random.choice("rst"))})})
            case _:
                self.said.add(new)
                ids = {"n-1", "n-2", f"n-{new}"} - {note.id for note in bead.notes}
                note = Note(random.choice(sorted(ids)), now, "alice", new)
                return replace(bead, notes=(*bead.notes, note))
        return edited(bead, spec, now)

    def pull(self, at: int, other: int) -> None:
        """One replica takes in what another has."""
        self.tips[at] = meet(self.tips[at], self.tips[other])

    @property
    def beads(self) -> list[Bead]:
        return [tip.bead for tip in self.tips]


def fleet(seed: int, size: int = 4) -> Fleet:
    random = Random(seed)
    first = Bead(gt("a"), "u", Created(NOW, "alice"), Spec(title="a", body=TEXT, labels=frozenset({"old"})))
    skew = [random.randrange(-50, 50) for _ in range(size)]
    return Fleet(random, [Version(first)] * size, skew, added={"old"})
