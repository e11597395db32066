"""What is over, and where it still has to go."""

from __future__ import annotations

from tests.e2e.whys.opened import Playing
from tests.e2e.whys.stage import HOUR, PUSHED, SETTINGS, Stage, situation


def landed(town: Stage, stage: str = "", **files: str) -> str:
    """A Bead that has landed, with a stage behind the target."""
    if stage:
        town.settle(f"{SETTINGS}stages: [{stage}]\n")
    bead = town.offer(dict(files or {"a": "a"}))
    town.gt("merge", ok=(0, 10, 20))
    return bead


@situation("it has landed")
def plain(town: Stage) -> Playing:
    yield landed(town)


@situation("it has landed, and was reverted")
def reverted(town: Stage) -> Playing:
    bead = landed(town)
    town.here("revert", bead)
    town.gt("merge")
    yield bead


@situation("it has landed, and its revert is submitted")
def reverting(town: Stage) -> Playing:
    bead = landed(town)
    town.here("revert", bead)
    yield bead


@situation("it has landed, and a stage is to have it")
def promoted(town: Stage) -> Playing:
    yield landed(town, '{branch: release, gates: [{name: smoke, run: "true"}]}')


@situation("it has landed, and has to bake before a stage has it")
def bakes(town: Stage) -> Playing:
    yield landed(town, "{branch: release, bake: 1h}")
    town.at(2 * HOUR)


@situation("it has landed, and a stage waits for a person's word")
def word(town: Stage) -> Playing:
    yield landed(town, "{branch: release, approve: true}")


@situation("it has landed, and a gate of a stage is red on it")
def stage_red(town: Stage) -> Playing:
    bead = landed(town, f'{{branch: release, gates: [{{name: smoke, run: "test -e {town.scripts}/up"}}]}}')
    town.gt("promote", "release", ok=(20,))
    (town.scripts / "up").touch()
    yield bead


@situation("it has landed, and a gate of a stage can't be run on it")
def stage_stalled(town: Stage) -> Playing:
    bead = landed(
        town, f'{{branch: release, gates: [{{name: smoke, run: "test -e {town.scripts}/up || exit 127"}}]}}'
    )
    town.gt("promote", "release", ok=(20,))
    (town.scripts / "up").touch()
    yield bead


@situation("it has landed, and the remote refused to bring a stage there")
def stage_refused(town: Stage) -> Playing:
    town.settle(f"{PUSHED}stages: [{{branch: release}}]\n")
    no = town.hub() / "hooks" / "pre-receive"
    no.parent.mkdir(exist_ok=True)
    no.write_text("#!/bin/sh\n! grep -q refs/heads/release || { echo the branch is frozen; exit 1; }\n")
    no.chmod(0o755)
    bead = landed(town)
    town.gt("promote", "release", ok=(20,))
    no.unlink()
    yield bead


@situation("it has landed, and others moved a stage")
def stage_moved(town: Stage) -> Playing:
    first = landed(town, "{branch: release}")
    town.gt("promote", "release")
    town.git("update-ref", "refs/heads/release", "main~1")
    assert town.phase(first) == "landed"
    yield landed(town, b="b")


@situation("it has landed, and a stage has commits that the target hasn't")
def diverged(town: Stage) -> Playing:
    made = town.branch({"fix": "fix"}, "release")
    bead = landed(town, "{branch: release}")
    typed = yield bead
    assert made[:7] in typed()
    town.git("branch", "-D", "release")


@situation("it has landed, and files of a checkout are in the way of a stage")
def stage_dirty(town: Stage) -> Playing:
    town.git("branch", "release")
    town.git("worktree", "add", "-q", "../release", "release")
    (town.path.parent / "release" / "a").write_text("a person's own\n")
    bead = landed(town, "{branch: release}")
    typed = yield bead
    typed()
    (town.path.parent / "release" / "a").unlink()


@situation("it has landed, and a stage can't be where the settings put it")
def stage_settings(town: Stage) -> Playing:
    bead = landed(town, "{branch: release, from: nowhere}")
    town.editor(f"{SETTINGS}stages: [{{branch: release}}]\n")
    yield bead


@situation("it has landed, and turned the target red")
def culprit(town: Stage) -> Playing:
    town.settle(
        SETTINGS.replace("gates:\n", 'gates:\n  - {name: slow, run: "test ! -e late", when: after}\n')
    )
    bead = landed(town, late="late")
    town.gt("merge", ok=(20,))
    town.here("reconcile", ok=(10, 12, 20))
    yield bead


@situation("it has landed, and a gate that runs after can't be run")
def unlooked(town: Stage) -> Playing:
    slow = f"test -e {town.scripts}/tool || exit 127"
    town.settle(SETTINGS.replace("gates:\n", f'gates:\n  - {{name: slow, run: "{slow}", when: after}}\n'))
    bead = landed(town)
    (town.scripts / "tool").touch()
    yield bead


@situation("it has landed, the town is paused, and a stage hasn't got it")
def stage_paused(town: Stage) -> Playing:
    bead = landed(town, "{branch: release}")
    town.here("pause", "--reason", "lunch")
    yield bead


@situation("it was closed")
def closed(town: Stage) -> Playing:
    bead = town.create("a")
    town.here("close", bead, "--reason", "obsolete", "--message", "nobody wants it")
    yield bead
