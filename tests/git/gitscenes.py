"""What the tests of gt.git set their scenes with: plain git, and many at once."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

FORK = multiprocessing.get_context("fork")


def plain(cwd: Path, *args: str, stdin: str | None = None, code: int = 0) -> str:
    """Run git as a user would; returns stdout without its last newline."""
    done = subprocess.run(["git", *args], cwd=cwd, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout.removesuffix("\n")


def commit_file(cwd: Path, name: str, text: str, message: str = "change") -> str:
    """Commit one file in a checkout; returns the commit's id."""
    path = cwd / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    plain(cwd, "add", "--", name)
    plain(cwd, "commit", "-q", "-m", message)
    return plain(cwd, "rev-parse", "HEAD")


@contextmanager
def git_daemon(root: Path, *options: str) -> Iterator[str]:
    """Serve the repositories below `root` over git's own protocol on this machine; gives the URL of `root`."""
    if shutil.which("git-daemon", path=plain(root, "--exec-path")) is None:
        pytest.skip("git daemon is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    where = ["--reuseaddr", "--listen=127.0.0.1", f"--port={port}", f"--base-path={root}"]
    process = subprocess.Popen(
        ["git", "daemon", *where, "--export-all", *options, str(root)],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
            except ConnectionRefusedError:
                assert process.poll() is None
            else:
                break
        yield f"git://127.0.0.1:{port}"
    finally:
        # `git` and the daemon are two processes.
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def together(count: int, deed: Callable[[int], None]) -> None:
    """Do the deed in so many processes at once; all must end well."""
    children = [FORK.Process(target=deed, args=(number,)) for number in range(count)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * count


@contextmanager
def meanwhile(path: Path, *commands: str) -> Iterator[None]:
    """These git commands, again and again, whatever they answer; at least once."""
    flag = path.parent / "storm"
    flag.touch()
    script = f"while :; do {'; '.join(f'git {each}' for each in commands)}; test -e '{flag}' || exit 0; done"
    with subprocess.Popen(["sh", "-c", script], cwd=path, stderr=subprocess.DEVNULL) as storm:
        try:
            yield
        finally:
            flag.unlink()
            assert storm.wait(60) == 0
