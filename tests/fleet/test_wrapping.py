"""What wrappers are called with; bubblewrap itself is tried in tests/drive/test_bwrap.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gt.core.town import Wrap
from gt.errors import Busy, Malformed
from gt.fleet.wrapping import Scene, end_inside, wrapper_of

FAKE = """\
#!/bin/sh
echo "$@" >> "{log}"
case "$1" in ps) {ps};; esac
"""


def _scene(folder: Path) -> Scene:
    return Scene(
        worktree=folder / "p.gt" / "w",
        common_dir=folder / "p" / ".git",
        objects=(folder / "p" / ".git" / "objects", folder / "a, b"),
        main=folder / "p",
        name="gt-x-1-a",
        home=folder / "home",
        values={"worktree": str(folder / "p.gt" / "w"), "name": "gt-x-1-a"},
    )


def _words(argv: tuple[str, ...], option: str) -> list[str]:
    """What follows each occurrence of an option."""
    return [argv[at + 1] for at, word in enumerate(argv) if word == option]


@pytest.mark.parametrize("program", ["docker", "podman"])
def test_a_container_sees_its_worktree_and_the_objects(tmp_path: Path, program: str) -> None:
    wrap = Wrap(recipe=program, image="img:1", network=False, read=("/opt/x",), write=("~/.cache",))
    env = {
        "PATH": "/bin",
        "HOME": "/h",
        "XDG_A": "1",
        "SSH_AUTH_SOCK": "/s",
        "API_KEY": "secret",
        "GT_LEASE": "m",
    }
    wrapper = wrapper_of("a", wrap, _scene(tmp_path))
    argv = wrapper.around(("agent", "-p"), env)
    assert argv[:2] == (program, "run")
    assert argv[-3:] == ("img:1", "agent", "-p")
    assert _words(argv, "--mount") == [
        f"type=bind,source={tmp_path}/p/.git/objects,target={tmp_path}/p/.git/objects,readonly",
        f'type=bind,"source={tmp_path}/a, b","target={tmp_path}/a, b",readonly',
        "type=bind,source=/opt/x,target=/opt/x,readonly",
        f"type=bind,source={tmp_path}/home/.cache,target={tmp_path}/home/.cache",
        f"type=bind,source={tmp_path}/p.gt/w,target={tmp_path}/p.gt/w",
    ]
    assert _words(argv, "--env") == ["HOME=/tmp", "API_KEY", "GT_LEASE"]
    assert (_words(argv, "--network"), _words(argv, "--name")) == (["none"], ["gt-x-1-a"])
    assert _words(argv, "--user") == [f"{os.getuid()}:{os.getgid()}"]
    assert _words(argv, "--userns") == (["keep-id"] if program == "podman" else [])
    assert not any("secret" in word for word in argv)
    assert wrapper.environment(env) == env  # the client's own


@pytest.mark.parametrize(
    ("ps", "ends"),
    [("true", True), ("echo c0ffee", False), ("echo no daemon >&2; exit 1", False)],
)
def test_a_container_is_ended_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ps: str, ends: bool
) -> None:
    log = tmp_path / "log"
    fake = tmp_path / "bin" / "docker"
    fake.parent.mkdir()
    fake.write_text(FAKE.format(log=log, ps=ps))
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    wrapper = wrapper_of("a", Wrap(recipe="docker", image="i"), _scene(tmp_path))
    if ends:
        end_inside(wrapper.kill)
    else:
        with pytest.raises(Busy, match="can't be ended"):
            end_inside(wrapper.kill)
    assert log.read_text().splitlines() == [
        "rm --force gt-x-1-a",
        "ps --all --quiet --filter name=^/?gt-x-1-a$",
    ]


def test_a_command_of_the_towns_own_comes_first(tmp_path: Path) -> None:
    wrap = Wrap(command=("ssh", "host", "in", "{worktree}"), kill=("ssh", "host", "end", "{name}"))
    wrapper = wrapper_of("a", wrap, _scene(tmp_path))
    assert wrapper.around(("agent",), {}) == ("ssh", "host", "in", f"{tmp_path}/p.gt/w", "agent")
    assert wrapper.kill == ("ssh", "host", "end", "gt-x-1-a")


def test_bubblewrap_shows_what_is_named_and_hides_the_rest(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for path in (home / ".ssh", home / ".kube" / "cache", home / "own", tmp_path / "p" / "keys"):
        path.mkdir(parents=True)
    (home / ".netrc").touch()
    wrap = Wrap(recipe="bwrap", read=("~/.kube/cache",), write=("~/own",), hide=(f"{tmp_path}/p/keys",))
    wrapper = wrapper_of("a", wrap, _scene(tmp_path))
    argv = wrapper.around(("agent",), {})
    assert set(_words(argv, "--tmpfs")) >= {f"{home}/.ssh", f"{home}/.kube", f"{tmp_path}/p/keys"}
    nothing = [
        argv[at + 2] for at, word in enumerate(argv) if argv[at : at + 2] == ("--ro-bind", "/dev/null")
    ]
    assert nothing == [f"{home}/.netrc"]
    assert _words(argv, "--bind-try") == [f"{home}/own"]
    assert _words(argv, "--bind") == [f"{tmp_path}/p.gt/w"]
    assert argv.index(f"{home}/.kube") < argv.index(f"{home}/.kube/cache")
    assert argv.index(f"{tmp_path}/p") < argv.index(f"{tmp_path}/p/keys")
    assert "--unshare-net" not in argv
    assert wrapper.environment({"SSH_AUTH_SOCK": "/s", "A": "b"}) == {"A": "b"}


@pytest.mark.parametrize("name", ["/", "{}", "{}/p/.git", "{}/p/.git/refs", "{}/link"])
def test_the_town_can_not_be_named_as_writable(tmp_path: Path, name: str) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "p" / ".git")
    with pytest.raises(Malformed, match=r"agents\.a\.wrap\.write"):
        wrapper_of("a", Wrap(recipe="bwrap", write=(name.format(tmp_path),)), _scene(tmp_path))


def test_what_can_not_be_started_has_not_ended_anything() -> None:
    with pytest.raises(Busy, match="No such file"):
        end_inside(("/nowhere/kill",))
    end_inside(())
