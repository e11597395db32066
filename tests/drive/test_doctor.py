"""doctor: a sound town has no findings; each thing that is broken has its own, with the command that repairs it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gt import lock
from gt.core.bead import Attempt, Bead, Closed, CloseReason, Landed, Phase, Result, Status
from gt.core.finding import Finding, Severity
from gt.core.ids import submission_ref, wip_ref, work_branch
from gt.core.state import Acceptance, TownState
from gt.drive.doctor import examine
from gt.fleet import roster
from gt.fleet.places import log_path
from gt.git.repo import discover
from gt.store import codec
from gt.store.ledger import Changes, Ledger
from tests.conftest import NOW, run_git
from tests.core.small import lease, submission
from tests.drive.attempts import Scene, town
from tests.store.scenes import bead, bead_id, commit_files, message, new_ledger

ONE = bead_id(1)
TOKEN = "1-aaaa"
GONE = "gt-zzzzzzzz"
PATH = "beads/0/1/gt-00000001.yaml"


@pytest.fixture
def scene(repo_path: Path, tmp_path: Path) -> Scene:
    return town(repo_path, tmp_path)


def look(scene: Scene, *, now: int = NOW, deep: bool = False, remote: bool = False) -> list[Finding]:
    return list(examine(scene.repo, scene.ledger, now, deep=deep, remote=remote))


def said(found: list[Finding]) -> list[tuple[str, str, str, str | None]]:
    return [(each.check, str(each.severity), each.subject, each.repair) for each in found]


def main(scene: Scene) -> str:
    return run_git(scene.path, "rev-parse", "main")


def everything(path: Path) -> dict[str, bytes]:
    """Every file below, the index excepted: a cache is nobody's."""
    return {
        str(file): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file() and "index" not in file.name and "/gt/cache/" not in str(file)
    }


def test_a_sound_town_has_no_findings_and_is_left_as_it_is(scene: Scene) -> None:
    scene.agent("echo a > a")
    scene.work(ONE)
    before = everything(scene.path)
    assert look(scene, deep=True, remote=True) == []
    assert everything(scene.path) == before


def test_a_repository_without_a_town(repo_path: Path) -> None:
    from gt.git.repo import discover
    from gt.store.ledger import Ledger

    repo = discover(repo_path)
    found = list(examine(repo, Ledger(repo), NOW, deep=True))
    assert ("ledger", "error", "refs/heads/beads", "gt init") in said(found)
    assert ("no-target", "error", "gt.target", "gt init") in said(found)


def test_files(scene: Scene) -> None:
    good = codec.encode(bead(1))
    commit_files(
        scene.path,
        {
            PATH: "broken: [",
            "beads/0/2/gt-00000002.yaml": good,
            "beads/stray": "x",
            "pages/p-000000000001.yaml": "[",
            "state.yaml": "kind: Other\n",
        },
    )
    assert said(look(scene)) == [
        ("misplaced", "error", "beads/stray", "gt repair misplaced:beads/stray"),
        ("unreadable", "error", PATH, f"gt repair unreadable:{PATH}"),
        ("unreadable", "error", "beads/0/2/gt-00000002.yaml", "gt repair unreadable:beads/0/2/gt-00000002.yaml"),
        ("unreadable", "error", "pages/p-000000000001.yaml", "gt repair unreadable:pages/p-000000000001.yaml"),
        ("unreadable", "error", "state.yaml", "gt repair unreadable:state.yaml"),
    ]  # fmt: skip


def without(scene: Scene, *names: str) -> None:
    """Takes files off the ledger, behind gt's back."""
    lines = [
        line
        for line in run_git(scene.path, "ls-tree", "beads").splitlines()
        if line.split("\t")[1] not in names
    ]
    tree = run_git(scene.path, "mktree", stdin="\n".join([*lines, ""]).encode())
    commit = run_git(scene.path, "commit-tree", tree, "-p", "beads", "-m", "by hand")
    run_git(scene.path, "update-ref", "refs/heads/beads", commit)


