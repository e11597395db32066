"""The pipelines that `gt supervise` writes, carried out: fresh clones of a bare repository, one machine killed half-way.

`GT_SUPERVISED_BEADS` says how many Beads are worked off.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import run_git
from tests.e2e.checks import alive, check_town
from tests.e2e.conftest import NewTown
from tests.e2e.pipelines import (
    Machine,
    documents,
    fences,
    github_steps,
    gitlab_job,
    kubernetes_script,
    outputs,
)
from tests.e2e.town import ROOT, TOWN, Town, kill_all, wait_until

pytestmark = pytest.mark.e2e

BEADS = int(os.environ.get("GT_SUPERVISED_BEADS", "30"))
WORKERS = 3
HOUR = 3600
ROUNDS = 8
"""So often a pipeline may be run until all has landed: the dead worker's lease must end by itself."""

SETTINGS = TOWN.replace(
    'refinery: {protected: [".gt/**", ".github/**"]}',
    'refinery: {protected: [".gt/**", ".github/**"], push: origin}\ncoordination: remote',
).replace("deadline: 1m, grace: 1s", "deadline: 4s, grace: 1s")
VARIABLES = {
    "GT_PUSH_TOKEN": "token",
    "CI_SERVER_HOST": "gitlab.example",
    "CI_PROJECT_PATH": "group/town",
}
SECRET = "https://gt:token@gitlab.example/group/town.git"


@pytest.fixture
def town(new_town: NewTown, tmp_path: Path) -> Town:
    town = new_town("a", text=SETTINGS)
    hub = tmp_path / "hub.git"
    run_git(tmp_path, "init", "-q", "--bare", "-b", "main", str(hub))
    town.git("remote", "add", "origin", str(hub))
    town.git("push", "-q", "origin", "main")
    town.gt("sync")
    return town


class Runner:
    """Starts the parts of one round, each on a machine of its own."""

    def __init__(self, town: Town, tmp_path: Path, text: str) -> None:
        self.town, self.hub, self.homes, self.count = town, tmp_path / "hub.git", tmp_path / "machines", 0
        self.found = documents(text)
        self.env: dict[str, str] = {}

    def machine(self, *, clone: bool = True) -> Machine:
        self.count += 1
        home = self.homes / str(self.count)
        machine = Machine(home, {**self.env, "GT_ACTOR": f"machine-{self.count}"})
        config = f'[url "{self.hub}"]\ninsteadOf = {SECRET}\n'
        (home / ".gitconfig").write_text(config)
        if clone:
            machine.clone(self.hub, "main")
        return machine

    def look(self) -> bool:
        """Carries out a look at the town; whether something is due."""
        raise NotImplementedError

    def work(self) -> tuple[Machine, subprocess.Popen[str]]:
        """Starts a worker."""
        raise NotImplementedError

    def merge(self) -> None:
        """Carries out the Refinery."""
        raise NotImplementedError


class GitHub(Runner):
    def _job(self, job: str) -> tuple[Machine, str]:
        return self.machine(), "\n".join(f"(\n{script}\n)" for script in github_steps(self.found[0], job))

    def _carry_out(self, job: str) -> str:
        machine, script = self._job(job)
        said = machine.home / "output"
        machine.run(script, GITHUB_OUTPUT=str(said))
        return outputs(said).get("due", "")

    def look(self) -> bool:
        return self._carry_out("reconcile") == "true"

    def work(self) -> tuple[Machine, subprocess.Popen[str]]:
        machine, script = self._job("work")
        return machine, machine.start(script)

    def merge(self) -> None:
        self._carry_out("merge")


class GitLab(Runner):
    def _job(self, job: str) -> tuple[Machine, str]:
        before, script = gitlab_job(self.found[0], f"gt-a-{job}")
        return self.machine(), "\n".join([*before, *script])

    def look(self) -> bool:
        machine, script = self._job("reconcile")
        machine.run(script, **VARIABLES)
        return True  # there the next stage begins whatever the first found

    def work(self) -> tuple[Machine, subprocess.Popen[str]]:
        machine, script = self._job("work")
        return machine, machine.start(script, **VARIABLES)

    def merge(self) -> None:
        machine, script = self._job("merge")
        machine.run(script, **VARIABLES)


