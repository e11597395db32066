"""Issues of GitHub: what each field becomes, that importing again changes nothing, and that damage is refused."""

from __future__ import annotations

import io
import itertools
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gt.core.arrival import Arrival
from gt.core.bead import TYPES, Bead, Closed, CloseReason, Created, Note, Phase
from gt.errors import Malformed
from gt.interop import github
from gt.interop.cargo import Asked
from gt.interop.formats import format_of
from gt.store import codec
from gt.store.ledger import Ledger
from tests.conftest import NOW, run_git
from tests.interop.ledgers import CREATED, check_same, check_sound, foreseen, take, told
from tests.store.scenes import bead, commit_files, write

URL = "https://github.com/octo/town/issues/"


def issue(number: int, **more: Any) -> dict[str, Any]:
    """An open issue, as gh prints it."""
    return {"number": number, "title": f"Title {number}", "state": "OPEN", "createdAt": CREATED, **more}


def printed(*issues: Any) -> bytes:
    return json.dumps(issues).encode()


def comment(name: str, said: str, at: str = CREATED, **more: Any) -> dict[str, Any]:
    return {"id": name, "author": {"login": "al"}, "body": said, "createdAt": at, **more}


def one(ledger: Ledger, **fields: Any) -> tuple[Bead, list[tuple[str, str, str]]]:
    """The Bead of an issue with these fields, and what was said of it."""
    arrival = foreseen(ledger, printed(issue(12, **fields)), now=NOW, actor="me")
    (made,) = arrival.beads
    return made, [(what, field, why) for _, what, field, why in told(arrival)]


def refused(data: bytes) -> str:
    with pytest.raises(Malformed) as caught:
        github.read(io.BytesIO(data), Asked("x.json"))
    return str(caught.value)


def test_every_field_has_a_place(empty: Ledger) -> None:
    made, said = one(
        empty,
        body="It fails.\r\n\r\n\x1b[31mred\x1b[0m",
        labels=[{"id": "LA_1", "name": "bug", "description": "Broken", "color": "d73a4a"}, {"name": "P1"}],
        assignees=[{"id": "U_1", "login": "bob", "name": "Bob"}],
        author={"id": "U_2", "is_bot": False, "login": "octocat", "name": ""},
        url=f"{URL}12",
        milestone={"number": 3, "title": "v1", "description": "", "dueOn": None},
        closedAt=None,
        comments=[
            comment("IC_2", "second\r\n", "2026-01-04T00:00:00Z", isMinimized=False, reactionGroups=[]),
            comment("IC_1", "first", "2026-01-03T00:00:00Z", authorAssociation="OWNER", author=None),
        ],
        someNewKey={"a": [1, 2.5]},
    )
    assert said == []
    assert (made.spec.title, made.spec.body) == ("Title 12", "It fails.\n\n\x1b[31mred\x1b[0m")
    assert (made.spec.type, made.spec.priority) == ("bug", 1)
    assert made.spec.labels == {"bug", "P1"}
    assert made.created == Created(1767323045, "octocat")
    assert made.phase is Phase.OPEN
    assert made.notes == (
        Note("github-IC_1", 1767398400, "unknown", "first"),
        Note("github-IC_2", 1767484800, "al", "second\n"),
    )
    own = made.extra["github"]
    assert (own["id"], own["url"], own["createdAt"]) == ("#12", f"{URL}12", CREATED)
    assert own["record"] == {
        "assignees": ["bob"],
        "milestone": "v1",
        "someNewKey": {"a": [1, 2.5]},
        "comments": [{"id": "github-IC_1", "authorAssociation": "OWNER"}],
    }


