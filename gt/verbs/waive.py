"""`gt waive`: a person's word that a gate which is red on a target doesn't hold landing there, and the end of it."""

from __future__ import annotations

import shlex
from dataclasses import replace

from gt.core.state import LONGEST_WAIVER, Waiver
from gt.core.values import dataclass
from gt.core.waivers import ordered, placed
from gt.core.when import format_duration
from gt.errors import NotFound, Refused
from gt.git.repo import Repo
from gt.git.signing import sign
from gt.refinery.approvals import unlisted
from gt.refinery.landing import last_look
from gt.refinery.waived import is_green, payload, signed_by
from gt.store.ledger import Changes, Ledger, Message, Snapshot
from gt.store.settings import town_at
from gt.store.targets import targets, tip


@dataclass(frozen=True, slots=True)
class Waived:
    """The waiver of a gate after the verb (None: there is none), and whether the verb changed it."""

    waiver: Waiver | None
    changed: bool
    green: bool = False
    """Whether the target passed when the gate was last run on it here: then there is nothing to let be."""


def target_meant(repo: Repo, name: str | None) -> str:
    """The target of this name (default: the first). Raises NotFound for what is no target of this clone."""
    known = targets(repo)
    if name is not None and name not in known:
        raise NotFound("target", name, hint=f"git config --add gt.target {name}")
    return name or known[0]


def waive(
    repo: Repo, ledger: Ledger, target: str, gate: str, reason: str, until: int, *, actor: str, now: int
) -> Waived:
    """Let a gate be red on a target until a time (seconds); an earlier waiver of it is replaced.

    It is for the red of the target as it is now. Signed by the user's key where the target asks for it. Raises NotFound for
    a gate that the target doesn't name, Refused for a waiver without a reason, one that would be over already or hold
    for longer than a waiver may, and where a signature is wanted that can't be made, or that nobody on its list has made.
    """
    said = " ".join(reason.split())
    if not said:
        raise Refused(
            "a waiver needs a reason, for those who wonder",
            hint=f'gt waive {shlex.quote(gate)} --reason "WHY"',
        )
    if until <= now:
        hint = f"gt waive {shlex.quote(gate)} --reason {shlex.quote(said)} --for 1d"
        raise Refused("that time has passed already: nothing would be waived", hint=hint)
    if until - now > LONGEST_WAIVER:
        longest = format_duration(LONGEST_WAIVER)
        raise Refused(
            f"a waiver holds for {longest} at most; it can be given again",
            hint=f"gt waive {shlex.quote(gate)} --reason {shlex.quote(said)} --for {longest}",
        )
    commit = tip(repo, target)
    if commit is None:
        raise Refused(f"{target} has no commit yet: nothing is red there")
    town = town_at(repo, commit)
    found = next((each for each in town.gates if each.name == gate), None)
    if found is None:
        known = ", ".join(each.name for each in town.gates) or "none"
        raise NotFound("gate", f"{gate} on {target} (there are: {known})")
    made = Waiver(target, gate, actor, said, now, until, commit)
    if town.refinery.approvals == "signed":
        made = replace(made, signature=sign(repo, payload(made)))
        if signed_by(repo, commit, made) is None:
            raise unlisted(repo, target, commit)
    done = _put(repo, ledger, target, gate, made, f"waive {gate} on {target}: {said}", actor, now)
    return replace(done, green=is_green(repo, commit, town, found, now))


def end(repo: Repo, ledger: Ledger, target: str, gate: str, *, actor: str, now: int) -> Waived:
    """End a waiver, whoever gave it; unchanged if there is none. Waits for a landing under way."""
    return _put(repo, ledger, target, gate, None, f"end the waiver of {gate} on {target}", actor, now)


def _put(
    repo: Repo,
    ledger: Ledger,
    target: str,
    gate: str,
    wanted: Waiver | None,
    subject: str,
    actor: str,
    now: int,
) -> Waived:
    changed: list[bool] = []

    def change(snapshot: Snapshot) -> Changes:
        state = snapshot.state()
        there = placed(state.waivers)
        changed[:] = [there.get((target, gate)) != wanted]
        if not changed[0]:
            return Changes()
        # Those that are over are of no more use, and somebody writes here anyhow.
        kept = {place: each for place, each in there.items() if each.until > now}
        kept.pop((target, gate), None)
        more = () if wanted is None else (wanted,)
        return Changes(state=replace(state, waivers=ordered([*kept.values(), *more])))

    with last_look(repo), ledger.hold() as held:
        ledger.update(held, Message(subject, "waive", actor, (), now), change).close()
    return Waived(wanted, changed[0])
