"""Carrying out what the scheduler decides: landings and rejections, each recorded, told, and put into the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gt.core.bead import Landed, Result, Submission
from gt.core.docket import Docket, Ids
from gt.core.rulings import Land, Reject, RejectPair
from gt.core.state import Waiver
from gt.core.town import Town
from gt.core.world import Queued, Standing
from gt.drive.merge_blame import convicting
from gt.drive.merge_report import MergeReport, Rejection
from gt.drive.merge_view import View
from gt.errors import Refused
from gt.git.run import GitFailed
from gt.lock import Held
from gt.refinery import refusals
from gt.refinery.candidate import named, preview
from gt.refinery.docketing import Docketing
from gt.refinery.gateruns import GateRuns
from gt.refinery.landing import NotNow, land
from gt.refinery.offering import Failed, offer
from gt.refinery.offers import where
from gt.refinery.outcomes import Outcome
from gt.refinery.proving import Candidate
from gt.refinery.refusals import Refusal
from gt.refinery.train import Member, Train
from gt.refinery.waived import relied_on, told
from gt.refinery.yard import Yard
from gt.store.ledger import Ledger
from gt.verbs.landed import landed_together
from gt.verbs.reject import reject as send_back


@dataclass(slots=True)
class Rulings:
    """What a merge does to its target and to the ledger; `held` is the merge lock."""

    yard: Yard
    ledger: Ledger
    held: Held
    target: str
    report: MergeReport
    tell: Callable[[str], None]
    runs: GateRuns
    docketing: Docketing
    refused: dict[tuple[str, Ids], str] = field(default_factory=dict)
    """What could not be landed on which tip, and why: trying again in the same world wouldn't help."""

    def record(self, tokens: Mapping[str, str]) -> None:
        """Tell the ledger of landings: Beads with their tokens."""
        yard = self.yard
        landed_together(yard.repo, self.ledger, tokens, actor=yard.actor, now=yard.clock())

    def found(self, subs: Mapping[str, Submission], landings: Mapping[str, Landed]) -> None:
        """Targets have these already: by a merge that was killed, or by others who were asked. Each is recorded and told."""
        self.record({name: sub.token for name, sub in subs.items()})
        for name, sub in subs.items():
            if sub.base == self.target:
                self.report.landed.append((name, sub.token, landings[name]))
            self.tell(f"{name} landed on {sub.base} as {landings[name].commit[:12]}")

    def land(self, ruling: Land, docket: Docket, order: Mapping[str, Member], town: Town) -> bool:
        """Land these, if their tree on the tip is proven; each is recorded and told. Whether anything is new."""
        key = (docket.tip, frozenset(ruling.members))
        if key in self.refused:
            return False
        it = self._proven(ruling, docket, order, town)
        proofs = it.proofs(self.yard.repo, self.yard.clock()) if it else None
        if it is None or proofs is None:
            # Merged in another order, or on what landed meanwhile, they come to another tree than the one that passed.
            if ruling.proof.base != docket.tip:
                self.runs.disown(ruling.proof)
            return True
        if town.refinery.land is not None:
            return self._offer(key, it.train, proofs, town)
        try:
            done = land(self.yard, self.ledger, self.held, self.target, it.train, {it.tree: proofs}, town)
        except GitFailed as error:
            self._keep(it.train, error.message)
            raise
        if isinstance(done, NotNow):
            self.yard.say(f"{label(it.train, self.target)}: not landed: {done.why}")
            if done.refused:
                self._refused(ruling, it.train, done)
                return True
            misfit = next((each for each in it.train.members if each.bead == done.misfit), None)
            if misfit is not None and len(it.train.members) > 1:
                self.docketing.part(misfit, it.train.members)
                self.runs.disown(ruling.proof)
            else:
                self.refused[key] = done.why
            return True
        self.took(it.train.members, done, relied_on(town, proofs))
        return True

    def _refused(self, ruling: Land, train: Train, said: NotNow) -> None:
        """Git refused a landing: keep that, for it calls for a person. It may be about one of several: then each goes alone."""
        if said.theirs and len(train.members) > 1:
            for member in train.members:
                self.docketing.part(member, train.members)
            self.runs.disown(ruling.proof)
        else:
            self._keep(train, said.why)

    def _keep(self, train: Train, why: str) -> None:
        for member in train.members:
            refusal = Refusal(train.tip, why)
            refusals.keep(self.yard.repo, refusals.name(member.bead, member.sub), refusal)

    def _offer(self, key: tuple[str, Ids], train: Train, proofs: Sequence[Outcome], town: Town) -> bool:
        """Ask others to land this one. Whether anything is new: a failure is, for tries are counted."""
        name = label(train, self.target)
        done = offer(self.yard, self.ledger, self.target, train, proofs, town)
        if isinstance(done, NotNow):
            self.yard.say(f"{name}: not offered: {done.why}")
            self.refused[key] = done.why
        elif isinstance(done, Failed):
            self.yard.say(f"{name}: not offered: {done.why}")
        else:
            (member,) = train.members
            sub = replace(member.sub, offered=done)
            self.report.offered.append((member.bead, sub))
            self.tell(f"{name} offered for {self.target} as {where(member.bead, sub, town)}")
        return True

    def took(self, members: Sequence[Member], done: Landed, waivers: Sequence[Waiver] = ()) -> None:
        """The target has these: each is recorded and told, with the waivers that it hung on."""
        self.report.waivers += [each for each in waivers if each not in self.report.waivers]
        red = "".join(f"; gate {each.gate} is red, and waived {told(each)}" for each in waivers)
        for member in members:
            self.report.landed.append((member.bead, member.sub.token, done))
        self.record({member.bead: member.sub.token for member in members})
        for member in members:
            self.tell(f"{member.bead} landed on {self.target} as {done.commit[:12]}{red}")

    def obstacle(self, left: Sequence[Queued], tip: str | None) -> str | None:
        """Why what is proven and due still could not be landed, as a clause after the target's name; None if nothing is."""
        due = {q.name for q in left if q.standing is Standing.DUE}
        found = [why for (at, members), why in self.refused.items() if at == tip and members <= due]
        return f"could not be moved: {found[-1]}" if found else None

    def _proven(
        self, ruling: Land, docket: Docket, order: Mapping[str, Member], town: Town
    ) -> Candidate | None:
        """The candidate that was gated; made anew on the tip if that was on an older one."""
        known = self.runs.of(ruling.proof.base, ruling.proof.members)
        if known is not None and ruling.proof.base == docket.tip:
            return self.runs.candidate(known.train, town)
        train = self.runs.train(docket.tip, ruling.members, order)
        return self.runs.candidate(train, town) if len(train.cars) == len(ruling.members) else None

    def convict(self, ruling: Reject | RejectPair, docket: Docket, town: Town, seen: View) -> bool:
        """Send back what the evidence is against, if it is evidence; whether anything is new."""
        member = self.docketing.member(ruling.change, seen.beads)
        queued = next((q for q in seen.queue.on(self.target) if member and q.bead == member.bead), None)
        if member is None or queued is None:
            return False
        made = preview(self.yard.repo, docket.tip, member.sub.commit, town)
        tree = None if made.clashes else named(self.yard.repo, made)
        foreign = [red for red in ruling.reds if self.runs.is_outdated(red, tree)]
        for red in foreign:
            self.runs.disown(red)
        if foreign:
            return True
        why = convicting(self.yard, self.runs, ruling, member, self.target, docket.tip)
        return self.reject(queued, Result.RED, why)

    def reject(self, queued: Queued, result: Result, reason: str) -> bool:
        """Send a submission back, and tell; False if it was withdrawn, rejected or replaced meanwhile."""
        yard = self.yard
        try:
            send_back(
                yard.repo, self.ledger, queued.bead, reason,
                token=queued.token, result=result, actor=yard.actor, now=yard.clock(), tell=yard.say,
            )  # fmt: skip
        except Refused as error:
            yard.say(f"{queued.bead}: not rejected: {error.message}")
            return False
        self.report.rejected.append(Rejection(queued.bead, queued.token, result, reason))
        self.tell(f"{queued.bead} rejected ({result}): {reason.partition(chr(10))[0]}")
        return True


def label(train: Train, target: str) -> str:
    """A train as people are told of it."""
    return ", ".join(member.bead for member in train.members) or target
