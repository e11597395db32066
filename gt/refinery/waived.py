"""Which waiver covers a gate that is red on a target's tip: one given for this very red, which never ended since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from gt.core.state import Waiver
from gt.core.town import Gate, Town
from gt.core.when import format_time
from gt.core.world import Target
from gt.errors import GtError
from gt.git.lineage import steps
from gt.git.merge import is_ancestor, trailers
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.git.signing import signer
from gt.refinery import outcomes
from gt.refinery.approvals import signers
from gt.refinery.gates import along
from gt.refinery.outcomes import Outcome, Verdict

TRAILER = "Gt-Waiver"
"""The trailer of what landed though a gate was red: which, until when that was let be, by whom, and why."""
BACK = 200
"""How many commits of a target are looked at for one that was green."""


def covering(
    repo: Repo, tip: str, town: Town, gate: Gate, waivers: Iterable[Waiver], now: int
) -> Waiver | None:
    """The waiver among these (of the tip's target, in force) that holds for the gate, provided it is red on the tip.

    A waiver is for the red that somebody saw. Once the target has been green for the gate, what turns it red again is
    something new, and so is all on a target that was rewound to before the waiver. Where the target wants words signed,
    one that isn't is none.
    """
    found = next((each for each in waivers if each.gate == gate.name), None)
    if found is None or not _reaches(repo, found.tip, tip) or not _counts(repo, tip, town, found):
        return None
    return None if _has_been_green(repo, tip, town, gate, found, now) else found


def in_force(
    repo: Repo, targets: Mapping[str, Target], towns: Mapping[str, Town], waivers: Iterable[Waiver], now: int
) -> tuple[Waiver, ...]:
    """Those of these waivers, whose time isn't over, that hold yet if their gate is red; also where nobody can say."""
    return tuple(
        each
        for each in waivers
        if not _is_over(repo, targets.get(each.target), towns.get(each.target), each, now)
    )


def _is_over(repo: Repo, target: Target | None, town: Town | None, waiver: Waiver, now: int) -> bool:
    if target is None or target.tip is None or town is None:
        return False
    gate = next((each for each in town.gates if each.name == waiver.gate), None)
    with suppress(GtError):
        return gate is None or covering(repo, target.tip, town, gate, [waiver], now) is None
    return False


def payload(waiver: Waiver) -> bytes:
    """What is signed: all that a waiver says."""
    lines = (
        "gt waiver 1",
        f"target {waiver.target}",
        f"gate {waiver.gate}",
        f"tip {waiver.tip}",
        f"by {waiver.by}",
        f"at {format_time(waiver.at)}",
        f"until {format_time(waiver.until)}",
        f"reason {waiver.reason}",
    )
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


def signed_by(repo: Repo, tip: str, waiver: Waiver) -> str | None:
    """Whose signature it carries, by the keys on this commit of the target; None: nobody's who is listed there."""
    if waiver.signature is None:
        return None
    return signer(payload(waiver), waiver.signature, *signers(repo, tip))


def _counts(repo: Repo, tip: str, town: Town, waiver: Waiver) -> bool:
    return town.refinery.approvals == "any" or signed_by(repo, tip, waiver) is not None


def is_green(repo: Repo, tip: str, town: Town, gate: Gate, now: int) -> bool:
    """Whether this tip passed the gate when it was run on it here last."""
    with Objects(repo) as odb:
        tree = odb.commit(tip).tree
    (check,) = along(repo, town, gate, [tree])
    last = outcomes.latest(outcomes.by_itself(outcomes.kept(repo, check.key, now)))
    return last is not None and last.verdict is Verdict.PASS


def relied_on(town: Town, proofs: Iterable[Outcome]) -> tuple[Waiver, ...]:
    """The waivers that a landing with these outcomes hangs on, under the settings in force.

    A gate that runs after a landing would have had to pass before it, had nobody waived that it is red.
    """
    failed = {proof.gate for proof in proofs if proof.verdict is Verdict.FAIL}
    held = (gate for gate in town.gates if gate.when == "after" or gate.name in failed)
    return tuple(gate.waiver for gate in held if gate.waiver is not None)


def told(waiver: Waiver) -> str:
    """Until when a gate is let be, by whom, and why: a clause after the gate."""
    return f"until {format_time(waiver.until)} by {waiver.by}: {' '.join(waiver.reason.split())}"


def read(message: str) -> dict[str, str]:
    """What a landing commit says of waivers: by gate, the clause after it."""
    said = (value.partition(" ") for name, value in trailers(message) if name == TRAILER)
    return {gate: clause for gate, _, clause in said}


def landed_under(repo: Repo, commit: str) -> dict[str, str]:
    """What a landing of gt's says of waivers, as `read` gives it; nothing where the commit isn't here."""
    with Objects(repo) as odb:
        return read(odb.commit(commit).message) if odb.has(commit) else {}


def _reaches(repo: Repo, old: str, tip: str) -> bool:
    with Objects(repo) as odb:
        here = odb.has(old)
    return here and is_ancestor(repo, old, tip)


def _has_been_green(repo: Repo, tip: str, town: Town, gate: Gate, waiver: Waiver, now: int) -> bool:
    line = [step.tree for step in steps(repo, waiver.tip, tip, limit=BACK)]
    with Objects(repo) as odb:
        trees = [*line, odb.commit(waiver.tip).tree]
    for number, check in enumerate(along(repo, town, gate, trees)):
        seen = outcomes.by_itself(outcomes.kept(repo, check.key, now, outcomes.EVER))
        if any(each.verdict is Verdict.PASS and each.at > waiver.at for each in seen):
            return True
        last = outcomes.latest(seen)
        # What landed later may have been proven earlier; of the tip of then that says what it was before.
        if number < len(line) and last is not None and last.verdict is Verdict.PASS:
            return True
    return False