def test_missing_files(scene: Scene) -> None:
    without(scene, "README.md", "state.yaml")
    assert said(look(scene)) == [
        ("missing-file", "warning", "state.yaml", "gt repair missing-file:state.yaml"),
        ("missing-file", "note", "README.md", "gt repair missing-file:README.md"),
    ]
    without(scene, "gt.yaml")
    found = said(look(scene))
    assert ("missing-file", "error", "gt.yaml", "gt repair missing-file:gt.yaml") in found
    assert found[0][0] == "ledger"


def test_references(scene: Scene) -> None:
    two, three = bead_id(2), bead_id(3)
    scene.put(
        bead(1, needs=frozenset({GONE})),
        bead(2, parent=GONE),
        bead(3, needs=frozenset({bead_id(4)})),
        bead(4, needs=frozenset({three})),
        bead(5, Status(phase=Phase.LANDED, landed=Landed("1" * 40, "2" * 40, NOW)), needs=frozenset({GONE})),
    )
    assert said(look(scene)) == [
        ("cycle", "error", three, f"gt dep tree {three}"),
        ("dangling-need", "error", ONE, f"gt dep rm {ONE} {GONE}"),
        ("dangling-parent", "error", two, f"gt edit {two} --parent ''"),
    ]


def test_what_no_gt_would_write(scene: Scene) -> None:
    scene.put(bead(1, Status(landed=Landed("1" * 40, "2" * 40, NOW))))
    assert [(f.check, f.subject) for f in look(scene) if f.severity is Severity.WARNING] == [("status", ONE)]
    scene.put(replace(bead(1), clock={"spec.title": NOW + 10**7}))
    assert said(look(scene)) == [("times", "warning", ONE, f"gt log {ONE}")]


def submitted(scene: Scene, commit: str) -> Bead:
    ended = Attempt(TOKEN, "sh", NOW - 9, NOW - 8, Result.SUBMITTED, head=commit)
    offer = replace(submission(TOKEN, commit), basecommit=main(scene))
    return bead(1, Status(phase=Phase.SUBMITTED, submission=offer, attempts=(ended,)))


def test_a_submission_must_be_here_and_pinned(scene: Scene) -> None:
    ref = submission_ref(ONE, TOKEN)
    scene.put(submitted(scene, "1" * 40))
    assert said(look(scene)) == [("missing-commit", "error", ref, None)]
    assert "push this ref there" in look(scene)[0].text
    scene.put(submitted(scene, main(scene)))
    assert said(look(scene)) == [("unpinned", "error", ref, f"gt repair unpinned:{ref}")]
    run_git(scene.path, "update-ref", ref, "main")
    assert look(scene) == []


def test_what_an_attempt_left_must_be_kept_by_some_ref(scene: Scene) -> None:
    commit = run_git(scene.path, "commit-tree", "main^{tree}", "-p", "main", "-m", "work")
    ended = Attempt(TOKEN, "sh", NOW - 9, NOW - 8, Result.CRASHED, head=commit)
    ref = wip_ref(ONE, TOKEN)
    scene.put(bead(1, Status(attempts=(ended,))))
    assert said(look(scene)) == [("unpinned", "error", ref, f"gt repair unpinned:{ref}")]
    run_git(scene.path, "update-ref", "refs/heads/mine", commit)
    assert look(scene) == []
    scene.put(bead(1, Status(attempts=(replace(ended, head="1" * 40),))))
    assert said(look(scene)) == [("missing-commit", "note", ref, None)]


