"""What a town is set to: the values of `.gt/town.yaml` on a target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from gt.core.state import Waiver
from gt.core.values import dataclass

if TYPE_CHECKING:
    from gt.core.blame import Rule  # most towns have none, and commands start sooner without it

TOWN_FILE = ".gt/town.yaml"

Command = tuple[str, ...] | str
"""A list is executed as it is; a string by `sh -c`."""


STRATEGIES = ("merge", "squash", "rebase")
"""How a change may land."""


RECIPES = ("bwrap", "docker", "podman")
"""The wrappers that gt knows how to call."""


@dataclass(frozen=True, slots=True)
class Wrap:
    """What an agent runs inside of, with a clone of its own. Paths are absolute, or begin with `~/`."""

    recipe: str | None = None
    """One of RECIPES; None where there is a command."""
    command: tuple[str, ...] = ()
    """What the agent's command line is appended to."""
    kill: Command | None = None
    """Ends what is inside where that outlives the wrapper; succeeds once nothing of it lives."""
    image: str | None = None
    """The container's."""
    network: bool = True
    read: tuple[str, ...] = ()
    """Paths that it may read, too."""
    write: tuple[str, ...] = ()
    """Paths that it may change, besides its worktree."""
    hide: tuple[str, ...] = ()
    """Paths that it doesn't see, besides those that are never shown."""


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """An agent: any command that can be given a task."""

    name: str
    preset: str | None = None
    command: Command | None = None
    prompt: str = "stdin"
    """How the prompt goes in: stdin, file, arg or none."""
    deadline: int | None = None
    stall: int | None = None
    """Seconds without any sign of progress after which an attempt is stopped; None: never."""
    grace: int = 10
    """Seconds between TERM and KILL."""
    limit: int | None = None
    """How many of its attempts may run at once."""
    env: tuple[str, ...] = ()
    """Names of variables let through besides the common ones."""
    args: tuple[str, ...] = ()
    """Appended to a preset's command line."""
    wrap: Wrap | None = None
    commit: str = "gt"
    """Who commits what is left in the worktree: `gt`, or `agent`."""
    failures: tuple[Rule, ...] = ()
    """Whose failure a failure of its is, before what its preset says."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A command that must pass on a tree before it lands."""

    name: str
    run: Command
    timeout: int = 600
    when: str = "before"
    inputs: tuple[str, ...] = ()
    """Globs; when given, the gate sees only these paths, `.gt/` and `.gitattributes`."""
    env: tuple[str, ...] = ()
    could_not_run: tuple[int, ...] = (125, 126, 127)
    """Exit codes that say nothing about the tree."""
    waiver: Waiver | None = None
    """A person's word that lets it be red, as it is on the target; never in the file, see `refinery.aftermath`."""

    @property
    def excused(self) -> bool:
        """Whether a change may be red for it: it runs before a landing, and the target is red for it as well."""
        return self.when == "before" and self.waiver is not None


@dataclass(frozen=True, slots=True)
class CrewSpec:
    """A member of the Crew: a standing service, which a supervisor keeps running."""

    command: Command
    worktree: bool = True
    """Whether it has a worktree of its own; otherwise it runs in the main one."""
    boot: bool = False
    """Whether it is to run from boot on; otherwise once a person starts it."""


@dataclass(frozen=True, slots=True)
class StageSpec:
    """A branch behind the target that landed commits are promoted to."""

    branch: str
    gates: tuple[Gate, ...] = ()
    """What must pass on a commit before it goes there, besides what passed before it landed."""
    bake: int = 0
    """Seconds that a commit must have been on the branch before."""
    approve: bool = False
    """Whether a person must vouch for each commit."""
    source: str | None = None
    """The branch that it follows; None: the stage before, the first one the target."""


@dataclass(frozen=True, slots=True)
class Worktrees:
    """Where attempts work, and what makes such a place usable."""

    root: str = "../{repo}.gt"
    copy: tuple[str, ...] = ()
    setup: Command | None = None
    timeout: int = 600
    caches: tuple[str, ...] = ()
    """Untracked paths that a gate's slot keeps from one run to the next."""


@dataclass(frozen=True, slots=True)
class LandSpec:
    """A command that asks others to land a submission, and what it is given: it opens a pull request, say."""

    command: Command
    timeout: int = 300
    env: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RefinerySpec:
    """How the Refinery lands."""

    slots: int | None = None
    history: str = "train"
    """`train`: changes that land together stand under one merge; `linear`: no merges, each change is one commit, and proven."""
    strategy: str = "merge"
    """How a change lands that doesn't say otherwise: merge, squash or rebase."""
    message: str | None = None
    """What a landing commit says above its trailers: text with {title} {bead} {token} {agent} {body}."""
    review: str = "protected"
    approvals: str = "any"
    """Whose word counts: `any` person's on the ledger, or only a `signed` one by a key listed on the target."""
    protected: tuple[str, ...] = (".gt/**", ".github/**", ".gitlab-ci.yml")
    push: str | None = None
    land: LandSpec | None = None
    """None: gt lands by itself."""
    budget: int = 20
    """Gate runs allowed for one (target tip, queue) before its submissions are held."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds the town."""

    attempts: int = 3
    deadline: int = 3600
    concurrent: int = 4
    interruptions: int = 10
    backoff: int = 30
    """Seconds before the first retry after a failure; doubled for each further one, up to half an hour."""
    cooldown: int = 1800
    """Seconds an agent rests after three infrastructure failures in a row."""
    no_changes: int = 2
    """Attempts in a row that changed nothing after which a person is asked whether it is done already."""
    usd_per_day: float | None = None
    """US dollars that attempts may cost in 24 hours before no more of them begin."""
    usd_per_bead: float | None = None
    """US dollars that the attempts at a Bead may cost, unless it says so itself, before only a person lets more begin."""


@dataclass(frozen=True, slots=True)
class Town:
    """The settings of a town, as its target has them."""

    agent: str | None = None
    agents: Mapping[str, AgentSpec] = field(default_factory=dict)
    worktrees: Worktrees = Worktrees()
    gates: tuple[Gate, ...] = ()
    refinery: RefinerySpec = RefinerySpec()
    limits: Limits = Limits()
    coordination: str = "local"
    page: Command | None = None
    types: tuple[str, ...] = ()
    ungated: bool = False
    stages: tuple[StageSpec, ...] = ()
    """Branches behind the target, each after what it follows."""
    crew: Mapping[str, CrewSpec] = field(default_factory=dict)
    """By name."""
