"""Towns for the tests of commands, and what must not change in a repository."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.conftest import Gt, Said
from tests.conftest import run_git


@dataclass(frozen=True)
class TownScene:
    """A town, and `gt` called in it."""

    path: Path
    call: Gt

    def __call__(self, *argv: str, code: int = 0, **more: Any) -> Said:
        """Runs gt here and expects this exit code."""
        said = self.call(*argv, cwd=more.pop("cwd", self.path), **more)
        assert said.code == code, said.out + said.err
        return said

    def create(self, title: str, *argv: str) -> str:
        """A new Bead's id."""
        return self("create", title, *argv).out.strip()

    def bead(self, bead: str) -> Any:
        """A Bead as JSON."""
        return self("show", bead, "--json").data

    def ready(self, *argv: str) -> list[str]:
        """The titles of what is ready."""
        return [item["spec"]["title"] for item in self("ready", "--json", *argv).data["items"]]

    def tip(self) -> str:
        """The ledger's commit."""
        return run_git(self.path, "rev-parse", "refs/heads/beads")


def set_up(gt: Gt, path: Path, settings: str) -> TownScene:
    """A town with these settings, committed, on a machine with no known agents."""
    (path / ".gt").mkdir()
    (path / ".gt" / "town.yaml").write_text(settings)
    run_git(path, "add", ".gt")
    run_git(path, "commit", "-qm", "settings")
    scene = TownScene(path, gt)
    scene("init", environ={"PATH": ""})
    return scene


def untouched(path: Path) -> Callable[[], None]:
    """Remembers what no command may change in a checkout; the answer compares."""

    def seen() -> tuple[object, ...]:
        git_dir = Path(run_git(path, "rev-parse", "--absolute-git-dir"))
        index = git_dir / "index"
        bare = run_git(path, "rev-parse", "--is-bare-repository") == "true"
        return (
            (git_dir / "HEAD").read_bytes(),
            index.read_bytes() if index.exists() else None,
            None if bare else run_git(path, "--no-optional-locks", "status", "--porcelain"),
            run_git(path, "rev-parse", "HEAD"),
            run_git(path, "stash", "list") if not bare else None,
        )

    before = seen()

    def check() -> None:
        assert seen() == before

    return check
