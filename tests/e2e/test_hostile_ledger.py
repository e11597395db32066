"""Files on the ledger that no gt wrote: each is named, the rest stays usable, nothing hangs."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

import pytest

from gt.core.ids import bead_path
from tests.conftest import run_git
from tests.e2e.town import ROOT, Town

pytestmark = pytest.mark.e2e

HOSTILE = ROOT / "fixtures" / "hostile"
BAD = "gt-zzzzzzzz"
PATIENCE = 10.0
"""Seconds; what a command may take with such a ledger, its process included."""

Content = Callable[[bytes, str], bytes]
"""Made from that of a good Bead, and from the id that the path has."""


def renamed(data: bytes, bead: str = BAD) -> bytes:
    """The content with another id."""
    return re.sub(rb"\bgt-[0-9a-z]{8}\b", bead.encode(), data, count=1)


def fixture(name: str) -> Content:
    return lambda _, bead: renamed((HOSTILE / f"{name}.yaml").read_bytes(), bead)


KINDS: dict[str, tuple[str, Content]] = {
    "syntax error": ("100644", fixture("syntax")),
    "alias bomb": ("100644", fixture("alias-bomb")),
    "foreign tag": ("100644", fixture("foreign-tag")),
    "conflict markers": ("100644", fixture("conflict-markers")),
    "wrong id": ("100644", lambda good, _: good),
    "symlink": ("120000", lambda _good, _: b"/etc/passwd"),
    "executable": ("100755", renamed),
    "ten megabytes": (
        "100644",
        lambda good, bead: renamed(good, bead).replace(b"title: ", b"title: " + b"x" * (10 << 20)),
    ),
}
"""For each kind: the mode, and the content."""

BADS = {kind: f"gt-zzzzzz{number:02}" for number, kind in enumerate(KINDS)}
"""The id that the file of each kind has by its path."""


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


def test_hostile_files_are_named_and_harm_nothing_else(town: Town) -> None:
    good = town.create("still works", "echo fine > fine")
    text = town.git("show", f"beads:{bead_path(good)}").encode()
    planted = {bead: KINDS[kind][1](text, bead) for kind, bead in BADS.items()}
    for kind, bead in BADS.items():
        plant(town, bead_path(bead), KINDS[kind][0], planted[bead])

    listed = town.gt("list", "--json", ok=(1,), limit=PATIENCE)
    assert {kind for kind, bead in BADS.items() if bead not in listed.err} == set(), listed
    assert [bead["id"] for bead in listed.data["items"]] == [good]
    assert town.gt("show", good, "--json", limit=PATIENCE).data["id"] == good
    ready = town.gt("ready", "--json", ok=None, limit=PATIENCE)
    assert good in ready.out, ready
    town.gt("note", good, "all the same", limit=PATIENCE)
    for bead in BADS.values():
        shown = town.gt("show", bead, ok=(1,), limit=PATIENCE)
        assert bead in shown.err, shown
        for verb in (("note", bead, "x"), ("edit", bead, "--priority", "1"), ("close", bead)):
            refused = town.here(*verb, ok=(1,))
            assert bead in refused.err, refused

    ran = town.run(ok=(20,))
    assert (town.phase(good), town.text("fine")) == ("landed", "fine")
    told = town.gt("status", ok=None).out + ran.out + ran.err
    assert {kind for kind, bead in BADS.items() if bead not in told} == set()
    for bead, data in planted.items():
        kept = town.git("show", f"beads:{bead_path(bead)}", check=False)
        assert kept.encode()[:60] == data[:60].rstrip(b"\n")


def test_a_copy_with_an_id_of_its_own_is_a_good_bead(town: Town) -> None:
    good = town.create("still works")
    plant(
        town, bead_path(BAD), "100644", renamed(town.git("show", f"beads:{bead_path(good)}").encode() + b"\n")
    )
    assert sorted(town.beads()) == sorted([good, BAD])


def test_a_file_where_no_bead_belongs_is_named(town: Town) -> None:
    good = town.create("still works")
    plant(town, "beads/z/z/nonsense.txt", "100644", b"hello\n")
    assert "nonsense.txt" in town.gt("list", ok=(0, 1)).err
    assert town.bead(good)["id"] == good
