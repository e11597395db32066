"""What an agent's own program keeps for itself: sessions that a later attempt goes on with, files that are no work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Result
from gt.core.ids import wip_ref
from tests.conftest import run_git
from tests.drive.attempts import Scene, last, town
from tests.store.scenes import bead, bead_id

TWO = bead_id(2)
CUT_SHORT = "429 too many requests"
BAD_WORK = "I don't understand the task"


@pytest.fixture
def scene(repo_path: Path, tmp_path: Path) -> Scene:
    """A town with a second agent, which is told which session to go on with."""
    made = town(repo_path, tmp_path)
    script = f"sh {made.script} '{{resumed}}'"
    made.settings(agent=f'  known: {{preset: codex, command: "{script}", env: [SAY]}}')
    made.put(bead(2, agent="known", priority=0, attempts=9))
    return made


def fails_with(scene: Scene, words: str, session: str = "0123-abcd") -> None:
    """The next attempt tells its session, fails so, and writes down which session it was to go on with."""
    scene.agent(
        f"""echo "[$1]" >> {scene.script.parent}/resumed
        echo '{{"type": "thread.started", "thread_id": "{session}"}}'
        echo '{{"type": "turn.failed", "error": {{"message": "{words}"}}}}'
        exit 1"""
    )


def resumed(scene: Scene) -> list[str]:
    return (scene.script.parent / "resumed").read_text().split()


def attempt(scene: Scene) -> Result:
    """How one more attempt ends, which waits for nothing."""
    found = scene.get(TWO)
    scene.put(replace(found, status=replace(found.status, wake=None)))
    return scene.work(TWO).attempt.result


def test_a_session_that_was_cut_short_is_gone_on_with_once(scene: Scene) -> None:
    fails_with(scene, CUT_SHORT)
    assert attempt(scene) is Result.INFRA
    assert attempt(scene) is Result.INFRA
    assert attempt(scene) is Result.INFRA
    assert resumed(scene) == ["[]", "[0123-abcd]", "[]"]


def test_one_that_did_its_work_badly_is_not(scene: Scene) -> None:
    fails_with(scene, BAD_WORK)
    assert attempt(scene) is Result.WORK_FAILED
    assert attempt(scene) is Result.WORK_FAILED
    assert resumed(scene) == ["[]", "[]"]


def test_a_session_is_a_name_and_no_option(scene: Scene) -> None:
    fails_with(scene, CUT_SHORT, session="--dangerously-do-it")
    assert attempt(scene) is Result.INFRA
    assert attempt(scene) is Result.INFRA
    assert resumed(scene) == ["[]", "[]"]


def test_scratch_is_kept_and_is_no_work(scene: Scene) -> None:
    script = f"sh {scene.script}"
    scene.commit({".aider.conf.yml": "of the project"})
    scene.settings(agent=f'  known: {{preset: aider, command: "{script}", env: [SAY]}}')
    scene.agent(
        "mkdir .aider.tags; echo tags > .aider.tags/x; echo talk > .aider.chat; echo x > .aider.conf.yml"
    )
    worked = scene.work(TWO)
    assert scene.files(last(worked.bead).head) == {"README.md": "a project", ".aider.conf.yml": "x"}
    kept = run_git(scene.path, "log", "-m", "--format=", "--name-only", wip_ref(TWO, worked.attempt.token))
    assert {".aider.tags/x", ".aider.chat"} <= set(kept.splitlines())


def test_scratch_alone_is_no_change(scene: Scene) -> None:
    script = f"sh {scene.script}"
    scene.settings(agent=f'  known: {{preset: aider, command: "{script}", env: [SAY]}}')
    scene.agent("echo talk > .aider.chat.history.md")
    assert scene.work(TWO).attempt.result is Result.NO_CHANGE
