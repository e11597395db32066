"""What README and the tutorial say is what happens: their blocks of shell are typed in their order.

What stands below a block of the tutorial is what it prints. `GT_WRITE_DOCS=1` writes that into the page; so does `make docs`.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import run_git
from tests.e2e.town import GT, LIMIT

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tutorial.md"
WRITE = "GT_WRITE_DOCS" in os.environ
"""Asked before a test is sealed from the environment."""
BLOCK = re.compile(r"^```sh\n(.*?)^```\n(?:\n^```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
MARK = "@@ the next block @@"
VARYING = re.compile(
    r"\bgt-[0-9a-z]{8}\b|\b\d-[0-9a-z]{4}\b|\b[0-9a-f]{7,40}\b|\b\d{4}-\d\d-\d\dT[\d:]+Z|\b\d+s\b|just now|\d+[sm] ago"
)


def same(text: str) -> str:
    """A text without what is different each time: ids, tokens, hashes, times."""
    return re.sub(r" +", " ", VARYING.sub("...", text))


def program(place: Path, script: str) -> None:
    """Something on PATH."""
    place.write_text(f"#!/bin/sh\n{script}\n")
    place.chmod(0o755)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is first on PATH: `gt`; of the rest there is only what a system has."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program(folder / "gt", "exec " + " ".join(f"'{word}'" for word in GT) + ' "$@"')
    monkeypatch.setenv("PATH", f"{folder}:/usr/local/bin:/usr/bin:/bin")
    return folder


def typed(blocks: list[str], folder: Path) -> list[str]:
    """What each block prints, one shell having read all of them; every command must succeed."""
    script = "set -e\nexec 2>&1\n" + "".join(f"{block}echo '{MARK}'\n" for block in blocks)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    *printed, rest = done.stdout.split(f"{MARK}\n")
    assert rest == ""
    return printed


def test_the_tutorial_is_what_happens(tmp_path: Path, tools: Path, quiet: None) -> None:
    text = PAGE.read_text()
    found = BLOCK.findall(text)
    printed = typed([block for block, _ in found], tmp_path)
    again = iter(zip(printed, found, strict=True))

    def with_what_it_prints(_: re.Match[str]) -> str:
        said, (block, _told) = next(again)
        return f"```sh\n{block}```\n" + (f"\n```text\n{said}```\n" if said else "")

    page = BLOCK.sub(with_what_it_prints, text)
    if WRITE:
        PAGE.write_text(page)
    assert same(page) == same(PAGE.read_text()), "run `make docs`"
    assert len(found) > 10


def test_the_readme_is_what_happens(new_repo: Callable[[str], Path], tools: Path, quiet: None) -> None:
    page = ROOT / "README.md"
    (make, _), (use, told) = BLOCK.findall(page.read_text())
    assert make.split("\n") == ["make demo", "make test", ""], "which is what the pipeline runs"
    mine = new_repo("my-repository")
    (mine / "Makefile").write_text("test:\n\ttrue\n")
    run_git(mine, "add", "Makefile")
    run_git(mine, "commit", "-qm", "A project with tests, as most are")
    checkout = mine.parent / "gt"
    checkout.mkdir()
    program(tools / "pipx", 'test "$*" = "install ." && test "${PWD##*/}" = gt')
    program(tools / "claude", "cat >/dev/null; echo fixed >login; echo '{}'")
    # The agents are shown before they are started for the first time, and somebody at a terminal says yes.
    run = subprocess.run(
        ["script", "--quiet", "--return", "--command", f"set -e\n{use}", "/dev/null"],
        cwd=checkout,
        env={**os.environ, "SHELL": "/bin/sh"},
        input="y\n",
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    said = re.sub(
        r"^[^\n]*\n\x1b\[K", "", run.stdout.removeprefix("y\n"), flags=re.MULTILINE
    )  # progress, wiped out
    said = said.replace("[y/N] ", "[y/N] y\n").strip() + "\n"
    if WRITE:
        page.write_text(page.read_text().replace(f"```text\n{told}", f"```text\n{said}"))
    else:
        assert same(told) == same(said), "run `make docs`"
    assert run_git(mine, "log", "--format=%s", "main").startswith("Fix the login timeout (gt-")
