"""Runs commands in this process, as the entry point does, and keeps what they print."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gt.cli.context import Context
from gt.cli.main import run
from tests.outputs import parsed

NOW = 1795377600
Gt = Callable[..., "Said"]


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str
    context: Context = field(repr=False)

    @property
    def data(self) -> Any:
        """Stdout as JSON."""
        return parsed(self.out)

    @property
    def error(self) -> Any:
        """What `--json` says on stderr when something goes wrong."""
        return json.loads(self.err)["error"]


@pytest.fixture
def gt(tmp_path: Path, sealed: Path) -> Gt:
    """`gt("show", bead, cwd=..., now=..., environ={...}, stdin="...")`."""

    def call(*argv: str, cwd: Path = tmp_path, now: int = NOW, stdin: str = "", **more: Any) -> Said:
        environ = {"HOME": str(sealed), **more.pop("environ", {})}
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            context = Context(
                argv=argv, cwd=cwd, environ=environ, clock=lambda: now, stdin=io.StringIO(stdin), **more
            )
            code = run(context)
        return Said(code, out.getvalue(), err.getvalue(), context)

    return call
