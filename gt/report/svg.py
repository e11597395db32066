"""A network as a drawing: SVG that needs nothing else, and that can be read aloud."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

from gt.core.network import Edge, Kind, Network
from gt.report.palette import INK, fill
from gt.report.placing import Drawing, Place, drawing

_WIDTH, _HEIGHT = 230, 48
"""Of a Bead's box, in pixels."""
_ACROSS, _DOWN = 300, 64
"""From one column or row to the next."""
_EDGE = 16
_LETTERS = 32
"""Of a title that fit into a box."""

_STYLE = f"""
text {{ font: 12px system-ui, sans-serif; fill: {INK}; }}
.id {{ font-weight: 600; }}
rect {{ stroke: {INK}; stroke-width: 1; }}
path {{ fill: none; stroke: #6b7683; stroke-width: 1.5; }}
.parent {{ stroke-dasharray: 4 4; }}
.critical {{ stroke-width: 3; }}
""".strip()


def svg(net: Network) -> str:
    """The network as an SVG document: a box for each Bead, lines from what comes first; the critical path is bold."""
    return "\n".join(_lines(net, drawing(net))) + "\n"


def _lines(net: Network, drawn: Drawing) -> Iterator[str]:
    width = drawn.columns * _ACROSS - (_ACROSS - _WIDTH) + 2 * _EDGE
    height = drawn.rows * _DOWN - (_DOWN - _HEIGHT) + 2 * _EDGE
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="what" width="{width}"'
        f' height="{height:g}" viewBox="0 0 {width} {height:g}">'
    )
    yield f'<title id="what">{len(net.beads)} Beads and what they wait for</title>'
    yield f'<style>{_STYLE}</style><rect width="100%" height="100%" style="fill:#fff;stroke:none"/>'
    yield (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerUnits="userSpaceOnUse" markerWidth="10" markerHeight="10"'
        ' orient="auto"><path d="M0 0 8 4 0 8z" style="fill:#6b7683;stroke:none"/></marker></defs>'
    )
    chain = set(pairwise(net.critical))
    for edge in net.edges:
        yield _line(edge, drawn.lines[edge], bold=(edge.before, edge.after) in chain)
    for name in sorted(net.beads):
        yield from _box(net, name, drawn.beads[name])
    yield "</svg>"


def _line(edge: Edge, passes: Sequence[Place], *, bold: bool) -> str:
    classes = " ".join([*(["parent"] if edge.kind is Kind.PARENT else []), *(["critical"] if bold else [])])
    marker = "" if edge.kind is Kind.PARENT else ' marker-end="url(#tip)"'
    x, y = _corner(passes[0])
    x, y = x + _WIDTH, y + _HEIGHT / 2
    path = [f"M{x:g} {y:g}"]
    for number, place in enumerate(passes[1:], 2):
        to_x, to_y = _corner(place)
        to_y += _HEIGHT / 2
        bend = max((to_x - x) / 2, _ACROSS - _WIDTH)
        path.append(f"C{x + bend:g} {y:g} {to_x - bend:g} {to_y:g} {to_x:g} {to_y:g}")
        x, y = to_x, to_y
        if number < len(passes):  # past what stands in this column
            x += _WIDTH
            path.append(f"H{x:g}")
    return f'<path class="{classes}" d="{"".join(path)}"{marker}/>'


def _corner(place: Place) -> tuple[float, float]:
    """The upper left corner of a box that stands there."""
    return _EDGE + place[0] * _ACROSS, _EDGE + place[1] * _DOWN


def _box(net: Network, name: str, at: Place) -> Iterator[str]:
    bead, state = net.beads[name], net.state(name)
    x, y = _corner(at)
    title = bead.spec.title
    short = title if len(title) <= _LETTERS else title[: _LETTERS - 1].rstrip() + "\u2026"
    bold = ' class="critical"' if name in net.critical else ""
    yield f"<g><title>{_text(f'{name} {state}: {title}')}</title>"
    yield f'<rect{bold} x="{x:g}" y="{y:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill="{fill(state)}"/>'
    yield f'<text class="id" x="{x + 10:g}" y="{y + 19:g}">{_text(name)} \u00b7 {state}</text>'
    yield f'<text x="{x + 10:g}" y="{y + 36:g}">{_text(short)}</text></g>'


def _text(text: str) -> str:
    """Text of others as character data: no markup, and no character that XML forbids or that turns the line around."""
    return escape("".join(char if char.isprintable() else " " for char in text))
