"""Task lists in Markdown: what is a task, what belongs to it, and that importing again changes nothing."""

from __future__ import annotations

import io
import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gt.core.arrival import Arrival
from gt.core.bead import Bead, Closed, CloseReason, Created, Phase
from gt.core.graph import circles
from gt.errors import Malformed, Refused
from gt.interop import markdown
from gt.interop.cargo import Asked
from gt.interop.formats import format_of
from gt.interop.tasklist import parse
from gt.store import codec
from gt.store.ledger import Ledger
from tests.conftest import NOW
from tests.interop.ledgers import check_same, foreseen, take, told
from tests.store.scenes import bead, commit_files, write


def shape(text: str) -> list[tuple[int, str, str | None]]:
    """The tasks of a text: line, title, and the title of the task above."""
    tasks = parse(text, "x").tasks
    return [(t.line, t.title, None if t.above is None else tasks[t.above].title) for t in tasks]


def bodies(text: str) -> dict[str, str]:
    return {task.title: task.text for task in parse(text, "x").tasks}


def by_title(ledger: Ledger) -> dict[str, Bead]:
    with ledger.read() as snapshot:
        return {each.spec.title: each for each in snapshot.every()}


def test_tasks_become_beads_and_those_inside_children(ledger: Ledger) -> None:
    text = b"- [ ] Log in\n  Why.\n  - [x] Fix\n  - [ ] Document\n* [X] Old\n"
    arrival = take(ledger, text, name="TODO.md", actor="me", now=NOW)
    assert arrival.remarks == ()
    made = by_title(ledger)
    top = made["Log in"]
    assert (top.spec.type, top.spec.body, top.spec.parent, top.phase) == ("epic", "Why.", None, Phase.OPEN)
    assert top.created == Created(NOW, "me")
    assert (made["Document"].spec.type, made["Document"].spec.parent) == ("task", top.id)
    assert made["Fix"].status.closed == Closed(CloseReason.DONE, "", NOW, "me")
    assert made["Old"].phase is Phase.CLOSED
    own = made["Fix"].extra["markdown"]
    assert (own["id"], own["file"]) == ("Log in > Fix", "TODO.md")
    assert arrival.names == {each.extra["markdown"]["id"]: each.id for each in made.values()}


@pytest.mark.parametrize(
    ("text", "tasks"),
    [
        ("+ [ ] a\n1. [ ] b\n12) [x] c", [(1, "a", None), (2, "b", None), (3, "c", None)]),
        ("- [ ] a\n - [ ] b\n  - [ ] c", [(1, "a", None), (2, "b", None), (3, "c", None)]),
        ("- [ ] a\n    - [ ] b\n  - [ ] c", [(1, "a", None), (2, "b", "a"), (3, "c", "a")]),
        ("- [ ] a\n\t- [ ] b\n\t\t- [ ] c", [(1, "a", None), (2, "b", "a"), (3, "c", "b")]),
        ("- [ ] a\n- plain\n  - [ ] b", [(1, "a", None), (3, "b", None)]),
        ("- [ ] a\n  - plain\n    - [ ] b", [(1, "a", None), (3, "b", "a")]),
        ("- [ ] a\n\n# Next\n  - [ ] b", [(1, "a", None), (4, "b", None)]),
        ("- [ ] a\r\n- [ ] b\r\n", [(1, "a", None), (2, "b", None)]),
        ("- [ ]a\n- [] b\n- [-] c\n-[ ] d\n[ ] e\n\\- [ ] f\n> - [ ] g", []),
        ("```\n- [ ] a\n~~~\n- [ ] b\n````\n- [ ] c", [(6, "c", None)]),
        ("- [ ] a\n  ```\n  - [ ] b\n  ```\n  - [ ] c", [(1, "a", None), (5, "c", "a")]),
        ("<!-- - [ ] a\n- [ ] b\n-->\n- [ ] c", [(4, "c", None)]),
        ("<!-- one line -->\n- [ ] c", [(2, "c", None)]),
        ("- [ ] \n  - [ ] b", [(2, "b", None)]),
    ],
)
def test_what_is_a_task_and_inside_which(text: str, tasks: list[tuple[int, str, str | None]]) -> None:
    assert shape(text) == tasks


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("- [ ] a\n", ""),
        ("- [ ] a\n  one", "one"),
        ("- [ ] a\n  one\n\n    two\n\n", "one\n\n  two\n"),
        ("- [ ] a\none\ntwo\n\nthree", "one\ntwo\n"),
        ("- [ ] a\n  - plain\n  - list\n", "- plain\n- list\n"),
        ("- [ ] a\n  - [ ] b\n\n  one", "one"),
        ("- [ ] a\n  one\n# two", "one"),
        ("- [ ] a\n  ```sh\n  - [ ] b\n\n    make\n  ```", "```sh\n- [ ] b\n\n  make\n```\n"),
        ("- [ ] a\n\ttabs\n", "  tabs"),
    ],
)
def test_what_belongs_to_a_task(text: str, body: str) -> None:
    assert bodies(text)["a"] == body


