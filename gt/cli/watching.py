"""Showing the same thing again when it has changed, until Ctrl-C: for every command with `--watch`.

A look costs something, so one is taken only when something it reads has moved, by a glance at a few files each second,
or when a time has come. Nothing is written.
"""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Annotated, Any, Final, TextIO

import typer

from gt.cli.context import Context
from gt.errors import NotFound

Watch = Annotated[
    bool,
    typer.Option(
        "--watch",
        help="Show it again on each change, until Ctrl-C; needs a terminal, or --json: then a line for each.",
    ),
]

GLANCE: Final = 1.0
"""Seconds between two glances."""

LIVELY: Final = 10
"""Seconds after which something under way is looked at again: a process that dies tells nobody."""

_ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[?7l"
"""Another screen, no cursor, and no line that goes on in the next."""
_LEAVE: Final = "\x1b[?7h\x1b[?25h\x1b[?1049l"

Draw = Callable[[Context], int | None]
"""Prints it to the Context it is given; returns when it is to be drawn again if nothing moves, None for never."""


def watch(gt: Context, draw: Draw) -> int:
    """Draws it, and again on each change. Ends by an interruption only. A usage error where nobody would see it."""
    terminal = gt.columns is not None and not gt.json
    if not terminal and not gt.json:
        raise typer.BadParameter(
            "--watch needs a terminal; elsewhere --watch --json prints a line on each change"
        )
    if terminal and gt.environ.get("TERM") != "dumb":
        with _screen(gt.stdout):
            for frame in _frames(gt, draw):
                _paint(gt, frame)
    for number, frame in enumerate(_frames(gt, draw)):
        gt.stdout.write(f"\n{frame}" if number and terminal else frame)
        gt.flush()
    return 0


def soon(now: int, under_way: bool, wake: int | None) -> int | None:
    """When a look is due though nothing moves: at the next wake, and before long while something is under way."""
    times = [wake] if wake is not None and wake > now else []
    return min([*times, now + LIVELY] if under_way else times, default=None)


def _frames(gt: Context, draw: Draw) -> Iterator[str]:
    """What is drawn, each time that it is another than before."""
    before: Any = None
    while True:
        mark = _mark(gt)
        page, errors = _Page(gt), io.StringIO()
        due = draw(replace(gt, stdout=page, stderr=errors if gt.json else page))
        drawn = page.getvalue()
        said = (_lasting(json.loads(drawn)) if gt.json else drawn), errors.getvalue(), page.size
        if said != before:
            before = said
            gt.stderr.write(errors.getvalue())
            yield drawn
        while _mark(gt) == mark and (due is None or gt.now < due):
            time.sleep(GLANCE)


def _mark(gt: Context) -> tuple[object, ...]:
    """Another one when a ref that is read, the settings or the terminal's size changed, or somebody rang."""
    from gt.store.targets import targets

    home = gt.repo.common_dir
    names = ["gt/doorbell", "packed-refs", "config", "reftable/tables.list", "refs/heads/beads"]
    with suppress(NotFound):  # whoever draws says so, where it matters
        names += [f"refs/heads/{name}" for name in targets(gt.repo)]
    return (*(_touched(os.path.join(home, name)) for name in names), None if gt.json else _size(gt.stdout))


def _touched(path: str) -> tuple[int, ...] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _size(stream: TextIO) -> tuple[int, int] | None:
    try:
        return os.get_terminal_size(stream.fileno())
    except OSError:
        return None


def _lasting(data: Any) -> Any:
    """The document without what only the clock changes."""
    if isinstance(data, dict):
        return {name: _lasting(value) for name, value in data.items() if name != "left"}
    return [_lasting(each) for each in data] if isinstance(data, list) else data


class _Page(io.StringIO):
    """What stands for stdout while one frame is drawn: as wide as that is, and a terminal if that is one."""

    def __init__(self, gt: Context) -> None:
        super().__init__()
        self._real = gt.stdout
        self._terminal = not gt.json and gt.stdout.isatty()
        self.size = _size(gt.stdout) if self._terminal else None

    def isatty(self) -> bool:
        return self._terminal

    def fileno(self) -> int:
        return self._real.fileno()


@contextmanager
def _screen(stream: TextIO) -> Iterator[None]:
    """A screen of our own; the terminal is as it was afterwards, whatever happens."""
    try:
        stream.write(_ENTER)
        yield
    finally:
        stream.write(_LEAVE)
        stream.flush()


def _paint(gt: Context, frame: str) -> None:
    """Writes over what is there; what doesn't fit below is counted."""
    lines = frame.splitlines()
    size = _size(gt.stdout)
    rows = size[1] if size and size[1] > 1 else 24
    if len(lines) > rows:
        lines[rows - 1 :] = [f"... and {len(lines) - rows + 1} more lines"]
    gt.stdout.write("\x1b[H" + "\r\n".join(f"{line}\x1b[K" for line in lines) + "\x1b[J")
    gt.flush()
