from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt.core.graph import Edges, circles, cycles, deadlock, tree, untangled

Needs = dict[str, set[str]]
Parents = dict[str, str]
NAMES = "abcdef"


def find(start: str, needs: Needs, parents: Parents) -> tuple[str, ...] | None:
    return deadlock(start, *_edges(needs, parents))


def _edges(needs: Needs, parents: Parents) -> tuple[Edges, Callable[[str], str | None], Edges]:
    return (
        lambda name: needs.get(name, set()),
        parents.get,
        lambda name: [child for child, above in parents.items() if above == name],
    )


@pytest.mark.parametrize(
    ("needs", "parents", "cycle"),
    [
        ({"a": {"a"}}, {}, ("a", "a")),
        ({"a": {"b"}, "b": {"a"}}, {}, ("a", "b", "a")),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}}, {}, ("a", "b", "c", "a")),
        ({"a": {"b"}}, {"a": "b"}, ("a", "b", "a")),
        ({"a": {"b"}}, {"b": "a"}, ("a", "b", "a")),
        ({}, {"a": "b", "b": "a"}, ("a", "b", "a")),
        ({}, {"a": "a"}, ("a", "a")),
        # a's child needs b, b needs a: a can't end before b, nor b start before a ended
        ({"c": {"b"}, "b": {"a"}}, {"c": "a"}, ("a", "c", "b", "a")),
    ],
)
def test_what_could_never_start_is_found(needs: Needs, parents: Parents, cycle: tuple[str, ...]) -> None:
    assert find("a", needs, parents) == cycle


@pytest.mark.parametrize(
    ("needs", "parents"),
    [
        ({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}}, {}),
        ({"b": {"a"}}, {"a": "p", "b": "p"}),
        ({"a": {"x"}}, {"a": "p", "b": "p", "x": "q"}),
        ({"a": {"gone"}}, {"a": "gone-too"}),
    ],
)
def test_diamonds_siblings_and_what_is_missing_are_no_cycles(needs: Needs, parents: Parents) -> None:
    assert all(find(name, needs, parents) is None for name in "abcdpqx")


def test_a_cycle_elsewhere_is_not_ones_own() -> None:
    assert find("a", {"a": {"b"}, "b": {"c"}, "c": {"b"}}, {}) is None


graphs = st.tuples(
    st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES), max_size=2)),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NAMES)),
)


def workable(needs: Needs, parents: Parents) -> bool:
    """Whether all can be worked off: start what may start, end what has started and whose children have ended."""
    started: set[str] = set()
    ended: set[str] = set()
    moved = True
    while moved:
        moved = False
        for name in NAMES:
            above = parents.get(name)
            if (
                name not in started
                and needs.get(name, set()) <= ended
                and (above is None or above in started)
            ):
                started.add(name)
                moved = True
            if name in started - ended and all(child in ended for child, p in parents.items() if p == name):
                ended.add(name)
                moved = True
    return ended == set(NAMES)


@given(graphs)
def test_a_graph_has_a_cycle_just_when_it_cannot_be_worked_off(graph: tuple[Needs, Parents]) -> None:
    needs, parents = graph
    own = [cycle for name in NAMES if (cycle := find(name, needs, parents))]
    assert bool(own) is not workable(needs, parents)
    assert bool(cycles(NAMES, *_edges(needs, parents))) is bool(own)
    for cycle in (*own, *cycles(NAMES, *_edges(needs, parents))):
        assert cycle[0] == cycle[-1]
        for one, next_one in pairwise(cycle):
            assert (
                next_one in needs.get(one, set())
                or parents.get(one) == next_one
                or parents.get(next_one) == one
            )


def untie(needs: Needs, parents: Parents, free: str = NAMES) -> tuple[Needs, Parents, set[str]]:
    """The graph without what `circles` and `untangled` take away, and whose edges those were."""
    alone = circles(NAMES, parents.get, lambda name: name in free)
    parents = {child: above for child, above in parents.items() if child not in alone}
    ordered = {name: set(to) for name, to in needs.items()}
    taken = untangled(NAMES, *_edges(ordered, parents), lambda name: name in free)
    for name, need, cycle in taken:
        assert need in ordered[name]
        assert {name, need} <= set(cycle)
        ordered[name] = ordered[name] - {need}
    return ordered, parents, {*alone, *(name for name, _, _ in taken)}


