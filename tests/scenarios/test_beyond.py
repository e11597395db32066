"""What no issue tracker in files has kept so far: scenarios seen from outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gt.cli.table import ROWS
from tests.cli.towns import TownScene, untouched
from tests.conftest import run_git
from tests.store.scenes import commit_files

# 58: no command touches a checkout

CHECKOUTS = ("main", "linked", "bare", "worktree of a bare one", "detached")

ELSEWHERE = {
    "init": "adds files for the person to commit, and says so; tests/cli/test_init.py",
    "run": "starts `gt work` and `gt merge`",
    "work": "tests/drive/test_work.py",
    "merge": "brings a checked out target forward: tests/e2e/test_checkout.py",
    "promote": "brings a checked out stage forward: tests/drive/test_promote.py",
    "verify try check": "run gates in slots: tests/refinery, tests/cli/test_try.py, tests/cli/test_check.py",
    "sync join": "tests/scenarios/test_two_clones.py",
    "demo": "makes a repository of its own",
    "setup": "writes files for the person to commit, and says so: tests/cli/test_setup.py",
    "answer approve reject withdraw stop revert": "act on what an attempt or a submission left: tests/drive, tests/refinery",
    "admit receive": "judge and take what others push: tests/drive/test_admitting.py",
    "expire kill landed heal prune page": "what `gt reconcile` does: tests/drive",
    "exit-codes schema version help": "look at no repository",
    "mcp": "calls the commands that are tried here: tests/e2e/test_mcp.py",
}
"""Commands that aren't tried here, with where they are, or why there is nothing to try."""


def dirty(path: Path) -> None:
    (path / "README.md").write_text("changed\n")
    (path / "staged").write_text("x\n")
    run_git(path, "add", "staged")
    (path / "untracked").write_text("x\n")


def checkout(town: TownScene, kind: str, tmp_path: Path) -> TownScene:
    """The town seen from a checkout of this kind, with something in it that isn't committed."""
    path = town.path
    if "bare" in kind:
        run_git(tmp_path, "clone", "-q", "--bare", str(path), str(tmp_path / "bare.git"))
        path = tmp_path / "bare.git"
        run_git(path, "fetch", "-q", "origin", "+beads:beads")
        run_git(path, "config", "user.name", "Alice")
        run_git(path, "config", "user.email", "alice@example.com")
        town.call("init", cwd=path)
    if kind in ("linked", "worktree of a bare one"):
        run_git(path, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
        path = tmp_path / "side"
    if kind == "detached":
        run_git(path, "checkout", "-q", "--detach")
    if kind != "bare":
        dirty(path)
    return TownScene(path, town.call)


def commands(town: TownScene) -> Iterator[tuple[tuple[str, ...], int]]:
    """Nearly every command about the ledger in an order that makes sense, with its exit code."""
    bead, other = town.create("a"), town.create("b")
    proposed = town("propose", "p").out.strip()
    for line in (
        "list --all",
        "board",
        "ready",
        "blocked",
        f"show {bead}",
        f"why {bead}",
        "status",
        "status --at beads~1",
        "queue",
        "pages",
        "log -p",
        "stats",
        "report",
        "plan",
        "doctor",
        "gc",
        "repair --yes",
        f"prime {bead}",
        f"edit {bead} --title c",
        "undo",
        f"dismiss {bead}",
        f"dep add {bead} {other}",
        f"dep tree {bead}",
        f"graph {bead}",
        "agents",
        "convoy list",
        "completion words -- show gt-",
        "crew list",
        "formula list",
        "supervise systemd",
        "githooks install --yes",
        "githooks status",
        "githooks uninstall --yes",
        f"dep rm {bead} {other}",
        f"note {bead} text",
        f"accept {proposed}",
        f"close {other}",
        f"reopen {other}",
        f"claim {bead}",
        f"diff {bead}",
        f"release {bead}",
        f"claim {bead}",
        f"ask --bead {bead} why?",
        f"retry {bead}",
        "retry --agent sh",
        f"claim {bead}",
        f"fail {bead} -r because",
        "pause --reason lunch",
        "resume",
        "waive",
        "ack --all",
        f"export -o {town.path.parent / 'all.jsonl'}",
        f"import {town.path.parent / 'all.jsonl'}",
    ):
        yield tuple(line.split()), 0
    yield ("reconcile",), 12
    yield ("submit", bead), 1
    yield ("logs", bead), 1


@pytest.mark.parametrize("kind", CHECKOUTS)
def test_scenario_58_no_command_touches_a_checkout(town: TownScene, tmp_path: Path, kind: str) -> None:
    seen = checkout(town, kind, tmp_path)
    check = untouched(seen.path)
    git_dir = Path(run_git(seen.path, "rev-parse", "--absolute-git-dir"))
    files = [git_dir / "HEAD"] if kind == "bare" else [git_dir / "HEAD", git_dir / "index"]
    before = [(file.read_bytes(), file.stat().st_ino) for file in files]
    tried = {"create", "propose"}
    for argv, code in commands(seen):
        seen(*argv, code=code)
        assert [(file.read_bytes(), file.stat().st_ino) for file in files] == before, argv
        tried.add(argv[0])
    check()
    others = {name for names in ELSEWHERE for name in names.split()}
    assert {row.name for row in ROWS} <= tried | others


# 60: a file that can't be read


@pytest.mark.parametrize("text", ["kind: [\n", "<<<<<<< ours\ntitle: a\n=======\n>>>>>>> theirs\n", "{}\n"])
def test_scenario_60_a_file_that_cannot_be_read_is_told_and_hides_nothing_else(
    town: TownScene, text: str
) -> None:
    good, bad = town.create("good"), town.create("bad")
    waits = town.create("waits", "--needs", bad)
    path = f"beads/{bad[-2]}/{bad[-1]}/{bad}.yaml"
    commit_files(town.path, {path: text})
    for command in ("list", "ready", "blocked"):
        assert path in town(command, code=1).err
    assert good in town("ready", code=1).out
    assert waits in town("blocked", code=1).out
    assert path in town("show", bad, code=1).err
    assert town.bead(good)["spec"]["title"] == "good"
    town("edit", good, "--title", "better")
    assert path in town("status").out
