"""What a shared repository lets a push do: its git hook asks before any ref has moved.

The whole push is looked at, for one part of it may be what another needs. What is neither the ledger, nor a target, nor
gt's is nobody's business here. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property

from gt.core.bead import Bead, Phase
from gt.core.ids import LEDGER, is_id, is_token
from gt.core.values import dataclass
from gt.errors import GtError, NotFound
from gt.git import refs
from gt.git.merge import is_ancestor
from gt.git.objects import Objects
from gt.git.repo import Repo, config_values
from gt.git.run import git
from gt.refinery import pins
from gt.store import admission
from gt.store.ending import held_under
from gt.store.settings import town_at
from gt.store.targets import targets
from gt.store.tree import LedgerTree
from gt.verbs.receive import unfit

WHO = "gt.admit"
"""The key of git's config that names who may move the targets by a push."""

WORK = "refs/heads/gt/"
PINNED = "refs/gt/sub/"

SHOWN = 20
"""How many objections to one move are told."""


@dataclass(frozen=True, slots=True)
class RefMove:
    """One ref's way in a push; None: it isn't there before, or after."""

    ref: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a ref may not move so."""

    ref: str
    why: str
    hint: str | None = None


def work_named(ref: str) -> tuple[str, str] | None:
    """Bead and token that a branch of an attempt is named after, or the pin of a submission; None for other refs."""
    for start in (WORK, PINNED):
        if ref.startswith(start):
            bead, _, token = ref.removeprefix(start).partition("/")
            return (bead, token) if is_id(bead) and is_token(token) else None
    return None


def admit(repo: Repo, moves: Sequence[RefMove], who: Collection[str], now: int) -> tuple[Objection, ...]:
    """What is against a push; nothing: it may go in. `who`: all that the transport tells of who pushes, as `gt.admit`
    would name it. Raises NotFound where no town is.
    """
    push = _Push(repo, {move.ref: move for move in moves}, frozenset(who), now)
    found = [objection for move in moves for objection in push.against(move)]
    return tuple(found)


@dataclass(frozen=True)
class _Push:
    """A push under judgement."""

    repo: Repo
    moves: Mapping[str, RefMove]
    who: frozenset[str]
    now: int

    @cached_property
    def targets(self) -> tuple[str, ...]:
        return targets(self.repo)

    @cached_property
    def stages(self) -> frozenset[str] | None:
        """The branches behind the targets, by the settings before the push; None where some of these can't be read."""
        try:
            towns = [town_at(self.repo, refs.read(self.repo, pins.branch(each))) for each in self.targets]
        except GtError:
            return None
        return frozenset(spec.branch for town in towns for spec in town.stages)

    @cached_property
    def trusted(self) -> bool:
        """Whether whoever pushes may move the targets."""
        return not self.who.isdisjoint(config_values(self.repo, WHO))

    def against(self, move: RefMove) -> Iterator[Objection]:
        """What is against this part of it."""
        judge = self._judge(move.ref)
        if judge is None:
            return
        try:
            yield from judge(move)
        except GtError as error:
            yield Objection(move.ref, error.message, error.hint)

    def _judge(self, ref: str) -> Callable[[RefMove], Iterator[Objection]] | None:
        if ref == LEDGER:
            return self._ledger
        if ref.startswith(WORK):
            return self._work if work_named(ref) else None
        if ref.startswith("refs/heads/"):
            branch = ref.removeprefix("refs/heads/")
            if branch in self.targets:
                return self._target
            return self._stage if self._is_stage(branch) else None
        if ref.startswith(PINNED):
            return self._pin
        return self._own if ref.startswith("refs/gt/") else None

    def _is_stage(self, branch: str) -> bool:
        if self.stages is None:  # what gt has promoted before stays what it was
            return refs.read(self.repo, pins.landing_ref(branch)) is not None
        return branch in self.stages

    def _after(self, ref: str) -> str | None:
        """Where a ref will be, if the push goes in."""
        return self.moves[ref].new if ref in self.moves else refs.read(self.repo, ref)

    # the ledger

    def _ledger(self, move: RefMove) -> Iterator[Objection]:
        judged = admission.judge(self.repo, move.old, move.new, self.now)
        for each in judged.objections[:SHOWN]:
            at = f" (in {each.commit[:12]})" if each.commit else ""
            yield Objection(move.ref, each.what + at, each.hint)
        if len(judged.objections) > SHOWN:
            yield Objection(move.ref, f"and {len(judged.objections) - SHOWN} more")
        for landing in judged.landings:
            why = self._not_landed(landing.bead)
            if why:
                yield Objection(move.ref, f"{landing.bead.id} {why} (in {landing.commit[:12]})", "gt sync")

    def _not_landed(self, bead: Bead) -> str:
        """Why a Bead hasn't landed, though the ledger says so; empty where it has, or nobody can tell here."""
        landed, sub = bead.status.landed, bead.status.submission
        base = sub.base if sub else bead.spec.base or self.targets[0]
        tip = self._after(pins.branch(base)) if base in self.targets else None
        if landed is None or tip is None:
            return ""
        with Objects(self.repo) as odb:
            there = odb.has(landed.commit) and is_ancestor(self.repo, landed.commit, tip)
        return "" if there else f"is said to have landed as {landed.commit[:12]}, which isn't on {base}"

    # the targets, and what gt knows of them

    def _target(self, move: RefMove) -> Iterator[Objection]:
        if not self.trusted:
            target = move.ref.removeprefix("refs/heads/")
            why = f"moves only by the Refinery here: submit the work for a Bead, and it lands on {target} once its gates pass"
            yield Objection(move.ref, why, "gt help submit")

    def _stage(self, move: RefMove) -> Iterator[Objection]:
        if not self.trusted:
            why = "is a stage: it moves only by promotion, to what its gates have passed"
            yield Objection(move.ref, why, "gt help promote")

    def _own(self, move: RefMove) -> Iterator[Objection]:
        if not self.trusted:
            yield Objection(move.ref, "is gt's own here")

    # work

    def _pin(self, move: RefMove) -> Iterator[Objection]:
        """A submission's commit comes before the ledger names it, and stays."""
        if work_named(move.ref) is None:
            yield Objection(move.ref, "is gt's own here, and no submission's name")
        elif move.old is not None and not self.trusted:
            yield Objection(move.ref, "keeps what was submitted, and never moves")

    def _work(self, move: RefMove) -> Iterator[Objection]:
        named = work_named(move.ref)
        if move.new is None or named is None:
            return  # what was submitted is kept by its pin
        bead, token = named
        found = self._bead(bead)
        if found is None:
            why = f"is for {bead}, which the ledger here doesn't know: push that first"
            yield Objection(move.ref, why, "gt sync")
            return
        sub = found.status.submission
        if found.phase is Phase.SUBMITTED and sub is not None and sub.token == token:
            if sub.commit != move.new:
                why = f"has {sub.commit[:12]} submitted under {token}, not {move.new[:12]}"
                yield Objection(move.ref, f"{bead} {why}", f"gt withdraw {bead} -r REASON")
            return
        if found.phase is Phase.LANDED and sub is not None and (sub.token, sub.commit) == (token, move.new):
            return
        try:
            lease = held_under(found, token)
        except GtError as error:
            free = found.phase is Phase.OPEN
            hint = f"gt sync && gt claim {bead}" if free else f"gt sync && gt show {bead}"
            more = "; claim it anew, and bring the work along" if free else ""
            yield Objection(move.ref, error.message + more, hint)
            return
        why = unfit(self.repo, found, lease.base, move.new)
        if why:
            yield Objection(move.ref, why, f"gt show {bead}")

    def _bead(self, bead: str) -> Bead | None:
        tip = self._after(LEDGER)
        if tip is None:
            return None
        with Objects(self.repo) as odb:
            return LedgerTree(odb, tip).bead(bead)


def commit_named(repo: Repo, name: str) -> str | None:
    """The id of what a name stands for, None for the null id. Raises NotFound."""
    if name == repo.zero:
        return None
    done = git(repo, "rev-parse", "--verify", "-q", "--end-of-options", name, ok=(0, 1, 128))
    if done.code != 0:
        raise NotFound("commit", name, hint="git log beads")
    return done.text
