"""A closer look at one Bead, for `gt why`: what a look at the whole town doesn't ask, as most Beads aren't asked about.

Only looks. What can't be looked at adds nothing.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from gt.core.bead import Bead, Phase
from gt.core.calls import Call
from gt.core.values import dataclass
from gt.core.when import format_time
from gt.core.why import Reason
from gt.core.world import Standing, World
from gt.drive.agents import program_of
from gt.errors import GtError
from gt.fleet.places import log_path
from gt.git.repo import Repo


@dataclass(frozen=True, slots=True)
class Closer:
    """Looks closer at Beads of a world."""

    repo: Repo
    world: World
    calls: tuple[Call, ...]
    environ: Mapping[str, str]

    def __call__(self, bead: Bead, reason: Reason) -> Reason:
        """The reason again, with what is seen beyond the world."""
        with suppress(GtError, OSError):
            match bead.phase:
                case Phase.OPEN:
                    return self._unable(bead, reason)
                case Phase.LEASED:
                    return self._heard_of(bead, reason)
                case Phase.SUBMITTED:
                    return self._at_the_gates(bead, reason)
                case Phase.LANDED:
                    return self._behind(bead, reason)
                case _:
                    pass
        return reason

    def _unable(self, bead: Bead, reason: Reason) -> Reason:
        """Whether its agent's program is there, once all else is."""
        agent = self.world.agent_of(bead)
        if reason.command != "gt run" or agent is None:
            return reason
        name = program_of(agent)
        if name is None or shutil.which(name, path=self.environ.get("PATH", "")) is not None:
            return reason
        text = f"is ready, but {name}, which agent {agent.name} runs, isn't on PATH here"
        return replace(reason, text=text, command=f"gt claim {bead.id}")

    def _heard_of(self, bead: Bead, reason: Reason) -> Reason:
        """When its output grew last: what has printed nothing for long may hang."""
        lease = bead.status.lease
        if lease is None or lease.expires <= self.world.now or reason.until is None:
            return reason
        try:
            heard = int(os.stat(log_path(self.repo, bead.id, lease.token)).st_mtime)
        except OSError:
            return reason
        return replace(reason, text=f"{reason.text}, and printed something last at {format_time(heard)}")

    def _at_the_gates(self, bead: Bead, reason: Reason) -> Reason:
        """Whether it is gated at this moment, or was red together with others."""
        from gt.refinery import inspecting

        place = next((each for each in self.world.queue if each.bead == bead.id), None)
        if place is None or place.standing is not Standing.DUE:
            return reason
        line = [each for each in self.world.queue if each.base == place.base]
        company = inspecting.gated_with(self.repo, place.name)
        if company is not None:
            text = f"is submitted, and its gates run for {place.base} now{_together(company)}"
            return replace(reason, text=text, command="gt queue")
        target = self.world.targets.get(place.base)
        waived = target.waived if target else ()
        waiting = [each.name for each in line]
        red = inspecting.red_with(self.repo, place.name, place.base, waiting, waived)
        if red is None:
            return reason
        gate, others = red
        told = f"; gate {gate} was red on it{_together(others)}: more runs tell who is to blame"
        if not others:
            told = f"; gate {gate} was red on it: more runs tell whether it is to blame"
        return replace(reason, text=reason.text + told)

    def _behind(self, bead: Bead, reason: Reason) -> Reason:
        """What is wrong with its target by it; else the first stage behind that which hasn't got it, and why."""
        landed, sub = bead.status.landed, bead.status.submission
        target = self.world.targets.get(sub.base) if sub is not None else None
        if landed is None or target is None or reason.command is not None:
            return reason
        told = target.trouble if bead.id in (target.trouble or "") else ""
        told = told or (target.aside if landed.commit == target.tip else "")
        if told:
            hint = self._hint(f"target:{target.name}")
            return replace(reason, text=f"{reason.text}; {target.name} {told}", command=hint)
        stages = [each for each in self.world.stages if each.target == target.name]
        from gt.git.merge import is_ancestor

        for stage in stages:
            if stage.tip is not None and is_ancestor(self.repo, landed.commit, stage.tip):
                continue
            decision = stage.decision
            text = f"{reason.text}; {stage.branch}, which hasn't got it, {decision.why or 'has all it is to have'}"
            hint = f"gt promote {shlex.quote(stage.branch)}" if decision.due else self._hint(stage.subject)
            if decision.cause == "paused":
                hint = "gt resume"
            return replace(reason, text=text, command=hint, until=decision.until)
        return reason

    def _hint(self, subject: str) -> str | None:
        """What answers the call about this."""
        return next((call.hint for call in self.calls if call.subject == subject), None)


def _together(company: tuple[str, ...]) -> str:
    """With whom, as a clause to append; empty for nobody."""
    if not company:
        return ""
    more = f" and {len(company) - 1} more" if len(company) > 1 else ""
    return f" together with {company[0].partition('/')[0]}{more}"