def test_a_number_and_a_title_are_enough(empty: Ledger) -> None:
    (made,) = foreseen(empty, b'[{"number": 1, "title": "a"}]', now=NOW).beads
    assert made.created == Created(NOW, "unknown")
    assert (made.spec.type, made.spec.priority, made.phase) == ("task", 2, Phase.OPEN)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, CloseReason.DONE),
        ({"stateReason": None}, CloseReason.DONE),
        ({"stateReason": "COMPLETED", "labels": [{"name": "wontfix"}]}, CloseReason.DONE),
        ({"stateReason": "NOT_PLANNED"}, CloseReason.WONTFIX),
        ({"stateReason": "DUPLICATE"}, CloseReason.DUPLICATE),
        ({"stateReason": "", "labels": [{"name": "Duplicate"}]}, CloseReason.DUPLICATE),
        ({"labels": [{"name": "invalid"}, {"name": "wontfix"}]}, CloseReason.WONTFIX),
        ({"labels": [{"name": "duplicate"}, {"name": "wontfix"}]}, CloseReason.DONE),
    ],
)
def test_what_is_closed_says_why(empty: Ledger, fields: dict[str, Any], reason: CloseReason) -> None:
    made, said = one(empty, state="CLOSED", closedAt="2026-02-01T00:00:00Z", **fields)
    assert made.status.closed == Closed(reason, "", 1769904000, "unknown")
    assert said == []


def test_a_missing_time_of_the_end_is_that_of_the_beginning(empty: Ledger) -> None:
    made, _ = one(empty, state="closed", closedAt="0001-01-01T00:00:00Z")
    assert made.status.closed
    assert made.status.closed.at == 1767323045


@pytest.mark.parametrize(
    ("labels", "kind", "priority"),
    [
        ([], "task", 2),
        (["enhancement"], "feature", 2),
        (["Type: Bug", "kind/bug"], "bug", 2),
        (["feature-request"], "feature", 2),
        (["help wanted", "question", "critical", "highway", "P7", "priority"], "task", 2),
        (["P0"], "task", 0),
        (["p4", "Priority: 4"], "task", 4),
        (["priority/high"], "task", 1),
        (["low-priority"], "task", 3),
        (["priority: P3"], "task", 3),
        (["our-own"], "our-own", 2),
    ],
)
def test_labels_say_type_and_priority(empty: Ledger, labels: list[str], kind: str, priority: int) -> None:
    file = printed(issue(1, labels=[{"name": each} for each in labels]))
    arrival = foreseen(empty, file, types=(*TYPES, "our-own"))
    (made,) = arrival.beads
    assert (made.spec.type, made.spec.priority) == (kind, priority)
    assert made.spec.labels == {*labels}
    assert told(arrival) == []


def test_labels_that_contradict_each_other_say_nothing_and_are_told(empty: Ledger) -> None:
    made, said = one(empty, labels=[{"name": each} for each in ("bug", "chore", "P1", "priority/low")])
    assert (made.spec.type, made.spec.priority) == ("task", 2)
    assert said == [
        ("changed", "labels", "name the types bug and chore: task here"),
        ("changed", "labels", "name the priorities 1 and 3: 2 here"),
    ]


def test_the_type_of_an_issue_comes_before_its_labels(empty: Ledger) -> None:
    made, said = one(empty, issueType={"id": "IT_1", "name": "Bug"}, labels=[{"name": "chore"}])
    assert (made.spec.type, said) == ("bug", [])
    made, said = one(empty, issueType={"name": "Saga"}, labels=[{"name": "chore"}])
    assert (made.spec.type, said) == ("chore", [("changed", "issueType", "is Saga: chore here")])
    assert made.extra["github"]["record"]["issueType"] == "Saga"


def test_hidden_comments_are_no_notes(empty: Ledger) -> None:
    spam = comment("IC_1", "buy", isMinimized=True, minimizedReason="spam")
    made, said = one(empty, comments=[spam, comment("IC_2", "good")])
    assert [note.text for note in made.notes] == ["good"]
    assert made.extra["github"]["record"]["comments"] == [spam]
    assert said == [
        ("changed", "comments", "1 hidden or there twice: kept beside the Bead, as no notes"),
    ]