def test_what_an_attempt_elsewhere_left_is_kept_there(scene: Scene) -> None:
    commit = run_git(scene.path, "commit-tree", "main^{tree}", "-p", "main", "-m", "work")
    attempts = (Attempt(TOKEN, "sh", NOW - 9, NOW - 8, Result.CRASHED, head=commit),)
    scene.put(bead(1, Status(attempts=attempts)))
    scene.settings(rest="coordination: remote\nrefinery: {push: origin}")
    run_git(scene.path, "remote", "add", "origin", "nowhere")
    assert said(look(scene)) == []
    log = log_path(scene.repo, ONE, TOKEN)
    log.parent.mkdir(parents=True)
    log.touch()
    ref = wip_ref(ONE, TOKEN)
    assert said(look(scene)) == [("unpinned", "error", ref, f"gt repair unpinned:{ref}")]
    log.unlink()
    scene.put(submitted(scene, main(scene)))
    assert [each.check for each in look(scene)] == ["unpinned"], "a sync brings it, with its pin"


def test_what_is_over_need_not_be_kept(scene: Scene) -> None:
    commit = run_git(scene.path, "commit-tree", "main^{tree}", "-p", "main", "-m", "work")
    attempts = (Attempt(TOKEN, "sh", NOW - 9, NOW - 8, Result.CRASHED, head=commit),)
    closed = Closed(CloseReason.WONTFIX, "", NOW, "alice")
    scene.put(bead(1, Status(phase=Phase.CLOSED, attempts=attempts, closed=closed)))
    assert look(scene) == []


def test_refs_for_no_bead(scene: Scene) -> None:
    pin, branch = wip_ref(GONE, TOKEN), f"refs/heads/{work_branch(GONE, TOKEN)}"
    for ref in (pin, branch):
        run_git(scene.path, "update-ref", ref, "main")
    assert said(look(scene)) == [
        ("branch-without-bead", "note", branch, f"git log {branch}"),
        ("pin-without-bead", "note", pin, f"git log {pin}"),
    ]


def test_a_landing_that_the_target_lost(scene: Scene) -> None:
    commit = run_git(scene.path, "commit-tree", "main^{tree}", "-p", "main", "-m", "landed")
    scene.put(bead(1, Status(phase=Phase.LANDED, landed=Landed(commit, "2" * 40, NOW))))
    assert said(look(scene)) == [("landing-lost", "warning", ONE, f"gt reopen {ONE}")]
    run_git(scene.path, "update-ref", "refs/heads/main", commit)
    assert look(scene) == []


def test_a_landing_that_a_remotes_target_has_is_not_lost(scene: Scene) -> None:
    commit = run_git(scene.path, "commit-tree", "main^{tree}", "-p", "main", "-m", "landed")
    scene.put(bead(1, Status(phase=Phase.LANDED, landed=Landed(commit, "2" * 40, NOW))))
    run_git(scene.path, "update-ref", "refs/remotes/origin/other", commit)
    assert said(look(scene)) == [("landing-lost", "warning", ONE, f"gt reopen {ONE}")]
    run_git(scene.path, "update-ref", "refs/remotes/origin/main", commit)
    bring = f"git -C {scene.path} merge --ff-only origin/main"
    assert said(look(scene)) == [("target-behind", "note", "main", bring)]
    run_git(scene.path, "switch", "-q", "--detach")
    bring = "git fetch . refs/remotes/origin/main:refs/heads/main"
    assert said(look(scene)) == [("target-behind", "note", "main", bring)]
    run_git(scene.path, *bring.split()[1:])
    assert look(scene) == []


def test_where_gt_saw_the_remotes_target_last_counts_for_what_is_lost(scene: Scene) -> None:
    commit = run_git(scene.path, "commit-tree", "main^{tree}", "-p", "main", "-m", "landed")
    scene.put(bead(1, Status(phase=Phase.LANDED, landed=Landed(commit, "2" * 40, NOW))))
    run_git(scene.path, "update-ref", "refs/remotes/origin/main", commit)
    run_git(scene.path, "update-ref", "refs/gt/there/main", "main")
    assert said(look(scene)) == [("landing-lost", "warning", ONE, f"gt reopen {ONE}")]


