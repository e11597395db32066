"""What the ledger and its index cost, against the git plumbing that would do the same."""

from __future__ import annotations

import itertools
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Bead
from gt.core.ids import bead_path
from gt.git.repo import discover
from gt.store import codec
from gt.store.ledger import Changes, Ledger, Message, Snapshot
from tests.benchmarks import towns
from tests.benchmarks.ratios import Ratio, in_turns, settle

pytestmark = pytest.mark.bench

NOW = 1795377600
SIZES = (10_000, 100_000)


def populated(path: Path, count: int) -> tuple[Path, list[Bead]]:
    """A repository whose ledger has so many Beads, packed as after a gc, and those Beads."""
    path.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=path, check=True)
    made = list(towns.beads(count))
    towns.populate(path, made)
    return path, made


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Bead]]:
    return populated(tmp_path_factory.mktemp("towns") / "small", SIZES[0])


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Bead]]:
    return populated(tmp_path_factory.mktemp("towns") / "large", SIZES[1])


def editing(path: Path, made: list[Bead]) -> Callable[[], object]:
    """A deed that edits one Bead after the other through the ledger, one commit each."""
    ledger = Ledger(discover(path))
    with ledger.read() as first:
        assert len(first.counts()) > 0
    numbers = itertools.count(time.time_ns())  # never the same title twice, or nothing would be written

    def edit() -> None:
        number = next(numbers)
        name = made[(number * 7919) % len(made)].id

        def change(s: Snapshot) -> Changes:
            bead = s.get(name)
            return Changes({name: replace(bead, spec=replace(bead.spec, title=f"Edit {number}"))})

        with ledger.hold() as held:
            ledger.update(
                held, Message("Edit", "edit", "Alice <alice@example.com>", (name,), NOW), change
            ).close()

    return edit


def plumbing(path: Path, made: list[Bead]) -> Callable[[], object]:
    """A deed that makes the same kind of commit with git alone: read, hash-object, mktree, commit-tree, update-ref."""
    numbers = itertools.count()
    env = {
        **os.environ,
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a",
    }

    def git(*args: str, stdin: bytes = b"") -> str:
        ran = subprocess.run(["git", *args], cwd=path, env=env, input=stdin, capture_output=True, check=True)
        return ran.stdout.decode().strip()

    def commit() -> None:
        number = next(numbers)
        bead = made[(number * 104729) % len(made)]
        tip = git("rev-parse", "refs/heads/beads")
        data = codec.encode(replace(bead, spec=replace(bead.spec, title=f"Plumb {number}")))
        oid, kind, mode = git("hash-object", "-w", "--stdin", stdin=data), "blob", "100644"
        child = bead_path(bead.id)
        while child:
            parent, _, name = child.rpartition("/")
            lines = git("ls-tree", f"{tip}:{parent}" if parent else tip).split("\n")
            kept = [line for line in lines if line.partition("\t")[2] != name]
            oid = git("mktree", stdin="\n".join([*kept, f"{mode} {kind} {oid}\t{name}"]).encode())
            child, kind, mode = parent, "tree", "040000"
        new = git("commit-tree", oid, "-p", tip, stdin=b"Edit\n\nGt-Verb: edit\n")
        git("update-ref", "refs/heads/beads", new, tip)

    return commit


def test_one_commit(small: tuple[Path, list[Bead]], large: tuple[Path, list[Bead]]) -> None:
    ours, theirs = in_turns(editing(*small), plumbing(*small), 30)
    at_large, at_small = in_turns(editing(*large), editing(*small), 30)
    settle(
        Ratio("one commit, 10k Beads", ours, theirs, "git plumbing", 2),
        Ratio("one commit, 100k Beads", at_large, at_small, "the same at 10k", 1.5),
    )


def test_a_cold_index(small: tuple[Path, list[Bead]]) -> None:
    path, _ = small
    ledger = Ledger(discover(path))
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "beads", "beads/"], cwd=path, check=True, capture_output=True, text=True
    )
    oids = "".join(line.split()[2] + "\n" for line in listed.stdout.splitlines())

    def cold() -> None:
        for leftover in ledger.repo.gt_dir.glob("index*"):
            leftover.unlink()
        ledger.read().close()

    def batch() -> None:
        subprocess.run(
            ["git", "cat-file", "--batch", "--buffer"],
            cwd=path,
            input=oids.encode(),
            check=True,
            capture_output=True,
        )

    settle(Ratio("cold index, 10k Beads", *in_turns(cold, batch, 5), "git cat-file --batch", 6))


def spent(deed: Callable[[], object], rounds: int = 30) -> float:
    """The least of several runs, in seconds."""

    def each() -> Iterator[float]:
        for _ in range(rounds):
            start = time.perf_counter()
            deed()
            yield time.perf_counter() - start

    return min(each())


def test_warm_reads(small: tuple[Path, list[Bead]], large: tuple[Path, list[Bead]]) -> None:
    """No bar: the whole process has one. These say where its time goes."""
    print()
    for path, made in (small, large):
        ledger = Ledger(discover(path))

        def ready(ledger: Ledger = ledger) -> None:
            with ledger.read() as snapshot:
                assert len(list(itertools.islice(snapshot.candidates(NOW), 50))) == 50

        def show(ledger: Ledger = ledger, name: str = made[500].id) -> None:
            with ledger.read() as snapshot:
                snapshot.get(name)

        def counts(ledger: Ledger = ledger) -> None:
            with ledger.read() as snapshot:
                snapshot.counts()

        ledger.read().close()
        rows = {"50 candidates": ready, "one Bead": show, "counts": counts}
        for what, deed in rows.items():
            print(f"{what:<20} at {len(made):>6} Beads {spent(deed) * 1e3:8.2f} ms in process")


def test_codec() -> None:
    """No bar either; the cold index depends on it."""
    made = list(towns.beads(500))
    files = [codec.encode(bead) for bead in made]
    load = spent(lambda: [codec.load(data, "x") for data in files], 5) / len(files)
    decode = spent(lambda: [codec.decode(data, "x") for data in files], 5) / len(files)
    encode = spent(lambda: [codec.encode(bead) for bead in made], 5) / len(files)
    size = sum(map(len, files)) / len(files)
    print(
        f"\na Bead of {size:.0f} bytes: load {load * 1e6:.0f} µs, decode {decode * 1e6:.0f} µs, encode {encode * 1e6:.0f} µs"
    )
