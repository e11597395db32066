"""What one value of `.gt/town.yaml` may be, and the reader of a mapping's keys.

A check takes a value and gives it back as gt uses it; `Wrong` says why it can't.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from gt.core.ids import LEDGER
from gt.core.town import Command
from gt.core.when import parse_duration
from gt.errors import Refused

T = TypeVar("T")
Check = Callable[[Any], T]
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}"
_BRANCH = r"[A-Za-z0-9][A-Za-z0-9._/-]{0,200}"
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
_TYPE = r"[a-z][a-z0-9-]{0,30}"


class Wrong(Exception):
    """What is wrong with a value; `Keys` adds the key, the border the file."""

    def __init__(self, why: str, key: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.key = key


class Keys:
    """Takes keys out of one mapping, by name; whatever is left over nobody knows."""

    def __init__(self, data: Any) -> None:
        if not isinstance(data, dict):
            raise Wrong("must be a mapping")
        self.left: dict[str, Any] = dict(data)
        self.known: list[str] = []

    def take(self, name: str, check: Check[T], default: T) -> T:
        self.known.append(name)
        value = self.left.pop(name, None)
        return default if value is None else at(name, check, value)

    def need(self, name: str, check: Check[T]) -> T:
        self.known.append(name)
        if (value := self.left.pop(name, None)) is None:
            raise Wrong("is missing", name)
        return at(name, check, value)

    def done(self) -> None:
        for name in self.left:
            from difflib import get_close_matches

            near = get_close_matches(name, self.known, 1, 0.5)
            known = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(self.known))}"
            raise Wrong(f"is not a key that belongs here ({known})", name)


def at(key: str, check: Check[T], value: Any) -> T:
    """The checked value; what is wrong with it is reported under this key."""
    try:
        return check(value)
    except Wrong as wrong:
        glue = "." if wrong.key and not wrong.key.startswith("[") else ""
        raise Wrong(wrong.why, f"{key}{glue}{wrong.key}") from None


def text(value: Any) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise Wrong("must be text (put it in quotes?)")
    return value


def matching(pattern: str, what: str) -> Check[str]:
    def check(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise Wrong(f"is not {what}: {value!r}"[:200])
        return value

    return check


name = matching(_NAME, "a name (letters, digits, `.`, `_`, `-`)")
variable = matching(_VARIABLE, "the name of a variable")
type_name = matching(_TYPE, "a type (lower-case letters, digits, `-`)")


def branch(value: Any) -> str:
    """The name of a branch that gt may move: neither the ledger's nor one of those that attempts work on."""
    name = _BRANCH_NAME(value)
    parts = name.split("/")
    if ".." in name or any(part[:1] == "." or part.endswith((".", ".lock")) or not part for part in parts):
        raise Wrong(f"is not the name of a branch: {name!r}")
    if name == LEDGER.removeprefix("refs/heads/") or parts[0] == "gt":
        raise Wrong(f"{name} is gt's own branch")
    return name


_BRANCH_NAME = matching(_BRANCH, "the name of a branch (letters, digits, `.`, `_`, `-`, `/`)")


def entry(key: str) -> str:
    """A key that names something: an agent, a crew member."""
    return at(key, name, key)


def one_of(*choices: str) -> Check[str]:
    def check(value: Any) -> str:
        if value not in choices:
            raise Wrong(f"must be {' or '.join(choices)}, not {value!r}"[:200])
        return str(value)

    return check


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong("must be true or false")
    return value


def count(value: Any) -> int:
    if type(value) is not int or not 0 < value <= 1_000_000:
        raise Wrong("must be a whole number above 0")
    return value


def exit_code(value: Any) -> int:
    if type(value) is not int or not 0 < value < 256:
        raise Wrong("must be an exit code from 1 to 255")
    return value


def money(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise Wrong("must be a number above 0")
    return float(value)


def duration(value: Any) -> int:
    if type(value) is int:
        return count(value)
    try:
        seconds = parse_duration(text(value))
    except Refused as error:
        raise Wrong(error.message) from None
    if not seconds:
        raise Wrong("must be longer than nothing")
    return seconds


def command(value: Any) -> Command:
    return text(value) if isinstance(value, str) else words(value)


def words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise Wrong("must be a command: text for `sh -c`, or a list that is executed as it is")
    return list_of(text)(value)


def list_of(check: Check[T]) -> Check[tuple[T, ...]]:
    def each(value: Any) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise Wrong("must be a list")
        return tuple(at(f"[{i}]", check, item) for i, item in enumerate(value))

    return each


def mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Wrong("must be a mapping")
    return value


def inner_path(value: Any) -> str:
    """A path or glob that stays inside a work tree."""
    said = text(value)
    if said.startswith(("/", "~")) or "\\" in said or ".." in said.split("/"):
        raise Wrong(f"must be a path inside the repository: {said!r}")
    return said


def outer_path(value: Any) -> str:
    """A path of the machine's, as `Wrap` takes it."""
    said = text(value)
    if not said.startswith(("/", "~/")) or ".." in said.split("/"):
        raise Wrong(f"must be a path that begins with / or ~/: {said!r}")
    return said


def regex(value: Any) -> str:
    said = text(value)
    try:
        re.compile(said)
    except re.error as error:
        raise Wrong(f"is no regular expression: {error}") from None
    return said


def signal_number(value: Any) -> int:
    import signal

    name = f"SIG{str(value).removeprefix('SIG')}"
    if name not in signal.Signals.__members__:
        raise Wrong(f"must be the name of a signal, as KILL, not {value!r}"[:200])
    return signal.Signals[name].value


def status(value: Any) -> int:
    return 0 if value == 0 and type(value) is int else exit_code(value)