def test_where_a_target_and_its_remotes_have_parted_nothing_is_brought_in_by_itself(scene: Scene) -> None:
    commit = run_git(scene.path, "commit-tree", "main^{tree}", "-p", "main", "-m", "landed")
    scene.put(bead(1, Status(phase=Phase.LANDED, landed=Landed(commit, "2" * 40, NOW))))
    run_git(scene.path, "update-ref", "refs/remotes/origin/main", commit)
    mine = run_git(scene.path, "commit-tree", "main^{tree}", "-p", "main", "-m", "mine")
    run_git(scene.path, "update-ref", "refs/heads/main", mine)
    both = "git log --oneline --left-right main...refs/remotes/origin/main"
    assert said(look(scene)) == [("target-behind", "note", "main", both)]


def test_targets(scene: Scene) -> None:
    run_git(
        scene.path,
        "update-ref",
        "refs/gt/landing/main",
        run_git(scene.path, "commit-tree", "main^{tree}", "-m", "x"),
    )
    run_git(scene.path, "config", "--add", "gt.target", "gone")
    assert said(look(scene)) == [
        ("target", "error", "gone", "git config --unset gt.target '^gone$'"),
        ("target-moved", "error", "main", "gt status"),
    ]
    run_git(scene.path, "config", "--unset", "gt.target", "gone")
    lost = run_git(scene.path, "rev-parse", "refs/gt/landing/main")
    let_go = TownState(acknowledged={"main": Acceptance(main(scene), (lost,))})
    with scene.ledger.hold() as held:
        scene.ledger.update(held, message(), lambda _: Changes(state=let_go)).close()
    assert look(scene) == []
    run_git(scene.path, "update-ref", "-d", "refs/gt/landing/main")
    scene.commit({".gt/town.yaml": "nonsense: ["})
    assert said(look(scene)) == [("target", "error", "main", "git show main:.gt/town.yaml")]


def test_signatures_that_nobody_can_give(scene: Scene) -> None:
    scene.settings(rest="refinery: {approvals: signed}")
    ((check, severity, subject, repair),) = said(look(scene))
    assert (check, severity, subject) == ("no-signers", "error", "main")
    assert (repair or "").startswith("${EDITOR:-vi} .gt/allowed_signers && git add")
    scene.commit({".gt/allowed_signers": "a@example.com ssh-ed25519 AAAA\n"})
    assert look(scene) == []


def leased(scene: Scene, **fields: object) -> None:
    own: dict[str, object] = {
        "token": TOKEN,
        "clone": roster.clone(scene.repo),
        "boot": "",
        "basecommit": main(scene),
    }
    held = lease(**{**own, **fields})  # type: ignore[arg-type]
    scene.put(bead(1, Status(phase=Phase.LEASED, lease=held)))


def test_leases(scene: Scene) -> None:
    leased(scene)
    assert said(look(scene)) == [("dead-lease", "warning", ONE, f"gt expire {ONE} {TOKEN}")]
    with lock.hold(roster.lock_path(scene.repo, ONE, TOKEN)):
        assert look(scene) == []
        assert said(look(scene, now=NOW + 9999)) == [
            ("expired-lease", "warning", ONE, f"gt expire {ONE} {TOKEN}")
        ]
        scene.put(bead(1, Status(attempts=(Attempt(TOKEN, "sh", NOW - 9, NOW - 8, Result.CRASHED),))))
        assert said(look(scene)) == [("zombie", "warning", ONE, f"gt kill {ONE} {TOKEN}")]
    path = str(roster.lock_path(scene.repo, ONE, TOKEN))
    assert said(look(scene)) == [("garbage", "note", path, f"gt prune {ONE} {TOKEN}")]


