"""The message of a landing commit: what was submitted, without anything that only the Refinery may say."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gt.core.bead import Bead, Submission
from gt.git.merge import trailers
from gt.refinery.outcomes import Outcome

OURS = re.compile(r"^[ \t]*gt-[a-z0-9-]*[ \t]*:", re.IGNORECASE)
"""A line that reads like a trailer of gt's, wherever it stands."""


def landing_message(bead: Bead, submission: Submission, submitted: str, proofs: Iterable[Outcome]) -> str:
    """`Title (bead)`, the body of the submitted commit's message, its trailers, ours.

    Of the submitted message no line that begins like a trailer of gt's survives.
    """
    body, theirs = _taken_apart(submitted)
    ours = [
        f"Gt-Bead: {bead.id}",
        f"Gt-Token: {submission.token}",
        f"Gt-Commit: {submission.commit}",
        *(f"Gt-Gate: {_word(proof.gate)} pass {proof.key}" for proof in proofs),
    ]
    parts = [f"{_line(bead.spec.title)} ({bead.id})", *([body] if body else []), "\n".join([*theirs, *ours])]
    return "\n\n".join(parts) + "\n"


def _taken_apart(message: str) -> tuple[str, list[str]]:
    """The body without subject and trailers, and the trailers; neither with lines that look like ours."""
    _, _, rest = message.strip().partition("\n")
    body = rest.strip()
    theirs = [f"{key}: {_line(value)}" for key, value in trailers(message) if not OURS.match(f"{key}:")]
    if trailers(message):
        paragraphs = re.split(r"\n[ \t]*(?:\n[ \t]*)+", body)
        body = "\n\n".join(paragraphs[:-1])
    kept = "\n".join(line for line in body.split("\n") if not OURS.match(line)).strip()
    return re.sub(r"\n{3,}", "\n\n", kept), theirs


def _line(text: str) -> str:
    return " ".join(text.split())


def _word(text: str) -> str:
    return "-".join(text.split())