def test_of_more_comments_than_a_bead_can_hold_the_newest_stay(empty: Ledger) -> None:
    many = [
        comment(f"IC_{n}", f"{n} {'x' * 20_000}", f"2026-01-{n:02}T00:00:00Z", url=f"{URL}12#{n}")
        for n in range(1, 21)
    ]
    made, said = one(empty, comments=many)
    codec.encode(made)
    kept = len(made.notes)
    assert 8 < kept < 20
    assert made.notes[-1].id == "github-IC_20"
    assert len(made.extra["github"]["record"]["comments"]) == kept
    why = f"the oldest {20 - kept} of 20 are left out, for one Bead can't hold them all"
    assert said == [("changed", "comments", why)]


def test_pull_requests_are_left_out(empty: Ledger) -> None:
    pull = issue(3, url="https://github.com/octo/town/pull/3")
    arrival = foreseen(empty, printed(pull, issue(4, url=f"{URL}4")))
    assert told(arrival) == [("#3", "dropped", "url", "is a pull request, no issue")]
    assert len(arrival.beads) == 1


# What issues say of one another


def linked(number: int, state: str = "OPEN", repository: str = "octo/town") -> dict[str, Any]:
    url = f"https://github.com/{repository}/issues/{number}"
    return {"id": f"I_{number}", "number": number, "title": "x", "url": url, "state": state}


def blocked(*by: dict[str, Any], more: int = 0) -> dict[str, Any]:
    return {"nodes": [*by], "totalCount": len(by) + more}


def at(number: int, **more: Any) -> dict[str, Any]:
    return issue(number, url=f"{URL}{number}", **more)


def test_parents_and_blockers_are_parents_and_needs(ledger: Ledger) -> None:
    arrival = take(
        ledger,
        printed(
            at(4, parent=linked(1), blockedBy=blocked(linked(2), linked(3, "CLOSED"), linked(9, "CLOSED"))),
            at(5, parent=linked(8, "CLOSED"), blockedBy=blocked()),
            at(1, parent=None),
            at(2, labels=[{"name": "bug"}], parent=linked(1)),
            at(3, state="CLOSED", stateReason="NOT_PLANNED"),
        ),
    )
    assert arrival.remarks == ()
    made = {each.extra["github"]["id"]: each for each in arrival.beads}
    four = made["#4"]
    assert four.spec.parent == made["#1"].id
    assert four.spec.needs == {made["#2"].id}
    assert four.spec.links == {"was-blocked-by": {made["#3"].id}}
    assert four.extra["github"]["record"] == {"blockedBy": [f"{URL}9"]}
    assert (made["#5"].spec.parent, made["#5"].extra["github"]["record"]) == (None, {"parent": [f"{URL}8"]})
    assert [made[f"#{n}"].spec.type for n in (1, 2, 4)] == ["epic", "bug", "task"]
    # One that is imported later is tied to what is here.
    (late,) = take(ledger, printed(at(6, blockedBy=blocked(linked(2))))).beads
    assert late.spec.needs == {made["#2"].id}


def test_a_blocker_that_isnt_here_blocks_and_is_told(ledger: Ledger) -> None:
    arrival = take(ledger, printed(at(1, blockedBy=blocked(linked(2)), parent=linked(3))))
    assert told(arrival) == [
        ("#1", "noticed", "needs", "#2 is neither in the file nor in this ledger: it waits for that"),
        ("#1", "noticed", "parent", "#3 is neither in the file nor in this ledger: it waits for that"),
    ]
    assert [*arrival.names] == ["#1"]
    later = take(ledger, printed(at(2)))
    assert later.beads[0].id in arrival.beads[0].spec.needs


@pytest.mark.parametrize(
    ("by", "what"),
    [
        (blocked(linked(2, repository="octo/other")), "https://github.com/octo/other/issues/2"),
        (blocked(more=3), "3 more that the file doesn't name"),
    ],
)
def test_what_waits_for_something_unseen_is_held(empty: Ledger, by: dict[str, Any], what: str) -> None:
    made, said = one(empty, url=f"{URL}12", blockedBy=by)
    assert made.spec.hold
    assert not made.spec.needs
    why = f"waits for what can't be seen here ({what}): held, until a person says otherwise"
    assert said == [("changed", "blockedBy", why)]
    made, said = one(empty, url=f"{URL}12", blockedBy=by, state="CLOSED")
    assert (made.spec.hold, said) == (False, [])


