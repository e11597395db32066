"""What the files of every kind of supervisor are made of."""

from __future__ import annotations

import shlex
from pathlib import Path

from gt.core.values import dataclass

RESYNC = 15 * 60
"""Seconds between two looks at a town that nobody rang for: what a lost ring costs."""

LOOK_AGAIN = 60
"""Seconds until a town is looked at again that waits for something: a live attempt, a back-off."""

THROTTLE = 10
"""Seconds that whatever failed by itself stays down."""

MARK = "written by gt supervise"
"""In the first lines of every file that gt writes here."""


@dataclass(frozen=True, slots=True)
class Service:
    """A member of the Crew."""

    name: str
    boot: bool


@dataclass(frozen=True, slots=True)
class Site:
    """A town, and how it is to be kept running."""

    name: str
    """Begins every unit's name; letters, digits and hyphens."""
    repo: Path
    """Where gt is started: the main worktree, or a bare repository."""
    doorbell: Path
    folder: Path
    """Where the files go."""
    gt: tuple[str, ...]
    """The command line of gt, all of it absolute."""
    workers: int
    deadline: int
    """Seconds that the longest attempt may take."""
    target: str
    remote: str = "origin"
    crew: tuple[Service, ...] = ()
    version: str = ""
    """Of gt, for where it is installed anew."""
    path: str = "/usr/local/bin:/usr/bin:/bin"
    """PATH: where agents are found."""
    user: str | None = None
    """Whom the system's own supervisor runs it as; None: the supervisor is a user's own."""
    memory: int | None = None
    """MiB that a worker may use with all that it starts; None: as much as there is."""
    tasks: int | None = None
    """How many processes and threads a worker may have; None: as many as the supervisor lets anybody have."""
    secrets: tuple[str, ...] = ()
    """Names of variables that the agents need: given by reference only."""

    @property
    def command(self) -> str:
        """gt, for sh."""
        return shlex.join(self.gt)

    @property
    def limit(self) -> int:
        """Seconds after which a supervisor itself ends an attempt: gt's own deadline comes first."""
        return self.deadline + 15 * 60


@dataclass(frozen=True, slots=True)
class File:
    """One file of a kind of supervisor."""

    text: str
    executable: bool = False


Files = dict[str, File]
"""By the path below the folder that they go to, with `/`."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What a person types, or gt with `--install`, for files that lie in a folder: argument vectors."""

    start: tuple[tuple[str, ...], ...] = ()
    """To take the files up, once they are there."""
    stop: tuple[tuple[str, ...], ...] = ()
    """To put down what runs, before they are removed."""
    after: tuple[tuple[str, ...], ...] = ()
    """Once they are removed."""
    ring: str | None = None
    """What `gt.doorbell` is to be, for a supervisor that can't watch a file."""
    notes: tuple[str, ...] = ()
    """For a person."""
