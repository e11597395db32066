"""The last values that were worked out in this process, by what decides them: ids, which never change what they name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """At most so many values; the one that was put first goes first. None can't be one of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[Key, Value] = {}

    def get(self, key: Key) -> Value | None:
        return self._known.get(key)

    def put(self, key: Key, value: Value) -> Value:
        """Remember it as the newest; returns it."""
        self._known.pop(key, None)
        while len(self._known) >= self._most:
            del self._known[next(iter(self._known))]
        self._known[key] = value
        return value

    def or_make(self, key: Key, make: Callable[[], Value]) -> Value:
        found = self._known.get(key)
        return self.put(key, make()) if found is None else found