def test_circles_are_cut_and_told(ledger: Ledger) -> None:
    arrival = take(
        ledger,
        printed(
            at(1, blockedBy=blocked(linked(2))), at(2, blockedBy=blocked(linked(1))), at(3, parent=linked(3))
        ),
    )
    assert told(arrival) == [
        ("#2", "changed", "blockedBy", "blocks: #1 waits for it (#1 -> #2 -> #1): a link here"),
        ("#3", "changed", "parent", "parent-child: #3 is below #3 itself: a link here"),
    ]


# Importing again


def test_imported_again_only_news_is_told(ledger: Ledger) -> None:
    full = [
        issue(n, body="b", labels=[{"name": "x"}], url=f"{URL}{n}", updatedAt=CREATED) for n in (1, 2, 3, 4)
    ]
    take(ledger, printed(*full))
    with ledger.read() as snapshot:
        before = {each.extra["github"]["id"]: each for each in snapshot.every()}
        tip = snapshot.tip
    again = take(ledger, printed(*full))
    assert (again.empty, again.here, again.remarks) == (True, 4, ())
    # Fewer fields are no news, nor is another time of the last change.
    fewer = [{"number": each["number"], "title": each["title"]} for each in full]
    assert take(ledger, printed(*fewer)).remarks == ()
    assert (
        take(ledger, printed(*({**each, "updatedAt": "2026-09-09T00:00:00Z"} for each in full))).remarks == ()
    )
    arrival = take(
        ledger,
        printed(
            {**full[0], "title": "another"}, {**full[1], "state": "CLOSED", "labels": []}, full[2], issue(4, body="b2")
        ),
    )  # fmt: skip
    assert told(arrival) == [
        (f"#{n}", "noticed", "", f"has changed there ({what}) since it was imported as {before[f'#{n}'].id}: what is here stays")
        for n, what in ((1, "title"), (2, "labels, state"), (4, "body"))
    ]  # fmt: skip
    with ledger.read() as snapshot:
        assert snapshot.tip == tip


def test_what_has_ended_on_both_sides_is_no_news(ledger: Ledger) -> None:
    (made,) = take(ledger, printed(issue(1))).beads
    closed = Closed(CloseReason.DONE, "", NOW, "me")
    write(ledger, replace(made, status=replace(made.status, phase=Phase.CLOSED, closed=closed)))
    assert take(ledger, printed(issue(1, state="CLOSED", closedAt=CREATED))).remarks == ()


def test_another_repositorys_issue_is_told_and_taken_under_another_name(ledger: Ledger) -> None:
    (made,) = take(ledger, printed({"number": 1, "title": "a", "url": f"{URL}1"})).beads
    other = printed({"number": 1, "title": "b", "url": "https://github.com/octo/other/issues/1"})
    arrival = take(ledger, other)
    assert told(arrival) == [
        ("#1", "dropped", "", f"{made.id} here is another repository's #1 (name this one with --source)")
    ]
    assert arrival.empty
    (second,) = take(ledger, other, source="other").beads
    assert second.id != made.id
    assert second.extra["github"]["source"] == "other"
    late = take(ledger, printed(issue(1, createdAt="2020-01-01T00:00:00Z")))
    assert late.here == 1  # what was imported doesn't say when it was created: it may be the same
    # Moved to another repository, it is the same issue still.
    take(ledger, printed(issue(2, url=f"{URL}2")))
    assert take(ledger, printed(issue(2, url="https://github.com/new/town/issues/2"))).here == 1


def test_imported_on_two_machines_they_are_the_same_beads(ledger: Ledger, other: Ledger) -> None:
    file = printed({"number": 1, "title": "a", "state": "CLOSED"}, issue(2, parent=linked(1)))
    first = take(ledger, file, now=NOW, actor="ann").beads
    second = take(other, file, now=NOW + 9, actor="ben").beads
    check_same(first, second)


