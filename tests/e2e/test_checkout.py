"""The user's HEAD, index and work tree are theirs: only a landing on a checked-out target touches them, losing nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import run_git
from tests.e2e.checks import assert_no_locks, check_town
from tests.e2e.conftest import NewTown
from tests.e2e.town import Town

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class View:
    """All that a user sees of a checkout: where HEAD is, the index to the byte, the state of files."""

    head: str
    branch: str
    index: bytes
    status: str
    stash: str
    files: tuple[tuple[str, bytes], ...]


def view(place: Path) -> View:
    git_dir = place / run_git(place, "rev-parse", "--git-dir")
    bare = run_git(place, "rev-parse", "--is-bare-repository") == "true"
    index = git_dir / "index"
    return View(
        head=run_git(place, "rev-parse", "HEAD"),
        branch=(git_dir / "HEAD").read_text(),
        index=index.read_bytes() if index.exists() else b"",
        status="" if bare else run_git(place, "--no-optional-locks", "status", "--porcelain"),
        stash="" if bare else run_git(place, "stash", "list"),
        files=() if bare else tuple(
            (str(path.relative_to(place)), path.read_bytes())
            for path in sorted(place.rglob("*"))
            if path.is_file() and ".git" not in path.relative_to(place).parts
        ),
    )  # fmt: skip


def make_dirty(place: Path) -> None:
    """Staged, changed, deleted, untracked and ignored."""
    (place / "README.md").write_text("changed and not staged\n")
    (place / "staged").write_text("staged\n")
    run_git(place, "add", "staged")
    (place / "staged").write_text("staged, then changed\n")
    (place / "gate.sh").unlink()
    (place / "untracked").write_text("untracked\n")
    (place / ".git" / "info").mkdir(exist_ok=True)
    (place / ".git" / "info" / "exclude").write_text("ignored\n")
    (place / "ignored").write_text("ignored\n")


RUNNING = {"work", "merge", "run", "reconcile"}
"""The commands that run others' programs, or end what does."""


def every_command(town: Town, place: Path, unchanged: Callable[[str], None], *, apart: bool = False) -> None:
    """A Bead's life, with all kinds of other commands on the way; `unchanged` is called after each of them.

    `apart`: each is a process of its own, and not only those of RUNNING.
    """

    def gt(*args: str, ok: tuple[int, ...] = (0,)) -> str:
        call = town.gt if apart or args[0] in RUNNING else town.here
        done = call(*args, cwd=place, ok=ok)
        unchanged(" ".join(args))
        return done.out.strip()

    bead = gt("create", "one")
    town.play(bead, "echo one > one")
    other = gt("create", "two", "--needs", bead)
    town.play(other, "echo two > two")
    for args in (
        ("list",),
        ("ready",),
        ("blocked",),
        ("show", bead),
        ("log",),
        ("status",),
        ("plan",),
        ("queue",),
    ):
        gt(*args, ok=(0, 12))
    gt("note", bead, "a remark")
    gt("edit", bead, "--priority", "1")
    gt("dep", "tree", other)
    gt("why", other)
    mine = gt("create", "by hand")
    gt("claim", mine, "--for", "1h")
    gt("release", mine)
    gt("close", mine, "--reason", "wontfix")
    gt("reopen", mine)
    gt("close", mine, "--reason", "wontfix")
    gt("propose", "maybe")
    gt("reconcile", ok=(0, 10, 11, 12, 20))
    gt("work", bead)
    gt("diff", bead)
    gt("logs", bead)
    gt("merge", "--dry-run", ok=(0, 10, 11, 12, 20))
    gt("merge", ok=(0,))
    gt("run", "--yes", ok=(0, 20))
    gt("reconcile", ok=(0, 10, 20))
    gt("pages")
    assert town.phase(bead) == town.phase(other) == "landed"


def test_a_dirty_checkout_of_another_branch_stays_as_it_is(town: Town) -> None:
    town.git("switch", "-q", "-c", "mine")
    make_dirty(town.path)
    before = view(town.path)

    def unchanged(command: str) -> None:
        assert view(town.path) == before, command

    every_command(town, town.path, unchanged, apart=True)


def test_a_linked_worktree_stays_as_it_is_and_so_does_the_main_one(town: Town, tmp_path: Path) -> None:
    town.git("switch", "-q", "-c", "mine")
    linked = tmp_path / "linked"
    town.git("worktree", "add", "-q", "-b", "other", str(linked))
    (linked / "README.md").write_text("changed\n")
    (linked / "new").write_text("new\n")
    run_git(linked, "add", "new")
    before = view(town.path), view(linked)

    def unchanged(command: str) -> None:
        assert (view(town.path), view(linked)) == before, command

    every_command(town, linked, unchanged)


