"""Trees that no git would write, on the ledger's branch: named, bounded, and no harm to the Beads beside them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gt.core.page import Page, page_id
from gt.errors import Malformed
from gt.git.objects import Objects
from gt.git.repo import discover
from gt.store import layout
from gt.store.ledger import Changes, Ledger
from tests.conftest import NOW, run_git
from tests.store.scenes import bead, bead_id, message, new_ledger, write

Trees = Callable[[Path], bytes]


def entry(mode: str, name: bytes, oid: str) -> bytes:
    return mode.encode() + b" " + name + b"\0" + bytes.fromhex(oid)


def raw(path: Path, kind: str, data: bytes) -> str:
    return run_git(path, "hash-object", "-t", kind, "-w", "--literally", "--stdin", stdin=data)


def blob(path: Path, data: bytes = b"x") -> str:
    return raw(path, "blob", data)


def content(path: Path, where: str) -> bytes:
    """The bytes of a folder of the ledger."""
    lines = run_git(path, "ls-tree", "beads" if not where else f"beads:{where}").splitlines()
    return b"".join(entry(*_parts(line)) for line in lines)


def _parts(line: str) -> tuple[str, bytes, str]:
    info, _, name = line.partition("\t")
    mode, _, oid = info.split(" ")
    return mode.lstrip("0"), name.encode(), oid


def replaced(path: Path, where: str, data: bytes) -> None:
    """Put these bytes in place of a folder, behind gt's back."""
    oid = raw(path, "tree", data)
    while where:
        where, _, name = where.rpartition("/")
        lines = run_git(path, "ls-tree", "beads" if not where else f"beads:{where}").splitlines()
        parts = {p[1]: p for p in map(_parts, lines)}
        parts[name.encode()] = ("40000", name.encode(), oid)
        order = sorted(parts.values(), key=lambda p: p[1] + b"/" if p[0] == "40000" else p[1])
        oid = raw(path, "tree", b"".join(entry(*p) for p in order))
    commit = run_git(path, "commit-tree", oid, "-p", "beads", "-m", "hostile")
    run_git(path, "update-ref", "refs/heads/beads", commit)


FOLDERS: dict[str, Trees] = {
    "a name twice": lambda p: content(p, "beads/0/1") * 2,
    "no name": lambda p: entry("100644", b"", blob(p)),
    "a slash": lambda p: entry("100644", b"../../../../etc/passwd", blob(p)),
    "no mode": lambda p: entry("rwx", b"a", blob(p)),
    "a huge mode": lambda p: entry("7" * 40, b"a", blob(p)),
    "cut short": lambda p: content(p, "beads/0/1")[:-3],
    "rubbish": lambda _: b"\xff" * 99,
    "too large": lambda p: entry("100644", b"a" * (layout.MAX_TREE + 1), blob(p)),
}


@pytest.mark.parametrize("kind", FOLDERS)
@pytest.mark.parametrize("where", ["beads/0/1", "pages"])
def test_a_folder_that_cannot_be_read_is_named_and_the_rest_is_usable(
    repo_path: Path, kind: str, where: str
) -> None:
    ledger = new_ledger(repo_path, bead(1), bead(2))
    with ledger.hold() as held:
        page = Page(page_id("a", "b", "c"), "a", "b", "c", "", NOW)
        ledger.update(held, message(), lambda _: Changes(pages={page.id: page})).close()
    replaced(repo_path, where, FOLDERS[kind](repo_path))
    for _ in range(2):
        with ledger.read() as snapshot:
            (problem,) = snapshot.problems()
            assert problem.where == where
            assert snapshot.get(bead_id(2)) == bead(2)
        (ledger.repo.gt_dir / "index.db").unlink()
    write(ledger, bead(3)).close()
    if where == "beads/0/1":  # a Bead isn't written over what may hold others
        with pytest.raises(Malformed):
            write(ledger, bead(1 + 32**3))


def test_a_folder_that_is_good_again_is_complained_about_no_more(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, bead(1), bead(2))
    good = content(repo_path, "beads/0/1")
    for bad in (FOLDERS["rubbish"](repo_path), good):
        replaced(repo_path, "beads/0/1", bad)
        with ledger.read() as snapshot:
            assert len(snapshot.problems()) == (bad != good)
    with ledger.read() as snapshot:
        assert snapshot.get(bead_id(1)) == bead(1)


@pytest.mark.parametrize(
    "name", [b"\xff\xfe.yaml", b"a\x1b[2Jb", "\u202egpj.yaml".encode(), b"a\nb", b"; rm -rf ~"]
)
@pytest.mark.parametrize("where", ["beads", "beads/0/1", "pages"])
def test_a_name_of_any_bytes_is_kept_as_text(repo_path: Path, name: bytes, where: str) -> None:
    ledger = new_ledger(repo_path, bead(1))
    before = content(repo_path, where) if where != "pages" else b""
    replaced(repo_path, where, before + entry("100644", name, blob(repo_path, b"[")))
    for _ in range(2):
        with ledger.read() as snapshot:
            (problem,) = snapshot.problems()
            problem.where.encode()
            assert snapshot.get(bead_id(1)) == bead(1)
        write(ledger, bead(32 + 1)).close()


def test_the_command_that_a_bad_name_suggests_can_be_pasted(repo_path: Path) -> None:
    ledger = new_ledger(repo_path, bead(1))
    replaced(
        repo_path,
        "beads/0/1",
        content(repo_path, "beads/0/1") + entry("100644", b"; rm -rf ~", blob(repo_path)),
    )
    with ledger.read() as snapshot:
        assert [problem.hint for problem in snapshot.problems()] == ["git show 'beads:beads/0/1/; rm -rf ~'"]


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_is_measured_before_it_is_read(
    repo_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    ledger = new_ledger(repo_path, bead(1), bead(2))
    replaced(repo_path, "beads/0/1", FOLDERS["too large"](repo_path))
    if packed:
        run_git(repo_path, "repack", "-adq")
    (ledger.repo.gt_dir / "index.db").unlink()
    read: list[str] = []
    real = Objects._get

    def get(odb: Objects, oid: str, kind: str) -> bytes:
        read.append(oid)
        return real(odb, oid, kind)

    monkeypatch.setattr(Objects, "_get", get)
    with Ledger(discover(repo_path)).read() as snapshot:
        assert "at most" in snapshot.problems()[0].why
    assert run_git(repo_path, "rev-parse", "beads:beads/0/1") not in read