def test_an_unreadable_bead_here_stays_and_is_told(ledger: Ledger) -> None:
    (made,) = take(ledger, printed(issue(1))).beads
    path = f"beads/{made.id[-2]}/{made.id[-1]}/{made.id}.yaml"
    commit_files(ledger.repo.common_dir.parent, {path: "broken: ["})
    arrival = take(ledger, printed(issue(1)))
    assert arrival.empty
    ((_, what, _, why),) = told(arrival)
    assert (what, why[:26]) == ("dropped", "what is here can't be read")


def test_nothing_is_written_over_what_is_here(ledger: Ledger) -> None:
    (made,) = foreseen(ledger, printed(issue(1))).beads
    mine = bead(1)
    own = Bead(made.id, mine.uid, mine.created, mine.spec)
    write(ledger, own)
    (another,) = take(ledger, printed(issue(1))).beads
    assert another.id != made.id
    with ledger.read() as snapshot:
        assert snapshot.get(made.id) == own


# The file


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        b"\xef\xbb\xbf [ ]\n",
        printed(issue(1)),
        printed(issue(1, id="I_1", status="open")),  # bd's keys
        json.dumps([issue(1, id="I_1")], indent=2).encode(),
        json.dumps(issue(1, id="I_1")).encode(),
        b'[\n{"id": "I_1", "number": 1, "title": "x", "state": "OPEN"}\n]',
        printed(issue(1, body="x" * 3_000_000)),
        b'[{"name": "no issue at all"}]',
    ],
)
def test_it_is_recognised(data: bytes) -> None:
    assert format_of(io.BytesIO(data), "x") == "github"


def test_lists_and_issues_may_follow_one_another(empty: Ledger) -> None:
    data = printed(issue(1)) + printed(issue(2)) + b"[]\n" + json.dumps(issue(3)).encode() + b"\n" + printed()
    arrival = foreseen(empty, data + json.dumps(issue(3)).encode())
    assert [each for each in arrival.names] == ["#1", "#2", "#3"]  # noqa: C416  (in this order)
    assert arrival.read == 4


