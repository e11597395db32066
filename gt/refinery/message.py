"""The message of a landing commit: what was submitted, without anything that only the Refinery may say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gt.core.bead import Bead, Submission
from gt.core.state import Waiver
from gt.git.merge import trailers
from gt.refinery.outcomes import Outcome, Verdict
from gt.refinery.waived import TRAILER, told

OURS = re.compile(r"^[ \t]*gt-[a-z0-9-]*[ \t]*:", re.IGNORECASE)
"""A line that reads like a trailer of gt's, wherever it stands."""


BYPASS = "Gt-Bypass"
"""The trailer of what a person landed without proof: who, and why."""

ADOPTED = "Gt-Adopted"
"""The trailer of a landing on what others put on the target: `LAST..TIP`, the last landing before that and the last
commit of theirs; `TIP` alone where nothing had landed before."""

TEMPLATE = "{title} ({bead})\n\n{body}"
"""What a landing commit says above its trailers, unless the town has a template of its own."""


def landing_message(
    bead: Bead,
    submission: Submission,
    submitted: str,
    proofs: Iterable[Outcome],
    template: str | None = None,
    more: Iterable[str] = (),
    bypass: str = "",
    waivers: Iterable[Waiver] = (),
    adopted: str = "",
) -> str:
    """What the template makes of title, Bead, token, agent and the submitted message's body; its trailers; ours.

    Of the submitted message no line that begins like a trailer of gt's survives. `more` are further trailers; a
    co-author is named once. `bypass`: who lands it without proof, and why. `waivers`: those without which it would not land.
    `adopted`: what others put there before, as `ADOPTED` has it.
    """
    body, theirs = _taken_apart(submitted)
    values = {
        "title": _line(bead.spec.title),
        "bead": bead.id,
        "token": submission.token,
        "agent": submission.agent,
        "body": body,
    }
    text = re.sub(r"\{([a-z]+)\}", lambda found: values.get(found[1], found[0]), template or TEMPLATE)
    subject, *rest = text.strip().split("\n")
    first = subject if subject.startswith(f"{bead.id}:") else _quoted(subject)
    said = re.sub(
        r"\n{3,}", "\n\n", "\n".join([first, *(line for line in rest if not OURS.match(line))])
    ).strip()
    ours = [
        *_naming(bead, submission),
        *map(_proving, proofs),
        *_bypassing(bypass),
        *map(_waiving, waivers),
        *_adopting(adopted),
    ]
    trailing = "\n".join([*dict.fromkeys([*theirs, *more]), *ours])
    return "\n\n".join([said or f"{bead.id}", trailing]) + "\n"


def picked_message(submitted: str) -> str:
    """The message of a commit that lands as it was submitted, less what only gt may say."""
    body, theirs = _taken_apart(submitted)
    first = _quoted(submitted.strip().partition("\n")[0])
    return "\n\n".join(part for part in (first, body, "\n".join(theirs)) if part) + "\n"


def train_message(
    members: Sequence[tuple[Bead, Submission]],
    proofs: Iterable[Outcome],
    bypass: str = "",
    waivers: Iterable[Waiver] = (),
    adopted: str = "",
) -> str:
    """The message of a merge under which several changes, or the commits of one, land together."""
    if len(members) == 1:
        bead, sub = members[0]
        return landing_message(bead, sub, "", proofs, bypass=bypass, waivers=waivers, adopted=adopted)
    subject = f"Land {len(members)} changes: {', '.join(bead.id for bead, _ in members)}"
    titles = "\n".join(f"- {_line(bead.spec.title)} ({bead.id})" for bead, _ in members)
    named = [line for bead, sub in members for line in _naming(bead, sub)]
    ours = [
        *named,
        *map(_proving, proofs),
        *_bypassing(bypass),
        *map(_waiving, waivers),
        *_adopting(adopted),
    ]
    return "\n\n".join([subject, titles, "\n".join(ours)]) + "\n"


def _quoted(subject: str) -> str:
    """A subject, so that it doesn't read like a trailer of gt's."""
    return f"'{subject}'" if OURS.match(subject) else subject


def _naming(bead: Bead, submission: Submission) -> list[str]:
    return [f"Gt-Bead: {bead.id}", f"Gt-Token: {submission.token}", f"Gt-Commit: {submission.commit}"]


def _proving(proof: Outcome) -> str:
    # What failed and is told of all the same is what a person let be.
    how = "pass" if proof.verdict is Verdict.PASS else "waived"
    return f"Gt-Gate: {_word(proof.gate)} {how} {proof.key}"


def _waiving(waiver: Waiver) -> str:
    return f"{TRAILER}: {_word(waiver.gate)} {told(waiver)}"


def _bypassing(bypass: str) -> list[str]:
    return [f"{BYPASS}: {_line(bypass)}"] if bypass else []


def _adopting(adopted: str) -> list[str]:
    return [f"{ADOPTED}: {adopted}"] if adopted else []


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
