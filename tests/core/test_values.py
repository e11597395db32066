"""Values are what the standard library makes of the same words, and only cheaper."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, asdict, astuple, field, fields, replace
from dataclasses import dataclass as standard
from typing import Any

import pytest

from gt.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf."""

    at: int
    by: str = "someone"


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree."""

    name: str
    leaf: Leaf
    other: Leaf | None = None
    links: Mapping[str, int] = field(default_factory=dict)
    weight: float = field(default=1.0, compare=False)
    secret: str = field(default="", repr=False)

    @property
    def short(self) -> str:
        return self.name[:1]


@dataclass(frozen=True, slots=True)
class Nothing:
    """No field at all."""


@standard(frozen=True, slots=True)
class StandardLeaf:
    """A leaf."""

    at: int
    by: str = "someone"


@standard(frozen=True, slots=True)
class StandardTree:
    """A tree."""

    name: str
    leaf: Any
    other: Any = None
    links: Mapping[str, int] = field(default_factory=dict)
    weight: float = field(default=1.0, compare=False)
    secret: str = field(default="", repr=False)


OAK = Tree("oak", Leaf(3), links={"a": 1})


def test_fields_are_given_in_order_or_by_name_and_have_defaults() -> None:
    assert Tree("oak", Leaf(3)) == Tree(leaf=Leaf(at=3, by="someone"), name="oak", links={})
    assert Tree("oak", Leaf(3)).short == "o"
    assert (OAK.other, OAK.weight, OAK.links) == (None, 1.0, {"a": 1})


def test_each_has_a_default_of_its_own() -> None:
    assert Tree("a", Leaf(1)).links is not Tree("a", Leaf(1)).links


@pytest.mark.parametrize("wrong", [((), {}), ((1, "x", 2), {}), ((1,), {"be": "x"}), ((1,), {"at": 1})])
def test_what_does_not_fit_is_refused_in_the_same_words(
    wrong: tuple[tuple[Any, ...], dict[str, Any]],
) -> None:
    said = []
    for cls in (Leaf, StandardLeaf):
        with pytest.raises(TypeError) as caught:
            cls(*wrong[0], **wrong[1])
        said.append(str(caught.value).replace("StandardLeaf", "Leaf"))
    assert said[0] == said[1]


def test_it_is_shown_as_the_standard_library_shows_it() -> None:
    twin = StandardTree("oak", StandardLeaf(3), links={"a": 1})
    assert repr(OAK) == repr(twin).replace("Standard", "")
    assert repr(Nothing()) == "Nothing()"


def test_equal_is_what_has_equal_fields_and_the_same_class() -> None:
    assert replace(OAK, weight=7.0) == OAK
    assert replace(OAK, secret="x") != OAK
    assert replace(OAK, leaf=Leaf(4)) != OAK
    assert Leaf(3) != StandardLeaf(3)  # type: ignore[comparison-overlap]
    assert Leaf(3) != (3, "someone")  # type: ignore[comparison-overlap]
    assert Nothing() == Nothing()
    assert len({Leaf(3), Leaf(3), Leaf(4), Nothing(), Nothing()}) == 3
    with pytest.raises(TypeError, match="unhashable"):
        hash(OAK)


def test_nothing_changes_it() -> None:
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'at'"):
        Leaf(3).at = 4  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'at'"):
        del Leaf(3).at
    with pytest.raises((FrozenInstanceError, AttributeError)):
        Leaf(3).more = 4  # type: ignore[attr-defined]
    assert not hasattr(Leaf(3), "__dict__")


def test_the_standard_library_takes_it() -> None:
    assert [each.name for each in fields(Tree)] == ["name", "leaf", "other", "links", "weight", "secret"]
    assert asdict(OAK)["leaf"] == {"at": 3, "by": "someone"}
    assert astuple(Leaf(3)) == (3, "someone")
    assert replace(OAK, name="elm") == Tree("elm", Leaf(3), links={"a": 1})
    match Leaf(3):
        case Leaf(at, by):
            assert (at, by) == (3, "someone")


def test_copies_are_equal() -> None:
    assert copy.copy(OAK) == copy.deepcopy(OAK) == OAK
    assert copy.deepcopy(OAK).links is not OAK.links
    assert pickle.loads(pickle.dumps(OAK)) == OAK


def test_what_a_class_writes_itself_is_kept() -> None:
    @dataclass(frozen=True, slots=True)
    class Loud:
        """Says so."""

        name: str

        def __repr__(self) -> str:
            return self.name.upper()

    assert repr(Loud("a")) == "A"
    assert Loud("a") == Loud("a")


def test_what_may_change_and_what_has_an_order_are_the_standard_librarys() -> None:
    @dataclass(slots=True)
    class Open:
        """May change."""

        at: int

    @dataclass(frozen=True, slots=True, order=True)
    class Ordered:
        """Has an order."""

        at: int

    found = Open(1)
    found.at = 2
    assert found == Open(2)
    assert Ordered(1) < Ordered(2)
