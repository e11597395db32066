"""What was measured, as a page of the documentation and its picture."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence

from gt.core.coins import entropy
from tests.sim.bounds import least, nested
from tests.sim.chart import Panel, draw
from tests.sim.grid import BURSTS, COUNT, SEEDS, SLOTS, TOWNS, Cell, Figures, Mean, Result

INTRODUCTION = f"""
Made by `make bench` from fixed seeds: don't edit. How `gt/core/speculate.py` fares in simulated towns (`tests/sim`),
against models of other queues. Gate runs are counted; time is in gate times, and a run takes one, 5 % more or less.
{COUNT} changes are submitted at once, to a queue with K slots; a change is bad with probability p; gates are red on a
good tree with probability f; with *pairs*, one pair among the {COUNT} changes, on average, is good one by one and red
together. Every queue plays the same {SEEDS} towns in each cell. In every run it is asserted that nothing red lands and
that nobody is lost.
"""
MODELS = """
The models: *serial* gates one change at a time; *bors* batches of 8, halved when red; *Zuul* prefixes, in a window that
grows and halves; *GitHub* prefixes, as many as there are slots, or the same with entries of 8; *SubmitQueue* the
likeliest outcomes of all that is ahead, knowing the true risk of every change. Ours knows the rates in the same way, but
for the section on learning. The oracle knows who is bad. Where gates lied twice in a row on the target
itself, ours stops as it does for real, and goes on as after `gt merge --again`.
"""
LOST = """
Slower only than queues that reject more good changes. Those take the first red for the truth. Ours runs a lone red
again until it is 98 % sure, and the target in between, lest both were of one outage: with so many bad changes and such gates that
takes four runs or more for each of them, and on few slots nothing else can be done meanwhile.
"""
COSTS = """
Runs a change with honest gates, over 6,400 changes of which exactly the part p is bad. H(p), the entropy, bounds every
procedure from below; the best nested one is computed.
"""
LIES = """
With gates that lie, a run tells less. Runs a change, what certainty takes at least, and how much of what was good is
rejected:
"""
LEARNING = f"""
{BURSTS} bursts of {COUNT} changes, one after another, in each of {TOWNS} towns that begin with nothing known. *p
learned*: how often an agent's changes are bad is found out; *all learned*: how often gates lie, too. *Mixed*: four
agents, one of which is never wrong and one two and a half times as often as the mean. *Known*: of each agent; *p known*:
of all changes together only, which is as much as one rate can say. What p / known is above p / p known is what it is worth to
know each agent beforehand. The mean makespan over all bursts and, in brackets, over the first.
"""
LOADS = """
200 changes on 4 slots, so many to a gate time, p = 0.08, f = 0.02. How long a landed change waited, mean and 95th
percentile, in gate times; and the good changes rejected.
"""
GRID = """
The makespan and, in brackets, the gate time spent a change and the good changes rejected. *Fastest fair*: the fastest of
those that reject no more good changes than ours. *Fastest*: of all.
"""


def page(figures: Figures) -> str:
    """The whole page."""
    lines = [
        "# The scheduler, measured",
        *_said(INTRODUCTION),
        *_said(MODELS),
        "",
        "![Makespans by slots](refinery-benchmark.svg)",
        *_makespans(figures.grid),
        *_costs(figures),
        *_learning(figures),
        *_loads(figures),
        *_grid(figures.grid),
    ]
    return "\n".join([*lines, ""])


def _said(text: str) -> list[str]:
    """A paragraph."""
    return ["", *textwrap.wrap(" ".join(text.split()), 120)]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return ["", *(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))]


def _makespans(grid: Sequence[Result]) -> list[str]:
    unfair = [result for result in grid if not result.won(fair=True)]
    lost = [result for result in grid if result.won(fair=True) and not result.won(fair=False)]
    ratios = [_ratio(result, fair=False) for result in grid]
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    lines = [
        "",
        "## Makespan",
        *_said(
            f"Of {len(grid)} cells, ours is no slower than the fastest other queue in {sum(r <= 1 for r in ratios)}; its"
            f" makespan is {mean:.2f} times that of the fastest, in the geometric mean. Compared with those that reject"
            f" no more good changes than it does, it is no slower in {len(grid) - len(unfair)}."
        ),
    ]
    if unfair:
        lines += [*_said("Slower than one that rejects no more good changes:"), *_losses(unfair, fair=True)]
    if lost:
        lines += [*_said(LOST), *_losses(lost, fair=False)]
    return lines


def _losses(results: Iterable[Result], *, fair: bool) -> list[str]:
    rows = []
    for result in results:
        best = result.best(fair=fair)
        assert best is not None
        theirs = result.rivals[best]
        rejected = f"{result.ours.innocent:.1%}, {theirs.innocent:.1%}"
        spans = (f"{result.ours.makespan:.1f}", f"{best} {theirs.makespan:.1f}")
        rows.append([_name(result.cell), *spans, f"{_ratio(result, fair=fair):.2f}", rejected])
    return _table(["cell", "ours", "the fastest", "ratio", "good changes rejected: ours, theirs"], rows)


def _ratio(result: Result, *, fair: bool) -> float:
    best = result.best(fair=fair)
    return result.ours.makespan / result.rivals[best].makespan if best else 0.0


def _name(cell: Cell) -> str:
    return f"K={cell.slots} p={cell.bad:g} f={cell.flake:g}{' pairs' if cell.pairs else ''}"


def _costs(figures: Figures) -> list[str]:
    honest = [
        [
            f"{c.bad:g}",
            f"{h:.3f}",
            f"{nested(c.bad, COUNT):.3f}",
            f"{c.ours:.3f}",
            f"{c.ours / h:.2f}",
            f"{c.bors:.3f}",
        ]
        for c, h in ((cost, entropy(cost.bad)) for cost in figures.costs)
    ]
    lying = [
        [
            f"{c.bad:g}",
            f"{c.flake:g}",
            f"{least(c.bad, c.flake):.3f}",
            f"{ours.runs:.3f}",
            f"{ours.innocent:.1%}",
        ]
        for c, ours in ((result.cell, result.ours) for result in figures.grid)
        if c.slots == 1 and c.flake and not c.pairs
    ]
    return [
        "",
        "## Gate runs on one slot",
        *_said(COSTS),
        *_table(["p", "H(p)", "best nested", "ours", "ours / H(p)", "bors"], honest),
        *_said(LIES),
        *_table(["p", "f", "at least", "ours", "rejected"], lying),
    ]


def _learning(figures: Figures) -> list[str]:
    rows = []
    for each in figures.learning:
        means = (each.known, each.whole, each.learning, each.blank)
        rows.append(
            [
                str(each.slots),
                "mixed" if each.mixed else "alike",
                f"{each.flake:g}",
                f"{each.bad:g}",
                *(
                    f"{mean.makespan:.1f} ({first:.1f})"
                    for mean, first in zip(means, each.first, strict=True)
                ),
                f"{each.learning.makespan / each.whole.makespan:.2f}",
                *(f"{mean.makespan / each.known.makespan:.2f}" for mean in means[2:]),
                ", ".join(f"{mean.innocent:.1%}" for mean in means),
            ]
        )
    head = [
        "K",
        "agents",
        "f",
        "p",
        "known",
        "p known",
        "p learned",
        "all learned",
        "p / p known",
        "p / known",
        "all / known",
        "good rejected",
    ]
    return ["", "## Learning the rates", *_said(LEARNING), *_table(head, rows)]


def _loads(figures: Figures) -> list[str]:
    rows = [
        [f"{load.speed:g}", *map(_waits, (load.ours, *load.rivals.values(), load.oracle))]
        for load in figures.loads
    ]
    head = ["a gate time", "ours", *figures.loads[0].rivals, "oracle"]
    return ["", "## Changes that keep coming", *_said(LOADS), *_table(head, rows)]


def _waits(mean: Mean) -> str:
    return f"{mean.latency:.1f} / {mean.p95:.1f}, {mean.innocent:.1%}"


def _grid(grid: Sequence[Result]) -> list[str]:
    lines = ["", "## The whole grid", *_said(GRID)]
    head = ["p", "f", "pairs", "ours", "fastest fair", "fastest", "ours / fastest", "oracle"]
    for slots in SLOTS:
        rows = [
            [
                f"{result.cell.bad:g}",
                f"{result.cell.flake:g}",
                "yes" if result.cell.pairs else "no",
                _span(result.ours),
                _rival(result, fair=True),
                _rival(result, fair=False),
                f"{_ratio(result, fair=False):.2f}",
                f"{result.oracle.makespan:.1f}",
            ]
            for result in grid
            if result.cell.slots == slots
        ]
        lines += ["", f"### K = {slots}", *_table(head, rows)]
    return lines


def _span(mean: Mean) -> str:
    return f"{mean.makespan:.1f} ({mean.spent:.2f}, {mean.innocent:.1%})"


def _rival(result: Result, *, fair: bool) -> str:
    best = result.best(fair=fair)
    return f"{best} {_span(result.rivals[best])}" if best else "none"


def picture(figures: Figures) -> str:
    """Makespans by slots, for a part of the grid."""
    panels = []
    for bad, flake, pairs in ((0.02, 0.0, False), (0.05, 0.03, True), (0.20, 0.03, True)):
        chosen = [
            r for r in figures.grid if (r.cell.bad, r.cell.flake, r.cell.pairs > 0) == (bad, flake, pairs)
        ]
        lines = {"gt": [(r.cell.slots, r.ours.makespan) for r in chosen]}
        for name in chosen[0].rivals:
            lines[name] = [(r.cell.slots, r.rivals[name].makespan) for r in chosen]
        lines["oracle"] = [(r.cell.slots, r.oracle.makespan) for r in chosen]
        title = f"p = {bad:g}, f = {flake:g}, {'one pair' if pairs else 'no pairs'}"
        panels.append(
            Panel(title, "slots", f"makespan of {COUNT} changes", lines, SLOTS, (1, 2, 4, 8, 16, 32, 64, 96))
        )
    return draw(panels)