def test_what_is_outside_is_left_and_told(empty: Ledger) -> None:
    text = b"# Plan\n\nWhy and how, in many words that go on and on\n\n- [ ] a\n- plain\n- [ ]\n- [ ] b\n\nEnd\n```\n- [ ] c"
    arrival = foreseen(empty, text, now=NOW)
    assert [(r.line, r.what.value, r.why) for r in arrival.remarks] == [
        (1, "dropped", "is outside of task lists, up to line 3: # Plan"),
        (6, "dropped", "is outside of task lists: - plain"),
        (7, "dropped", "is a task without text"),
        (10, "dropped", "is outside of task lists, up to line 12: End"),
        (11, "noticed", "a code block or comment has no end: all below is taken as its text"),
    ]  # fmt: skip
    assert len(arrival.beads) == 2


def test_a_task_that_is_done_before_its_parts_is_told(empty: Ledger) -> None:
    arrival = foreseen(empty, b"- [x] a\n  - [ ] b\n")
    assert told(arrival) == [("a", "noticed", "", "is done, and a task in it is not: that stays open")]


def test_tasks_of_one_name_are_all_taken(ledger: Ledger) -> None:
    file = b"- [ ] a\n- [ ] a (2)\n- [ ] a\n- [ ] b\n  - [ ] a\n- [ ] b > a\n- [ ] a\n"
    arrival = take(ledger, file)
    assert [*arrival.names] == ["a", "a (2)", "a (3)", "b", "b > a", "b > a (2)", "a (4)"]
    assert len({*arrival.names.values()}) == 7
    assert take(ledger, file).here == 7


def test_long_paths_are_cut_and_stay_different(ledger: Ledger) -> None:
    file = "".join(f"{'  ' * n}- [ ] {'x' * 200}\n" for n in range(30)) + f"- [ ] {'y' * 1000}\n"
    arrival = take(ledger, file.encode())
    assert len(arrival.beads) == 31
    assert max(map(len, arrival.names)) <= 301
    assert take(ledger, file.encode()).here == 31


# Importing again


def test_imported_again_only_news_is_told(ledger: Ledger) -> None:
    take(ledger, b"- [ ] a\n  old\n- [ ] b\n- [x] c\n", name="TODO.md")
    before = by_title(ledger)
    with ledger.read() as snapshot:
        tip = snapshot.tip
    moved = b"\n- [ ] b\n- [x] c\n- [ ] a\n  old\n"
    again = take(ledger, moved, name="./TODO.md")
    assert (again.empty, again.here, again.remarks) == (True, 3, ())
    arrival = take(ledger, b"- [ ] a\n  new\n- [x] b\n- [ ] c\n", name="TODO.md")
    assert told(arrival) == [
        (name, "noticed", "", f"has changed there ({what}) since it was imported as {before[name].id}: what is here stays")
        for name, what in (("a", "body"), ("b", "state"), ("c", "state"))
    ]  # fmt: skip
    with ledger.read() as snapshot:
        assert snapshot.tip == tip
    # What has ended on both sides is no news; a new task goes below the one that is here.
    done = Closed(CloseReason.DONE, "", NOW, "me")
    write(ledger, replace(before["b"], status=replace(before["b"].status, phase=Phase.CLOSED, closed=done)))
    arrival = take(ledger, b"- [ ] a\n  old\n  - [ ] new\n- [x] b\n- [x] c\n", name="TODO.md")
    assert arrival.remarks == ()
    assert [each.spec.parent for each in arrival.beads] == [before["a"].id]
    assert by_title(ledger)["a"] == before["a"]