def test_a_remark_has_its_line(empty: Ledger) -> None:
    both = {"labels": [{"name": "bug"}, {"name": "chore"}]}
    arrival = foreseen(empty, json.dumps([issue(1), issue(2, **both)], indent=1).encode())
    ((line, id_),) = [(each.line, each.id) for each in arrival.remarks]
    assert (line, id_) == (8, "#2")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"number": None}, "item 2: number: is missing"),
        ({"number": "2"}, "item 2: number: must be a whole number"),
        ({"number": True}, "item 2: number: must be a whole number"),
        ({"number": 0}, "item 2 (#0): number: must be the number of an issue"),
        ({"number": 1, "title": "another"}, "item 2 (#1): number: is the number of item 1 as well, which says something else"),
        ({"title": None}, "item 2 (#2): title: is missing"),
        ({"title": " "}, "item 2 (#2): title: must not be empty"),
        ({"title": "a\x1b[2Jb"}, "item 2 (#2): title: has the control character U+001B"),
        ({"title": "two\nlines"}, "item 2 (#2): title: has the control character U+000A"),
        ({"title": "x" * 1001}, "item 2 (#2): title: must be one line of at most 1000 characters"),
        ({"title": ["a"]}, "item 2 (#2): title: must be text"),
        ({"body": 7}, "item 2 (#2): body: must be text"),
        ({"body": "x" * 200_001}, "item 2 (#2): body: is longer than 200000 characters"),
        ({"body": "\u20ac" * 100_000}, "item 2 (#2): body: gt-"),
        ({"junk": ["y" * 100_000] * 3}, "item 2 (#2): junk: gt-"),
        ({"state": "MERGED"}, "item 2 (#2): state: must be OPEN or CLOSED, not 'merged'"),
        ({"labels": "bug"}, "item 2 (#2): labels: must be a list"),
        ({"labels": [{"name": "a"}, {"name": 5}]}, "item 2 (#2): labels[1].name: must be text"),
        ({"labels": [["a"]]}, "item 2 (#2): labels[0]: must be an object with a name"),
        ({"labels": [{"name": "\x07"}]}, "item 2 (#2): labels[0].name: has the control character U+0007"),
        ({"labels": [{"name": "a"}] * 10_001}, "item 2 (#2): labels: has more than 10000 items"),
        ({"assignees": {"login": "x"}}, "item 2 (#2): assignees: must be a list"),
        ({"author": 5}, "item 2 (#2): author: must be an object with a login"),
        ({"author": {"login": "a\nb"}}, "item 2 (#2): author.login: has the control character U+000A"),
        ({"createdAt": "then"}, "item 2 (#2): createdAt: not a time: 'then'"),
        ({"closedAt": 7}, "item 2 (#2): closedAt: must be text"),
        ({"url": "\x9b"}, "item 2 (#2): url: has the control character U+009B"),
        ({"milestone": [1]}, "item 2 (#2): milestone: must be an object with a title"),
        ({"parent": 7}, "item 2 (#2): parent: must be a mapping"),
        ({"parent": {"number": "x"}}, "item 2 (#2): parent.number: must be a whole number"),
        ({"blockedBy": [1]}, "item 2 (#2): blockedBy: must be an object with nodes"),
        ({"blockedBy": {"nodes": 1}}, "item 2 (#2): blockedBy.nodes: must be a list"),
        ({"blockedBy": {"nodes": [{"number": 1, "state": 2}]}}, "item 2 (#2): blockedBy.nodes[0].state: must be text"),
        ({"blockedBy": {"totalCount": "x"}}, "item 2 (#2): blockedBy.totalCount: must be a whole number"),
        ({"comments": 3}, "item 2 (#2): comments: must be a list"),
        ({"comments": ["hi"]}, "item 2 (#2): comments[0]: must be a mapping"),
        ({"comments": [comment("a", "b"), {"body": "x"}]}, "item 2 (#2): comments[1].createdAt: is missing"),
        ({"comments": [{"body": 1}]}, "item 2 (#2): comments[0].body: must be text"),
    ],
)  # fmt: skip
def test_damage_is_refused_and_changes_nothing(ledger: Ledger, fields: dict[str, Any], why: str) -> None:
    with ledger.read() as snapshot:
        tip = snapshot.tip
    with pytest.raises(Malformed) as caught:
        take(ledger, printed(issue(1), {**issue(2), **fields}), name="x.json")
    assert str(caught.value).startswith(f"x.json:1: {why}")
    with ledger.read() as snapshot:
        assert snapshot.tip == tip


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b'[{"number": 1,\n"title": "a"},\n7]', "x.json:3: item 2 is no JSON object"),
        (
            b'[{"number": 1,\n"title": "a"}\n',
            "x.json:3: after item 1: neither a comma nor the end of the list",
        ),
        (b'[{"number": 1, "title": "a"},]', "x.json:1: item 2 is no JSON: Expecting value"),
        (b'[{"number": 1,\n"title": nope}]', "x.json:2: item 1 is no JSON: Expecting value"),
        (b'[{"number": NaN}]', "x.json:1: item 1 has NaN, which is no JSON"),
        (b'[{"number": 1, "number": 2}]', "x.json:1: item 1 has the key 'number' twice"),
        (b'[{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}]", "x.json:1: item 1 is nested deeper than 20 levels"),
        (b'[{"a": ' + b"[" * 500_000, "x.json:1: item 1 is nested deeper than 20 levels"),
        (b'[{"number": 1, "title": "\xff"}]', "x.json: is not UTF-8 at byte 25"),
        (b"\xff\xfe[\x00", "x.json: is not UTF-8 at byte 0"),
    ],
)
def test_a_broken_file_is_refused_with_its_place(data: bytes, why: str) -> None:
    assert refused(data).startswith(why)


def test_a_file_beyond_all_bounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gt.interop.jsonitems.MAX_FILE", 20)
    assert refused(printed(issue(1))) == "x.json: has more than 20 bytes"
    monkeypatch.undo()
    monkeypatch.setattr("gt.interop.github.MAX_ISSUES", 2)
    three = b"\n".join(json.dumps(issue(n)).encode() for n in (1, 2, 3))
    assert refused(three) == "x.json:3: has more than 2 issues"


