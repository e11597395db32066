"""A preview that is told without a merge, or from an older one, is the one that a merge makes; so is a train."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gt.core.bead import Submission
from gt.core.town import Town
from gt.git.lineage import between, fork_points, merge_bases
from gt.refinery.candidate import apart, carried, fresh, named, preview, written
from gt.refinery.train import Car, Left, Member, Yardmaster
from tests.conftest import NOW
from tests.refinery.merging import Files, Scene, scene

TEXT = "".join(f"line {number}\n" for number in range(12))
NAMES = ("a", "b", "d/a", "d/b", "d/e/c", "x")
OLD: Files = {name: f"{name}\n{TEXT}" for name in NAMES[:5]}

EDITS = st.one_of(
    st.tuples(st.just("edit"), st.sampled_from(NAMES[:5]), st.integers(0, 3)),
    st.tuples(st.just("add"), st.sampled_from(["x", "d/x", "y/z", "a/in", "d"]), st.integers(0, 3)),
    st.tuples(st.just("drop"), st.sampled_from(NAMES[:5]), st.just(0)),
    st.tuples(st.just("move"), st.sampled_from(NAMES[:5]), st.integers(0, 2)),
    st.tuples(st.just("attributes"), st.just(""), st.integers(0, 1)),
)


def changed(files: Files, edits: list[tuple[str, str, int]]) -> dict[str, str | None]:
    """What becomes of these files: None where one goes."""
    made: dict[str, str | None] = {}
    for deed, name, number in edits:
        now = made.get(name, files.get(name))
        if deed == "edit" and now is not None:
            lines = now.splitlines(keepends=True)
            made[name] = "".join((*lines[: 3 * number], f"new {number}\n", *lines[3 * number :]))
        elif deed == "add" and not any(f"{each}/".startswith(f"{name}/") for each in (*files, *made)):
            if not any(name.startswith(f"{each}/") for each in (*files, *made)):
                made[name] = f"added {number}\n{TEXT}"
        elif deed == "drop" and now is not None:
            made[name] = None
        elif deed == "move" and now is not None:
            made[name], made[f"moved-{number}"] = None, now
        elif deed == "attributes":
            made[".gitattributes"] = f"a merge={['union', 'binary'][number]}\n"
    return made


def after(files: Files, made: Files) -> Files:
    return {name: text for name, text in {**files, **made}.items() if text is not None}


@given(st.data())
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_is_as_a_merge_makes_it(repo_path: Path, data: st.DataObject) -> None:
    yard = _yard(repo_path)
    base = yard.commit(OLD)
    lists = st.lists(EDITS, max_size=3)
    first = changed(OLD, data.draw(lists, "on the target first"))
    tip = yard.commit(first, base)
    now = after(OLD, first)
    tip_later = yard.commit(changed(now, data.draw(lists, "on the target later")), tip)
    own = changed(OLD, data.draw(st.lists(EDITS, min_size=1, max_size=3), "submitted"))
    commit = yard.commit(own, base)
    town = Town()
    before = fresh(yard.repo, tip, commit, town)
    told = carried(yard.repo, before, tip_later, town)
    if told is not None:
        assert told == fresh(yard.repo, tip_later, commit, town)


@given(st.data())
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_merged_apart_is_as_a_merge_makes_it(repo_path: Path, data: st.DataObject) -> None:
    yard = _yard(repo_path)
    base = yard.commit(OLD)
    lists = st.lists(EDITS, min_size=1, max_size=3)
    tip = yard.commit(changed(OLD, data.draw(lists, "on the target")), base)
    commit = yard.commit(changed(OLD, data.draw(lists, "submitted")), base)
    told = apart(yard.repo, tip, commit, Town())
    if told is not None:
        assert replace(told, tree=named(yard.repo, told)) == fresh(yard.repo, tip, commit, Town())


@given(st.lists(st.tuples(st.lists(EDITS, min_size=1, max_size=2), st.booleans()), min_size=2, max_size=4))
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_train_is_as_merges_make_it(repo_path: Path, offered: list[tuple[Any, bool]]) -> None:
    """Of what is built on the base, and on one another."""
    yard = _yard(repo_path)
    base = at = yard.commit(OLD)
    files = OLD
    members = []
    for number, (edits, on_top) in enumerate(offered):
        files, below = (files, at) if on_top else (OLD, base)
        made = changed(files, edits)
        at, files = yard.commit(made, below), after(files, made)
        members.append(member(f"gt-{number}", at, base))
    tip = yard.commit({"seen": "by nobody\n"}, base)
    assert Yardmaster(yard.repo).train(tip, members) == ByGit(yard.repo).train(tip, members)


def member(bead: str, commit: str, base: str) -> Member:
    return Member(bead, Submission("1-aaaa", commit, "gt/x", "main", base, "0" * 16, "merge", NOW, "alice"))


class ByGit(Yardmaster):
    """Leaves every coupling to git."""

    def _couple(self, at: str, member: Member, tip: str, *, alone: bool, under: str | None) -> Car | Left:
        assert alone in (True, False)
        return self._merged(at, member, tip, member.sub.commit, under)


def test_a_train_of_what_doesnt_meet_is_told(repo_path: Path) -> None:
    yard = scene(repo_path)
    tip = yard.push(OLD)
    moved = yard.commit({"a": None, "moved": OLD["a"]}, tip)
    dropped = yard.commit({"d/b": None, "d/e/c": None}, tip)
    train = OnlyTold(yard.repo).train(tip, [member("gt-1", moved, tip), member("gt-2", dropped, tip)])
    assert [car.member.bead for car in train.cars] == ["gt-1", "gt-2"]
    listed = yard.git("ls-tree", "-r", "--name-only", train.head).split()
    assert "moved" in listed
    assert {"a", "d/b", "d/e/c"}.isdisjoint(listed)


class OnlyTold(Yardmaster):
    """Leaves no coupling to git."""

    def _couple(self, at: str, member: Member, tip: str, *, alone: bool, under: str | None) -> Car | Left:
        made = self._apart(at, member, tip, member.sub.commit) if alone else None
        assert (made is not None) == (under is None)
        assert made is not None
        return made


@pytest.mark.parametrize("met", [False, True])
def test_the_tree_of_a_preview_is_there_once_it_is_asked_for(repo_path: Path, met: bool) -> None:
    yard = scene(repo_path)
    base = yard.push(OLD)
    edit = {"a": f"first\n{OLD['a']}"}
    tip = yard.push({"a": f"{OLD['a']}last\n"} if met else {"b": "other\n"})
    made = preview(yard.repo, tip, yard.commit(edit, base), Town())
    tree = named(yard.repo, made)
    loose = yard.repo.common_dir / "objects" / tree[:2] / tree[2:]
    if met:  # git merged it, and wrote it
        loose.unlink()
    assert not loose.exists()
    assert written(yard.repo, made) == tree
    assert yard.git("show", f"{tree}:a").startswith("first")


def test_a_file_that_was_renamed_on_the_target_with_the_same_edit_is_merged_anew(repo_path: Path) -> None:
    """Whether git takes it for renamed hangs on what becomes of it."""
    yard = scene(repo_path)
    edited = f"{OLD['a']}more\n"
    base = yard.commit(OLD)
    commit = yard.commit({"a": edited, "b": "other\n"}, base)
    tip = yard.commit({"a": None, "moved": edited}, base)
    before = fresh(yard.repo, tip, commit, Town())
    assert before.tree is not None
    assert not before.strays
    unlike, back = yard.commit({"moved": "x\n"}, tip), yard.commit({"moved": OLD["a"]}, tip)
    assert fresh(yard.repo, unlike, commit, Town()).conflicts == ("a",)
    assert fresh(yard.repo, back, commit, Town()).strays == ("moved",)
    for later in (unlike, back):
        assert carried(yard.repo, before, later, Town()) is None


_yards: dict[Path, Scene] = {}


def _yard(path: Path) -> Scene:
    """The same for all examples."""
    if path not in _yards:
        _yards[path] = scene(path)
    return _yards[path]


def test_where_nothing_meets_it_is_told(repo_path: Path) -> None:
    yard = scene(repo_path)
    tip = yard.push(OLD)
    commit = yard.commit({"d/a": "changed\n", "new/file": "n\n"})
    before = fresh(yard.repo, tip, commit, Town())
    later = yard.push({"a": "other\n", "d/b": "other\n", "d/e/c": None})
    told = carried(yard.repo, before, later, Town())
    assert told is not None
    assert told == fresh(yard.repo, later, commit, Town())


def test_where_it_might_be_otherwise_nothing_is_told(repo_path: Path) -> None:
    yard = scene(repo_path)
    tip = yard.push(OLD)

    def told(own: Files, gained: Files) -> Any:
        commit, later = yard.commit(own, tip), yard.commit(gained, tip)
        return carried(yard.repo, fresh(yard.repo, tip, commit, Town()), later, Town())

    assert told({"x": "x"}, {"y": "y"}) is not None
    assert told({"x": "x"}, {"x": "x"}) is None
    assert told({"a": None}, {"y": "y"}) is None
    assert told({"x": "x"}, {".gitattributes": "x -text\n"}) is None
    assert told({"x/in": "x"}, {"x": "y"}) is None
    assert told({"x": "x"}, {"x/in": "y"}) is None


def test_a_stack_whose_lower_half_has_landed_is_merged_anew(repo_path: Path) -> None:
    yard = scene(repo_path)
    tip = yard.tip()
    lower = yard.commit({"x": "x"})
    upper = yard.commit({"y": "y"}, lower)
    before = fresh(yard.repo, tip, upper, Town())
    landed = yard.commit({"x": "x"}, tip, lower)
    assert carried(yard.repo, before, landed, Town()) is None


@given(st.lists(st.lists(st.integers(0, 11), max_size=2), min_size=2, max_size=8))
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_fork_points_are_the_merge_bases(repo_path: Path, above: list[list[int]]) -> None:
    yard = _yard(repo_path)
    tree = yard.git("rev-parse", "main^{tree}")
    made = [yard.tip()]
    for number, parents in enumerate(above):
        names = dict.fromkeys(made[each % len(made)] for each in parents)
        args = [arg for name in names for arg in ("-p", name)]
        made.append(yard.git("commit-tree", tree, *args, "-m", f"{number}"))
    for one in made[-2:]:
        for other in made:
            assert set(fork_points(yard.repo, one, other)) == set(merge_bases(yard.repo, one, other))
            alone = yard.git("rev-list", other, f"^{one}").split()
            assert between(yard.repo, [one], other) == set(alone)


def test_where_the_older_tip_is_gone_it_is_merged_anew(repo_path: Path) -> None:
    yard = scene(repo_path)
    old = yard.push(OLD)
    commit = yard.commit({"a": f"first\n{OLD['a']}"})
    gone, later = (yard.commit({"a": f"{OLD['a']}last\n", name: ""}, old) for name in "yz")
    made = preview(yard.repo, gone, commit, Town())
    assert not made.clashes
    assert not made.verbatim, "git merged it"
    (yard.repo.common_dir / "objects" / gone[:2] / gone[2:]).unlink()
    assert preview(yard.repo, later, commit, Town()) == fresh(yard.repo, later, commit, Town())
