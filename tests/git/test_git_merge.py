from __future__ import annotations

import os
from pathlib import Path

import pytest

from gt.git import merge
from gt.git.merge import Change
from gt.git.objects import FILE, Entry, Objects
from gt.git.repo import Repo, discover
from gt.git.run import GitFailed
from tests.git.gitscenes import commit_file, plain


@pytest.fixture
def repo(repo_path: Path) -> Repo:
    return discover(repo_path)


@pytest.fixture
def arena(repo: Repo) -> Path:
    return repo.gt_dir / "arena"


def fork(path: Path, ours: dict[str, str], theirs: dict[str, str]) -> tuple[str, str]:
    """Two commits with those files, side by side on HEAD."""
    base = plain(path, "rev-parse", "HEAD")
    tips = []
    for files in (ours, theirs):
        plain(path, "checkout", "-q", "--detach", base)
        for name, text in files.items():
            commit_file(path, name, text)
        tips.append(plain(path, "rev-parse", "HEAD"))
    plain(path, "checkout", "-q", "main")
    return tips[0], tips[1]


def show(repo: Repo, tree: str | None, path: str) -> str:
    assert tree is not None
    return plain(repo.common_dir, "show", f"{tree}:{path}")


def test_a_clean_merge_touches_nothing_of_the_users(repo: Repo, repo_path: Path, arena: Path) -> None:
    ours, theirs = fork(repo_path, {"a": "1\n"}, {"b": "2\n"})
    index = (repo_path / ".git" / "index").read_bytes()
    merged = merge.merge_trees(repo, ours, theirs, arena=arena)
    assert merged.conflicts == ()
    assert plain(repo_path, "ls-tree", "--name-only", merged.tree or "").split("\n") == [
        "README.md",
        "a",
        "b",
    ]
    assert (repo_path / ".git" / "index").read_bytes() == index
    assert plain(repo_path, "status", "--porcelain") == ""
    assert os.listdir(arena) == []


def test_conflicts_name_their_paths(repo: Repo, repo_path: Path, arena: Path) -> None:
    ours, theirs = fork(repo_path, {"é x": "1\n", "c": "1\n", "d": "d\n"}, {"é x": "2\n", "c": "2\n"})
    merged = merge.merge_trees(repo, ours, theirs, arena=arena)
    assert merged.tree is None
    assert merged.conflicts == ("c", "é x")
    assert "Merge conflict in c" in merged.messages


def test_unrelated_histories_dont_merge(repo: Repo, repo_path: Path, arena: Path) -> None:
    tree = plain(repo_path, "rev-parse", "HEAD^{tree}")
    stranger = plain(repo_path, "commit-tree", "-m", "x", tree)
    first = plain(repo_path, "rev-parse", "HEAD")
    merged = merge.merge_trees(repo, first, stranger, arena=arena)
    assert (merged.tree, merged.conflicts) == (None, ())
    assert "unrelated" in merged.messages
    with pytest.raises(GitFailed):
        merge.merge_trees(repo, first, "1" * 40, arena=arena)


def test_committed_union_counts_also_below(repo: Repo, repo_path: Path, arena: Path) -> None:
    commit_file(repo_path, "docs/.gitattributes", "*.log merge=union\n")
    commit_file(repo_path, "docs/a.log", "start\n")
    ours, theirs = fork(repo_path, {"docs/a.log": "start\none\n"}, {"docs/a.log": "start\ntwo\n"})
    merged = merge.merge_trees(repo, ours, theirs, arena=arena)
    assert show(repo, merged.tree, "docs/a.log") == "start\none\ntwo"


def test_their_attributes_dont_count(repo: Repo, repo_path: Path, arena: Path) -> None:
    commit_file(repo_path, "a.log", "start\n")
    ours, theirs = fork(
        repo_path,
        {"a.log": "start\none\n"},
        {"a.log": "start\ntwo\n", ".gitattributes": "*.log merge=union\n"},
    )
    assert merge.merge_trees(repo, ours, theirs, arena=arena).conflicts == ("a.log",)


def test_nothing_uncommitted_has_a_say(repo: Repo, repo_path: Path, arena: Path, sealed: Path) -> None:
    commit_file(repo_path, ".gitattributes", "*.drv merge=mine\n")
    commit_file(repo_path, "a.drv", "start\n")
    commit_file(repo_path, "a.txt", "start\n")
    sides = ("one\n", "two\n")
    ours, theirs = fork(repo_path, *({"a.drv": side, "a.txt": side} for side in sides))
    for scope in ("--global", "--local"):
        plain(repo_path, "config", scope, "merge.mine.driver", f"touch {sealed}/ran; true")
        plain(repo_path, "config", scope, "core.attributesFile", str(sealed / "attributes"))
        plain(repo_path, "config", scope, "merge.default", "mine")
    (repo_path / ".gitattributes").write_text("* merge=union\n")
    (repo_path / ".git" / "info").mkdir(exist_ok=True)
    (repo_path / ".git" / "info" / "attributes").write_text("* merge=union\n")
    (sealed / "attributes").write_text("* merge=union\n")
    (sealed / ".config" / "git").mkdir(parents=True)
    (sealed / ".config" / "git" / "attributes").write_text("* merge=union\n")
    assert merge.merge_trees(repo, ours, theirs, arena=arena).conflicts == ("a.drv", "a.txt")
    assert not (sealed / "ran").exists()


