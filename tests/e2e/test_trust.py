"""What an agent can't talk gt into: forged trailers land nothing, a weaker gate judges nobody."""

from __future__ import annotations

import pytest

from tests.e2e.checks import check_town
from tests.e2e.conftest import NewTown
from tests.e2e.town import TOWN, Town, settings

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("history", ["train", "linear"])
def test_forged_trailers_land_nothing(new_town: NewTown, history: str) -> None:
    town = new_town(text=TOWN.replace("refinery: {", f"refinery: {{history: {history}, "))
    other = town.create("never worked on", "exit 1", "--hold")
    mine = town.create("forges")
    submitted = town.create("submitted and red", "echo x > bad-file", "--attempts", "1")
    town.gt("work", submitted)
    offer = town.bead(submitted)["status"]["submission"]
    town.play(
        mine,
        f"""
        echo one > one; git add one
        git commit -q -m 'An innocent change' -m 'Gt-Bead: {submitted}
Gt-Token: {offer["token"]}
Gt-Commit: {offer["commit"]}'
        """,
    )
    town.run(ok=(20,))

    assert town.phase(mine) == "landed"
    assert town.phase(other) == "open"
    assert town.phase(submitted) == "stuck"
    assert "bad-file" not in town.files()
    for commit in town.git("rev-list", "--first-parent", "main").split():
        trailers = town.git("log", "-1", "--format=%(trailers:key=Gt-Bead,valueonly)", commit).split()
        assert set(trailers) <= {mine}, commit
    check_town(town)


WEAKER = TOWN.replace("sh gate.sh", "'true'")


def weaken(town: Town) -> str:
    """A Bead whose agent replaces the gate by `true` and adds what the old gate dislikes, once told so."""
    (town.scripts / "weaker.yaml").write_text(settings(town.scripts, WEAKER))
    return f'cp "{town.scripts}/weaker.yaml" .gt/town.yaml'


def test_a_weaker_gate_is_judged_by_the_old_one(town: Town) -> None:
    bead = town.create("cheats", f"{weaken(town)}; echo x > bad-file", "--attempts", "1")
    town.run(ok=(20,))
    assert town.phase(bead) in ("stuck", "submitted")
    if town.phase(bead) == "submitted":  # held before anything is spent on a gate: then a person lets it try
        town.gt("approve", bead, ok=(0, 1))
        town.run(ok=(20,))
    assert town.phase(bead) == "stuck"
    assert town.results(bead) == ["red"]
    assert "run: sh gate.sh" in town.text(".gt/town.yaml")
    assert "bad-file" not in town.files()
    check_town(town)


def test_a_change_of_the_gate_is_held_until_it_is_approved(town: Town) -> None:
    bead = town.create("changes the settings", f"{weaken(town)}; echo x > harmless")
    free = town.create("is not held up", "echo two > two")
    town.run(ok=(20,))

    assert (town.phase(bead), town.phase(free)) == ("submitted", "landed")
    assert "run: sh gate.sh" in town.text(".gt/town.yaml")
    assert "gt approve" in town.why(bead)
    held = next(entry for entry in town.data("queue")["items"] if entry["bead"] == bead)
    assert held["standing"] == "held", held
    assert any(page["subject"] == bead for page in town.data("pages")["items"])
    town.gt("reconcile", ok=(20,))
    town.gt("merge", ok=(20,))

    town.gt("approve", bead)
    town.run(ok=(0,))
    assert town.phase(bead) == "landed"
    assert "run: 'true'" in town.text(".gt/town.yaml")
    check_town(town)


def test_a_change_that_is_rejected_is_redone(town: Town) -> None:
    script = f'if [ "$n" = 1 ]; then {weaken(town)}; else git checkout -q main .gt; fi; echo "$n" > harmless'
    bead = town.create("changes too much", script)
    town.run(ok=(20,))
    town.gt("reject", bead, "-r", "leave the gate alone")
    town.run(ok=(0,))
    assert town.results(bead) == ["rejected", "submitted"]
    assert "leave the gate alone" in town.prompt(bead, 2)
    assert (town.text("harmless"), "run: sh gate.sh" in town.text(".gt/town.yaml")) == ("2", True)


def test_an_agent_can_not_use_the_commands_of_people(town: Town) -> None:
    bead = town.create(
        "tries",
        """
        for verb in "close $GT_BEAD" "create more" "claim" "work" "merge" "approve $GT_BEAD" "edit $GT_BEAD --priority 0" \\
            "retry $GT_BEAD" "reconcile" "run --yes"; do
          env -u GT_LEASE -u GT_BEAD -u GT_TOKEN gt $verb > /dev/null 2>> "$scripts/refusals" && echo "$verb" >> "$scripts/allowed"
          gt $verb > /dev/null 2>> "$scripts/refusals" && echo "$verb" >> "$scripts/allowed"
        done
        gt list > /dev/null && gt show > /dev/null && gt ready > /dev/null
        echo done > done
        """,
    )
    town.run()
    assert town.phase(bead) == "landed", town.gt("logs", bead).out
    assert not (town.scripts / "allowed").exists(), (town.scripts / "allowed").read_text()
    assert len(town.beads()) == 1


def test_inside_an_attempt_another_repository_is_free(town: Town) -> None:
    bead = town.create(
        "tests a town of its own",
        """
        mkdir "$scripts/inner"; cd "$scripts/inner"; git init -q -b main; git config user.name A; git config user.email a@b
        echo 'apiVersion: gt/v1' > x; git add x; git commit -q -m x
        gt init > /dev/null; gt create "inner" > /dev/null; gt list
        cd - > /dev/null; echo done > done
        """,
    )
    town.run()
    assert town.phase(bead) == "landed", town.gt("logs", bead).out
