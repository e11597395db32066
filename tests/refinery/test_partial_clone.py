"""Merging where the clone has left files out."""

from __future__ import annotations

from pathlib import Path

from gt.git.repo import discover
from gt.store.ledger import Ledger
from tests.conftest import run_git
from tests.refinery.merging import Scene, scene


def test_what_was_left_out_is_fetched_before_it_is_merged_and_gated(repo_path: Path, tmp_path: Path) -> None:
    origin = scene(repo_path)
    base = origin.push({"both.txt": "".join(f"{n}\n" for n in range(20))})
    lines = [f"{n}\n" for n in range(20)]
    theirs = origin.commit({"both.txt": "".join([*lines[:19], "end\n"]), "new": "1\n"}, base)
    origin.git("update-ref", "refs/heads/work", theirs)
    origin.push({"both.txt": "".join(["start\n", *lines[1:]])})
    run_git(repo_path, "config", "uploadpack.allowFilter", "true")
    run_git(repo_path, "config", "uploadpack.allowAnySHA1InWant", "true")
    clone = tmp_path / "partial"
    run_git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{repo_path}", str(clone))
    for name in ("main", "beads"):
        run_git(clone, "branch", "-f", name, f"origin/{name}")
    run_git(clone, "config", "gt.target", "main")
    yard = Scene(clone, Ledger(discover(clone)))
    one = yard.submit({}, commit=theirs, base=base)
    report = yard.merge()
    assert [bead for bead, _, _ in report.landed] == [one.id]
    assert yard.git("show", "main:both.txt").split()[::19] == ["start", "end"]
