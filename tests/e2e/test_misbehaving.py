"""Agents that misbehave, for real: nothing of them outlives their attempt, nothing unproven lands, nothing is lost.

What is left of one is found by a mark that it can't lose, the Bead's id among the words of its own command, and not by
what gt looks for: its session, its lock, its environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.checks import assert_green, assert_no_locks, assert_nothing_lost, assert_sound, check_town
from tests.e2e.conftest import NewTown
from tests.e2e.town import TOWN, Town

pytestmark = pytest.mark.e2e

LINGERS = "import os, sys, time\n{0}\ntime.sleep(1000)"
ALONE = "os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0)"
DEAF = "import signal; [signal.signal(each, signal.SIG_IGN) for each in (1, 2, 15)]"
BARE = "os.closerange(0, 4096)"
SERVES = "import socket; it = socket.socket(); it.bind(('127.0.0.1', 0)); it.listen()"
BLANK = "os.environ.clear(); '{0}' in sys.argv or os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:], '{0}'], {{}})"


def python(*deeds: str) -> str:
    """A command that does this and then stays for ever; the Bead's id is among its words."""
    return f'python3 -c "{LINGERS.format(chr(10).join(deeds))}" "$GT_BEAD"'


class Case(NamedTuple):
    """What an agent does, and what its attempt comes to."""

    script: str
    result: str
    said: str = ""
    """A part of why it ended."""
    kept: str = "half"
    """A file that is on the target or in the attempt's pin afterwards; none: it made nothing that can be kept."""


HALF = "echo half > half; "
CASES = {
    "ignores the request to end": Case(HALF + f"trap '' TERM; {python(DEAF)}", "deadline", "deadline"),
    "leaves for a session of its own": Case(HALF + python(ALONE), "submitted"),
    "closes every descriptor": Case(HALF + python(ALONE, BARE), "submitted"),
    "leaves a server that has the lock's descriptor": Case(HALF + python(SERVES) + " &", "submitted"),
    "clears its environment": Case(HALF + f"env -i {python(ALONE)}", "submitted"),
    "all of these": Case(HALF + f"env -i {python(DEAF, ALONE, BARE)}", "submitted"),
    "floods its output": Case(HALF + "head -c 30000000 /dev/zero | tr '\\0' x; echo the end", "submitted"),
    "ends with 0, having done nothing": Case("exit 0", "no-change", kept=""),
    "commits on a detached HEAD": Case(
        "git checkout -q --detach; " + HALF + "git add half; git commit -qm half", "submitted"
    ),
    "removes its worktree": Case(HALF + 'cd /; rm -rf "$GT_WORKTREE"', "no-change", kept=""),
}


def alive(mark: str) -> list[str]:
    """The command lines of processes that have this among their words."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdecimal() else []
        except OSError:
            continue
        if mark.encode() in words and int(entry.name) != os.getpid():
            found.append(b" ".join(words).decode(errors="replace"))
    return found


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_it_ends_and_the_town_rests(town: Town, case: Case) -> None:
    bead = town.create("misbehaves", case.script, "--deadline", "2s", "--attempts", "1")
    town.run(ok=(0, 20))
    assert alive(bead) == []
    (attempt,) = town.bead(bead)["status"]["attempts"]
    assert attempt["result"] == case.result
    assert case.said in (attempt["reason"] or "")
    assert (town.phase(bead) == "landed") == (case.result == "submitted")
    assert town.why(bead)
    if case.kept:
        assert town.text(case.kept, attempt["head"]) == "half"
    assert town.gt("reconcile", ok=(0, 20)).code == (0 if case.result == "submitted" else 20)
    check_town(town)


def test_a_flood_leaves_a_log_with_head_and_tail(town: Town) -> None:
    script = CASES["floods its output"].script.replace("30000000", "100000000")
    bead = town.create("floods", f"echo the beginning; {script}")
    town.run(ok=(0,))
    (attempt,) = town.bead(bead)["status"]["attempts"]
    log = (town.common / attempt["log"]).read_bytes()
    assert len(log) < 64 * 2**20
    assert log.startswith(b"the beginning\n")
    assert log.endswith(b"the end\n")
    assert b"bytes of output are left out here" in log


def test_a_task_that_nobody_reads_blocks_nobody(new_town: NewTown) -> None:
    town = new_town(text=TOWN.replace("[sh, AGENT]", '[sh, -c, "echo half > half"]'))
    body = town.scripts / "long"
    body.write_text("a line of what is wanted\n" * 8_000)
    bead = town.gt("create", "Read this", "--body-file", str(body)).out.strip()
    town.run(ok=(0,))
    assert (town.phase(bead), town.text("half")) == ("landed", "half")
    check_town(town)


def test_a_repository_inside_keeps_the_worktree(town: Town) -> None:
    script = HALF + "git init -q inner; cd inner; echo deep > deep; git add deep; git commit -qm deep"
    bead = town.create("nests", script, "--attempts", "1")
    town.run(ok=(0, 20))
    (place,) = (each for each in town.worktrees() if each.name.startswith(bead))
    assert (place / "inner" / "deep").read_text() == "deep\n"
    assert any("inner" in note["text"] for note in town.bead(bead)["notes"])
    assert town.text("half", town.bead(bead)["status"]["attempts"][0]["head"]) == "half"
    assert_green(town, "sh gate.sh")
    assert_sound(town)
    assert_nothing_lost(town)


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[Path]:
    """A place of a megabyte."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root may mount a small file system")
    place = tmp_path / "narrow"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_a_full_disk_costs_no_work_that_fits(new_town: NewTown, narrow: Path) -> None:
    town = new_town(text=f"{TOWN}worktrees: {{root: {narrow}}}\n")
    bead = town.create("fills its disk", HALF + "head -c 5000000 /dev/urandom > big", "--attempts", "1")
    town.run(ok=(0, 20))
    (attempt,) = town.bead(bead)["status"]["attempts"]
    assert town.text("half", attempt["head"]) == "half"
    assert_sound(town)
    assert_nothing_lost(town)
    assert_no_locks(town)


