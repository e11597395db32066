"""What a landing commit says."""

from __future__ import annotations

from gt.core.bead import Submission
from gt.git.merge import trailers
from gt.refinery.message import landing_message
from tests.store.scenes import bead

SUB = Submission("1-aaaa", "c" * 40, "b", "main", "b" * 40, "", "merge", 0, "x")


def test_the_body_and_the_trailers_of_the_submitted_message_are_kept() -> None:
    one = bead(1, title="Fix it")
    said = landing_message(one, SUB, "subject\n\nWhy.\n\nMore.\n\nCo-authored-by: B <b@c>\ngt-bead: x\n", ())
    assert said.split("\n\n")[:3] == [f"Fix it ({one.id})", "Why.", "More."]
    assert trailers(said) == (
        ("Co-authored-by", "B <b@c>"),
        ("Gt-Bead", one.id),
        ("Gt-Token", "1-aaaa"),
        ("Gt-Commit", "c" * 40),
    )


def test_nothing_that_reads_like_ours_survives() -> None:
    said = landing_message(bead(1), SUB, "s\n\nGt-Gate: test pass x\ntext\n\nlast\nGT-COMMIT : y\n", ())
    assert "test pass" not in said
    assert "y" not in said.split("\n\n")[1]
    assert "text" in said
    assert "last" in said


def test_a_subject_that_reads_like_ours_is_kept_and_quoted() -> None:
    one = bead(1, title="gt-log: add colour")
    subject = f"'gt-log: add colour ({one.id})'\n\n"
    assert landing_message(one, SUB, "s\n\nGt-Gate: x\n", ()).startswith(f"{subject}Gt-Bead: ")
    own = landing_message(one, SUB, "s\n\ntext\n", (), "{bead}: {title}\n\n{body}")
    assert own.startswith(f"{one.id}: gt-log: add colour\n\ntext\n\nGt-Bead: ")


def test_without_a_body() -> None:
    one = bead(1, title="Fix it")
    assert landing_message(one, SUB, "subject", ()).startswith(f"Fix it ({one.id})\n\nGt-Bead: ")
