"""The page of `gt report` in a real browser: what it does, what it says when read aloud, what it costs."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Phase, Result, Spec
from gt.core.world import Queued, Standing
from gt.drive.chronicle import Chronicle
from gt.refinery.outcomes import Verdict
from gt.refinery.verify import Proof
from tests.benchmarks.towns import beads as many
from tests.core.small import NOW, OID, attempt, bead, gt, submission
from tests.core.worlds import page as call
from tests.report.browser import NAMES, Browser, Tab, browser, found
from tests.report.told import data_of, event, landing, page_of, run, told

pytestmark = pytest.mark.skipif(
    found() is None, reason=f"needs a browser: none of {', '.join(NAMES)} is there"
)

VIEWS = ("now", "beads", "graph", "timeline", "queue", "landings", "numbers", "pages", "log")
HOSTILE = "</script><script>hacked=1</script><img src=x onerror=hacked=1><svg onload=hacked=1>\u202e"
Open = Callable[..., Tab]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One for all tests of this module."""
    with browser(tmp_path_factory.mktemp("browser")) as it:
        yield it


@pytest.fixture
def look(chromium: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens the page of a chronicle in a tab; its console must stay empty."""
    tabs: list[Tab] = []

    def opened(told_of: Chronicle, width: int = 1200, *, dark: bool = False) -> Tab:
        place = tmp_path / f"{len(tabs)}.html"
        place.write_text(page_of(told_of))
        tabs.append(chromium.tab(place.as_uri(), width, dark=dark))
        return tabs[-1]

    yield opened
    for tab in tabs:
        with tab:
            assert tab.complaints() == []


def busy() -> Chronicle:
    """A town in which there is something of everything."""
    sub = submission()
    landed = bead("l", Phase.LANDED)
    tried = attempt("1-aaaa", Result.SUBMITTED)
    red = replace(
        attempt("2-bbbb", Result.RED, NOW - 90), reason="gate test is red\nlast words\n", agent="codex"
    )
    landed = replace(landed, status=replace(landed.status, submission=sub, attempts=(tried, red)))
    submitted = bead("q", Phase.SUBMITTED, labels=["ui"])
    hostile = replace(bead("h"), spec=Spec(HOSTILE, body=HOSTILE, needs=frozenset({gt("a")})))
    paged = call("town", "disk")
    return told(
        *(bead("a", type="bug"), bead("b", needs=[gt("a")]), bead("c", needs=[gt("b")], parent=gt("e"))),
        *(
            bead("e", type="epic"),
            bead("s", Phase.STUCK),
            bead("r", Phase.LEASED),
            landed,
            submitted,
            hostile,
            bead("v", type="convoy"),
            bead("w", parent=gt("v")),
        ),
        runs=(run(landed), run(submitted, Verdict.FAIL), run(bead("x"), Verdict.COULD_NOT_RUN)),
        commits=(landing(HOSTILE, test=Proof.KEPT, lint=Proof.WAIVED),),
        events=(event("edit", gt("a")), event("founded")),
        queue=(
            Queued(
                gt("q"), "1-aaaa", "main", OID, Standing.HELD, "approval", "waits for a word", "gt approve"
            ),
        ),
        pages={paged.id: paged},
    )


def rows(tab: Tab, view: str) -> int:
    """How many rows a list has now."""
    count: int = tab.run(f"document.querySelectorAll('#{view} .rows > li').length")
    return count


def test_every_view_shows_what_it_is_about_and_asks_nobody_anything(look: Open) -> None:
    tab = look(busy())
    assert tab.run("document.title").startswith("a town: ")
    for view, expected in zip(VIEWS, (8, 11, 0, 7, 1, 1, 0, 1, 2), strict=True):
        tab.view(view)
        assert (
            tab.run("[...document.querySelectorAll('main > section')].filter(each => !each.hidden).length")
            == 1
        )
        assert tab.run("document.querySelector('nav [aria-current]').hash") == f"#{view}"
        if view != "now":
            assert rows(tab, view) == expected, view
    tab.view("graph")
    assert tab.run("document.querySelectorAll('#plan a').length") == 7
    assert tab.run("document.querySelectorAll('#plan a.critical').length") == 3
    assert tab.run("performance.getEntriesByType('resource').length") == 0


def test_text_of_others_stays_text(look: Open) -> None:
    tab = look(busy())
    for view in VIEWS:
        tab.view(view)
    tab.run(f"location.hash = '{gt('h')}'")
    tab.until("document.getElementById('bead').open")
    assert tab.run("document.getElementById('bead-title').textContent") == HOSTILE.replace(
        "\u202e", "\\u202e"
    )
    assert tab.run("document.querySelectorAll('img, script[src], iframe, [onload], [onerror]').length") == 0
    assert tab.run("typeof hacked") == "undefined"


def test_a_keyboard_is_enough(look: Open) -> None:
    tab = look(busy())
    tab.press("Tab", code=9)
    assert tab.run("document.activeElement.textContent") == "Skip to the report"
    tab.press("/", code=191, text="/")
    assert tab.run("document.activeElement.id") == "words"
    tab.type("ui submitted")
    tab.until(
        "document.getElementById('count').textContent === '1 of 11 Beads' && location.hash === '#beads'"
    )
    assert rows(tab, "beads") == 1
    for _ in range(20):
        if tab.run("document.activeElement.matches('#beads a')"):
            break
        tab.press("Tab", code=9)
    tab.press("Enter", code=13, text="\r")
    tab.until("document.getElementById('bead').open")
    assert tab.run("document.activeElement.closest('dialog').id") == "bead"
    assert tab.run("document.querySelector('#bead .hint').textContent") == "gt approve"
    tab.press("Escape", code=27)
    # A dialog tells of its closing in a task of its own; only then is the address the view's again.
    tab.until("!document.getElementById('bead').open && location.hash === '#beads'")
    assert tab.run(f"document.activeElement.hash === '#{gt('q')}'")
    tab.run("document.querySelector('[type=reset]').click()")
    tab.until("document.getElementById('count').textContent === '11 Beads'")
    assert rows(tab, "beads") == 11


def test_a_bead_tells_its_story_and_leads_to_others(look: Open) -> None:
    tab = look(busy())
    tab.run(f"location.hash = '{gt('l')}'")
    tab.until("document.getElementById('bead').open")
    text = tab.run("document.getElementById('bead').innerText")
    for said in (
        "What proves it",
        "gate test kept",
        "lint waived",
        "1-aaaa claude",
        "2-bbbb codex",
        "gate test on tree",
    ):
        assert said in text, text
    tab.run(f"location.hash = '{gt('b')}'")
    tab.until(f"document.querySelector('#bead .id').textContent === '{gt('b')}'")
    assert tab.run("[...document.querySelectorAll('#bead dd a')].map(each => each.hash)") == [
        f"#{gt('a')}",
        f"#{gt('c')}",
    ]
    tab.run("history.back()")
    tab.until(f"document.querySelector('#bead .id').textContent === '{gt('l')}'")


def test_numbers_on_the_first_view_lead_to_their_beads(look: Open) -> None:
    tab = look(busy())
    tab.run("document.querySelector('[data-state=stuck]').click()")
    tab.until("location.hash === '#beads' && document.querySelectorAll('#beads .rows > li').length === 1")
    assert tab.run("document.querySelector('#beads .id').textContent") == gt("s")


def test_colours_follow_the_system_unless_the_reader_says_otherwise(look: Open) -> None:
    tab = look(busy(), dark=True)
    colour = "getComputedStyle(document.body).backgroundColor"
    dark = tab.run(colour)
    choose = "theme => { const it = document.getElementById('theme'); it.value = theme; it.dispatchEvent(new Event('change')); }"
    tab.run(f"({choose})('light')")
    assert tab.run(colour) != dark
    tab.call("Page.reload")
    tab.browser.wait("Page.loadEventFired", tab.session)
    assert tab.run("document.getElementById('theme').value") == "light", "it is remembered"
    tab.run(f"({choose})('auto')")
    assert tab.run(colour) == dark


CONTRASTS = """(() => {
  const rgb = (said) => said.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((each) => each / 255)
    .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    .reduce((sum, each, at) => sum + each * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
  };
  const low = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.checkVisibility() || element.closest('svg')) continue;
    const [one, other] = [light(rgb(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
    if ((one + 0.05) / (other + 0.05) < 4.5) low.push(element.outerHTML);
  }
  return low;
})()"""


@pytest.mark.parametrize(("width", "dark"), [(1200, False), (390, True), (320, False)])
def test_it_can_be_read_and_has_room(look: Open, width: int, dark: bool) -> None:
    tab = look(busy(), width, dark=dark)
    for view in (*VIEWS, gt("l")):
        tab.run(f"location.hash = '{view}'")
        tab.until(
            f"document.getElementById('{view}').checkVisibility()"
            if view in VIEWS
            else "document.getElementById('bead').open"
        )
        assert tab.run(CONTRASTS) == [], view
        assert tab.run("document.documentElement.scrollWidth") <= width, view
    assert (
        tab.run("document.getElementById('bead').scrollWidth - document.getElementById('bead').clientWidth")
        <= 0
    )


def test_whatever_can_be_used_has_a_name_when_read_aloud(look: Open) -> None:
    tab = look(busy())
    used = {
        "button",
        "link",
        "combobox",
        "searchbox",
        "textbox",
        "region",
        "dialog",
        "image",
        "navigation",
        "search",
    }
    roles = set()
    for view in (*VIEWS, gt("l")):
        tab.run(f"location.hash = '{view}'")
        tab.until(
            f"document.getElementById('{view}').checkVisibility()"
            if view in VIEWS
            else "document.getElementById('bead').open"
        )
        for node in tab.call("Accessibility.getFullAXTree")["nodes"]:
            role = node.get("role", {}).get("value")
            if node["ignored"] or role not in used:
                continue
            roles.add(role)
            assert node["name"]["value"].strip(), json.dumps(node)
    assert {"button", "link", "combobox", "searchbox", "region", "dialog", "navigation"} <= roles


VIOLATIONS = """axe.run().then(found => found.passes.length < 10 ? ['hardly anything was judged'] : found.violations.map(
  each => each.id + ': ' + each.nodes.map(node => node.html + ' ' + node.failureSummary).join(' | ')))"""


@pytest.mark.parametrize(
    ("town", "width", "dark"), [(busy, 1200, False), (busy, 390, True), (told, 800, True)]
)
def test_the_engine_that_judges_for_assistive_technology_finds_nothing(
    look: Open, town: Callable[[], Chronicle], width: int, dark: bool
) -> None:
    axe = importlib.util.find_spec("axe_core_python")
    if axe is None or axe.origin is None:
        pytest.skip("axe-core-python is not installed")
    tab = look(town(), width, dark=dark)
    tab.run((Path(axe.origin).parent / "axe.min.js").read_text())
    for view in VIEWS:
        tab.view(view)
        assert tab.run(VIOLATIONS) == [], view
    if town is busy:
        tab.run(f"location.hash = '{gt('l')}'")
        tab.until("document.getElementById('bead').open")
        assert tab.run(VIOLATIONS) == []
        tab.run("document.querySelector('#bead button').textContent = ''")
        assert [each.split(":")[0] for each in tab.run(VIOLATIONS)] == ["button-name"]


def test_an_empty_town_has_a_page(look: Open) -> None:
    tab = look(told())
    for view in VIEWS:
        tab.view(view)
        assert tab.run("document.querySelector('main').innerText.trim().length") > 10, view


def test_of_thousands_of_beads_only_those_that_are_looked_at_are_in_the_page(look: Open) -> None:
    town = told(*many(1500))
    assert len(data_of(town)["beads"]) == 1500
    tab = look(town)
    assert tab.run("document.querySelectorAll('*').length") < 1500
    for view in VIEWS:
        tab.view(view)
    tab.view("beads")
    first = rows(tab, "beads")
    assert first <= 240
    tab.run("scrollTo(0, document.body.scrollHeight)")
    tab.until(f"document.querySelectorAll('#beads .rows > li').length > {first}")
    tab.view("graph")
    tab.run(
        "const all = document.querySelector('#graph select'); all.value = 'all'; all.dispatchEvent(new Event('change'));"
    )
    seen = "document.querySelectorAll('#plan a').length"
    boxes = "[...document.querySelectorAll('#plan a')].map(each => each.hash).join()"
    assert 10 < tab.run(seen) < 400
    before = tab.run(boxes)
    tab.run("document.getElementById('plan').scrollTop = 20000")
    tab.until(f"{boxes} !== {json.dumps(before)}")
    assert 10 < tab.run(seen) < 400
    tab.run("words.value = 'login'; words.dispatchEvent(new Event('input', { bubbles: true }))")
    tab.until("/ of 1500 Beads$/.test(document.getElementById('count').textContent)")
    assert tab.run("document.querySelectorAll('#plan a.dim').length") > 0
