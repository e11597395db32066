"""The kept outcomes of gate runs, and how many runs a queue has had on one tip.

Keyed by what decides a run: the gate's definition, its input tree, its environment. Files below gt's own directory,
each written whole; losing them costs gate runs and nothing else.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from gt.core.values import dataclass
from gt.git import durable
from gt.git.repo import Repo

TTL = 7 * 86400
"""Seconds for which an outcome speaks for a candidate."""

CONTROL_TTL = 3600
"""Seconds for which an outcome speaks for the target itself, when somebody's rejection hangs on it."""

EVER = 1 << 40
"""Seconds: for the past an outcome never grows stale."""

LATELY = 50
"""The runs, or the keys of runs, that tell what is usual."""

UNRUN = "could-not-run"
"""The directory in which each key under which something could not be run is named; made before its outcome."""

TRIES = 3
"""How often a gate that could not run is tried on one tree before a person is called."""


class Verdict(StrEnum):
    """The outcome of one gate run."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    COULD_NOT_RUN = "could-not-run"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one gate run; times in seconds."""

    key: str
    gate: str
    verdict: Verdict
    tree: str
    """The tree it ran on."""
    base: str
    """The target's commit then."""
    members: tuple[str, ...]
    """`bead/token/commit` of each submission in the tree; none for a control run."""
    at: int
    environment: str = ""
    """Names what else it may depend on; see `gates.environment`."""
    why: str = ""
    """A clause: `exit 1`, `ran longer than 600 s`."""
    command: str = ""
    seconds: float = 0.0
    cpu: float = 0.0
    rss: int = 0
    """KiB, of the largest process."""
    log: str = ""
    """What it printed; the outcome lies beside it."""
    began: float = 0.0
    ended: float = 0.0
    """By this machine's clock, finer than `at`: which of two runs came first."""


def aside(what: str, oid: str) -> tuple[str, ...]:
    """The members of a run that was no part of a merge: `verify` or `try`, and what it was made on."""
    return (f"{what}/{oid}",)


def is_aside(outcome: Outcome) -> bool:
    """Whether a run was no part of a merge: it tells of its tree, and of no queue."""
    return any(member.count("/") == 1 for member in outcome.members)


def place(repo: Repo, key: str) -> Path:
    """The directory of all outcomes under a key."""
    return repo.gt_dir / "outcomes" / key


def kept(repo: Repo, key: str, now: int, ttl: int = TTL) -> tuple[Outcome, ...]:
    """The outcomes under a key that are still fresh, oldest first. A damaged file is none."""
    folder = f"{repo.gt_dir}/outcomes/{key}"  # asked for again and again: not put together by parts
    try:
        names = sorted((name for name in os.listdir(folder) if name.endswith(".json")), key=_number)
    except OSError:
        return ()
    found = []
    for name in names:
        with suppress(OSError, ValueError, TypeError, KeyError):
            with open(f"{folder}/{name}", encoding="utf-8") as file:
                outcome = _parsed(file.read(), f"{folder}/{name.removesuffix('.json')}.log")
            if outcome.at > now - ttl:
                found.append(outcome)
    return tuple(found)


@lru_cache(maxsize=512)
def _parsed(text: str, log: str) -> Outcome:
    data = json.loads(text)
    # Where the log lay when it was written is another place once the repository was moved.
    known = {"members": tuple(data["members"]), "verdict": Verdict(data["verdict"]), "log": log}
    return Outcome(**{**data, **known})


def everything(repo: Repo) -> Iterator[Outcome]:
    """Every outcome that is kept here, however old, in no order."""
    try:
        keys = os.listdir(repo.gt_dir / "outcomes")
    except OSError:
        return
    for key in keys:
        yield from kept(repo, key, 0, EVER)


def lately(repo: Repo) -> Iterator[Outcome]:
    """Those under the keys that something ran under last, in no order: what they tell is what is usual now."""
    try:
        with os.scandir(repo.gt_dir / "outcomes") as found:
            keys = sorted((-entry.stat().st_mtime_ns, entry.name) for entry in found)
    except OSError:
        return
    for _, key in keys[:LATELY]:
        yield from kept(repo, key, 0, EVER)


