"""Changes that can't share a tree, and what becomes of those beside them."""

from __future__ import annotations

from pathlib import Path

from gt.core.bead import Phase
from tests.refinery.merging import scene, town


def test_who_waits_for_one_that_cant_be_gated_is_gated_in_its_stead(repo_path: Path, tmp_path: Path) -> None:
    """Whatever could not run on an older tip holds up nobody that conflicts with it, and lends nobody its place."""
    runs = tmp_path / "runs"
    stalled = f"echo run >> {runs}; exit 127"
    three_runs = f"until test $(cat {runs} | wc -l) -ge 3; do sleep 0.02; done"
    has_landed = f"until git --git-dir={repo_path}/.git cat-file -e main:slow 2>&1; do sleep 0.02; done"
    gate = (
        f"if test -e broken; then test -e slow && exit 127; {stalled}; fi; "
        f"if test -e slow; then {three_runs}; elif test -e other; then {has_landed}; fi"
    )
    yard = scene(repo_path, town(f'{{name: test, run: "{gate}", timeout: 1m}}', more="refinery: {slots: 3}\n"))
    runs.touch()
    broken = yard.submit({"x": "1", "broken": ""}, priority=0)
    other = yard.submit({"x": "2", "other": ""})
    slow = yard.submit({"slow": ""})
    yard.merge()
    assert (yard.phase(other), yard.phase(slow)) == (Phase.LANDED, Phase.LANDED)
    assert yard.git("show", "main:x") == "2"
    assert yard.phase(broken) is Phase.OPEN