def test_a_target_moved_by_an_agent_is_seen_and_nothing_more_lands(town: Town) -> None:
    """No guard-rail stops it: that takes `wrap`, see tests/drive/test_bwrap.py."""
    script = HALF + "git add half; git commit -qm half; git update-ref refs/heads/main HEAD"
    moves = town.create("moves the target", script, "--attempts", "1")
    town.gt("work", moves, ok=None)
    moved = town.git("rev-parse", "main")
    other = town.create("waits", "echo other > other")
    town.run(ok=(20,))
    assert town.phase(other) == "submitted"
    assert town.git("rev-parse", "main") == moved
    (page,) = [each for each in town.data("pages")["items"] if each["subject"] == "target:main"]
    assert page["reason"] == "moved"
    town.gt("ack", page["id"])
    town.run(ok=(0, 20))
    assert town.phase(other) == "landed"


def test_a_ledger_moved_by_an_agent_is_seen(town: Town) -> None:
    forge = (
        "export GIT_INDEX_FILE=$PWD/.forged; git read-tree refs/heads/beads; "
        'path=$(git ls-files | grep "$GT_BEAD"); '
        'blob=$(git show ":$path" | sed "s/phase: leased/phase: landed/" | git hash-object -w --stdin); '
        'git update-index --cacheinfo "100644,$blob,$path"; '
        "git update-ref refs/heads/beads $(git commit-tree $(git write-tree) -p refs/heads/beads -m forged); "
        "rm .forged; echo bad > bad"
    )
    forges = town.create("forges", forge, "--attempts", "1")
    town.gt("work", forges, ok=None)
    other = town.create("goes on", "echo other > other")
    town.run(ok=(0, 20))
    assert "bad" not in town.files(), "nothing lands by what a ledger says"
    assert town.phase(other) == "landed"
    assert town.gt("doctor", ok=(20,)).out
    assert_green(town, "sh gate.sh")


BOLD = """\
set -e
town=$(git rev-parse --path-format=absolute --git-common-dir)/..
gt list; gt -C "$town" show "$1"
for word in "create more" "approve $1" "waive test -r x" "pause --reason x" "note $1 x" "propose more" "merge" "run --yes"; do
    ! gt $word 2>>"$town/.git/said"
    ! env -u GT_LEASE gt -C "$town" $word 2>>"$town/.git/said"
done
"""


def test_what_a_gate_runs_may_read_and_changes_nothing(new_town: NewTown) -> None:
    """It is the candidate's own code, in a worktree of the town and under its user's name."""
    town = new_town()
    bead = town.create("bold", "")
    town.play(bead, f"cat > gate.sh <<'END'\n{BOLD.replace('$1', bead)}END\n")
    town.run(ok=(0,))
    said = (town.common / "said").read_text()
    assert said.count("is not for what a gate runs") == 16
    assert town.phase(bead) == "landed"
    assert list(town.beads()) == [bead]
    (only,) = town.beads().values()
    assert only["notes"] == []