def test_worktrees(scene: Scene) -> None:
    root = scene.path.parent / "repo.gt"
    over, lost, other = root / f"{ONE}-{TOKEN}", root / f"{ONE}-2-bbbb", root / f"{GONE}-{TOKEN}"
    run_git(scene.path, "worktree", "add", "-q", "--detach", str(over))
    for place in (lost, other, root / "mine"):
        place.mkdir()
    scene.put(bead(1, Status(attempts=(Attempt(TOKEN, "sh", NOW - 9, NOW - 8, Result.CRASHED),))))
    assert said(look(scene)) == [
        ("orphaned-worktree", "warning", str(over), f"gt prune {ONE} {TOKEN}"),
        ("orphaned-worktree", "warning", str(lost), None),
        ("orphaned-worktree", "warning", str(other), None),
    ]
    leased(scene, lock=False, agent="")
    assert [each.subject for each in look(scene)] == [str(lost), str(other)]


def test_a_worktree_whose_claim_is_on_no_record(scene: Scene) -> None:
    refused = scene.path.parent / "repo.gt" / f"{ONE}-{TOKEN}"
    run_git(scene.path, "worktree", "add", "-q", "-b", work_branch(ONE, TOKEN), str(refused))
    scene.put(bead(1))
    remove = f"git worktree remove {refused}"
    assert said(look(scene)) == [("orphaned-worktree", "warning", str(refused), remove)]
    run_git(scene.path, *remove.split()[1:])
    assert look(scene) == []


def old(path: Path, seconds: int = 3600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (NOW - seconds, NOW - seconds))
    return path


@pytest.mark.parametrize(
    "name", ["refs/heads/beads.lock", "refs/heads/a/b.lock", "packed-refs.lock", "index.lock"]
)
def test_another_gits_lock(scene: Scene, name: str) -> None:
    path = old(scene.path / ".git" / name)
    assert said(look(scene)) == [("foreign-lock", "error", str(path), f"gt repair --foreign-lock {path}")]
    old(path, 10)
    assert look(scene) == []


@pytest.mark.parametrize(("linked", "severity"), [(True, "warning"), (False, "note")])
def test_what_a_gt_died_at(scene: Scene, linked: bool, severity: str) -> None:
    intent = scene.path / ".git" / "gt" / "intents" / "0123456789abcdef"
    intent.parent.mkdir(parents=True, exist_ok=True)
    intent.touch()
    if linked:
        os.link(intent, scene.path / ".git" / "refs" / "heads" / "beads.lock")
    assert said(look(scene)) == [("dead-lock", severity, "refs/heads/beads", "gt heal refs/heads/beads")]
    with intent.open() as file:
        assert lock.lock_now(file.fileno())
        assert look(scene) == []


def poison(path: Path) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("UPDATE bead SET doc = replace(doc, 'Task 1', 'Forged')")
    db.close()


def lose(path: Path) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("DELETE FROM tree WHERE path = 'beads/0'")
    db.close()


@pytest.mark.parametrize("harm", [poison, lose])
def test_an_index_that_says_something_else(scene: Scene, harm: Callable[[Path], None]) -> None:
    scene.ledger.read().close()
    assert look(scene, deep=True) == []
    harm(scene.repo.gt_dir / "index.db")
    assert look(scene) == []
    assert said(look(scene, deep=True)) == [("index", "error", "index.db", "gt repair index:index.db")]


def test_an_old_index_and_an_edited_file(scene: Scene) -> None:
    scene.ledger.read().close()
    (scene.repo.gt_dir / "index-1.db").write_bytes((scene.repo.gt_dir / "index.db").read_bytes())
    commit_files(scene.path, {PATH: b"# mine\n" + codec.encode(bead(1))})
    assert said(look(scene)) == [("old-index", "note", "index.db", "gt repair old-index:index.db")]
    assert ("edited", "note", PATH, None) in said(look(scene, deep=True))


