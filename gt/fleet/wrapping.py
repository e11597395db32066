"""What an agent is run inside of: the command line of a wrapper, and of what ends its inside.

Knows paths and words; that the worktree has a clone of its own there, so that nothing else need be writable, is seen
to elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from gt.core.bead import Result
from gt.core.blame import Rule
from gt.core.town import TOWN_FILE, Wrap
from gt.core.values import dataclass
from gt.errors import Busy, Malformed
from gt.fleet.commandline import argv

SECRET = (
    *("~/.ssh", "~/.gnupg", "~/.git-credentials", "~/.config/git/credentials", "~/.netrc", "~/.config/gh"),
    *("~/.config/glab-cli", "~/.aws", "~/.azure", "~/.config/gcloud", "~/.kube", "~/.docker"),
)
"""What bwrap never shows, unless `read` or `write` names it: with these one acts elsewhere in the user's name."""

HOLLOW = ("/tmp", "/var/tmp", "/run")  # noqa: S108 - names of what is covered; nothing is made there
"""What is empty inside: sockets lie there, and what listens to them acts outside."""

NAMES = ("/run/systemd/resolve", "/run/NetworkManager/resolv.conf", "/run/resolvconf")
"""What names are looked up with where the network is there."""

OUTSIDE = ("SSH_AUTH_SOCK", "XDG_RUNTIME_DIR", "TMPDIR")
"""Variables that lead to what isn't there inside."""

OF_THIS_MACHINE = (*OUTSIDE, "PATH", "HOME", "USER", "LOGNAME", "SHELL", "XDG_*")
"""Variables that mean nothing in a container."""

_FAILED = "its wrapper couldn't run it"

RULES: Mapping[str | None, tuple[Rule, ...]] = {
    "bwrap": (Rule(Result.INFRA, _FAILED, output=r"(?m)^bwrap: ", within=10, changed=False),),
    "docker": (Rule(Result.INFRA, _FAILED, codes=frozenset({125}), changed=False),),
    "podman": (Rule(Result.INFRA, _FAILED, codes=frozenset({125}), changed=False),),
}
"""By recipe: when it is the wrapper that failed, not its agent."""

KILL_LIMIT = 60
"""Seconds that ending what is inside may take."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where an agent is, for its wrapper."""

    worktree: Path
    common_dir: Path
    """The town's git directory."""
    objects: tuple[Path, ...]
    """The directories that the worktree's clone has its objects from."""
    main: Path | None
    """The user's own checkout."""
    name: str
    """One that no other attempt has."""
    home: Path
    values: Mapping[str, str]
    """What placeholders stand for in a command."""


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A wrapper for one attempt."""

    wrap: Wrap
    scene: Scene
    kill: tuple[str, ...] = ()
    """What ends the inside, where that outlives the wrapper; empty: nothing does."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """For `classify`, after the agent's own."""
        return RULES.get(self.wrap.recipe, ())

    def around(self, inner: Iterable[str], env: Mapping[str, str]) -> tuple[str, ...]:
        """The command line that runs `inner` inside, in the worktree, with this environment."""
        match self.wrap.recipe:
            case None:
                outer = argv(self.wrap.command, self.scene.values)
            case "bwrap":
                outer = _bwrap(self.wrap, self.scene, env)
            case program:
                outer = _container(program, self.wrap, self.scene, env)
        return (*outer, *inner)

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """The variables less those that lead to what isn't there inside."""
        gone = OUTSIDE if self.wrap.recipe == "bwrap" else ()
        return {name: value for name, value in env.items() if name not in gone}


def wrapper_of(agent: str, wrap: Wrap, scene: Scene) -> Wrapper:
    """The wrapper of this agent for an attempt. Raises Malformed where it would let the town be written."""
    town = {scene.common_dir, *scene.objects}
    for path in (_real(name, scene) for name in wrap.write):
        if any(path.is_relative_to(own) or own.is_relative_to(path) for own in map(_resolved, town)):
            raise Malformed(
                f"{TOWN_FILE}: agents.{agent}.wrap.write",
                f"{path} would let it write the town's git directory",
            )
    kill: tuple[str, ...] = ()
    if wrap.kill is not None:
        kill = argv(wrap.kill, scene.values)
    elif wrap.recipe in ("docker", "podman"):
        kill = _remove(wrap.recipe, scene.name)
    return Wrapper(wrap, scene, kill)


