from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from gt.core.bead import Bead, Spec
from gt.core.data import bead_data, page_data, spec_data
from gt.core.page import Acknowledged, Page
from gt.core.schema import bead_from, page_from, spec_from
from gt.errors import Malformed
from tests.core import strategies


@given(strategies.beads)
def test_a_bead_survives_being_data(bead: Bead) -> None:
    for full in (False, True):
        for seconds in (False, True):
            data = json.loads(json.dumps(bead_data(bead, full=full, seconds=seconds)))
            assert bead_from(data, "here") == bead


@given(strategies.specs)
def test_a_spec_survives_being_data(spec: Spec) -> None:
    assert (
        spec_from(spec_data(spec), "here")
        == spec_from(spec_data(spec, full=True, seconds=True), "here")
        == spec
    )


def minimal(**more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "gt/v1",
        "kind": "Bead",
        "id": "gt-00000000",
        "uid": "u",
        "created": {"at": "2026-11-22T20:00:00Z", "by": "alice"},
        "spec": {"title": "t"},
        **more,
    }


def test_unknown_keys_are_kept_where_later_versions_may_add_some() -> None:
    data = minimal(new=1, spec={"title": "t", "newer": [1]}, status={"phase": "open", "newest": {"a": None}})
    bead = bead_from(data, "here")
    assert bead.extra == {"new": 1}
    assert bead.spec.extra == {"newer": [1]}
    assert bead_data(bead)["status"]["newest"] == {"a": None}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"apiVersion": "gt/v2"}, "apiVersion: must be gt/v1"),
        ({"kind": "Page"}, "kind: must be Bead"),
        ({"id": "../../etc"}, "id: is not a Bead id"),
        ({"id": "gt-0000000l"}, "id: is not a Bead id"),
        ({"created": None}, "created: is missing"),
        ({"created": {"at": "yesterday", "by": "x"}}, "created.at: not a time"),
        ({"created": {"at": "2026-11-22", "by": "x", "on": "y"}}, "created.on: is not a key"),
        ({"spec": {"title": " "}}, "spec.title: must not be empty"),
        ({"spec": {"title": "a\nb"}}, "spec.title: must be one line"),
        ({"spec": {"title": "t", "priority": True}}, "spec.priority: must be a whole number"),
        ({"spec": {"title": "t", "priority": 5}}, "spec.priority: must be 0"),
        ({"spec": {"title": "t", "needs": ["gt-1"]}}, "spec.needs[0]: is not a Bead id"),
        ({"spec": {"title": "t", "hold": "no"}}, "spec.hold: must be true or false"),
        ({"spec": {"title": "t", "base": "--force"}}, "spec.base: is not a branch name"),
        ({"spec": {"title": "t", "base": "a..b"}}, "spec.base: is not a branch name"),
        ({"spec": {"title": "t", "base": "a\x1bb"}}, "spec.base: is not a branch name"),
        ({"spec": {"title": "t", "base": "main@{1}"}}, "spec.base: is not a branch name"),
        ({"spec": {"title": "t", "review": "some"}}, "spec.review: must be `all`"),
        ({"status": {"phase": "leased"}}, "status.lease: is missing"),
        ({"status": {"phase": "closed"}}, "status.closed: is missing"),
        ({"status": {"phase": "asleep"}}, "status.phase: must be one of"),
        ({"status": []}, "status: must be a mapping"),
    ],
)
def test_what_is_wrong_is_named_with_its_key(change: dict[str, Any], why: str) -> None:
    with pytest.raises(Malformed) as error:
        bead_from(minimal(**change), "beads/0/0/gt-00000000.yaml")
    assert str(error.value).startswith(f"beads/0/0/gt-00000000.yaml: {why}")


def test_a_person_may_not_invent_keys_of_a_spec() -> None:
    with pytest.raises(Malformed, match="prioritiy: is not a key of a spec"):
        spec_from({"title": "t", "prioritiy": 1}, "here")


def test_a_page_survives_being_data() -> None:
    page = Page("p-1", "gt-00000000", "question", "", "asks", 5, 2, 7, 9, Acknowledged("alice", 12))
    assert page_from(page_data(page), "here") == page_from(page_data(page, full=True), "here") == page
    for name in ("../../x", "p-1; rm -rf ~", "p-", ""):
        with pytest.raises(Malformed, match="here: id: is not the id of a page"):
            page_from(page_data(page) | {"id": name}, "here")
    with pytest.raises(Malformed, match="here: colour: is not a key"):
        page_from(page_data(page) | {"colour": "red"}, "here")