def verdict(outcomes: Iterable[Outcome]) -> Outcome | None:
    """The one that decides: a pass if there is any, else the last fail."""
    seen = tuple(outcomes)
    passed = [each for each in seen if each.verdict is Verdict.PASS]
    failed = [each for each in seen if each.verdict is Verdict.FAIL]
    decisive = passed or failed
    return decisive[-1] if decisive else None


def by_itself(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """What speaks for or against a tree as a target's own: whoever passed on it, and who failed there as a control."""
    return tuple(each for each in outcomes if each.verdict is Verdict.PASS or not each.members)


def latest(outcomes: Iterable[Outcome]) -> Outcome | None:
    """The last pass or fail."""
    told = [each for each in outcomes if each.verdict is not Verdict.COULD_NOT_RUN]
    return told[-1] if told else None


def failures(outcomes: Iterable[Outcome]) -> int:
    """How often in a row, up to now, it failed."""
    count = 0
    for each in outcomes:
        if each.verdict is not Verdict.COULD_NOT_RUN:
            count = count + 1 if each.verdict is Verdict.FAIL else 0
    return count


def stalled(outcomes: Iterable[Outcome]) -> int:
    """How often in a row, up to now, it could not be run."""
    count = 0
    for each in outcomes:
        count = count + 1 if each.verdict is Verdict.COULD_NOT_RUN else 0
    return count


def new_log(repo: Repo, key: str) -> Path:
    """A fresh file for what a run under this key prints; the outcome is kept beside it."""
    folder = place(repo, key)
    durable.make_dir(repo, folder)
    number = max((_number(name) for name in os.listdir(folder)), default=0)
    while True:
        number += 1
        log = folder / f"{number}.log"
        with suppress(FileExistsError):
            os.close(os.open(log, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            return log


def keep(outcome: Outcome) -> None:
    """Make an outcome durable beside its log."""
    path = Path(outcome.log).with_suffix(".json")
    if outcome.verdict is Verdict.COULD_NOT_RUN:
        mark = path.parent.parent.with_name(UNRUN) / f"{outcome.key}.seen"
        mark.parent.mkdir(exist_ok=True)
        mark.touch()
    half = path.with_name(f"{path.name}.tmp")
    fd = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        durable.write_all(fd, json.dumps(asdict(outcome), ensure_ascii=False).encode("utf-8", "replace"))
        os.fsync(fd)
    finally:
        os.close(fd)
    os.replace(half, path)
    durable.sync_dir(path.parent)


def unrun(repo: Repo) -> frozenset[str]:
    """The keys under which something could not be run, now or once: of all others none need be asked about."""
    try:
        names = os.listdir(repo.gt_dir / UNRUN)
    except OSError:
        return frozenset()
    return frozenset(name.removesuffix(".seen") for name in names)


def begin(repo: Repo, base: str, queue: str) -> None:
    """Count a gate run for this queue on this tip: before it starts, so that one that kills us counts too."""
    _append(repo, base, f"+{queue}\n")


def void(repo: Repo, base: str, queue: str) -> None:
    """Take the last one back: it was interrupted by a person."""
    _append(repo, base, f"-{queue}\n")


def spent(repo: Repo, base: str, queue: str) -> int:
    """How many gate runs this queue has had on this tip."""
    try:
        lines = _book(repo, base).read_text("ascii", "replace").split()
    except OSError:
        return 0
    return lines.count(f"+{queue}") - lines.count(f"-{queue}")


def forgive(repo: Repo, base: str, keys: Iterable[str]) -> None:
    """Forget the runs counted on this tip, and what failed or could not run under these keys: a person says so."""
    _book(repo, base).unlink(missing_ok=True)
    for key in keys:
        for outcome in kept(repo, key, 0):
            if outcome.verdict is not Verdict.PASS:
                Path(outcome.log).with_suffix(".json").unlink(missing_ok=True)


def _book(repo: Repo, base: str) -> Path:
    return repo.gt_dir / "runs" / base


def _append(repo: Repo, base: str, line: str) -> None:
    path = _book(repo, base)
    durable.make_dir(repo, path.parent)
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        durable.write_all(fd, line.encode())
        os.fsync(fd)
    finally:
        os.close(fd)


def _number(name: str) -> int:
    stem = name.partition(".")[0]
    return int(stem) if stem.isdigit() else 0
