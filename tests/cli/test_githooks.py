"""`gt githooks`, and that gt runs nobody's git hooks itself."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from gt.interop.githooks import NAMES
from tests.cli.conftest import Gt
from tests.cli.towns import TownScene, untouched
from tests.conftest import run_git

ALL = [
    "applypatch-msg",
    "commit-msg",
    "fsmonitor-watchman",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "proc-receive",
    "push-to-checkout",
    "reference-transaction",
    "update",
]
SETTINGS = """\
apiVersion: gt/v1
agent: sh
agents: {sh: {command: "echo made >made"}}
gates: [{name: test, run: "true"}]
"""


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    scene = TownScene(repo_path, gt)
    scene("init", environ={"PATH": ""})
    return scene


def put(path: Path, name: str, text: str) -> Path:
    place = path / ".git" / "hooks" / name
    place.parent.mkdir(exist_ok=True)
    place.write_text(text)
    place.chmod(0o755)
    return place


class Terminal(io.StringIO):
    """One that somebody types at."""

    def isatty(self) -> bool:
        return True


def test_in_looked_at_and_out(town: TownScene) -> None:
    put(town.path, "pre-push", "#!/bin/sh\n")
    same = untouched(town.path)
    assert town("githooks", "status").out.splitlines()[1] == "pre-push            theirs"
    said = town("githooks", "install", "--yes").out.splitlines()
    assert said[1] == "pre-push            chained"
    assert {line.split()[1] for line in said} == {"installed", "chained"}
    found = town("githooks", "status", "--json").data
    assert found["kind"] == "GitHooks"
    assert found["elsewhere"] is None
    assert found["items"][1] == {
        "name": "pre-push",
        "path": str(town.path / ".git/hooks/pre-push"),
        "state": "ours",
        "calls": str(town.path / ".git/hooks/pre-push.before-gt"),
    }
    changed = town("githooks", "uninstall", "--yes", "--json").data
    assert changed["items"][1] == {"name": "pre-push", "deed": "restored"}
    assert [path.name for path in (town.path / ".git/hooks").iterdir()] == ["pre-push"]
    assert town("githooks", "uninstall").err == "there are none of gt's\n"
    same()


def test_it_asks_first(town: TownScene) -> None:
    put(town.path, "pre-push", "#!/bin/sh\n")
    for argv in (("githooks", "install"), ("githooks", "install", "pre-push")):
        assert "this needs --yes" in town(*argv, code=1).err
        assert not (town.path / ".git/hooks/pre-push.before-gt").exists()
    town("githooks", "install", "--yes")
    town("githooks", "install")  # nothing to ask about
    assert "this needs --yes" in town("githooks", "uninstall", code=1).err
    assert (town.path / ".git/hooks/pre-push.before-gt").exists()


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("\n", 1)])
def test_a_terminal_is_asked(town: TownScene, answer: str, code: int) -> None:
    from gt.cli.context import Context
    from gt.cli.main import run

    said = Terminal()
    context = Context(
        argv=("githooks", "install", "post-merge"),
        cwd=town.path,
        stdin=Terminal(answer),
        stdout=io.StringIO(),
        stderr=said,
    )
    assert run(context) == code
    assert "put post-merge into " in said.getvalue()
    assert (town.path / ".git/hooks/post-merge").exists() == (code == 0)


def test_one_that_gt_does_not_have_is_refused(town: TownScene) -> None:
    assert (
        "gt has no git hook pre-commit; it has prepare-commit-msg"
        in town("githooks", "install", "pre-commit", code=2).err
    )


def test_a_repository_that_is_no_town_is_left_alone(gt: Gt, repo_path: Path) -> None:
    said = gt("githooks", "install", "--yes", cwd=repo_path)
    assert (said.code, "hint: gt init" in said.err) == (1, True)
    assert gt("githooks", "status", cwd=repo_path).code == 0
    assert gt("githooks", "uninstall", cwd=repo_path).code == 0
    assert not (repo_path / ".git" / "gt").exists()


def test_where_git_looks_elsewhere_it_says_how_to_call_ours(town: TownScene) -> None:
    run_git(town.path, "config", "core.hooksPath", ".husky/_")
    said = town("githooks", "install", "--yes")
    assert f"warning: git looks for git hooks in {town.path}/.husky/_ (core.hooksPath)" in said.err
    said = town("githooks", "status")
    assert '"$(git rev-parse --git-common-dir)/hooks/pre-push" "$@"' in said.err
    assert town("githooks", "status", "--json").data["elsewhere"] == f"{town.path}/.husky/_"
    town("githooks", "uninstall", "--yes")
    assert run_git(town.path, "config", "core.hooksPath") == ".husky/_"


def test_what_is_not_as_gt_wrote_it_stays_and_is_named(town: TownScene) -> None:
    place = put(town.path, "pre-push", "#!/bin/sh\n")
    town("githooks", "install", "--yes")
    place.write_text(place.read_text() + "# mine\n")
    said = town("githooks", "uninstall", "--yes", code=3)
    assert (
        f"warning: {place} isn't as gt wrote it, and stays; what was there before gt's is {place}.before-gt"
        in said.err
    )
    assert place.read_text().endswith("# mine\n")


def test_from_a_worktree_it_is_the_same(town: TownScene, tmp_path: Path) -> None:
    run_git(town.path, "worktree", "add", "-q", str(tmp_path / "tree"))
    town("githooks", "install", "--yes", cwd=tmp_path / "tree")
    assert {path.name for path in (town.path / ".git/hooks").iterdir()} == set(NAMES)


def test_gt_itself_runs_no_git_hook(town: TownScene, tmp_path: Path) -> None:
    (town.path / ".gt" / "town.yaml").write_text(SETTINGS)
    (town.path / "README.md").write_text("settled\n")
    run_git(town.path, "add", ".gt", "README.md")
    run_git(town.path, "commit", "-q", "-m", "settings")
    hub = tmp_path / "hub.git"
    run_git(tmp_path, "init", "-q", "--bare", str(hub))
    run_git(town.path, "remote", "add", "origin", str(hub))
    log = tmp_path / "log"
    for name in ALL:
        put(town.path, name, f"#!/bin/sh\necho {name} >>{log}\nexit 1\n")
    bead = town.create("Make it")
    town("work", bead)
    assert town.bead(bead)["status"]["phase"] == "submitted"
    town("try", bead)
    town("merge")
    assert (town.path / "made").exists()
    by_hand = town.create("By hand")
    claimed = Path(town("claim", by_hand, "--json").data["status"]["lease"]["worktree"])
    (claimed / "more").write_text("more\n")
    run_git(claimed, "-c", "core.hooksPath=/dev/null", "add", "more")
    run_git(claimed, "-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "more")
    town("submit", cwd=claimed)
    town("merge")
    town("revert", bead)
    town("merge")
    assert not (town.path / "made").exists()
    town("sync")
    town("reconcile")
    town("gc")
    town("doctor", "--deep")
    assert not log.exists()


@pytest.mark.parametrize("strategy", ["merge", "squash", "rebase"])
def test_what_a_git_hook_wrote_counts_for_nothing_at_landing(town: TownScene, strategy: str) -> None:
    (town.path / ".gt" / "town.yaml").write_text(SETTINGS)
    run_git(town.path, "add", ".gt")
    run_git(town.path, "commit", "-q", "-m", "settings")
    town("githooks", "install", "--yes")
    bead = town.create("By hand")
    lease = town("claim", bead, "--json").data["status"]["lease"]
    place = Path(lease["worktree"])
    (place / "made").write_text("made\n")
    run_git(place, "add", "made")
    run_git(place, "commit", "-q", "-m", "work")
    assert run_git(place, "log", "-1", "--format=%(trailers)") == (
        f"Gt-Bead: {bead}\nGt-Token: {lease['token']}\n"
    )
    town("submit", "--strategy", strategy, cwd=place)
    town("merge")
    landing = run_git(town.path, "log", "-1", "--first-parent", "--format=%B", "main")
    assert landing.count("Gt-Bead:") == landing.count("Gt-Token:") == landing.count("Gt-Commit:") == 1
    town("verify")
    assert town.bead(bead)["status"]["phase"] == "landed"
