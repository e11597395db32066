"""Changes that can't share a tree, and what becomes of those beside them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Bead, Phase, Result
from gt.git.run import GitFailed
from tests.refinery.merging import Scene, scene, town


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
    yard = scene(
        repo_path, town(f'{{name: test, run: "{gate}", timeout: 1m}}', more="refinery: {slots: 3}\n")
    )
    runs.touch()
    broken = yard.submit({"x": "1", "broken": ""}, priority=0)
    other = yard.submit({"x": "2", "other": ""})
    slow = yard.submit({"slow": ""})
    yard.merge()
    assert (yard.phase(other), yard.phase(slow)) == (Phase.LANDED, Phase.LANDED)
    assert yard.git("show", "main:x") == "2"
    assert yard.phase(broken) is Phase.OPEN


LINES = "1\n2\n3\n4\n5\n6\n7\n8\n"


def rebased(yard: Scene, which: Bead) -> None:
    def edit(bead: Bead) -> Bead:
        sub = bead.status.submission
        assert sub is not None
        return replace(bead, status=replace(bead.status, submission=replace(sub, strategy="rebase")))

    yard.change(which, edit)


def test_a_rebase_that_fails_in_company_stops_nobody_else(yard: Scene) -> None:
    """Merged they go together, commit by commit they don't: that is seen when their train is green."""
    yard.push({"file": LINES})
    base = yard.tip()
    one = yard.submit({"file": LINES.replace("1", "one")})
    halfway = yard.commit({"file": LINES.replace("1", "eins")}, base)
    two = yard.submit({}, commit=yard.commit({"file": LINES.replace("8", "eight")}, halfway), base=base)
    for each in (one, two):
        rebased(yard, each)
    report = yard.merge()
    assert len(report.runs[0].members) == 2
    assert [bead for bead, _, _ in report.landed] == [one.id]
    assert [(lost.bead, lost.result) for lost in report.rejected] == [(two.id, Result.OVERTAKEN)]


def test_what_cant_be_signed_calls_for_a_person(yard: Scene) -> None:
    """It would be the same at every further try: a run must not try for ever."""
    one = yard.submit({"a": ""})
    for setting in ("commit.gpgSign=true", "gpg.format=ssh", "user.signingKey=/nowhere"):
        yard.git("config", *setting.split("="))
    for _ in range(2):
        report = yard.merge()
        assert (report.exit_code, report.landed) == (20, [])
        assert "could not be landed" in report.left[0].why
        assert "/nowhere" in report.left[0].why
    assert report.runs == []
    yard.git("config", "commit.gpgSign", "false")
    assert yard.merge(again=True).exit_code == 0
    assert yard.phase(one) is Phase.LANDED


def test_files_that_cant_be_written_are_put_right_once_they_can(yard: Scene) -> None:
    """The user's filter fails halfway, and then it fails whoever would take that back."""
    yard.push({".gitattributes": "* filter=mine\n", "file": "old\n"})
    yard.git("checkout", "-q", "main")
    yard.git("config", "filter.mine.clean", "cat")
    yard.git("config", "filter.mine.smudge", "false")
    yard.git("config", "filter.mine.required", "true")
    old = yard.tip()
    yard.submit({"file": "new\n"})
    for _ in range(2):
        with pytest.raises(GitFailed, match="filter"):
            yard.merge()
        assert yard.tip() == old
    yard.git("config", "filter.mine.smudge", "cat")
    assert yard.merge().runs == []
    assert set(yard.causes().values()) == {"held refused"}
    report = yard.merge(again=True)
    assert (report.exit_code, len(report.landed), report.runs) == (0, 1, [])
    assert (yard.path / "file").read_text() == "new\n"
    assert yard.git("status", "--porcelain") == ""
