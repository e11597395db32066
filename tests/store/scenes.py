"""Ledgers and Beads for the tests of the store."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from gt.core.bead import Bead, Created, Spec, Status
from gt.core.ids import ALPHABET
from gt.core.state import LedgerMeta
from gt.git.repo import discover
from gt.store.ledger import Changes, Ledger, Message, Snapshot
from tests.conftest import NOW, run_git

ALICE = "Alice <alice@example.com>"
META = LedgerMeta("5b0c8f6e-6c7e-4d0c-9a51-3f5d6f0b2a11", "gt")


def bead_id(number: int) -> str:
    """An id that is easy to tell apart; different numbers lie in different folders."""
    digits = ""
    for _ in range(8):
        number, rest = divmod(number, 32)
        digits = ALPHABET[rest] + digits
    return f"gt-{digits}"


def bead(number: int, status: Status | None = None, **spec: object) -> Bead:
    """An open Bead, created so many seconds after NOW."""
    spec.setdefault("title", f"Task {number}")
    made = Created(NOW + number, ALICE)
    return Bead(bead_id(number), f"{number:032x}", made, Spec(**spec), status or Status())  # type: ignore[arg-type]


def message(*beads: str, verb: str = "edit", subject: str = "Change something") -> Message:
    return Message(subject, verb, ALICE, beads, NOW)


def new_ledger(path: Path, *beads: Bead) -> Ledger:
    """A ledger in the repository at this path, with these Beads."""
    ledger = Ledger(discover(path))
    with ledger.hold() as held:
        ledger.create(held, META, message(verb="init"))
    if beads:
        write(ledger, *beads)
    return ledger


def write(ledger: Ledger, *beads: Bead) -> Snapshot:
    """Put these Beads on the ledger by one commit."""
    with ledger.hold() as held:
        changes = Changes({each.id: each for each in beads})
        return ledger.update(held, message(*(each.id for each in beads)), lambda _: changes)


def commit_files(path: Path, files: Mapping[str, bytes | str | tuple[str, str]]) -> str:
    """Put files on the branch `beads` behind gt's back, with plain git; a pair is a mode and an object id."""
    env = {**os.environ, "GIT_INDEX_FILE": str(path / ".git" / "scene-index")}

    def git(*args: str, stdin: bytes | None = None) -> str:
        done = subprocess.run(["git", *args], cwd=path, env=env, input=stdin, capture_output=True, check=True)
        return done.stdout.decode().strip()

    git("read-tree", "beads")
    for name, content in files.items():
        if isinstance(content, tuple):
            mode, oid = content
        else:
            data = content.encode() if isinstance(content, str) else content
            mode, oid = "100644", git("hash-object", "-w", "--stdin", stdin=data)
        git("update-index", "--add", "--cacheinfo", f"{mode},{oid},{name}")
    commit = git("commit-tree", git("write-tree"), "-p", "beads", "-m", "by hand")
    run_git(path, "update-ref", "refs/heads/beads", commit)
    return commit