def test_another_list_is_told_and_taken_under_another_name(ledger: Ledger) -> None:
    (made,) = take(ledger, b"- [ ] a\n", name="one/TODO.md").beads
    why = f"is here as {made.id}, from one/TODO.md: if that is another list, name this one with --source"
    assert told(take(ledger, b"- [ ] a\n", name="two/TODO.md")) == [("a", "noticed", "", why)]
    (second,) = take(ledger, b"- [ ] a\n", name="two/TODO.md", source="two").beads
    assert second.id != made.id
    assert take(ledger, b"- [ ] a\n", name="elsewhere/x.md", source="two").remarks == ()
    # By another name of the file it is another list.
    assert len(take(ledger, b"- [ ] a\n", name="other.md").beads) == 1


def test_imported_on_two_machines_they_are_the_same_beads(ledger: Ledger, other: Ledger) -> None:
    file = b"- [ ] a\n  - [x] b\n"
    first = take(ledger, file, now=NOW, actor="ann").beads
    second = take(other, file, now=NOW + 9, actor="ben").beads
    check_same(first, second)


def test_no_path_of_a_machine_gets_into_the_ledger(empty: Ledger) -> None:
    cargo = markdown.read(io.BytesIO(b"- [ ] a\n"), Asked("/home/me/secret/TODO.md"))
    with empty.read() as snapshot:
        (made,) = cargo.arrive(snapshot).beads
    assert made.extra["markdown"]["file"] == "TODO.md"


def test_stdin_needs_a_name() -> None:
    with pytest.raises(Refused) as caught:
        markdown.read(io.BytesIO(b"- [ ] a\n"), Asked("stdin"))
    assert caught.value.hint == "gt import - --source todo"
    assert len(markdown.read(io.BytesIO(b"- [ ] a\n"), Asked("stdin", source="x")).tasks) == 1


def test_an_unreadable_bead_here_stays_and_is_told(ledger: Ledger) -> None:
    (made,) = take(ledger, b"- [ ] a\n").beads
    path = f"beads/{made.id[-2]}/{made.id[-1]}/{made.id}.yaml"
    commit_files(ledger.repo.common_dir.parent, {path: "broken: ["})
    arrival = take(ledger, b"- [ ] a\n  - [ ] b\n")
    ((name, what, _, why),) = told(arrival)
    assert (name, what, why[:26]) == ("a", "dropped", "what is here can't be read")
    assert [each.spec.parent for each in arrival.beads] == [made.id]


def test_nothing_is_written_over_what_is_here(ledger: Ledger) -> None:
    (made,) = foreseen(ledger, b"- [ ] a\n").beads
    mine = bead(1)
    own = Bead(made.id, mine.uid, mine.created, mine.spec)
    write(ledger, own)
    (another,) = take(ledger, b"- [ ] a\n", name="in.jsonl").beads
    assert another.id != made.id
    with ledger.read() as snapshot:
        assert snapshot.get(made.id) == own


# The file


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b"- [ ] a\n", "markdown"),
        (b"\xef\xbb\xbf1. [x] a\r\n", "markdown"),
        (b"# Plan\n\ntext\n\n  * [X] a", "markdown"),
        (b"[a link](x) [ ]\n\n- [ ]\n", "markdown"),
        (b'{"id": "bd-1", "title": "- [ ] a"}\n', "bd"),
        (b'[{"number": 1, "title": "x", "body": "- [ ] a"}]', "github"),
    ],
)
def test_it_is_recognised(data: bytes, form: str) -> None:
    assert format_of(io.BytesIO(data), "x") == form


@pytest.mark.parametrize("data", [b"", b"# Plan\n\n- plain\n", b"- [a](b)\n", b"\0\n- [ ] a\n"])
def test_what_has_no_task_is_not_recognised(data: bytes) -> None:
    with pytest.raises(Refused, match="nor a Markdown task list"):
        format_of(io.BytesIO(data), "x")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"- [ ] ok\n- [ ] a\x1b[2Jb\n", "in.jsonl:2: title: has the control character U+001B"),
        (b"- [ ] ok\n- [ ] a\rb\n", "in.jsonl:2: title: has the control character U+000D"),
        (b"- [ ] ok\n- [ ] " + b"x" * 1001, "in.jsonl:2: title: must be one line of at most 1000 characters"),
        (b"- [ ] ok\n\n\n- [ ] a\xff", "in.jsonl:4: is not UTF-8 at byte 18"),
        (b"- [ ] ok\n" + b"  x\n" * 150_000, "in.jsonl:1: body: is longer than 200000 characters"),
        (b"- [ ] ok\n" + b"  " + "\u20ac".encode() * 100_000, "in.jsonl:1: body: gt-"),
        (b"- [ ] a\n" * 10_001, "in.jsonl:10001: has more than 10000 tasks"),
        (b"".join(b"  " * n + b"- [ ] a\n" for n in range(101)), "in.jsonl:101: is nested deeper than 100 levels"),
    ],
)  # fmt: skip
def test_damage_is_refused_and_changes_nothing(ledger: Ledger, data: bytes, why: str) -> None:
    with ledger.read() as snapshot:
        tip = snapshot.tip
    with pytest.raises(Malformed) as caught:
        take(ledger, data)
    assert str(caught.value).startswith(why)
    with ledger.read() as snapshot:
        assert snapshot.tip == tip


