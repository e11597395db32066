"""Agents of every bad habit: each run ends, says how, and leaves nobody behind."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gt import lock
from gt.fleet import adoption, launch, processes
from gt.fleet.launch import Ended, Job, run
from gt.fleet.reaping import Gone, Kin, end
from tests.fleet.stages import Stage


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """A run puts back the signal handlers and the subreaper flag."""
    watched = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = [signal.getsignal(number) for number in watched]
    yield
    assert [signal.getsignal(number) for number in watched] == handlers
    assert not adoption._subreaper()
    assert adoption._house.mains == set()


def test_runs_in_its_place_with_prompt_and_marker(stage: Stage, tmp_path: Path) -> None:
    prompt = tmp_path / "prompt"
    prompt.write_text("do it")
    ended = run(stage.job("ok", stdin=prompt, marker=stage.marker))
    assert (ended.why, ended.code, ended.signal, ended.leftovers_killed) == ("exit", 0, None, 0)
    assert stage.log.read_text() == f"said: do it {stage.marker} {stage.root}\n"
    assert 0 < ended.cpu_seconds < 20
    assert 0 < ended.seconds < 20
    assert 1_000 < ended.max_rss_kib < 1_000_000


def test_leads_a_session_of_its_own_and_gets_only_its_descriptors(stage: Stage) -> None:
    script = 'test "$(ps -o sid= -p $$ | tr -d " ")" = $$ && set -- /proc/$$/fd/* && echo $#'
    spare = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(spare, True)
    ended = run(stage.job("", argv=("sh", "-c", script)))
    os.close(spare)
    assert ended.code == 0
    # Stdin, stdout, stderr, and the directory that is being read; dash needs none for a script given by -c.
    assert int(stage.log.read_text()) == 4


def test_log_is_appended_and_private(stage: Stage) -> None:
    run(stage.job("", argv=("echo", "one")))
    run(stage.job("", argv=("sh", "-c", "echo two >&2")))
    assert stage.log.read_text() == "one\ntwo\n"
    assert stage.log.stat().st_mode & 0o777 == 0o600


def test_without_a_prompt_there_is_nothing_to_read(stage: Stage) -> None:
    assert run(stage.job("", argv=("cat",))).code == 0


def test_tells_code_from_signal(stage: Stage) -> None:
    failed, died = run(stage.job("fails")), run(stage.job("dies"))
    assert (failed.why, failed.code, failed.signal) == ("exit", 3, None)
    assert (died.why, died.code, died.signal) == ("exit", None, signal.SIGKILL)


def test_deadline_ends_one_that_ignores_term(stage: Stage) -> None:
    ended = run(stage.job("ignores_term", deadline=0.5))
    assert (ended.why, ended.signal, ended.message) == ("deadline", signal.SIGKILL, "")
    assert 0.7 <= ended.seconds < 5
    assert stage.entries("deaf")


def test_a_polite_one_gets_its_grace(stage: Stage) -> None:
    ended = run(stage.job("polite", deadline=0.5, grace=10))
    assert (ended.why, ended.code) == ("deadline", 0)
    assert ended.seconds < 5


@pytest.mark.parametrize(
    ("behaviour", "name"), [("escapes", "daemon"), ("closes", "closed"), ("clears", "bare")]
)
def test_escapees_are_found(stage: Stage, behaviour: str, name: str) -> None:
    ended = run(stage.job(behaviour, marker=stage.marker))
    assert (ended.why, ended.code, ended.leftovers_killed) == ("exit", 0, 1)
    assert len(stage.entries(name)) == 1


def test_a_server_left_behind_gives_the_lock_back(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "locks" / "a.lock"
    held = lock.try_hold(path)
    assert held is not None
    ended = run(stage.job("server", keep_fds=(held.fd,)))
    lock.release(held)
    assert (ended.code, ended.leftovers_killed) == (0, 4)
    assert lock.is_free(path) is True


def test_all_bad_habits_at_once(stage: Stage, tmp_path: Path) -> None:
    held = lock.try_hold(tmp_path / "lock")
    assert held is not None
    ended = run(
        stage.job(
            "everything",
            keep_fds=(held.fd,),
            marker=stage.marker,
            cancelled=lambda: len(stage.entries()) == 6,
        )
    )
    lock.release(held)
    assert (ended.why, ended.signal, ended.leftovers_killed) == ("interrupted", signal.SIGKILL, 6)
    assert len(stage.entries()) == 6


def test_who_ends_at_once_is_left_to(stage: Stage) -> None:
    """The last stage of a pipeline that the agent doesn't wait for."""
    ended = run(stage.job("", argv=("sh", "-c", "(trap '' HUP; sleep 0.02; echo late) & exit 0")))
    assert (ended.code, ended.leftovers_killed) == (0, 0)
    assert stage.log.read_text() == "late\n"


