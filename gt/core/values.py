"""`dataclass` for frozen values, whose classes cost a quarter of the standard library's to make.

The standard library writes and compiles six functions for every class, and
a command makes up to a hundred classes before it does anything. Here what
all values do alike is written once, and the function that makes one is
compiled when the first of its class is made. In all else they are the
standard library's: its `fields`, `replace` and `asdict` take them, and type
checkers see nothing but `dataclasses.dataclass`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(**how: bool) -> Callable[[type], type]:
        """Makes a class one of values; one that may change, or has an order, is the standard library's to make."""
        if how in ({"frozen": True, "slots": True}, {"frozen": True}):
            return partial(_made, slots="slots" in how)
        return dataclasses.dataclass(**how)


def _made(cls: type, *, slots: bool) -> type:
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
    compared = [each.name for each in dataclasses.fields(made) if each.compare]
    made.__compared__ = attrgetter(*compared) if compared else type

    def first(self: Any, *args: Any, **named: Any) -> None:
        made.__init__ = _initialiser(made)
        made.__init__(self, *args, **named)

    for name, method in {"__init__": first, **_ALIKE}.items():
        if name not in cls.__dict__:
            setattr(made, name, method)
    value: type = made
    return value


def _initialiser(made: Any) -> Any:
    """The `__init__` of these fields: what the standard library writes, with nothing around it."""
    assert not hasattr(made, "__post_init__"), "a value is what it is given"
    names: dict[str, Any] = {"_put": object.__setattr__, "_unset": _UNSET}
    given, body = ["self"], ["pass"]
    for each in dataclasses.fields(made):
        name = value = each.name
        assert each.init, f"{name}: a value is made of all its fields"
        assert not each.kw_only, f"{name}: a value is made of its fields in their order"
        if each.default_factory is not dataclasses.MISSING:
            names[f"_default_{name}"] = each.default_factory
            given.append(f"{name}=_unset")
            value = f"_default_{name}() if {name} is _unset else {name}"
        elif each.default is not dataclasses.MISSING:
            names[f"_default_{name}"] = each.default
            given.append(f"{name}=_default_{name}")
        else:
            given.append(name)
        body.append(f"_put(self, {name!r}, {value})")
    exec(f"def __init__({', '.join(given)}):\n " + "\n ".join(body), names)  # noqa: S102  # of our own names
    names["__init__"].__qualname__ = f"{made.__qualname__}.__init__"
    return names["__init__"]


_UNSET = object()
"""Stands for what a `default_factory` makes."""


class _Value:
    """What all values do alike: each class gets these."""

    __compared__: Any
    """All that makes two of them equal, of one of them."""

    def __repr__(self) -> str:
        fields: Any = dataclasses.fields(self)  # type: ignore[arg-type]
        shown = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields if each.repr)
        return f"{type(self).__qualname__}({shown})"

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if other.__class__ is not self.__class__:
            return NotImplemented
        return bool(self.__compared__(self) == self.__compared__(other))

    def __hash__(self) -> int:
        return hash(self.__compared__(self))

    def __setattr__(self, name: str, value: object) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    def __getstate__(self) -> Any:
        fields: Any = dataclasses.fields(self)  # type: ignore[arg-type]
        return [getattr(self, each.name) for each in fields]

    def __setstate__(self, state: list[Any]) -> None:
        fields: Any = dataclasses.fields(self)  # type: ignore[arg-type]
        for each, value in zip(fields, state, strict=True):
            object.__setattr__(self, each.name, value)


_ALIKE = {name: method for name, method in vars(_Value).items() if callable(method)}
