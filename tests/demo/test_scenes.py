"""A promise counts as kept only if the ledger shows it."""

from __future__ import annotations

import pytest

from gt.core.bead import Bead, Created, Spec
from gt.demo.scenes import scenes
from tests.conftest import NOW

TITLES = (
    "Add slugify",
    "Add a command line",
    "Split at tabs",
    "Split at commas",
    "Add shorten",
    "Add sort",
    "Translate the words",
    "Run CI for pull requests",
)


def untouched() -> list[Bead]:
    return [Bead(f"gt-0000000{i}", "u", Created(NOW, "a"), Spec(title)) for i, title in enumerate(TITLES)]


def test_a_town_that_did_nothing_keeps_no_promise() -> None:
    assert [scene.shown for scene in scenes(untouched(), ["init", "create"])] == [""] * 8


@pytest.mark.parametrize(
    ("verbs", "shown"),
    [
        (["claim", "work", "claim", "work"], ""),
        (["claim", "claim", "work", "claim", "expire", "work"], "up to 2 at once, 3 in all"),
    ],
)
def test_attempts_are_parallel_when_one_begins_before_another_ends(verbs: list[str], shown: str) -> None:
    assert scenes(untouched(), verbs)[0].shown == shown
