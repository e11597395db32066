"""`gt export` and `gt import`, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Gt
from tests.cli.towns import TownScene
from tests.interop.ledgers import edge, file_of, record


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    scene = TownScene(repo_path, gt)
    scene("init", environ={"PATH": ""})
    return scene


@pytest.fixture
def second(gt: Gt, new_repo: Any) -> TownScene:
    scene = TownScene(new_repo("second"), gt)
    scene("init", "--prefix", "zz", environ={"PATH": ""})
    return scene


def test_out_and_in_again(town: TownScene, second: TownScene, tmp_path: Path) -> None:
    need = town.create("First\x1b[31m", "--body", "a\u202eb")
    last = town.create("Last", "--needs", need)
    tip = town.tip()
    said = town("export", "-o", "../out.jsonl")
    assert (said.out, said.err) == ("", "")
    printed = (tmp_path / "out.jsonl").read_text()
    assert town("export").out == printed == town("export", "-o", "-").out
    assert "\x1b" not in printed
    assert "\u202e" not in printed
    assert town.tip() == tip
    assert second("import", "../out.jsonl").out == "2 Beads imported, 0 here already\n"
    assert second.bead(last) == town.bead(last)
    again = second("import", "-", stdin=printed)
    assert (again.out, again.err) == ("0 Beads imported, 2 here already\n", "")
    assert second("log", "--json").data["items"][0]["verb"] == "import"


def test_an_export_takes_the_place_of_a_file_only_when_it_is_whole(town: TownScene, tmp_path: Path) -> None:
    town.create("one")
    place = tmp_path / "there.jsonl"
    place.write_text("old")
    (tmp_path / "link").symlink_to(place)
    town("export", "-o", "../link")
    assert (tmp_path / "link").is_symlink()
    assert place.read_text().count("\n") == 3
    assert "No such file" in town("export", "-o", "nowhere/x", code=1).err
    assert "directory" in town("export", "-o", ".", code=1).err
    town("export", "-o", "/dev/null")
    assert sorted(each.name for each in tmp_path.iterdir() if "part" in each.name) == []


def test_an_export_tells_of_what_cant_be_read(town: TownScene) -> None:
    from tests.store.scenes import commit_files

    town.create("one")
    commit_files(town.path, {"beads/0/1/gt-00000001.yaml": "broken: ["})
    said = town("export", code=1)
    assert said.out.count("\n") == 3
    assert "gt-00000001.yaml" in said.err


def test_a_report_for_people(town: TownScene, tmp_path: Path) -> None:
    (tmp_path / "bd.jsonl").write_bytes(
        file_of(
            record("bd-1", status="hooked", assignee="x\x1b]0;", dependencies=[edge("bd-1", "bd-\u00e9")]),
            record("bd-2", issue_type="ev\nil"),
            "<<<<<<< HEAD",
        )
    )
    tip = town.tip()
    dry = town("import", "../bd.jsonl", "--dry-run", code=3)
    assert town.tip() == tip
    assert dry.out == "2 Beads would be imported, 0 here already\n"
    said = town("import", "../bd.jsonl", code=3)
    assert said.out == "2 Beads imported, 0 here already\n"
    assert said.err == dry.err
    assert said.err.splitlines() == [
        "../bd.jsonl:1: bd-1: changed status: is hooked: open here, for nobody holds it",
        "../bd.jsonl:1: bd-1: noticed needs: bd-\u00e9 is neither in the file nor in this ledger: it waits for that",
        "../bd.jsonl:2: bd-2: changed issue_type: is ev\\nil: task here",
        "../bd.jsonl:3: dropped: is a conflict marker",
        "kept with the Beads, without effect here: assignee (1)",
        "../bd.jsonl: 2 changed, 1 dropped, 1 noticed",
    ]
    assert town("list", "--text", "bd-1").out.count("Title of bd-1") == 1
    name = town("list", "--text", "bd-1", "--json").data["items"][0]["id"]
    assert "bd:         bd-1\n" in town("show", name).out


def test_a_report_for_programs(town: TownScene, tmp_path: Path) -> None:
    file = tmp_path / "bd.jsonl"
    file.write_bytes(file_of(record("bd-1", owner="x"), {**record("bd-2"), "status": "tombstone"}))
    data = town("import", str(file), "--json", code=3).data
    (name,) = data["names"].values()
    assert data == {
        "apiVersion": "gt/v1",
        "kind": "ImportReport",
        "format": "bd",
        "file": str(file),
        "dryRun": False,
        "read": 2,
        "imported": 1,
        "here": 0,
        "pages": 0,
        "state": False,
        "remarks": [
            {
                "line": 2,
                "id": "bd-2",
                "what": "dropped",
                "field": "",
                "why": "is a tombstone: it was deleted there",
            }
        ],
        "names": {"bd-1": name},
        "kept": {"owner": 1},
    }
    assert town.bead(name)["bd"]["id"] == "bd-1"
    assert town("import", str(file), "--json", "--exit-zero").data["here"] == 1


def test_what_the_command_line_says_of_a_file(town: TownScene, tmp_path: Path) -> None:
    town("import", "-", "--format", "csv", code=2, stdin="x")
    unknown = town("import", "-", code=1, stdin="# Markdown\n").err
    formats = "an export of gt, a list of issues from gh, an export of bd nor a Markdown task list"
    assert f"stdin is neither {formats}" in unknown
    assert "No such file" in town("import", "nowhere", code=1).err
    assert "directory" in town("import", ".", code=1).err
    # Named, a format is not guessed: then every line is told.
    said = town("import", "-", "--format", "bd", code=3, stdin="nonsense\n")
    assert said.out == "0 Beads imported, 0 here already\n"
    assert "stdin:1: dropped: is no JSON" in said.err
    assert town("import", "-", "--format", "gt", code=1, stdin=json.dumps(record("bd-1"))).err.startswith(
        "error: stdin:1: is not of gt/v1"
    )


def test_a_type_of_the_towns_own_is_known(town: TownScene, tmp_path: Path) -> None:
    from tests.conftest import run_git

    settings = town.path / ".gt" / "town.yaml"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text("apiVersion: gt/v1\nungated: true\ntypes: [message]\n")
    run_git(town.path, "add", "-f", ".gt")
    run_git(town.path, "commit", "-q", "-m", "types")
    stdin = file_of(record("bd-1", issue_type="message")).decode()
    assert town("import", "-", stdin=stdin).err == ""


def test_issues_of_github(town: TownScene, tmp_path: Path) -> None:
    file = tmp_path / "issues.json"
    one = {"number": 12, "title": "Login fails", "labels": [{"name": "bug"}, {"name": "P0"}]}
    one |= {"url": "https://github.com/octo/town/issues/12", "milestone": {"title": "v1"}}
    file.write_text(json.dumps([one, {"number": 3, "title": "Old", "state": "CLOSED"}]))
    tip = town.tip()
    dry = town("import", "../issues.json", "--dry-run")
    assert dry.out == "2 Beads would be imported, 0 here already\n"
    assert dry.err == "kept with the Beads, without effect here: milestone (1)\n"
    assert town.tip() == tip
    data = town("import", "../issues.json", "--json").data
    assert (data["format"], data["imported"], list(data["names"])) == ("github", 2, ["#12", "#3"])
    tip = town.tip()
    again = town("import", "../issues.json")
    assert (again.out, again.err) == ("0 Beads imported, 2 here already\n", "")
    assert town.tip() == tip
    shown = town("show", data["names"]["#12"]).out
    assert "github:     #12 https://github.com/octo/town/issues/12\n" in shown
    assert "Old" not in town("list").out
    assert "Login fails" in town("list", "--text", "issues/12").out
    file.write_text(json.dumps([one, {"number": 4, "title": "Bad\x1b[2J"}]))
    said = town("import", "../issues.json", code=1)
    assert said.err == (
        "error: ../issues.json:1: item 2 (#4): title: has the control character U+001B\nhint: gt help import\n"
    )
    assert town.tip() == tip
    changed = {**one, "title": "Login fails\twith \u202e"}
    said = town("import", "-", code=3, stdin=json.dumps(changed))
    assert "stdin:1: #12: noticed: has changed there (title) since it was imported as" in said.err
    assert town.tip() == tip


def test_a_markdown_task_list(town: TownScene, tmp_path: Path) -> None:
    file = tmp_path / "TODO.md"
    file.write_text("# Plan\n\n- [ ] Log in\n  Why.\n  - [x] Fix\n  - [ ] Document\n")
    tip = town.tip()
    dry = town("import", "../TODO.md", "--dry-run", code=3)
    assert dry.out == "3 Beads would be imported, 0 here already\n"
    assert dry.err == "../TODO.md:1: dropped: is outside of task lists: # Plan\n../TODO.md: 1 dropped\n"
    assert town.tip() == tip
    data = town("import", "../TODO.md", "--json", code=3).data
    assert (data["format"], [*data["names"]]) == ("markdown", ["Log in", "Log in > Fix", "Log in > Document"])
    top = data["names"]["Log in"]
    done = town.bead(data["names"]["Log in > Fix"])
    assert done["spec"]["parent"] == top
    assert done["status"]["closed"]["by"] == done["created"]["by"] == "Alice <alice@example.com>"
    tip = town.tip()
    again = town("import", "../TODO.md", code=3)
    assert (again.out, again.err) == ("0 Beads imported, 3 here already\n", dry.err)
    assert town.tip() == tip
    assert "markdown:   Log in > Document\n" in town("show", data["names"]["Log in > Document"]).out
    said = town("import", "-", code=1, stdin="- [ ] Log in\n")
    assert said.err.endswith("hint: gt import - --source todo\n")
    assert town("import", "-", "--source", "todo", stdin="- [ ] Log in\n").out.startswith("1 Bead imported")
    assert town("import", "-", "--source", "todo", stdin="- [ ] Log in\n").err == ""
    tip = town.tip()
    said = town("import", "-", "--source", "x", code=1, stdin="- [ ] good\n- [ ] Bad\x1b[2J\n")
    assert said.err.startswith("error: stdin:2: title: has the control character U+001B\n")
    assert town.tip() == tip
