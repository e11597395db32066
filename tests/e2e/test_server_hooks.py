"""Plain git pushes to a bare repository with gt's git hooks: work lands, and what is against the rules is refused."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from gt.core.ids import submission_ref
from tests.conftest import run_git
from tests.e2e.conftest import NewTown
from tests.e2e.town import LIMIT, Town, wait_until

pytestmark = pytest.mark.e2e


@pytest.fixture
def clone(new_town: NewTown, tmp_path: Path) -> Town:
    """A clone of the hub beside it, which borrows its objects from the first repository, as `hub` does not know."""
    first = new_town()
    hub = tmp_path / "hub.git"
    run_git(tmp_path, "clone", "-q", "--bare", "--shared", str(first.path), str(hub))
    run_git(hub, "remote", "remove", "origin")
    run_git(hub, "config", "user.name", "Hub")
    run_git(hub, "config", "user.email", "hub@example.com")
    run_git(hub, "config", "core.hooksPath", str(hub / "hooks"))
    run_git(hub, "config", "gt.command", shlex.quote(str(first.scripts / "bin" / "gt")))
    first.here("init", cwd=hub)
    first.here("githooks", "install", "--server", "--yes", cwd=hub)
    run_git(tmp_path, "clone", "-q", str(hub), "clone")
    town = Town(tmp_path / "clone", first.scripts)
    town.here("init")
    return town


def hub(town: Town) -> Path:
    return town.path.parent / "hub.git"


def worked(town: Town, *files: str) -> list[Path]:
    """Worktrees with work that nobody but this clone knows: each a claim of its own."""
    beads = [town.here("create", name).out.strip() for name in files]
    places = [Path(town.here("claim", bead).out.strip()) for bead in beads]
    town.here("sync")
    for place, name in zip(places, files, strict=True):
        town.commit({name: name}, cwd=place)
    return places


def start_push(town: Town, place: Path, *refs: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["git", "push", "origin", *(refs or ("HEAD",))],
        cwd=place,
        env=town.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def pushed(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code, and what was said; lines of the other side without `remote:`."""
    _, err = process.communicate(timeout=LIMIT)
    return process.returncode, "\n".join(line.removeprefix("remote: ").rstrip() for line in err.splitlines())


def named(place: Path) -> tuple[str, str]:
    bead, _, token = run_git(place, "branch", "--show-current").removeprefix("gt/").partition("/")
    return bead, token


def test_pushes_at_once_land_one_after_the_other_and_a_red_one_hears_why(clone: Town) -> None:
    places = worked(clone, "one", "two", "bad")
    one, two, bad = [pushed(process) for process in [start_push(clone, place) for place in places]]
    for place, (code, said) in zip(places, (one, two), strict=False):
        assert code == 0, said
        assert f"{named(place)[0]} landed as " in said
    assert bad[0] == 0
    assert f"{named(places[2])[0]} was not taken: red: gate test is red" in bad[1]
    assert "the gate found something bad" in bad[1]
    run_git(clone.path, "pull", "-q")
    assert {"one", "two"} <= clone.files("main")
    assert "bad" not in clone.files("main")
    clone.here("sync")
    for place in places:
        bead, token = named(place)
        assert run_git(hub(clone), "rev-parse", submission_ref(bead, token)) == run_git(
            place, "rev-parse", "HEAD"
        )
    assert clone.here("verify", cwd=hub(clone)).code == 0


def test_what_is_against_the_rules_is_refused_and_nothing_of_the_push_goes_in(clone: Town) -> None:
    (place,) = worked(clone, "one")
    bead, _ = named(place)
    clone.git("checkout", "-q", "--detach", "beads")
    (clone.path / "gt.yaml").unlink()
    clone.commit({"x": "x"}, "forged")
    before = run_git(hub(clone), "for-each-ref")
    stale = f"+{run_git(place, 'rev-parse', 'HEAD')}:refs/heads/gt/{bead}/7-zzzz"
    target = f"+{run_git(place, 'rev-parse', 'HEAD')}:refs/heads/main"
    code, said = pushed(start_push(clone, clone.path, "HEAD:beads", stale, target))
    assert code != 0
    assert "error: beads: " in said
    assert "nothing is ever taken out of a ledger" in said
    assert f"error: gt/{bead}/7-zzzz: {bead} is leased under " in said
    assert "error: main: moves only by the Refinery here" in said
    assert f"hint: gt sync && gt show {bead}" in said
    assert run_git(hub(clone), "for-each-ref") == before
    run_git(hub(clone), "config", "gt.admit", f"uid:{(hub(clone)).stat().st_uid}")
    assert pushed(start_push(clone, clone.path, target))[0] == 0
    run_git(hub(clone), "config", "gt.command", "/nowhere/gt")
    code, said = pushed(start_push(clone, clone.path, stale))
    assert code != 0
    assert "hint: on the server: git config gt.command /path/to/gt" in said
    assert pushed(start_push(clone, clone.path, "HEAD:refs/heads/topic"))[0] == 0


