"""The JSON Schemas say what the parsers say: what one takes the other takes, but for what several keys say together."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from gt.core.bead import Bead
from gt.core.data import bead_data
from gt.core.formulafile import formula_from
from gt.core.schema import bead_from, page_from
from gt.errors import Malformed
from gt.store.schemas import FILES, _outputs, kinds, schema
from gt.store.townfile import town_from
from tests.core.strategies import beads

ROOT = Path(__file__).resolve().parents[2]

TOWN = """\
apiVersion: gt/v1
kind: Town
agent: fixer
agents:
  claude: {preset: claude, limit: 4, args: [--model, opus], wrap: bwrap}
  boxed: {command: [x], wrap: [firejail, --]}
  fixer:
    command: ["./tools/fix", "{bead}"]
    prompt: stdin
    deadline: 20m
    stall: 5m
    grace: 10
    env: [CI]
    commit: agent
    wrap: {recipe: docker, image: node, network: false, read: [/opt], write: [~/cache]}
    failures:
      - {result: infra, codes: [69], output: away, signals: [TERM], json: {a.b: [1, x]}, within: 5s, changed: false, ended: [exit]}
worktrees: {root: "../{repo}.gt", copy: [.env], setup: make deps, timeout: 10m, caches: [node_modules]}
gates:
  - {name: style, run: ruff check ., timeout: 2m, inputs: ["**/*.py"], env: [CI], could_not_run: [3]}
  - {name: soak, run: [make, soak], timeout: 2h, when: after}
refinery:
  {slots: auto, strategy: squash, message: "{title}", review: protected, approvals: any, protected: [".gt/**"], push: origin,
   land: {command: ./open, timeout: 5m, env: [GH_TOKEN]}, budget: 30}
stages:
  - {branch: staging, bake: 1h}
  - {branch: release/1, from: staging, approve: true, gates: [{name: smoke, run: make smoke}]}
crew:
  watcher: {command: ./tools/watch, boot: true, worktree: false}
limits:
  {attempts: 3, deadline: 1h, concurrent: 4, interruptions: 9, backoff: 30s, cooldown: 30m, no_changes: 2, usd_per_day: 20,
   usd_per_bead: 1.5}
page: {command: [ntfy, publish, town]}
types: [spike]
ungated: false
coordination: remote
"""

FORMULA = """\
apiVersion: gt/v1
kind: Formula
about: a release
variables:
  version: {type: text, about: which, pattern: "[0-9.]+"}
  parts: {type: list, default: [a, b]}
  docs: {type: flag, default: true}
  count: {type: number, default: 2}
  level: {choices: [low, high], default: low}
parent: {title: "Release {version}", type: epic}
steps:
  - {id: change, title: "Change {item}", each: parts, body: "{x}", labels: [release]}
  - {id: tell, title: Tell, needs: [change], when: docs, priority: 1}
"""

VALUES: tuple[Any, ...] = (
    *(None, True, 0, 1, -1, 5, 256, 10**7, 1.5),
    *("", " ", "x", "a b", "90s", "1h30m", "0s", "auto", "../x", "/abs", "~/x", "a/../b", "a\\b", "two\nlines"),
    *("gt/x", "beads", "a..b", ".a", "a.lock", "a/", "{repo}", "{bead}", ".git/x"),
    *("2026-12-01", "2026-12-01T09:00:00Z", "gt-00000000", "1-aaaa", "p-1", "0" * 40, "open", "("),
    *([], [1], ["a"], [""], [None], {}, {"x": 1}, {"command": "x"}),
)  # fmt: skip

TOGETHER = re.compile(
    "there are two|there is no agent|needs refinery.push|needs a preset or a command|needs a recipe or a command"
    "|needs it$|is for containers|are for recipes|is for a command|is for bwrap|needs a condition|or a stage before"
    "|is no regular expression|must be one of .*, not|run before a commit goes there|can't be linear|the name of a signal"
    # of a formula: what its words refer to, and what comes of them
    "|there is no (step|variable)|is no (list|flag) variable|is there twice|waits for the next|neither choices"
    r"|^steps\[\d+\](: |\.\w+: )|^parent(: |\.\w+: )|^variables\.\w+\.default"
    # a time that has the form of one, and is none
    "|not a time"
)
"""What JSON Schema can't say, or not so that anybody could read it."""


