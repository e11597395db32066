"""What is wrong with a submission whatever its gates say: it is sent back before any is run."""

from __future__ import annotations

from dataclasses import dataclass, field

from gt.core.bead import Bead, Result
from gt.core.town import TOWN_FILE, Town
from gt.core.world import Standing
from gt.drive.merge_rulings import Rulings
from gt.drive.merge_view import View
from gt.errors import Malformed
from gt.git.committing import Committer
from gt.refinery import evidence
from gt.refinery.candidate import preview
from gt.refinery.commits import Unlayable, lay
from gt.refinery.gateruns import GateRuns
from gt.refinery.train import Member
from gt.refinery.yard import Yard


@dataclass(slots=True)
class Sorting:
    """What was looked at by one merge of one target."""

    yard: Yard
    target: str
    runs: GateRuns
    rulings: Rulings
    _judged: set[tuple[str, str]] = field(default_factory=set)
    """Tip and commit of each."""

    def sort_out(self, seen: View) -> bool:
        """Reject what conflicts with the target, or changes nothing; whether there was anything."""
        target = seen.queue.targets.get(self.target)
        if target is None or target.trouble or target.tip is None:
            return False
        done = False
        for queued in seen.queue.on(self.target):
            key = (target.tip, queued.commit)
            if queued.standing is not Standing.DUE or key in self._judged:
                continue
            self._judged.add(key)
            wrong = self._wrong(seen.beads[queued.bead], target.tip, seen.towns[self.target])
            if wrong is not None:
                self.rulings.reject(queued, *wrong)
                done = True
        return done

    def _wrong(self, bead: Bead, tip: str, town: Town) -> tuple[Result, str] | None:
        """What is wrong with a submission, whatever its gates say."""
        repo, sub = self.yard.repo, bead.status.submission
        assert sub is not None
        made = preview(repo, tip, sub.commit, town)
        clash = Result.CONFLICT if tip == sub.basecommit else Result.OVERTAKEN
        if made.clashes:
            return clash, evidence.of_conflict(repo, sub, made)
        if not made.changed:
            return Result.NO_CHANGE, evidence.of_nothing(sub, made)
        if not made.protected and sub.strategy != "rebase":
            return None
        train = self.runs.master.train(tip, [Member(bead.id, sub)])
        try:
            if train.cars:
                self.runs.candidate(train, town)
            if sub.strategy == "rebase":
                lay(
                    repo,
                    train,
                    {bead.id: bead},
                    town,
                    {},
                    Committer(repo, self.yard.actor, self.yard.clock()),
                )
        except Malformed as error:
            return Result.RED, f"would leave {TOWN_FILE} unreadable: {error.message}"
        except Unlayable as error:
            return clash, error.why
        return None
