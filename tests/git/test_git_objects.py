from __future__ import annotations

import os
import zlib
from pathlib import Path

import pytest

from gt.errors import Malformed
from gt.git import loose, packing
from gt.git.objects import BULK, EXECUTABLE, FILE, SYMLINK, TREE, Commit, Entry, MissingObject, Objects
from gt.git.repo import Repo, discover
from gt.git.run import GitFailed, git
from tests.crash.dying import dies_at
from tests.git.gitscenes import commit_file, plain, together

NOW = 1795377600


@pytest.fixture(params=["sha1", "sha256"])
def repo(request: pytest.FixtureRequest, tmp_path: Path) -> Repo:
    plain(tmp_path, "init", "-q", "-b", "main", f"--object-format={request.param}", "town")
    return discover(tmp_path / "town")


def add_commit(repo: Repo, parents: tuple[str, ...] = (), text: str = "hello\n") -> str:
    with Objects(repo) as odb:
        blob = odb.add_blob(text.encode())
        folder = odb.add_tree([Entry(FILE, "naïve \udcff.txt", blob), Entry(EXECUTABLE, "a", blob)])
        tree = odb.add_tree([Entry(FILE, "a.b", blob), Entry(TREE, "a", folder), Entry(SYMLINK, "a0", blob)])
        oid = odb.add_commit(
            tree,
            parents,
            "Töpfe\n\nGt-Bead: gt-1",
            "Alice <a@x>",
            NOW,
            committer="gt",
            committer_when=NOW + 1,
        )
        odb.flush()
    return oid


@pytest.mark.parametrize("packed", [False, True])
def test_what_is_written_is_what_git_and_we_read(repo: Repo, packed: bool) -> None:
    first = add_commit(repo)
    second = add_commit(repo, (first,), "other\n")
    plain(repo.common_dir, "update-ref", "refs/heads/main", second)
    plain(repo.common_dir, "fsck", "--strict")
    if packed:
        plain(repo.common_dir, "gc", "-q")
        assert not list((repo.common_dir / "objects").glob("[0-9a-f][0-9a-f]"))
    with Objects(repo) as odb:
        commit = odb.commit(second)
        assert commit == Commit(
            second, commit.tree, (first,), "Alice <a@x>", "gt <>", NOW, NOW + 1, "Töpfe\n\nGt-Bead: gt-1\n"
        )
        entries = odb.tree(commit.tree)
        assert [(entry.mode, entry.name) for entry in entries] == [
            (FILE, "a.b"),
            (TREE, "a"),
            (SYMLINK, "a0"),
        ]
        assert [entry.name for entry in odb.tree(entries[1].oid)] == ["a", "naïve \udcff.txt"]
        assert odb.blob(entries[0].oid) == b"other\n"
        assert odb.size(entries[0].oid) == 6
        assert odb.has(second)
        assert odb.size(second) == int(plain(repo.common_dir, "cat-file", "-s", second))


def test_what_was_added_can_be_read_before_it_is_written(repo: Repo) -> None:
    with Objects(repo) as odb:
        oid = odb.add_blob(b"pending")
        assert (odb.blob(oid), odb.size(oid), odb.has(oid)) == (b"pending", 7, True)
        assert list(odb.blobs([oid])) == [(oid, b"pending")]
        plain(repo.common_dir, "cat-file", "-e", oid, code=1)


def test_many_blobs_in_order_with_gaps(repo: Repo) -> None:
    with Objects(repo) as odb:
        oids = [odb.add_blob(f"{n}\n".encode() * n) for n in range(200)]
        tree = odb.add_tree([])
        odb.flush()
        missing = "1" * len(oids[0])
        added = odb.add_blob(b"added")
        asked = [*reversed(oids), missing, tree, added, oids[7]]
        expected = [f"{n}\n".encode() * n for n in reversed(range(200))]
        assert list(odb.blobs(asked)) == list(
            zip(asked, [*expected, None, None, b"added", b"7\n" * 7], strict=True)
        )
        assert list(odb.blobs(oids[:5], limit=4)) == list(
            zip(oids, [b"", b"1\n", b"2\n2\n", None, None], strict=False)
        )
        assert list(odb.blobs([])) == []
        assert next(odb.blobs(oids)) == (oids[0], b"")


def test_missing_damaged_and_mistaken_objects(repo: Repo) -> None:
    commit = add_commit(repo)
    missing = "1" * len(commit)
    with Objects(repo) as odb:
        for look in (odb.blob, odb.tree, odb.commit, odb.size):
            with pytest.raises(MissingObject, match=missing):
                look(missing)
        assert not odb.has(missing)
        with pytest.raises(Malformed, match="is a commit, not a blob"):
            odb.blob(commit)
        for name in ("../../HEAD", "HEAD", commit[:8], commit.upper()):
            with pytest.raises(Malformed):
                odb.has(name)
        path = loose.path_in(repo.common_dir / "objects", commit)
        path.chmod(0o644)
        path.write_bytes(zlib.compress(b"commit 99\0cut"))
        with pytest.raises(Malformed, match="cut short"):
            odb.commit(commit)
        path.write_bytes(b"rubbish")
        with pytest.raises(Malformed, match="damaged"):
            odb.commit(commit)
        with pytest.raises(Malformed, match="damaged"):
            odb.size(commit)


