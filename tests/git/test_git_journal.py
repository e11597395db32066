"""The journal: what gt wrote last outlives a git that prunes too early, a crash at any point, and its own ring."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from gt.errors import Busy
from gt.git import journal, loose, mending, presence, refs
from gt.git.loose import Deflated
from gt.git.objects import FILE, TREE, Entry, MissingObject, Objects
from gt.git.repo import Repo, discover
from tests.crash.dying import dies_at, stopped_at
from tests.git.gitscenes import commit_file, plain, together

NOW = 1795377600
REF = "refs/heads/beads"


@pytest.fixture(params=["sha1", "sha256"])
def repo(request: pytest.FixtureRequest, tmp_path: Path) -> Repo:
    plain(tmp_path, "init", "-q", "-b", "main", f"--object-format={request.param}", "town")
    return discover(tmp_path / "town")


def add_commit(repo: Repo, text: str, ref: str | None = REF) -> str:
    """A commit of one file on top of the ref's, which is moved to it."""
    parent = refs.read(repo, ref) if ref else None
    with Objects(repo) as odb:
        tree = odb.add_tree([Entry(FILE, "file", odb.add_blob(text.encode()))])
        root = odb.add_tree([Entry(TREE, "folder", tree)])
        commit = odb.add_commit(root, (parent,) if parent else (), text, "Alice <a@x>", NOW)
        odb.flush()
    if ref:
        refs.swap(repo, ref, commit, parent, message="a reason", actor="Alice <a@x>", now=NOW)
    return commit


def file(repo: Repo, oid: str) -> Path:
    return loose.path_in(repo.common_dir / "objects", oid)


def written(repo: Repo, commit: str) -> list[str]:
    """The objects that the journal has with this commit."""
    (record,) = (record for record in journal.records(repo) if record.objects[-1].oid == commit)
    return [each.oid for each in record.objects]


def prune(repo: Repo, oids: Iterable[str]) -> None:
    """Do what a pruning git does that looked at the refs too early."""
    for oid in oids:
        file(repo, oid).unlink()


def test_what_is_flushed_is_written_down(repo: Repo) -> None:
    first = add_commit(repo, "one")
    second = add_commit(repo, "two")
    seen = [record.objects for record in journal.records(repo)]
    assert [objects[-1].oid for objects in seen] == [second, first]
    assert [each.kind for each in seen[0]] == ["blob", "tree", "tree", "commit"]
    assert loose.inflate(seen[0][0].oid, seen[0][0].data) == ("blob", b"two")
    assert list(journal.tail(repo)) == [*reversed(list(journal.records(repo)))]


def test_what_a_ref_leads_to_is_given_back(repo: Repo) -> None:
    first, second, third = (add_commit(repo, text) for text in ("one", "two", "three"))
    assert mending.lost(repo) == ()
    gone = {*written(repo, second), *written(repo, third)}
    prune(repo, gone)
    plain(repo.common_dir, "fsck", "--strict", code=2)
    assert {each.oid for each in mending.lost(repo)} == gone
    assert mending.mend(repo) == len(gone)
    plain(repo.common_dir, "fsck", "--strict")
    assert plain(repo.common_dir, "rev-list", REF).split() == [third, second, first]
    assert mending.lost(repo) == ()


def test_what_no_ref_leads_to_stays_gone(repo: Repo) -> None:
    add_commit(repo, "kept")
    lost_race = add_commit(repo, "lost race", ref=None)
    prune(repo, written(repo, lost_race))
    assert mending.lost(repo) == ()
    assert mending.mend(repo) == 0
    assert not file(repo, lost_race).exists()
    plain(repo.common_dir, "update-ref", "refs/gt/wip/x", refs.read(repo, REF) or "")
    assert mending.mend(repo) == 0


def test_commits_of_others_in_between_dont_hide_what_is_needed(repo: Repo) -> None:
    first = add_commit(repo, "one")
    tree = plain(repo.common_dir, "rev-parse", f"{REF}^{{tree}}")
    by_hand = plain(repo.common_dir, "commit-tree", tree, "-p", first, "-m", "by hand")
    merged = plain(repo.common_dir, "commit-tree", tree, "-p", by_hand, "-m", "by hand too")
    plain(repo.common_dir, "update-ref", REF, merged)
    plain(repo.common_dir, "pack-refs", "--all")
    prune(repo, [first])
    assert [each.oid for each in mending.lost(repo)] == [first]
    mending.mend(repo)
    plain(repo.common_dir, "fsck", "--strict")


