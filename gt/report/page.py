"""The page of `gt report`: one HTML file that holds all it shows, and that neither asks nor tells anybody anything."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from gt.core.network import Network
from gt.report import now, numbers
from gt.report.markup import Markup, join, shown, tag
from gt.report.palette import variables
from gt.report.placing import apart

VIEWS = (
    ("now", "Now"),
    ("beads", "Beads"),
    ("graph", "Graph"),
    ("timeline", "Timeline"),
    ("queue", "Queue"),
    ("landings", "Landings"),
    ("numbers", "Numbers"),
    ("pages", "Pages"),
    ("log", "Log"),
)
"""What the page shows, one at a time: by the id of its section."""

SCRIPT = (
    "values",
    "known",
    "search",
    "lists",
    "beads",
    "graph",
    "timeline",
    "landings",
    "bead",
    "views",
    "colours",
)
"""The parts of the script, in one scope, each after those that it needs as it starts."""

_ESCAPED = re.compile(r"\\[bfru]")
"""What JSON itself writes for a character that can't be seen; a new line is none."""


def page(data: Mapping[str, Any], live: Network, every: Network) -> str:
    """The page. `data` is what `gt report --json` prints; the networks are of what has not ended, and of all."""
    style = variables() + _packaged("page.css")
    parts = "\n".join(_packaged("script", f"{name}.js") for name in SCRIPT)
    script = f'"use strict";\n{{\n{parts}}}\n'
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    head = join(
        tag("meta", charset="utf-8"),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=Markup(policy)),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("meta", name_="referrer", content="no-referrer"),
        tag("title", f"{data['town']}: {data['summary']}"),
        tag("style", Markup(style)),
    )
    body = join(
        tag("a", "Skip to the report", class_="skip", href="#main"),
        _header(data),
        _search(),
        tag("noscript", tag("p", "The lists, the graph and the timeline need JavaScript; the rest doesn't.")),
        tag("main", *(_section(name, title, data) for name, title in VIEWS), id="main", tabindex="-1"),
        _footer(data),
        tag("dialog", id="bead", aria_labelledby="bead-title"),
        _embedded("data", data),
        _embedded("drawings", {"live": _drawing(live), "all": _drawing(every)}),
        tag("script", Markup(script)),
    )
    return f'<!doctype html>\n<html lang="en">\n<head>{head}</head>\n<body>{body}</body>\n</html>\n'


def _packaged(*names: str) -> str:
    return files("gt.report").joinpath(*names).read_text("utf-8")


def _digest(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _header(data: Mapping[str, Any]) -> Markup:
    links = (tag("li", tag("a", title, href=f"#{name}")) for name, title in VIEWS)
    themes = (tag("option", name, value=name) for name in ("auto", "light", "dark"))
    return tag(
        "header",
        tag("h1", tag("bdi", data["town"])),
        tag("label", "Theme ", tag("select", *themes, id="theme"), class_="theme"),
        tag("nav", tag("ul", *links), aria_label="Views"),
    )


def _search() -> Markup:
    chosen = (
        tag("label", f"{title} ", tag("select", tag("option", "any", value=""), id=f"by-{name}"))
        for name, title in (("state", "State"), ("agent", "Agent"), ("type", "Type"), ("label", "Label"))
    )
    text = tag(
        "label",
        "Search ",
        tag(
            "input",
            id="words",
            type="search",
            autocomplete="off",
            placeholder="id, title, text",
            spellcheck="false",
        ),
    )
    return tag(
        "form",
        text,
        tag(
            "details",
            tag("summary", "Filters"),
            tag("div", *chosen, tag("button", "Clear", type="reset"), class_="filters"),
            open=True,
        ),
        tag("output", id="count", for_="words by-state by-agent by-type by-label"),
        id="search",
        role="search",
        aria_label="Beads",
    )


def _section(name: str, title: str, data: Mapping[str, Any]) -> Markup:
    inside = {"now": now.section, "numbers": numbers.section, "pages": now.pages}
    made = inside[name](data) if name in inside else tag("div", class_="fill")
    return tag(
        "section", tag("h2", title, id=f"{name}-title"), made, id=name, aria_labelledby=f"{name}-title"
    )


def _footer(data: Mapping[str, Any]) -> Markup:
    older = f" {data['older']} Beads ended earlier and are left out." if data["older"] else ""
    said = (
        f"As the town was at {now.moment(data['at'])}, with what ended since {now.moment(data['since'])}."
        f"{older} Times are UTC. Made by gt {data['version']}: "
    )
    return tag("footer", tag("p", said, tag("code", "gt report"), " makes it anew."))


def _embedded(name: str, data: Any) -> Markup:
    """Data for the script. No text in it can end the element, begin another or hide from the eye."""
    text = _dumped(data)
    if not text.isprintable() or _ESCAPED.search(text):
        text = _dumped(_visible(data))
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return tag("script", Markup(text), type="application/json", id=name)


def _dumped(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _visible(data: Any) -> Any:
    if isinstance(data, str):
        return shown(data)
    if isinstance(data, Mapping):
        return {shown(key): _visible(value) for key, value in data.items()}
    return [*map(_visible, data)] if isinstance(data, list | tuple) else data


def _drawing(net: Network) -> dict[str, Any]:
    """Where each Bead stands, by column and row, and where each line passes: kind, both ends, columns and rows in turn."""
    drawn = apart(net)
    return {
        "columns": drawn.columns,
        "rows": drawn.rows,
        "alone": len(net.beads) - len(drawn.beads),
        "beads": {name: list(place) for name, place in drawn.beads.items()},
        "lines": [
            [edge.kind.value, edge.before, edge.after, *(number for place in line for number in place)]
            for edge, line in drawn.lines.items()
        ],
        "critical": list(net.critical),
    }