def test_flood_keeps_head_and_tail(stage: Stage) -> None:
    ended = run(stage.job("floods", log_limit=100_000))
    text = stage.log.read_text()
    assert ended.code == 0
    assert len(text) <= 100_000
    assert text.startswith("begin\nxxx")
    assert text.endswith("xxx\nend\n")
    assert "bytes of output are left out here]" in text


def test_prompt_that_nobody_reads(stage: Stage, tmp_path: Path) -> None:
    prompt = tmp_path / "prompt"
    prompt.write_bytes(b"p" * (4 << 20))
    ended = run(stage.job("never_reads", stdin=prompt))
    assert (ended.why, ended.code, stage.log.read_text()) == ("exit", 0, "done\n")


def _size(stage: Stage) -> Callable[[], object]:
    return lambda: stage.log.stat().st_size


def test_stall_is_no_progress_for_so_long(stage: Stage) -> None:
    ended = run(stage.job("babbles_then_hangs", stall=0.5, progress=_size(stage)))
    assert (ended.why, ended.signal) == ("stall", signal.SIGTERM)
    assert stage.log.read_text() == "0\n1\n2\n3\n"


def test_progress_puts_a_stall_off(stage: Stage) -> None:
    ended = run(stage.job("babbles", stall=0.6, progress=_size(stage)))
    assert (ended.why, ended.code) == ("exit", 0)
    assert ended.seconds > 0.7


def test_a_progress_that_breaks_leaves_no_agent(stage: Stage) -> None:
    def progress() -> object:
        stage.await_entry("agent")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(stage.job("hangs", stall=5, progress=progress))
    assert stage.entries("agent")