def test_a_file_beyond_all_bounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "MAX_FILE", 5)
    with pytest.raises(Malformed, match="has more than 5 bytes"):
        markdown.read(io.BytesIO(b"- [ ] a\n"), Asked("x"))


# Anything

Tree = list[Any]
words = st.text("ab>()2\u00e9\u202e`#", min_size=1, max_size=6)
trees: st.SearchStrategy[Tree] = st.recursive(
    st.just([]),
    lambda inner: st.lists(st.tuples(words, st.booleans(), st.sampled_from(["", "text"]), inner), max_size=3),
    max_leaves=8,
)


def lines_of(tree: Tree, indent: str = "") -> list[str]:
    found: list[str] = []
    for title, done, body, below in tree:
        found.append(f"{indent}- [{'x' if done else ' '}] {title}")
        found += [f"{indent}  {body}"] if body else []
        found += lines_of(below, indent + "  ")
    return found


def flat(tree: Tree, above: str | None = None) -> list[tuple[str, bool, str, str | None]]:
    return [
        each
        for title, done, body, below in tree
        for each in ((title, done, body, above), *flat(below, title))
    ]


@given(trees)
def test_a_tree_that_is_written_is_read_as_it_was(tree: Tree) -> None:
    found = parse("\n".join(lines_of(tree)), "x")
    read = [
        (t.title, t.done, t.text, None if t.above is None else found.tasks[t.above].title)
        for t in found.tasks
    ]
    assert read == flat(tree)
    assert not found.outside


turns = itertools.count()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(trees.filter(bool))
def test_imported_twice_is_imported_once(ledger: Ledger, tree: Tree) -> None:
    file = "\n".join(lines_of(tree)).encode()
    source = f"turn {next(turns)}"
    first = take(ledger, file, source=source, now=NOW)
    assert len(first.beads) == len(flat(tree))
    with ledger.read() as snapshot:
        tip = snapshot.tip
        assert {each.id: snapshot.get(each.id) for each in first.beads} == {e.id: e for e in first.beads}
    again = take(ledger, file, source=source, now=NOW + 99)
    assert (again.empty, again.here) == (True, len(first.beads))
    assert again.remarks == first.remarks
    assert again.names == first.names
    with ledger.read() as snapshot:
        assert snapshot.tip == tip


pieces = st.sampled_from(
    ["- [ ] ", "* [x] ", "1. [ ]", "  ", "\t", "\n", "\n\n", "\r\n", "```", "~~~~", "<!--", "-->", "# ", "- ", "a", "\u00e9"]
)  # fmt: skip


@settings(max_examples=200)
@given(st.lists(pieces | st.text(max_size=3), max_size=30).map("".join))
def test_whatever_it_says_it_is_sound_or_refused_with_its_line(empty: Ledger, text: str) -> None:
    refusal, arrival = "", Arrival()
    try:
        cargo = markdown.read(io.BytesIO(text.encode("utf-8", "replace")), Asked("x.md", now=NOW))
        with empty.read() as snapshot:
            arrival = cargo.arrive(snapshot)
            assert cargo.arrive(snapshot) == arrival
    except Malformed as error:
        refusal = str(error)
    if refusal:
        assert refusal.startswith("x.md:")
        return
    beads = {each.id: each for each in arrival.beads}
    assert len(beads) == arrival.read
    for each in arrival.beads:
        assert codec.decode(codec.encode(each), f"beads/{each.id[-2]}/{each.id[-1]}/{each.id}.yaml") == each
    assert not circles(beads, lambda name: beads[name].spec.parent, beads.__contains__)
    # Whatever isn't blank is in a Bead, or told.
    found = parse(text, "x")
    told_of = {task.line for task in found.tasks} | {*found.nameless}
    for run in found.outside:
        told_of |= {*range(run.first, run.last + 1)}
    kept = "\n".join(task.text for task in found.tasks)
    for number, row in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        assert number in told_of or row.strip() in kept
