"""The documentation says what the code does."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from gt.cli.exits import Code
from gt.cli.manual import every_command, markdown
from gt.store.townfile import town_from

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = {".git", ".venv", "fixtures", "node_modules", "build", "dist"}
PAGES = sorted(
    path for path in ROOT.rglob("*.md") if not SKIPPED & set(path.relative_to(ROOT).parts) and path.is_file()
)
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The fragments that GitHub gives to headings."""
    headings = HEADING.findall(FENCE.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_manual_is_current() -> None:
    assert (ROOT / "docs" / "cli.md").read_text() == markdown(), "run `make docs`"


@pytest.mark.parametrize(
    ("path", "command"), list(every_command()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_says_what_it_does_and_how(path: str, command: object) -> None:
    text = str(getattr(command, "help", "") or "")
    first, _, rest = text.strip().partition("\n")
    assert first
    assert not rest or rest.startswith("\n"), "the first line stands alone"
    if not hasattr(command, "commands"):
        assert re.search(rf"^Examples?:\n\n? +gt (?:.*\n +gt )*{path}\b", text, re.MULTILINE), "show it used"
    for param in getattr(command, "params", []):
        assert getattr(param, "help", None), f"{param.name} has no help"


def test_the_exit_codes_are_documented_as_they_are() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+?) \|$", (ROOT / "docs" / "exit-codes.md").read_text(), re.MULTILINE)
    assert rows == [(str(int(code)), code.meaning) for code in Code]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(FENCE.sub("", page.read_text())):
        target, _, fragment = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        there = (page.parent / target) if target else page
        if not there.exists() or (fragment and there.suffix == ".md" and fragment not in anchors(there)):
            broken.append(link)
    assert broken == []


def test_every_setting_is_documented_and_no_other() -> None:
    page = (ROOT / "docs" / "town-yaml.md").read_text()
    taken = {
        key
        for name in ("townfile", "agentfile")
        for key in re.findall(
            r'k\.(?:take|need)\(\s*"(\w+)"', (ROOT / "gt" / "store" / f"{name}.py").read_text()
        )
    }
    told = set(re.findall(r"`(\w+)`", page))
    rows = {
        key for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for key in re.findall(r"`(\w+)`", row)
    }
    assert len(taken) > 60
    assert taken - told == set()
    assert rows - taken == set()


def test_the_example_of_the_settings_can_be_read() -> None:
    (example,) = re.findall(
        r"^```yaml\n(.*?)^```$", (ROOT / "docs" / "town-yaml.md").read_text(), re.MULTILINE | re.DOTALL
    )
    town = town_from(YAML(typ="safe").load(example), "the example")
    assert [gate.name for gate in town.gates] == ["style", "test", "soak"]
    assert set(town.agents) == {"claude", "fixer"}


def test_the_museum_names_tests_that_there_are() -> None:
    shown = re.findall(
        r"\| `(tests/\S+\.py)::(test_\w+)` \|$", (ROOT / "docs" / "museum.md").read_text(), re.MULTILINE
    )
    rows = re.findall(r"^\| (?!what goes wrong|---)", (ROOT / "docs" / "museum.md").read_text(), re.MULTILINE)
    assert len(shown) == len(rows) > 40
    missing = [
        f"{path}::{name}"
        for path, name in shown
        if not (ROOT / path).is_file() or f"\ndef {name}(" not in (ROOT / path).read_text()
    ]
    assert missing == []


JUDGES: dict[str, tuple[str, ...]] = {
    "actionlint": (),
    "check-jsonschema": ("--builtin-schema", "vendor.gitlab-ci"),
}


@pytest.mark.parametrize(("number", "judge"), list(enumerate(JUDGES)))
def test_the_jobs_for_pull_requests_are_valid(tmp_path: Path, number: int, judge: str) -> None:
    program = shutil.which(judge, path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip(f"{judge} is not installed")
    page = (ROOT / "docs" / "ci.md").read_text()
    path = tmp_path / "job.yml"
    path.write_text(re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[number])
    argv = [program, *JUDGES[judge], str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
