"""A town at rest is left alone: looking at it writes nothing at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.checks import check_town, listing
from tests.e2e.town import Town

pytestmark = pytest.mark.e2e


def everything(town: Town) -> dict[str, tuple[int, int, bytes]]:
    """Every file of the repository and of the folder of its worktrees: mode, time of change and content.

    Left out are the files of sqlite next to its database, which readers make and remove, and the index, a cache.
    """
    seen = {f"git/{name}": what for name, what in listing(town.common).items()}
    beside = town.path.parent / f"{town.path.name}.gt"
    seen |= {f"beside/{name}": what for name, what in listing(beside).items()} if beside.exists() else {}
    return {name: what for name, what in seen.items() if not name.startswith("git/gt/index.db-")}


@pytest.mark.parametrize("needs_human", [False, True], ids=["at rest", "needs a person"])
def test_reconcile_and_run_at_rest_change_nothing(town: Town, needs_human: bool) -> None:
    town.create("lands", "echo one > one")
    if needs_human:
        town.create("stuck", "gt fail -r 'can not be done'", "--attempts", "1")
        town.gt("propose", "maybe")
    code = 20 if needs_human else 0
    town.run(ok=(code,))
    town.gt("reconcile", ok=(code,))
    before = everything(town)
    for command in (
        ("reconcile",),
        ("reconcile",),
        ("run", "--yes"),
        ("merge",),
        ("plan",),
        ("status",),
        ("list",),
    ):
        town.gt(*command, ok=(code, 0))
        after = everything(town)
        changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        assert changed == set(), command
    town.gt("reconcile", ok=(code,))
    town.gt("work", ok=(20 if needs_human else 75,))
    assert town.data("plan")["atRest"] is True
    assert town.data("plan")["needsHuman"] is needs_human
    assert [a for a in town.data("plan")["actions"] if a["by"] != "reconcile"] == []
    check_town(town)


def test_an_empty_town_is_at_rest(town: Town) -> None:
    assert town.gt("run", "--yes").code == 0
    assert town.gt("reconcile").code == 0
    assert town.gt("merge").code == 0
    assert not Path(town.path.parent / "repo.gt").exists()
