"""Ill-behaved agents, run as `agents.py PIDS BEHAVIOUR`: each of their processes enters itself in the directory PIDS."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

PIDS = Path(sys.argv[1])


def here(name: str) -> None:
    """Enters this process, with its start time, at once and whole."""
    stat = Path(f"/proc/{os.getpid()}/stat").read_text()
    draft = PIDS / f".{os.getpid()}"
    draft.write_text(stat.rpartition(")")[2].split()[19])
    draft.rename(PIDS / f"{name}.{os.getpid()}")


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def entered(name: str) -> None:
    """Waits until a process has entered itself under this name."""
    while not list(PIDS.glob(f"{name}.*")):
        time.sleep(0.002)


def linger() -> None:
    time.sleep(600)


def close_all() -> None:
    os.closerange(0, 256)


def deaf() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def wait_as(name: str) -> None:
    here(name)
    linger()


def daemon(name: str, then: Callable[[str], None] = wait_as) -> None:
    """Forks twice with a session in between, so that the new process is nobody's child."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            then(name)
        os._exit(0)
    os.wait()
    entered(name)


def bare(name: str) -> None:
    """Becomes a program with nothing: no environment, no descriptors, deaf to TERM."""
    deaf()
    close_all()
    program = (
        "import sys, time; "
        "exec(open(sys.argv[2]).read().split('def entered')[0]); here(sys.argv[3]); time.sleep(600)"
    )
    os.execve(sys.executable, [sys.executable, "-IS", "-c", program, str(PIDS), __file__, name], {})


def ok() -> None:
    say("said:", sys.stdin.read(), os.environ.get("GT_LEASE"), os.getcwd())


def ignores_term() -> None:
    deaf()
    here("deaf")
    linger()


def polite() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    here("polite")
    linger()


def escapes() -> None:
    daemon("daemon")


def closed(name: str) -> None:
    close_all()
    wait_as(name)


def closes() -> None:
    daemon("closed", closed)


def clears() -> None:
    daemon("bare", bare)


def server() -> None:
    """Leaves a server in its own session, which has the lock and forks children that wait."""
    if os.fork() == 0:
        deaf()
        for _ in range(3):
            if os.fork() == 0:
                here("worker")
                linger()
        while len(list(PIDS.glob("worker.*"))) < 3:
            time.sleep(0.002)
        here("server")
        linger()
    entered("server")


def everything() -> None:
    """All of it at once, and then hangs."""
    deaf()
    escapes()
    clears()
    server()
    linger()


def floods() -> None:
    say("begin")
    line = "x" * 999 + "\n"
    for _ in range(8):
        for _ in range(1000):
            sys.stdout.write(line)
        sys.stdout.flush()
        time.sleep(0.05)
    say("end")


def never_reads() -> None:
    say("done")


def babbles_then_hangs() -> None:
    for number in range(4):
        say(number)
        time.sleep(0.1)
    linger()


def babbles() -> None:
    for number in range(8):
        say(number)
        time.sleep(0.1)


def calls_back() -> None:
    """On TERM sends TERM to its parent, and stays."""
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getppid(), signal.SIGTERM))
    here("caller")
    while True:
        linger()


def last_word() -> None:
    """Exits, leaving a process that answers TERM with an INT to the one who started it all."""
    gt = os.getppid()
    if os.fork() == 0:

        def answer(*_: object) -> None:
            os.kill(gt, signal.SIGINT)
            os._exit(0)

        signal.signal(signal.SIGTERM, answer)
        here("last")
        linger()
    entered("last")


def dies() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fails() -> None:
    sys.exit(3)


def clears_and_goes_on() -> None:
    clears()
    wait_as("agent")


def lives_on_after_a_short_one() -> None:
    daemon("short", here)
    linger()


def hangs() -> None:
    here("agent")
    linger()


def hangs_with_family() -> None:
    """An agent with a child in a session of its own that has nothing but its parent."""
    if os.fork() == 0:
        os.setsid()
        bare("child")
    entered("child")
    hangs()


if __name__ == "__main__":
    globals()[sys.argv[2]]()
