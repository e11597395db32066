"""What is submitted, on a target that nothing is wrong with; and what was sent back from there."""

from __future__ import annotations

import signal

from tests.e2e.town import GATE
from tests.e2e.whys.opened import Playing
from tests.e2e.whys.stage import SETTINGS, Stage, situation

HOLDS = GATE + 'touch "SCRIPTS/gating"; while test ! -e "SCRIPTS/enough"; do sleep 0.05; done\n'
"""A gate that runs until the file `enough` is there."""


def gate(town: Stage, script: str, more: str = "") -> None:
    """Another gate on the target."""
    settings = SETTINGS.replace("refinery: {", "refinery: {slots: 1, ") + more
    town.settle(settings, {"gate.sh": script.replace("SCRIPTS", str(town.scripts))})


@situation("it waits for its gates")
def due(town: Stage) -> Playing:
    yield town.offer({"a": "a"})


@situation("it waits for its gates, and others do, too")
def in_line(town: Stage) -> Playing:
    bead = town.offer({"a": "a"})
    town.here("edit", town.offer({"b": "b"}), "--priority", "1")
    town.here("edit", town.offer({"c": "c"}), "--priority", "3")
    yield bead


def while_gated(town: Stage, bead: str) -> Playing:
    """It is asked about while a gate runs, which then may end."""
    with town.beside("merge", ready="gating") as merge:
        typed = yield bead
        assert bead in typed()
        (town.scripts / "enough").touch()
        merge.wait(30)


@situation("its gates run")
def gating(town: Stage) -> Playing:
    gate(town, HOLDS)
    yield from while_gated(town, town.offer({"a": "a"}))


@situation("its gates run on it together with another")
def gating_together(town: Stage) -> Playing:
    gate(town, HOLDS)
    bead = town.offer({"a": "a"})
    town.offer({"b": "b"})
    yield from while_gated(town, bead)


SPLITS = 'echo >> SCRIPTS/runs; test "$(wc -l < SCRIPTS/runs)" -gt 1 || exit 1\n' + HOLDS
"""A gate that is red the first time it runs, whatever it runs on, and then holds."""


def red_once(town: Stage) -> None:
    """A merge to the first red run, and no further."""
    with town.beside("merge", ready="gating") as merge:
        merge.send_signal(signal.SIGTERM)
        merge.wait(30)
    (town.scripts / "enough").touch()


@situation("a gate was red on it together with another, and who is to blame isn't known")
def suspect(town: Stage) -> Playing:
    gate(town, SPLITS)
    bead = town.offer({"a": "a"})
    town.here("edit", town.offer({"b": "b"}), "--priority", "3")
    red_once(town)
    yield bead


@situation("a gate was red on it once")
def doubted(town: Stage) -> Playing:
    gate(town, SPLITS)
    bead = town.offer({"a": "a"})
    red_once(town)
    yield bead


@situation("it was submitted, and a person holds it")
def held(town: Stage) -> Playing:
    bead = town.offer({"a": "a"})
    town.here("edit", bead, "--hold")
    yield bead


@situation("it was submitted, and the town is paused")
def paused(town: Stage) -> Playing:
    bead = town.offer({"a": "a"})
    town.here("pause", "--reason", "lunch")
    yield bead


@situation("it was submitted, and needs a Bead that hasn't landed")
def needs(town: Stage) -> Playing:
    other = town.create("first", "echo b > b")
    bead = town.offer({"a": "a"})
    town.here("dep", "add", bead, other)
    yield bead


@situation("it was submitted, and needs a Bead that was closed as another than done")
def needs_closed(town: Stage) -> Playing:
    other = town.create("first")
    bead = town.offer({"a": "a"})
    town.here("dep", "add", bead, other)
    town.here("close", other, "--reason", "wontfix")
    yield bead


@situation("it was submitted, and needs a Bead that isn't there")
def needs_nobody(town: Stage) -> Playing:
    from tests.e2e.whys.opened import ghost

    bead = town.offer({"a": "a"})
    ghost(town, bead, "needs")
    yield bead


@situation("it was submitted, and needs a Bead whose landing was taken away")
def needs_what_is_gone(town: Stage) -> Playing:
    other = town.offer({"b": "b"})
    town.gt("merge")
    bead = town.offer({"a": "a"})
    town.here("dep", "add", bead, other)
    town.git("reset", "-q", "--hard", "main~1")
    page = next(call for call in town.status() if call["cause"] == "moved")["hint"]
    town.here(*page.split()[1:])
    yield bead


@situation("it contains work of a Bead that isn't submitted")
def above(town: Stage) -> Playing:
    other = town.create("first")
    town.work(other, "echo a > a; gt fail -r 'half done'")
    work = town.bead(other)["status"]["attempts"][0]["head"]
    bead = town.offer({"b": "b"}, on=work)
    typed = yield bead
    typed()
    town.here("close", other, "--reason", "obsolete")


@situation("it changes protected paths, and nobody has approved that")
def approval(town: Stage) -> Playing:
    yield town.offer({".github/workflow": "run"})


@situation("a person wants to review it")
def review(town: Stage) -> Playing:
    bead = town.offer({"a": "a"})
    town.here("edit", bead, "--review")
    yield bead


@situation("merging it would change what its commits don't")
def strays(town: Stage) -> Playing:
    lines = "".join(f"{n}\n" for n in range(20))
    town.commit({"old": lines})
    bead = town.offer({"old": lines + "end"})
    town.git("mv", "old", "new")
    town.git("commit", "-qm", "move it")
    typed = yield bead
    typed(REASON="made for the old place")


