"""A town under each kind of supervisor, for real: it is drained, survives `kill -9`, goes down to the Crew, and is woken.

`GT_SUPERVISED_BEADS` says how many Beads are worked off.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.checks import check_town
from tests.e2e.conftest import NewTown
from tests.e2e.town import Town, wait_until

pytestmark = pytest.mark.e2e

BEADS = int(os.environ.get("GT_SUPERVISED_BEADS", "20"))

SETTINGS = """\
apiVersion: gt/v1
agent: sh
agents:
  sh: {command: [sh, AGENT], prompt: stdin, deadline: 1m, grace: 1s}
gates:
  - {name: test, run: sh gate.sh, timeout: 1m}
crew:
  mayor: {command: "exec sleep 600", boot: true}
limits: {attempts: 3, deadline: 1m, concurrent: 4, backoff: 1s}
"""


def running(town: Town, command: str) -> list[int]:
    """The processes of gt that carry out this command in this town."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        with suppress(OSError):
            words = [os.fsdecode(word) for word in (entry / "cmdline").read_bytes().split(b"\0")]
            calls = [word for before, word in pairwise(words) if Path(before).name == "gt"]
            if command in calls and os.readlink(entry / "cwd") == str(town.path):
                found.append(int(entry.name))
    return found


@contextmanager
def scanned(town: Town, kind: str, *argv: str) -> Iterator[None]:
    """Runs what scans a folder of services, and the services of this town in it; stops all of it at the end."""
    if not all(map(shutil.which, argv[:1])):
        pytest.skip(f"{argv[0]} is not installed")
    folder = town.scripts / "service"
    folder.mkdir()
    town.gt("supervise", kind, "--out", str(folder))
    with subprocess.Popen([*argv, str(folder)], env=town.environment(), start_new_session=True) as scan:
        try:
            wait_until(lambda: list(folder.glob("*-reconcile/supervise/control")), "the supervisor")
            town.gt("supervise", kind, "--out", str(folder), "--install")
            yield
        finally:
            # A ring has a service come up, even one whose supervisor is on its way out.
            town.git("config", "--unset-all", "gt.doorbell")
            wait_until(lambda: not busy(town) and not ringing(folder), "rest")
            if kind == "runit":
                wait_until(lambda: all_lie(folder) and not busy(town), "all to lie down")
            if kind == "s6":
                subprocess.run(["s6-svscanctl", "-t", str(folder)], check=True)
            else:
                scan.send_signal(signal.SIGHUP)
            scan.wait(30)


def ringing(folder: Path) -> bool:
    """Whether anybody is yet to tell a service in this folder something."""
    told = os.fsencode(folder) + b"/"
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                if told in (entry / "cmdline").read_bytes():
                    return True
    return False


def all_lie(folder: Path) -> bool:
    """Whether each runsv but the Crew's has obeyed all that it was told: one that is yet to would do so after it is
    told to exit, and stay.
    """
    idle = [each for each in folder.glob("*/supervise") if "-crew-" not in str(each)]
    assert len(idle) == 4
    return all(
        unheard(each / "control") == 0 and (each / "status").read_bytes()[17::2] == b"d\0" for each in idle
    )


def unheard(pipe: Path) -> int:
    """How many bytes wait in a named pipe."""
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return int.from_bytes(fcntl.ioctl(reader, termios.FIONREAD, bytes(4)), sys.byteorder)
    finally:
        os.close(reader)


@contextmanager
def crontab(town: Town) -> Iterator[None]:
    """A loop that runs what the crontab has, as cron would, but all the time."""
    text = town.gt("supervise", "cron").out
    lines = [line.split(" ", 5)[5].replace("\\%", "%") for line in text.splitlines() if line[0] in "*0"]
    assert len(lines) == 2
    loops = [
        subprocess.Popen(
            ["sh", "-c", 'while :; do eval "$1"; sleep 0.2; done', "cron", line],
            env=town.environment(),
            start_new_session=True,
        )
        for line in lines
    ]
    try:
        yield
    finally:
        for loop in loops:
            os.killpg(loop.pid, signal.SIGTERM)
            loop.wait(30)


