"""Files on the ledger that no gt wrote: each is named, the rest stays usable, nothing hangs."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable

import pytest

from gt.core.ids import bead_path
from tests.conftest import run_git
from tests.e2e.town import ROOT, Town

pytestmark = pytest.mark.e2e

HOSTILE = ROOT / "fixtures" / "hostile"
BAD = "gt-zzzzzzzz"
PATH = f"beads/z/z/{BAD}.yaml"
PATIENCE = 10.0
"""Seconds; what a command may take with such a ledger, its process included."""


def renamed(data: bytes) -> bytes:
    """The content with the id that its path has."""
    return re.sub(rb"\bgt-[0-9a-z]{8}\b", BAD.encode(), data, count=1)


def fixture(name: str) -> bytes:
    return renamed((HOSTILE / f"{name}.yaml").read_bytes())


KINDS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "syntax error": ("100644", lambda _: fixture("syntax")),
    "alias bomb": ("100644", lambda _: fixture("alias-bomb")),
    "foreign tag": ("100644", lambda _: fixture("foreign-tag")),
    "conflict markers": ("100644", lambda _: fixture("conflict-markers")),
    "wrong id": ("100644", lambda good: good),
    "symlink": ("120000", lambda _: b"/etc/passwd"),
    "executable": ("100755", renamed),
    "ten megabytes": (
        "100644",
        lambda good: renamed(good).replace(b"title: ", b"title: " + b"x" * (10 << 20)),
    ),
}
"""For each kind: the mode, and the content made from that of a good Bead."""


def plant(town: Town, path: str, mode: str, data: bytes) -> None:
    """Commits a file on the ledger with plumbing, as a push from somebody else's program would bring it."""
    blob = run_git(town.path, "hash-object", "-w", "--stdin", stdin=data)
    index = {**town.environment(), "GIT_INDEX_FILE": str(town.scripts / "planted.index")}
    for args in (["read-tree", "beads"], ["update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}"]):
        subprocess.run(["git", *args], cwd=town.path, env=index, check=True)
    tree = subprocess.run(
        ["git", "write-tree"], cwd=town.path, env=index, check=True, capture_output=True, text=True
    ).stdout.strip()
    commit = town.git("commit-tree", tree, "-p", "beads", "-m", "planted")
    town.git("update-ref", "refs/heads/beads", commit)


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_file_is_named_and_harms_nothing_else(town: Town, kind: str) -> None:
    good = town.create("still works", "echo fine > fine")
    mode, content = KINDS[kind]
    data = content(town.git("show", f"beads:{bead_path(good)}").encode())
    plant(town, PATH, mode, data)

    begun = time.monotonic()
    listed = town.gt("list", "--json", ok=(1,), limit=PATIENCE)
    assert BAD in listed.err, listed
    assert [bead["id"] for bead in listed.data["items"]] == [good]
    shown = town.gt("show", BAD, ok=(1,), limit=PATIENCE)
    assert BAD in shown.err, shown
    assert town.gt("show", good, "--json", limit=PATIENCE).data["id"] == good
    ready = town.gt("ready", "--json", ok=None, limit=PATIENCE)
    assert good in ready.out, ready
    town.gt("note", good, "all the same", limit=PATIENCE)
    for verb in (("note", BAD, "x"), ("edit", BAD, "--priority", "1"), ("close", BAD)):
        refused = town.gt(*verb, ok=(1,), limit=PATIENCE)
        assert BAD in refused.err, refused
    assert time.monotonic() - begun < 4 * PATIENCE

    ran = town.run(ok=(20,))
    assert (town.phase(good), town.text("fine")) == ("landed", "fine")
    assert BAD in town.gt("status", ok=None).out + ran.out + ran.err
    assert town.git("show", f"beads:{PATH}", check=False).encode()[:60] == data[:60].rstrip(b"\n")


def test_a_copy_with_an_id_of_its_own_is_a_good_bead(town: Town) -> None:
    good = town.create("still works")
    plant(town, PATH, "100644", renamed(town.git("show", f"beads:{bead_path(good)}").encode() + b"\n"))
    assert sorted(town.beads()) == sorted([good, BAD])


def test_a_file_where_no_bead_belongs_is_named(town: Town) -> None:
    good = town.create("still works")
    plant(town, "beads/z/z/nonsense.txt", "100644", b"hello\n")
    assert "nonsense.txt" in town.gt("list", ok=(0, 1)).err
    assert town.bead(good)["id"] == good
