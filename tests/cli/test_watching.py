"""When a watched view is drawn: once, when something moved, when a time has come, and not between."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

import pytest

from gt.cli import watching
from gt.cli.context import Context
from tests.cli.conftest import Gt
from tests.cli.towns import TownScene


@pytest.fixture
def out(gt: Gt, repo_path: Path) -> io.StringIO:
    TownScene(repo_path, gt)("init", environ={"PATH": ""})
    return io.StringIO()


def test_it_is_drawn_when_something_moved_or_a_time_has_come(
    out: io.StringIO, repo_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, drawn = [100], []
    bell = repo_path / ".git" / "gt" / "doorbell"

    def draw(gt: Context) -> int | None:
        drawn.append(gt.now)
        gt.emit({"drawn": len(drawn) if gt.now >= 130 else 1, "left": gt.now})
        return 130 if gt.now < 130 else None

    def sleep(_seconds: float) -> None:
        now[0] += 1
        if now[0] == 110:
            os.utime(bell, (1, 1))
        if now[0] == 200:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        watching.watch(Context(cwd=repo_path, clock=lambda: now[0], stdout=out, json=True), draw)
    assert drawn == [100, 110, 130]
    assert out.getvalue() == '{"drawn": 1, "left": 100}\n{"drawn": 3, "left": 130}\n'


@pytest.mark.parametrize(
    ("under_way", "wake", "due"),
    [(False, None, None), (False, 150, 150), (True, None, 110), (True, 105, 105), (False, 100, None)],
)
def test_a_town_at_rest_is_left_alone(under_way: bool, wake: int | None, due: int | None) -> None:
    assert watching.soon(100, under_way, wake) == due