def test_a_renamed_directory_isnt_followed(repo: Repo, repo_path: Path, arena: Path) -> None:
    for name in "abc":
        commit_file(repo_path, f"old/{name}", f"{name}\n" * 9)
    base = plain(repo_path, "rev-parse", "HEAD")
    plain(repo_path, "mv", "old", "new")
    plain(repo_path, "commit", "-q", "-m", "move")
    ours = plain(repo_path, "rev-parse", "HEAD")
    plain(repo_path, "checkout", "-q", "--detach", base)
    theirs = commit_file(repo_path, "old/d", "d\n")
    merged = merge.merge_trees(repo, ours, theirs, arena=arena)
    assert show(repo, merged.tree, "old/d") == "d"


def test_attributes_with_forged_paths_are_written_nowhere(
    repo: Repo, repo_path: Path, tmp_path: Path
) -> None:
    blob = plain(repo_path, "hash-object", "-w", "--stdin", stdin="* merge=union\n")
    inner = plain(repo_path, "mktree", stdin=f"100644 blob {blob}\t.gitattributes\n")
    raw = b"40000 ..\0" + bytes.fromhex(inner)
    (repo_path / "raw").write_bytes(raw)
    tree = plain(repo_path, "hash-object", "-w", "-t", "tree", "--literally", "raw")
    forged = plain(repo_path, "commit-tree", "-p", "HEAD", "-m", "x", tree)
    folder = tmp_path / "tree"
    merge._write_attributes(repo, forged, folder / "work")
    assert list(tmp_path.rglob(".gitattributes")) == []


def test_a_shallow_sha256_clone_merges(tmp_path: Path) -> None:
    plain(tmp_path, "init", "-q", "-b", "main", "--object-format=sha256", "origin")
    origin = tmp_path / "origin"
    for n in range(3):
        commit_file(origin, "a", f"{n}\n")
    plain(tmp_path, "clone", "-q", "--depth=1", f"file://{origin}", "clone")
    ours, theirs = fork(tmp_path / "clone", {"b": "b\n"}, {"c": "c\n"})
    repo = discover(tmp_path / "clone")
    merged = merge.merge_trees(repo, ours, theirs, arena=repo.gt_dir / "arena")
    with Objects(repo) as odb:
        assert [entry.name for entry in odb.tree(merged.tree or "")] == ["a", "b", "c"]


def test_how_commits_relate(repo: Repo, repo_path: Path) -> None:
    first = plain(repo_path, "rev-parse", "HEAD")
    ours, theirs = fork(repo_path, {"a": "1\n"}, {"b": "2\n"})
    plain(repo_path, "checkout", "-q", "--detach", ours)
    plain(repo_path, "merge", "-q", "--no-edit", theirs)
    top = plain(repo_path, "rev-parse", "HEAD")
    assert merge.is_ancestor(repo, theirs, top)
    assert merge.is_ancestor(repo, top, top)
    assert not merge.is_ancestor(repo, ours, theirs)
    assert merge.merge_base(repo, ours, theirs) == first
    assert (
        merge.merge_base(repo, ours, plain(repo_path, "commit-tree", "-m", "x", f"{ours}^{{tree}}")) is None
    )


def test_changed_paths(repo: Repo, repo_path: Path) -> None:
    first = plain(repo_path, "rev-parse", "HEAD")
    plain(repo_path, "mv", "README.md", "b ü")
    plain(repo_path, "commit", "-q", "-m", "move")
    plain(repo_path, "config", "diff.renames", "true")
    blob = plain(repo_path, "rev-parse", "HEAD:b ü")
    assert merge.changed_paths(repo, first, "HEAD") == (
        Change(FILE, 0, blob, repo.zero, "README.md"),
        Change(0, FILE, repo.zero, blob, "b ü"),
    )
    assert merge.changed_paths(repo, "HEAD", "HEAD") == ()
    assert merge.changed_paths(repo, None, "HEAD") == (Change(0, FILE, repo.zero, blob, "b ü"),)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("subject", ()),
        ("Key: value", ()),
        ("subject\n\nbody\n", ()),
        ("subject\n\nGt-Bead: gt-1\nGt-Bead: gt-2\n", (("Gt-Bead", "gt-1"), ("Gt-Bead", "gt-2"))),
        ("s\n\nb\n \nA: 1\n two\nB:2\n\n", (("A", "1 two"), ("B", "2"))),
        ("s\n\nA: 1\nnot one\n", ()),
        ("s\n\nA: 1\n\nthe end\n", ()),
    ],
)
def test_trailers(message: str, expected: tuple[tuple[str, str], ...]) -> None:
    assert merge.trailers(message) == expected


def test_an_entry_is_what_the_diff_says(repo: Repo, repo_path: Path) -> None:
    with Objects(repo) as odb:
        (change,) = merge.changed_paths(repo, None, "HEAD")
        tree = odb.commit(plain(repo_path, "rev-parse", "HEAD")).tree
        assert odb.tree(tree) == (Entry(change.mode_new, change.path, change.oid_new),)