@situation("a gate can't be run on it")
def could_not_run(town: Stage) -> Playing:
    gate(town, f"test ! -e a || test -e {town.scripts}/tool || exit 127\n")
    bead = town.offer({"a": "a"})
    town.gt("merge", ok=(20,))
    (town.scripts / "tool").touch()
    yield bead


@situation("files of the checkout are in the way of its landing")
def dirty(town: Stage) -> Playing:
    bead = town.offer({"story": "another story"})
    (town.path / "story").write_text("a person's own\n")
    typed = yield bead
    assert "story" in typed()
    town.git("checkout", "story")


@situation("its target is checked out more than once")
def twice(town: Stage) -> Playing:
    bead = town.offer({"a": "a"})
    town.git("worktree", "add", "-q", "-f", "../again", "main")
    typed = yield bead
    typed()
    town.git("worktree", "remove", "../again")


@situation("its commit isn't in this clone yet")
def missing(town: Stage) -> Playing:
    hub = town.hub()
    bead = town.offer({"a": "a"})
    sub = town.bead(bead)["status"]["submission"]
    pin = next(line.split()[1] for line in town.git("show-ref").splitlines() if "refs/gt/sub/" in line)
    town.git("push", "-q", "origin", f"{pin}:refs/heads/kept")
    for ref in [
        line.split()[1] for line in town.git("show-ref").splitlines() if line.startswith(sub["commit"])
    ]:
        town.git("update-ref", "-d", ref)
    town.git("reflog", "expire", "--expire=now", "--all")
    town.git("repack", "-adq")
    town.git("prune", "--expire=now")
    assert hub.is_dir()
    yield bead


@situation("it was submitted for what is no target of this clone")
def no_target(town: Stage) -> Playing:
    town.git("branch", "release")
    town.git("config", "--add", "gt.target", "release")
    bead = town.offer({"a": "a"}, "--base", "release")
    town.git("config", "--unset", "gt.target", "release")
    yield bead


@situation("a gate is red on its target, and a person waived that")
def waived(town: Stage) -> Playing:
    gate(town, "test ! -e down\n")
    town.commit({"down": ""})
    bead = town.offer({"a": "a"})
    town.gt("merge", ok=(20,))
    town.here("waive", "test", "--reason", "the vendor is down", "--for", "2h")
    yield bead


# others land it

ASKS = """\
refinery: {push: origin, slots: 1, land: {command: "sh ./ask '{branch}'", timeout: 20s}}
"""


def lands_elsewhere(town: Stage, script: str) -> None:
    """A target on a remote, which others land on when this script asked them to."""
    first, *rest = SETTINGS.split('refinery: {protected: [".gt/**", ".github/**"]}\n')
    town.settle(first + ASKS + "".join(rest), {"ask": script})
    town.hub()
    town.here("reconcile", ok=(0, 10, 11, 12, 20))


@situation("others were asked to land it")
def offered(town: Stage) -> Playing:
    lands_elsewhere(town, "echo https://forge.example/pull/1\n")
    bead = town.offer({"a": "a"})
    town.gt("merge", ok=(0, 10, 11))
    yield bead
    commit = town.bead(bead)["status"]["submission"]["commit"]
    tip = town.git("rev-parse", "main")
    made = town.git("commit-tree", f"{commit}^{{tree}}", "-p", tip, "-p", commit, "-m", "others' words")
    town.git("push", "-q", "origin", f"{made}:refs/heads/main")
    town.gt("merge", ok=(0, 10))


@situation("others landed something in its name that hasn't all of it")
def altered(town: Stage) -> Playing:
    lands_elsewhere(town, "echo https://forge.example/pull/1\n")
    bead = town.offer({"a": "a", "b": "b"})
    town.gt("merge", ok=(0, 10, 11))
    made = town.branch({"a": "another"}, words=f"some of {bead}")
    town.git("push", "-q", "origin", f"{made}:refs/heads/main")
    town.gt("merge", ok=(11, 20))
    yield bead


@situation("asking others to land it failed")
def not_offered(town: Stage) -> Playing:
    lands_elsewhere(town, f"test -e {town.scripts}/login || {{ echo not logged in; exit 4; }}\n")
    bead = town.offer({"a": "a"})
    town.gt("merge", ok=(20,))
    (town.scripts / "login").touch()
    yield bead


# sent back


def sent_back(town: Stage, bead: str) -> str:
    """The Bead, once a merge has judged it."""
    town.gt("merge", ok=(3,))
    assert town.phase(bead) == "open"
    return bead


@situation("its last submission was red")
def red(town: Stage) -> Playing:
    yield sent_back(town, town.offer({"bad": "bad"}))


@situation("its last submission conflicts with the target")
def conflict(town: Stage) -> Playing:
    base = town.git("rev-parse", "main")
    town.commit({"story": "another story\n"})
    yield sent_back(town, town.offer({"story": "a third story"}, on=base))


@situation("its last submission was green by itself, and red with what landed before")
def interaction(town: Stage) -> Playing:
    gate(town, "! test -e a || ! test -e b || { echo a and b; exit 1; }\n")
    one, two = town.offer({"a": "a"}), town.offer({"b": "b"})
    town.gt("merge", ok=(3,))
    yield next(bead for bead in (one, two) if town.phase(bead) == "open")


@situation("a person rejected its last submission")
def rejected(town: Stage) -> Playing:
    bead = town.offer({"a": "a"})
    town.here("reject", bead, "--reason", "not this way")
    yield bead


@situation("a person took its last submission back")
def withdrawn(town: Stage) -> Playing:
    bead = town.offer({"a": "a"})
    town.here("withdraw", bead)
    town.play(bead, "echo b > b")
    yield bead
