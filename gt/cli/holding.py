"""Which attempt is meant by who stands in its worktree, and what agents need to find gt again."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from gt.cli.context import Context
from gt.drive.hands import Hands
from gt.errors import Refused


def hands(gt: Context) -> Hands:
    """Who acts here; agents that are started find `gt` on their PATH."""
    return Hands(gt.repo, gt.ledger, lambda: gt.actor, gt.digits, environ(gt), gt.clock)


def held(gt: Context, abbreviation: str | None) -> tuple[str, str | None]:
    """The Bead that is meant, and the token of the worktree one stands in, None if it isn't one of this Bead.

    Raises Refused where neither says: no guess is made.
    """
    from gt.fleet.places import standing_in

    here = standing_in(gt.repo)
    if abbreviation is None:
        if here is None:
            raise Refused("which Bead? This is not the worktree of one", hint="gt list")
        return here
    with gt.ledger.read() as snapshot:
        bead = snapshot.resolve(abbreviation)
    return bead, here[1] if here is not None and here[0] == bead else None


def one_of(gt: Context, abbreviation: str) -> str:
    """The whole id that is meant."""
    with gt.ledger.read() as snapshot:
        return snapshot.resolve(abbreviation)


def environ(gt: Context) -> dict[str, str]:
    """The environment, with the directory of this very gt on PATH if no gt is found there."""
    path = gt.environ.get("PATH", os.defpath)
    own = _own_folder()
    if shutil.which("gt", path=path) is None and own is not None:
        path = f"{own}{os.pathsep}{path}"
    return {**gt.environ, "PATH": path}


def _own_folder() -> Path | None:
    """Where the script `gt` of this installation is."""
    for near in (sys.argv[0], sys.executable):
        folder = Path(os.path.realpath(near)).parent if near == sys.argv[0] else Path(near).parent
        if os.access(folder / "gt", os.X_OK) and (folder / "gt").is_file():
            return folder
    return None
