"""The only place where git is run: its arguments, its environment, its answer."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from gt.core.values import dataclass
from gt.errors import Busy, GtError, Refused

if TYPE_CHECKING:
    import subprocess

KEPT = (
    "GIT_ALLOW_PROTOCOL",
    "GIT_ASKPASS",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_EXEC_PATH",
    "GIT_HTTP_",
    "GIT_PROTOCOL",
    "GIT_PROXY_",
    "GIT_SSH",
    "GIT_SSL_",
    "GIT_TRACE",
)
"""The GIT_* variables (by prefix) that a child may see: where the user's config is and how the network is
reached. All others, known or yet to come, may point git at another repository, index or identity."""

KEPT_FOR_USER = ("GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_", "GIT_CONFIG_PARAMETERS")
"""What `user=True` lets through as well: config that the user set for this one call."""

QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    # What gt tests and lands is what the object is, not what a local replacement says.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_EDITOR": "true",
    "GIT_SEQUENCE_EDITOR": "true",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
}

TAME = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")
"""Config that keeps a repository from running programs of its own when git looks at it."""


class Located(Protocol):
    """What has a git directory: a Repo, which this module is too low to know."""

    @property
    def git_dir(self) -> Path: ...

    @property
    def common_dir(self) -> Path: ...

    @property
    def incoming(self) -> Path | None: ...


@dataclass(frozen=True, slots=True)
class Done:
    """What a git process answered: exit code, stdout and stderr as bytes."""

    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        """Stdout without its last newline; bytes that aren't UTF-8 survive as surrogates."""
        return self.out.decode("utf-8", "surrogateescape").removesuffix("\n")

    @property
    def lines(self) -> tuple[str, ...]:
        """Stdout as lines, split at newlines only."""
        return tuple(self.text.split("\n")) if self.out else ()

    @property
    def fields(self) -> tuple[str, ...]:
        """Stdout of a `-z` command: what lies between NULs."""
        return (
            tuple(self.out.decode("utf-8", "surrogateescape").removesuffix("\0").split("\0"))
            if self.out
            else ()
        )

    @property
    def complaint(self) -> str:
        """The line of stderr that says most: git's first `fatal:` or `error:`, or its last line."""
        said = [line for line in self.err.decode("utf-8", "replace").splitlines() if line.strip()]
        for line in said:
            if line.startswith(("fatal: ", "error: ")):
                return line.split(": ", 1)[1]
        return said[-1] if said else f"exit code {self.code}"


class GitFailed(GtError):
    """Git ended with a code that the caller can't make sense of."""

    kind = "git"

    def __init__(self, argv: tuple[str, ...], done: Done) -> None:
        super().__init__(f"git {_deed(argv)}: {done.complaint}")
        self.argv = argv
        self.code = done.code
        self.stderr = done.err.decode("utf-8", "replace")


def git(
    repo: Located | Path,
    *args: str,
    stdin: bytes | Path | None = None,
    env: Mapping[str, str] | None = None,
    ok: Container[int] = (0,),
    timeout: float | None = None,
    work_tree: Path | None = None,
    user: bool = False,
    keep_fds: tuple[int, ...] = (),
) -> Done:
    """Run git to its end and return what it answered.

    With a Repo its git directory is named outright and git runs inside it, so that no checkout is touched by
    accident; `work_tree` names one on purpose. With a Path git runs there and finds its repository itself.
    `stdin` is what it reads, or a file that it reads. `env` is set on top of the scrubbed environment. `user=True` keeps git hooks, the file system monitor and
    the user's one-call config. `keep_fds` are inherited: a git that outlives us keeps the locks behind them. Raises
    GitFailed for exit codes outside `ok`, Busy after `timeout` seconds.
    """
    import subprocess

    argv, cwd = _command(repo, args, work_tree, user=user)
    source = stdin if isinstance(stdin, Path) else Path(os.devnull)
    try:
        with source.open("rb") as file:
            ran = subprocess.run(
                argv,
                cwd=cwd,
                env=environment({**_incoming(repo), **(env or {})}, user=user),
                input=stdin if isinstance(stdin, bytes) else None,
                stdin=None if isinstance(stdin, bytes) else file,
                capture_output=True,
                timeout=timeout,
                pass_fds=keep_fds,
                check=False,
            )
    except subprocess.TimeoutExpired as error:
        raise Busy(f"git {_deed(args)} took longer than {error.timeout:g} s") from None
    except FileNotFoundError:
        raise _missing(cwd) from None
    done = Done(ran.returncode, ran.stdout, ran.stderr)
    if done.code not in ok:
        raise GitFailed(args, done)
    return done


@contextmanager
def git_stream(repo: Located | Path, *args: str, stdin: bytes) -> Iterator[IO[bytes]]:
    """Run git and read its stdout as it comes; raises GitFailed at the end if git failed.

    Leaving early (by an exception, or a generator that is closed) ends the process.
    """
    import subprocess
    import tempfile

    argv, cwd = _command(repo, args, None, user=False)
    # Files, not pipes, for all but stdout: nobody then waits for anybody.
    with tempfile.TemporaryFile() as questions, tempfile.TemporaryFile() as complaints:
        questions.write(stdin)
        questions.seek(0)
        try:
            process = subprocess.Popen(
                argv,
                cwd=cwd,
                env=environment(_incoming(repo), user=False),
                bufsize=1 << 16,  # what a pipe holds: many small answers come by one call
                stdin=questions,
                stdout=subprocess.PIPE,
                stderr=complaints,
            )
        except FileNotFoundError:
            raise _missing(cwd) from None
        with _ended(process) as out:
            yield out
        if process.returncode != 0:
            complaints.seek(0)
            raise GitFailed(args, Done(process.returncode, b"", complaints.read()))


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[IO[bytes]]:
    assert process.stdout is not None
    with process:
        try:
            yield process.stdout
        except BaseException:
            process.kill()
            raise


def _command(
    repo: Located | Path, args: tuple[str, ...], work_tree: Path | None, *, user: bool
) -> tuple[list[str], Path]:
    tame = () if user else TAME
    if isinstance(repo, Path):
        return ["git", *tame, *args], repo
    where = [f"--git-dir={repo.git_dir}"]
    if work_tree is not None:
        where.append(f"--work-tree={work_tree}")
    return ["git", *where, *tame, *args], work_tree or repo.git_dir


def _incoming(repo: Located | Path) -> dict[str, str]:
    """What has git read the objects of a push that isn't accepted yet, write what it makes there, and move no ref."""
    if isinstance(repo, Path) or repo.incoming is None:
        return {}
    quoted = str(repo.common_dir / "objects").replace("\\", "\\\\").replace('"', '\\"')
    there = str(repo.incoming)
    return {
        "GIT_OBJECT_DIRECTORY": there,
        "GIT_QUARANTINE_PATH": there,
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{quoted}"',
    }


def environment(extra: Mapping[str, str] | None, *, user: bool) -> dict[str, str]:
    """The environment of git: this process's without what would lead git elsewhere, and with `extra` on top."""
    kept = KEPT + KEPT_FOR_USER if user else KEPT
    own = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k.startswith(kept)}
    return {**own, **QUIET, **(extra or {})}


def _deed(args: tuple[str, ...]) -> str:
    """The subcommand, without the options before it."""
    rest = iter(args)
    for arg in rest:
        if arg == "-c":
            next(rest, None)
        elif not arg.startswith("-"):
            return arg
    return ""


def _missing(cwd: Path) -> GtError:
    if not cwd.is_dir():
        return Refused(f"there is no directory {cwd}")
    return Refused("git isn't installed, or isn't on PATH")
