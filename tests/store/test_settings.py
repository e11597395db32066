"""The town's settings: strict, from a commit, and cheap the second time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gt.core.town import (
    AgentSpec,
    CrewSpec,
    Gate,
    LandSpec,
    Limits,
    RefinerySpec,
    StageSpec,
    Town,
    Worktrees,
    Wrap,
)
from gt.errors import Malformed
from gt.fleet.known import PRESETS
from gt.git.repo import discover
from gt.store import agentfile, townfile
from gt.store.codec import load
from gt.store.settings import town_at
from tests.conftest import run_git

FULL = """\
apiVersion: gt/v1
agent: claude                       # the default
agents:
  claude: {preset: claude, limit: 4, args: [--model, opus], grace: 20s}
  fixer: {command: ["./tools/fix", "{bead}"], prompt: none, deadline: 20m, stall: 5m, limit: 2, env: [CI], wrap: null}
worktrees: {root: "../{repo}.gt", copy: [.env], setup: "make deps", timeout: 10m, caches: [.venv]}
gates:
  - {name: test, run: make test, timeout: 10m, when: before, inputs: [Makefile, "src/**", "tests/**"]}
  - {name: e2e, run: [make, e2e], when: after, env: [CI], could_not_run: [77]}
refinery: {slots: auto, history: train, review: protected, approvals: signed, protected: [".gt/**", ".github/**"], push: null, budget: 9, strategy: squash, message: "{title}"}
stages: [{branch: staging, bake: 1d, gates: [{name: smoke, run: ./smoke}]}, {branch: release/1, from: staging, approve: true}]
crew: {mayor: {command: ./mayor, worktree: true, boot: true}}
limits: {attempts: 3, deadline: 1h, concurrent: 4, usd_per_day: 20, interruptions: 5, no_changes: 3}
coordination: local
page: {command: ["ntfy", "publish", "town"]}
types: [incident]
ungated: false
"""


def commit(path: Path, text: str | None) -> str:
    (path / ".gt").mkdir(exist_ok=True)
    if text is None:
        run_git(path, "rm", "-q", ".gt/town.yaml")
    else:
        (path / ".gt" / "town.yaml").write_text(text)
        run_git(path, "add", ".gt")
    run_git(path, "commit", "-q", "--allow-empty", "-m", "settings")
    return run_git(path, "rev-parse", "HEAD")


def town(text: str) -> Town:
    return townfile.town_from(load(text.encode(), "town.yaml"), ".gt/town.yaml")


def test_every_key_is_read() -> None:
    assert town(FULL) == Town(
        agent="claude",
        agents={
            "claude": AgentSpec("claude", preset="claude", limit=4, args=("--model", "opus"), grace=20),
            "fixer": AgentSpec(
                "fixer",
                command=("./tools/fix", "{bead}"),
                prompt="none",
                deadline=1200,
                stall=300,
                limit=2,
                env=("CI",),
            ),
        },
        worktrees=Worktrees("../{repo}.gt", (".env",), "make deps", 600, (".venv",)),
        gates=(
            Gate("test", "make test", 600, "before", ("Makefile", "src/**", "tests/**")),
            Gate("e2e", ("make", "e2e"), when="after", env=("CI",), could_not_run=(77,)),
        ),
        refinery=RefinerySpec(
            approvals="signed",
            protected=(".gt/**", ".github/**"),
            budget=9,
            strategy="squash",
            message="{title}",
        ),
        limits=Limits(usd_per_day=20, interruptions=5, no_changes=3),
        page=("ntfy", "publish", "town"),
        types=("incident",),
        stages=(
            StageSpec("staging", (Gate("smoke", "./smoke"),), 86400),
            StageSpec("release/1", approve=True, source="staging"),
        ),
        crew={"mayor": CrewSpec("./mayor", worktree=True, boot=True)},
    )


def test_no_file_no_folder_and_no_commit_mean_the_defaults(repo_path: Path) -> None:
    repo = discover(repo_path)
    first = run_git(repo_path, "rev-parse", "HEAD")
    commit(repo_path, FULL)
    gone = commit(repo_path, None)
    for _ in range(2):
        assert town_at(repo, None) == town_at(repo, first) == town_at(repo, gone) == Town()


def test_a_bare_minimum(repo_path: Path) -> None:
    assert town("apiVersion: gt/v1\n") == Town()
    assert town("{apiVersion: gt/v1, agent: codex}").agents == {"codex": AgentSpec("codex", preset="codex")}
    assert town("{apiVersion: gt/v1, agents: {claude: null}}").agents == {
        "claude": AgentSpec("claude", preset="claude")
    }
    assert (
        town("{apiVersion: gt/v1, refinery: {slots: 3, push: origin}, coordination: remote}").refinery.slots
        == 3
    )


def test_what_an_agent_runs_inside_of() -> None:
    def wrap(text: str) -> Wrap | None:
        return town(f"{{apiVersion: gt/v1, agents: {{a: {{command: b, wrap: {text}}}}}}}").agents["a"].wrap

    assert wrap("null") is None
    assert wrap("bwrap") == wrap("{recipe: bwrap}") == Wrap(recipe="bwrap")
    assert wrap("[ssh, host]") == wrap("{command: [ssh, host]}") == Wrap(command=("ssh", "host"))
    assert wrap("{recipe: bwrap, network: false, read: [/opt], write: [~/.c], hide: [/x]}") == Wrap(
        recipe="bwrap", network=False, read=("/opt",), write=("~/.c",), hide=("/x",)
    )
    assert wrap("{recipe: podman, image: i}") == Wrap(recipe="podman", image="i")
    assert wrap("{command: [a], kill: [b, c]}") == Wrap(command=("a",), kill=("b", "c"))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ssh host", ".recipe"),
        ("{}", ""),
        ("{recipe: bwrap, command: [a]}", ""),
        ("docker", ".image"),
        ("{recipe: bwrap, image: i}", ".image"),
        ("{command: [a], network: false}", ""),
        ("{recipe: bwrap, kill: b}", ".kill"),
        ("{recipe: docker, image: i, hide: [/x]}", ".hide"),
        ("{recipe: bwrap, write: [here]}", ".write[0]"),
        ("{recipe: bwrap, write: [/a/../b]}", ".write[0]"),
        ("{recipe: bwrap, netwrok: false}", ".netwrok"),
    ],
)
def test_a_wrapper_that_makes_no_sense_is_refused(text: str, key: str) -> None:
    with pytest.raises(Malformed) as told:
        town(f"{{apiVersion: gt/v1, agents: {{a: {{command: b, wrap: {text}}}}}}}")
    assert told.value.why.startswith(f"agents.a.wrap{key}: ")


def test_how_others_are_asked_to_land() -> None:
    text = "{apiVersion: gt/v1, refinery: {push: o, land: {command: [gh, pr], timeout: 1m, env: [GH_TOKEN]}}}"
    assert town(text).refinery.land == LandSpec(("gh", "pr"), 60, ("GH_TOKEN",))
    plain = town("{apiVersion: gt/v1, refinery: {push: o, land: {command: ./ask}}}")
    assert plain.refinery.land == LandSpec("./ask", 300)


def test_it_is_the_commit_that_counts_not_the_work_tree(repo_path: Path) -> None:
    tip = commit(repo_path, "{apiVersion: gt/v1, ungated: true}")
    (repo_path / ".gt" / "town.yaml").write_text("apiVersion: gt/v1\ngates: [{name: evil, run: rm -rf /}]\n")
    assert town_at(discover(repo_path), tip) == Town(ungated=True)


BAD = {
    "agent: claude": "apiVersion: is missing",
    "apiVersion: gt/v2": "apiVersion: must be gt/v1",
    "{apiVersion: gt/v1, gate: []}": "gate: is not a key that belongs here (did you mean gates?)",
    "{apiVersion: gt/v1, gates: [{name: a, run: b, tiemout: 1h}]}": "gates[0].tiemout: is not a key that belongs here "
    "(did you mean timeout?)",
    "{apiVersion: gt/v1, limits: {xyzzy: 1}}": "limits.xyzzy: is not a key that belongs here (known are attempts, ",
    "{apiVersion: gt/v1, agents: {a: {command: x, promt: arg}}}": "agents.a.promt: is not a key that belongs here (did you",
    "{apiVersion: gt/v1, gates: [{name: a, run: b}, {name: a, run: c}]}": "gates[1].name: there are two gates named a",
    "{apiVersion: gt/v1, gates: [{name: a}]}": "gates[0].run: is missing",
    "{apiVersion: gt/v1, gates: [{name: a, run: []}]}": "gates[0].run: must be a command",
    "{apiVersion: gt/v1, gates: [{name: a, run: b, inputs: [/etc/**]}]}": "gates[0].inputs[0]: must be a path inside",
    "{apiVersion: gt/v1, gates: [{name: a, run: b, inputs: [x, a/../../b]}]}": "gates[0].inputs[1]: must be a path",
    "{apiVersion: gt/v1, gates: [{name: a, run: b, when: never}]}": "gates[0].when: must be before or after",
    "{apiVersion: gt/v1, gates: [{name: a, run: b, timeout: 5}, {name: b, run: c, timeout: soon}]}": "gates[1].timeout: not a",
    "{apiVersion: gt/v1, gates: [{name: a, run: b, timeout: 0s}]}": "gates[0].timeout: must be longer",
    "{apiVersion: gt/v1, gates: [{name: a, run: b, could_not_run: [0]}]}": "gates[0].could_not_run[0]: must be an exit",
    "{apiVersion: gt/v1, gates: {name: a}}": "gates: must be a list",
    "{apiVersion: gt/v1, agent: gpt}": "agent: there is no agent gpt (there are aider, amp, claude,",
    "{apiVersion: gt/v1, agents: {a: {limit: 2}}}": "agents.a: needs a preset or a command",
    "{apiVersion: gt/v1, agents: {../a: {command: x}}}": "agents",
    "{apiVersion: gt/v1, agents: {a: {command: x, limit: true}}}": "agents.a.limit: must be a whole number above 0",
    "{apiVersion: gt/v1, agents: {a: {command: x, env: [A=b]}}}": "agents.a.env[0]: is not the name of a variable",
    "{apiVersion: gt/v1, agents: {a: {command: x, failures: [{result: infra}]}}}": "agents.a.failures[0]: needs a condition",
    "{apiVersion: gt/v1, agents: {a: {command: x, failures: [{result: red, codes: [1]}]}}}": "agents.a.failures[0].result: must",
    "{apiVersion: gt/v1, agents: {a: {command: x, failures: [{result: infra, output: '('}]}}}": "failures[0].output: is no reg",
    "{apiVersion: gt/v1, agents: {a: {command: x, failures: [{result: infra, signals: [9]}]}}}": "signals[0]: must be the name",
    "{apiVersion: gt/v1, agents: {a: {command: x, failures: [{result: infra, json: {a: []}}]}}}": "failures[0].json.a: must be",
    "{apiVersion: gt/v1, worktrees: {root: '../{town}'}}": "worktrees.root: knows only the placeholder {repo}",
    "{apiVersion: gt/v1, worktrees: {root: .git/gt}}": "worktrees.root: must not be under .git",
    "{apiVersion: gt/v1, worktrees: {copy: [../../etc/passwd]}}": "worktrees.copy[0]: must be a path inside",
    "{apiVersion: gt/v1, limits: {usd_per_day: -1}}": "limits.usd_per_day: must be a number above 0",
    "{apiVersion: gt/v1, coordination: remote}": "coordination: needs refinery.push",
    "{apiVersion: gt/v1, refinery: {history: squash}}": "refinery.history: must be train or linear, not 'squash'",
    "{apiVersion: gt/v1, refinery: {land: {command: x}}}": "refinery.land: needs refinery.push",
    "{apiVersion: gt/v1, refinery: {push: o, land: x}}": "refinery.land: must be a mapping",
    "{apiVersion: gt/v1, refinery: {push: o, land: {}}}": "refinery.land.command: is missing",
    "{apiVersion: gt/v1, refinery: {push: o, land: {command: x, timout: 1m}}}": "refinery.land.timout: is not a key that belongs here (did you mean timeout?)",
    "{apiVersion: gt/v1, refinery: {push: o, land: {command: x}, history: linear}}": "refinery.history: can't be linear where others make the commits that land",
    "{apiVersion: gt/v1, refinery: {strategy: ff}}": "refinery.strategy: must be merge or squash or rebase, not 'ff'",
    "{apiVersion: gt/v1, stages: [{gates: []}]}": "stages[0].branch: is missing",
    "{apiVersion: gt/v1, stages: [{branch: a, bake: never}]}": "stages[0].bake: not a",
    "{apiVersion: gt/v1, stages: [{branch: a}, {branch: a}]}": "stages[1].branch: there are two stages on a",
    "{apiVersion: gt/v1, stages: [{branch: a, from: b}, {branch: b}]}": "stages[0].from: must be the target, or a stage before",
    "{apiVersion: gt/v1, stages: [{branch: a, from: a}]}": "stages[0].from: must be the target, or a stage before",
    "{apiVersion: gt/v1, stages: [{branch: beads}]}": "stages[0].branch: beads is gt's own branch",
    "{apiVersion: gt/v1, stages: [{branch: gt/x}]}": "stages[0].branch: gt/x is gt's own branch",
    "{apiVersion: gt/v1, stages: [{branch: a..b}]}": "stages[0].branch: is not the name of a branch",
    "{apiVersion: gt/v1, stages: [{branch: a, gates: [{name: b, run: c, when: after}]}]}": "stages[0].gates[0].when: gates of",
    "{apiVersion: gt/v1, ungated: no}": "ungated: must be true or false",
    "{apiVersion: gt/v1, ungated: true, ungated: false}": "the key 'ungated' is there twice",
    "- a": "is not a mapping",
    "": "is empty",
}


@pytest.mark.parametrize(("text", "why"), BAD.items())
def test_what_is_wrong_is_named(repo_path: Path, text: str, why: str) -> None:
    tip = commit(repo_path, text)
    for _ in range(2):
        with pytest.raises(Malformed) as caught:
            town_at(discover(repo_path), tip)
        assert caught.value.where == ".gt/town.yaml"
        assert why in caught.value.why


def test_a_symlink_in_its_place_is_not_followed(repo_path: Path) -> None:
    (repo_path / ".gt").mkdir()
    (repo_path / ".gt" / "town.yaml").symlink_to("/etc/passwd")
    run_git(repo_path, "add", ".gt")
    run_git(repo_path, "commit", "-q", "-m", "x")
    with pytest.raises(Malformed, match="is a symbolic link"):
        town_at(discover(repo_path), run_git(repo_path, "rev-parse", "HEAD"))


@pytest.mark.parametrize("harm", ["", "{", "[]", '{"apiVersion": "gt/v1", "newer": 1}', "\x00"])
def test_a_harmed_cache_is_made_again(repo_path: Path, harm: str) -> None:
    repo = discover(repo_path)
    tip = commit(repo_path, "{apiVersion: gt/v1, ungated: true}")
    town_at(repo, tip)
    for path in (repo.gt_dir / "cache" / "town").iterdir():
        path.write_text(harm)
        assert town_at(repo, tip) == Town(ungated=True)


def test_a_cache_that_cannot_be_written_is_done_without(repo_path: Path) -> None:
    repo = discover(repo_path)
    tip = commit(repo_path, FULL)
    repo.gt_dir.write_text("in the way")
    assert town_at(repo, tip).agent == "claude"


def test_the_cache_is_bounded(repo_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gt.store.settings.KEPT", 5)
    repo = discover(repo_path)
    for _ in range(9):
        tip = commit(repo_path, "{apiVersion: gt/v1, ungated: true}")
        assert town_at(repo, tip) == Town(ungated=True)
    assert len(list((repo.gt_dir / "cache" / "town").iterdir())) <= 5


def test_the_second_time_needs_neither_yaml_nor_objects(repo_path: Path) -> None:
    tip = commit(repo_path, FULL)
    town_at(discover(repo_path), tip)
    code = (
        "import sys; from pathlib import Path; from gt.git.repo import discover\n"
        f"from gt.store.settings import town_at; assert town_at(discover(Path('.')), {tip!r}).gates\n"
        "print(sorted({'dulwich', 'ruamel', '_ruamel_yaml', 'subprocess', 'difflib', 'gt.git.objects'} & sys.modules.keys()))"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=repo_path, env=env, capture_output=True, text=True, check=False
    )
    assert (ran.stdout.strip(), ran.stderr) == ("[]", "")


def test_the_presets_named_here_are_those_there_are() -> None:
    assert set(agentfile.PRESETS) == set(PRESETS)


def test_in_the_towns_own_remote_nothing_is_said_of_a_remote(repo_path: Path) -> None:
    oid = commit(repo_path, "apiVersion: gt/v1\ncoordination: remote\nrefinery: {push: origin, slots: 2}\n")
    repo = discover(repo_path)
    assert town_at(repo, oid).refinery.push == "origin"
    run_git(repo_path, "config", "gt.hub", "true")
    town = town_at(repo, oid)
    assert (town.coordination, town.refinery) == ("local", RefinerySpec(slots=2))
