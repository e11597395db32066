"""Where, who, when and to whom: the only reader of the environment, the working directory and the clock.

A Context is made once for a process and handed to the command. What costs
something (the repository, the ledger, who the actor is) is looked up when a
command first asks for it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from gt.cli import text
from gt.cli.text import Cell, Styled
from gt.core.ids import ALPHABET
from gt.core.when import parse_time
from gt.errors import Refused

if TYPE_CHECKING:
    import typer

    from gt.cli.ticker import Ticker
    from gt.git.repo import Repo
    from gt.store.ledger import Ledger


class ReaderGone(Exception):
    """Whoever read our output doesn't any more: no reason to complain, and nobody to complain to."""


class Inside(NamedTuple):
    """The attempt that a process belongs to."""

    bead: str
    token: str
    agent: str

    @property
    def actor(self) -> str:
        """How it signs."""
        return f"{self.agent}/{self.bead}/{self.token}"


def _now() -> int:
    return int(time.time())


def random_digits(count: int) -> str:
    """So many random digits of the alphabet that ids are made of."""
    return "".join(ALPHABET[byte & 31] for byte in os.urandom(count))


def random_uid() -> str:
    """A new identity for a Bead, a note or a clone: 32 hexadecimal digits."""
    return os.urandom(16).hex()


