"""What a report says first: whether the town is at rest, why not, who must act, what runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from gt.report.markup import Markup, join, tag

SHOWN = 50
"""Of a list that may be long: the rest is counted."""

Data = Mapping[str, Any]


def moment(at: str) -> str:
    """A time of JSON as people read it."""
    return at[:16].replace("T", " ")


def when(at: str) -> Markup:
    """A time of JSON as an element."""
    return tag("time", moment(at), datetime=at)


def section(data: Data) -> Markup:
    """The town now."""
    titles = {bead["id"]: bead["title"] for bead in data["beads"]}
    return join(
        tag("p", data["summary"], class_=f"verdict {_tone(data)}"),
        _paused(data),
        _counts(data),
        _part("Needs you", _first(data["calls"], lambda each: _call(each, titles))),
        _part("Under way", (_attempt(each, titles) for each in data["attempts"])),
        _part("Convoys", (_convoy(each, titles) for each in data["convoys"])),
        _part("Targets", (_target(each) for each in data["targets"])),
        _part("Stages", (_stage(each) for each in data["stages"])),
        _part("In the way", _curbs(data)),
        _part("Due", _first(data["actions"], _action)),
    )


def pages(data: Data) -> Markup:
    """All pages that are kept, the latest first."""
    if not data["pages"]:
        return tag("p", "Nobody was called.", class_="empty")
    return tag("ul", *map(_page, data["pages"]), class_="rows")


def subject(name: str, titles: Mapping[str, str]) -> Markup:
    """What something is about: a Bead with its title, as a link to it, or a name."""
    if name in titles:
        return tag(
            "a", tag("span", name, class_="id"), " ", tag("bdi", titles[name]), href=f"#{name}", class_="name"
        )
    return tag("span", name, class_="id name")


def _tone(data: Data) -> str:
    if data["calls"]:
        return "bad"
    return "good" if data["atRest"] else "live"


def _part(title: str, rows: Iterable[Markup]) -> Markup:
    made = tuple(rows)
    return join(tag("h3", title), tag("ul", *made, class_="rows")) if made else Markup()


def _row(name: Markup, *more: str) -> Markup:
    return tag("li", name, *more, class_="row")


def _line(text: str, kind: str = "why") -> Markup:
    return tag("span", tag("bdi", text), class_=kind) if text else Markup()


def _command(command: str | None) -> Markup:
    return tag("code", command, class_="hint") if command else Markup()


def _counts(data: Data) -> Markup:
    """How many Beads are in each state, each number a link to them."""
    counts: dict[str, int] = {}
    for bead in data["beads"]:
        counts[bead["state"]] = counts.get(bead["state"], 0) + 1
    order = ("stuck", "leased", "submitted", "ready", "waiting", "proposed", "landed", "closed")
    chips = (
        tag(
            "li",
            tag(
                "a",
                tag("strong", str(counts[state])),
                f" {state}",
                href="#beads",
                data_state=state,
                class_=f"state s-{state}",
            ),
        )
        for state in order
        if state in counts
    )
    return (
        tag("ul", *chips, class_="chips", aria_label="Beads by state") if counts else tag("p", "no Beads yet")
    )


def _paused(data: Data) -> Markup:
    paused = data["paused"]
    if not paused:
        return Markup()
    until = f" until {moment(paused['until'])}" if paused.get("until") else ""
    return tag("p", f"paused by {paused['by']}{until}: {paused['reason']}", class_="notice")


def _call(call: Data, titles: Mapping[str, str]) -> Markup:
    return _row(subject(call["subject"], titles), _line(call["reason"]), _command(call["hint"]))


def _attempt(each: Data, titles: Mapping[str, str]) -> Markup:
    who = each["agent"] or each["actor"]
    seen = join(", last output ", when(each["progress"])) if each["progress"] else Markup()
    said = join(
        f"{who}, {each['token']}, {each['liveness']}, since ",
        when(each["started"]),
        " until ",
        when(each["expires"]),
        seen,
    )
    return _row(subject(each["bead"], titles), tag("span", said, class_="meta"))


def _convoy(convoy: Data, titles: Mapping[str, str]) -> Markup:
    count, phases = convoy["count"], convoy["phases"]
    landed, over = phases["landed"], phases["landed"] + phases["closed"]
    closed = f", {over - landed} closed" if over > landed else ""
    bar = tag(
        "progress", max=str(max(1, count)), value=str(over), aria_label=f"{over} of {count} Beads are over"
    )
    said = tag("span", bar, f" {landed} of {count} landed{closed}", class_="meta")
    return _row(subject(convoy["id"], titles), said)


def _target(target: Data) -> Markup:
    at = f"at {target['tip'][:12]}" if target["tip"] else "has no commit"
    trouble = target["trouble"]
    return _row(
        tag("span", tag("bdi", target["name"]), class_="id name"),
        tag("span", at, class_="meta"),
        _line(trouble or "", "why bad"),
    )


def _stage(stage: Data) -> Markup:
    at = f"at {stage['tip'][:12]}" if stage["tip"] else "not there yet"
    behind = f"{stage['trails']} behind {stage['target']}" if stage["trails"] else f"as {stage['target']}"
    return _row(
        tag("span", tag("bdi", stage["branch"]), class_="id name"),
        tag("span", f"{at}, {behind}", class_="meta"),
        _line(stage["why"] or ""),
    )


def _curbs(data: Data) -> Iterable[Markup]:
    for curb in data["curbs"]:
        yield _row(tag("span", curb["subject"], class_="id name"), _line(curb["reason"]))
    for waiver in data["waivers"]:
        text = f"is waived until {moment(waiver['until'])} by {waiver['by']}: {waiver['reason']}"
        yield _row(tag("span", f"gate {waiver['gate']} of {waiver['target']}", class_="id name"), _line(text))
    budget = data["budget"]
    if budget:
        spent = f"{budget['spent']:.2f} of {budget['limit']:g} dollars spent in the last day"
        yield _row(tag("span", "budget", class_="id name"), _line(spent))


def _first(items: Sequence[Data], row: Callable[[Data], Markup]) -> Iterator[Markup]:
    yield from map(row, items[:SHOWN])
    if len(items) > SHOWN:
        yield tag("li", f"and {len(items) - SHOWN} more", class_="row")


def _action(each: Data) -> Markup:
    return _row(tag("code", each["command"], class_="name"), _line(each["reason"]))


def _page(page: Data) -> Markup:
    seen = page.get("acknowledged")
    state = f"acknowledged by {seen['by']}" if seen else "sent" if page.get("sent") else "not sent"
    said = join(when(page["at"]), f", {page['reason']}, {state}")
    return _row(
        tag("span", page["subject"], class_="id name"),
        tag("span", said, class_="meta"),
        _line(page["text"]),
        Markup() if seen else _command(f"gt ack {page['id']}"),
    )