def loaded(text: str) -> Any:
    return YAML(typ="safe").load(text)


def places(data: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every value."""
    if way:
        yield way
    parts: Any = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in parts:
        yield from places(value, (*way, key))


def parts(data: Any, needed: frozenset[str], *, inside: str = "") -> Iterator[tuple[Any, str]]:
    """What is needed with one key more at a time, and which that is; of the mapping `inside` one key at a time, too."""
    least = {key: value for key, value in data.items() if key in needed}
    for key, value in data.items():
        for each in ({name: value[name]} for name in value) if key == inside else (value,):
            yield {**least, key: each}, key


def mutants(data: Any, key: str) -> Iterator[Any]:
    """The data with one value at or below this key changed, one gone, one more there."""
    for *way, last in [place for place in places(data) if place[0] == key]:
        for value in ("gone", "more", *VALUES):
            made = copy.deepcopy(data)
            at = made
            for step in way:
                at = at[step]
            if value == "gone":
                del at[last]
            elif value == "more":
                if not isinstance(at[last], dict):
                    continue
                at[last]["unheard"] = 1
            else:
                at[last] = copy.deepcopy(value)
            yield made


def refusal(parse: Callable[[Any], Any], data: Any) -> str | None:
    try:
        parse(copy.deepcopy(data))
    except Malformed as error:
        return error.why
    return None


def whole_bead() -> Any:
    """A Bead with all that one can have, in phases that need it."""
    at, by, commit = "2026-11-22T20:00:00Z", "Alice <a@b>", "0" * 40
    return {
        "apiVersion": "gt/v1", "kind": "Bead", "id": "gt-00000000", "uid": "u", "created": {"at": at, "by": by},
        "spec": {"title": "t", "type": "task", "priority": 2, "body": "b", "acceptance": "a", "labels": ["x"], "needs": ["gt-00000001"],
                 "parent": "gt-00000002", "links": {"k": ["gt-00000003"]}, "agent": "a", "base": "main", "attempts": 2, "usd": 1.5,
                 "deadline": "20m", "defer": at, "hold": True, "review": "all"},
        "status": {"phase": "leased", "observed": "o",
                   "lease": {"token": "1-aaaa", "agent": "a", "actor": "x", "host": "h", "boot": "b", "clone": "c", "lock": True, "pid": 1,
                             "pidstart": 2, "started": at, "expires": at, "worktree": "w", "branch": "b", "base": "main", "basecommit": commit},
                   "submission": {"token": "1-aaaa", "commit": commit, "branch": "b", "base": "main", "basecommit": commit, "spec": "s",
                                  "strategy": "merge", "at": at, "by": by, "agent": "a", "landing": commit,
                                  "offered": {"at": at, "tip": commit, "opened": at, "url": "u"}},
                   "landed": {"commit": commit, "tree": commit, "at": at}, "closed": {"reason": "done", "note": "n", "at": at, "by": by},
                   "stuck": {"reason": "attempts-spent", "since": at, "evidence": "e"}, "question": {"text": "t", "at": at, "answer": "a"},
                   "approvals": [{"commit": commit, "base": commit, "protected": "p", "by": by, "at": at, "signature": "s"}],
                   "wake": at, "attempts": [{"token": "1-aaaa", "agent": "a", "start": at, "end": at, "result": "red", "reason": "r",
                                             "head": commit, "commits": 1, "usage": {"usd": 1}, "log": "l", "resets": at}]},
        "notes": [{"id": "n", "at": at, "by": by, "text": "t"}], "clock": {"title": at},
        "conflicts": [{"field": "title", "lost": "x", "by": by, "at": at}],
    }  # fmt: skip


WHOLE_PAGE = {
    "apiVersion": "gt/v1", "kind": "Page", "id": "p-1", "subject": "town", "reason": "disk", "epoch": "e", "text": "t",
    "at": "2026-11-22T20:00:00Z", "sends": 1, "sent": "2026-11-22T20:00:00Z",
    "acknowledged": {"by": "a", "at": "2026-11-22T20:00:00Z"},
}  # fmt: skip

PARSERS: dict[str, tuple[Callable[[Any], Any], Any, frozenset[str], str]] = {
    "town": (lambda data: town_from(data, "it"), loaded(TOWN), frozenset({"apiVersion"}), "agents"),
    "formula": (
        lambda data: formula_from(data, "it", "it"),
        loaded(FORMULA),
        frozenset({"apiVersion", "kind", "variables", "steps"}),
        "",
    ),
    "bead": (
        lambda data: bead_from(data, "it"),
        whole_bead(),
        frozenset({"apiVersion", "kind", "id", "uid", "created", "spec"}),
        "status",
    ),
    "page": (
        lambda data: page_from(data, "it"),
        WHOLE_PAGE,
        frozenset({"apiVersion", "kind", "id", "subject", "reason", "at"}),
        "",
    ),
}


@pytest.mark.parametrize("kind", PARSERS)
def test_what_one_takes_the_other_takes(kind: str) -> None:
    parse, data, needed, inside = PARSERS[kind]
    validator = Draft202012Validator(schema(kind))
    assert refusal(parse, data) is None
    assert [error.message for error in validator.iter_errors(data)] == []
    odd, refused = [], 0
    for part, key in parts(data, needed, inside=inside):
        for made in mutants(part, key):
            why, valid = refusal(parse, made), validator.is_valid(made)
            refused += not valid
            if valid and why is not None and not TOGETHER.search(why):
                odd.append(f"only the parser refuses: {why}")
            if not valid and why is None:
                odd.append(f"only the schema refuses: {next(validator.iter_errors(made)).message[:200]}")
    assert sorted(set(odd)) == []
    assert refused > 300


@given(beads)
def test_a_bead_is_one_for_its_schema(bead: Bead) -> None:
    validator = Draft202012Validator(schema("bead"))
    for data in (bead_data(bead), bead_data(bead, full=True, seconds=True)):
        assert [error.message for error in validator.iter_errors(data)] == []


def described(data: Any) -> Iterator[tuple[str, Any]]:
    """Every property of a schema, by its name."""
    if isinstance(data, dict):
        for name, value in data.get("properties", {}).items():
            yield name, value
        for value in data.values():
            yield from described(value)
    elif isinstance(data, list):
        for value in data:
            yield from described(value)


@pytest.mark.parametrize("kind", kinds())
def test_every_property_says_what_it_is(kind: str) -> None:
    made = schema(kind)
    Draft202012Validator.check_schema(made)
    bare = [name for name, value in described(made) if not value.get("description") and "const" not in value]
    # Of what must be there in some phase only that is said.
    assert sorted(set(bare) - {"phase", "lease", "submission", "landed", "closed", "stuck"}) == []


def test_no_word_is_kept_for_a_key_that_is_not_printed() -> None:
    used = {name for kind in kinds() if kind not in FILES for name, _ in described(schema(kind))}
    assert set(_outputs()["words"]) - used == set()


def test_the_settings_are_told_in_the_same_words_everywhere() -> None:
    page = (ROOT / "docs" / "town-yaml.md").read_text()
    rows = re.findall(r"^\| (`.*?`) \| (.*?) \|", page, re.MULTILINE)
    said = {(name, value.get("description")) for name, value in described(schema("town"))}
    for keys, text in rows:
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
        for key in re.findall(r"`(\w+)`", keys):
            assert (key, plain) in said
