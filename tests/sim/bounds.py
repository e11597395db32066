"""What no queue can beat on one slot: the entropy of who is bad, and the best nested procedure."""

from __future__ import annotations

from gt.core.coins import entropy


def least(bad: float, flake: float = 0.0) -> float:
    """Runs a change that any procedure needs on average, with gates that may be red on good trees.

    A run that may lie is a channel whose one input arrives as sent (a bad tree is red): its capacity is what it tells.
    """
    return entropy(bad) / capacity(flake)


def capacity(flake: float) -> float:
    """The most that a run can tell, in bits: over all chances that the tree is good."""
    if not flake:
        return 1.0
    chances = [n / 1000 for n in range(1, 1000)]
    return max(entropy((1 - flake) * good) - good * entropy(flake) for good in chances)


def nested(bad: float, count: int) -> float:
    """Runs a change of the best nested procedure, after Sobel and Groll (1959): a red group is cut before all else."""
    good = 1 - bad
    power = [good**n for n in range(count + 1)]
    free = [0.0] * (count + 1)
    """Expected runs with so many left, nothing known of them."""
    red: list[list[float]] = [[0.0] * (count + 1) for _ in range(count + 1)]
    """[m][n]: with n left, of which a group of m is red."""
    for n in range(1, count + 1):
        red[1][n] = free[n - 1]
        for m in range(2, n + 1):
            whole = 1 - power[m]
            red[m][n] = 1 + min(
                (power[x] - power[m]) / whole * red[m - x][n - x] + (1 - power[x]) / whole * red[x][n]
                for x in range(1, m)
            )
        free[n] = 1 + min(power[x] * free[n - x] + (1 - power[x]) * red[x][n] for x in range(1, n + 1))
    return free[count] / count