@pytest.mark.parametrize("name", ["", ".", "..", ".git", ".GIT", "a/b", "a\0b", "twice"])
def test_names_that_no_tree_may_hold(repo: Repo, name: str) -> None:
    with Objects(repo) as odb:
        blob = odb.add_blob(b"")
        with pytest.raises(Malformed):
            odb.add_tree([Entry(FILE, "twice", blob), Entry(FILE, name, blob)])


def test_packs_that_come_and_go(repo: Repo) -> None:
    first = add_commit(repo)
    plain(repo.common_dir, "update-ref", "refs/heads/main", first)
    plain(repo.common_dir, "gc", "-q")
    with Objects(repo) as odb:
        assert odb.has(first)
        second = add_commit(repo, (first,), "more\n")
        plain(repo.common_dir, "update-ref", "refs/heads/main", second)
        plain(repo.common_dir, "repack", "-q", "-a", "-d", "-f", "--write-midx")
        assert odb.commit(second).parents == (first,)
        third = add_commit(repo, (second,), "most\n")
        plain(repo.common_dir, "update-ref", "refs/heads/main", third)
        plain(repo.common_dir, "gc", "-q", "--prune=now")
        for oid in (first, second, third):
            assert odb.has(oid)
            assert odb.commit(oid).oid == oid


def test_alternates_are_read(repo: Repo, tmp_path: Path) -> None:
    oid = add_commit(repo)
    plain(repo.common_dir, "update-ref", "refs/heads/main", oid)
    plain(tmp_path, "clone", "-q", "--shared", "town", "clone")
    clone = discover(tmp_path / "clone")
    for _ in range(2):
        with Objects(clone) as odb:
            assert odb.has(oid)
            assert odb.blob(odb.tree(odb.commit(oid).tree)[0].oid) == b"hello\n"
        plain(repo.common_dir, "gc", "-q")


def test_extensions_that_dulwich_refuses(repo_path: Path) -> None:
    plain(repo_path, "repack", "-q", "-a", "-d")
    plain(repo_path, "config", "core.repositoryFormatVersion", "1")
    plain(repo_path, "config", "extensions.preciousObjects", "true")
    with Objects(discover(repo_path)) as odb:
        assert odb.commit(plain(repo_path, "rev-parse", "HEAD")).message == "first\n"


