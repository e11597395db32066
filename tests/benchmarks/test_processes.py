"""What a whole `gt` costs, from the start of its process to the end, against Python that starts and does nothing.

All of it runs compiled, whatever the environment says of bytecode, and by a script such as pip installs.
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gt.core.bead import Bead, Phase
from tests.benchmarks import towns
from tests.benchmarks.ratios import Ratio, all_in_turns, settle

pytestmark = pytest.mark.bench

ROOT = Path(__file__).parents[2]
ROUNDS = 15
SCRIPT = "import sys\nfrom gt.cli.main import main\n\nif __name__ == '__main__':\n    sys.exit(main())\n"
BARE = "python -c pass"


Found = Callable[..., "Scene"]


@dataclass(frozen=True)
class Scene:
    """A town, and how processes are started in it."""

    path: Path
    beads: tuple[Bead, ...]
    env: dict[str, str]
    script: Path

    def bare(self) -> None:
        self._run(sys.executable, "-c", "pass")

    def gt(self, *args: str) -> Callable[[], None]:
        return lambda: self._run(sys.executable, str(self.script), *args)

    def one(self, phase: Phase) -> str:
        """A Bead in this phase."""
        return next(bead.id for bead in self.beads if bead.phase is phase)

    def measure(self, rounds: int, **bars: tuple[tuple[str, ...], float | None]) -> None:
        """One row each: what it is called, the arguments, and the bar."""
        deeds = [self.gt(*args) for args, _ in bars.values()]
        bare, *ours = all_in_turns((self.bare, *deeds), rounds)
        size = f"{len(self.beads) // 1000}k"
        ratios = [
            Ratio(f"gt {what}, {size} Beads", spent, bare, BARE, *(() if bar is None else (bar,)))
            for (what, (_, bar)), spent in zip(bars.items(), ours, strict=True)
        ]
        settle(*ratios)

    def _run(self, *argv: str) -> None:
        done = subprocess.run(argv, cwd=self.path, env=self.env, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], Path]:
    """The environment in which gt runs compiled, and a script that is gt."""
    place = tmp_path_factory.mktemp("compiled")
    (place / "gt").write_text(SCRIPT)
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GIT_", "GT_"))
    }
    env |= {
        "PYTHONPATH": str(ROOT),
        "PYTHONPYCACHEPREFIX": str(place / "cache"),
        "HOME": str(place),
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    (place / ".gitconfig").write_text("[user]\n\tname = Alice\n\temail = alice@example.com\n")
    before, sys.pycache_prefix = sys.pycache_prefix, str(place / "cache")
    try:
        compileall.compile_dir(str(ROOT / "gt"), quiet=1)
    finally:
        sys.pycache_prefix = before
    return env, place / "gt"


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory, compiled: tuple[dict[str, str], Path]) -> Found:
    """Makes a town of so many Beads, those that a filter lets through, with its index warm."""
    env, script = compiled

    def found(count: int, wanted: Callable[[Bead], bool] = lambda _: True) -> Scene:
        path = tmp_path_factory.mktemp("towns") / "town"
        path.mkdir()

        def git(*args: str) -> str:
            done = subprocess.run(
                ["git", *args], cwd=path, env=env, check=True, capture_output=True, text=True
            )
            return done.stdout.strip()

        git("init", "-q", "-b", "main")
        (path / "README.md").write_text("a project\n")
        git("add", ".")
        git("commit", "-q", "-m", "first")
        git("config", "--add", "gt.target", "main")
        made = tuple(filter(wanted, towns.beads(count, target=git("rev-parse", "main"))))
        towns.populate(path, made)
        scene = Scene(path, made, env, script)
        scene.gt("ready")()
        return scene

    return found


def test_reads_at_10k(founded: Found) -> None:
    scene = founded(10_000)
    scene.measure(
        ROUNDS,
        version=(("version",), None),
        ready=(("ready",), 8),
        show=(("show", scene.one(Phase.OPEN)), 8),
    )


def test_reads_at_100k(founded: Found) -> None:
    scene = founded(100_000)
    scene.measure(ROUNDS, ready=(("ready",), 10), show=(("show", scene.one(Phase.OPEN)), 10))


def test_writes_at_10k(founded: Found) -> None:
    scene = founded(10_000)
    scene.measure(
        ROUNDS,
        create=(("create", "Fix the login timeout"), 16),
        note=(("note", scene.one(Phase.OPEN), "the flaky part is the clock"), 16),
        claim=(("claim",), 16),
    )


def test_the_past_at_10k(founded: Found) -> None:
    """Looking back is a copy of today's index, brought back where it differs."""
    scene = founded(10_000)
    bead = scene.one(Phase.OPEN)
    for _ in range(10):
        scene.gt("note", bead, "the flaky part is the clock")()
    scene.measure(
        ROUNDS,
        **{
            "ready --at beads~5": (("ready", "--at", "beads~5"), 20),
            "show --at beads~5": (("show", bead, "--at", "beads~5"), 20),
            "log --patch": (("log", "-n", "10", "--patch"), 20),
            "undo --dry-run": (("undo", "--dry-run"), 24),
        },
    )


def test_an_idle_town(founded: Found) -> None:
    """Nothing to do: one look costs little, and leaves no commit behind."""
    scene = founded(10_000, lambda bead: bead.phase.over)
    before = _tip(scene)
    scene.measure(ROUNDS, reconcile=(("reconcile",), 20))
    assert _tip(scene) == before


def _tip(scene: Scene) -> str:
    ref = subprocess.run(
        ["git", "rev-parse", "beads"], cwd=scene.path, check=True, capture_output=True, text=True
    )
    return ref.stdout
