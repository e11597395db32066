"""A town in numbers, as tables and small charts: landings, failures, flakes, cost, time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from gt.report.markup import Markup, join, tag

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_HIGH = 64
"""Of a chart, in its own units; a day is ten of them wide."""

Data = Mapping[str, Any]


def section(data: Data) -> Markup:
    """The numbers of the time that the report looks back on."""
    stats = data["stats"]
    return join(_tiles(stats), _charts(data), _agents(stats["agents"]), _gates(stats["gates"]))


def length(seconds: float) -> str:
    """A span of time: `0.4 s`, `59 s`, `2 m 5 s`, `3 h`, `4 d 2 h`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    for unit, size, below, part in (
        ("d", _DAY, "h", _HOUR),
        ("h", _HOUR, "m", _MINUTE),
        ("m", _MINUTE, "s", 1),
    ):
        if seconds >= size:
            rest = int(seconds % size // part)
            return f"{int(seconds // size)} {unit}" + (f" {rest} {below}" if rest else "")
    return f"{seconds:.0f} s"


def _tiles(stats: Data) -> Markup:
    cycle, wait = stats["cycle"], stats["wait"]
    tiles = [
        ("landed", str(stats["landed"])),
        ("rejected", str(stats["rejected"])),
        ("attempts a landing", f"{stats['tries']:.1f}"),
        ("dollars", f"{stats['usd']:.2f}"),
        ("time in gates", length(stats["gateSeconds"])),
    ]
    if stats["landed"]:
        tiles += [
            ("created to landed, p50", length(cycle["p50"])),
            ("created to landed, p95", length(cycle["p95"])),
            ("submitted to landed, p50", length(wait["p50"])),
            ("submitted to landed, p95", length(wait["p95"])),
            ("dollars a landing", f"{stats['usd'] / stats['landed']:.2f}"),
        ]
    if stats["runsPerChange"] is not None:
        tiles.append(("gate runs a change", f"{stats['runsPerChange']:.2f}"))
        tiles.append(("its lower bound", f"{stats['bound'] or 0:.2f}"))
    return tag(
        "dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in tiles), class_="tiles"
    )


def _agents(agents: Mapping[str, Data]) -> Markup:
    rows = [
        (
            name,
            each["attempts"],
            each["landed"],
            _percent(each["failure"]),
            _percent(each["flake"]),
            length(each["seconds"]),
            f"{each['usage'].get('usd', 0.0):.2f}",
            ", ".join(f"{count} {result}" for result, count in each["results"].items()),
        )
        for name, each in agents.items()
    ]
    header = ("Agent", "Attempts", "Landed", "Refused", "Flake rate", "Time", "Dollars", "Results")
    return _table("Agents", header, rows, words=1)


def _gates(gates: Mapping[str, Data]) -> Markup:
    rows = [
        (
            name,
            each["runs"],
            each["passed"],
            each["failed"],
            each["couldNotRun"],
            each["controls"],
            _percent(
                each["failed"] / (each["passed"] + each["failed"])
                if each["passed"] + each["failed"]
                else None
            ),
            _percent(each["flake"]),
            length(each["seconds"]["p50"]),
            length(each["seconds"]["p95"]),
            length(each["cpu"]),
            f"{each['rss'] // 1024} MiB",
        )
        for name, each in gates.items()
    ]
    header = (
        *("Gate", "Runs", "Passed", "Failed", "Could not run", "Controls", "Fail rate", "Flake rate"),
        *("p50", "p95", "CPU", "Memory"),
    )
    return _table("Gates", header, rows)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _table(title: str, header: Sequence[str], rows: Iterable[Sequence[object]], words: int = 0) -> Markup:
    """A table that scrolls by itself where it is too wide; the last `words` columns hold text."""
    made = [
        tag(
            "tr",
            tag("th", tag("bdi", str(row[0])), scope="row"),
            *(
                tag("td", str(cell), class_=None if at >= len(row) - words else "number")
                for at, cell in enumerate(row[1:], 1)
            ),
        )
        for row in rows
    ]
    if not made:
        return Markup()
    head = tag(
        "tr",
        *(
            tag("th", name, scope="col", class_="number" if 0 < at < len(header) - words else None)
            for at, name in enumerate(header)
        ),
    )
    table = tag("table", tag("thead", head), tag("tbody", *made))
    return join(
        tag("h3", title),
        tag("div", table, class_="wide", role="region", tabindex="0", aria_label=f"Table: {title}"),
    )


def _charts(data: Data) -> Markup:
    landed: dict[str, float] = {}
    spent: dict[str, float] = {}
    since = data["since"]
    for bead in data["beads"]:
        at = bead.get("landed", {}).get("at", "")
        if at > since:
            landed[at[:10]] = landed.get(at[:10], 0) + 1
        for attempt in bead.get("attempts", ()):
            usd = attempt.get("usage", {}).get("usd", 0)
            if usd and attempt["end"] > since:
                spent[attempt["end"][:10]] = spent.get(attempt["end"][:10], 0) + usd
    days = _days(min([*landed, *spent], default=""), data["at"][:10])
    if len(days) < 2:
        return Markup()
    return tag(
        "div",
        _chart("Landings a day", days, landed, "{:.0f}"),
        _chart("Dollars a day", days, spent, "{:.2f}") if spent else "",
        class_="charts",
    )


def _days(first: str, last: str) -> list[str]:
    if not first or first > last:
        return []
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [(start + timedelta(days=number)).isoformat() for number in range((end - start).days + 1)]


def _chart(title: str, days: Sequence[str], values: Mapping[str, float], form: str) -> Markup:
    most = max(values.values(), default=0) or 1
    bars = []
    for at, day in enumerate(days):
        value = values.get(day, 0)
        high = round(_HIGH * value / most, 1)
        bars.append(
            tag(
                "rect",
                tag("title", f"{day}: {form.format(value)}"),
                x=str(10 * at + 1),
                y=f"{_HIGH - high:g}",
                width="8",
                height=f"{high:g}",
            )
        )
    said = f"{title}, {days[0]} to {days[-1]}: at most {form.format(most)}, in all {form.format(sum(values.values()))}"
    drawn = tag(
        "svg",
        *bars,
        viewBox=f"0 0 {10 * len(days)} {_HIGH}",
        preserveAspectRatio="none",
        role="img",
        aria_label=said,
        class_="chart",
    )
    return tag("figure", tag("figcaption", said), drawn)
