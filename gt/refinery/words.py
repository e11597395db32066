"""A person's word that a commit may go to a stage: whether it counts, and what of it is signed."""

from __future__ import annotations

from gt.core.state import Word
from gt.core.town import Town
from gt.core.when import format_time
from gt.git.repo import Repo
from gt.git.signing import signer
from gt.refinery.approvals import signers


def counts(repo: Repo, town: Town, tip: str, stage: str, word: Word) -> bool:
    """Whether a word for this stage counts; `tip`: the target's, `town`: the settings there."""
    return town.refinery.approvals == "any" or signed_by(repo, tip, stage, word) is not None


def signed_by(repo: Repo, tip: str, stage: str, word: Word) -> str | None:
    """Whose signature it carries, by the keys on this commit of the target; None: nobody's who is listed there."""
    if word.signature is None:
        return None
    return signer(payload(stage, word), word.signature, *signers(repo, tip))


def payload(stage: str, word: Word) -> bytes:
    """What is signed: all that the word says."""
    lines = (
        "gt promotion 1",
        f"stage {stage}",
        f"commit {word.commit}",
        f"by {word.by}",
        f"at {format_time(word.at)}",
    )
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
