"""Members in somebody else's JSON: it says what it said and the members, and comes back byte for byte."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt.interop.setup.members import Members, Theirs, Unreadable, _parse

SERVER = Members("mcpServers", {"gt": {"command": "gt", "args": ["mcp"]}}, {})
TASKS = Members("tasks", [{"label": "gt: a"}, {"label": "gt: b"}], {"version": "2.0.0"})
SPACE = st.sampled_from(["", " ", "\n", "\n  ", "\r\n", " // {,\n", "/* } */", "\t"])


@st.composite
def files(draw: st.DrawFn, members: Members) -> str:
    """Files as people and formatters write them, with and without the container."""
    theirs: dict[str, Any] | list[Any]
    theirs = (
        {"x": [1, {"mcpServers": {}}]}
        if isinstance(members.entries, dict)
        else [{"label": draw(st.sampled_from(['"}', "b"]))}, 1]
    )
    some: dict[str, Any] = {
        "a": {"tasks": []},
        members.container: draw(st.sampled_from([theirs, type(theirs)()])),
    }
    some |= draw(st.sampled_from([{}, {"version": "1"}, {"version": "2.0.0"}]))
    data = {key: some[key] for key in draw(st.lists(st.sampled_from(sorted(some)), unique=True))}
    text = json.dumps(data, indent=draw(st.sampled_from([None, 0, 2, 4])))
    if '"}' not in text:
        gaps = {mark: draw(SPACE) for mark in "{}[],"}
        text = re.sub(r"[{}\[\],]", lambda found: found[0] + gaps[found[0]], text)
    return draw(st.sampled_from(["", "\ufeff", "// {\n"])) + text + draw(st.sampled_from(["", "\n"]))


@given(st.data(), st.sampled_from([SERVER, TASKS]))
def test_out_again_it_is_as_it_was(data: st.DataObject, members: Members) -> None:
    text = data.draw(files(members))
    before = _parse(text)
    new = members.put(text)
    said = _parse(new)
    held = before.get(members.container, type(members.entries)())
    both = {**held, **members.entries} if isinstance(members.entries, dict) else [*members.entries, *held]
    needed = {} if members.container in before else members.beside
    assert said == {**needed, **before, members.container: both}
    assert members.put(new) == new
    assert members.take(new) == text


@pytest.mark.parametrize("members", [SERVER, TASKS])
def test_a_file_of_its_own_comes_and_goes(members: Members) -> None:
    made = members.put(None)
    assert json.loads(made) == {**members.beside, members.container: members.entries}
    assert members.take(made) is None
    assert members.take(made.replace("\n", "\r\n")) is None
    assert members.take(None) is None
    assert members.take('{"mcpServers": {"x": 1}}') == '{"mcpServers": {"x": 1}}'


def test_what_was_added_behind_it_stays() -> None:
    made = SERVER.put('{"mcpServers": {}}')
    more = made.replace("\n  }}", ',\n    "x": {}\n  }}')
    assert more != made
    taken = SERVER.take(more)
    assert taken is not None
    assert json.loads(taken) == {"mcpServers": {"x": {}}}


def test_an_entry_of_somebody_elses_is_left() -> None:
    text = '{"mcpServers": {"gt": {"command": "other"}}}'
    with pytest.raises(Theirs):
        SERVER.put(text)
    with pytest.raises(Theirs):
        SERVER.take(text)
    with pytest.raises(Theirs):
        TASKS.put('{"tasks": [{"label": "gt: a", "command": "other"}]}')


def test_formatted_anew_it_is_there_but_no_longer_gts_to_remove() -> None:
    text = json.dumps(json.loads(SERVER.put('{"mcpServers": {}}')))
    assert SERVER.put(text) == text
    with pytest.raises(Theirs):
        SERVER.take(text)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"mcpServers": []}', "nonsense", '{"mcp\\u0053ervers": {}}']
)
def test_what_is_no_such_file_is_left(text: str) -> None:
    with pytest.raises(Unreadable):
        SERVER.put(text)
