"""How benchmarks measure: turns about, in one run, and only ratios count."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

NOISE = 0.1
"""How much a ratio may be over its bar, as a part of it, before the benchmark fails: two runs differ by that."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Ours against theirs, by the median of their times in seconds, and the ratio that may not be exceeded."""

    what: str
    ours: float
    theirs: float
    against: str
    bar: float = math.inf
    """Infinite: shown to say where the time goes."""

    @property
    def value(self) -> float:
        return self.ours / self.theirs

    @property
    def verdict(self) -> str:
        if self.bar == math.inf:
            return ""
        if self.value <= self.bar:
            return "ok"
        return "near" if self.value <= self.bar * (1 + NOISE) else "OVER"


HEADER = f"{'work':<36} {'measured':>12} {'against':>12}  {'ratio':>6}  {'bar':>5}"

table: list[Ratio] = []
"""What was measured in this run; printed at its end."""


def row(ratio: Ratio) -> str:
    """A line of the table."""
    bar = "-" if ratio.bar == math.inf else f"{ratio.bar:g}x"
    times = f"{ratio.ours * 1e3:9.2f} ms {ratio.theirs * 1e3:9.2f} ms"
    return f"{ratio.what:<36} {times}  {ratio.value:5.2f}x  {bar:>5}  {ratio.verdict:<4}  {ratio.against}"


def in_turns(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> tuple[float, float]:
    """The medians of both, each run once unmeasured and then so often, taking turns."""
    ours_spent, theirs_spent = all_in_turns((ours, theirs), rounds)
    return ours_spent, theirs_spent


def all_in_turns(deeds: tuple[Callable[[], object], ...], rounds: int) -> tuple[float, ...]:
    """The median of each, in seconds: each run once unmeasured and then so often, taking turns."""
    times: list[list[float]] = [[] for _ in deeds]
    for i in range(rounds + 1):
        for deed, spent in zip(deeds, times, strict=True):
            start = time.perf_counter()
            deed()
            if i:
                spent.append(time.perf_counter() - start)
    return tuple(map(statistics.median, times))


def settle(*ratios: Ratio) -> None:
    """Put them into the table, and fail if a bar was missed by more than noise."""
    table.extend(ratios)
    over = [
        f"{each.what} ({each.value:.1f}x, bar {each.bar:g}x)" for each in ratios if each.verdict == "OVER"
    ]
    assert not over, f"over the bar: {', '.join(over)}"
