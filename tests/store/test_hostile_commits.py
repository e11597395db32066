"""Commits on the ledger that git takes and no git would write: they can be read, told of, and written upon."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.store.history import Sought, log
from tests.conftest import run_git
from tests.store.scenes import bead, bead_id, new_ledger, write
from tests.store.test_hostile_trees import raw

NOBODY = b"author \ncommitter nobody\n"
SOMEBODY = b"author A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n"

COMMITS = {
    "no author": NOBODY + b"\nhi\n",
    "no lines at all": b"\nhi\n",
    "a time beyond time": SOMEBODY.replace(b" 1 ", b" 99999999999999999999999 ") + b"\nhi\n",
    "before time": SOMEBODY.replace(b" 1 ", b" -99 ") + b"\nhi\n",
    "a nul in its message": SOMEBODY + b"\nhi\0there\0\0\n\nGt-Bead: gt-00000001\n",
    "a nul in its author": SOMEBODY.replace(b"A <", b"A\0B <") + b"\nhi\n",
    "no message": SOMEBODY + b"\n",
    "not utf-8": SOMEBODY + b"encoding utf-16\n\n\xff\xfe\x1b[2J\n",
    "many trailers": SOMEBODY + b"\nhi\n\n" + b"Gt-Bead: gt-00000001\n" * 20_000,
    "a forged verb": SOMEBODY + b"\nhi\n\nGt-Verb: \x1b[2J\nGt-Actor: root\rme\n",
}


@pytest.mark.parametrize("kind", COMMITS)
def test_the_ledger_goes_on(repo_path: Path, kind: str) -> None:
    ledger = new_ledger(repo_path, bead(1))
    tree, tip = run_git(repo_path, "rev-parse", "beads^{tree}", "beads").split()
    forged = raw(repo_path, "commit", f"tree {tree}\nparent {tip}\n".encode() + COMMITS[kind])
    run_git(repo_path, "update-ref", "refs/heads/beads", forged)
    with ledger.read() as snapshot:
        assert snapshot.get(bead_id(1)) == bead(1)
    write(ledger, bead(2)).close()
    events = list(log(ledger.repo))
    assert events[1].commit == forged
    assert len(events) == 4
    assert 0 <= events[1].at < 253370764800
    assert bead_id(1) in {name for event in log(ledger.repo, Sought(bead_id(1))) for name in event.beads}


def test_one_that_is_too_large_is_refused_by_name(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, bead(1))
    tree = run_git(repo_path, "rev-parse", "beads^{tree}")
    forged = raw(repo_path, "commit", f"tree {tree}\n".encode() + SOMEBODY + b"\n" + b"x" * (17 << 20))
    run_git(repo_path, "update-ref", "refs/heads/beads", forged)
    with pytest.raises(Exception, match=f"{forged}: is 1782.* bytes; at most"):
        ledger.read()