def test_half_characters_are_mended_and_told(empty: Ledger) -> None:
    made, said = one(empty, body="half \ud800")
    assert made.spec.body == "half \ufffd"
    assert said == [("changed", "", "has half characters, which UTF-8 can't hold: they are U+FFFD here")]


# Anything

names = st.sampled_from(["bug", "chore", "P1", "priority/low", "wontfix", "caf\u00e9"])
links = st.builds(
    linked, st.integers(1, 5), st.sampled_from(["OPEN", "CLOSED"]), st.sampled_from(["octo/town", "o/x"])
)
objects = st.builds(lambda name: {"name": name, "login": name, "title": name}, names)
good = st.fixed_dictionaries(
    {"title": st.text("ab \u00e9\t\u202e", min_size=1, max_size=9).filter(str.strip)},
    optional={
        "body": st.none() | st.text(max_size=40),
        "state": st.sampled_from(["OPEN", "CLOSED"]),
        "stateReason": st.sampled_from([None, "", "COMPLETED", "NOT_PLANNED", "REOPENED"]),
        "labels": st.lists(objects, max_size=3),
        "assignees": st.lists(objects, max_size=2),
        "author": st.none() | objects,
        "milestone": st.none() | objects,
        "createdAt": st.sampled_from([CREATED, "2020-01-01T00:00:00Z"]),
        "closedAt": st.none() | st.just(CREATED),
        "url": st.just(f"{URL}1"),
        "parent": st.none() | links,
        "blockedBy": st.builds(lambda by: blocked(*by), st.lists(links, max_size=3)),
        "comments": st.lists(
            st.builds(comment, names, st.text(max_size=20), isMinimized=st.booleans()), max_size=3
        ),
        "reactionGroups": st.lists(
            st.dictionaries(names, st.integers(-9, 10**9) | st.none(), max_size=2), max_size=2
        ),
    },
)
turns = itertools.count()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(said=st.lists(good, min_size=1, max_size=4))
def test_imported_twice_is_imported_once(ledger: Ledger, said: list[dict[str, Any]]) -> None:
    file = printed(*({"number": number, **each} for number, each in enumerate(said, 1)))
    source = f"turn {next(turns)}"
    first = take(ledger, file, source=source, now=NOW)
    assert len(first.beads) == len(said)
    with ledger.read() as snapshot:
        tip, beads = snapshot.tip, {each.id: snapshot.get(each.id) for each in first.beads}
    assert beads == {each.id: each for each in first.beads}
    again = take(ledger, file, source=source, now=NOW + 99)
    assert (again.empty, again.here, again.remarks) == (True, len(said), ())
    assert again.names == first.names
    with ledger.read() as snapshot:
        assert snapshot.tip == tip
    assert run_git(ledger.repo.common_dir, "rev-parse", "beads").strip() == tip


anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**20) | names | st.text(max_size=9) | st.just(CREATED),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "login", "body", "createdAt", "id"]), inner, max_size=4)
    ),
    max_leaves=6,
)
keys = st.sampled_from(
    ["title", "body", "state", "labels", "author", "comments", "url", "createdAt", "parent", "blockedBy", "x"]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.dictionaries(keys, anything, max_size=5) | good, max_size=4))
def test_whatever_it_says_it_is_sound_or_refused_by_name(empty: Ledger, said: list[dict[str, Any]]) -> None:
    file = printed(*({**each, "number": number} for number, each in enumerate(said, 1)))
    refusal = ""
    arrival = Arrival()
    try:
        cargo = github.read(io.BytesIO(file), Asked("x.json"))
        with empty.read() as snapshot:
            arrival = cargo.arrive(snapshot)
            assert cargo.arrive(snapshot) == arrival
    except Malformed as error:
        refusal = str(error)
    if refusal:
        assert refusal.startswith("x.json:1: item ")
        return
    check_sound(arrival)
    pulls = sum(remark.what == "dropped" for remark in arrival.remarks)
    assert len(arrival.names) + pulls == len(said)