def test_an_object_that_is_missing(scene: Scene) -> None:
    oid = run_git(scene.path, "rev-parse", "beads~1^{tree}")
    (scene.path / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    assert said(look(scene, deep=True)) == [("objects", "error", "refs/heads/beads", "git fsck --full")]


@pytest.mark.parametrize(
    ("key", "value", "check"),
    [("gc.pruneExpire", "now", "gc"), ("gc.auto", "0", "gc"), ("core.fsync", "none", "fsync")],
)
def test_settings_that_put_the_ledger_at_risk(scene: Scene, key: str, value: str, check: str) -> None:
    run_git(scene.path, "config", key, value)
    (found,) = look(scene)
    assert (found.check, found.subject) == (check, key)


def test_a_partial_clone(scene: Scene, tmp_path: Path) -> None:
    run_git(scene.path, "config", "uploadpack.allowFilter", "true")
    scene.commit({"big": "a"})
    scene.commit({"big": "b"})
    there = tmp_path / "partial"
    run_git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", scene.path.as_uri(), str(there))
    run_git(there, "branch", "-q", "beads", "origin/beads")
    repo = discover(there)
    found = [each for each in examine(repo, Ledger(repo), NOW) if each.check == "partial"]
    assert said(found) == [("partial", "note", "remote.origin.promisor", "git fetch --refetch --no-filter")]
    counted = ("rev-list", "--objects", "--missing=print", "main~1", "main")
    assert "\n?" in run_git(there, *counted)
    run_git(there, *str(found[0].repair).split()[1:], "-q")
    assert "\n?" not in run_git(there, *counted)


def test_a_ledger_that_is_checked_out(scene: Scene, tmp_path: Path) -> None:
    run_git(scene.path, "worktree", "add", "-q", str(tmp_path / "out"), "beads")
    assert [each.check for each in look(scene)] == ["checked-out"]


def test_remotes(scene: Scene, new_repo: Callable[[str], Path], tmp_path: Path) -> None:
    run_git(scene.path, "update-ref", "refs/gt/remotes/origin/beads", "beads~1")
    assert said(look(scene)) == [("out-of-step", "note", "origin", "gt sync")]
    assert [each.text for each in look(scene)] == ["lacks 1 commit of this ledger"]
    apart = run_git(scene.path, "commit-tree", "beads^{tree}", "-p", "beads~1", "-m", "x")
    run_git(scene.path, "update-ref", "refs/gt/remotes/origin/beads", apart)
    assert said(look(scene)) == [("diverged", "note", "origin", "gt sync")]
    run_git(scene.path, "update-ref", "refs/gt/remotes/origin/beads", "beads")
    assert look(scene) == []
    run_git(scene.path, "remote", "add", "gone", str(tmp_path / "nowhere"))
    assert look(scene) == []
    assert said(look(scene, remote=True)) == [("remote", "warning", "gone", "gt sync")]


def test_a_remote_with_another_ledger(scene: Scene, new_repo: Callable[[str], Path]) -> None:
    other = new_repo("other")
    new_ledger(other)
    data = run_git(other, "show", "beads:gt.yaml").replace("5b0c8f6e", "00000000") + "\n"
    commit_files(other, {"gt.yaml": data})
    run_git(scene.path, "fetch", "-q", str(other), "+refs/heads/beads:refs/gt/remotes/other/beads")
    assert [(f.check, f.severity, f.subject) for f in look(scene)] == [("lineage", Severity.ERROR, "other")]


def test_it_takes_no_more_processes_for_more_beads(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []

    class Counted(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **more: Any) -> None:
            started.append(args)
            super().__init__(*args, **more)

    monkeypatch.setattr(subprocess, "Popen", Counted)
    counts = []
    for first, last in ((1, 4), (4, 80)):
        ended = Attempt(TOKEN, "sh", NOW - 9, NOW - 8, Result.CRASHED, head=main(scene))
        scene.put(
            *(bead(n, Status(attempts=(ended,)), needs=frozenset({bead_id(999)})) for n in range(first, last))
        )
        scene.ledger.read().close()
        started.clear()
        look(scene)
        counts.append(len(started))
    assert counts[0] == counts[1] < 12
