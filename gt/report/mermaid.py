"""A network in Mermaid's language, as it is drawn in Markdown on GitHub and GitLab."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from gt.core.network import Kind, Network
from gt.report.palette import INK, fills


def mermaid(net: Network) -> str:
    """The network as a flowchart, from what must come first to what waits for it; the critical path is bold."""
    return "\n".join(_lines(net)) + "\n"


def _lines(net: Network) -> Iterator[str]:
    yield "flowchart LR"
    # A name of a node may be a word of the language, such as `end`; numbers with a letter are none.
    node = {name: f"b{number}" for number, name in enumerate(sorted(net.beads))}
    for name, short in node.items():
        title = _escaped(net.beads[name].spec.title)
        yield f'  {short}["{_escaped(name)} {net.state(name)}<br>{title}"]:::{net.state(name)}'
    chain = set(pairwise(net.critical))
    for edge in net.edges:
        arrow = "-.-" if edge.kind is Kind.PARENT else "==>" if (edge.before, edge.after) in chain else "-->"
        yield f"  {node[edge.before]} {arrow} {node[edge.after]}"
    used = {net.state(name) for name in net.beads}
    yield from (
        f"  classDef {state} fill:{colour},stroke:{INK},color:{INK}"
        for state, colour in fills()
        if state in used
    )
    if net.critical:
        yield "  classDef critical stroke-width:3px"
        yield f"  class {','.join(node[name] for name in net.critical)} critical"


def _escaped(text: str) -> str:
    """Text of others inside a quoted label: every character that Markdown, HTML or Mermaid may act on is an entity."""
    plain = (char if char.isprintable() else " " for char in text)
    return "".join(char if char.isalnum() or char in " -.,:" else f"#{ord(char)};" for char in plain)
