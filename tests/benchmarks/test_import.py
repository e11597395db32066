"""What an import costs, against what can't be spared: reading the JSON, and writing as many blobs with git."""

from __future__ import annotations

import io
import json
import os
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from gt.cli.jsonout import dumps
from gt.core.bead import Bead
from gt.core.data import bead_data
from gt.core.draft import check_graph
from gt.git.repo import discover
from gt.interop.cargo import Asked
from gt.interop.formats import FORMATS
from gt.interop.ours import exported
from gt.store.ledger import Ledger
from gt.verbs.bring import bring
from tests.benchmarks import towns
from tests.benchmarks.ratios import Ratio, in_turns, settle
from tests.interop.ledgers import REAL, needs_real

pytestmark = [pytest.mark.bench, needs_real]

ALICE = "Alice <alice@example.com>"
NOW = 1795377600
AGAINST = "json, git hash-object"


def fresh(place: Path, count: int) -> list[Path]:
    """So many repositories, each with an empty ledger and its index."""
    paths = [place / str(number) for number in range(count)]
    for path in paths:
        path.mkdir(parents=True)
        subprocess.run(["git", "init", "-q"], cwd=path, check=True)
        towns.populate(path, [])
        Ledger(discover(path)).read().close()
    return paths


def importing(paths: list[Path], form: str, data: bytes, expected: int) -> Callable[[], None]:
    """A deed that imports the file into the next of these repositories."""
    left = iter(paths)

    def deed() -> None:
        cargo = FORMATS[form].read(io.BytesIO(data), Asked("x"))
        arrival = bring(Ledger(discover(next(left))), cargo.arrive, "x", actor=ALICE, now=NOW)
        assert len(arrival.beads) == expected

    return deed


def plumbing(paths: list[Path], lines: Sequence[bytes], place: Path) -> Callable[[], None]:
    """A deed that parses each line and writes each as a blob into the next of these repositories."""
    place.mkdir()
    for number, line in enumerate(lines):
        (place / str(number)).write_bytes(line)
    names = "".join(f"{place / str(number)}\n" for number in range(len(lines))).encode()
    left = iter(paths)

    def deed() -> None:
        for line in lines:
            json.loads(line)
        subprocess.run(
            ["git", "hash-object", "-w", "--no-filters", "--stdin-paths"],
            cwd=next(left),
            input=names,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    return deed


def compared(what: str, bar: float, form: str, data: bytes, expected: int, place: Path, rounds: int) -> None:
    ours = importing(fresh(place / "ours", rounds + 1), form, data, expected)
    theirs = plumbing(fresh(place / "theirs", rounds + 1), data.splitlines(), place / "files")
    settle(Ratio(what, *in_turns(ours, theirs, rounds), AGAINST, bar))


def real(place: Path) -> list[Bead]:
    """The Beads that the real export becomes."""
    (path,) = fresh(place, 1)
    cargo = FORMATS["bd"].read(io.BytesIO(REAL.read_bytes()), Asked("x"))
    return list(bring(Ledger(discover(path)), cargo.arrive, "x", actor=ALICE, now=NOW).beads)


def file_of(beads: Iterable[Bead]) -> bytes:
    return "".join(dumps(bead_data(bead)) + "\n" for bead in beads).encode()


def test_import_of_bd(tmp_path: Path) -> None:
    compared("import of bd, 3,077 records", 10, "bd", REAL.read_bytes(), 2731, tmp_path, 5)


def test_import_of_our_own_at_10k(tmp_path: Path) -> None:
    data = file_of(towns.copies(real(tmp_path / "real"), 10_000))
    compared("import of gt, 10k Beads", 10, "gt", data, 10_000, tmp_path, 3)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of 100k Beads made of the real ones, its index warm."""
    place = tmp_path_factory.mktemp("large")
    path = place / "town"
    path.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=path, check=True)
    towns.populate(path, towns.copies(real(place / "real"), 100_000))
    Ledger(discover(path)).read().close()
    return path


def test_export_of_100k(large: Path) -> None:
    ledger = Ledger(discover(large))
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "beads", "beads/"], cwd=large, check=True, capture_output=True, text=True
    )
    oids = "".join(line.split()[2] + "\n" for line in listed.stdout.splitlines()).encode()

    def export() -> None:
        with ledger.read() as snapshot, open(os.devnull, "w", encoding="utf-8") as nowhere:
            nowhere.writelines(dumps(data) for data in exported(snapshot))

    def batch() -> None:
        done = subprocess.run(
            ["git", "cat-file", "--batch", "--buffer"], cwd=large, input=oids, check=True, capture_output=True
        )
        assert len(done.stdout) > 50_000_000

    settle(Ratio("export, 100k Beads", *in_turns(export, batch, 1), "git cat-file --batch"))


def test_cycles_of_a_batch(tmp_path: Path) -> None:
    """No bar: `check_graph`, which `gt create` uses for a plan, asks each Bead; an import asks once for all."""
    from gt.core.graph import untangled

    beads = {bead.id: bead for bead in towns.copies(real(tmp_path), 10_000)}
    families: dict[str, list[str]] = {}
    for bead in beads.values():
        if bead.spec.parent:
            families.setdefault(bead.spec.parent, []).append(bead.id)

    class Nobody:
        """A ledger without Beads."""

        def find(self, _bead: str) -> Bead | None:
            return None

        def resolve(self, abbreviation: str) -> str:
            return abbreviation

        def children(self, _bead: str) -> tuple[Bead, ...]:
            return ()

    def at_once() -> None:
        assert not untangled(
            beads,
            lambda name: beads[name].spec.needs if name in beads else (),
            lambda name: beads[name].spec.parent if name in beads else None,
            lambda name: families.get(name, ()),
            lambda _: True,
        )

    settle(
        Ratio(
            "cycles, 10k Beads at once",
            *in_turns(at_once, lambda: check_graph(beads.values(), Nobody()), 3),
            "each by check_graph",
        )
    )