def test_a_detached_head_stays_where_it_is(town: Town) -> None:
    town.git("switch", "-q", "--detach", "main")
    (town.path / "README.md").write_text("changed\n")
    before = view(town.path)

    def unchanged(command: str) -> None:
        assert view(town.path) == before, command

    every_command(town, town.path, unchanged)


def test_a_bare_repository_stays_bare(town: Town, tmp_path: Path) -> None:
    run_git(tmp_path, "clone", "-q", "--bare", str(town.path), "bare.git")
    bare = tmp_path / "bare.git"
    run_git(bare, "config", "user.name", "Alice")
    run_git(bare, "config", "user.email", "alice@example.com")
    moved = Town(bare, town.scripts, since=town.since)
    moved.here("init")
    before = view(bare)

    def unchanged(command: str) -> None:
        now = view(bare)
        assert (now.branch, now.index, now.status) == (before.branch, b"", ""), command
        assert run_git(bare, "rev-parse", "--is-bare-repository") == "true", command

    every_command(moved, bare, unchanged)
    check_town(moved)


def test_only_the_landing_changes_a_clean_checkout_of_the_target(town: Town) -> None:
    bead = town.create("one", "echo one > one")
    before = view(town.path)
    town.gt("work", bead)
    assert view(town.path) == before
    town.gt("merge")
    after = view(town.path)
    assert after.status == ""
    assert after.head == town.git("rev-parse", "main") != before.head
    assert dict(after.files)["one"] == b"one\n"
    check_town(town)


def test_a_landing_on_a_dirty_checkout_keeps_every_dirty_file(town: Town) -> None:
    bead = town.create("one", "echo one > one")
    town.gt("work", bead)
    make_dirty(town.path)
    before = view(town.path)

    town.gt("merge")

    after = view(town.path)
    assert after.status == before.status
    assert dict(after.files) == {**dict(before.files), "one": b"one\n"}
    assert town.phase(bead) == "landed"
    assert_no_locks(town)


@pytest.mark.parametrize("state", ["untracked", "changed", "staged", "ignored"])
def test_a_landing_that_would_overwrite_a_file_is_held_and_names_it(town: Town, state: str) -> None:
    town.commit({"shared": "before\n", ".gitignore": "ignored-*\n"})
    name = {"untracked": "new", "ignored": "ignored-new"}.get(state, "shared")
    bead = town.create("one", f"echo theirs > {name}; git add -f {name}; git commit -qm theirs")
    free = town.create("two", "echo two > two")
    town.gt("work", bead)
    town.gt("work", free)
    (town.path / name).write_text("mine\n")
    if state == "staged":
        town.git("add", name)
    before = view(town.path)

    held = town.gt("merge", ok=(20,))

    assert name in held.out + held.err, held
    assert town.phase(bead) == "submitted"
    assert name in town.why(bead)
    assert dict(view(town.path).files)[name] == b"mine\n"
    assert view(town.path).status == before.status
    if state == "staged":
        town.git("reset", "-q", "--", name)
    if state in ("untracked", "ignored"):
        (town.path / name).unlink()
    else:
        town.git("checkout", "-q", "--", name)
    town.run()
    assert {town.phase(bead), town.phase(free)} == {"landed"}
    assert view(town.path).status == ""
    check_town(town)


def test_a_landing_waits_for_a_merge_in_progress(town: Town) -> None:
    town.git("switch", "-q", "-c", "side")
    town.commit({"README.md": "side\n"})
    town.git("switch", "-q", "main")
    town.commit({"README.md": "main\n"})
    bead = town.create("one", "echo one > one")
    town.gt("work", bead)
    town.git("merge", "-q", "side", check=False)
    before = view(town.path)
    town.gt("merge", ok=(20,))
    assert view(town.path) == before
    town.git("merge", "--abort")
    town.run()
    assert town.phase(bead) == "landed"


def test_the_target_checked_out_in_a_linked_worktree_is_brought_forward_there(
    new_town: NewTown, tmp_path: Path
) -> None:
    town = new_town()
    town.git("switch", "-q", "-c", "mine")
    linked = tmp_path / "linked"
    town.git("worktree", "add", "-q", str(linked), "main")
    (linked / "dirty").write_text("dirty\n")
    bead = town.create("one", "echo one > one")
    mine = view(town.path)
    town.run()
    assert view(town.path) == mine
    assert town.phase(bead) == "landed"
    assert (linked / "one").read_text() == "one\n"
    assert run_git(linked, "status", "--porcelain") == "?? dirty"
