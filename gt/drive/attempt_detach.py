"""`gt work --detach`: the attempt goes on in a process and session of its own, once its claim is durable.

Forks, so it must be called before anything is opened that two processes can't share: a ledger, a lock.
"""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from gt.errors import Busy, GtError, Refused

Told = Callable[[str, str], None]
"""Called with the Bead and the token once they are claimed."""


def detached(run: Callable[[Told], object], log: Path) -> tuple[str, str]:
    """Run it in a detached process, whose output goes to `log`; returns what it claims: (bead, token).

    Raises the error with which it ended before it claimed anything.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _child(run, log, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as said:
        answer = json.loads(said.read() or b"null")
    os.waitpid(child, 0)
    if answer is None:
        raise Refused(f"the detached process died; see {log}")
    if "error" in answer:
        raise _raised(answer)
    return answer["bead"], answer["token"]


def _child(run: Callable[[Told], object], log: Path, writer: int) -> NoReturn:
    """A grandchild does it, so that it is nobody's to wait for; this process itself ends at once."""
    code = 0
    try:
        if os.fork() == 0:
            code = _grandchild(run, log, writer)
    finally:
        # Whatever runs at the end of a Python process belongs to our parent.
        os._exit(code)


def _grandchild(run: Callable[[Told], object], log: Path, writer: int) -> int:
    os.setsid()
    _redirect(log)
    told: list[str] = []

    def tell(bead: str, token: str) -> None:
        told.append(bead)
        _say(writer, {"bead": bead, "token": token})

    try:
        run(tell)
    except GtError as error:
        if not told:
            _say(
                writer,
                {"error": error.message, "hint": error.hint, "kind": error.kind, "code": error.exit_code},
            )
    except BaseException:  # noqa: BLE001  # nobody is above: it is written to the log
        os.write(2, traceback.format_exc().encode(errors="replace"))
        return 4
    return 0


def _redirect(log: Path) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(null, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(null)
    os.close(out)


def _say(writer: int, answer: dict[str, Any]) -> None:
    os.write(writer, json.dumps(answer).encode())
    os.close(writer)


class _Told(GtError):
    """An error of the detached process, as it told it."""


def _raised(answer: dict[str, Any]) -> GtError:
    kind = Busy if answer["code"] == Busy.exit_code else _Told
    error = kind(answer["error"], hint=answer["hint"])
    error.exit_code = answer["code"]  # type: ignore[misc]
    error.kind = answer["kind"]  # type: ignore[misc]
    return error
