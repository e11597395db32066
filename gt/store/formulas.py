"""The formulas of a town: files of its target, and those that gt brings along."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import gt
from gt.core.formula import NAME, Formula
from gt.core.formulafile import formula_from
from gt.errors import GtError, Malformed, NotFound
from gt.git.repo import Repo
from gt.store.targets import targets, tip

FOLDER = ".gt/formulas"
"""On the target: a file NAME.yaml for each."""

MAX_FORMULAS = 200


class Found(NamedTuple):
    """A formula by its name, or what is wrong with its file."""

    name: str
    where: str
    formula: Formula | None
    error: GtError | None = None


def formulas(repo: Repo) -> tuple[Found, ...]:
    """All formulas by name: those on the default target, and of gt's own those that the town has none of that name for."""
    own = {name: _read(name, f"{FOLDER}/{name}.yaml", text) for name, text in _on_target(repo)}
    ours = {path.stem: _read(path.stem, f"gt: {path.name}", path.read_bytes()) for path in _brought()}
    return tuple(found for _, found in sorted({**ours, **own}.items()))


def formula(repo: Repo, name: str) -> Formula:
    """The formula of this name. Raises NotFound, and Malformed for one that can't be read."""
    found = next((each for each in formulas(repo) if each.name == name), None)
    if found is None:
        raise NotFound("formula", name, hint="gt formula list")
    if found.formula is None:
        assert found.error is not None
        raise found.error
    return found.formula


def from_file(path: Path, shown: str) -> Formula:
    """The formula in a file, whether it is on the target or not. Raises NotFound and Malformed."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise NotFound("file", shown) from None
    except OSError as error:
        raise Malformed(shown, error.strerror or "can't be read") from None
    found = _read(path.stem, shown, text)
    if found.formula is None:
        assert found.error is not None
        raise found.error
    return found.formula


def _read(name: str, where: str, text: bytes) -> Found:
    from gt.store.codec import check_size, load

    try:
        check_size(len(text), where)
        if not NAME.fullmatch(name):
            raise Malformed(where, "is no name for a formula: lower-case letters, digits and hyphens")
        return Found(name, where, formula_from(load(text, where), name, where))
    except GtError as error:
        return Found(name, where, None, error)


def _on_target(repo: Repo) -> Iterator[tuple[str, bytes]]:
    from gt.git.objects import Objects
    from gt.store.layout import check_file

    commit = tip(repo, targets(repo)[0])
    if commit is None:
        return
    with Objects(repo) as odb:
        tree: str | None = odb.commit(commit).tree
        for folder in FOLDER.split("/"):
            tree = next((e.oid for e in odb.tree(tree) if e.name == folder), None) if tree else None
        entries = odb.tree(tree) if tree else ()
        named = [entry for entry in entries if entry.name.endswith(".yaml")]
        for entry in named[:MAX_FORMULAS]:
            check_file(f"{FOLDER}/{entry.name}", entry.mode)
            yield entry.name.removesuffix(".yaml"), odb.blob(entry.oid)


def _brought() -> tuple[Path, ...]:
    package = Path(gt.__file__).parent
    for place in (package / "formulas", package.parent / "fixtures" / "formulas"):
        if place.is_dir():
            return tuple(sorted(place.glob("*.yaml")))
    return ()
