"""Line charts as SVG, by hand: a few panels side by side that share a legend."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 300, 250
LEFT, TOP, RIGHT, BOTTOM = 46, 34, 12, 40
COLOURS = ("#0b6e4f", "#c1121f", "#3a5a98", "#e09f3e", "#7b2d8b", "#5c677d", "#2a9d8f", "#8d5524", "#111111")
"""The first is for ours."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: both axes logarithmic, with these marks."""

    title: str
    across: str
    up: str
    lines: Mapping[str, Sequence[Point]]
    xs: Sequence[float]
    ys: Sequence[float]


def draw(panels: Sequence[Panel]) -> str:
    """The picture, as the text of an SVG file. Every panel has its lines in the same order."""
    names = list(panels[0].lines)
    width = WIDTH * len(panels)
    legend = 24 + 18 * math.ceil(len(names) / 4)
    box = f'width="{width}" height="{HEIGHT + legend}" viewBox="0 0 {width} {HEIGHT + legend}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{HEIGHT + legend}" fill="#ffffff"/>',
    ]
    for place, panel in enumerate(panels):
        parts.append(f'<g transform="translate({place * WIDTH},0)">')
        parts += _panel(panel)
        parts.append("</g>")
    for place, name in enumerate(names):
        x, y = LEFT + (place % 4) * (width - LEFT) / 4, HEIGHT + 14 + 18 * (place // 4)
        parts.append(
            f'<line x1="{x:.0f}" y1="{y}" x2="{x + 22:.0f}" y2="{y}" stroke="{COLOURS[place]}" stroke-width="{_thick(place)}"/>'
        )
        parts.append(f'<text x="{x + 28:.0f}" y="{y + 4}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _thick(place: int) -> float:
    return 1.5 if place else 3


def _panel(panel: Panel) -> list[str]:
    right, floor = WIDTH - RIGHT, HEIGHT - BOTTOM

    def x(value: float) -> float:
        return LEFT + (right - LEFT) * math.log(value / panel.xs[0]) / math.log(panel.xs[-1] / panel.xs[0])

    def y(value: float) -> float:
        return floor - (floor - TOP) * math.log(value / panel.ys[0]) / math.log(panel.ys[-1] / panel.ys[0])

    parts = [f'<text x="{LEFT}" y="18" font-weight="bold">{escape(panel.title)}</text>']
    for mark in panel.ys:
        parts.append(
            f'<line x1="{LEFT}" y1="{y(mark):.1f}" x2="{right}" y2="{y(mark):.1f}" stroke="#dddddd"/>'
        )
        parts.append(f'<text x="{LEFT - 5}" y="{y(mark) + 4:.1f}" text-anchor="end">{mark:g}</text>')
    parts += [
        f'<text x="{x(mark):.1f}" y="{floor + 15}" text-anchor="middle">{mark:g}</text>' for mark in panel.xs
    ]
    parts.append(
        f'<text x="{(LEFT + right) / 2}" y="{floor + 31}" text-anchor="middle">{escape(panel.across)}</text>'
    )
    parts.append(f'<text x="{LEFT}" y="{TOP - 4}" fill="#555555">{escape(panel.up)}</text>')
    for place, line in reversed(list(enumerate(panel.lines.values()))):
        points = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in line)
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{COLOURS[place]}" stroke-width="{_thick(place)}"/>'
        )
    return parts
