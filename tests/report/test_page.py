"""The page of `gt report`, as text."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise, product
from typing import Any

import pytest

from gt.core.bead import Note, Phase, Result, Spec
from gt.core.network import network
from gt.core.page import Page
from gt.core.promotion import Decision, Stage, Step
from gt.core.world import Target
from gt.refinery.outcomes import Verdict
from gt.refinery.verify import Proof
from gt.report import now, numbers
from gt.report.markup import html, join, shown, tag
from gt.report.palette import DAY, NIGHT, variables
from gt.report.placing import apart
from tests.core.small import NOW, attempt, bead, gt, submission
from tests.core.worlds import page as page_made
from tests.report.told import data_of, event, landing, page_of, run, told

HOSTILE = "</script><script>hacked=1</script><img src=x onerror=hacked=1> \" ' & <!-- \u202egnp \x1b[31m \u2028 \ud800"
SEEN = (
    HOSTILE.replace("\u202e", "\\u202e")
    .replace("\x1b", "\\x1b")
    .replace("\u2028", "\\u2028")
    .replace("\ud800", "\\ud800")
)


class Read(HTMLParser):
    """What a browser would find in the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {"script": [], "style": [], "title": []}
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "input"):
            self.open.append(tag)
        if tag in self.inside:
            self.inside[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.inside:
            self.inside[self.open[-1]][-1] += data
        else:
            self.text.append(data)


def hostile() -> str:
    """The page of a town in which everybody writes what they shouldn't."""
    sub = replace(submission(), by=HOSTILE)
    wanted = replace(
        bead("a"),
        spec=Spec(HOSTILE, body=HOSTILE, acceptance=HOSTILE, labels=frozenset({HOSTILE}), agent=HOSTILE),
        notes=(Note("n", NOW, HOSTILE, HOSTILE),),
    )
    landed = bead("l", Phase.LANDED)
    tried = replace(attempt("1-aaaa", Result.RED), reason=HOSTILE, agent=HOSTILE)
    landed = replace(landed, status=replace(landed.status, submission=sub, attempts=(tried,)))
    call: Page = replace(page_made(gt("a"), HOSTILE), text=HOSTILE)
    return page_of(
        told(
            *(wanted, landed, bead("b", needs=[gt("a")])),
            town=HOSTILE,
            runs=(run(landed, gate=HOSTILE),),
            commits=(landing(HOSTILE, test=Proof.KEPT),),
            events=(event(HOSTILE, gt("a")),),
            pages={call.id: call},
            targets={"main": Target("main", None, HOSTILE, "red")},
        )
    )


def test_text_of_others_stays_text() -> None:
    text = hostile()
    read = Read(text)
    assert read.open == []
    assert [attrs.get("id") for name, attrs in read.tags if name == "script"] == ["data", "drawings", None]
    assert not {name for name, _ in read.tags} & {"img", "iframe", "object", "link", "base", "svg"}
    assert not [key for _, attrs in read.tags for key in attrs if key.startswith("on") or key == "style"]
    assert "".join(read.text).count(SEEN) >= 4
    assert read.inside["title"][0].startswith(SEEN)
    assert json.loads(read.inside["script"][0])["beads"][0]["title"] == SEEN
    assert not {"\x1b", "\u202e", "\u2028", "\ud800"} & set(text)
    assert text.encode()


def test_nothing_but_its_own_script_and_style_may_run_and_nothing_is_loaded() -> None:
    text = hostile()
    read = Read(text)
    policy = next(a["content"] for _, a in read.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy

    def digest(part: str) -> str:
        return f"'sha256-{b64encode(sha256(part.encode()).digest()).decode()}'"

    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules == {
        "default-src": "'none'",
        "script-src": digest(read.inside["script"][2]),
        "style-src": digest(read.inside["style"][0]),
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    loaded = [
        value
        for _, attrs in read.tags
        for key, value in attrs.items()
        if key in ("src", "href", "srcset", "action")
    ]
    assert {value[0] for value in loaded if value} == {"#"}
    own = read.inside["script"][2] + read.inside["style"][0]
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|url\((?!#)|@import|fetch\(", own
    )


def test_every_view_is_a_labelled_part_of_the_page() -> None:
    read = Read(page_of(told(bead("a"))))
    ids = [attrs["id"] for _, attrs in read.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    sections = [attrs["id"] for name, attrs in read.tags if name == "section"]
    links = [attrs["href"] for name, attrs in read.tags if name == "a" and "class" not in attrs]
    assert links == [f"#{name}" for name in sections]
    named = [value for _, attrs in read.tags if (value := attrs.get("aria-labelledby"))]
    assert set(named) - {"bead-title"} <= set(ids), "the dialog's heading is made with what it shows"
    first = [int(name[1]) for name, _ in read.tags if re.fullmatch("h[1-6]", name)]
    assert first[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(first))


def test_what_is_due_who_is_called_and_what_runs_is_said_first() -> None:
    found = told(
        bead("a"),
        bead("s", Phase.STUCK),
        bead("r", Phase.LEASED),
        targets={"main": Target("main", "f" * 40, "is red", "red")},
    )
    text = re.sub(r"<[^>]*>", " ", now.section(data_of(found)))
    for said in (
        "1  ready",
        "1  stuck",
        "is stuck",
        f"gt retry {gt('s')}",
        "1-aaaa, unknown",
        "is red",
        "Due",
    ):
        assert said in text
    rest = now.section(data_of(told(bead("l", Phase.LANDED))))
    assert '<p class="verdict good">at rest</p>' in rest


def test_a_convoy_tells_how_far_it_is() -> None:
    members = (bead("a", Phase.LANDED, parent=gt("e")), bead("b", parent=gt("e")), bead("c", parent=gt("v")))
    convoy, epic = bead("v", type="convoy"), bead("e", type="epic", parent=gt("v"))
    found = told(convoy, epic, *members)
    (data,) = data_of(found)["convoys"]
    assert (data["id"], data["count"], data["phases"]["landed"]) == (gt("v"), 3, 1)
    text = now.section(data_of(found))
    assert "1 of 3 landed" in text
    assert 'aria-label="1 of 3 Beads are over"' in text


def test_stages_are_told_beside_their_target() -> None:
    moving = Stage("release", "main", "main", "f" * 40, Decision(Step.WAIT, why="bakes for an hour"), 3)
    text = re.sub(r"<[^>]*>", " ", now.section(data_of(told(stages=(moving,)))))
    for said in ("Stages", "release", "at ffffffffffff, 3 behind main", "bakes for an hour"):
        assert said in text


def test_a_long_list_is_cut_and_the_rest_is_counted() -> None:
    many = [bead(f"s{n:02}", Phase.STUCK) for n in range(now.SHOWN + 3)]
    assert "and 3 more" in now.section(data_of(told(*many)))


def test_pages_tell_how_far_they_got() -> None:
    open_one, sent = page_made("town", "disk"), replace(page_made("town", "net"), sent=NOW)
    text = now.pages(data_of(told(pages={each.id: each for each in (open_one, sent)})))
    assert text.count("not sent") == 1
    assert f"gt ack {sent.id}" in text
    assert "Nobody was called" in now.pages(data_of(told()))


def test_the_numbers_are_those_of_gt_stats() -> None:
    landed = bead("l", Phase.LANDED)
    tried = replace(attempt("1-aaaa", Result.SUBMITTED), usage={"usd": 1.5})
    landed = replace(
        landed,
        created=replace(landed.created, at=NOW - 4000),
        status=replace(landed.status, submission=submission(), attempts=(tried,)),
    )
    early = replace(bead("e", Phase.LANDED), status=replace(landed.status, attempts=()))
    assert early.status.landed
    early = replace(
        early, status=replace(early.status, landed=replace(early.status.landed, at=NOW - 3 * 86400))
    )
    runs = (run(landed), run(landed, Verdict.FAIL))
    text = re.sub(r"<[^>]*>", " ", numbers.section(data_of(told(landed, early, runs=runs))))
    for said in (
        "1.50",
        "1 submitted",
        "Landings a day, 2026-11-19 to 2026-11-22: at most 1, in all 2",
        "50%",
        "2 MiB",
    ):
        assert said in text, text
    assert "Agents" not in numbers.section(data_of(told()))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0.0 s"), (9.96, "10.0 s"), (59, "59 s"), (125, "2 m 5 s"), (7200, "2 h"), (100000, "1 d 3 h")],
)
def test_spans_of_time(seconds: float, said: str) -> None:
    assert numbers.length(seconds) == said


def test_markup_escapes_all_but_markup() -> None:
    made = tag("a", "<b>", tag("i", "&"), href='"', hidden=True, title=None, aria_label="x", class_="y")
    assert made == '<a href="&quot;" hidden aria-label="x" class="y">&lt;b&gt;<i>&amp;</i></a>'
    assert join("<", html("<"), made) == f"&lt;&lt;{made}"
    assert tag("input", id="x") == '<input id="x">'
    assert shown("a\n\tb\x00\u202e\U000e0001\u00e9") == "a\n\tb\\x00\\u202e\\U000e0001\u00e9"


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [DAY, NIGHT], ids=["day", "night"])
def test_everything_can_be_told_from_what_is_behind_it(colours: Any) -> None:
    behind = ("page", "panel", "sunken")
    for text, back in product(("ink", "quiet", "link", "good", "bad", "still", "live"), behind):
        assert _contrast(colours[text], colours[back]) >= 4.5, (text, back)
    for line, back in product(("edge", "focus"), behind):
        assert _contrast(colours[line], colours[back]) >= 3, (line, back)
    for state, fill in colours.items():
        assert not state.startswith("state-") or _contrast(colours["ink"], fill) >= 7, state
    assert DAY.keys() == NIGHT.keys()
    assert f"--page:{colours['page']}" in variables()


def test_what_hangs_together_is_drawn_apart_from_the_rest_and_loners_are_left_out() -> None:
    chains = [
        bead(f"{chain}{n}", needs=[gt(f"{chain}{n - 1}")] if n else []) for chain in "xyz" for n in range(2)
    ]
    longest = [bead(f"w{n}", needs=[gt(f"w{n - 1}")] if n else []) for n in range(3)]
    drawn = apart(network([*chains, *longest, bead("alone")], ()))
    assert gt("alone") not in drawn.beads
    assert [drawn.beads[gt(f"w{n}")] for n in range(3)] == [(0, 0), (1, 0), (2, 0)]
    assert len(set(drawn.beads.values())) == len(drawn.beads) == 9
    assert (drawn.columns, drawn.rows) == (4, 3)
    assert all(line[0] == drawn.beads[edge.before] for edge, line in drawn.lines.items())
    assert apart(network((), ())).beads == {}