@given(graphs)
def test_an_untangled_graph_can_be_worked_off_and_a_good_one_stays(graph: tuple[Needs, Parents]) -> None:
    needs, parents = graph
    less, fewer, touched = untie(needs, parents)
    assert workable(less, fewer)
    if workable(needs, parents):
        assert (less, fewer, touched) == ({k: set(v) for k, v in needs.items()}, parents, set())


@given(graphs, st.sets(st.sampled_from(NAMES)))
def test_untangling_touches_only_what_it_may(graph: tuple[Needs, Parents], free: set[str]) -> None:
    assert untie(*graph, free="".join(free))[2] <= free


@pytest.mark.parametrize(
    ("needs", "parents", "taken"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}}, {}, [("c", "a", ("a", "b", "c", "a"))]),
        ({"a": {"b"}}, {"b": "a"}, [("a", "b", ("a", "b", "a"))]),
        ({"b": {"a"}}, {"b": "a"}, [("b", "a", ("a", "b", "a"))]),
        ({"a": {"a"}}, {}, [("a", "a", ("a", "a"))]),
    ],
)
def test_the_need_that_closes_a_cycle_is_taken(
    needs: Needs, parents: Parents, taken: list[tuple[str, str, tuple[str, ...]]]
) -> None:
    assert untangled(NAMES, *_edges(needs, parents), lambda _: True) == taken


def test_untangling_many_needs_of_children_is_linear() -> None:
    """An epic that needs each of its 20,000 children: the more there are, the longer each step would be."""
    below = [f"c{n}" for n in range(20_000)]
    looks = 0

    def children(name: str) -> list[str]:
        nonlocal looks
        looks += 1
        return below if name == "epic" else []

    taken = untangled(
        ["epic", *below],
        lambda name: below if name == "epic" else (),
        lambda name: None if name == "epic" else "epic",
        children,
        lambda _: True,
    )
    assert len(taken) == len(below)
    assert looks < 3 * len(below)


def test_a_chain_whose_every_link_needs_the_first_is_untangled_in_time() -> None:
    names = [f"n{n:05}" for n in range(20_000)]
    needs = {name: (after, names[0]) for name, after in pairwise(names)}
    taken = untangled(names, lambda name: needs.get(name, ()), lambda _: None, lambda _: (), lambda _: True)
    assert [(name, need) for name, need, _ in taken] == [(name, names[0]) for name in names[:-1]][::-1]
    assert max(len(cycle) for _, _, cycle in taken) < 30


@given(graphs)
def test_every_cycle_has_a_need_in_it_or_is_a_ring_of_parents(graph: tuple[Needs, Parents]) -> None:
    needs, parents = graph
    starts = [name for name in NAMES if needs.get(name)] + circles(NAMES, parents.get, lambda _: True)
    edges = _edges(needs, parents)
    assert bool(cycles(starts, *edges)) is bool(cycles(NAMES, *edges))


def test_a_ring_of_parents_is_told_once() -> None:
    parents = {"a": "b", "b": "c", "c": "b", "d": "d", "e": "f"}
    assert circles("abcdef", parents.get, lambda _: True) == ["c", "d"]


def test_each_knot_is_told_once() -> None:
    needs = {"a": {"b"}, "b": {"a"}, "c": {"d"}, "d": {"c"}, "e": {"a"}}
    assert cycles("abcde", *_edges(needs, {})) == [("a", "b", "a"), ("c", "d", "c")]


def test_a_tree_shows_what_is_shared_once_and_ends_at_cycles() -> None:
    below = {"a": ["b", "c"], "b": ["d"], "c": ["d", "a"]}
    assert tree(["a"], lambda name: below.get(name, [])) == [
        (0, "a", False),
        (1, "b", False),
        (2, "d", False),
        (1, "c", False),
        (2, "a", True),
        (2, "d", True),
    ]
