from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt.core.bead import Spec
from gt.core.draft import Draft
from gt.core.planfile import parse
from gt.errors import Malformed


def drafts(text: str) -> tuple[Draft, ...]:
    return parse(dedent(text), "PLAN.md")


def wrong(text: str) -> list[str]:
    with pytest.raises(Malformed) as error:
        drafts(text)
    return str(error.value).split("\n")


def test_headings_become_drafts_and_nesting_gives_parents() -> None:
    found = drafts(
        """\
        # Login

        Make it work.

        ## Fix the timeout ##
        priority: 1
        type: bug
        labels: auth, web
        label: slow
        deadline: 90m

        It ends
        after ten seconds.

        ### Acceptance
        `make test` is green.

        ## Document it
        needs: fix the timeout
        """
    )
    assert [draft.above for draft in found] == [None, 0, 0]
    assert [draft.after for draft in found] == [frozenset(), frozenset(), frozenset({1})]
    assert [draft.where for draft in found] == ["PLAN.md:1", "PLAN.md:5", "PLAN.md:18"]
    assert [draft.spec for draft in found] == [
        Spec("Login", type="epic", body="Make it work."),
        Spec(
            "Fix the timeout",
            type="bug",
            priority=1,
            labels=frozenset({"auth", "web", "slow"}),
            deadline=5400,
            body="It ends\nafter ten seconds.\n",
            acceptance="`make test` is green.",
        ),
        Spec("Document it"),
    ]


def test_every_field() -> None:
    (draft,) = drafts(
        """\
        # All
        type: feature
        priority: 0
        agent: claude
        base: release/1.0
        attempts: 2
        deadline: 1h
        defer: 2026-12-01
        hold: yes
        review: all
        parent: gt-7k2m
        link: related:gt-1q0d
        needs:
        - gt-aaaa
        - gt-bbbb, 22
        """
    )
    assert draft.spec == Spec(
        "All",
        type="feature",
        priority=0,
        agent="claude",
        base="release/1.0",
        attempts=2,
        deadline=3600,
        defer=1796083200,
        hold=True,
        review="all",
        parent="gt-7k2m",
        links={"related": frozenset({"gt-1q0d"})},
        needs=frozenset({"gt-aaaa", "gt-bbbb", "22"}),
    )


def test_an_epic_is_one_unless_it_says_otherwise() -> None:
    assert [draft.spec.type for draft in drafts("# A\n## B\n# C\ntype: convoy\n## D\n")] == [
        "epic",
        "task",
        "convoy",
        "task",
    ]


def test_levels_may_be_skipped() -> None:
    assert [draft.above for draft in drafts("# A\n### B\n## C\n### D\n# E\n")] == [None, 0, 0, 2, None]


def test_code_is_text() -> None:
    (draft,) = drafts("# A\n```sh\n# not a heading\nneeds: nothing\n```\n~~~\n```\n~~~\nend\n")
    assert draft.spec.body == "```sh\n# not a heading\nneeds: nothing\n```\n~~~\n```\n~~~\nend\n"


def test_acceptance_may_be_a_heading_or_a_line() -> None:
    one = "# A\n## Acceptance criteria\n- it works\n### Here\ntoo\n## B\nx\n"
    assert [(d.spec.title, d.spec.acceptance) for d in drafts(one)] == [
        ("A", "- it works\n### Here\ntoo\n"),
        ("B", ""),
    ]
    assert (
        drafts("# A\nbody\n\nAcceptance: it works\nand well\n")[0].spec.acceptance == "it works\nand well\n"
    )
    assert drafts("# A\n**Acceptance:**\n\n- it works\n")[0].spec.acceptance == "- it works"
    assert drafts("# Acceptance tests for login\n")[0].spec.title == "Acceptance tests for login"


def test_prose_with_colons_is_prose() -> None:
    text = "# A\nNote: this\nhttps://example.com\nTODO: that\nalso: here\n"
    assert drafts(text)[0].spec.body == text.removeprefix("# A\n")


def test_a_title_with_commas_can_be_needed() -> None:
    found = drafts("# First, this\n# B\nneeds: First, this\n# C\nneeds: b\nneeds:\n- First, this\n")
    assert [draft.after for draft in found] == [set(), {0}, {0, 1}]


def test_an_exact_title_beats_one_in_another_case() -> None:
    assert drafts("# B\n# b\n# C\nneeds: b\n")[2].after == {1}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", ["PLAN.md: has no heading: each heading becomes a Bead"]),
        ("hello\n# A\n", ["PLAN.md:1: text before the first heading belongs to no Bead"]),
        ("# A\npriority: high\n", ["PLAN.md:2: priority: must be a whole number"]),
        (
            "# A\n\npriority: 7\ndeadline: soon\n",
            ["PLAN.md:3: priority: must be 0 (highest) to 4", "PLAN.md:4: "],
        ),
        ("# A\nprioritiy: 1\n", ["PLAN.md:2: prioritiy: is not a field; did you mean priority?"]),
        ("# A\ntype: bug\ntype: task\n", ["PLAN.md:3: type: is given twice"]),
        (
            "# A\nneeds: The other\n",
            ["PLAN.md:2: needs: no heading here is called 'The other', and it is no id"],
        ),
        ("# A\n# A\n# C\nneeds: A\n", ["PLAN.md:4: needs: 'A' fits the headings on lines 1, 2"]),
        ("# A\nneeds: A\n", ["PLAN.md:1: 'A' needs itself"]),
        ("# A\n## B\nparent: gt-1\n", ["PLAN.md:3: parent: the heading above is the parent already"]),
        ("#\n", ["PLAN.md:1: a heading needs a title"]),
        ("# Acceptance\nx\n", ["PLAN.md:1: an Acceptance part belongs below"]),
        ("# A\n```\nx\n", ["PLAN.md:4: a code block is not closed"]),
        ("# A\nhold: maybe\n", ["PLAN.md:2: hold: must be true or false"]),
        ("# A\nlink: gt-1\n", ["PLAN.md:2: link: write KIND:ID"]),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, why: list[str]) -> None:
    found = wrong(text)
    assert len(found) == len(why)
    for line, start in zip(found, why, strict=True):
        assert line.startswith(start)


@given(st.text("# abc:\n`-priotyneds1", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse(text, "x")
    except Malformed:
        return
    assert found
    assert all(draft.above is None or draft.above < i for i, draft in enumerate(found))
