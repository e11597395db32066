"""What agents do, well and badly, and what the town makes of it."""

from __future__ import annotations

import signal

import pytest

from tests.e2e.checks import assert_no_orphans, attempts_alive, check_town
from tests.e2e.conftest import NewTown
from tests.e2e.town import TOWN, Town, wait_until

pytestmark = pytest.mark.e2e


def test_a_question_is_answered_and_the_work_lands(town: Town) -> None:
    bead = town.create("asks", 'if [ "$n" = 1 ]; then gt ask "which colour?"; else echo blue > colour; fi')
    town.run(ok=(20,))
    assert (town.phase(bead), town.results(bead)) == ("stuck", ["asked"])
    assert "which colour?" in town.why(bead)
    assert "gt answer" in town.why(bead)
    assert any("which colour?" in page["text"] for page in town.data("pages")["items"])

    town.gt("answer", bead, "blue, of course")
    town.run(ok=(0,))
    assert town.phase(bead) == "landed"
    assert "which colour?" in town.prompt(bead, 2)
    assert "blue, of course" in town.prompt(bead, 2)
    check_town(town)


def test_what_an_agent_says_before_asking_is_kept(town: Town) -> None:
    bead = town.create(
        "talks", 'echo half > half; gt note "found a trap"; gt propose "Fix the trap"; gt ask "go on?"'
    )
    town.run(ok=(20,))
    made = town.bead(bead)
    assert [note["text"] for note in made["notes"]] == ["found a trap"]
    assert made["notes"][0]["by"].startswith(f"sh/{bead}/1-")
    (attempt,) = made["status"]["attempts"]
    assert town.text("half", attempt["head"]) == "half"
    assert "half" not in town.files()
    check_town(town)


def test_failures_are_recorded_and_end_stuck(town: Town) -> None:
    bead = town.create("fails", 'echo "try $n" > try; gt fail -r "no dictionary, try $n"', "--attempts", "2")
    town.run(ok=(20,))
    attempts = town.bead(bead)["status"]["attempts"]
    assert [a["result"] for a in attempts] == ["work-failed"] * 2
    assert [a["reason"] for a in attempts] == ["no dictionary, try 1", "no dictionary, try 2"]
    assert town.text("try", attempts[1]["head"]) == "try 2"
    assert "no dictionary, try 1" in town.prompt(bead, 2)
    assert town.phase(bead) == "stuck"
    assert "gt retry" in town.why(bead)
    assert "no dictionary" in town.why(bead)
    check_town(town)

    town.play(bead, "echo yes > dictionary")
    town.gt("retry", bead)
    town.run(ok=(0,))
    assert town.phase(bead) == "landed"


def test_a_proposal_is_inert_until_it_is_accepted(town: Town) -> None:
    town.create("proposes", 'gt propose "More work" --body "because"; echo one > one')
    town.run(ok=(0,))
    (proposal,) = (bead for bead in town.beads().values() if bead["spec"]["title"] == "More work")
    name = proposal["id"]
    assert (proposal["status"]["phase"], proposal["status"]["attempts"]) == ("proposed", [])
    assert "gt accept" in town.why(name)
    town.gt("claim", name, ok=(75,))
    town.play(name, "echo more > more")
    town.gt("accept", name)
    town.run(ok=(0,))
    assert (town.phase(name), town.text("more")) == ("landed", "more")
    check_town(town)


def test_an_agent_that_hangs_is_stopped_with_all_it_started(town: Town) -> None:
    bead = town.create(
        "hangs",
        "echo half > half; setsid sleep 1000 & trap '' TERM; sleep 1000; sleep 1000",
        *("--deadline", "1s", "--attempts", "1"),
    )
    town.run(ok=(20,))
    (attempt,) = town.bead(bead)["status"]["attempts"]
    assert attempt["result"] == "deadline"
    assert town.text("half", attempt["head"]) == "half"
    assert "deadline" in town.why(bead)
    check_town(town)


