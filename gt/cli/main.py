"""The entry point and the error boundary: arguments in, an exit code out, nothing escapes.

Typer and the commands are imported inside the boundary, so that an
interruption during start-up is one, too.
"""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gt.cli.context import Context

_MANY = 50_000
"""So many new objects are worth a look for garbage: a short command makes fewer, most of them for good."""


def main() -> int:
    """Runs gt with the arguments, streams and environment of this process; returns its exit code."""
    # Nothing that start-up allocates dies young: looking for garbage costs a fifth of it.
    gc.disable()
    try:
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) == signal.SIG_DFL:
                signal.signal(number, _interrupt)
        _open_what_is_closed()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        from gt.cli.context import Context
        from gt.errors import Refused

        try:
            context = Context.from_process()
        except Refused as error:
            return _no_start(error)
        return run(context)
    except KeyboardInterrupt:
        return 130
    finally:
        gc.freeze()  # what ends with the process need not be looked through once more


def run(context: Context) -> int:
    """Runs the command that `context.argv` names, reports what goes wrong, and returns the exit code."""
    from gt.cli.context import ReaderGone
    from gt.cli.exits import CALM, Code

    code: int
    try:
        try:
            code = _dispatch(context)
            context.flush()
        except (KeyboardInterrupt, ReaderGone):
            raise
        except Exception as error:  # noqa: BLE001  # the boundary: what isn't known here is a bug
            from gt.cli import failure

            _let_go_of(context.stdout)  # what can't be written must not fail once more
            code = failure.report(context, error)
            context.flush()
        if "ledger" in vars(context) and context.ledger.moved:
            from gt.fleet import doorbell

            doorbell.ring(context.repo, context.environ)
    except KeyboardInterrupt:
        code = Code.INTERRUPTED
    except ReaderGone:
        _let_go_of(context.stdout)
        _let_go_of(context.stderr)
        code = Code.PIPE
    return int(Code.OK if context.exit_zero and code in CALM else code)


def _dispatch(context: Context) -> int:
    """Parses and runs the command; its errors pass, typer's own among them."""
    import typer

    from gt.cli.app import root
    from gt.cli.exits import Code

    # Until the options are parsed, and when they can't be, this is how errors know what was asked for.
    context.json = "--json" in context.argv
    try:
        with root().make_context(context.program, list(context.argv), obj=context) as ctx:
            gc.freeze()
            gc.set_threshold(_MANY)
            gc.enable()
            result = ctx.command.invoke(ctx)
    except typer.Exit as error:
        return error.exit_code
    except typer.Abort:
        return Code.INTERRUPTED
    return result if isinstance(result, int) else Code.OK


def _no_start(error: Exception) -> int:
    """Tells why there can't even be a Context of this process."""
    from gt.cli import failure
    from gt.cli.context import Context

    return int(failure.report(Context(json="--json" in sys.argv), error))


def _interrupt(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt


def _open_what_is_closed() -> None:
    """Gives a process that was started without stdin, stdout or stderr an empty one.

    Else the next file opened would take its number, and what is printed would end up in that file.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115


def _let_go_of(stream: Any) -> None:
    """Points a broken stream at nothing, so that Python's own last flush doesn't fail as well; a sound one is flushed."""
    try:
        stream.flush()
    except OSError:
        pass
    else:
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return
