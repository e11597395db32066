"""Machines that race for the same Beads: each Bead is held by one of them, and nobody goes hungry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

import pytest

from gt.core.bead import Phase
from gt.store.claimable import NothingClaimable
from tests.drive.machines import Machine, fleet
from tests.git.gitscenes import together


def claims(machine: Machine, count: int) -> Iterator[tuple[str, str]]:
    """So many claims, as they come: Bead and token. Whoever is overtaken again and again is refused as Busy, and raises."""
    for _ in range(count):
        taken = machine.claim()
        yield taken.bead.id, machine.token_of(taken)


@pytest.mark.parametrize(("machines", "each"), [(2, 5), (10, 2)])
def test_of_all_who_claim_everybody_gets_another_bead(repo_path: Path, machines: int, each: int) -> None:
    town = fleet(repo_path, beads=machines * each)
    clones = [town.machine(f"{n:x}x") for n in range(machines)]
    told = town.hub.with_name("told")
    told.mkdir()

    def race(number: int) -> None:
        got = list(claims(clones[number], each))
        (told / str(number)).write_text(json.dumps(got))

    together(machines, race)
    heard = {number: json.loads((told / str(number)).read_text()) for number in range(machines)}
    got = list(chain.from_iterable(heard.values()))
    assert len({bead for bead, _ in got}) == len(got) == machines * each
    first = town.first
    first.sync()
    assert {(bead, first.token(bead)) for bead, _ in got} == {(bead, token) for bead, token in got}
    with pytest.raises(NothingClaimable):
        first.claim()
    assert first.git("rev-list", "--merges", "beads") == "", "nobody's claim was ever taken back"


def test_one_bead_and_many_who_want_it(repo_path: Path) -> None:
    town = fleet(repo_path)
    bead = "gt-00000001"
    clones = [town.machine(f"{n:x}x") for n in range(6)]
    told = town.hub.with_name("told")
    told.mkdir()

    def race(number: int) -> None:
        with suppress(NothingClaimable):
            clones[number].claim(bead)
            (told / str(number)).touch()

    together(len(clones), race)
    (winner,) = [int(path.name) for path in told.iterdir()]
    for number, machine in enumerate(clones):
        if number != winner:
            with pytest.raises(NothingClaimable, match="is held by"):
                machine.claim(bead)
        found = machine.get(bead)
        assert found.phase is Phase.LEASED
        assert found.status.lease is not None
        assert found.status.lease.actor == clones[winner].actor
