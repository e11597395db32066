"""`gt report`: where the page goes, and what is on it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Gt
from tests.cli.towns import TownScene, set_up, untouched

SETTINGS = "apiVersion: gt/v1\nagent: sh\nagents: {sh: {command: 'true'}}\nungated: true\n"


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    return set_up(gt, repo_path, SETTINGS)


def held(page: str) -> dict[str, object]:
    """The data of a page."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert found
    data: dict[str, object] = json.loads(found[1])
    return data


def test_it_goes_into_gts_own_directory_and_its_path_is_printed(town: TownScene) -> None:
    need = town.create("A need")
    waits = town.create("Waits", "--needs", need)
    check = untouched(town.path)
    tip = town.tip()
    said = town("report")
    place = town.path / ".git" / "gt" / "report.html"
    assert (said.out, said.err) == (f"{place}\n", "")
    data = held(place.read_text())
    assert (data["town"], data["atRest"], data["critical"]) == ("repo", False, [need, waits])
    again = town("report")
    assert again.out == said.out
    assert [path.name for path in place.parent.iterdir() if "report" in path.name] == ["report.html"]
    check()
    assert town.tip() == tip
    assert town("doctor").out == "", "the page is nothing that a doctor wonders at"


def test_it_goes_where_it_is_told_to(town: TownScene, tmp_path: Path) -> None:
    town.create("One")
    (tmp_path / "there").mkdir()
    assert town("report", "-o", "../there").out == "../there/report.html\n"
    assert town("report", "-o", "../new/deep/").out == "../new/deep/report.html\n"
    assert town("report", "-o", "../page.html").out == "../page.html\n"
    pages = [tmp_path / "there/report.html", tmp_path / "new/deep/report.html", tmp_path / "page.html"]
    printed = town("report", "-o", "-").out
    assert {page.read_text() for page in pages} == {printed}
    assert "No such file" in town("report", "-o", "../none/page.html", code=1).err


def test_as_data_it_tells_what_the_commands_tell(town: TownScene) -> None:
    need = town.create("A need", "--label", "x")
    waits = town.create("Waits", "--needs", need)
    town("note", need, "remember")
    data = town("report", "--json", "--for", "1d").data
    assert not (town.path / ".git" / "gt" / "report.html").exists()
    assert data["kind"] == "Report"
    status = town("status", "--json").data
    assert {key: data[key] for key in ("atRest", "nextWake", "phases", "calls", "targets")} == {
        key: status[key] for key in ("atRest", "nextWake", "phases", "calls", "targets")
    }
    beads = {each["id"]: each for each in data["beads"]}
    assert {name: each["state"] for name, each in beads.items()} == {need: "ready", waits: "waiting"}
    why = town("why", waits, "--json").data
    assert beads[waits]["why"] == [f"{link['bead']} {link['reason']}" for link in why["chain"]]
    assert beads[waits]["hint"] == why["hint"]
    assert (beads[need]["labels"], beads[need]["notes"][0]["text"]) == (["x"], "remember")
    assert data["stats"] == {
        key: value
        for key, value in town("stats", "--json", "--for", "1d").data.items()
        if key not in ("apiVersion", "kind")
    }
    assert [each["subject"] for each in data["events"]] == [
        each["subject"] for each in town("log", "--json").data["items"]
    ]


def test_without_settings_or_beads_there_is_a_page_too(gt: Gt, repo_path: Path) -> None:
    town = TownScene(repo_path, gt)
    assert "no town" in town("report", code=1).err or "init" in town("report", code=1).err
    town("init", environ={"PATH": ""})
    assert "no Beads yet" in town("report", "-o", "-").out


def test_a_text_without_end_is_cut(town: TownScene) -> None:
    bead = town.create("One", "--body", "x" * 9000)
    data = town("report", "--json").data
    body = next(each["body"] for each in data["beads"] if each["id"] == bead)
    assert (len(body), body[-1]) == (2001, "\u2026")
