"""A landing on a target that is checked out and dirty, killed at its effects, and together with the git that writes files.

`GT_CRASH_POINTS` says at how many effects it is killed (evenly spread; `all` for every single one).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gt.core.bead import Bead, Phase
from gt.git.repo import discover
from gt.store.ledger import Ledger
from gt.verbs.withdraw import withdraw
from tests.conftest import NOW
from tests.crash.dying import dies_at, paused
from tests.crash.still import Still
from tests.drive.test_merge_killed import points
from tests.refinery.merging import Scene, scene
from tests.refinery.test_checkout import CHANGES, contents, status
from tests.store.scenes import ALICE

DIRTY = " M mine\nA  staged\n?? loose"


def dirty(path: Path, attributes: str = "") -> Scene:
    """As in test_checkout.py; something of the user's is changed, staged, and lies about, and none of it is in the way."""
    yard = scene(path)
    yard.push(
        {
            "change": "old\n",
            "gone": "old\n",
            "mine": "old\n",
            "dir/file": "old\n",
            ".gitattributes": attributes,
        }
    )
    yard.git("checkout", "-q", "main")
    for name in ("mine", "staged", "loose"):
        (path / name).write_text(f"{name} of the user's\n")
    yard.git("add", "staged")
    assert status(yard) == DIRTY
    return yard


def check_landed(yard: Scene) -> None:
    """It landed once, and no byte of the user's has changed."""
    assert not yard.look().beads
    assert status(yard) == DIRTY
    check_theirs(yard)
    assert yard.git("log", "--first-parent", "--format=%s", "main").count("gt-00000001") == 1
    assert (yard.path / "new/deep").read_text() == "new\n"
    assert (yard.path / "dir").read_text() == "now a file\n"


def check_theirs(yard: Scene) -> None:
    for name in ("mine", "staged", "loose"):
        assert (yard.path / name).read_text() == f"{name} of the user's\n"
    assert yard.tip("HEAD") == yard.tip("main")
    assert [path.name for path in (yard.path / ".git").glob("*.lock")] == []
    yard.git("fsck", "--no-dangling", "--no-progress", "--connectivity-only")


@pytest.mark.parametrize("taken_back", [False, True])
def test_killed_at_any_effect_nothing_of_the_users_is_lost(repo_path: Path, taken_back: bool) -> None:
    """Then it lands; or it is withdrawn, and the files are what they were."""
    one = dirty(repo_path).submit(CHANGES)
    before = contents(Scene(repo_path, Ledger(discover(repo_path))))
    still = Still(repo_path.parent, repo_path.parent.with_name(f"{repo_path.parent.name}.store"))

    def yard() -> Scene:
        return Scene(repo_path, Ledger(discover(repo_path)))

    effects = list(paused(lambda: yard().merge()))
    hit = 0
    for at in points(len(effects)):
        still.put_back()
        if not dies_at(at, lambda: yard().merge()):
            continue  # it needed fewer effects this time
        hit += 1

        def put_right(told: str = f"{at} of {len(effects)}: {effects[at - 1]}") -> None:
            try:
                check_end(yard(), one, before, taken_back=taken_back)
            except AssertionError as error:
                raise AssertionError(f"killed at {told}\n{error}") from error

        # By a process of its own: what this one remembers of objects that were put away isn't so any more.
        assert not dies_at(0, put_right)
    assert hit


def check_end(there: Scene, one: Bead, before: dict[str, bytes], *, taken_back: bool) -> None:
    if taken_back and not there.look().landings and there.phase(one) is Phase.SUBMITTED:
        withdraw(there.repo, there.ledger, one.id, hold=True, actor=ALICE, now=NOW)
        assert there.merge().landed == []
        assert contents(there) == before
        assert status(there) == DIRTY
        check_theirs(there)
    else:
        assert there.merge().exit_code == 0
        check_landed(there)
        assert there.phase(one) is Phase.LANDED


KILL = """\
# A filter that writes no file: it kills the git that asked for it, and gt, when it is called for the n-th time.
[ -e HERE/at ] || exec cat
echo call >> HERE/calls
[ $(grep -c call HERE/calls) = $(cat HERE/at) ] || exec cat
pid=$PPID
until [ $(cat /proc/$pid/comm) = git ]; do pid=$(cut -d' ' -f4 /proc/$pid/stat); done
kill -9 $(cat HERE/pid) $pid
"""


@pytest.mark.parametrize("call", [1, 2, 3])
def test_killed_with_half_the_files_written_it_is_put_right(
    repo_path: Path, tmp_path: Path, call: int
) -> None:
    """The git that writes them dies too: the index stays locked, and what it wrote stays where it is."""
    yard = dirty(repo_path, "* filter=kill\n")
    (tmp_path / "filter").write_text(KILL.replace("HERE", str(tmp_path)))
    yard.git("config", "filter.kill.smudge", f"sh {tmp_path}/filter")
    yard.git("config", "filter.kill.clean", "cat")
    one = yard.submit(CHANGES)

    def dying() -> None:
        (tmp_path / "pid").write_text(f"{os.getpid()}\n")
        (tmp_path / "at").write_text(f"{call}\n")
        yard.merge()

    old = yard.tip()
    assert dies_at(0, dying), "it wasn't killed"
    (tmp_path / "at").unlink()
    assert yard.tip() == old
    assert (yard.path / ".git/index.lock").exists()
    assert status(yard) != DIRTY
    report = yard.merge()
    assert (report.exit_code, report.runs, report.kept) == (0, [], ())
    check_landed(yard)
    assert yard.phase(one) is Phase.LANDED
