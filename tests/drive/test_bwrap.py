"""Inside bubblewrap, the real one: what an agent can't do there, however hard it tries."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Bead, Phase, Result
from gt.drive.reconcile import reconcile
from tests.conftest import run_git
from tests.drive.attempts import Scene, town, until
from tests.store.scenes import bead_id

ONE = bead_id(1)


def _works() -> bool:
    """Whether bubblewrap is here and the kernel lets it make namespaces."""
    program = shutil.which("bwrap")
    probe = ("--unshare-user", "--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev")
    return program is not None and subprocess.run([program, *probe, "true"], check=False).returncode == 0


pytestmark = pytest.mark.skipif(
    not _works(), reason="bubblewrap (bwrap) isn't installed, or may not run here"
)


@pytest.fixture
def scene(repo_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id").write_text("secret\n")
    (home / ".netrc").write_text("secret\n")
    (home / "notes").write_text("mine\n")
    monkeypatch.setenv("HOME", str(home))
    made = town(repo_path, tmp_path)
    _wrapped(made)
    return made


def _wrapped(scene: Scene, more: str = "", deadline: str = "60s") -> None:
    read = [str(scene.script.parent), str(scene.script.parents[1] / "home")]
    scene.settings(agent=f"    wrap: {{recipe: bwrap, read: {read}{more}}}", deadline=deadline)


def _all_of(folder: Path, besides: Path) -> dict[str, bytes]:
    """Every file below, with its content."""
    found = {}
    for place, below, names in os.walk(folder):
        below[:] = [name for name in below if Path(place, name) != besides]
        found.update({str(Path(place, name)): Path(place, name).read_bytes() for name in names})
    return found


def _running(word: str) -> list[str]:
    """The processes of this machine that have this word in their command line."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = Path("/proc", pid, "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if word.encode() in words:
            found.append(pid)
    return found


def test_work_comes_out_and_nothing_else_can_be_moved(scene: Scene, tmp_path: Path) -> None:
    refs = run_git(scene.path, "for-each-ref", "refs/heads", "refs/tags")
    scene.agent(f"""
town={scene.path}
echo a > a; git add a; git commit -qm mine; echo b > b
python3 $SAY note text hello
try() {{ if "$@" 2>/dev/null; then echo "$*" >> could; fi; }}
try git --git-dir=$town/.git update-ref refs/heads/main HEAD~0
try git --git-dir=$town/.git update-ref refs/heads/beads HEAD~0
try git -C $town commit --allow-empty -m evil
try git push $town HEAD:refs/heads/evil
try touch $town/evil $town/.git/evil $town/.git/config
try cp a $town/.git/refs/heads/evil
try sh -c "echo x >> $town/.git/gt/locks/$GT_BEAD.$GT_TOKEN.lock"
try rm -rf $town/.git/objects $town/README.md
try touch $HOME/evil $HOME/notes
try cp a /usr/evil; try cp a /evil; try cp a /etc/evil; try cp a /var/evil
try mount -o remount,rw,bind /
try mount -o remount,rw,bind $town
try umount $town
try chroot /proc/1/root true
try cat ~/.ssh/id
try grep secret ~/.netrc
try kill -0 {os.getpid()}
try test -e /proc/{os.getpid()}/stat
mkdir -p {tmp_path}/evil || true; touch {tmp_path}/evil/evil ../evil /tmp/evil || true
grep -q mine $HOME/notes""")
    before = _all_of(tmp_path / "home", tmp_path / "no")
    worked = scene.work(ONE)
    assert worked.attempt.result is Result.SUBMITTED
    assert scene.files(worked.attempt.head) == {"README.md": "a project", "a": "a", "b": "b"}
    assert [note.text for note in worked.bead.notes] == ["hello"]
    moved = run_git(scene.path, "for-each-ref", "refs/heads", "refs/tags").splitlines()
    assert [row for row in moved if "beads" not in row] == [r for r in refs.splitlines() if "beads" not in r]
    verbs = run_git(scene.path, "log", "--format=%(trailers:key=Gt-Verb,valueonly,separator=)", "beads")
    assert verbs.split()[:2] == ["work", "claim"]
    assert _all_of(tmp_path / "home", tmp_path / "no") == before
    assert not any(path.exists() for path in (tmp_path / "evil", Path("/tmp/evil"), scene.path / "evil"))
    assert run_git(scene.path, "status", "--porcelain") == ""
    scene.nothing_left()


