"""Every example in the help of a command is typed, in a town where it makes sense."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gt.cli.manual import every_command
from tests.conftest import run_git
from tests.e2e.town import LIMIT, TOWN, Town, found, settings, stage_agent

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
A, B = "gt-7k2m9qxa", "gt-1q0d8r3v"
"""The Beads that examples speak of."""

SETTINGS = (
    TOWN.replace("agents:\n", "agents:\n  claude: {command: [sh, AGENT], prompt: stdin}\n").replace(
        "timeout: 1m}\n", "timeout: 1m}\n  - {name: e2e, run: 'true'}\n"
    )
    + "stages: [{branch: staging}, {branch: release, approve: true}]\ncrew: {mayor: {command: sleep 600}}\n"
)
FORMULA = "apiVersion: gt/v1\nkind: Formula\nsteps: [{id: one, title: One}]\n"

ELSEWHERE = {
    "gt status --watch": "tests/e2e/test_watching.py",
    "gt board --watch": "tests/e2e/test_watching.py",
    "gt queue --watch": "tests/e2e/test_watching.py",
    "gt dismiss gt-7k2m9qxa": "tests/cli/test_dismiss.py",
    "gt dismiss 7k2m title --take": "tests/cli/test_dismiss.py",
    "gt join origin --yes": "tests/cli/test_init_remote.py",
    "gt repair unreadable:beads/x/a/gt-7k2m9qxa.yaml": "tests/cli/test_doctor.py",
    "gt supervise systemd --install --workers 4 --memory 8G": "tests/e2e/test_supervised.py",
    "gt crew run mayor": "tests/e2e/test_supervised.py",
    "gt mcp": "tests/e2e/test_mcp.py",
    "gt -C ~/project mcp": "tests/e2e/test_mcp.py",
    "gt demo --keep /tmp/town": "tests/e2e/test_demo.py",
}
"""What needs a terminal, another machine, a supervisor or a client, and where that is tried."""

CODES = {
    "gt check": 3,  # no Bead is named
    "gt admit main~1 main refs/heads/main": 1,  # whoever asks isn't named by gt.admit
    "gt supervise github --check": 1,  # the town isn't worked through a remote
    "gt githooks install --server": 1,  # not a bare repository
    "gt merge --push": 1,  # the target isn't pushed
}
"""The exit codes of those that refuse, or tell of something, in such a town; of all others: an outcome, as for cron."""

LATER = str(int(time.time()) + 4 * 86400)
"""For those that look back by some days."""

CALM = {0, 3, 10, 11, 12, 20}
NOBODY = "no terminal can answer, so this needs --yes"


def examples() -> Iterator[tuple[str, str]]:
    """Each with the path of its command."""
    for path, command in every_command():
        if hasattr(command, "commands"):
            continue
        found = re.search(
            r"^Examples?:\n((?:\n? +gt .*\n?)+)", str(getattr(command, "help", "")), re.MULTILINE
        )
        assert found, path
        for line in found[1].splitlines():
            if line.strip():
                yield path, line.strip()


TYPED = sorted({path for path, line in examples() if line not in ELSEWHERE})


@pytest.fixture
def scene(template_repo: Path, tmp_path_factory: pytest.TempPathFactory, quiet: None) -> Town:
    """A town with the two Beads, and the files that examples name; made once for each process, and only copied from then on."""
    if not _scenes:
        base = tmp_path_factory.mktemp("scene")
        shutil.copytree(template_repo, base / "repo", symlinks=True)
        _scenes.append(_made(base))
    return _scenes[0]


_scenes: list[Town] = []


def _made(base: Path) -> Town:
    scripts = base / "scripts"
    stage_agent(scripts)
    files = {
        ".gt/town.yaml": settings(scripts, SETTINGS),
        "PLAN.md": "# Plan it\n",
        "TODO.md": "- [ ] A task\n",
        "findings.md": "found\n",
        "issues.json": json.dumps(
            [{"number": 1, "title": "An issue", "body": "", "state": "OPEN", "labels": []}]
        ),
        ".beads/issues.jsonl": json.dumps({"id": "bd-1", "title": "Old", "status": "open", "priority": 2})
        + "\n",
        ".gt/formulas/upgrade.yaml": FORMULA,
    }
    town = found(base / "repo", scripts, files)
    lines = [
        {
            "apiVersion": "gt/v1",
            "kind": "Bead",
            "id": bead,
            "uid": bead[3:] * 4,
            "created": {"at": "2026-11-01T00:00:00Z", "by": "Alice <alice@example.com>"},
            "spec": {"title": f"Bead {bead}", "type": "task", "priority": 2, "labels": ["auth"]},
        }
        for bead in (A, B)
    ]
    town.gt("import", "-", stdin="".join(f"{json.dumps(line)}\n" for line in lines))
    town.git("tag", "v1.0")
    town.git("checkout", "-q", "-b", "fix-login")
    town.commit({"login": "x"}, "Fix the login")
    town.git("checkout", "-q", "main")
    (town.path / "beads.jsonl").write_text(town.gt("export").out)
    return town


def placed(scene: Town, place: Path) -> Town:
    """The scene somewhere else, with remotes of its own, and agents that do what they are to do."""
    shutil.copytree(scene.path, place / "repo", symlinks=True)
    town = Town(place / "repo", scene.scripts, since=scene.since)
    for remote in ("origin", "upstream"):
        run_git(place, "init", "-q", "--bare", "-b", "main", f"{remote}.git")
        town.git("remote", "add", remote, str(place / f"{remote}.git"))
    town.play(A, "echo x > made")
    town.play(B, "echo y > other")
    return town


def claimed(town: Town) -> Path:
    place = Path(town.here("claim", A).out.strip())
    town.commit({"made": "x"}, "made", cwd=place)
    return place


def submitted(town: Town) -> None:
    town.here("submit", cwd=claimed(town))


def protected(town: Town) -> None:
    place = claimed(town)
    town.commit({".github/x": "x"}, "protected", cwd=place)
    town.here("submit", cwd=place)


def landed(town: Town) -> None:
    submitted(town)
    town.gt("merge")


def tried(town: Town) -> None:
    town.play(A, "echo x > made; gt fail -r 'it did not work'")
    town.gt("work", A, ok=(3,))


def stuck(town: Town) -> None:
    town.here("edit", A, "--attempts", "1")
    town.play(A, "gt fail -r broken")
    town.gt("work", A, ok=(3,))


def asked(town: Town) -> None:
    town.play(A, "gt ask which")
    town.gt("work", A, ok=(3, 20))


def proposed(town: Town) -> dict[str, str]:
    return {bead: town.here("propose", "Do it").out.strip() for bead in (A, B)}


def closed(town: Town) -> None:
    town.here("close", A)


def paged(town: Town) -> None:
    town.here("page", "town", "disk-full", "-m", "full")


def needing(town: Town) -> None:
    town.here("dep", "add", A, B)


def paused(town: Town) -> None:
    town.here("pause", "--reason", "x")


def staged(town: Town) -> None:
    landed(town)
    town.gt("promote", "staging")


def convoy(town: Town) -> None:
    town.here("edit", A, "--type", "convoy")


def noted(town: Town) -> None:
    for word in ("one", "two", "three"):
        town.here("note", A, word)


def agreed(town: Town) -> None:
    town.run()
    town.create("Another", "echo z > another")


def synced(town: Town) -> None:
    town.gt("sync", "upstream")


def fish(_: Town) -> None:
    (Path.home() / ".config/fish/completions").mkdir(parents=True, exist_ok=True)


def over(town: Town) -> None:
    tried(town)


def running(town: Town) -> None:
    town.play(A, "until [ -e stop ]; do sleep 0.1; done")
    town.gt("work", A, "--detach")


def nothing(_: Town) -> None:
    return


SCENES: dict[str, Callable[[Town], object]] = {
    "accept": proposed,
    "ack": paged,
    "admit": noted,
    "completion": fish,
    "run": agreed,
    "sync upstream": synced,
    "try": submitted,
    "answer": asked,
    "approve": protected,
    "convoy add": convoy,
    "convoy show": convoy,
    "dep rm": needing,
    "diff": tried,
    "expire": over,
    "kill": over,
    "landed": landed,
    "logs": tried,
    "merge --bypass": submitted,
    "prune": over,
    "promote": landed,
    "promote release": staged,
    "reject": submitted,
    "reopen": closed,
    "resume": paused,
    "retry": stuck,
    "revert": landed,
    "stop": running,
    "verify": landed,
    "withdraw": submitted,
}
"""What comes before: for a command, or for those of its examples that begin so."""

INSIDE = {"ask", "fail", "note", "release", "submit"}
"""Typed in the worktree of a claim."""


@pytest.mark.parametrize("path", TYPED)
def test_examples_do_what_they_say(scene: Town, tmp_path: Path, path: str) -> None:
    lines = [line for name, line in examples() if name == path and line not in ELSEWHERE]
    for number, line in enumerate(lines):
        place = tmp_path / f"typed{number}"
        place.mkdir()
        town = placed(scene, place)
        begun = line.removeprefix("gt ")
        name = max((each for each in SCENES if begun.startswith(each)), key=len, default="")
        others = SCENES.get(name, nothing)(town)
        cwd = claimed(town) if path in INSIDE and "--branch" not in line else town.path
        if "other-repository" in line:
            run_git(place, "init", "-q", "-b", "main", "other-repository")
            run_git(place / "other-repository", "commit", "-q", "--allow-empty", "-m", "first")
            town.here("init", cwd=place / "other-repository")
        done = subprocess.run(
            ["sh", "-c", known(town, line, others if isinstance(others, dict) else {})],
            cwd=cwd,
            env=town.environment(
                {"EDITOR": "true", "GIT_EDITOR": "true", **({"GT_NOW": LATER} if "--at " in line else {})}
            ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        told = f"{line}: exit {done.returncode}\n{done.stdout[-500:]}{done.stderr[-1500:]}"
        if NOBODY in done.stderr:
            continue
        allowed = {CODES[line]} if line in CODES else CALM
        assert done.returncode in allowed, told


def known(town: Town, line: str, others: dict[str, str]) -> str:
    """The example with what only a real town can name."""
    attempts = town.bead(A)["status"]["attempts"]
    lease = town.bead(A)["status"]["lease"]
    token = lease["token"] if lease else attempts[-1]["token"] if attempts else "1-aaaa"
    pages = town.data("pages", ok=(0, 20))["items"]
    commit = town.git("rev-parse", "main")
    names = {
        "1-k9f2": token,
        "3-k9f2": token,
        "p-3f9": pages[0]["id"] if pages else "p-3f9",
        "3f2a9c01b7de": town.git("rev-parse", "beads"),
        "1f3a9c2": commit,
        "3b18e512dba7": town.git("rev-parse", "main^{tree}"),
        **others,
    }
    for name, real in names.items():
        line = line.replace(name, real)
    return line


def test_what_is_tried_elsewhere_is_tried_there() -> None:
    every = {line for _, line in examples()}
    for line, place in ELSEWHERE.items():
        assert line in every
        verb = line.split()[1] if not line.startswith("gt -C") else "mcp"
        assert verb in (ROOT / place).read_text(), line
    assert set(CODES) <= every
