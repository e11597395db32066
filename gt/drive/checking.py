"""What a pipeline asks of a pull request: a Bead that may land by it, a ledger that is sound, and green gates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from pathlib import Path

from gt.core.bead import Bead, Phase
from gt.core.finding import Finding, Severity
from gt.core.ids import is_id
from gt.core.values import dataclass
from gt.drive.doctor import of_ledger
from gt.drive.trying import TryReport, Wanted, try_out
from gt.errors import GtError, NotFound
from gt.fleet.output import tail
from gt.git import refs
from gt.git.lineage import files
from gt.git.merge import trailers
from gt.git.repo import Repo
from gt.git.run import git
from gt.refinery import pins
from gt.refinery.outcomes import Verdict
from gt.refinery.yard import Yard
from gt.store.ledger import Ledger
from gt.store.targets import targets

NAMED = re.compile(r"\b[a-z][a-z0-9]{0,15}-[0-9a-hjkmnp-tv-z]{8}\b")
"""What looks like the id of a Bead, in a text."""

PLACE = re.compile(r"^\s*(?:File \")?([^\s:\"][^:\"\n]{0,300}?)(?:\", line |:)(\d{1,7})(?::\d+)?[:, ]*(.*)$")
"""A line of a gate's output that names a place: `path:12: text`, `File "path", line 12`."""

READ = 64 << 10
"""Bytes of a red gate's output, from its end, that are looked at."""

PLACES = 10
"""How many places one gate may name: GitHub shows no more for a step."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to be said of the pull request."""

    severity: Severity
    text: str
    title: str
    file: str | None = None
    line: int | None = None


@dataclass(slots=True)
class Checked:
    """What was found."""

    head: str
    target: str
    beads: list[Bead] = field(default_factory=list)
    """Those that it names."""
    tried: TryReport | None = None
    """None: it could not be tried, and a remark says why."""
    remarks: list[Remark] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return all(each.severity is not Severity.ERROR for each in self.remarks)

    @property
    def unsure(self) -> bool:
        """Whether all that is against it is that a gate could not be run."""
        errors = [each for each in self.remarks if each.severity is Severity.ERROR]
        lame = self.tried is not None and self.tried.verdict is Verdict.COULD_NOT_RUN
        return lame and all(each.title.startswith("gate ") for each in errors)


def check(yard: Yard, ledger: Ledger, head: str, target: str | None, texts: Sequence[str]) -> Checked:
    """Look at a commit that is to be merged into a target (default: the first); `texts`: what else may name its Bead.

    Raises NotFound where there is no such commit or target, KeyboardInterrupt when interrupted.
    """
    repo = yard.repo
    name = target or targets(repo)[0]
    tip = refs.read(repo, pins.branch(name))
    if name not in targets(repo) or tip is None:
        raise NotFound("target", name, hint="gt status")
    done = git(repo, "rev-parse", "--verify", "-q", "--end-of-options", f"{head}^{{commit}}", ok=(0, 1, 128))
    if done.code != 0:
        raise NotFound("commit", head, hint="git log")
    found = Checked(done.text, name)
    messages = git(repo, "log", "-z", "--format=%B", found.head, f"^{tip}", "--").fields
    found.remarks += _of_beads(ledger, found, [*texts, *messages])
    found.remarks += map(_of_finding, of_ledger(repo, ledger, yard.clock()))
    try:
        found.tried = try_out(yard, ledger, Wanted((found.head,), target=name, keep_going=True))
    except GtError as error:
        found.remarks.append(Remark(Severity.ERROR, error.message, "gates"))
    else:
        found.remarks += _of_gates(repo, found.head, found.tried)
    return found


def _of_beads(ledger: Ledger, found: Checked, texts: Sequence[str]) -> Iterator[Remark]:
    """Finds the Beads that are named; says what is against their landing by this."""
    said = [value for text in texts for key, value in trailers(text) if key.lower() == "gt-bead"]
    names = dict.fromkeys([*said, *(name for text in texts for name in NAMED.findall(text))])
    try:
        with ledger.read() as snapshot:
            known = {name: snapshot.find(name) for name in names if is_id(name)}
            prefix = snapshot.meta().prefix
    except GtError as error:
        yield Remark(Severity.ERROR, error.message, "ledger")
        return
    for name, bead in known.items():
        if bead is not None:
            found.beads.append(bead)
            why = _unfit(bead, found.target)
            if why:
                yield Remark(Severity.ERROR, f"{name} {why}", "Bead")
        elif name in said or name.startswith(f"{prefix}-"):
            # A word may look like an id; a trailer means one.
            severity = Severity.ERROR if name in said else Severity.WARNING
            yield Remark(severity, f"{name} is not in the ledger", "Bead")
    if not found.beads:
        text = (
            f"no Bead is named: write its id ({prefix}-...) into the title, the branch's name, or a message"
        )
        yield Remark(Severity.ERROR, text, "Bead")


def _unfit(bead: Bead, target: str) -> str:
    """Why a Bead can't land by a pull request for this target; empty if it can."""
    if bead.phase in (Phase.PROPOSED, Phase.LANDED, Phase.CLOSED):
        return f"is {bead.phase}"
    if bead.spec.hold:
        return "is on hold"
    if bead.spec.base not in (None, target):
        return f"is to land on {bead.spec.base}, not on {target}"
    return ""


def _of_finding(finding: Finding) -> Remark:
    return Remark(finding.severity, f"{finding.subject} {finding.text}", f"ledger: {finding.check}")


def _of_gates(repo: Repo, head: str, tried: TryReport) -> Iterator[Remark]:
    yield from (Remark(Severity.ERROR, text, "merge") for text in tried.conflicts)
    yield from (Remark(Severity.NOTE, text, "merge") for text in tried.remarks)
    there: frozenset[str] | None = None
    for each in tried.gates:
        made = each.outcome
        if made is None or made.verdict is Verdict.PASS:
            continue
        if each.is_let_be:
            yield Remark(Severity.WARNING, f"is {made.verdict} ({made.why}), and waived", f"gate {each.gate}")
            continue
        yield Remark(Severity.ERROR, f"{made.verdict}: {made.why}", f"gate {each.gate}")
        if there is None:
            there = frozenset(path for _, _, path in files(repo, head))
        yield from _places(tail(Path(made.log), READ), there, f"gate {each.gate}")


def _places(output: str, there: frozenset[str], title: str) -> Iterator[Remark]:
    """The places in files of the pull request that a gate's output names."""
    seen: set[tuple[str, int]] = set()
    for line in output.splitlines():
        found = PLACE.match(line[:1000])
        path = found[1].removeprefix("./") if found else ""
        if found and path in there and (path, int(found[2])) not in seen and len(seen) < PLACES:
            seen.add((path, int(found[2])))
            yield Remark(Severity.ERROR, found[3] or line.strip(), title, path, int(found[2]))
