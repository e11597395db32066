"""What must hold of every town whatever happened to it: what landed is green, nothing is lost, nothing is left over."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.e2e.town import Town, wait_until

_OWN_LOCKS = "gt/"
"""Below the git directory: lock files there are held by flock, and never removed while in use."""


def check_town(town: Town, gate: str = "sh gate.sh") -> None:
    """All of the below, for a town at rest."""
    assert_green(town, gate)
    assert_sound(town)
    assert_nothing_lost(town)
    assert_no_locks(town)
    assert_no_orphans(town)
    assert_tidy(town)


def assert_green(town: Town, gate: str, target: str = "main") -> None:
    """Every first-parent commit of the target, since there is a gate, passes the gate in a checkout of nothing else."""
    span = f"{town.since}~1..{target}" if town.since else target
    commits = town.git("log", "--first-parent", "--format=%H %T", span).splitlines()
    red = []
    for commit, tree in map(str.split, commits):
        # What a gate says of a tree it says of every commit with that tree, in copies of the town as well.
        place = town.scripts / "green" / tree
        if (place / "checked").exists():
            continue
        files = place / "tree"
        files.mkdir(parents=True, exist_ok=True)
        subprocess.run(f"git archive {tree} | tar -x -C '{files}'", shell=True, cwd=town.path, check=True)
        done = subprocess.run(gate, shell=True, cwd=files, capture_output=True, check=False, timeout=60)
        if done.returncode:
            red.append(commit)
            continue
        (place / "checked").touch()
    assert red == [], f"red on {target}: {red}"


def assert_sound(town: Town) -> None:
    """No object that is referred to is missing or broken."""
    done = subprocess.run(
        ["git", "fsck", "--no-dangling", "--no-progress"],
        cwd=town.path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def assert_nothing_lost(town: Town) -> None:
    """What an attempt left is still there, and kept by a ref of gt or on the target."""
    refs = town.git("for-each-ref", "--format=%(objectname) %(refname)").splitlines()
    tips = {line.split()[0] for line in refs}
    for bead in town.beads().values():
        for attempt in bead["status"]["attempts"]:
            head = attempt["head"]
            if head is None or head in tips:
                continue
            kept = town.git("for-each-ref", f"--contains={head}")
            assert kept, f"{bead['id']}: nothing keeps {head} of {attempt['token']}"


def locks(town: Town) -> list[str]:
    """Lock files below the git directory that would stop git or gt."""
    found = (str(path.relative_to(town.common)) for path in town.common.rglob("*.lock"))
    return sorted(name for name in found if not name.startswith(_OWN_LOCKS))


def assert_no_locks(town: Town) -> None:
    # An intent that a killed gt left is no lock unless it is linked as one; the next heal sweeps it up.
    assert locks(town) == []


def alive(home: str) -> dict[int, str]:
    """Processes with this HOME in their environment, but for this one: pid and command line."""
    wanted = f"HOME={home}".encode()
    return {pid: line for pid, environ, line in _processes() if wanted in environ and pid != os.getpid()}


def attempts_alive(town: Town) -> dict[int, str]:
    """Processes of attempts of this very clone."""
    try:
        clone = (town.common / "gt" / "clone").read_text().strip()
    except FileNotFoundError:
        return {}
    mark = f"GT_LEASE={clone}".encode()
    return {
        pid: line for pid, environ, line in _processes() if any(item.startswith(mark) for item in environ)
    }


def _processes() -> Iterator[tuple[int, list[bytes], str]]:
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            environ = Path(f"/proc/{name}/environ").read_bytes().split(b"\0")
            state = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[0]
            line = Path(f"/proc/{name}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if state not in "ZX":
            yield int(name), environ, line


def assert_no_orphans(town: Town) -> None:
    assert attempts_alive(town) == {}


def assert_tidy(town: Town) -> None:
    """Worktrees and branches are there for what still needs them, and for nothing else."""
    needed = set()
    for bead in town.beads().values():
        status = bead["status"]
        for holder in (status["lease"], status["submission"]):
            if holder and status["phase"] in ("leased", "submitted"):
                needed.add((bead["id"], holder["token"]))
        needed |= {(bead["id"], a["token"]) for a in status["attempts"] if not a["agent"]}
    places = (place.name for place in town.worktrees())
    left = [name for name in places if not name.startswith("crew-") and not _wanted(name, needed, "-")]
    branches = town.git("for-each-ref", "--format=%(refname:lstrip=3)", "refs/heads/gt").split()
    left += [branch for branch in branches if not _wanted(branch, needed, "/")]
    assert left == []


def _wanted(name: str, needed: set[tuple[str, str]], glue: str) -> bool:
    return name.startswith("slot-") or any(name == f"{bead}{glue}{token}" for bead, token in needed)


def story(town: Town) -> dict[str, Any]:
    """What the town came to, without what differs from run to run: ids, tokens, times."""
    beads = town.beads()
    titles = {name: bead["spec"]["title"] for name, bead in beads.items()}
    return {
        "beads": sorted(
            (
                bead["spec"]["title"],
                bead["status"]["phase"],
                bead["spec"]["priority"],
                sorted(titles.get(need, need) for need in bead["spec"]["needs"]),
                sorted(note["text"] for note in bead["notes"]),
                bead["status"]["closed"] and bead["status"]["closed"]["reason"],
                bead["status"]["stuck"] and bead["status"]["stuck"]["reason"],
            )
            for bead in beads.values()
        ),
        "tree": town.git("rev-parse", "main^{tree}"),
    }


def listing(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every path below a folder: its mode, its time of change in ns, and its content; of folders the mode alone.

    That of a folder says no more than which names came and went; the names are compared.
    """
    return {str(path.relative_to(folder)): _look(path) for path in sorted(folder.rglob("*"))}


def _look(path: Path) -> tuple[int, int, bytes]:
    seen = path.lstat()
    if path.is_symlink():
        return seen.st_mode, seen.st_mtime_ns, os.fsencode(os.readlink(path))
    if path.is_dir():
        return seen.st_mode, 0, b""
    return seen.st_mode, seen.st_mtime_ns, path.read_bytes() if path.is_file() else b""


def await_quiet(home: str, limit: float = 15.0) -> dict[int, str]:
    """Waits until no process with this HOME is left; returns those that stayed."""
    try:
        wait_until(lambda: not alive(home), "processes to end", limit)
    except AssertionError:
        return alive(home)
    return {}
