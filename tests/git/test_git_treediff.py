"""Differences told in this process are those that git tells."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gt.errors import Malformed
from gt.git import merge
from gt.git.formats import EXECUTABLE, FILE, GITLINK, SYMLINK, TREE
from gt.git.objects import Entry, Objects
from gt.git.repo import Repo, discover
from gt.git.treediff import diff_trees, patched
from tests.git.gitscenes import plain

NAMES = st.sampled_from(["a", "a.b", "a-b", "a0", "b", "ü", ".gitattributes"])
FILES = st.tuples(st.sampled_from([FILE, EXECUTABLE, SYMLINK, GITLINK]), st.sampled_from("xyz"))
TREES: st.SearchStrategy[Any] = st.recursive(
    st.dictionaries(NAMES, FILES, max_size=3),
    lambda inner: st.dictionaries(NAMES, FILES | inner, max_size=4),
    max_leaves=12,
)


def made(odb: Objects, tree: dict[str, Any]) -> str:
    entries = []
    for name, what in tree.items():
        if isinstance(what, dict):
            entries.append(Entry(TREE, name, made(odb, what)))
        else:
            entries.append(Entry(what[0], name, odb.add_blob(what[1].encode())))
    return odb.add_tree(entries)


@given(st.lists(st.tuples(TREES, TREES), min_size=1, max_size=3))
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_as_git_tells_them(repo_path: Path, pairs: list[tuple[Any, Any]]) -> None:
    repo = discover(repo_path)
    with Objects(repo) as odb:
        trees = [(made(odb, old), made(odb, new)) for old, new in pairs]
        odb.flush()
    for old, new in trees:
        assert merge.changed_paths(repo, old, new) == merge._diff(repo, old, new)
        assert merge.changed_paths(repo, None, new) == merge._diff(repo, None, new)


@given(TREES, TREES)
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_tree_put_otherwise_is_the_very_one_that_was_to_come_of_it(
    repo_path: Path, old: Any, new: Any
) -> None:
    """Nothing in memory of an earlier tree gets in the way: each is patched twice."""
    with Objects(discover(repo_path)) as odb:
        before, after = (without_empty(odb, made(odb, tree)) for tree in (old, new))
        changes = tuple(diff_trees(odb, before, after, "0" * 40))
        for _ in range(2):
            with suppress(Malformed):  # a file and a folder in each other's way
                assert patched(odb, before, changes) == after


def without_empty(odb: Objects, tree: str) -> str:
    """The tree with no folder in it that holds nothing."""
    return patched(odb, odb.add_tree(()), diff_trees(odb, None, tree, "0" * 40))


def forged(repo: Repo, *lines: bytes) -> str:
    """A tree as no git would write it."""
    args = ("git", "hash-object", "-t", "tree", "-w", "--literally", "--stdin")
    done = subprocess.run(args, cwd=repo.common_dir, input=b"".join(lines), capture_output=True, check=True)
    return done.stdout.decode().strip()


def test_modes_that_git_takes_for_others_are_no_change(repo_path: Path) -> None:
    repo = discover(repo_path)
    blob = plain(repo_path, "hash-object", "-w", "--stdin", stdin="x")
    oid = bytes.fromhex(blob)
    odd, even = forged(repo, b"100664 f\0", oid), forged(repo, b"100644 f\0", oid)
    assert merge.changed_paths(repo, odd, even) == merge._diff(repo, odd, even)
    assert merge.changed_paths(repo, None, odd) == merge._diff(repo, None, odd)


def test_a_name_that_is_there_twice_is_seen_as_git_sees_it(repo_path: Path) -> None:
    repo = discover(repo_path)
    one, two = (
        bytes.fromhex(plain(repo_path, "hash-object", "-w", "--stdin", stdin=text)) for text in ("1", "2")
    )
    twice = forged(repo, b"100644 f\0", one, b"100644 f\0", two)
    assert len(merge.changed_paths(repo, None, twice)) == 2


def test_attributes_follow_their_commits(repo_path: Path) -> None:
    repo = discover(repo_path)
    seen = []
    for name, text in (("x", "1"), ("d/.gitattributes", "* -text\n"), ("d/.gitattributes", None), ("y", "2")):
        if text is None:
            plain(repo_path, "rm", "-q", name)
        else:
            (repo_path / name).parent.mkdir(exist_ok=True)
            (repo_path / name).write_text(text)
            plain(repo_path, "add", name)
        plain(repo_path, "commit", "-q", "-m", name)
        commit = plain(repo_path, "rev-parse", "HEAD")
        seen.append(dict(merge._attributes(repo, commit)))
        everything = merge._diff(repo, None, commit)
        there = {each.path: each.oid_new for each in everything if each.path.endswith(".gitattributes")}
        assert there == seen[-1]
    assert [sorted(each) for each in seen] == [[], ["d/.gitattributes"], [], []]
