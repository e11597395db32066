"""Towns for the tests, and the proof after each that no process of it lives."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.e2e.checks")

from tests.e2e.checks import await_quiet  # noqa: E402
from tests.e2e.town import Town, found, kill_all, settings, stage_agent  # noqa: E402

NewTown = Callable[..., Town]


@pytest.fixture
def quiet(sealed: Path) -> Iterator[None]:
    """When the test is over, no process that it started may live; what does is killed."""
    yield
    left = await_quiet(str(sealed))
    kill_all(left)
    assert left == {}


@pytest.fixture
def new_town(new_repo: Callable[[str], Path], tmp_path: Path, quiet: None) -> NewTown:
    """Makes towns by name: `new_town("other", files={...}, settings="...")`; AGENT in settings is the scripted agent."""

    def make(name: str = "repo", files: dict[str, str] | None = None, text: str | None = None) -> Town:
        path = new_repo(name)
        scripts = tmp_path / f"{name}.scripts"
        stage_agent(scripts)
        more = dict(files or {})
        if text is not None:
            more[".gt/town.yaml"] = settings(scripts, text)
        return found(path, scripts, more)

    return make


@pytest.fixture
def town(new_town: NewTown) -> Town:
    """A town on a fresh repository: agents play what `create` is told, the gate dislikes files called bad*."""
    return new_town()


def copied(town: Town, to: Path) -> Town:
    """The same town somewhere else, with scripts of its own: what happens to it doesn't touch the first."""
    shutil.copytree(town.path, to / "repo", symlinks=True)
    return Town(to / "repo", town.scripts, since=town.since)
