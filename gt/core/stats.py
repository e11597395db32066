"""What a town did in a span of time, in numbers: landings, attempts by agent, runs by gate. Pure; times in seconds.

Runs per change are held against what no method of testing groups can beat: the entropy of "is it good?", for changes
that fail independently (Shannon; Sobel and Groll 1959 for group testing).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import field

from gt.core.bead import Bead, Result
from gt.core.coins import entropy
from gt.core.values import dataclass

PEOPLE = "people"
"""Stands for an agent where people made the attempt."""

JUDGED = frozenset({Result.RED, Result.REJECTED})
"""Results of submissions that were gated or read, and not taken."""


@dataclass(frozen=True, slots=True)
class GateRun:
    """One run of a gate."""

    gate: str
    key: str
    """Names gate definition, tree and surroundings: two runs under one key should end alike."""
    verdict: str
    """`pass`, `fail` or `could-not-run`."""
    at: int
    seconds: float = 0.0
    cpu: float = 0.0
    rss: int = 0
    """KiB."""
    members: int = 0
    """Submissions in the tree; 0: a control run of the target."""
    agents: frozenset[str] = frozenset()
    """Whose they are."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took, half of the times and nineteen times out of twenty."""

    count: int = 0
    p50: float = 0.0
    p95: float = 0.0


@dataclass(frozen=True, slots=True)
class AgentStats:
    """What became of an agent's attempts."""

    attempts: int = 0
    results: dict[str, int] = field(default_factory=dict)
    landed: int = 0
    failure: float | None = None
    """Of what was judged, the share that was red or rejected; None: nothing was."""
    flake: float | None = None
    """Of the gate runs with its changes under keys that passed, the share that failed all the same; None: nothing passed."""
    seconds: int = 0
    usage: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GateStats:
    """How a gate behaved."""

    runs: int = 0
    passed: int = 0
    failed: int = 0
    could_not_run: int = 0
    controls: int = 0
    flaky: int = 0
    """Keys under which it both passed and failed."""
    flake: float | None = None
    """Of the runs under keys that it passed, the share that failed all the same; None: it passed nothing."""
    time: Spread = Spread()
    cpu: float = 0.0
    rss: int = 0
    """KiB, of the largest run."""


@dataclass(frozen=True, slots=True)
class Stats:
    """A town in numbers."""

    since: int
    until: int
    landed: int = 0
    rejected: int = 0
    cycle: Spread = Spread()
    """From a Bead's creation to its landing."""
    wait: Spread = Spread()
    """From submission to landing."""
    tries: float = 0.0
    """Attempts for each landing."""
    usd: float = 0.0
    """Of all attempts that ended in the span."""
    gate_seconds: float = 0.0
    runs_per_change: float | None = None
    bound: float | None = None
    """The fewest runs per change that any method needs at this share of rejections; None: nothing was judged."""
    agents: dict[str, AgentStats] = field(default_factory=dict)
    gates: dict[str, GateStats] = field(default_factory=dict)


def spread(values: Iterable[float]) -> Spread:
    """Median and 95th percentile, by nearest rank."""
    ordered = sorted(values)
    if not ordered:
        return Spread()
    return Spread(len(ordered), _rank(ordered, 0.5), _rank(ordered, 0.95))


def stats(beads: Iterable[Bead], runs: Iterable[GateRun], since: int, until: int) -> Stats:
    """The numbers of what ended after `since`, up to `until`."""
    seen = tuple(beads)
    ran = [run for run in runs if since < run.at <= until]
    landings = [
        (bead, bead.status.landed) for bead in seen if (it := bead.status.landed) and since < it.at <= until
    ]
    agents = _agents(seen, ran, since, until)
    rejected = sum(count for a in agents.values() for name, count in a.results.items() if name in JUDGED)
    judged = rejected + len(landings)
    submitted = [(bead.status.submission, it) for bead, it in landings]
    return Stats(
        since=since,
        until=until,
        landed=len(landings),
        rejected=rejected,
        cycle=spread(max(0, it.at - bead.created.at) for bead, it in landings if it),
        wait=spread(max(0, it.at - sub.at) for sub, it in submitted if sub and it),
        tries=sum(len(bead.status.attempts) for bead, _ in landings) / len(landings) if landings else 0.0,
        usd=sum(each.usage.get("usd", 0.0) for each in agents.values()),
        gate_seconds=sum(run.seconds for run in ran),
        runs_per_change=len(ran) / judged if judged else None,
        bound=entropy(rejected / judged) if judged else None,
        agents=agents,
        gates={name: _gate(group) for name, group in sorted(_grouped(ran).items())},
    )


def _agents(beads: Sequence[Bead], runs: Sequence[GateRun], since: int, until: int) -> dict[str, AgentStats]:
    results: defaultdict[str, Counter[str]] = defaultdict(Counter)
    usage: defaultdict[str, Counter[str]] = defaultdict(Counter)
    seconds: Counter[str] = Counter()
    landed: Counter[str] = Counter()
    for bead in beads:
        sub, it = bead.status.submission, bead.status.landed
        for attempt in bead.status.attempts:
            name = attempt.agent or PEOPLE
            if it and sub and sub.token == attempt.token and since < it.at <= until:
                landed[name] += 1
            if since < attempt.end <= until:
                results[name][attempt.result.value] += 1
                seconds[name] += max(0, attempt.end - attempt.start)
                for key, value in attempt.usage.items():
                    usage[name][key] += value  # type: ignore[assignment]  # a Counter of floats counts as well
    return {
        name: AgentStats(
            attempts=results[name].total(),
            results=dict(sorted(results[name].items())),
            landed=landed[name],
            failure=_share(sum(results[name][r.value] for r in JUDGED), landed[name]),
            flake=_flake(_lies(run for run in runs if name in run.agents)),
            seconds=seconds[name],
            usage=dict(sorted(usage[name].items())),
        )
        for name in sorted(results.keys() | landed.keys())
    }


def _share(bad: int, good: int) -> float | None:
    return bad / (bad + good) if bad + good else None


def _grouped(runs: Iterable[GateRun]) -> dict[str, list[GateRun]]:
    groups: defaultdict[str, list[GateRun]] = defaultdict(list)
    for run in runs:
        groups[run.gate].append(run)
    return groups


def _gate(runs: Sequence[GateRun]) -> GateStats:
    verdicts = Counter(run.verdict for run in runs)
    lies = _lies(runs)
    return GateStats(
        runs=len(runs),
        passed=verdicts["pass"],
        failed=verdicts["fail"],
        could_not_run=verdicts["could-not-run"],
        controls=sum(1 for run in runs if not run.members),
        flaky=sum(failed > 0 for failed, _ in lies),
        flake=_flake(lies),
        time=spread(run.seconds for run in runs),
        cpu=sum(run.cpu for run in runs),
        rss=max(run.rss for run in runs),
    )


def _lies(runs: Iterable[GateRun]) -> list[tuple[int, int]]:
    """Of each key that was passed: how many runs failed all the same, and how many there were."""
    by_key: defaultdict[str, list[str]] = defaultdict(list)
    for run in runs:
        if run.verdict in ("pass", "fail"):
            by_key[run.key].append(run.verdict)
    return [(its.count("fail"), len(its)) for its in by_key.values() if "pass" in its]


def _flake(lies: Sequence[tuple[int, int]]) -> float | None:
    return sum(failed for failed, _ in lies) / sum(count for _, count in lies) if lies else None


def _rank(ordered: Sequence[float], share: float) -> float:
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
