"""Who gets a Bead, and what becomes of many changes at once: scenarios seen from outside."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from gt.core.bead import Note, Phase, Spec
from gt.core.draft import Draft, Origin, Rules
from gt.core.ids import ALPHABET
from gt.drive.observe import look_at_targets
from gt.errors import Busy
from gt.git.repo import discover
from gt.store.claimable import Homes
from gt.store.ledger import Ledger
from gt.verbs.claim import Holder, claim
from gt.verbs.create import create
from gt.verbs.edit import edit
from gt.verbs.note import note
from tests.cli.conftest import NOW
from tests.cli.towns import TownScene
from tests.conftest import run_git

T = TypeVar("T")
ALICE = "Alice <alice@example.com>"
BOB = {"GT_ACTOR": "Bob <bob@example.com>"}
ROOT = Path(__file__).parents[2]


def digits(count: int) -> str:
    import os

    return "".join(ALPHABET[byte & 31] for byte in os.urandom(count))


def at_once(count: int, deed: Callable[[Ledger, int], T]) -> list[T]:
    """What so many threads, each with a ledger of its own, answer."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda number: deed(Ledger(discover(Path.cwd())), number), range(count)))


@pytest.fixture(autouse=True)
def here(town: TownScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(town.path)


def test_scenario_32_a_claim_is_one_persons(town: TownScene) -> None:
    bead = town.create("a")
    town("claim", bead)
    said = town("claim", bead, code=75, environ=BOB)
    assert f"{bead} is held by {ALICE}" in said.err
    said = town("release", bead, code=1, environ=BOB)
    assert f"{bead} is held by {ALICE}, not by" in said.err
    assert said.err.endswith(f"hint: gt show {bead}\n")
    lease = town.bead(bead)["status"]["lease"]
    assert lease["actor"] == ALICE
    assert "is yours already" in town("claim", bead).err
    assert town.bead(bead)["status"]["lease"] == lease


def test_scenario_33_a_claim_of_nothing_changes_nothing(town: TownScene) -> None:
    tip = town.tip()
    town("claim", code=75)
    assert town("ready", "--json").data["items"] == []
    assert town.tip() == tip


@pytest.mark.parametrize("distinct", [True, False])
def test_scenario_34_of_eight_that_claim_what_is_ready_one_gets_it(town: TownScene, distinct: bool) -> None:
    """Also where all have one name: the clones that they work in differ, and so do the tokens."""
    town.create("a")

    def take(ledger: Ledger, number: int) -> str | None:
        who = Holder(f"agent {number if distinct else 0}", "host", "boot", f"clone {number}", agent=False)
        homes = Homes(*look_at_targets(ledger.repo))
        try:
            made = claim(
                ledger.repo, ledger, None, holder=who, homes=homes, duration=60, digits=digits, now=NOW
            )
        except Busy:
            return None
        return made.lease.token if made.changed else None

    winners = [token for token in at_once(8, take) if token]
    (bead,) = town("list", "--json").data["items"]
    assert winners == [bead["status"]["lease"]["token"]]


def test_scenario_35_ten_workers_lose_nothing(town: TownScene) -> None:
    def work(ledger: Ledger, number: int) -> list[str]:
        made = []
        for step in range(5):
            origin = Origin(ALICE, NOW, digits, lambda: digits(32))
            (bead,) = create(ledger, [Draft(Spec(f"{number}.{step}"))], origin, Rules())
            edit(
                ledger,
                bead.id,
                lambda spec: replace(spec, priority=0, labels=frozenset({"done"})),
                Rules(),
                actor=ALICE,
                now=NOW,
            )
            with ledger.read() as snapshot:
                assert any(each.id == bead.id for each in snapshot.listing(label="done"))
            made.append(bead.id)
        return made

    ids = [bead for made in at_once(10, work) for bead in made]
    assert len(set(ids)) == 50
    found = town("list", "--label", "done", "--json").data["items"]
    assert {item["id"] for item in found} == set(ids)
    assert {item["spec"]["title"] for item in found} == {
        f"{n}.{step}" for n in range(10) for step in range(5)
    }


def test_scenario_36_sixteen_notes_at_once_are_sixteen_notes(town: TownScene) -> None:
    bead = town.create("a")
    at_once(16, lambda ledger, n: note(ledger, bead, Note(f"n{n}", NOW, ALICE, str(n))))
    assert {each["text"] for each in town.bead(bead)["notes"]} == {str(n) for n in range(16)}


def test_scenario_37_edits_of_different_fields_at_once_are_all_kept(town: TownScene) -> None:
    bead = town.create("a")
    fields: tuple[dict[str, object], ...] = (
        {"priority": 0},
        {"body": "text"},
        {"hold": True},
        {"type": "bug"},
    )

    def change(ledger: Ledger, number: int) -> None:
        def wanted(spec: Spec) -> Spec:
            return replace(spec, labels=spec.labels | {str(number)}, **fields[number])  # type: ignore[arg-type]

        edit(ledger, bead, wanted, Rules(), actor=ALICE, now=NOW)

    at_once(4, change)
    spec = town.bead(bead)["spec"]
    assert (spec["priority"], spec["body"], spec["hold"], spec["type"]) == (0, "text", True, "bug")
    assert spec["labels"] == ["0", "1", "2", "3"]


KILLED = """
import os, sys
left = int(sys.argv.pop(1))
def hook(event, args):
    global left
    writes = event == "open" and isinstance(args[1], str) and not args[1].startswith("r")
    if writes or event in ("os.rename", "os.link", "os.remove", "os.mkdir", "subprocess.Popen"):
        if left == 0:
            os._exit(137)
        left -= 1
sys.addaudithook(hook)
from gt.cli.main import main
main()
"""


@pytest.mark.e2e
def test_scenario_38_a_claim_that_is_killed_is_whole_or_not_there(town: TownScene) -> None:
    """Killed before each of its effects in turn, and then typed again."""
    for point in range(1000):
        bead = town.create(f"killed at {point}")
        argv = [sys.executable, "-c", KILLED, str(point), "claim", bead]
        done = subprocess.run(argv, cwd=town.path, env=None, capture_output=True, check=False)
        assert done.returncode in (0, 137), done.stderr
        status = town.bead(bead)["status"]
        assert (status["phase"] == Phase.LEASED) == (status["lease"] is not None)
        town("claim", bead)
        lease = town.bead(bead)["status"]["lease"]
        assert run_git(Path(lease["worktree"]), "rev-parse", "--abbrev-ref", "HEAD") == lease["branch"]
        town("release", bead)
        town("close", bead)
        if done.returncode == 0:
            break
    assert point > 5
