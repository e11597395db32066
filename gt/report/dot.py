"""A network in Graphviz's language."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from gt.core.network import Kind, Network
from gt.report.palette import INK, fill


def dot(net: Network) -> str:
    """The network as a digraph, from what must come first to what waits for it; the critical path is bold."""
    return "\n".join(_lines(net)) + "\n"


def _lines(net: Network) -> Iterator[str]:
    yield "digraph town {"
    yield "  rankdir=LR;"
    yield f'  node [shape=box, style="rounded,filled", fontname="sans-serif", fontcolor="{INK}"];'
    critical = set(net.critical)
    for name, bead in sorted(net.beads.items()):
        state = net.state(name)
        bold = ", penwidth=3" if name in critical else ""
        label = f"{_escaped(name)} {state}\\n{_escaped(bead.spec.title)}"
        yield f'  "{_escaped(name)}" [label="{label}", fillcolor="{fill(state)}"{bold}];'
    chain = set(pairwise(net.critical))
    for edge in net.edges:
        style = ' [style=dashed, arrowhead=none, label="parent"]' if edge.kind is Kind.PARENT else ""
        style = style or (" [penwidth=3]" if (edge.before, edge.after) in chain else "")
        yield f'  "{_escaped(edge.before)}" -> "{_escaped(edge.after)}"{style};'
    yield "}"


def _escaped(text: str) -> str:
    """Text of others inside a quoted string: it can't end it, nor be taken for an escape of Graphviz's."""
    return "".join({"\\": "\\\\", '"': '\\"'}.get(char, char if char.isprintable() else " ") for char in text)
