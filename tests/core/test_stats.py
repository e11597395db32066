from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt.core.bead import Bead, Created, Landed, Phase, Result
from gt.core.coins import entropy
from gt.core.stats import GateRun, Spread, spread, stats
from tests.core import strategies
from tests.core.small import NOW, OID, attempt, bead, submission


def landed(name: str, waited: int, *before: Result) -> Bead:
    """Landed at NOW, submitted so many seconds before, created a thousand before."""
    made = bead(name, Phase.LANDED)
    sub = replace(submission("9-aaaa"), at=NOW - waited)
    tried = (*(attempt(f"{n}-aaaa", r) for n, r in enumerate(before, 1)), attempt("9-aaaa", Result.SUBMITTED))
    status = replace(made.status, submission=sub, landed=Landed(OID, OID, NOW), attempts=tried)
    return replace(made, created=Created(NOW - 1000, "alice"), status=status)


def test_landings_waits_and_tries() -> None:
    found = stats([landed("a", 10), landed("b", 30, Result.RED, Result.INFRA)], [], NOW - 1, NOW)
    assert (found.landed, found.rejected, found.tries) == (2, 1, 2.0)
    assert (found.wait, found.cycle) == (Spread(2, 10, 30), Spread(2, 1000, 1000))
    agent = found.agents["claude"]
    assert (agent.attempts, agent.landed, agent.failure) == (4, 2, 1 / 3)
    assert agent.results == {"infra": 1, "red": 1, "submitted": 2}
    assert found.bound == pytest.approx(entropy(1 / 3))


def test_an_agents_flakes_are_those_of_the_runs_with_its_changes() -> None:
    mine, both = frozenset({"claude"}), frozenset({"claude", "codex"})
    runs = [
        GateRun("test", "a", "fail", NOW, members=1, agents=mine),
        GateRun("test", "a", "pass", NOW, members=1, agents=mine),
        GateRun("test", "b", "pass", NOW, members=2, agents=both),
        GateRun("test", "c", "fail", NOW, members=1, agents=mine),
        GateRun("test", "d", "fail", NOW),
        GateRun("test", "d", "pass", NOW),
    ]
    found = stats([landed("a", 10)], runs, NOW - 1, NOW)
    assert found.agents["claude"].flake == 1 / 3
    assert stats([landed("a", 10)], runs[3:4], NOW - 1, NOW).agents["claude"].flake is None


def test_only_the_span_counts() -> None:
    found = stats([landed("a", 10)], [GateRun("test", "k", "pass", NOW)], NOW, NOW + 9)
    assert (found.landed, found.agents, found.gates, found.bound) == (0, {}, {}, None)


def test_a_gate_that_says_yes_and_no_to_one_tree_is_flaky() -> None:
    runs = [
        GateRun("test", "a", "fail", NOW, 1.0, 0.5, 100, 1),
        GateRun("test", "a", "pass", NOW, 2.0, 0.5, 300, 1),
        GateRun("test", "b", "pass", NOW, 3.0),
        GateRun("test", "b", "pass", NOW, 4.0),
        GateRun("test", "c", "could-not-run", NOW),
        GateRun("lint", "a", "pass", NOW),
        GateRun("slow", "a", "fail", NOW),
    ]
    found = stats([landed("a", 1)], runs, NOW - 1, NOW)
    gate = found.gates["test"]
    assert (gate.runs, gate.passed, gate.failed, gate.could_not_run, gate.controls) == (5, 3, 1, 1, 3)
    assert (gate.flaky, gate.flake, gate.rss, gate.time.p95) == (1, 0.25, 300, 4.0)
    assert (found.gates["lint"].flake, found.gates["slow"].flake) == (0.0, None)
    assert (found.runs_per_change, found.gate_seconds) == (7.0, 10.0)


@given(st.lists(st.floats(0, 1e9), min_size=1))
def test_a_spread_is_made_of_its_values(values: list[float]) -> None:
    found = spread(values)
    assert found.count == len(values)
    assert {found.p50, found.p95} <= set(values)
    assert found.p50 <= found.p95


@given(st.floats(0, 1))
def test_entropy_is_at_most_a_bit_and_symmetric(p: float) -> None:
    assert 0 <= entropy(p) <= 1
    assert entropy(p) == pytest.approx(entropy(1 - p), abs=1e-9)


@given(st.lists(strategies.beads, max_size=5))
def test_any_ledger_can_be_counted(beads: list[Bead]) -> None:
    found = stats(beads, [], -1, 1 << 40)
    assert found.landed == sum(1 for each in beads if each.status.landed)
