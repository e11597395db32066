"""Which submitted Beads their target already has: derived from the target's commits, and from nothing else.

A Bead has landed when a first-parent commit of its base that the Refinery made, after the commit it was submitted
on, names its (Bead, token, commit). Where a person acknowledged a move of the target, being reachable is enough; what gt
offered to others has landed when the target has it, see `observed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gt.core.bead import Bead, Landed, Phase, Submission
from gt.core.state import Acceptance
from gt.errors import IllegalMove
from gt.git.lineage import Step, steps
from gt.git.merge import is_ancestor, trailers
from gt.git.repo import Repo
from gt.git.run import GitFailed
from gt.refinery import observed
from gt.refinery.message import ADOPTED
from gt.refinery.observed import first_with
from gt.refinery.pins import Tips, seen
from gt.refinery.restack import brings
from gt.refinery.told import Triple, members


def derive(
    repo: Repo,
    submitted: Iterable[Bead],
    targets: Iterable[str],
    acknowledged: Mapping[str, Acceptance] | None = None,
) -> dict[str, Landed]:
    """For each of these Beads that has landed on one of the targets: where.

    `acknowledged`: for each target, up to where a person accepted moves that gt didn't make. What can't be looked
    at (a missing commit) counts as not landed. Where no target moved since a submission, no process is run.
    """
    known = frozenset(targets)
    groups: dict[tuple[str, str], list[tuple[Bead, Submission]]] = {}
    for bead in submitted:
        sub = bead.status.submission
        if bead.phase is Phase.SUBMITTED and sub is not None and sub.base in known:
            groups.setdefault((sub.base, sub.basecommit), []).append((bead, sub))
    found: dict[str, Landed] = {}
    for (base, since), group in groups.items():
        at = seen(repo, base)
        if at.tip is None or at.tip == since:
            continue
        try:
            found.update(_in_trailers(repo, at, since, group))
            word = (acknowledged or {}).get(base)
            rest = [(bead, sub) for bead, sub in group if bead.id not in found]
            if word is not None and rest:
                found.update(_reachable(repo, at.tip, word.commit, since, rest))
            rest = [(bead, sub) for bead, sub in group if bead.id not in found]
            found.update(_by_others(repo, at.tip, rest))
        except GitFailed:
            continue
    return found


def unlanded(repo: Repo, bead: Bead, acknowledged: Mapping[str, Acceptance]) -> None:
    """Raise IllegalMove if the target has what this Bead submitted, recorded or not: it can't be taken back then."""
    sub = bead.status.submission
    if sub is None:
        return
    found = derive(repo, [bead], [sub.base], acknowledged).get(bead.id)
    if found is not None:
        raise IllegalMove(
            bead.id, f"has landed as {found.commit[:12]}", hint=f"gt landed {bead.id} {sub.token}"
        )


def made_by_gt(repo: Repo, at: Tips, since: str | None) -> frozenset[str]:
    """The first-parent commits after `since` of what gt itself made of a target, landed or not.

    Each landing tells of the one before: it stands on that, or says in its message what others put between.
    """
    return frozenset(oid for top in _tops(repo, at) for oid in _made(repo, top, since))


def adopts(repo: Repo, at: Tips) -> str:
    """What the next landing has to say of what it stands on, as `ADOPTED` has it; nothing where that is gt's own."""
    assert at.tip is not None
    tops = _tops(repo, at)
    if at.tip in tops:
        return ""
    return f"{tops[-1]}..{at.tip}" if tops else at.tip


def _tops(repo: Repo, at: Tips) -> tuple[str, ...]:
    """The commits that gt is known to have made of a target last: the one that it noted down, and the one that is there."""
    assert at.tip is not None
    tops = () if at.own is None else (at.own,)
    if at.coming is not None and at.coming != at.own and is_ancestor(repo, at.coming, at.tip):
        return (*tops, at.coming)
    return tops


def _made(repo: Repo, top: str, since: str | None) -> Iterator[str]:
    line: dict[str, Step] = {}
    at: str | None = top
    while at is not None:
        if at not in line:
            line = {step.oid: step for step in _line(repo, since, at, known=at == top)}
        if at not in line:
            return
        yield at
        at = _before(line[at])


def _line(repo: Repo, since: str | None, at: str, *, known: bool) -> tuple[Step, ...]:
    try:
        return steps(repo, since, at)
    except GitFailed:
        if known:
            raise
        return ()  # the target went back once, and nothing holds what it went back from


def _before(step: Step) -> str | None:
    """The commit of gt's that came before one; None: there is none."""
    said = dict(trailers(step.message)).get(ADOPTED) if ADOPTED in step.message else None
    if said is not None:
        last, dots, _ = said.partition("..")
        return last if dots else None
    return step.parents[0] if step.parents else None


def _in_trailers(
    repo: Repo, at: Tips, since: str, group: list[tuple[Bead, Submission]]
) -> Iterator[tuple[str, Landed]]:
    wanted = {(bead.id, sub.token, sub.commit) for bead, sub in group}
    assert at.tip is not None
    named: list[tuple[Triple, Step]] = []
    for step in steps(repo, since, at.tip):
        named += [(triple, step) for triple in members(step.message) if triple in wanted]
    if not named:
        return
    # What others put there, and gt stands on, may be a landing of which another machine never came to tell.
    own = {step.oid for top in _tops(repo, at) for step in steps(repo, since, top)}
    for triple, step in reversed(named):
        bead = triple[0]
        # What others put there names what it likes; gt writes its trailers by itself.
        if step.oid in own and (step.oid in (at.own, at.coming) or brings(repo, step, triple)):
            yield bead, Landed(step.oid, step.tree, step.time)


def _by_others(repo: Repo, tip: str, group: list[tuple[Bead, Submission]]) -> Iterator[tuple[str, Landed]]:
    for bead, sub in group:
        step = observed.find(repo, bead.id, sub, tip)
        if step is not None:
            yield bead.id, Landed(step.oid, step.tree, step.time)


def _reachable(
    repo: Repo, tip: str, word: str, since: str, group: list[tuple[Bead, Submission]]
) -> Iterator[tuple[str, Landed]]:
    if not is_ancestor(repo, word, tip):
        return
    for bead, sub in group:
        if is_ancestor(repo, sub.commit, word) and not is_ancestor(repo, sub.commit, since):
            step = first_with(repo, steps(repo, since, word)[::-1], sub.commit)
            if step is not None:
                yield bead.id, Landed(step.oid, step.tree, step.time)
