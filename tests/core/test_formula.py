"""Formulas: what they may say, and the drafts that they make."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from gt.core.draft import Draft
from gt.core.formula import MAX_BEADS, Formula, Type, expand, given
from gt.core.formulafile import formula_from
from gt.errors import Malformed, Refused

DATA: dict[str, Any] = {
    "apiVersion": "gt/v1",
    "kind": "Formula",
    "about": "An example.",
    "variables": {
        "what": {"about": "what to do"},
        "modules": {"type": "list", "default": ["a", "b"]},
        "check": {"type": "flag", "default": True},
        "level": {"type": "number", "default": 3},
        "kind": {"choices": ["big", "small"], "default": "big"},
        "tag": {"pattern": "v[0-9]+", "default": "v1"},
    },
    "parent": {"type": "convoy", "title": "{what}"},
    "steps": [
        {
            "id": "first",
            "title": "{what}, {level} {kind} {tag}",
            "body": "{what} {other} {",
            "labels": ["{kind}"],
        },
        {"id": "check", "when": "check", "needs": ["first"], "title": "check {modules}"},
        {"id": "each", "each": "modules", "needs": ["check"], "title": "{item}"},
        {"id": "after", "each": "modules", "needs": ["each"], "title": "after {item}", "priority": 0},
        {"id": "last", "needs": ["after"], "title": "last"},
    ],
}


def formula(**changes: Any) -> Formula:
    return formula_from({**DATA, **changes}, "example", "example.yaml")


def made(**words: str) -> tuple[Draft, ...]:
    return expand(formula(), given(formula(), {"what": "Do it", **words}))


def told(drafts: tuple[Draft, ...]) -> list[tuple[str, list[int]]]:
    return [(draft.spec.title, sorted(draft.after)) for draft in drafts]


def test_steps_become_drafts_loops_one_for_each_item() -> None:
    drafts = made()
    assert told(drafts) == [
        ("Do it", []),
        ("Do it, 3 big v1", []),
        ("check a, b", [1]),
        ("a", [2]),
        ("b", [2]),
        ("after a", [3]),
        ("after b", [4]),
        ("last", [5, 6]),
    ]
    assert [draft.above for draft in drafts] == [None, *[0] * 7]
    assert drafts[1].spec.body == "Do it {other} {"
    assert drafts[1].spec.labels == {"big"}
    assert drafts[5].spec.priority == 0
    assert drafts[0].spec.type == "convoy"


def test_a_step_that_is_left_out_hands_on_what_it_needs() -> None:
    assert told(made(check="no", modules="x, y,x"))[2:4] == [("x", [1]), ("y", [1])]


def test_an_empty_list_makes_no_beads_and_holds_nobody_up() -> None:
    assert told(made(modules=""))[-1] == ("last", [])


def test_what_is_put_in_is_not_looked_at_again() -> None:
    assert made(what="{tag} {item}")[1].spec.title == "{tag} {item}, 3 big v1"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({}, "what: must be given (what to do)"),
        ({"what": "x", "who": "y"}, "has no variable who"),
        ({"what": "x", "level": "many"}, "level: must be a whole number"),
        ({"what": "x", "check": "maybe"}, "check: must be yes or no"),
        ({"what": "x", "kind": "odd"}, "kind: must be one of big, small"),
        ({"what": "x", "tag": "v1x"}, "doesn't match"),
        ({"level": "x", "tag": "y"}, "what: must be given"),
    ],
)
def test_values_that_will_not_do_are_told(words: dict[str, str], why: str) -> None:
    with pytest.raises(Refused) as refused:
        given(formula(), words)
    assert why in refused.value.message
    assert refused.value.hint == "gt formula show example"


@pytest.mark.parametrize("what", ["two\nlines", " "])
def test_values_that_make_no_legal_bead_are_refused(what: str) -> None:
    with pytest.raises(Refused, match="title"):
        made(what=what)


def test_too_many_beads_are_refused() -> None:
    with pytest.raises(Refused, match="at most"):
        made(modules=",".join(map(str, range(MAX_BEADS))))


def test_a_formula_that_makes_nothing_is_refused() -> None:
    only = formula(parent=None, steps=[{"id": "x", "each": "modules", "title": "{item}"}])
    with pytest.raises(Refused, match="makes no Beads"):
        expand(only, given(only, {"what": "x", "modules": ""}))


STEP = {"id": "a", "title": "x"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"apiVersion": "gt/v2"}, "apiVersion: must be gt/v1"),
        ({"kind": "Bead"}, "kind: must be Formula"),
        ({"colour": 1}, "colour: is not a key"),
        ({"steps": []}, "steps: are missing"),
        ({"steps": [{"title": "x"}]}, r"steps\[0\].id: is missing"),
        ({"steps": [{"id": "A b", "title": "x"}]}, "is no id for a step"),
        ({"steps": [STEP, STEP]}, "a is there twice"),
        ({"steps": [{"id": "a"}]}, r"steps\[0\].title: is missing"),
        ({"steps": [{**STEP, "needs": ["b"]}]}, "there is no step b"),
        ({"steps": [{**STEP, "needs": ["a"]}]}, "each waits for the next: a -> a"),
        ({"steps": [{**STEP, "each": "what"}]}, "what is no list variable"),
        ({"steps": [{**STEP, "when": "level"}]}, "level is no flag variable"),
        ({"steps": [{"id": "a", "title": "{nobody}"}]}, "there is no variable nobody"),
        ({"steps": [{"id": "a", "title": "{item}"}]}, "there is no variable item"),
        ({"steps": [{**STEP, "priority": 9}]}, "priority: must be 0"),
        ({"steps": [{**STEP, "colour": "red"}]}, "colour: is not a key"),
        ({"variables": {"Big": {}}}, "is no name for a variable"),
        ({"variables": {"item": {}}}, "is no name for a variable"),
        ({"variables": {"what": {"type": "date"}}}, "variables.what.type: must be one of text, number"),
        ({"variables": {"what": {"default": 3}}}, "variables.what.default: must be text"),
        ({"variables": {"what": {"pattern": "("}}}, "is no regular expression"),
        ({"variables": {"what": {"type": "number", "pattern": "x"}}}, "neither choices nor a pattern"),
        ({"variables": {"what": {"choices": ["a"], "default": "b"}}}, "must be one of a"),
    ],
)
def test_a_formula_that_is_wrong_is_refused_by_its_key(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(Malformed, match=why):
        formula(**changes)


@drawn(st.text(), st.lists(st.text(max_size=5), max_size=4))
def test_whatever_is_typed_makes_drafts_or_is_refused(what: str, modules: list[str]) -> None:
    try:
        drafts = made(what=what, modules=",".join(modules))
    except Refused:
        return
    assert all(place < len(drafts) for draft in drafts for place in draft.after)
    assert {Type(variable.type) for variable in formula().variables} == set(Type)