def test_not_started(stage: Stage, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("no program")
    cases: list[tuple[Job, str]] = [
        (stage.job("", argv=("no-such-program-here",)), "No such file or directory"),
        (stage.job("", argv=(str(plain),)), "Permission denied"),
        (stage.job("", argv=("echo", "x" * (1 << 18))), "Argument list too long"),
        (stage.job("", argv=("echo", "a\0b")), "null byte"),
        (stage.job("", argv=()), "can't start"),
        (stage.job("ok", cwd=tmp_path / "nowhere"), str(tmp_path / "nowhere")),
        (stage.job("ok", stdin=tmp_path / "no-prompt"), str(tmp_path / "no-prompt")),
        (stage.job("ok", log=plain / "log"), str(plain)),
    ]
    for job, words in cases:
        ended = run(job)
        assert (ended.why, ended.code, ended.signal) == ("not-started", None, None)
        assert words in ended.message


def test_signal_interrupts(stage: Stage) -> None:
    def send(_pid: int) -> None:
        stage.await_entry("deaf")
        os.kill(os.getpid(), signal.SIGTERM)

    ended = run(stage.job("ignores_term", on_start=send))
    assert (ended.why, ended.signal, ended.message) == (
        "interrupted",
        signal.SIGKILL,
        "interrupted by SIGTERM",
    )
    assert ended.seconds < 5


def test_a_second_signal_cuts_the_grace_short(stage: Stage) -> None:
    def send(_pid: int) -> None:
        stage.await_entry("caller")
        os.kill(os.getpid(), signal.SIGINT)

    ended = run(stage.job("calls_back", grace=60, on_start=send))
    assert (ended.why, ended.message) == ("interrupted", "interrupted by SIGINT")
    assert ended.seconds < 10


def test_a_signal_too_late_to_interrupt_is_not_lost(stage: Stage) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(stage.job("last_word"))
    assert stage.entries("last")


def test_an_ignored_signal_stays_ignored(stage: Stage) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        ended = run(stage.job("", argv=("sh", "-c", "kill -HUP $PPID")))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert (ended.why, ended.code) == ("exit", 0)


def test_a_parent_that_ignores_its_children_hides_no_exit_code(stage: Stage) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        ended = run(stage.job("fails"))
        assert signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert (ended.why, ended.code) == ("exit", 3)


def test_cancelled(stage: Stage) -> None:
    ended = run(stage.job("hangs", cancelled=lambda: bool(stage.entries("agent"))))
    assert (ended.why, ended.message) == ("interrupted", "cancelled")


def test_jobs_in_threads_leave_each_other_alone(stage: Stage, tmp_path: Path) -> None:
    """One runs on with a daemon whose origin shows in nothing, while the other ends and looks for leftovers."""
    other = Stage(tmp_path / "other")
    over = threading.Event()
    ends: list[Ended] = []
    long = other.job("clears_and_goes_on", marker=other.marker, cancelled=over.is_set)
    thread = threading.Thread(target=lambda: ends.append(run(long)))
    thread.start()
    other.await_entry("agent")
    try:
        short = run(stage.job("escapes", marker=stage.marker))
        alive = other.alive()
    finally:
        over.set()
        thread.join()
    assert (short.code, short.leftovers_killed) == (0, 1)
    assert alive == {pid for pid, _ in other.entries("agent") + other.entries("bare")}
    assert (ends[0].why, ends[0].leftovers_killed) == ("interrupted", 1)
    assert other.alive() == set()


def test_of_jobs_that_end_at_the_same_time_nothing_is_left(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each sees the other, and a daemon whose origin shows in nothing."""
    other, both, real = Stage(tmp_path / "other"), threading.Barrier(2), end

    def together(kin: Kin, *args: float, **more: Any) -> Gone:
        with suppress(threading.BrokenBarrierError):
            both.wait(10)
        gone = real(kin, *args, **more)
        with suppress(threading.BrokenBarrierError):
            both.wait(10)
        both.abort()
        return gone

    monkeypatch.setattr(launch, "end", together)
    jobs = [each.job("clears", marker=each.marker) for each in (stage, other)]
    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stage.entries("bare")
    assert other.entries("bare")
    assert (stage.alive(), other.alive()) == (set(), set())


def test_what_was_ours_before_and_beside_lives_on(stage: Stage, tmp_path: Path) -> None:
    """A child with a session of its own from before the run, and one that this process starts during it."""
    before = subprocess.Popen(["sleep", "60"], start_new_session=True)
    beside: list[subprocess.Popen[bytes]] = []
    ended = run(stage.job("escapes", on_start=lambda _: beside.append(subprocess.Popen(["sleep", "60"]))))
    alive = [child.poll() is None for child in (before, *beside)]
    for child in (before, *beside):
        child.kill()
        child.wait()
    assert (ended.leftovers_killed, alive) == (1, [True, True])


def test_who_probes_the_lock_is_nobody_of_the_job(stage: Stage, tmp_path: Path) -> None:
    held = lock.try_hold(tmp_path / "lock")
    assert held is not None
    with held.path.open() as looked_at:
        prober = subprocess.Popen(["sleep", "60"], stdin=looked_at, start_new_session=True)
    try:
        ended = run(stage.job("server", keep_fds=(held.fd,)))
        assert (ended.leftovers_killed, prober.poll()) == (4, None)
    finally:
        prober.kill()
        prober.wait()
        lock.release(held)


def test_orphans_that_die_meanwhile_are_buried(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "BURY_EVERY", 0.05)
    buried: list[bool] = []

    def progress() -> object:
        """Until the only orphan has been seen dying, and is no zombie of ours any more."""
        orphan = stage.entries("short")
        rows = processes.table()
        buried.append(bool(orphan) and orphan[0][0] not in rows)
        return len(buried)

    job = stage.job("lives_on_after_a_short_one", stall=10, progress=progress)
    ended = run(replace(job, cancelled=lambda: any(buried)))
    assert (ended.why, ended.leftovers_killed) == ("interrupted", 0)


def test_without_proc_and_pidfd_the_group_is_ended(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left on a system like macOS."""
    monkeypatch.delattr(os, "pidfd_open")
    monkeypatch.delattr(os, "waitid")
    monkeypatch.setattr(processes, "SEES", False)
    left = run(stage.job("server"))
    stopped = run(stage.job("ignores_term", deadline=0.3))
    monkeypatch.undo()
    assert (left.why, left.code) == ("exit", 0)
    assert (stopped.why, stopped.signal) == ("deadline", signal.SIGKILL)
    # Killed, though nobody could see them, nor wait until they were dead.
    until = time.monotonic() + 10
    while stage.alive():
        assert time.monotonic() < until
        time.sleep(0.005)
    for pid, _ in stage.entries("worker") + stage.entries("server"):
        with suppress(ChildProcessError):  # adopted by this process, this being Linux, if it died in time
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def test_the_agent_outlives_gt_and_holds_the_lock(stage: Stage, tmp_path: Path) -> None:
    """See test_reaping for what ends it then."""
    path = tmp_path / "lock"
    holder = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(holder, fcntl.LOCK_EX)
    code = (
        "import sys; from pathlib import Path; from gt.fleet.launch import Job, run; "
        "run(Job(argv=tuple(sys.argv[3:]), cwd=Path('/'), env={}, log=Path(sys.argv[2]), deadline=60, "
        "keep_fds=(int(sys.argv[1]),)))"
    )
    argv = [sys.executable, "-c", code, str(holder), str(stage.log), *stage.argv("hangs")]
    gt = subprocess.Popen(argv, pass_fds=[holder])
    os.close(holder)
    pid, _ = stage.await_entry("agent")
    gt.kill()
    gt.wait()
    assert processes.start_time(pid) is not None
    assert lock.is_free(path) is False
    assert lock.holders(path) == (pid,)
    os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 5
    while lock.is_free(path) is not True:
        assert time.monotonic() < until
        time.sleep(0.005)
