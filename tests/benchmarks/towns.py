"""Realistic ledgers of any size, made fast: one `git fast-import`, the same for the same seed.

One Bead in ten is open, a few are leased, submitted or stuck; the rest have landed or were closed, with attempts.
"""

from __future__ import annotations

import hashlib
import random
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gt.core.bead import (
    Attempt,
    Bead,
    Closed,
    CloseReason,
    Created,
    Landed,
    Lease,
    Note,
    Phase,
    Result,
    Spec,
    Status,
    Stuck,
    StuckReason,
    Submission,
)
from gt.core.ids import ALPHABET, bead_path
from gt.core.state import LedgerMeta, TownState
from gt.store import codec, records
from gt.store.birth import WELCOME

START = 1_760_000_000
"""When the first Bead was created, in seconds since the epoch; each follows a minute after the one before."""

META = LedgerMeta("00000000-0000-4000-8000-000000000000", "gt")
_WORDS = [
    "fix",
    "add",
    "remove",
    "the",
    "login",
    "timeout",
    "index",
    "ledger",
    "queue",
    "retry",
    "parser",
    "page",
    "error",
    "slow",
    "flaky",
    "test",
    "docs",
]
_PHASES = (
    *[Phase.OPEN] * 10,
    *[Phase.LANDED] * 70,
    *[Phase.CLOSED] * 16,
    Phase.LEASED,
    Phase.SUBMITTED,
    Phase.STUCK,
    Phase.PROPOSED,
)


def beads(count: int, seed: int = 1, target: str | None = None) -> Iterator[Bead]:
    """So many Beads; needs, parents and links point to earlier ones.

    `target` is the commit that attempts began at and landed as; without it each names one that isn't there.
    """
    dice = random.Random(seed)
    made: list[str] = []
    for i in range(count):
        bead = _bead(dice, f"gt-{''.join(dice.choices(ALPHABET, k=8))}", START + 60 * i, made, target)
        made.append(bead.id)
        yield bead


