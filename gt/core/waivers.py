"""Waivers as plain data and back, and what becomes of them where two people gave or ended them at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gt.core import checks as c
from gt.core.state import LONGEST_WAIVER, Waiver
from gt.core.when import format_duration, format_time

Place = tuple[str, str]
"""A target and a gate: there is one waiver for both, or none."""


def placed(waivers: Iterable[Waiver]) -> dict[Place, Waiver]:
    """The waivers by where they hold."""
    return {(each.target, each.gate): each for each in waivers}


def ordered(waivers: Iterable[Waiver]) -> tuple[Waiver, ...]:
    """The waivers as a state has them."""
    return tuple(sorted(waivers, key=lambda each: (each.target, each.gate)))


def waiver_data(waiver: Waiver) -> dict[str, Any]:
    """What a waiver says, without where it holds."""
    data = {
        "by": waiver.by,
        "reason": waiver.reason,
        "at": format_time(waiver.at),
        "until": format_time(waiver.until),
        "tip": waiver.tip,
    }
    return data if waiver.signature is None else {**data, "signature": waiver.signature}


def waivers_data(waivers: Iterable[Waiver]) -> dict[str, Any]:
    """Waivers as a mapping of targets to mappings of gates."""
    data: dict[str, Any] = {}
    for each in ordered(waivers):
        data.setdefault(each.target, {})[each.gate] = waiver_data(each)
    return data


def waivers_from(data: Any) -> tuple[Waiver, ...]:
    """The waivers that such a mapping holds. Raises Wrong, also for one that is to hold too long."""
    found: list[Waiver] = []
    try:
        for target, gates in c.Reader(data).left.items():
            c.branch(target, "")
            found.extend(_waiver(target, gate, said) for gate, said in c.Reader(gates).left.items())
    except c.Wrong as wrong:
        raise wrong.below("waivers") from None
    return ordered(found)


def _waiver(target: str, gate: str, data: Any) -> Waiver:
    def read(r: c.Reader) -> Waiver:
        made = Waiver(
            target,
            c.title(gate, ""),
            by=r.need("by", c.title),
            reason=r.need("reason", c.title),
            at=r.need("at", c.time),
            until=r.need("until", c.time),
            tip=r.need("tip", c.oid),
            signature=r.take("signature", c.text, None),
        )
        if not made.at < made.until <= made.at + LONGEST_WAIVER:
            raise c.Wrong("until", f"must be at most {format_duration(LONGEST_WAIVER)} after `at`")
        return made

    try:
        return c.whole(data, read)
    except c.Wrong as wrong:
        raise wrong.below(f"{target}.{gate}") from None


def replayed(
    current: Iterable[Waiver], before: Iterable[Waiver], after: Iterable[Waiver]
) -> tuple[Waiver, ...]:
    """The waivers with what was changed from `before` to `after` on another machine.

    What only one side changed is as that side has it. Where both did, what lets less through stays: none over one, and
    of two the one that ends sooner.
    """
    here, was, there = placed(current), placed(before), placed(after)
    made = []
    for place in here.keys() | there.keys():
        mine, theirs = here.get(place), there.get(place)
        if mine == was.get(place):
            mine = theirs
        elif theirs not in (was.get(place), mine):
            mine = min(mine, theirs, key=_lets_through)
        if mine is not None:
            made.append(mine)
    return ordered(made)


def _lets_through(waiver: Waiver | None) -> tuple[object, ...]:
    if waiver is None:
        return (False,)
    return True, waiver.until, waiver.at, waiver.by, waiver.reason, waiver.tip, waiver.signature or ""
