"""`gt check`: what a pipeline hears of a pull request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gt.core.finding import Severity
from gt.drive.checking import Remark
from gt.report.checked import annotation
from tests.cli.conftest import Gt
from tests.cli.towns import TownScene, set_up
from tests.conftest import run_git
from tests.store.scenes import commit_files

SETTINGS = """\
apiVersion: gt/v1
gates:
  - {name: test, run: "test ! -e bad || { echo '::error::mine'; echo 'bad:7: is bad'; echo 'gone:1: no'; exit 1; }"}
  - {name: tools, run: "test ! -e lame || exit 127"}
"""


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    return set_up(gt, repo_path, SETTINGS)


def offer(town: TownScene, name: str, message: str) -> None:
    run_git(town.path, "checkout", "-q", "-b", f"{name}-work", "main")
    (town.path / name).write_text("x\n")
    run_git(town.path, "add", name)
    run_git(town.path, "commit", "-qm", message)


def test_a_green_one_that_names_its_bead_may_land(town: TownScene) -> None:
    bead = town.create("Make it")
    offer(town, "good", f"Make it\n\nGt-Bead: {bead}")
    said = town("check")
    head = run_git(town.path, "rev-parse", "HEAD")
    assert said.out.splitlines() == [f"{bead} open: Make it", f"{head[:12]} may land on main"]
    data = town("check", "--json").data
    assert (data["kind"], data["good"], data["beads"]) == ("Check", True, [bead])
    assert [each["verdict"] for each in data["gates"]] == ["pass", "pass"]


def test_a_red_one_is_told_beside_the_code_and_in_a_page(town: TownScene, tmp_path: Path) -> None:
    bead = town.create("A | b")
    offer(town, "bad", "work")
    environ = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_HEAD_REF": f"gt/{bead}/1-aaaa",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "page.md"),
    }
    lines = town("check", environ=environ, code=3).out.splitlines()
    assert lines[:2] == [
        "::error title=gate test::fail: exit 1",
        "::error file=bad,line=7,title=gate test::is bad",
    ]
    # What the gate printed is between two words that it can't know.
    stop, end = lines[2], lines[-1]
    assert stop.startswith("::stop-commands::")
    assert end == f"::{stop.removeprefix('::stop-commands::')}::"
    assert "::error::mine" in lines[3:-1]
    page = (tmp_path / "page.md").read_text()
    assert "may not land on main" in page
    assert "A \\| b" in page
    assert "bad:7" in page


def test_in_gitlab_it_is_a_report_of_code_quality(town: TownScene, tmp_path: Path) -> None:
    bead = town.create("A")
    offer(town, "bad", "work")
    reports = []
    for words in ("first", "second"):
        environ = {"CI_MERGE_REQUEST_TITLE": f"{bead}: {words}"}
        said = town("check", "--code-quality", str(tmp_path / "report.json"), environ=environ, code=3).out
        assert said.startswith(f"{bead} open: A\n")
        reports.append(json.loads((tmp_path / "report.json").read_text()))
        (town.path / "more").write_text(words)
        run_git(town.path, "add", "more")
        run_git(town.path, "commit", "-qm", words)
    assert reports[0] == reports[1]
    (entry,) = reports[0]
    assert len(entry.pop("fingerprint")) == 64
    assert entry == {
        "description": "is bad",
        "check_name": "gate test",
        "severity": "major",
        "location": {"path": "bad", "lines": {"begin": 7}},
    }
    said = town("check", "--about", bead, "--code-quality", str(tmp_path / "no" / "x"), code=1).err
    assert "the report can't be written" in said


def test_a_gate_that_could_not_be_run_is_neither(town: TownScene) -> None:
    bead = town.create("Make it")
    offer(town, "lame", f"{bead}: work")
    town("check", code=20)
    town("check", "--exit-zero")


def test_the_bead_must_be_one_that_may_land_there(town: TownScene) -> None:
    offer(town, "good", "work")
    assert "error: Bead: no Bead is named" in town("check", code=3).out
    assert "gt-00000000 is not in the ledger" in town("check", "--about", "gt-00000000", code=3).out
    closed, held = town.create("a"), town.create("b", "--hold")
    town("close", closed)
    said = town("check", "--about", f"{closed} {held}", code=3).out
    assert f"{closed} is closed" in said
    assert f"{held} is on hold" in said
    assert "no such commit: nowhere" in town("check", "nowhere", code=1).err


def test_the_ledger_must_be_sound_and_the_merge_clean(town: TownScene) -> None:
    bead = town.create("Make it")
    commit_files(town.path, {f"beads/0/0/{bead[:3]}00000000.yaml": "kind: [\n"})
    offer(town, "same", f"{bead}: work")
    run_git(town.path, "checkout", "-q", "main")
    (town.path / "same").write_text("y\n")
    run_git(town.path, "add", "same")
    run_git(town.path, "commit", "-qm", "other")
    said = town("check", "same-work", code=3).out
    assert "error: ledger: unreadable: beads/0/0/" in said
    assert "error: merge: " in said


def test_an_annotation_is_one_line_whatever_it_says() -> None:
    odd = Remark(Severity.WARNING, "50%\n::error::x", "a: b, c", "d,e:f", 3)
    assert annotation(odd) == "::warning file=d%2Ce%3Af,line=3,title=a%3A b%2C c::50%25%0A::error::x"
