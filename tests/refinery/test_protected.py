"""What is protected is found without a look at anything else."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gt.git.lineage import files
from gt.git.merge import Change
from gt.git.objects import FILE, Objects
from gt.git.repo import discover
from gt.refinery.globs import Globs
from gt.refinery.protected import LINKS, Guard, digest, guard
from tests.conftest import run_git
from tests.git.test_git_treediff import TREES, made

PARTS = st.sampled_from(["a", "A", "b", "a*", "?", "*", "**", "a.b", "Ü"])
PATTERNS = st.lists(st.lists(PARTS, min_size=1, max_size=3).map("/".join), min_size=1, max_size=3)


@given(TREES, PATTERNS)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_is_what_a_look_at_every_file_finds(repo_path: Path, tree: Any, patterns: list[str]) -> None:
    repo, globs = discover(repo_path), Globs(patterns, fold=True)
    with Objects(repo) as odb:
        root = made(odb, tree)
        odb.flush()
    lines = sorted(
        f"{mode:o} {oid} {path}"
        for mode, oid, path in files(repo, root)
        if globs.touches(path, link=mode in LINKS)
    )
    assert digest(repo, Guard(globs), root) == hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def test_a_link_to_the_root_stands_above_everything(repo_path: Path) -> None:
    (repo_path / "l").symlink_to(".")
    run_git(repo_path, "add", "-A", ".")
    commit = run_git(repo_path, "commit-tree", "-m", "x", run_git(repo_path, "write-tree"))
    guarded = guard(discover(repo_path), ("*/a/secret",), commit)
    assert guarded.touched([Change(FILE, FILE, "0", "1", path) for path in ("a/secret", "b/a/secret", "a/other")]) == (
        "a/secret", "b/a/secret",
    )  # fmt: skip


NAMES = st.sampled_from(["a", "b", "c"])
PLACES = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
LEADS = st.lists(st.sampled_from(["..", ".", "a", "b", "c"]), min_size=1, max_size=3).map("/".join)
LAYOUT = st.dictionaries(PLACES, st.one_of(st.none(), LEADS), min_size=1, max_size=6)
"""Files (None), and links with what they hold."""


def laid_out(root: Path, layout: dict[str, str | None]) -> None:
    """Make what fits beside what is there."""
    for place, to in layout.items():
        at = root / place
        real = root
        for name in Path(place).parts[:-1]:
            real /= name
            if real.is_symlink() or real.is_file():
                break
        else:
            if not (at.is_symlink() or at.exists()):
                at.parent.mkdir(parents=True, exist_ok=True)
                at.write_text(place) if to is None else at.symlink_to(to)


def reached(root: Path, path: str = "", depth: int = 4) -> dict[str, str]:
    """Every path by which a file of the tree can be opened, with where that file is."""
    found: dict[str, str] = {}
    for entry in sorted((root / path).iterdir()):
        name = f"{path}/{entry.name}".lstrip("/")
        try:
            entry.stat()  # resolve() goes through a file as through a directory
            real = entry.resolve(strict=True)
            if root.resolve() not in real.parents:  # elsewhere, or everything
                continue
        except (OSError, RuntimeError):  # it leads nowhere, or to itself
            continue
        if real.is_file():
            found[name] = str(real.relative_to(root.resolve()))
        elif depth > 1:
            found |= reached(root, name, depth - 1)
    return found


@given(LAYOUT, PATTERNS)
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_can_be_opened_by_a_protected_path_is_protected(
    repo_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    layout: dict[str, str | None],
    patterns: list[str],
) -> None:
    place = tmp_path_factory.mktemp("tree")
    laid_out(place, layout)
    run_git(repo_path, "--work-tree", str(place), "add", "-A", ".")
    tree = run_git(repo_path, "write-tree")
    commit = run_git(repo_path, "commit-tree", "-m", "x", tree)
    guarded, globs = guard(discover(repo_path), tuple(patterns), commit), Globs(patterns, fold=True)
    for path, real in reached(place).items():
        if globs.matches(path):
            assert guarded.touched([Change(FILE, FILE, "0", "1", real)]), (path, real)