def test_whoever_needs_a_missing_object_gets_it(repo: Repo) -> None:
    commit = add_commit(repo, "needed")
    blob, tree, root, _ = written(repo, commit)

    def again(*gone: str) -> Objects:
        prune(repo, gone)
        return Objects(repo)

    with again(commit) as odb:
        assert odb.commit(commit).tree == root
        assert file(repo, commit).exists()
    with again(tree, blob) as odb:
        assert odb.tree(tree)[0].oid == blob
        assert file(repo, blob).exists(), "what else is missing comes along"
    with again(blob) as odb:
        assert odb.size(blob) == 6
    with again(blob) as odb:
        assert odb.has(blob)
    with again(blob) as odb:
        assert list(odb.blobs([tree, blob], 100)) == [(tree, None), (blob, b"needed")]
    with again(blob) as odb:
        assert list(odb.blobs([blob], 3)) == [(blob, None)]


def test_an_open_reader_finds_what_was_written_since(repo: Repo) -> None:
    with Objects(repo) as odb:
        with pytest.raises(MissingObject):
            odb.blob("1" * len(repo.zero))
        commit = add_commit(repo, "later")
        prune(repo, [commit])
        assert odb.commit(commit).message == "later\n"


def test_a_writer_keeps_what_it_wrote(repo: Repo) -> None:
    with Objects(repo) as odb:
        blob = odb.add_blob(b"mine")
        odb.flush()
        prune(repo, [blob])
        odb.stand()
        assert file(repo, blob).exists()


def test_what_was_cut_short_or_damaged_is_passed_over(repo: Repo) -> None:
    commits = [add_commit(repo, f"{n}") for n in range(3)]
    path = repo.gt_dir / "journal" / "1.log"
    whole = path.read_bytes()
    starts = [at for at in range(len(whole)) if whole.startswith(journal.MARK, at)]
    assert len(starts) == 3

    def kept(data: bytes) -> list[str]:
        path.write_bytes(data)
        return [record.objects[-1].oid for record in journal.records(repo)]

    for end in range(starts[1], starts[2]):
        assert kept(whole[:end]) == commits[:1][::-1]
        # What is appended after a record that was cut short isn't lost with it.
        assert kept(whole[:end] + whole[starts[2] :]) == [commits[2], commits[0]]
    for at in range(starts[1], starts[2], 7):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        assert kept(bytes(damaged)) == [commits[2], commits[0]]


def test_a_mark_inside_an_object_is_no_record(repo: Repo) -> None:
    with Objects(repo) as odb:
        inner = odb.add_blob(journal.MARK + b"0000000400000000rest")
        odb.flush()
    assert [[each.oid for each in record.objects] for record in journal.records(repo)] == [[inner]]


def test_what_is_not_what_its_name_says_is_never_given_back(repo: Repo) -> None:
    false = "2" * len(repo.zero)
    objects = [loose.deflate(false, "blob", b"forged"), Deflated(false[:-1] + "3", "blob", b"noise")]
    journal.append(repo, objects, lambda: None)
    for oid in (false, false[:-1] + "3"):
        with Objects(repo) as odb, pytest.raises(MissingObject):
            odb.blob(oid)


def test_the_ring_is_bounded_and_looks_before_it_forgets(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "SEGMENT", 600)
    monkeypatch.setattr(journal, "SEGMENTS", 3)
    first = add_commit(repo, "first")
    prune(repo, written(repo, first))
    for n in range(20):
        add_commit(repo, f"{n}")
        assert len(journal.state(repo)) <= 3
        assert all(size < 600 + 1000 for _, size in journal.state(repo))
    assert first not in {record.objects[-1].oid for record in journal.records(repo)}
    plain(repo.common_dir, "fsck", "--strict")


def test_a_crash_at_any_step_costs_nothing_that_was_acknowledged(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "SEGMENT", 600)
    monkeypatch.setattr(journal, "SEGMENTS", 2)
    acknowledged = [add_commit(repo, "warm")]
    for effect in range(1, 200):

        def killed(effect: int = effect) -> None:
            add_commit(repo, f"killed {effect}")

        died = dies_at(effect, killed)
        acknowledged.append(add_commit(repo, f"{effect}"))
        newest = next(iter(journal.records(repo)))
        assert newest.objects[-1].oid == acknowledged[-1]
        assert len(journal.state(repo)) <= 2
        if not died:
            break
    assert not died
    assert set(acknowledged) <= set(plain(repo.common_dir, "rev-list", REF).split())
    plain(repo.common_dir, "fsck", "--strict")


