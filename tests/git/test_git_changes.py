"""What git says that changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.errors import Malformed
from gt.git.changes import Change, Leaf, changes, counts, deeds, nothing, sizes
from gt.git.objects import MissingObject
from gt.git.repo import Repo, discover
from tests.git.gitscenes import commit_file, plain


@pytest.fixture
def repo(repo_path: Path) -> Repo:
    return discover(repo_path)


def blob(path: Path, text: str) -> str:
    return plain(path, "hash-object", "-w", "--stdin", stdin=text)


def test_what_differs_between_two_trees(repo: Repo, repo_path: Path) -> None:
    first = plain(repo_path, "rev-parse", "HEAD")
    second = commit_file(repo_path, "a/x y", "one")
    plain(repo_path, "rm", "-q", "README.md")
    plain(repo_path, "mv", "a/x y", "b")
    plain(repo_path, "commit", "-q", "-m", "third")
    one = Leaf(0o100644, blob(repo_path, "one"))
    readme = Leaf(0o100644, blob(repo_path, "a project\n"))
    assert changes(repo, first, second) == {"a/x y": Change(None, one)}
    wanted = {"README.md": Change(readme, None), "b": Change(None, one)}
    assert changes(repo, first, "HEAD") == wanted
    assert changes(repo, nothing(repo), first) == {"README.md": Change(None, readme)}
    assert changes(repo, first, first) == {}
    with pytest.raises(Malformed, match="more than 1 files"):
        changes(repo, first, "HEAD", limit=1)


def test_a_tree_that_names_a_file_twice_is_malformed(repo: Repo, repo_path: Path) -> None:
    oid = blob(repo_path, "x")
    tree = plain(repo_path, "mktree", "--missing", stdin=f"100644 blob {oid}\tf\n100644 blob {oid}\tf\n")
    with pytest.raises(Malformed, match="twice"):
        changes(repo, nothing(repo), tree)


def test_deeds_come_parents_first_and_the_first_parents_side_first(repo: Repo, repo_path: Path) -> None:
    old = plain(repo_path, "rev-parse", "HEAD")
    plain(repo_path, "switch", "-q", "-c", "side")
    ours = [commit_file(repo_path, name, name, f"add {name}\n\nGt-Verb: x") for name in ("p", "q")]
    plain(repo_path, "switch", "-q", "main")
    shared = [commit_file(repo_path, name, name) for name in ("r", "s")]
    plain(repo_path, "merge", "-q", "--no-ff", "-m", "both", "side")
    found = deeds(repo, plain(repo_path, "rev-parse", "HEAD"), old)
    assert [deed.oid for deed in found[:-1]] == shared + ours
    assert [sorted(deed.changes) for deed in found] == [["r"], ["s"], ["p"], ["q"], []]
    assert found[-1].parents == (shared[-1], ours[-1])
    assert found[2].message == "add p\n\nGt-Verb: x\n"
    assert deeds(repo, old, found[-1].oid) == ()
    assert counts(repo, ours[0], shared[-1]) == (1, 2)


def test_a_root_commit_changes_all_it_has(repo: Repo, repo_path: Path) -> None:
    root = plain(repo_path, "commit-tree", "-m", "other root", "HEAD^{tree}")
    assert list(deeds(repo, root, plain(repo_path, "rev-parse", "HEAD"))[0].changes) == ["README.md"]


def test_sizes(repo: Repo, repo_path: Path) -> None:
    one, two = blob(repo_path, "x" * 10), blob(repo_path, "y" * 200)
    plain(repo_path, "repack", "-q", "-a", "-d")
    assert sizes(repo, (one, two, one)) == {one: 10, two: 200}
    with pytest.raises(MissingObject):
        sizes(repo, (one, "0" * 39 + "1"))
