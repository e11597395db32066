"""What is protected is found without a look at anything else."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gt.git.lineage import files
from gt.git.objects import Objects
from gt.git.repo import discover
from gt.refinery.globs import Globs
from gt.refinery.protected import LINKS, Guard, digest
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