def test_many_append_at_once(repo_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "SEGMENT", 2000)
    monkeypatch.setattr(journal, "SEGMENTS", 1000)
    repo = discover(repo_path)

    def write(number: int) -> None:
        for turn in range(20):
            with Objects(repo) as odb:
                odb.add_blob(f"{number}.{turn}\n".encode() * 20)
                odb.flush()

    together(6, write)
    found = {each.oid for record in journal.records(repo) for each in record.objects}
    assert len(found) == 120
    assert len(journal.state(repo)) > 3


def test_who_is_stopped_while_it_appends_is_waited_for_and_not_robbed(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "PATIENCE", 0.02)
    written = {add_commit(repo, "warm", ref=None)}
    told = set()
    for effect in range(1, 100):

        def stopped(effect: int = effect) -> None:
            add_commit(repo, f"stopped {effect}", ref=None)

        with stopped_at(effect, stopped, closely=True) as other:
            try:
                written.add(add_commit(repo, f"other {effect}", ref=None))
            except Busy as busy:
                told.add(busy.hint == f"ps {other.pid}")
        assert other.code == 0
        if not other.stopped:
            break
    assert not other.stopped
    assert told == {True}
    found = {record.objects[-1].oid for record in journal.records(repo)}
    assert written <= found
    assert len(found) == len(written) + effect


def test_a_shared_repository_has_a_shared_journal(repo_path: Path) -> None:
    plain(repo_path, "config", "core.sharedRepository", "group")
    repo = discover(repo_path)
    umask = os.umask(0o077)
    try:
        add_commit(repo, "ours", ref=None)
    finally:
        os.umask(umask)
    assert (repo.gt_dir / "journal").stat().st_mode & 0o2070 == 0o2070
    assert (repo.gt_dir / "journal" / "1.log").stat().st_mode & 0o777 == 0o660


def test_worktrees_and_bare_repositories_have_one_journal(repo_path: Path, tmp_path: Path) -> None:
    plain(repo_path, "worktree", "add", "-q", str(tmp_path / "other"))
    commit = add_commit(discover(tmp_path / "other"), "from a worktree")
    prune(discover(repo_path), [commit])
    assert mending.mend(discover(repo_path)) == 1
    plain(tmp_path, "clone", "-q", "--bare", str(repo_path), "bare.git")
    bare = discover(tmp_path / "bare.git")
    commit = add_commit(bare, "in a bare one", ref="refs/heads/other")
    assert (tmp_path / "bare.git" / "gt" / "journal" / "1.log").is_file()
    prune(bare, [commit])
    assert mending.mend(bare) == 1


def test_a_whole_tree_of_another_gits_is_included_once(repo_path: Path) -> None:
    commit_file(repo_path, "kept/a", "a\n")
    commit_file(repo_path, "kept/b", "b\n")
    old = plain(repo_path, "rev-parse", "HEAD^{tree}")
    commit_file(repo_path, "kept/b", "new\n")
    new = plain(repo_path, "rev-parse", "HEAD^{tree}")
    repo = discover(repo_path)
    with Objects(repo) as odb:
        odb.include(new, (old,))
        made = odb.add_commit(new, (), "m", "Alice <a@x>", NOW)
        odb.flush()
    wanted = {plain(repo_path, "rev-parse", f"HEAD:{path}") for path in ("kept/b", "kept", "")} | {made}
    assert set(written(repo, made)) == wanted
    with Objects(repo) as odb:
        odb.include(new, (new,))
        odb.flush()
    assert len(list(journal.records(repo))) == 1


@pytest.mark.parametrize("packed", [False, True])
def test_presence(repo: Repo, tmp_path: Path, packed: bool) -> None:
    commit = add_commit(repo, "there")
    oids = written(repo, commit)
    missing = "1" * len(commit)
    if packed:
        plain(repo.common_dir, "gc", "-q", "--prune=now")
    plain(tmp_path, "clone", "-q", "--shared", "town", "clone")
    borrower = discover(tmp_path / "clone")
    for each in (repo, borrower):
        assert presence.absent(each, [*oids, missing]) == (missing,)
    if not packed:
        file(repo, oids[0]).chmod(0o644)
        file(repo, oids[0]).write_bytes(b"")
        assert presence.absent(repo, oids) == (oids[0],)
