"""What a value may be: one check for each kind that a Bead or a page is made of, and the reader that applies them.

A check takes a value and the key it stands at, and gives it back as gt uses it; `Wrong` says why it can't.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from gt.core import bead as b
from gt.core import ids
from gt.core.when import parse_duration, parse_time
from gt.errors import Refused

T = TypeVar("T")

MAX_TEXT = 200_000
MAX_LINE = 1_000
MAX_ITEMS = 10_000


class Wrong(Exception):
    """What is wrong, and at which key; turned into Malformed with the file's name at the border."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key or 'document'}: {why}")
        self.key = key
        self.why = why

    def below(self, name: str) -> Wrong:
        """The same, seen from outside the mapping that lies at this key."""
        return Wrong(f"{name}.{self.key}" if self.key else name, self.why)


class Reader:
    """Takes keys out of one mapping, checking each; what is left over is unknown."""

    __slots__ = ("left",)

    def __init__(self, data: Any) -> None:
        if not isinstance(data, dict):
            raise Wrong("", "must be a mapping")
        self.left: dict[str, Any] = dict(data)

    def take(self, name: str, check: Callable[[Any, str], T], default: T) -> T:
        value = self.left.pop(name, None)
        return default if value is None else check(value, name)

    def need(self, name: str, check: Callable[[Any, str], T]) -> T:
        value = self.left.pop(name, None)
        if value is None:
            raise Wrong(name, "is missing")
        return check(value, name)

    # Where a part lies is put before its key when something is wrong, which is next to never.

    def part(self, name: str, read: Callable[[Reader], T]) -> T | None:
        value = self.left.pop(name, None)
        if value is None:
            return None
        try:
            return whole(value, read)
        except Wrong as wrong:
            raise wrong.below(name) from None

    def parts(self, name: str, read: Callable[[Reader], T]) -> tuple[T, ...]:
        made: list[T] = []
        values: list[Any] = self.take(name, items, [])
        try:
            for value in values:
                made.append(whole(value, read))  # noqa: PERF401  (its length says where it stopped)
        except Wrong as wrong:
            raise wrong.below(f"{name}[{len(made)}]") from None
        return tuple(made)

    def done(self) -> None:
        for name in self.left:
            raise Wrong(name, "is not a key that belongs here")


def whole(data: Any, read: Callable[[Reader], T]) -> T:
    reader = Reader(data)
    made = read(reader)
    reader.done()
    return made


def items(value: Any, key: str) -> list[Any]:
    if not isinstance(value, list):
        raise Wrong(key, "must be a list")
    if len(value) > MAX_ITEMS:
        raise Wrong(key, f"has more than {MAX_ITEMS} items")
    return value


def text(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise Wrong(key, "must be text")
    if len(value) > MAX_TEXT:
        raise Wrong(key, f"is longer than {MAX_TEXT} characters")
    return value


def line(value: Any, key: str) -> str:
    if isinstance(value, str) and len(value) <= MAX_LINE and "\n" not in value:
        return value
    text(value, key)
    raise Wrong(key, f"must be one line of at most {MAX_LINE} characters")


def title(value: Any, key: str) -> str:
    said = line(value, key)
    if not said.strip():
        raise Wrong(key, "must not be empty")
    return said


def number(value: Any, key: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Wrong(key, "must be a whole number")
    return value


def priority(value: Any, key: str) -> int:
    if number(value, key) not in range(5):
        raise Wrong(key, "must be 0 (highest) to 4")
    return int(value)


def positive(value: Any, key: str) -> int:
    if not 0 < number(value, key) <= 1_000_000:
        raise Wrong(key, "must be a whole number above 0")
    return int(value)


def money(value: Any, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1_000_000:
        raise Wrong(key, "must be a number of dollars above 0")
    return float(value)


def flag(value: Any, key: str) -> bool:
    if not isinstance(value, bool):
        raise Wrong(key, "must be true or false")
    return value


def time(value: Any, key: str) -> int:
    try:
        return parse_time(text(value, key))
    except Refused as error:
        raise Wrong(key, error.message) from None


def duration(value: Any, key: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return positive(value, key)
    try:
        seconds = parse_duration(text(value, key))
    except Refused as error:
        raise Wrong(key, error.message) from None
    if not seconds:
        raise Wrong(key, "must be longer than nothing")
    return seconds


def bead_id(value: Any, key: str) -> str:
    if not ids.is_id(text(value, key)):
        raise Wrong(key, f"is not a Bead id: {value!r}"[:200])
    return str(value)


def token(value: Any, key: str) -> str:
    if not ids.is_token(text(value, key)):
        raise Wrong(key, f"is not a token: {value!r}"[:200])
    return str(value)


def page_id(value: Any, key: str) -> str:
    said = text(value, key)
    if (
        not 2 < len(said) <= 40
        or not said.startswith("p-")
        or said[2:].strip("0123456789abcdefghijklmnopqrstuvwxyz")
    ):
        raise Wrong(key, "is not the id of a page")
    return said


def oid(value: Any, key: str) -> str:
    said = text(value, key)
    if len(said) not in (40, 64) or said.strip("0123456789abcdef"):
        raise Wrong(key, "is not an object id")
    return said


def words(value: Any, key: str) -> frozenset[str]:
    return frozenset(title(item, f"{key}[{i}]") for i, item in enumerate(items(value, key)))


def bead_ids(value: Any, key: str) -> frozenset[str]:
    return frozenset(bead_id(item, f"{key}[{i}]") for i, item in enumerate(items(value, key)))


def links(value: Any, key: str) -> dict[str, frozenset[str]]:
    if not isinstance(value, dict):
        raise Wrong(key, "must be a mapping")
    return {line(kind, key): bead_ids(to, f"{key}.{kind}") for kind, to in value.items()}


_NOT_IN_BRANCH = frozenset(" ~^:?*[\\\x7f").union(map(chr, range(0x20)))


def branch(value: Any, key: str) -> str:
    said = title(value, key)
    if (
        said.startswith(("-", "/", "."))
        or any(part in said for part in ("..", "//", "/.", "@{", ".lock/"))
        or not _NOT_IN_BRANCH.isdisjoint(said)
        or said.endswith((".lock", "/", "."))
    ):
        raise Wrong(key, f"is not a branch name: {said!r}")
    return said


def review(value: Any, key: str) -> str:
    if value != "all":
        raise Wrong(key, "must be `all` or left out")
    return "all"


def phase(value: Any, key: str) -> b.Phase:
    return choice(b.Phase, value, key)


E_ = TypeVar("E_", b.Phase, b.Result, b.CloseReason, b.StuckReason)


def choice(kind: type[E_], value: Any, key: str) -> E_:
    try:
        return kind(text(value, key))
    except ValueError:
        raise Wrong(key, f"must be one of {', '.join(kind)}") from None


def usage(value: Any, key: str) -> dict[str, float]:
    if not isinstance(value, dict):
        raise Wrong(key, "must be a mapping")
    for name, count in value.items():
        if isinstance(count, bool) or not isinstance(count, int | float):
            raise Wrong(f"{key}.{name}", "must be a count")
    return {line(name, key): count for name, count in value.items()}


def clock(value: Any, key: str) -> dict[str, int]:
    if not isinstance(value, dict):
        raise Wrong(key, "must be a mapping")
    return {line(name, key): time(at, f"{key}.{name}") for name, at in value.items()}


def anything(value: Any, _key: str) -> Any:
    return value
