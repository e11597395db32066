"""What is left of an attempt whose gt was killed: found by its pid, its marker or its lock, and by nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gt import lock
from gt.fleet import processes
from gt.fleet.launch import reap
from gt.fleet.reaping import Kin
from tests.fleet.stages import Stage

NOTHING = Path("/nonexistent/lock")

GT = """
import sys
from pathlib import Path
from gt import lock
from gt.fleet.launch import Job, run
held = lock.try_hold(Path(sys.argv[1]))
run(Job(argv=tuple(sys.argv[4:]), cwd=Path("/"), env={}, log=Path(sys.argv[2]), deadline=60,
        keep_fds=(held.fd,), marker=sys.argv[3]))
"""


class Orphaned:
    """An agent with a child in a session of its own, its gt killed."""

    def __init__(self, stage: Stage, lock_file: Path, marker: str) -> None:
        self.stage = stage
        self.lock = lock_file
        self.marker = marker
        head = [sys.executable, "-c", GT, str(lock_file), str(stage.log), marker]
        self.gt = subprocess.Popen([*head, *stage.argv("hangs_with_family")])
        self.pid, self.started = stage.await_entry("agent")
        self.gt.kill()
        self.gt.wait()


@pytest.fixture
def orphaned(stage: Stage, tmp_path: Path) -> Iterator[Orphaned]:
    made = Orphaned(stage, tmp_path / "lock", stage.marker)
    yield made
    # Whatever the test was about, nothing may be left; the fixture `stage` looks.
    reap(made.marker, made.lock, made.pid, made.started, grace=0.1)


def test_killed_gt_leaves_an_agent_that_holds_the_lock(orphaned: Orphaned) -> None:
    assert lock.is_free(orphaned.lock) is False
    assert len(orphaned.stage.alive()) == 2


def test_by_lock(orphaned: Orphaned) -> None:
    assert reap("", orphaned.lock, None, None, grace=0.1) == 2
    assert orphaned.stage.alive() == set()
    assert lock.is_free(orphaned.lock) is True


def test_by_marker(orphaned: Orphaned) -> None:
    assert reap(orphaned.marker, NOTHING, None, None, grace=0.1) == 2
    assert orphaned.stage.alive() == set()


def test_by_pid_and_start(orphaned: Orphaned) -> None:
    assert reap("", NOTHING, orphaned.pid, orphaned.started, grace=0.1) == 2
    assert orphaned.stage.alive() == set()


def test_a_pid_given_to_another_is_left_alone(orphaned: Orphaned) -> None:
    assert reap("", NOTHING, orphaned.pid, orphaned.started - 1) == 0
    assert reap("", NOTHING, orphaned.pid, None) == 0
    assert reap("", NOTHING, orphaned.pid, 0) == 0
    assert reap(f"{orphaned.marker}x", NOTHING, None, None) == 0
    assert len(orphaned.stage.alive()) == 2


def test_the_second_time_nothing_is_left(orphaned: Orphaned) -> None:
    reap(orphaned.marker, orphaned.lock, orphaned.pid, orphaned.started, grace=0.1)
    assert reap(orphaned.marker, orphaned.lock, orphaned.pid, orphaned.started) == 0


def test_a_hung_gt_is_ended_with_its_agent(stage: Stage, tmp_path: Path) -> None:
    """The recorded pid is gt's own: stopped, past its deadline, its descendants in sessions of their own."""
    argv = [
        sys.executable,
        "-c",
        GT,
        str(tmp_path / "lock"),
        str(stage.log),
        "",
        *stage.argv("hangs_with_family"),
    ]
    gt = subprocess.Popen(argv)
    stage.await_entry("agent")
    started = processes.start_time(gt.pid)
    gt.send_signal(signal.SIGSTOP)
    assert reap("", NOTHING, gt.pid, started, grace=0.1) == 3
    gt.wait()


def test_spares_itself_and_its_ancestors(stage: Stage, tmp_path: Path) -> None:
    """Run from within the very attempt: the sibling goes, the one who asks and its parent stay."""
    code = (
        "import sys; from pathlib import Path; from gt.fleet.launch import reap; from gt import lock; "
        "from gt.fleet.processes import start_time; import os; me = os.getpid(); "
        "print(reap(os.environ['GT_LEASE'], Path(sys.argv[1]), os.getppid(), start_time(os.getppid()), grace=0.1))"
    )
    # The shell is an ancestor of the one that asks, and the parent of the agent and of a bystander.
    script = """
        "$@" & env -u GT_LEASE sleep 60 & bystander=$!
        until ls "$PIDS" | grep -q agent; do sleep 0.01; done
        "$PY" -c "$CODE" "$LOCK"
        kill $bystander && echo spared; wait
    """
    env = {"PATH": os.environ["PATH"], "GT_LEASE": stage.marker, "PIDS": str(stage.pids)}
    env |= {"PY": sys.executable, "CODE": code, "LOCK": str(tmp_path / "lock")}
    done = subprocess.run(
        ["sh", "-c", script, "sh", *stage.argv("hangs")],
        env=env,
        capture_output=True,
        timeout=20,
        check=True,
    )
    assert done.stdout == b"1\nspared\n", done.stderr


def test_whoever_only_looks_at_the_lock_is_spared(orphaned: Orphaned) -> None:
    with orphaned.lock.open() as looked_at:
        prober = subprocess.Popen(["sleep", "60"], stdin=looked_at)
    try:
        assert reap("", orphaned.lock, None, None, grace=0.1) == 2
        assert prober.poll() is None
    finally:
        prober.kill()
        prober.wait()


def test_a_start_time_is_a_life(stage: Stage) -> None:
    child = subprocess.Popen(["sleep", "60"])
    started = processes.start_time(child.pid)
    assert started is not None
    assert processes.start_time(child.pid) == started
    child.kill()
    # Not waited for yet: a zombie is no life.
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert processes.start_time(child.pid) is None
    assert not processes.send(processes.Process(child.pid, started + 1), signal.SIGKILL)
    child.wait()
    assert processes.start_time(child.pid) is None
    assert not processes.send(processes.Process(child.pid, started), signal.SIGKILL)


def test_boot_id_is_one() -> None:
    assert processes.boot_id() == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_a_name_with_brackets_and_spaces(tmp_path: Path) -> None:
    odd = tmp_path / "a) R 1 (b"
    odd.symlink_to("/bin/sleep")
    child = subprocess.Popen([str(odd), "60"])
    row = processes.look(child.pid)
    child.kill()
    child.wait()
    assert row is not None
    assert (row.parent, row.session) == (os.getpid(), os.getsid(0))


def test_who_was_seen_dead_may_have_left_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look takes its time: a child that is born in it is missed, and its parent is dead before its turn comes."""
    dead, born = processes.Process(10, 1), processes.Process(11, 2)
    looks = iter([[(dead, True)], [(born, False)], [], [(born, True)], [(born, True)], [], []])

    def table() -> dict[int, processes.Row]:
        return {it.pid: processes.Row(it, 1, it.pid, zombie) for it, zombie in next(looks)}

    monkeypatch.setattr(processes, "table", table)
    kin = Kin(lambda rows: rows.keys())
    told = []
    for _ in range(7):
        kin.look()
        told.append(kin.over)
    assert told == [False, False, False, False, True, False, True]
