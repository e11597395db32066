"""What was found of a pull request: as GitHub and GitLab take what stands beside the code, and as a page in Markdown."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from gt.core.finding import Severity
from gt.drive.checking import Checked, Remark

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_DEGREES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~])")


def annotation(remark: Remark) -> str:
    """The remark as a command of a workflow: one line, whatever it says."""
    known: Mapping[str, str | None] = {
        "file": remark.file,
        "line": None if remark.line is None else str(remark.line),
        "title": remark.title,
    }
    given = ",".join(f"{name}={_property(value)}" for name, value in known.items() if value is not None)
    return f"::{_LEVELS[remark.severity]} {given}::{_data(remark.text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def code_quality(found: Checked) -> list[dict[str, Any]]:
    """The remarks that stand beside the code, as GitLab's report of code quality has them."""
    return [
        {
            "description": remark.text,
            "check_name": remark.title,
            "fingerprint": _fingerprint(remark),
            "severity": _DEGREES[remark.severity],
            "location": {"path": remark.file, "lines": {"begin": remark.line}},
        }
        for remark in found.remarks
        if remark.file is not None
    ]


def _fingerprint(remark: Remark) -> str:
    """The same for the same remark of another commit, so that GitLab can tell what is new."""
    whole = "\0".join((remark.title, remark.file or "", str(remark.line), remark.text))
    return hashlib.sha256(whole.encode()).hexdigest()


def markdown(found: Checked) -> str:
    """The whole as a page: the verdict, the Beads, the gates, and each remark."""
    return "\n".join(_page(found)) + "\n"


def _page(found: Checked) -> Iterator[str]:
    verdict = "may land" if found.good else "may not land"
    yield f"## {found.head[:12]} {verdict} on {_text(found.target)}"
    if found.beads:
        yield from ("", "| Bead | phase | title |", "| --- | --- | --- |")
    for bead in found.beads:
        yield f"| {_text(bead.id)} | {bead.phase} | {_text(bead.spec.title)} |"
    if found.tried is not None and found.tried.gates:
        yield from ("", "| gate | verdict | how |", "| --- | --- | --- |")
        for each in found.tried.gates:
            made = each.outcome
            how = "not run" if made is None else f"{made.why}, {made.seconds:.1f} s"
            yield f"| {_text(each.gate)} | {'' if made is None else made.verdict} | {_text(how)} |"
    if found.remarks:
        yield ""
    for remark in found.remarks:
        place = "" if remark.file is None else f" {_text(remark.file)}:{remark.line}"
        yield f"- **{_LEVELS[remark.severity]}** {_text(remark.title)}{place}: {_text(remark.text)}"


def _text(text: str) -> str:
    """Others' text as one line that means nothing to Markdown but what it says."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()).replace("&", "&amp;").replace("@", "@\u200b"))
