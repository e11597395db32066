"""What a failure looks like to the user and to the caller: a sentence on stderr and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Any

import typer

from gt import __version__
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.cli.text import one_line
from gt.core.when import format_time
from gt.errors import GtError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EAGAIN})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})

_WORDS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota of the disk is used up",
    errno.ENOMEM: "the machine has no memory left",
    errno.EMFILE: "gt may not open more files",
    errno.ENFILE: "the machine has too many files open",
}
"""What the system means, where its own words leave that open."""

FILES = 4096
"""Open files that are enough for gt, as a rule."""


def tell(context: Context, kind: str, message: str, hint: str | None = None, **more: str) -> None:
    """Says it on stderr, in git's voice or as JSON."""
    command = context.spelt(hint) if hint else None
    if context.json:
        from gt.cli.jsonout import dumps, failure

        data = failure(kind, message, command)
        data["error"].update(more)
        context.flush()
        context.stderr.write(dumps(data) + "\n")
        return
    first, *rest = message.splitlines() or [""]
    context.say(f"error: {first}")
    for line in rest:
        context.say(f"error: {line}" if line else "error:")
    if command:
        context.say(f"hint: {one_line(command)}")


def report(context: Context, error: Exception) -> Code:
    """Tells what went wrong, whatever it is, and returns the exit code that says the same."""
    if isinstance(error, GtError):
        tell(context, error.kind, error.message, error.hint)
        return Code(error.exit_code)
    if isinstance(error, typer.TyperException):
        return usage(context, error)
    told = system(context, error) if isinstance(error, OSError) else None
    return bug(context, error) if told is None else told


def usage(context: Context, error: Any) -> Code:
    """Typer doesn't understand the command line; `error` is one of its exceptions."""
    asked = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        context.stderr.write(error.format_message() + "\n")
        return Code.USAGE
    message = error.format_message().strip().removesuffix(".").replace("valid int range", "whole number")
    path = asked.command_path if asked is not None else _asked_for(context)
    # `git gt --help` is git's own: it looks for a manual page.
    option = "-h" if path == "git gt" else "--help"
    tell(context, "usage", message[:1].lower() + message[1:], f"{path} {option}")
    return Code.USAGE


def _asked_for(context: Context) -> str:
    """The program with the command it was called with: typer's parser doesn't say whose option it couldn't read."""
    from gt.cli.table import BY_NAME

    name = next((word for word in context.argv if word in BY_NAME), "")
    return f"{context.program} {name}".strip()


def system(context: Context, error: OSError) -> Code | None:
    """The machine says no (full, or not permitted): not a bug. None for every other error."""
    if error.errno not in _FULL | _DENIED:
        return None
    where = f"{os.fsdecode(error.filename)}: " if error.filename is not None else ""
    words, said = _WORDS.get(error.errno), os.strerror(error.errno)
    tell(context, "system", where + (f"{words} ({said})" if words else said), _way_out(context, error))
    return Code.BUSY if error.errno in _FULL else Code.REFUSED


def _way_out(context: Context, error: OSError) -> str | None:
    """The command that shows what is full, or lifts the limit; None where there is none."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"df -h {_folder(context, error)}"
    return _more_files() if error.errno == errno.EMFILE else None


def _folder(context: Context, error: OSError) -> str:
    """What is there of the place that the system speaks of, quoted."""
    import shlex

    if error.filename is None:
        return shlex.quote(str(context.cwd)) if context.moved else "."
    place = context.cwd / os.fsdecode(error.filename)
    return shlex.quote(str(next((each for each in place.parents if each.is_dir()), context.cwd)))


def _more_files() -> str | None:
    try:
        from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit
    except (ImportError, OSError):  # it may be a file that can't be opened any more
        return f"ulimit -n {FILES}"
    now, most = getrlimit(RLIMIT_NOFILE)
    wanted = FILES if now < FILES else 4 * now
    wanted = wanted if most == RLIM_INFINITY else min(wanted, most)
    return f"ulimit -n {wanted}" if wanted > now else None


def bug(context: Context, error: BaseException) -> Code:
    """Writes a report of what shouldn't have happened and says where it is."""
    import tempfile

    report = _report(context, error)
    for folder in (_state_folder(context), Path(tempfile.gettempdir())):
        path = folder / f"bug-{format_time(context.now).replace(':', '')}-{os.getpid()}.txt"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(report, encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
        tell(context, "bug", f"a bug in gt: {_sentence(error)}\na report is in {path}", report=str(path))
        return Code.BUG
    context.say(report)
    tell(context, "bug", f"a bug in gt: {_sentence(error)}\nthe report, printed above, couldn't be written")
    return Code.BUG


def _sentence(error: BaseException) -> str:
    said = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _state_folder(context: Context) -> Path:
    """Where reports go by the XDG rules."""
    state = context.environ.get("XDG_STATE_HOME", "")
    home = Path(context.environ.get("HOME") or "/nonexistent")
    return (Path(state) if state.startswith("/") else home / ".local" / "state") / "gt"


def _report(context: Context, error: BaseException) -> str:
    """All that is needed to look into it, and no environment variables: they hold secrets."""
    import traceback

    lines = [
        "A bug in gt. Read this before you pass it on: arguments and paths are yours.",
        "",
        f"gt        {__version__}",
        f"python    {sys.version.split()[0]} ({sys.executable})",
        f"git       {_git_version()}",
        f"platform  {' '.join(os.uname()) if hasattr(os, 'uname') else sys.platform}",
        f"time      {format_time(context.now)}",
        f"cwd       {context.cwd}",
        f"argv      {[context.program, *context.argv]}",
        "",
        "".join(traceback.format_exception(error)),
    ]
    return "\n".join(lines)


def _git_version() -> str:
    try:
        from gt.git.run import git

        return git(Path("/"), "version").text.strip()
    except Exception as error:  # noqa: BLE001  # the report matters more than this line of it
        return f"unknown ({type(error).__name__})"
