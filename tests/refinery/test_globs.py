"""Patterns for paths."""

from __future__ import annotations

import pytest

from gt.refinery.globs import Globs, rests_below


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("Makefile", "Makefile", True),
        ("Makefile", "sub/Makefile", False),
        ("src", "src/a/b", True),
        ("src/", "src/a", True),
        ("src", "srcs", False),
        ("src/**", "src/a/b", True),
        ("src/*", "src/a", True),
        ("*.py", "a.py", True),
        ("*.py", "a/b.py", False),
        ("**/*.py", "a.py", True),
        ("**/*.py", "a/b/c.py", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a+(b)", "a+(b)", True),
    ],
)
def test_patterns(pattern: str, path: str, expected: bool) -> None:
    assert Globs([pattern]).matches(path) is expected


def test_what_stands_in_the_place_of_a_directory_touches_it() -> None:
    globs = Globs([".gt/**", "a/b/*.sh"], fold=True)
    assert globs.touches(".gt")
    assert globs.touches(".GT")
    assert globs.touches("a")
    assert globs.touches("a/b")
    assert not globs.touches(".gtx")
    assert not globs.touches("ab")
    assert not globs.touches("a/c.sh")


@pytest.mark.parametrize(
    ("pattern", "path", "link", "expected"),
    [
        ("*.lock", "other.txt", False, False),
        ("*.lock", "other", True, False),
        ("**/CODEOWNERS", "a/b.txt", False, False),
        ("**/CODEOWNERS", "a/b", True, True),
        ("docs/*.md", "docs/y.txt", False, False),
        ("docs/*.md", "docs/sub/x.txt", False, False),
        ("docs/*.md", "docs", False, True),
        ("docs/*/x", "docs/a", False, True),
        ("docs/*/x", "docs/a/y", True, False),
        ("src/gen*", "src/main.py", False, False),
        ("a/**/x", "a", False, True),
        ("a/**/x", "a/b/c", False, False),
        ("a/**/x", "a/b/c", True, True),
        ("a/**/x", "b/a", True, False),
    ],
)
def test_only_what_fits_is_touched_and_what_may_lead_to_it(
    pattern: str, path: str, link: bool, expected: bool
) -> None:
    assert Globs([pattern]).touches(path, link=link) is expected


@pytest.mark.parametrize(
    ("pattern", "directory", "rests"),
    [
        ("a/b", "a", {"b"}),
        ("a/b", "A", {"b"}),
        ("a/b", "b", set()),
        ("a/b", "a/b", set()),
        ("*/b/c", "x", {"b/c"}),
        ("a/**", "a", {"**"}),
        ("a/**", "a/b/c", {"**"}),
        ("**/b", "x/y", {"**/b", "b"}),
        ("**/b/c", "x/b", {"**/b/c", "b/c", "c"}),
        ("a/x**y/z", "a", {"x**y/z"}),
        ("a/x**y/z", "a/b", {"**"}),
    ],
)
def test_what_a_pattern_fits_below_a_directory(pattern: str, directory: str, rests: set[str]) -> None:
    assert rests_below(pattern, directory) == rests