ESCAPE = """
import os, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
os.closerange(0, 256)
os.execve("/bin/sleep", ["sleep", "98765.4321"], {})
"""
"""Becomes a process without mark, lock, session or parent of its agent's."""


def test_no_process_is_left_behind_even_when_gt_is_killed(scene: Scene) -> None:
    (scene.script.parent / "escape.py").write_text(ESCAPE)
    escape = f"python3 {scene.script.parent}/escape.py"
    scene.agent(
        f"{escape}; echo a > a; while ! pgrep sleep >/dev/null; do :; done; touch busy; exec sleep 60"
    )
    busy = scene.path.parent / f"{scene.path.name}.gt"
    pid = scene.work_apart(ONE)
    until(lambda: any(busy.glob("*/busy")) and _running("98765.4321") != [])
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    until(lambda: _running("98765.4321") == [])
    reconcile(scene.hands())
    found = scene.get(ONE)
    assert (found.phase, found.status.attempts[-1].result) == (Phase.OPEN, Result.CRASHED)
    assert scene.files(found.status.attempts[-1].head) == {"README.md": "a project", "a": "a", "busy": ""}
    scene.nothing_left()


def test_no_process_is_left_behind_when_it_ends(scene: Scene) -> None:
    (scene.script.parent / "escape.py").write_text(ESCAPE)
    scene.agent(f"python3 {scene.script.parent}/escape.py; echo a > a")
    assert scene.work(ONE).attempt.result is Result.SUBMITTED
    assert _running("98765.4321") == []


def test_a_deadline_ends_all_of_it(scene: Scene) -> None:
    _wrapped(scene, deadline="1s")
    scene.agent("trap '' TERM; echo a > a; sleep 98765.1234")
    worked = scene.work(ONE)
    assert (worked.attempt.result, scene.files(worked.attempt.head)["a"]) == (Result.DEADLINE, "a")
    assert _running("98765.1234") == []


def test_sockets_outside_and_the_network_are_out_of_reach(scene: Scene, tmp_path: Path) -> None:
    _wrapped(scene, ", network: false")
    connect = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "sock"))
        listener.listen()
        scene.agent(f"""
if python3 -c '{connect}' {tmp_path}/sock 2>/dev/null; then echo connected > could; fi
tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ' > nets""")
        worked = scene.work(ONE)
    assert scene.files(worked.attempt.head) == {"README.md": "a project", "nets": "lo"}


def test_what_is_named_can_be_written(scene: Scene, tmp_path: Path) -> None:
    cache = tmp_path / "home" / ".cache"
    cache.mkdir()
    _wrapped(scene, ", write: [~/.cache]")
    scene.agent("echo a > ~/.cache/a; echo a > a")
    assert scene.work(ONE).attempt.result is Result.SUBMITTED
    assert (cache / "a").read_text() == "a\n"


def test_the_town_is_never_writable(scene: Scene, tmp_path: Path) -> None:
    for path in (tmp_path, scene.path, scene.repo.common_dir / "refs"):
        _wrapped(scene, f", write: [{path}]")
        found = scene.work(ONE).attempt
        assert found.result is Result.INFRA
        assert "would let it write the town's git directory" in found.reason
        scene.put(_awake(scene))


def _awake(scene: Scene) -> Bead:
    found = scene.get(ONE)
    return replace(found, status=replace(found.status, wake=None))
