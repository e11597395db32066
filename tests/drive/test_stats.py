"""The numbers of a town whose gates ran."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from gt.core.bead import Bead
from gt.drive.stats import stats
from tests.conftest import NOW
from tests.refinery.merging import scene, town


def made_by(agent: str, bead: Bead) -> Bead:
    (tried,) = bead.status.attempts
    return replace(bead, status=replace(bead.status, attempts=(replace(tried, agent=agent),)))


def test_a_flake_is_the_gates_and_that_of_whose_change_it_was(repo_path: Path, tmp_path: Path) -> None:
    once = f"test ! -e odd || test -e {tmp_path}/seen || {{ touch {tmp_path}/seen; exit 1; }}"
    yard = scene(repo_path, town(f"{{name: test, run: '{once}'}}", more="refinery: {slots: 1}\n"))
    for agent, files in (("careful", {"a": ""}), ("careless", {"odd": ""})):
        yard.change(yard.submit(files), partial(made_by, agent))
        assert yard.merge().exit_code == 0
    found = stats(yard.repo, yard.ledger, 0, NOW + 10**6)
    rates = {name: each.flake for name, each in found.agents.items()}
    assert rates["careful"] == 0.0
    assert (rates["careless"] or 0) > 0.0
    assert (found.gates["test"].flaky, found.gates["test"].failed) == (1, 1)