def test_who_does_not_wait_finds_it_landed_later_and_a_supervisor_may_do_it(clone: Town) -> None:
    one, two = worked(clone, "one", "two")
    run_git(hub(clone), "config", "gt.receiveWait", "0")
    code, said = pushed(start_push(clone, one))
    assert code == 0
    assert f"{named(one)[0]} is due for main" in said
    wait_until(lambda: "one" in run_git(hub(clone), "ls-tree", "--name-only", "main"), "the Refinery")
    run_git(hub(clone), "config", "gt.receive", "ring")
    assert pushed(start_push(clone, two))[0] == 0
    assert clone.data("queue", cwd=hub(clone))["items"] != []
    clone.here("merge", cwd=hub(clone))
    assert "two" in run_git(hub(clone), "ls-tree", "--name-only", "main")


def test_a_signed_push_moves_a_target_for_the_key_that_the_config_names(clone: Town, tmp_path: Path) -> None:
    for name in ("alice", "mallory"):
        key = tmp_path / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    fingerprint = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(tmp_path / "alice.pub")], capture_output=True, text=True, check=True
    ).stdout.split()[1]
    signers = [
        f"{name}@example.com {(tmp_path / f'{name}.pub').read_text()}" for name in ("alice", "mallory")
    ]
    (tmp_path / "signers").write_text("".join(signers))
    settings = {
        "receive.certNonceSeed": "some seed",
        "gpg.ssh.allowedSignersFile": str(tmp_path / "signers"),
        "gt.admit": f"key:{fingerprint}",
    }
    for setting, value in settings.items():
        run_git(hub(clone), "config", setting, value)
    run_git(clone.path, "config", "gpg.format", "ssh")
    clone.commit({"by hand": "1"})

    def as_(name: str, *how: str) -> tuple[int, str]:
        run_git(clone.path, "config", "user.signingKey", str(tmp_path / name))
        return pushed(start_push(clone, clone.path, *how, "HEAD:main"))

    for name, how in (("alice", ()), ("mallory", ("--signed",))):
        code, said = as_(name, *how)
        assert code != 0
        assert "error: main: moves only by the Refinery here" in said
    code, said = as_("alice", "--signed")
    assert code == 0, said
    assert "by hand" in run_git(hub(clone), "ls-tree", "--name-only", "main")


def test_a_refinery_that_takes_too_long_is_ended_and_the_next_push_goes_on(
    clone: Town, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    waits = f"{{name: slow, run: 'until [ -e {go} ]; do sleep 0.1; done', timeout: 5m}}"
    settings = (clone.path / ".gt/town.yaml").read_text().replace("gates:", f"gates:\n  - {waits}")
    clone.commit({".gt/town.yaml": settings}, "a slow gate")
    run_git(hub(clone), "config", "gt.admit", f"uid:{(hub(clone)).stat().st_uid}")
    assert pushed(start_push(clone, clone.path, "HEAD:main"))[0] == 0
    run_git(hub(clone), "config", "--unset", "gt.admit")
    run_git(hub(clone), "config", "gt.receiveLimit", "2")
    one, two = worked(clone, "one", "two")
    code, said = pushed(start_push(clone, one))
    assert code == 0
    assert f"{named(one)[0]} is due for main" in said
    assert clone.data("queue", cwd=hub(clone))["items"][0]["bead"] == named(one)[0]
    go.touch()
    run_git(hub(clone), "config", "gt.receiveLimit", "60")
    code, said = pushed(start_push(clone, two))
    assert f"{named(two)[0]} landed as " in said
    assert {"one", "two"} <= set(run_git(hub(clone), "ls-tree", "--name-only", "main").splitlines())