def test_what_an_agent_leaves_is_not_lost_wherever_it_lies(town: Town) -> None:
    forgets = town.create(
        "forgets to commit",
        "echo a > a; git add a; git commit -qm a; echo b > b; git add b; echo c > c; rm README.md; echo x > .hidden",
    )
    detaches = town.create(
        "detaches", "git checkout -q --detach; echo d > d; git add d; git commit -qm d; echo e > e"
    )
    switches = town.create(
        "switches", "git switch -q -c elsewhere; echo f > f; git add f; git commit -qm f; echo g > g"
    )
    town.run(ok=(0, 20))
    assert town.phase(forgets) == town.phase(detaches) == "landed"
    assert {"a", "b", "c", ".hidden", "d", "e"} <= town.files()
    assert "README.md" not in town.files()
    assert not any(name.startswith(".gt-attempt") for name in town.files())
    authors = set(town.git("log", "--format=%an", f"--grep={forgets}", "--all").splitlines())
    assert authors
    made = town.bead(switches)
    if made["status"]["phase"] == "landed":
        assert {"f", "g"} <= town.files()
    else:
        assert town.text("g", made["status"]["attempts"][-1]["head"]) == "g"
    assert town.git("show", "elsewhere:f") == "f"
    check_town(town)


def test_a_red_gate_primes_the_next_attempt_with_its_output(town: Town) -> None:
    bead = town.create(
        "goes red",
        'if [ "$n" = 1 ]; then echo x > bad-file; else git rm -qf --ignore-unmatch bad-file; echo y > good; fi',
    )
    town.run(ok=(0,))
    assert town.results(bead) == ["red", "submitted"]
    assert "the gate found something bad" in town.prompt(bead, 2)
    assert "the gate found something bad" not in town.prompt(bead, 1)
    assert ("good" in town.files(), "bad-file" in town.files()) == (True, False)
    check_town(town)


def test_no_change_and_red_alike_are_stuck_when_the_attempts_are_spent(town: Town) -> None:
    idle = town.create("does nothing", "echo I am done", "--attempts", "2")
    red = town.create("stays red", 'echo "$n" > bad-file', "--attempts", "2")
    town.run(ok=(20,))
    assert (town.phase(idle), town.results(idle)) == ("stuck", ["no-change"] * 2)
    assert "no-change" in town.why(idle) or "changed nothing" in town.why(idle)
    assert "I am done" in town.gt("logs", idle).out
    assert (town.phase(red), town.results(red)) == ("stuck", ["red", "red"])
    assert "red" in town.why(red)
    check_town(town)


MEET = """
touch "$scripts/met.$GT_BEAD"
if [ "$n" = 1 ]; then
  i=0; while [ "$(ls "$scripts" | grep -c '^met\\.')" -lt 2 ] && [ $i -lt 500 ]; do sleep 0.02; i=$((i+1)); done
fi
"""


def test_a_conflict_is_redone_on_the_new_target(town: Town) -> None:
    left = town.create("left", f"{MEET} echo left >> README.md")
    right = town.create("right", f"{MEET} echo right >> README.md")
    town.run(ok=(0,))
    assert {town.phase(left), town.phase(right)} == {"landed"}
    assert sorted([town.results(left), town.results(right)]) == [["overtaken", "submitted"], ["submitted"]]
    assert sorted(town.text("README.md").splitlines()) == ["a project", "left", "right"]
    redone = left if len(town.results(left)) == 2 else right
    assert "README.md" in town.prompt(redone, 2)
    check_town(town)


def test_an_attempt_can_be_stopped_by_a_person(town: Town) -> None:
    bead = town.create(
        "works long",
        'if [ "$n" = 1 ]; then echo half > half; touch "$scripts/busy"; sleep 1000; fi; echo all > all',
    )
    process = town.start("work", bead)
    wait_until((town.scripts / "busy").exists, "the agent to begin")
    town.gt("stop", bead)
    process.communicate(timeout=30)
    assert town.phase(bead) in ("open", "leased")
    wait_until(lambda: town.phase(bead) == "open", "the lease to end")
    (attempt,) = town.bead(bead)["status"]["attempts"]
    assert town.text("half", attempt["head"]) == "half"
    assert_no_orphans(town)
    town.run(ok=(0,))
    assert town.phase(bead) == "landed"
    check_town(town)


def test_an_interrupted_work_leaves_the_bead_open_and_the_work_kept(town: Town) -> None:
    bead = town.create("works long", 'echo half > half; touch "$scripts/busy"; sleep 1000', "--attempts", "1")
    process = town.start("work", bead)
    wait_until((town.scripts / "busy").exists, "the agent to begin")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, out + err
    (attempt,) = town.bead(bead)["status"]["attempts"]
    assert (attempt["result"], town.phase(bead)) == ("interrupted", "open")
    assert town.text("half", attempt["head"]) == "half"
    assert_no_orphans(town)


