"""A town in which many agents work at once, and plain git doing what cannot be left out of it."""

from __future__ import annotations

import resource
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import run_git
from tests.e2e.town import Ran, Town, found, settings

AT_ONCE = 16
"""Agents."""
THINKS = 0.2
"""Seconds that an agent takes before it writes."""
FILES, FOLDERS = 200, 20

SETTINGS = f"""\
apiVersion: gt/v1
agent: sh
agents:
  sh: {{command: [sh, AGENT.crowd], prompt: none, deadline: 2m, grace: 1s}}
gates:
  - {{name: test, run: "sh gate.sh", timeout: 1m}}
limits: {{concurrent: {AT_ONCE}, deadline: 2m}}
"""

AGENT = f"""\
set -e
sleep {THINKS}
echo "$GT_BEAD" > "made/$GT_BEAD"
git add made
git commit -q -m "made $GT_BEAD"
"""
"""Makes one small commit, a file of its own."""


@dataclass(frozen=True)
class Spent:
    """What something took, in seconds: by the clock, and of the processor with all that it started."""

    wall: float
    cpu: float


def spent(deed: Callable[[], object]) -> Spent:
    """What a deed took that does its work in processes of its own."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    deed()
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Spent(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def crowded(path: Path, count: int) -> tuple[Town, list[str]]:
    """A town with so many Beads that are ready, and room for so many agents at once."""
    path.mkdir(parents=True)
    run_git(path, "init", "-q", "-b", "main")
    for number in range(FILES):
        file = path / f"d{number % FOLDERS:02}" / f"f{number:03}.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{number}\n" * 20)
    (path / "made").mkdir()
    (path / "made" / ".keep").touch()
    run_git(path, "add", ".")
    run_git(path, "commit", "-q", "-m", "A project")
    scripts = path.with_name(f"{path.name}.scripts")
    town = found(path, scripts)
    (scripts / "agent.crowd").write_text(AGENT)
    town.commit({".gt/town.yaml": settings(scripts, SETTINGS)}, "Make room")
    return town, [town.here("create", f"Make file {number}").out.strip() for number in range(count)]


def work_off(town: Town, limit: float = 600) -> Ran:
    """`gt run`, to its end."""
    return town.gt("run", "--yes", "-j", str(AT_ONCE), ok=None, limit=limit)


def by_hand(town: Town, beads: list[str], place: Path) -> None:
    """As many worktrees, agents and commits as there are Beads, with plain git; nothing lands, nothing is kept."""

    def one(bead: str) -> None:
        tree = place / bead
        # Of two at once, one may meet the other's half-made record, and die of it.
        add = f'git worktree add -q -B hand/{bead} "{tree}" main'
        script = f'until {add}; do sleep 0.01; done; cd "{tree}"; {AGENT}'
        env = town.environment({"GT_BEAD": bead})
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=town.path,
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, beads))
