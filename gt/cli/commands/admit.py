"""`gt admit`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.cli.jsonout import listing
from gt.core.ids import LEDGER

if TYPE_CHECKING:
    from gt.drive.admitting import RefMove
    from gt.git.repo import Repo

app = new_app()


@app.command()
def admit(
    ctx: typer.Context,
    old: Annotated[
        str | None, typer.Argument(metavar="OLD", help="The commit it is at; all zeros: it isn't there.")
    ] = None,
    new: Annotated[
        str | None, typer.Argument(metavar="NEW", help="The commit it is to be at; all zeros: gone.")
    ] = None,
    ref: Annotated[
        str, typer.Argument(metavar="REF", help="The full name of the ref; default: the ledger's.")
    ] = LEDGER,
) -> int:
    """Judge whether refs may move so: the ledger by legal moves only, targets and stages by gt only.

    Without arguments it reads lines of OLD NEW REF, as git gives them to pre-receive, and judges them as one
    push; an attempt's branch must be under the token that holds its Bead. Writes nothing; exits with 1 if
    anything is against it, and says what, and what to do.

    Who may push a target or a stage is named by the values of gt.admit in this repository's git config: uid:NUMBER or
    user:NAME (the account the git hook runs under), key:FINGERPRINT (of a signed push that git found good),
    or NAME=VALUE (a variable that the transport sets, such as REMOTE_USER=alice).

    Example:
      gt admit beads~3 beads
      gt admit main~1 main refs/heads/main
    """
    from gt.drive.admitting import admit as judge

    gt = Context.of(ctx)
    if (old is None) is not (new is None):
        raise typer.BadParameter("OLD and NEW go together")
    repo = _receiving(gt)
    if old is not None and new is not None:
        moves = [_move(repo, old, new, ref)]
    else:
        moves = [_move(repo, *fields) for line in gt.stdin if len(fields := line.split()) == 3]
    found = judge(repo, moves, _pusher(gt.environ), gt.now)
    if gt.json:
        gt.emit(
            listing(
                "ObjectionList", ({"ref": each.ref, "why": each.why, "hint": each.hint} for each in found)
            )
        )
    else:
        for each in found:
            gt.say(f"error: {each.ref.removeprefix('refs/heads/')}: {each.why}")
        for hint in dict.fromkeys(each.hint for each in found if each.hint):
            gt.hint(hint)
    return Code.REFUSED if found else Code.OK


def _receiving(gt: Context) -> Repo:
    """The repository, with what a push has brought and nobody has accepted yet."""
    there = gt.environ.get("GIT_QUARANTINE_PATH")
    if not there:
        return gt.repo
    return replace(gt.repo, incoming=Path(os.path.realpath(gt.cwd / there)))


def _move(repo: Repo, old: str, new: str, ref: str) -> RefMove:
    from gt.drive.admitting import RefMove, commit_named

    return RefMove(ref, commit_named(repo, old), commit_named(repo, new))


def _pusher(environ: Mapping[str, str]) -> frozenset[str]:
    """All that is known of who pushes, as `gt.admit` would name it."""
    # What git passes on of a push is the pusher's own word: push options, say.
    known = {f"{name}={value}" for name, value in environ.items() if not name.startswith("GIT_")}
    if hasattr(os, "geteuid"):
        import pwd

        uid = os.geteuid()
        known.add(f"uid:{uid}")
        with suppress(KeyError):
            known.add(f"user:{pwd.getpwuid(uid).pw_name}")
    good = environ.get("GIT_PUSH_CERT_STATUS") == "G" and environ.get("GIT_PUSH_CERT_NONCE_STATUS") == "OK"
    if good and environ.get("GIT_PUSH_CERT_KEY"):
        known.add(f"key:{environ['GIT_PUSH_CERT_KEY']}")
    return frozenset(known)