def test_a_detached_attempt_works_on_after_the_command_is_over(town: Town) -> None:
    bead = town.create(
        "works alone", 'while [ ! -e "$scripts/go" ]; do sleep 0.02; done; echo one > one; echo finished'
    )
    town.gt("work", "-d", bead, ok=(0, 11))
    wait_until(lambda: town.phase(bead) == "leased", "the attempt to begin")
    assert town.bead(bead)["status"]["lease"]["token"] in town.why(bead)
    town.gt("reconcile", ok=(11,))
    (town.scripts / "go").touch()
    wait_until(lambda: town.phase(bead) == "submitted", "the attempt to end")
    wait_until(lambda: not attempts_alive(town), "its processes to end")
    assert "finished" in town.gt("logs", bead).out
    assert "+one" in town.gt("diff", bead).out
    town.run(ok=(0,))
    assert town.phase(bead) == "landed"
    check_town(town)


def test_a_dependent_starts_when_its_need_has_landed(town: Town) -> None:
    need = town.create("need", "echo need > need")
    after = town.create("after", "cat need > after", "--needs", need)
    assert need in town.why(after)
    town.gt("claim", after, ok=(75,))
    town.gt("work", need)
    town.gt("claim", after, ok=(75,))
    town.run(ok=(0,))
    assert town.text("after") == "need"
    check_town(town)


def test_an_agent_that_can_not_start_is_no_failure_of_the_bead(new_town: NewTown) -> None:
    text = TOWN.replace("command: [sh, AGENT]", "command: [/nowhere/agent]").replace(
        "backoff: 1s", "backoff: 1s, cooldown: 1h"
    )
    town = new_town(text=text)
    bead = town.create("waits for its agent")
    town.gt("work", bead, ok=(3,))
    assert town.results(bead) == ["infra"]
    assert town.phase(bead) == "open"
    town.gt("run", "--yes", "--max-duration", "15s", ok=(11, 20), limit=60)
    assert set(town.results(bead)) == {"infra"}
    assert town.phase(bead) == "open"
    assert "sh failed" in town.why(bead) or "sh rests" in town.why(bead)
    assert any(page["subject"] == "agent:sh" for page in town.data("pages")["items"])


def test_a_gate_that_can_not_run_is_nobodys_fault(new_town: NewTown) -> None:
    town = new_town(text=TOWN.replace("run: sh gate.sh", "run: exit 125"))
    bead = town.create("can not be judged", "echo one > one")
    town.run(ok=(20,))
    assert (town.phase(bead), town.results(bead)) == ("submitted", ["submitted"])
    assert "one" not in town.files()
    assert town.why(bead)
    check_town(town, gate="true")


def test_a_red_target_blames_nobody(town: Town) -> None:
    bead = town.create("innocent", "echo one > one")
    town.commit({"bad-file": "a person did this"})
    town.run(ok=(20,))
    assert (town.phase(bead), town.results(bead)) == ("submitted", ["submitted"])
    assert "red" in town.why(bead)
    town.git("rm", "-q", "bad-file")
    town.git("commit", "-q", "-m", "repaired")
    town.run(ok=(0, 20))
    assert town.phase(bead) == "landed", town.why(bead)


def test_no_gate_lands_nothing_unless_the_town_says_so(new_town: NewTown) -> None:
    head, _, tail = TOWN.partition("gates:\n")
    town = new_town(text=f"{head}gates: []\n{tail.partition(chr(10))[2]}")
    bead = town.create("unproven", "echo one > one")
    town.run(ok=(1, 20))
    assert town.phase(bead) in ("open", "submitted")
    assert "one" not in town.files()
    assert "gate" in town.why(bead)

    free = new_town("free", text=f"{head}ungated: true\n{tail.partition(chr(10))[2]}")
    bead = free.create("unproven", "echo one > one")
    free.run(ok=(0,))
    assert free.phase(bead) == "landed"


def test_in_a_private_clone_it_reads_and_speaks_as_anywhere(new_town: NewTown) -> None:
    town = new_town(text=TOWN.replace("prompt: stdin,", "prompt: stdin, wrap: [env],"))
    script = 'gt show "$GT_BEAD" | grep -q leased; gt note "from inside"; ! gt close "$GT_BEAD"; echo a > a'
    bead = town.create(
        "wrapped", f"set -e; test -d .git; {script}; git add a; git commit -qm mine; gt submit"
    )
    town.gt("work", bead)
    made = town.bead(bead)
    assert town.text("a", made["status"]["submission"]["commit"]) == "a"
    assert [note["text"] for note in made["notes"]] == ["from inside"]