def copies(items: Sequence[Bead], count: int) -> Iterator[Bead]:
    """So many Beads, copy after copy of these: each copy with ids of its own, its edges within it."""
    for number in range(-(-count // len(items))):
        names = {bead.id: _renamed(bead.id, number) for bead in items}

        def name(bead: str, names: dict[str, str] = names, number: int = number) -> str:
            return names.get(bead) or _renamed(bead, number)

        for bead in items[: count - number * len(items)]:
            spec = replace(
                bead.spec,
                needs=frozenset(map(name, bead.spec.needs)),
                parent=name(bead.spec.parent) if bead.spec.parent else None,
                links={kind: frozenset(map(name, to)) for kind, to in bead.spec.links.items()},
            )
            uid = hashlib.sha256(f"{bead.uid}/{number}".encode()).hexdigest()[:32] if number else bead.uid
            yield replace(bead, id=names[bead.id], uid=uid, spec=spec)


def _renamed(bead: str, number: int) -> str:
    """The id of a Bead in the copy of this number; the first copy keeps them."""
    if not number:
        return bead
    digest = hashlib.sha256(f"{bead}/{number}".encode()).digest()
    return f"{bead.partition('-')[0]}-{''.join(ALPHABET[byte & 31] for byte in digest[:8])}"


def _sentence(dice: random.Random, words: int) -> str:
    return " ".join(dice.choices(_WORDS, k=words)).capitalize()


def _bead(dice: random.Random, name: str, at: int, earlier: list[str], target: str | None) -> Bead:
    spec = Spec(
        title=_sentence(dice, 6),
        type=dice.choice(("task", "bug", "feature", "chore")),
        priority=dice.choice((0, 1, 2, 2, 2, 3, 4)),
        body="".join(_sentence(dice, 12) + ".\n" for _ in range(dice.randrange(1, 8))),
        acceptance="- " + _sentence(dice, 7) + "\n",
        labels=frozenset(dice.sample(("auth", "ui", "core", "docs"), dice.randrange(3))),
        needs=frozenset(dice.sample(earlier[-200:], 1)) if earlier and dice.random() < 0.3 else frozenset(),
        parent=dice.choice(earlier[-500:]) if earlier and dice.random() < 0.1 else None,
        deadline=1800 if dice.random() < 0.2 else None,
    )
    created = Created(at, "Alice <alice@example.com>")
    notes = (
        (Note("n-1", at + 9, "Bob <bob@example.com>", _sentence(dice, 20)),) if dice.random() < 0.2 else ()
    )
    uid = f"{dice.getrandbits(128):032x}"
    return Bead(name, uid, created, spec, _status(dice, dice.choice(_PHASES), at, name, target), notes)


def _status(dice: random.Random, phase: Phase, at: int, name: str, target: str | None) -> Status:
    oid = f"{dice.getrandbits(160):040x}"
    base = target or oid[::-1]
    token = f"1-{''.join(dice.choices(ALPHABET, k=4))}"
    branch = f"gt/{name}/{token}"
    attempt = Attempt(
        token,
        "claude",
        at + 60,
        at + 900,
        Result.SUBMITTED,
        head=oid,
        commits=2,
        usage={"usd": 0.41, "tokens": 81000},
    )
    submission = Submission(
        token, oid, branch, "main", base, oid[:16], "merge", at + 900, f"claude/{name}/{token}"
    )
    if phase is Phase.LEASED:
        lease = Lease(
            token, "claude", f"claude/{name}/{token}", "box", oid[:32], oid[:12], True, 4242, 99, at, at + 3600,
            f"/home/alice/project.gt/{name}-{token}", branch, "main", target or oid,
        )  # fmt: skip
        return Status(phase, oid[:16], lease=lease)
    if phase is Phase.SUBMITTED:
        return Status(phase, oid[:16], submission=submission, attempts=(attempt,))
    if phase is Phase.LANDED:
        landed = Landed(target or oid, oid[::-1], at + 2000)
        return Status(phase, oid[:16], submission=submission, landed=landed, attempts=(attempt,))
    if phase is Phase.CLOSED:
        reason = dice.choice(tuple(CloseReason))
        return Status(phase, closed=Closed(reason, "no longer needed", at + 500, "Alice <alice@example.com>"))
    if phase is Phase.STUCK:
        return Status(phase, stuck=Stuck(StuckReason.ATTEMPTS, at + 5000, "3 attempts"), attempts=(attempt,))
    return Status(phase)


def populate(repo: Path, items: Iterable[Bead], *, ref: str = "refs/heads/beads") -> str:
    """Make these Beads the ledger of a repository that has none; returns the commit."""
    files = {
        "README.md": WELCOME.encode(),
        "gt.yaml": codec.dump(records.meta_data(META)),
        "state.yaml": codec.dump(records.state_data(TownState())),
    }
    out = [_commit(ref)]
    for path, data in files.items():
        out.append(_file(path, data))
    out += [_file(bead_path(bead.id), codec.encode(bead)) for bead in items]
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repo, input=b"".join(out), check=True)
    done = subprocess.run(["git", "rev-parse", ref], cwd=repo, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _commit(ref: str) -> bytes:
    message = b"Import a town\n"
    return (
        f"commit {ref}\ncommitter Alice <alice@example.com> {START} +0000\ndata {len(message)}\n".encode()
        + message
    )


def _file(path: str, data: bytes) -> bytes:
    return f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n"


def extend(repo: Path, items: Sequence[Bead], commits: int, seed: int = 2) -> None:
    """Make so many commits of history on top of such a ledger, each an edit of one of its Beads by another gt."""
    dice = random.Random(seed)
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=repo, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for number in range(commits):
            bead = dice.choice(items)
            data = codec.encode(replace(bead, spec=replace(bead.spec, title=f"Edit {seed}.{number}")))
            text = f"edit {bead.id}\n\nGt-Verb: edit\nGt-Bead: {bead.id}\nGt-Actor: Bob <b@example.com>\n".encode()
            at = START + 60 * (len(items) + number)
            head = f"commit refs/heads/beads\ncommitter Bob <b@example.com> {at} +0000\ndata {len(text)}\n"
            process.stdin.write(head.encode() + text + (b"" if number else b"from refs/heads/beads^0\n"))
            process.stdin.write(_file(bead_path(bead.id), data))
        process.stdin.close()
        assert process.wait() == 0
