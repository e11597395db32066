"""A small runner for the files that `gt supervise github|gitlab|kubernetes` writes: their steps, in fresh clones."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.e2e.town import GT, ROOT


@dataclass
class Machine:
    """A fresh clone of a bare repository, with a HOME of its own."""

    home: Path
    env: Mapping[str, str]
    place: Path = field(init=False)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True)
        tools = self.home / "bin"
        tools.mkdir()
        gt = tools / "gt"
        gt.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.join(GT)} "$@"\n')
        for name in ("pip", "pipx"):
            (tools / name).write_text("#!/bin/sh\n")
        for tool in tools.iterdir():
            tool.chmod(0o755)
        self.place = self.home / "town"

    def clone(self, remote: Path, target: str) -> None:
        command = ["git", "clone", "-q", "-b", target, str(remote), str(self.place)]
        subprocess.run(command, check=True, env=self.environ())

    def environ(self) -> dict[str, str]:
        path = f"{self.home / 'bin'}{os.pathsep}{os.environ['PATH']}"
        own = {"HOME": str(self.home), "GIT_CONFIG_GLOBAL": str(self.home / ".gitconfig"), "PATH": path}
        return {**os.environ, **self.env, **own}

    def start(self, script: str, *shell: str, **env: str) -> subprocess.Popen[str]:
        """A step, in a session of its own, with its output in pipes."""
        place = self.place if self.place.is_dir() else self.home
        return subprocess.Popen(
            [*(shell or ("bash", "-e", "-c")), script],
            cwd=place,
            env={**self.environ(), **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, script: str, *shell: str, **env: str) -> str:
        """A step to its end; what it printed. Fails if it does."""
        step = self.start(script, *shell, **env)
        said, _ = step.communicate(timeout=300)
        assert step.returncode == 0, f"exit {step.returncode}: {script}\n{said}"
        return said


def documents(text: str) -> list[Any]:
    """The documents of a YAML file."""
    return list(YAML(typ="safe", pure=True).load_all(text))


def fences(page: Path) -> list[Any]:
    """What the blocks of YAML in a page of the documentation have."""
    found = re.findall(r"^```yaml\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    return [document for text in found for document in documents(text)]


def github_steps(workflow: Any, job: str) -> Iterator[str]:
    """The scripts of a job; what others' actions do has been done."""
    for step in workflow["jobs"][job]["steps"]:
        if "run" in step and not step["run"].startswith("gh "):
            yield step["run"]


def outputs(place: Path) -> dict[str, str]:
    """What the steps of a job said by GITHUB_OUTPUT."""
    with suppress(FileNotFoundError):
        lines = place.read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)
    return {}


def gitlab_job(pipeline: Any, name: str) -> tuple[list[str], list[str]]:
    """The scripts of a job, before and proper, with what it extends."""
    job = pipeline[name]
    base = pipeline[job["extends"]]
    return list(base["before_script"]), list(job["script"])


def kubernetes_script(objects: list[Any], name: str) -> str:
    """What the container of this object runs, by `/bin/sh -c`."""
    found = next(each for each in objects if each["metadata"]["name"] == name)
    (container,) = found["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["command"][:2] == ["/bin/sh", "-c"]
    return str(container["command"][2])
