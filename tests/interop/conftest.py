"""Ledgers without Beads, each in a repository of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gt.store.ledger import Ledger
from tests.store.scenes import new_ledger


@pytest.fixture
def ledger(repo_path: Path) -> Ledger:
    return new_ledger(repo_path)


@pytest.fixture
def other(new_repo: Callable[[str], Path]) -> Ledger:
    """A second ledger elsewhere."""
    return new_ledger(new_repo("other"))


@pytest.fixture(scope="session")
def empty(template_repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A ledger that is never written to."""
    path = tmp_path_factory.mktemp("empty") / "repo"
    shutil.copytree(template_repo, path)
    return new_ledger(path)