def test_what_a_partial_clone_left_out_is_fetched(repo_path: Path, tmp_path: Path) -> None:
    commit_file(repo_path, "late", "late\n")
    plain(repo_path, "config", "uploadpack.allowFilter", "true")
    plain(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{repo_path}", "partial")
    with Objects(discover(tmp_path / "partial")) as odb:
        assert odb.blob(plain(repo_path, "rev-parse", "HEAD:late")) == b"late\n"


def test_the_same_object_written_by_many_at_once_while_git_packs(repo_path: Path) -> None:
    repo = discover(repo_path)

    def write(number: int) -> None:
        if number == 0:
            for _ in range(5):
                plain(repo_path, "gc", "-q")
            return
        for turn in range(15):
            with Objects(repo) as odb:
                oid = odb.add_blob(f"{turn}\n".encode())
                odb.flush()
                assert odb.blob(oid) == f"{turn}\n".encode()

    together(4, write)
    plain(repo_path, "fsck", "--strict")


def test_a_crash_while_writing_leaves_only_what_git_prunes(repo_path: Path) -> None:
    repo = discover(repo_path)
    for effect in range(1, 30):
        text = f"crash {effect}\n".encode()

        def write(text: bytes = text) -> None:
            with Objects(repo) as odb:
                odb.add_blob(text)
                odb.flush()

        died = dies_at(effect, write, closely=True)
        write()
        plain(repo_path, "fsck", "--strict")
        if not died:
            break
    assert not died
    assert effect > 2
    plain(repo_path, "prune", "--expire=now")
    assert not list((repo.common_dir / "objects").rglob("tmp_obj_*"))


def test_an_object_that_is_there_is_kept_young(repo: Repo) -> None:
    with Objects(repo) as odb:
        oid = odb.add_blob(b"old")
        odb.flush()
        path = loose.path_in(repo.common_dir / "objects", oid)
        os.utime(path, (1, 1))
        odb.add_blob(b"old")
        odb.flush()
        assert path.stat().st_mtime > 1


def test_an_actor_cant_forge_a_header(repo: Repo) -> None:
    with Objects(repo) as odb:
        tree = odb.add_tree([])
        oid = odb.add_commit(tree, (), "m", "Eve\nparent 0 <e<v>e@x>", NOW)
        assert odb.commit(oid).author == "Eveparent 0 <ev>"
        assert odb.commit(oid).parents == ()


def test_a_shared_repository_stays_shared(repo_path: Path) -> None:
    plain(repo_path, "config", "core.sharedRepository", "group")
    repo = discover(repo_path)
    umask = os.umask(0o077)
    try:
        with Objects(repo) as odb:
            path = loose.path_in(repo.common_dir / "objects", odb.add_blob(b"ours"))
            odb.flush()
    finally:
        os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o440
    assert path.parent.stat().st_mode & 0o2070 == 0o2070


def many(odb: Objects, count: int, salt: str = "") -> list[str]:
    """So many blobs of many sizes, in a tree, in a commit; the ids, the commit's last."""
    blobs = [odb.add_blob(f"{salt}{n}\n".encode() * n * n) for n in range(count)]
    tree = odb.add_tree(Entry(FILE, f"f{n}", oid) for n, oid in enumerate(blobs))
    return [*blobs, tree, odb.add_commit(tree, (), "many", "Alice <a@x>", NOW)]


def test_many_objects_become_one_pack(repo: Repo) -> None:
    with Objects(repo) as odb:
        oids = many(odb, BULK)
        odb.flush()
        assert odb.blob(oids[60]) == b"60\n" * 3600
        assert odb.size(oids[60]) == 3 * 3600
    folder = repo.common_dir / "objects"
    assert len(list(folder.glob("pack/*.pack"))) == 1
    assert not list(folder.glob("[0-9a-f][0-9a-f]/*"))
    plain(repo.common_dir, "update-ref", "refs/heads/main", oids[-1])
    plain(repo.common_dir, "fsck", "--strict", "--full")
    assert (
        plain(repo.common_dir, "rev-list", "--objects", "--no-object-names", "main").count("\n") == BULK + 1
    )
    with Objects(repo) as odb:
        many(odb, BULK)
        odb.flush()
    plain(repo.common_dir, "fsck", "--strict", "--full")


def test_a_crash_while_writing_a_pack_leaves_only_what_git_prunes(repo_path: Path) -> None:
    repo = discover(repo_path)
    pack = repo.common_dir / "objects" / "pack"
    for effect in range(1, 60):

        def write(salt: str = f"crash {effect} ") -> None:
            with Objects(repo) as odb:
                many(odb, BULK, salt)
                odb.flush()

        died = dies_at(effect, write)
        plain(repo_path, "fsck", "--strict")
        assert len(list(pack.glob("*.pack"))) == len(list(pack.glob("*.idx")))
        if not died:
            break
    assert not died
    assert effect > 1
    data = packing._pack("sha1", (("blob", b"cut short\n" * 999), ("blob", b"never there")))
    with pytest.raises(GitFailed):
        git(repo, "index-pack", "--stdin", stdin=data[: len(data) // 2])
    (pack / "tmp_pack_crash").write_bytes(data[:99])
    plain(repo_path, "fsck", "--strict")
    plain(repo_path, "prune", "--expire=now")
    assert not list(pack.glob("tmp_*"))


def test_a_pack_in_a_shared_repository_is_shared(repo_path: Path) -> None:
    plain(repo_path, "config", "core.sharedRepository", "group")
    repo = discover(repo_path)
    umask = os.umask(0o077)
    try:
        with Objects(repo) as odb:
            many(odb, BULK)
            odb.flush()
    finally:
        os.umask(umask)
    (path,) = (repo.common_dir / "objects" / "pack").glob("*.pack")
    assert path.stat().st_mode & 0o777 == 0o440


def test_the_size_of_a_packed_object_is_told_without_a_process(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of one that is kept as its difference from another."""
    text = "".join(f"line {n}\n" for n in range(5000))
    tip = None
    for n in range(4):
        tip = add_commit(repo, (tip,) if tip else (), text + "x" * n * 1000)
    plain(repo.common_dir, "update-ref", "refs/heads/main", str(tip))
    plain(repo.common_dir, "repack", "-adfq")
    lines = plain(
        repo.common_dir,
        "cat-file",
        "--batch-all-objects",
        "--batch-check=%(objectname) %(objectsize) %(deltabase)",
    )
    rows = [line.split(" ") for line in lines.splitlines()]
    assert any(base.strip("0") for _, _, base in rows), "the test needs a difference"
    monkeypatch.setattr("gt.git.run.git", None)
    with Objects(repo) as odb:
        assert [(oid, odb.size(oid)) for oid, _, _ in rows] == [(oid, int(size)) for oid, size, _ in rows]