INIT = """\
set -e
# Nothing of this machine's own is started: no unit, no generator, no tmpfiles rule of it is to be seen.
for place in /run /etc/systemd /etc/tmpfiles.d /usr/lib/tmpfiles.d /usr/lib/systemd/system /usr/lib/systemd/system-generators; do
    [ ! -d $place ] || mount -t tmpfs tmpfs $place
done
mkdir -p /run/systemd/system /etc/systemd/system
mount -t cgroup2 none /sys/fs/cgroup
cd /etc/systemd/system
for target in basic sysinit shutdown umount timers paths sockets multi-user only; do
    printf '[Unit]\\nDefaultDependencies=no\\nAllowIsolate=yes\\n' >$target.target
done
exec env container=other "$0" --system --unit=only.target --log-target=null --show-status=no
"""


@contextmanager
def systemd(town: Town) -> Iterator[None]:
    """A systemd as the first process of namespaces of its own, with the town's units."""
    init = shutil.which("systemd", path="/usr/lib/systemd:/lib/systemd")
    if init is None or os.geteuid() != 0 or not (shutil.which("unshare") and shutil.which("nsenter")):
        pytest.skip("needs root and systemd")
    units = town.scripts / "units"
    town.gt("supervise", "systemd", "--system", "--out", str(units))
    told = town.data("supervise", "systemd", "--system")
    with subprocess.Popen(
        [
            "unshare",
            "-C",
            "-p",
            "-m",
            "-u",
            "-i",
            "-f",
            "--kill-child",
            "--mount-proc",
            "sh",
            "-c",
            INIT,
            init,
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as outer:
        try:
            first = _first_inside(outer)

            def inside(*argv: str) -> int:
                return subprocess.run(
                    ["nsenter", "-t", str(first), "-a", *argv], capture_output=True, check=False
                ).returncode

            if not _comes_up(lambda: inside("systemctl", "list-units") == 0, outer):
                pytest.skip("systemd doesn't come up in namespaces here")
            assert inside("sh", "-c", f"cp '{units}'/* /etc/systemd/system/") == 0
            (town.common / "gt" / "doorbell").touch()
            for argv in told["start"]:
                assert inside(*argv) == 0, argv
            yield
        finally:
            outer.kill()
            for pid in _below(outer.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            outer.wait(30)


def _below(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _first_inside(outer: subprocess.Popen[bytes]) -> int:
    wait_until(lambda: outer.poll() is not None or _below(outer.pid), "namespaces")
    if outer.poll() is not None:
        pytest.skip("no namespaces here")
    return _below(outer.pid)[0]


def _comes_up(there: object, outer: subprocess.Popen[bytes]) -> bool:
    assert callable(there)
    end = time.monotonic() + 20
    while time.monotonic() < end and outer.poll() is None:
        if there():
            return True
        time.sleep(0.1)
    return False


KINDS = {
    "s6": lambda town: scanned(town, "s6", "s6-svscan"),
    "runit": lambda town: scanned(town, "runit", "runsvdir"),
    "cron": crontab,
    "systemd": systemd,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_town_is_drained_survives_kills_and_goes_down_to_the_crew(new_town: NewTown, kind: str) -> None:
    town = new_town(text=SETTINGS)
    with KINDS[kind](town):
        wait_until(lambda: on_duty(town), "the Crew")
        plan = "".join(f"# Bead {number}\n" for number in range(BEADS))
        beads = town.gt("create", "--file", "-", stdin=plan).out.split()
        for bead in beads:
            town.play(bead, f"sleep 0.2; echo x > {bead}")
        kill_one(town, "work")
        if kind != "cron":  # there it is a part of `gt run`
            kill_one(town, "reconcile")
        wait_until(lambda: landed(town) == len(beads), "landings", limit=60 + 4 * len(beads))
        wait_until(lambda: not busy(town), "rest")
        assert on_duty(town)
        late = town.create("late", "echo x > late")
        wait_until(lambda: town.phase(late) == "landed", "the late one", limit=60)
        wait_until(lambda: not busy(town), "rest")
        assert on_duty(town)
    check_town(town)
    interrupted = [result for bead in beads for result in town.results(bead) if result != "submitted"]
    assert len(interrupted) <= 2


def kill_one(town: Town, command: str) -> None:
    """Kills a process of gt that carries out this command, as soon as there is one."""
    wait_until(lambda: running(town, command), command)
    for pid in running(town, command)[:1]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def landed(town: Town) -> int:
    return sum(bead["status"]["phase"] == "landed" for bead in town.beads().values())


def busy(town: Town) -> bool:
    """Whether anything runs in this town but its Crew and what only waits to be asked."""
    return any(running(town, command) for command in ("work", "merge", "reconcile"))


def on_duty(town: Town) -> bool:
    (mayor,) = town.data("crew", "list")["items"]
    return bool(mayor["onDuty"])