@dataclass(repr=False, eq=False)
class Context:
    """One call of gt. Tests make their own; `from_process` makes the real one."""

    argv: tuple[str, ...] = ()
    """The arguments, without the name of the program."""
    program: str = "gt"
    """`gt` or `git gt`: as the user called it, so that a hint can be pasted."""
    cwd: Path = field(default_factory=Path)
    moved: tuple[str, ...] = ()
    """The directories of `-C`, as they were given: what is pasted starts where the user is, not in `cwd`."""
    environ: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], int] = _now
    digits: Callable[[int], str] = random_digits
    uid: Callable[[], str] = random_uid
    stdin: TextIO = field(default_factory=lambda: sys.stdin)
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    json: bool = False
    """Whether `--json` was given."""
    exit_zero: bool = False
    """Whether `--exit-zero` was given."""
    pager: bool = True
    """Whether `--no-pager` was not given."""
    ticker: Ticker | None = None
    """What shows on a terminal that a command is still at it."""

    @classmethod
    def from_process(cls) -> Context:
        """The Context of this process. Raises Refused for a GT_NOW that is no time, or a directory that is gone."""
        program = "git gt" if os.path.basename(sys.argv[0]) == "git-gt" else "gt"
        environ = dict(os.environ)
        simulated = environ.get("GT_NOW")
        return cls(
            argv=tuple(sys.argv[1:]),
            program=program,
            cwd=_here(),
            environ=environ,
            clock=partial(int, _simulated(simulated)) if simulated else _now,
        )

    @classmethod
    def of(cls, ctx: typer.Context) -> Context:
        """The Context that typer carries for a command."""
        found = ctx.find_object(cls)
        assert found is not None, "gt.cli.main puts it there"
        return found

    # where

    @cached_property
    def repo(self) -> Repo:
        """The repository around the working directory. Raises NotFound."""
        from gt.git.repo import discover

        return discover(
            self.cwd, git_dir=self.environ.get("GIT_DIR"), work_tree=self.environ.get("GIT_WORK_TREE")
        )

    @cached_property
    def ledger(self) -> Ledger:
        """The town's Beads. Raises NotFound outside a repository; reading says whether there is a town."""
        from gt.store.ledger import Ledger

        return Ledger(self.repo)

    # when

    @property
    def now(self) -> int:
        """Seconds since the epoch; read it once in a command that says several things about one moment."""
        return self.clock()

    # who

    @cached_property
    def attempt(self) -> Inside | None:
        """The attempt of this very clone that this process belongs to."""
        from gt.fleet.roster import inside_attempt

        try:
            found = inside_attempt(self.repo, self.environ)
        except Refused:  # no repository here that could be opened, hence none of its attempts
            return None
        return Inside(*found, self.environ.get("GT_AGENT", "agent")) if found else None

    @property
    def gated(self) -> bool:
        """Whether this process is of what a gate of this very clone runs."""
        from gt.fleet.roster import inside_slot

        try:
            return inside_slot(self.repo, self.environ)
        except Refused:
            return False

    @cached_property
    def actor(self) -> str:
        """Who acts: the attempt, else GT_ACTOR, else git's `Name <address>`. Raises Refused for nobody."""
        named = self.environ.get("GT_ACTOR", "").strip()
        if self.attempt:
            return self.attempt.actor
        return text.one_line(named) if named else self._person()

    def _person(self) -> str:
        from gt.git.ident import configured

        name, address = configured(self.repo)
        if not name or not address:
            missing = "user.email" if name else "user.name"
            raise Refused(
                f"git doesn't know who you are: {missing} isn't set",
                hint=f"git config --global {missing} {'you@example.com' if name else repr('Your Name')}",
            )
        return text.one_line(f"{name} <{address}>")

    def given(self, value: str | None) -> str | None:
        """The text an option was given; `-` stands for all of stdin."""
        return self.stdin.read() if value == "-" else value

    # to whom

    @cached_property
    def columns(self) -> int | None:
        """The width of the terminal that stdout is; None for a file or a pipe."""
        if not self.stdout.isatty():
            return None
        if self.environ.get("COLUMNS", "").isdecimal():
            return int(self.environ["COLUMNS"])
        try:
            return os.get_terminal_size(self.stdout.fileno()).columns or 80
        except OSError:
            return 80

    @cached_property
    def colour(self) -> bool:
        """Whether stdout gets colours: NO_COLOR and FORCE_COLOR decide, else TERM and the terminal."""
        if self.environ.get("NO_COLOR"):
            return False
        if self.environ.get("FORCE_COLOR", "0") != "0":
            return True
        return self.environ.get("TERM") != "dumb" and self.stdout.isatty()

    @property
    def may_page(self) -> bool:
        """Whether somebody can leaf through what is printed: data is for a terminal, and a pager has keys to listen to."""
        return self.pager and not self.json and self.stdout.isatty()

    @property
    def may_tick(self) -> bool:
        """Whether somebody looks at a terminal on which a line can be written over."""
        return self.environ.get("TERM", "dumb") != "dumb" and self.stderr.isatty()

    def out(self, *parts: Cell) -> None:
        """Prints a line of data. All text is made safe here, so that others' text may be passed as it is."""
        painter = text.paint if self.colour else text.plain
        line = "".join(
            painter(text.safe(part.text), part.style) if isinstance(part, Styled) else text.safe(part)
            for part in parts
        )
        self._put(self.stdout, line + "\n")

    def table(
        self,
        rows: Iterable[Sequence[Cell]],
        *,
        header: Sequence[str] = (),
        elastic: int = -1,
        under: Sequence[Sequence[Cell]] = (),
    ) -> None:
        """Prints aligned columns. Only a terminal gets the header, and the `elastic` column shortened to fit.

        `under` has for each row the lines to print below it.
        """
        shown: list[Sequence[Cell]] = list(rows)
        below = iter(under)
        if shown and header and self.columns is not None:
            shown.insert(0, [Styled(name, "dim") for name in header])
            below = iter([(), *under])
        painter = text.paint if self.colour else text.plain
        for line in text.table(shown, columns=self.columns, elastic=elastic, painter=painter):
            self._put(self.stdout, line + "\n")
            for part in next(below, ()):
                self.out(part)

    def emit(self, data: Any, *, readable: bool = False) -> None:
        """Prints JSON: one line, or indented for a terminal, or for a person who reads it in a file."""
        from gt.cli.jsonout import dumps

        self._put(self.stdout, dumps(data, indent=2 if readable or self.columns else None) + "\n")

    def say(self, line: str) -> None:
        """Tells the user something that isn't data, on stderr, after the data that came before."""
        self.flush()
        self._put(self.stderr, text.safe(line) + "\n")

    def warn(self, line: str) -> None:
        """Says what went otherwise than one might think."""
        self.say(f"warning: {text.one_line(line)}")

    def hint(self, command: str) -> None:
        """Says what to type next; `command` begins with `gt`, and is spelt as the user called it."""
        self.say(f"hint: {text.one_line(self.spelt(command))}")

    def spelt(self, command: str) -> str:
        """A command as the user would type it: `gt show` is `git gt show` where gt is called so, and has their `-C`."""
        name, space, rest = command.partition(" ")
        if name not in {"gt", "git"}:
            return command
        steps = ""
        if self.moved and not rest.startswith("-C /"):
            import shlex

            steps = "".join(f" -C {shlex.quote(step)}" for step in self.moved)
        return f"{self.program if name == 'gt' else name}{steps}{space}{rest}"

    def flush(self) -> None:
        """Hands on all that was printed."""
        try:
            self.stdout.flush()
            self.stderr.flush()
        except BrokenPipeError:
            raise ReaderGone from None

    def _put(self, stream: TextIO, printed: str) -> None:
        try:
            with self._aside():
                stream.write(printed)
        except BrokenPipeError:
            raise ReaderGone from None

    def _aside(self) -> AbstractContextManager[None]:
        return self.ticker.aside() if self.ticker else nullcontext()

    def confirm(self, question: str, *, yes: bool) -> None:
        """Goes on when the user agrees. Raises Refused when they don't, or when there is nobody to ask."""
        if yes:
            return
        if not (self.stdin.isatty() and self.stderr.isatty()):
            raise Refused(f"no terminal can answer, so this needs --yes: {question}")
        with self._aside():
            self.stderr.write(f"{text.one_line(question)} [y/N] ")
            self.stderr.flush()
            answer = self.stdin.readline()
        if answer.strip().lower() not in {"y", "yes"}:
            raise Refused("not confirmed")


def _simulated(value: str) -> int:
    try:
        return int(value) if value.isdecimal() else parse_time(value)
    except Refused as error:
        raise Refused(f"GT_NOW: {error.message}", hint="unset GT_NOW") from None


def _here() -> Path:
    try:
        return Path(os.getcwd())
    except OSError:
        raise Refused("the working directory can't be read: was it removed?", hint="cd") from None
