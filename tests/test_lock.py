from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import filelock
import pytest

import gt
from gt import lock
from gt.errors import Busy

ROOT = Path(gt.__file__).parents[1]

PARENT = """
import subprocess, sys, time
from pathlib import Path
from gt import lock
held = lock.try_hold(Path(sys.argv[1]))
child = subprocess.Popen(["sleep", "60"], pass_fds=[held.fd])
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "town.lock"


def until(path: Path, *, free: bool) -> None:
    deadline = time.monotonic() + 10
    while lock.is_free(path) is not free:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_held_lock_is_refused_to_others_and_free_afterwards(path: Path) -> None:
    with lock.hold(path) as held:
        assert held.path == path
        assert lock.is_free(path) is False
        assert lock.try_hold(path) is None
        with pytest.raises(Busy, match=r"town\.lock"), lock.hold(path, timeout=0.05):
            pass
    assert lock.is_free(path) is True


def test_waits_for_the_holder(path: Path) -> None:
    first = lock.try_hold(path)
    assert first is not None
    timer = threading.Timer(0.05, lock.release, [first])
    timer.start()
    with lock.hold(path, timeout=10):
        timer.join()
    assert path.exists()


def test_is_free_without_a_file_and_unknown_where_it_cant_look(tmp_path: Path, path: Path) -> None:
    assert lock.is_free(path) is True
    assert not path.exists()
    assert lock.is_free(tmp_path) is None


def test_two_that_look_at_once_see_nobody(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each took the other for a holder: a dead attempt seemed to live."""
    import fcntl

    real = fcntl.flock
    seen: list[bool | None] = []

    def looked_at_meanwhile(fd: int, how: int) -> None:
        real(fd, how)
        if not seen:
            seen.append(None)
            seen[0] = lock.is_free(path)

    path.parent.mkdir(parents=True)
    path.touch()
    monkeypatch.setattr(fcntl, "flock", looked_at_meanwhile)
    assert (lock.is_free(path), seen) == (True, [True])
    with lock.hold(path):
        assert lock.is_free(path) is False


def test_contends_with_filelock(path: Path) -> None:
    theirs = filelock.FileLock(path, fallback_to_soft=False)
    with lock.hold(path), pytest.raises(filelock.Timeout):
        theirs.acquire(timeout=0)
    with theirs:
        assert lock.try_hold(path) is None


def test_a_child_keeps_the_lock_of_a_killed_parent(path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(path)], stdout=subprocess.PIPE, text=True, env=env
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert sorted(lock.holders(path)) == sorted((parent.pid, child))
        parent.send_signal(signal.SIGKILL)
    assert lock.is_free(path) is False
    assert lock.holders(path) == (child,)
    os.kill(child, signal.SIGKILL)
    until(path, free=True)
    assert lock.holders(path) == ()


def test_a_descriptor_that_isnt_passed_on_isnt_inherited(path: Path) -> None:
    with lock.hold(path):
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    with child:
        assert lock.is_free(path) is True
        child.kill()


def test_who_only_has_the_file_open_is_no_holder(path: Path) -> None:
    with lock.hold(path):
        pass
    with path.open() as file, subprocess.Popen(["sleep", "60"], pass_fds=[file.fileno()]) as idler:
        assert lock.holders(path) == ()
        idler.kill()


def test_a_lock_file_that_was_replaced_is_locked_anew(path: Path) -> None:
    with lock.hold(path):
        path.unlink()
        with lock.hold(path, timeout=1) as held:
            assert os.path.samestat(os.fstat(held.fd), path.stat())


def test_many_processes_take_turns(path: Path, tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    children = []
    for _ in range(6):
        pid = os.fork()
        if pid == 0:
            try:
                for _ in range(20):
                    with lock.hold(path):
                        counter.write_text(str(int(counter.read_text()) + 1))
                os._exit(0)
            finally:
                os._exit(1)
        children.append(pid)
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children] == [0] * 6
    assert counter.read_text() == "120"
