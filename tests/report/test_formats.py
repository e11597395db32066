"""A network in the languages of others."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from gt.core.bead import Phase, Spec
from gt.core.network import Network, network
from gt.report.dot import dot
from gt.report.mermaid import mermaid
from gt.report.palette import INK, fills
from gt.report.placing import drawing
from gt.report.svg import svg
from tests.core.small import bead, gt

HOSTILE = '"]; \\" <script>alert(1)</script> \u202e &amp; %% \x1b[31m \\n `x` |end|'
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def net() -> Network:
    beads = [
        replace(bead("a"), spec=Spec(title=HOSTILE)),
        bead("b", needs=[gt("a")]),
        bead("c", needs=[gt("a"), gt("b")], parent=gt("e")),
        bead("e", type="epic"),
        bead("s", Phase.STUCK),
    ]
    return network(beads, {gt("a")})


def test_dot_has_every_bead_and_edge_and_marks_the_critical_path(net: Network) -> None:
    lines = dot(net).splitlines()
    assert f'  "{gt("a")}" -> "{gt("b")}" [penwidth=3];' in lines
    assert f'  "{gt("a")}" -> "{gt("c")}";' in lines
    assert f'  "{gt("e")}" -> "{gt("c")}" [style=dashed, arrowhead=none, label="parent"];' in lines
    assert sum("fillcolor" in line for line in lines) == 5
    assert sum("penwidth" in line for line in lines) == 5


def test_mermaid_has_every_bead_and_edge_and_marks_the_critical_path(net: Network) -> None:
    lines = mermaid(net).splitlines()
    assert lines[0] == "flowchart LR"
    assert {"  b0 ==> b1", "  b0 --> b2", "  b3 -.- b2", "  class b0,b1,b2 critical"} <= set(lines)


def test_the_drawing_is_well_formed_and_says_what_it_shows(net: Network) -> None:
    root = ET.fromstring(svg(net))
    titles = [found.text or "" for found in root.iter(f"{SVG}title")]
    assert titles[0] == "5 Beads and what they wait for"
    assert f"{gt('b')} waiting: b" in titles
    assert len(list(root.iter(f"{SVG}path"))) == len(net.edges) + 1
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        *("svg", "title", "style", "rect", "defs", "marker", "path", "g", "text"),
    }


@pytest.mark.parametrize("language", [dot, mermaid, svg])
def test_text_of_others_stays_text(net: Network, language: object) -> None:
    assert callable(language)
    drawn = language(net)
    assert language is dot or "<script" not in drawn
    assert not {"\x1b", "\u202e"} & set(drawn)
    if language is dot:
        label = next(line for line in drawn.splitlines() if line.startswith(f'  "{gt("a")}" ['))
        assert '\\"]; \\\\\\" ' in label
    if language is mermaid:
        assert "#34;#93;#59; #92;#34; #60;script#62;alert#40;1#41;" in drawn


@pytest.mark.parametrize("language", [dot, mermaid, svg])
def test_an_empty_town_is_drawn(language: object) -> None:
    assert callable(language)
    assert language(network((), ())).endswith("\n")


def test_nothing_stands_or_passes_where_another_does(net: Network) -> None:
    drawn = drawing(net)
    bends = [place for line in drawn.lines.values() for place in line[1:-1]]
    taken = [*drawn.beads.values(), *bends]
    assert bends, "a line passes the column of b"
    assert len(set(taken)) == len(taken)
    for edge, line in drawn.lines.items():
        assert (line[0], line[-1]) == (drawn.beads[edge.before], drawn.beads[edge.after])
        assert [column for column, _ in line] == list(range(line[0][0], line[-1][0] + 1))
    assert (drawn.columns, drawn.rows) == (3, 3)


def test_lines_of_two_separate_chains_do_not_cross() -> None:
    beads = [
        bead(f"{chain}{n}", needs=[gt(f"{chain}{n - 1}")] if n else []) for n in range(4) for chain in "xy"
    ]
    drawn = drawing(network(beads, ()))
    order = [drawn.beads[gt(f"x{n}")][1] < drawn.beads[gt(f"y{n}")][1] for n in range(4)]
    assert len(set(order)) == 1


def test_the_line_that_closes_a_cycle_goes_back() -> None:
    drawn = drawing(network([bead("a", needs=[gt("b")]), bead("b", needs=[gt("a")])], ()))
    assert sorted(line[0][0] - line[-1][0] for line in drawn.lines.values()) == [-1, 1]


def test_text_can_be_read_on_every_fill() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for state, colour in fills():
        assert (luminance(colour) + 0.05) / (luminance(INK) + 0.05) >= 7, state
    assert {state for state, _ in fills()} == {"ready", "waiting", *Phase} - {Phase.OPEN}
