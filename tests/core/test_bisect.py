"""Finding who turned a row of trees red: exactly where gates tell the truth, and nearly always where they lie now and then."""

from __future__ import annotations

import random
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from gt.core.bisect import Search, Stop, most, search


def play(
    length: int,
    red: Callable[[int], bool],
    slots: int = 1,
    before: int | None = None,
    stuck: int | None = None,
) -> tuple[Search, list[list[int]]]:
    """Search a row, its tip red twice; what was red and what was run, round by round. `before`: green since there, once."""
    fails, passes = [0] * length, [0] * length
    fails[0] = 2
    rounds: list[list[int]] = []
    while True:
        row = [
            Stop(passes[at], fails[at], before is not None and at >= before, at == stuck)
            for at in range(length)
        ]
        found = search(row, slots)
        if found.over:
            assert not found.runs
            return found, rounds
        assert 0 < len(found.runs) <= slots
        assert len(set(found.runs)) == len(found.runs)
        rounds.append(list(found.runs))
        for at in found.runs:
            if red(at):
                fails[at] += 1
            else:
                passes[at] += 1
        assert sum(map(len, rounds)) <= most(length) + slots


@given(st.integers(1, 200), st.data(), st.integers(1, 5))
def test_where_gates_tell_the_truth_it_is_exact(length: int, data: st.DataObject, slots: int) -> None:
    """Whoever it was, wherever it was green before, or whether it was nobody."""
    guilty = data.draw(st.integers(0, length - 1))
    before = data.draw(st.none() | st.integers(1, max(1, length - 1)))
    found, rounds = play(length, lambda at: at <= guilty, slots, before)
    assert found.culprit == (guilty if guilty < length - 1 else None)
    assert found.suspects == ()
    runs = [at for each in rounds for at in each]
    if found.culprit is not None:
        assert guilty + 1 in runs, "the tree before it was seen green"
        assert guilty in (0, *runs), "and its own red"


def test_it_takes_few_runs() -> None:
    for guilty in range(63):
        _, rounds = play(64, lambda at, guilty=guilty: at <= guilty, before=63)  # type: ignore[misc]
        assert len(rounds) <= 1 + 6 + 6, "the old end, halving, and both sides once or twice more"


def test_what_was_green_before_is_tried_again_first() -> None:
    assert play(20, lambda at: at <= 3, before=10)[1][0] == [10]
    found, rounds = play(20, lambda _: True, before=10)
    assert (found.culprit, found.suspects) == (None, ())
    assert rounds[-1] == [19], "nobody did it: that is said of a row whose end was looked at"


def test_what_nobody_knows_is_found_going_back_in_longer_strides() -> None:
    _, rounds = play(100, lambda at: at <= 40)
    strides = [at for (at,) in rounds]
    first = next(n for n, at in enumerate(strides) if at > 40)
    assert strides[: first + 1] == sorted(strides[: first + 1])
    assert first <= 7


def test_several_slots_take_fewer_rounds() -> None:
    one, four = (play(150, lambda at: at <= 90, slots, before=149)[1] for slots in (1, 4))
    assert len(four) < len(one)


def test_what_is_under_way_is_not_begun_again() -> None:
    row = [Stop(fails=2), *[Stop()] * 30, Stop(before=True)]
    first = search(row, 2)
    more = search(row, 2, running=first.runs)
    assert len(first.runs) == len(more.runs) == 2
    assert not set(first.runs) & set(more.runs)


def test_where_a_gate_cannot_be_run_those_around_are_suspects() -> None:
    found, _ = play(6, lambda at: at <= 2, stuck=3)
    assert (found.culprit, found.suspects) == (None, (2, 3))


def test_nothing_older_than_what_is_clearly_green_counts() -> None:
    row = [Stop(fails=3), Stop(passes=3), Stop(fails=5), Stop(fails=5)]
    assert search(row).culprit == 0


def test_a_gate_that_lies_now_and_then_is_seen_through() -> None:
    rng = random.Random(7)
    right = 0
    for _ in range(300):
        guilty, before = rng.randrange(0, 39), 39
        found, _ = play(40, lambda at, guilty=guilty: (at <= guilty) != (rng.random() < 0.03), before=before)  # type: ignore[misc]
        right += found.culprit == guilty
    assert right >= 285


@given(st.integers(1, 60), st.integers(1, 4), st.randoms(use_true_random=False))
def test_any_verdicts_come_to_an_end(length: int, slots: int, rng: random.Random) -> None:
    found, _ = play(length, lambda _: rng.random() < 0.5, slots)
    assert found.over
