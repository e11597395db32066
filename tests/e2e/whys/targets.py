"""What waits to land, or to begin, on a target that something is wrong with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.conftest import run_git
from tests.e2e.whys.opened import Playing
from tests.e2e.whys.queue import HOLDS, gate
from tests.e2e.whys.stage import PUSHED, SETTINGS, Stage, situation


def merged(town: Stage, bead: str) -> str:
    """The Bead, once a merge has seen that nothing can be done."""
    town.gt("merge", ok=(20,))
    return bead


@situation("a gate is red on the target itself")
def red(town: Stage) -> Playing:
    gate(town, f"test -e {town.scripts}/vendor\n")
    bead = merged(town, town.offer({"a": "a"}))
    (town.scripts / "vendor").touch()
    yield bead


@situation("a gate is red on the target since a landing")
def red_after(town: Stage) -> Playing:
    town.settle(
        SETTINGS.replace("gates:\n", 'gates:\n  - {name: slow, run: "test ! -e late", when: after}\n')
    )
    town.offer({"late": "late"})
    town.gt("merge", ok=(0, 20))
    town.here("reconcile", ok=(10, 12, 20))
    yield merged(town, town.offer({"a": "a"}))


@situation("others moved the target")
def moved(town: Stage) -> Playing:
    town.offer({"a": "a"})
    town.gt("merge")
    town.git("reset", "-q", "--hard", "main~1")
    yield merged(town, town.offer({"b": "b"}))


@situation("a gate can't be run on the target itself")
def could_not_run(town: Stage) -> Playing:
    gate(town, f"test -e {town.scripts}/tool || exit 127\n")
    bead = merged(town, town.offer({"b": "b"}))
    (town.scripts / "tool").touch()
    yield bead


@situation("the target's settings name no gate")
def ungated(town: Stage) -> Playing:
    bare = "".join(line for line in SETTINGS.splitlines(True) if "gate" not in line)
    town.settle(bare)
    bead = town.offer({"a": "a"})
    town.editor(SETTINGS)
    yield bead


@situation("the queue has had all its gate runs")
def budget(town: Stage) -> Playing:
    gate(town, HOLDS)
    town.settle(SETTINGS.replace("refinery: {", "refinery: {slots: 1, budget: 1, "))
    bead = town.offer({"a": "a"})
    while "gate runs" not in town.why(bead):
        # Each is counted before it begins, whatever becomes of it.
        with town.beside("merge", ready="gating") as merge:
            merge.kill()
    (town.scripts / "enough").touch()
    yield bead


@situation("the target's settings can't be read")
def settings(town: Stage) -> Playing:
    bead = town.create("a", "echo a > a")
    town.commit({".gt/town.yaml": "gates: [\n"})
    town.editor(SETTINGS)
    yield bead


@situation("it was submitted, and the target's settings can't be read")
def settings_submitted(town: Stage) -> Playing:
    bead = town.offer({"a": "a"})
    town.commit({".gt/town.yaml": "gates: [\n"})
    town.editor(SETTINGS)
    yield bead


@situation("the target doesn't exist")
def gone(town: Stage) -> Playing:
    town.git("branch", "release")
    town.git("config", "--add", "gt.target", "release")
    bead = town.create("a", "", "--base", "release")
    town.git("branch", "-D", "release")
    yield bead


@situation("the target isn't known to be where it is pushed to")
def unshared(town: Stage) -> Playing:
    town.settle(PUSHED)
    place = town.path.parent / "hub.git"
    run_git(town.path.parent, "init", "-q", "--bare", "-b", "main", str(place))
    town.git("remote", "add", "origin", str(place))
    bead = town.offer({"a": "a"})
    typed = yield bead
    typed()
    town.gt("merge")


@situation("the target has commits that aren't where it is pushed to")
def unpushed(town: Stage) -> Playing:
    town.settle(PUSHED)
    town.hub()
    town.gt("merge")
    bead = town.offer({"a": "a"})
    town.commit({"mine": "mine\n"})
    typed = yield bead
    typed()
    town.gt("merge")


@situation("the target and where it is pushed to have parted")
def parted(town: Stage) -> Playing:
    town.settle(PUSHED)
    hub = town.hub()
    town.gt("merge")
    bead = town.offer({"a": "a"})
    theirs = town.branch({"theirs": "theirs"}, "theirs")
    town.git("push", "-q", "origin", f"{theirs}:refs/heads/main")
    town.commit({"mine": "mine\n"})
    town.gt("merge", ok=(20,))
    assert hub.is_dir()
    typed = yield bead
    assert "<" in typed()
    town.git("rebase", "-q", theirs)
    town.git("push", "-q", "origin", "main")
    town.gt("merge")


@situation("where the target is pushed to, a landing was taken back")
def rewound(town: Stage) -> Playing:
    town.settle(PUSHED)
    hub = town.hub()
    town.offer({"a": "a"})
    town.gt("merge")
    run_git(hub, "update-ref", "refs/heads/main", "main~1")
    typed = yield merged(town, town.offer({"b": "b"}))
    typed()
    town.gt("merge")


@situation("where the target is pushed to, others put something else in the place of a landing")
def replaced(town: Stage) -> Playing:
    town.settle(PUSHED)
    hub = town.hub()
    theirs = town.branch({"theirs": "theirs"}, "theirs")
    town.offer({"a": "a"})
    town.gt("merge")
    town.git("push", "-q", "-f", "origin", f"{theirs}:refs/heads/main")
    assert hub.is_dir()
    typed = yield merged(town, town.offer({"b": "b"}))
    assert "<" in typed()
    town.git("merge", "-q", "-m", "both", theirs)
    town.git("push", "-q", "origin", "main")
    town.gt("merge")


@situation("files of the checkout keep the target from following where it is pushed to")
def behind(town: Stage) -> Playing:
    town.settle(PUSHED)
    hub = town.hub()
    bead = town.offer({"a": "a"})
    made = town.branch({"story": "theirs"})
    town.git("push", "-q", "origin", f"{made}:refs/heads/main")
    assert hub.is_dir()
    (town.path / "story").write_text("a person's own\n")
    merged(town, bead)
    typed = yield bead
    assert "story" in typed()
    town.git("checkout", "story")
    town.gt("merge")


@contextmanager
def frozen(town: Stage) -> Iterator[None]:
    """Meanwhile the remote takes nothing."""
    town.settle(PUSHED)
    no = town.hub() / "hooks" / "pre-receive"
    no.parent.mkdir(exist_ok=True)
    no.write_text("#!/bin/sh\necho the branch is frozen\nexit 1\n")
    no.chmod(0o755)
    yield
    no.unlink()


@situation("the remote refused its landing")
def refused(town: Stage) -> Playing:
    with frozen(town):
        bead = merged(town, town.offer({"a": "a"}))
    yield bead


@situation("the remote refuses every landing")
def refusing(town: Stage) -> Playing:
    with frozen(town):
        waiting = [town.offer({name: name}) for name in ("a", "b", "c")]
        bead = merged(town, waiting[0])
    yield bead