class Kubernetes(Runner):
    def _pod(self, name: str) -> tuple[Machine, str]:
        machine = self.machine(clone=False)
        return machine, kubernetes_script(self.found, f"gt-a-{name}").replace("/srv", str(machine.home))

    def _carry_out(self, name: str) -> None:
        machine, script = self._pod(name)
        machine.run(script, "/bin/sh", "-c", TOWN=str(self.hub))

    def look(self) -> bool:
        self._carry_out("reconcile")
        return True

    def work(self) -> tuple[Machine, subprocess.Popen[str]]:
        machine, script = self._pod("work")
        return machine, machine.start(script, "/bin/sh", "-c", TOWN=str(self.hub))

    def merge(self) -> None:
        self._carry_out("merge")


KINDS: dict[str, tuple[str, Callable[..., Runner]]] = {
    "github": (".github/workflows/gt-a.yml", GitHub),
    "gitlab": (".gitlab/gt-a.yml", GitLab),
    "kubernetes": ("kubernetes.yaml", Kubernetes),
}


@pytest.mark.parametrize("kind", KINDS)
def test_three_machines_land_all_though_one_is_killed(town: Town, tmp_path: Path, kind: str) -> None:
    path, make = KINDS[kind]
    out = tmp_path / "files"
    town.gt("supervise", kind, "--out", str(out), "--workers", str(WORKERS))
    runner = make(town, tmp_path, (out / path).read_text())
    plan = "".join(f"# Bead {number}\n" for number in range(BEADS))
    beads = town.gt("create", "--file", "-", stdin=plan).out.split()
    for bead in beads:
        commit = f"git add {bead}; git commit -q -m {bead} || echo > refused-{bead}"
        town.play(bead, f"sleep 0.3; echo x > {bead}; {commit}")
    town.gt("sync")
    for number in range(ROUNDS):
        if runner.look():
            workers = [runner.work() for _ in range(WORKERS)]
            if number == 0:
                kill(workers[0])
            for machine, worker in workers[not number :]:
                said, _ = worker.communicate(timeout=300)
                assert worker.returncode == 0, f"{machine.home.name}: {said}"
            runner.merge()
        town.gt("sync")
        if {town.phase(bead) for bead in beads} == {"landed"}:
            break
        # Others let the lease of somebody who is dead run out, and a minute more: for them it has.
        town.env["GT_NOW"] = runner.env["GT_NOW"] = str(int(time.time()) + HOUR * (number + 1))
    town.gt("reconcile", ok=(0, 10))
    town.gt("reconcile", ok=(0,))
    town.env.clear()
    check_town(town)
    assert not [name for name in town.files("main") if name.startswith("refused-")]
    trailers = "--format=%(trailers:key=Gt-Bead,valueonly)"
    landings = town.git("log", "--first-parent", trailers, "main", cwd=tmp_path / "hub.git").split()
    assert sorted(landings) == sorted(beads)
    attempts = [len(town.bead(bead)["status"]["attempts"]) for bead in beads]
    assert sum(attempts) <= len(beads) + 1


def kill(one: tuple[Machine, subprocess.Popen[str]]) -> None:
    """Kills a machine while it works, with all that runs on it."""
    machine, worker = one
    wait_until(
        lambda: list(machine.home.glob("town/.git/worktrees/*")) or worker.poll() is not None, "an attempt"
    )
    os.killpg(worker.pid, signal.SIGKILL)
    kill_all(alive(str(machine.home)))
    worker.communicate()


PULL_REQUEST = {"github": "TITLE", "gitlab": "CI_MERGE_REQUEST_TITLE"}
"""How the Bead's name comes to the jobs for pull requests in the documentation."""


def test_the_jobs_for_pull_requests_in_the_documentation_tell_good_from_bad(
    town: Town, tmp_path: Path
) -> None:
    github, gitlab = fences(ROOT / "docs" / "ci.md")
    lines = "\n".join(gitlab["check"]["script"])
    scripts = {"github": "\n".join(github_steps(github, "check")), "gitlab": lines}
    bead = town.gt("create", "a Bead").out.strip()
    town.gt("sync")
    for name in ("good", "bad"):
        town.git("checkout", "-q", "-b", f"a-{name}-one", "main")
        town.commit({name: "x"}, name)
        town.git("push", "-q", "origin", "HEAD")
        for kind, script in scripts.items():
            home = tmp_path / f"{kind}-{name}"
            machine = Machine(home, {"GT_ACTOR": kind, PULL_REQUEST[kind]: f"{bead}: a title"})
            machine.clone(tmp_path / "hub.git", f"a-{name}-one")
            run_git(machine.place, "checkout", "-q", "--detach")
            step = machine.start(script)
            said, _ = step.communicate(timeout=100)
            assert step.returncode == (0 if name == "good" else 3), said
            assert (machine.place / "gl-code-quality-report.json").exists() is (kind == "gitlab")
