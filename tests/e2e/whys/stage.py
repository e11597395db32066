"""The stage on which a town is brought into a situation, and the list of all scenes."""

from __future__ import annotations

import io
import subprocess
import time
from collections.abc import Callable, Container, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gt.cli.context import Context
from gt.cli.main import run
from gt.core.when import format_time, parse_time
from tests.conftest import run_git
from tests.e2e.town import TOWN, Ran, Town, settings, wait_until
from tests.store.scenes import commit_files

FINE = (0, 3, 10, 11, 12, 20)
"""How a command may exit that moved something."""

SETTINGS = TOWN.replace("backoff: 1s", "backoff: 1h")
"""Long enough that what backs off is seen to."""
PUSHED = SETTINGS.replace("refinery: {", "refinery: {push: origin, ")

HOUR = 3600


@dataclass
class Hint:
    """The command that `gt why` named, to be run once."""

    town: Stage
    text: str | None
    ran: bool = False

    def __call__(self, **words: str) -> str:
        """Type it into a shell, with words in the place of those in capitals; returns what it printed."""
        assert self.text is not None, "no command was named"
        typed = self.text
        for name, word in words.items():
            assert name in typed, f"{name} isn't in {typed}"
            typed = typed.replace(name, f"'{word}'")
        self.ran = True
        if typed.startswith("gt run"):
            typed += " --yes"
        done = subprocess.run(
            ["sh", "-c", typed],
            cwd=self.town.path,
            env=self.town.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode in FINE, f"{typed}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout


Scene = Callable[["Stage"], Generator[str, Hint, None]]
"""Brings about a situation and yields the Bead to ask about; is sent the hint, and does what else moves it."""

SCENES: dict[str, Scene] = {}
"""By the situation, as the first column of a table has it."""


def situation(text: str) -> Callable[[Scene], Scene]:
    """Makes a scene that of a row."""

    def add(scene: Scene) -> Scene:
        assert text not in SCENES, text
        SCENES[text] = scene
        return scene

    return add


@dataclass
class Stage(Town):
    """A town, with the means to set a scene quickly."""

    def settle(self, text: str = SETTINGS, files: dict[str, str] | None = None) -> str:
        """Other settings on the target, as a person commits them."""
        return self.commit({".gt/town.yaml": settings(self.scripts, text), **(files or {})}, "Settle")

    def branch(
        self, files: dict[str, str | None], name: str = "", on: str = "main", words: str = "work"
    ) -> str:
        """A commit on a branch of its own (or of nobody's), made without a checkout; returns its id."""
        out = ["commit refs/heads/scene\nmark :1\ncommitter Alice <alice@example.com> 1795377600 +0000\n"]
        out.append(f"data {len(words)}\n{words}\nfrom {on}^0\n")
        for path, text in files.items():
            out.append(
                f"D {path}\n" if text is None else f"M 100644 inline {path}\ndata {len(text)}\n{text}\n"
            )
        if name:
            out.append(f"reset {name if name.startswith('refs/') else f'refs/heads/{name}'}\nfrom :1\n")
        out.append(f"get-mark :1\nreset refs/heads/scene\nfrom {'0' * 40}\n")
        return run_git(self.path, "fast-import", "--quiet", "--force", stdin="".join(out).encode())

    def offer(self, files: dict[str, str | None], *options: str, bead: str = "", on: str = "main") -> str:
        """A Bead with this change submitted, by a person, as a branch of theirs."""
        name = f"mine-{len(self.git('for-each-ref', 'refs/heads').splitlines())}"
        self.branch(files, name, on)
        which = [bead] if bead else []
        made = str(self.here("submit", *which, "--branch", name, *options, "--json").data["id"])
        # Should it come back, an agent does something about it.
        self.play(made, "echo mended > mended")
        return made

    def work(self, bead: str, script: str, ok: tuple[int, ...] = (0, 3, 75), **env: str) -> str:
        """An attempt, to its end."""
        self.play(bead, script)
        self.gt("work", bead, ok=ok, env=env)
        return bead

    def at(self, seconds: int) -> None:
        """What the clock shows from now on, that far from the real one's."""
        self.env["GT_NOW"] = format_time(int(time.time()) + seconds)

    def by_hand(self, bead: str, change: Callable[[str], str]) -> None:
        """The Bead's file edited on the ledger, behind gt's back, as another clone's edit comes in."""
        path = next(
            name for name in self.git("ls-tree", "-r", "--name-only", "beads").splitlines() if bead in name
        )
        text = self.git("show", f"beads:{path}") + "\n"
        changed = change(text)
        assert changed != text
        commit_files(self.path, {path: changed})

    def program(self, name: str, script: str) -> Path:
        """Something on PATH."""
        path = self.scripts / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def editor(self, text: str) -> None:
        """What a person's editor leaves in the settings."""
        (self.path.parent / "wanted").write_text(settings(self.scripts, text))
        self.program("editor", f'cp "{self.path.parent / "wanted"}" "$1"')
        self.env["EDITOR"] = "editor"

    def hub(self) -> Path:
        """A bare repository called origin that the target is pushed to."""
        place = self.path.parent / "hub.git"
        run_git(self.path.parent, "init", "-q", "--bare", "-b", "main", str(place))
        self.git("remote", "add", "origin", str(place))
        self.git("push", "-q", "origin", "main")
        return place

    @contextmanager
    def beside(self, *args: str, ready: str) -> Iterator[subprocess.Popen[str]]:
        """A command that goes on meanwhile, once the file `ready` is there beside the scripts; ended in the end."""
        there = self.scripts / ready
        there.unlink(missing_ok=True)
        process = self.start(*args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until(there.exists, f"{ready} of {args}")
            yield process
        finally:
            process.terminate()
            process.wait(30)

    def here(self, *args: str, ok: Container[int] = (0,), cwd: Path | None = None) -> Ran:
        """As everywhere, by the clock of this town."""
        out, err = io.StringIO(), io.StringIO()
        environ = self.environment()
        clock = partial(parse_time, environ["GT_NOW"]) if "GT_NOW" in environ else lambda: int(time.time())
        code = run(
            Context(
                args, "gt", cwd or self.path, (), environ, clock, stdin=io.StringIO(), stdout=out, stderr=err
            )
        )
        ran = Ran(args, code, out.getvalue(), err.getvalue())
        assert ran.code in ok, str(ran)
        return ran

    def status(self) -> list[dict[str, str]]:
        """The calls for a person."""
        return list(self.data("status")["calls"])


def why(town: Stage, bead: str) -> tuple[Ran, Ran]:
    """`gt why` as a command, for people and for programs, both at once."""
    started = [town.start("why", bead), town.start("why", bead, "--json")]
    found = []
    for process in started:
        out, err = process.communicate(timeout=60)
        found.append(Ran(("why", bead), process.returncode, out, err))
    return found[0], found[1]
