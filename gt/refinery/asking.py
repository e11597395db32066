"""Asking others to land a submission: the town's command, run among the target's files.

A try is counted before it begins, whatever becomes of it. What the command printed, and that it succeeded, lies below
gt's own directory.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from gt.core.bead import Submission
from gt.core.town import LandSpec, Town
from gt.core.values import dataclass
from gt.errors import GtError, in_words
from gt.fleet.commandline import argv
from gt.fleet.job import signal_name
from gt.fleet.launch import Ended, Job
from gt.fleet.launch import environment as allowed
from gt.fleet.launch import run as launch
from gt.git import durable
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.refinery import slots
from gt.refinery.offers import BEGUN, Tries, tries
from gt.refinery.places import ASKING
from gt.refinery.yard import Yard

AGAIN = "GT_AGAIN"
"""The variable that is 1 where the command may have been run for this submission before."""

URL = re.compile(rb"^(?:remote:)?[ \t]*(https?://[!-~]{1,500})[ \t\r]*$", re.MULTILINE)
"""A line that is nothing but an address; what a server says comes through git with `remote:` before it."""

OUTPUT = 1 << 18
"""Bytes of the output in which an address is looked for."""


@dataclass(frozen=True, slots=True)
class Request:
    """What others are asked to land, and how."""

    bead: str
    sub: Submission
    tip: str
    """The target's commit that it was proven on: the command is run among its files."""
    branch: str
    """The branch that has the submitted commit, on the remote."""
    remote: str
    message: str
    """A title, an empty line, a body with gt's trailers."""
    again: bool
    """Whether the command may have been run before."""


def ask(yard: Yard, town: Town, land: LandSpec, it: Request) -> str:
    """Run the command to its end; returns why it failed, as a clause, or empty. Then `Tries.url` says where it is.

    Raises KeyboardInterrupt when interrupted: then it is dead, and the try was made.
    """
    known = _begun(yard.repo, it.bead, it.sub)
    try:
        why = _run(yard, town, land, it, known.log)
    except (GtError, OSError) as error:
        why = f"its command can't be run: {in_words(error)}"
    if why:
        _write(yard.repo, known.log.with_suffix(".why"), why)
    else:
        _write(yard.repo, known.folder / "done.new", _url(known.log))
        os.replace(known.folder / "done.new", known.folder / "done")
        durable.sync_dir(known.folder)
    return why


def begin(repo: Repo, bead: str, sub: Submission, begun: str) -> None:
    """Remember what this clone sets about, as `Tries.begun` has it, durably: before the others are told."""
    known = tries(repo, bead, sub)
    durable.make_dir(repo, known.folder)
    _write(repo, known.folder / BEGUN, begun)
    durable.sync_dir(known.folder)


def refuse(repo: Repo, bead: str, sub: Submission, why: str) -> None:
    """Count a try that came to an end before the command was run."""
    _write(repo, _begun(repo, bead, sub).log.with_suffix(".why"), why)


def _begun(repo: Repo, bead: str, sub: Submission) -> Tries:
    """With one try more, durably: whatever becomes of it, it was made."""
    known = tries(repo, bead, sub)
    log = known.folder / f"{known.made + 1}.log"
    log.with_suffix(".why").unlink(missing_ok=True)
    _write(repo, log, "")
    durable.sync_dir(known.folder)
    return known


def _run(yard: Yard, town: Town, land: LandSpec, it: Request, log: Path) -> str:
    """Why it failed; empty: it didn't."""
    repo, sub = yard.repo, it.sub
    title, _, body = it.message.partition("\n")
    body_file = log.with_name("body.md")
    _write(repo, body_file, body.strip() + "\n")
    with slots.taken(repo, town, ASKING) as slot:
        with Objects(repo) as odb:
            tree = odb.commit(it.tip).tree
        place = slots.fill(repo, town, slot, it.tip, tree)
        values = {
            "bead": it.bead,
            "token": sub.token,
            "title": title,
            "body_file": str(body_file),
            "branch": it.branch,
            "target": sub.base,
            "commit": sub.commit,
            "remote": it.remote,
            "repo": repo.name,
            "worktree": str(place.path),
        }
        more = {"PWD": str(place.path)} | ({AGAIN: "1"} if it.again else {})
        ended = launch(
            Job(
                argv=argv(land.command, values),
                cwd=place.path,
                env=allowed(yard.environ, land.env, more),
                log=log,
                deadline=float(land.timeout),
                keep_fds=(slot.held.fd,),
                marker=slot.marker,
                grace=5.0,
            )
        )
    return _said(ended, land.timeout)


def _said(ended: Ended, timeout: int) -> str:
    if ended.why == "interrupted":
        raise KeyboardInterrupt
    if ended.why == "deadline":
        return f"its command ran longer than {timeout} s"
    if ended.why == "not-started":
        return ended.message
    if ended.signal is not None:
        return f"its command was killed by {signal_name(ended.signal)}"
    return f"its command ended with exit {ended.code}" if ended.code else ""


def _url(log: Path) -> str:
    with log.open("rb") as file:
        found = URL.search(file.read(OUTPUT))
    return found[1].decode("ascii") if found else ""


def _write(repo: Repo, path: Path, text: str) -> None:
    fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        durable.share(repo, fd, writable=True)
        durable.write_all(fd, text.encode("utf-8", "backslashreplace"))
        os.fsync(fd)
    finally:
        os.close(fd)