def end_inside(kill: tuple[str, ...]) -> None:
    """End what a wrapper left running inside; raises Busy if that can't be told to have worked."""
    if not kill:
        return
    import shlex
    import subprocess

    try:
        ran = subprocess.run(
            kill,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=KILL_LIMIT,
            start_new_session=True,
            check=False,
        )
        said = ran.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        why = "" if ran.returncode == 0 else said or f"exit code {ran.returncode}"
    except (OSError, subprocess.TimeoutExpired) as error:
        why = str(error)
    if why:
        raise Busy(f"what runs inside its wrapper can't be ended: {why}", hint=shlex.join(kill))


def _bwrap(wrap: Wrap, scene: Scene, env: Mapping[str, str]) -> tuple[str, ...]:
    """Bubblewrap: what is mounted later covers what was mounted before."""
    shared = () if wrap.network else ("--unshare-net",)
    words = [
        *("bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", *shared),
        *(
            "--die-with-parent",
            "--cap-drop",
            "ALL",
            "--ro-bind",
            "/",
            "/",
            "--dev",
            "/dev",
            "--proc",
            "/proc",
        ),
    ]
    for folder in HOLLOW:
        if os.path.isdir(folder) and not os.path.islink(folder):
            words += ["--tmpfs", folder]
    if wrap.network:
        for name in NAMES:
            words += ["--ro-bind-try", name, name]
    for _, mount in sorted(_mounts(wrap, scene, env), key=lambda mount: len(mount[0].parts)):
        words += mount
    words += ["--bind", str(scene.worktree), str(scene.worktree), "--chdir", str(scene.worktree), "--"]
    return tuple(words)


def _mounts(wrap: Wrap, scene: Scene, env: Mapping[str, str]) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """What is shown and hidden, path by path: the deeper one counts, and of two of equal depth the later."""
    for own in (scene.main, scene.common_dir, *scene.objects):
        if own is not None:  # the town may lie in what is hollow
            yield own, ("--ro-bind", str(own), str(own))
    for name in (*SECRET, *wrap.hide, *filter(None, (env.get("SSH_AUTH_SOCK"),))):
        path = _real(name, scene)
        if path.exists():
            yield path, ("--tmpfs", str(path)) if path.is_dir() else ("--ro-bind", "/dev/null", str(path))
    for option, names in (("--ro-bind-try", wrap.read), ("--bind-try", wrap.write)):
        for path in (_real(name, scene) for name in names):
            yield path, (option, str(path), str(path))


def _container(program: str, wrap: Wrap, scene: Scene, env: Mapping[str, str]) -> tuple[str, ...]:
    """A container that sees its worktree and the objects of the town, and nothing else of this machine."""
    assert wrap.image is not None
    words = [program, "run", "--rm", "--interactive", "--init", "--name", scene.name]
    words += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
    words += ["--user", f"{os.getuid()}:{os.getgid()}"]
    if program == "podman":
        words += ["--userns", "keep-id"]
    if not wrap.network:
        words += ["--network", "none"]
    mounts = [(path, True) for path in scene.objects]
    mounts += [(_real(name, scene), True) for name in wrap.read]
    mounts += [(_real(name, scene), False) for name in wrap.write]
    for path, fixed in (*mounts, (scene.worktree, False)):
        words += ["--mount", _mount(path, fixed=fixed)]
    words += ["--tmpfs", "/tmp", "--env", "HOME=/tmp"]  # noqa: S108 - the container's own
    for name in sorted(env):
        if not any(fnmatchcase(name, pattern) for pattern in OF_THIS_MACHINE):
            words += ["--env", name]  # its value is no word of a command line that others can read
    return (*words, "--workdir", str(scene.worktree), wrap.image)


def _mount(path: Path, *, fixed: bool) -> str:
    """A bind mount as the programs take it: comma-separated values."""
    fields = ["type=bind", f"source={path}", f"target={path}", *(["readonly"] if fixed else [])]
    quoted = ['"' + field.replace('"', '""') + '"' if set(field) & set(',"') else field for field in fields]
    return ",".join(quoted)


def _remove(program: str, name: str) -> tuple[str, ...]:
    """Ends a container, and looks whether it is gone; a program that can't say so fails."""
    script = '"$1" rm --force "$2" >/dev/null 2>&1; left=$("$1" ps --all --quiet --filter "name=^/?$2\\$") && test -z "$left"'
    return ("/bin/sh", "-c", script, "sh", program, name)


def _real(name: str, scene: Scene) -> Path:
    """Where a path of the settings' leads."""
    return _resolved(scene.home / name[2:] if name.startswith("~/") else Path(name))


def _resolved(path: Path) -> Path:
    return Path(os.path.realpath(path))
