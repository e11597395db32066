"""The network of Beads: the order in which they can be done, and the longest chain."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt.core.bead import Bead, Phase
from gt.core.network import Edge, Kind, Network, network, outline
from tests.core.small import bead, gt


def net(**beads: Bead) -> Network:
    return network(beads.values(), ready=())


def task(name: str, *needs: str, parent: str | None = None, **more: str) -> Bead:
    return bead(name, Phase.OPEN, needs=map(gt, needs), parent=parent and gt(parent), **more)


def test_a_chain_is_done_step_by_step() -> None:
    found = net(a=task("a"), b=task("b", "a"), c=task("c", "b"), alone=task("d"))
    assert found.critical == (gt("a"), gt("b"), gt("c"))
    assert [found.steps[gt(name)] for name in "abcd"] == [0, 1, 2, 0]
    assert found.edges == (
        Edge(gt("a"), gt("b"), Kind.NEEDS),
        Edge(gt("b"), gt("c"), Kind.NEEDS),
    )


def test_what_needs_an_epic_comes_after_its_children_and_an_epic_is_no_work() -> None:
    found = net(
        e=task("e", type="epic"), a=task("a", parent="e"), b=task("b", "a", parent="e"), c=task("c", "e")
    )
    assert found.critical == (gt("a"), gt("b"), gt("c"))
    assert [found.steps[gt(name)] for name in "eabc"] == [0, 1, 2, 3]


def test_children_come_after_what_their_parent_needs() -> None:
    found = net(a=task("a"), e=task("e", "a", type="epic"), b=task("b", parent="e"))
    assert found.critical == (gt("a"), gt("b"))


def test_what_is_over_is_no_part_of_the_critical_path() -> None:
    found = net(a=bead("a", Phase.LANDED), b=task("b", "a"), c=task("c", "b"))
    assert found.critical == (gt("b"), gt("c"))


def test_the_state_of_an_open_bead_says_whether_it_is_ready() -> None:
    beads = [task("a"), task("b", "a"), bead("c", Phase.STUCK)]
    found = network(beads, ready={gt("a")})
    assert [found.state(gt(name)) for name in "abc"] == ["ready", "waiting", "stuck"]


def test_a_need_that_is_not_shown_is_left_out() -> None:
    assert net(b=task("b", "a", parent="e")).edges == ()


def test_an_empty_network() -> None:
    assert network((), ()).critical == ()


@pytest.mark.parametrize("loop", [{"a": ("b",), "b": ("a",)}, {"a": ("a",)}])
def test_beads_that_wait_for_one_another_are_shown_all_the_same(loop: dict[str, tuple[str, ...]]) -> None:
    found = network([*(task(name, *needs) for name, needs in loop.items()), task("c", "a")], ())
    assert found.critical[-1] == gt("c")
    assert found.steps.keys() == found.beads.keys()


def test_a_long_chain_needs_no_deep_stack() -> None:
    names = [f"{number:05}" for number in range(3000)]
    beads = [task(name, *names[max(at - 1, 0) : at]) for at, name in enumerate(names)]
    assert network(reversed(beads), ()).critical == tuple(map(gt, names))


def test_the_outline_has_every_bead_once_in_full_below_what_it_waits_for() -> None:
    found = net(a=task("a"), b=task("b", "a"), c=task("c", "a", "b"), x=task("x", "y"), y=task("y", "x"))
    assert outline(found) == [
        (0, gt("a"), False),
        (1, gt("b"), False),
        (2, gt("c"), False),
        (1, gt("c"), True),
        (0, gt("y"), False),
        (1, gt("x"), False),
        (2, gt("y"), True),
    ]


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=16))
def test_the_critical_path_is_a_chain_of_needs_and_no_other_is_longer(pairs: list[tuple[int, int]]) -> None:
    needs = {(max(pair), min(pair)) for pair in pairs if pair[0] != pair[1]}
    beads = [task("abcdefgh"[n], *("abcdefgh"[low] for high, low in needs if high == n)) for n in range(8)]
    found = network(beads, ())
    edges = {(edge.before, edge.after) for edge in found.edges}
    assert all(pair in edges for pair in pairwise(found.critical))
    depth: dict[int, int] = {}
    for n in range(8):
        depth[n] = 1 + max((depth[low] for high, low in needs if high == n), default=0)
    assert len(found.critical) == max(depth.values())
    assert found.steps == {gt("abcdefgh"[n]): depth[n] - 1 for n in range(8)}
