"""What gt's git hooks cost when there is nothing for them to do, against a shell that starts and does nothing.

Both are started by a shell, many times over: Python's own way of starting programs takes no part.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gt.git.repo import discover
from gt.interop import githooks
from tests.benchmarks.ratios import Ratio, all_in_turns, settle
from tests.conftest import run_git

pytestmark = pytest.mark.bench

TIMES = 100
ROUNDS = 9
BAR = 5
PUSHED = f"refs/heads/topic {'1' * 40} refs/heads/topic {'0' * 40}"

CALLS = {
    "prepare-commit-msg": ".git/hooks/prepare-commit-msg message message",
    "pre-push": f".git/hooks/pre-push origin url <<END\n{PUSHED}\nEND",
    "post-commit": ".git/hooks/post-commit",
    "post-merge": ".git/hooks/post-merge 0",
    "post-rewrite": ".git/hooks/post-rewrite amend </dev/null",
}


def test_nothing_to_do(repo_path: Path) -> None:
    run_git(repo_path, "config", "gt.target", "main")
    (repo_path / "message").write_text("work\n")
    githooks.install(discover(repo_path))

    def often(command: str) -> Callable[[], None]:
        text = f"i=0; while [ $i -lt {TIMES} ]; do\n{command}\ni=$((i+1)); done"

        def call() -> None:
            subprocess.run(["sh", "-ec", text], cwd=repo_path, check=True, capture_output=True)

        return call

    bare, *ours = all_in_turns((often("sh -c :"), *map(often, CALLS.values())), ROUNDS)
    settle(
        *(
            Ratio(f"git hook {name}", spent / TIMES, bare / TIMES, "sh -c :", BAR)
            for name, spent in zip(CALLS, ours, strict=True)
        )
    )
