"""What `gt merge` does with what is submitted, from the first gate run to the ledger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gt.core.bead import Phase, Result
from gt.git import loose, mending
from gt.git.merge import trailers
from gt.refinery.control import allowance
from gt.refinery.pins import landing_ref
from tests.conftest import run_git
from tests.refinery.merging import TOKEN, Scene, proving, scene, town


def test_nothing_to_do(yard: Scene) -> None:
    report = yard.merge()
    assert (report.exit_code, report.landed, report.runs, report.left) == (0, [], [], ())


def test_what_is_green_lands_as_a_commit_of_the_refinery(yard: Scene) -> None:
    old = yard.tip()
    one = yard.submit({"one.txt": "1\n"}, title="Add one")
    report = yard.merge()
    assert report.exit_code == 0
    new = yard.tip()
    sub = one.status.submission
    assert sub is not None
    assert yard.git("rev-parse", f"{new}^1", f"{new}^2").split() == [old, sub.commit]
    message = yard.git("log", "-1", "--format=%B", new)
    assert message.startswith(f"Add one ({one.id})\n")
    named = [(key, value) for key, value in trailers(message) if key != "Gt-Gate"]
    said = [("Gt-Bead", one.id), ("Gt-Token", TOKEN), ("Gt-Commit", sub.commit), ("Gt-Adopted", old)]
    assert named == said
    assert dict(trailers(message))["Gt-Gate"].startswith("test pass ")
    assert yard.git("log", "-1", "--format=%an %cn", new) == "fixer Alice"
    assert yard.tip(landing_ref("main")) == new
    landed = yard.bead(one).status.landed
    assert landed is not None
    assert (yard.phase(one), landed.commit) == (Phase.LANDED, new)
    assert [(run.verdict, run.base) for run in report.runs] == [("pass", old)]
    assert yard.git("for-each-ref", "refs/gt/candidate") == ""


def test_the_order_is_priority_then_time(repo_path: Path) -> None:
    yard = scene(repo_path, town(more="refinery: {slots: 1}\n"))
    late = yard.submit({"a": "a"}, priority=2)
    urgent = yard.submit({"b": "b"}, priority=0)
    last = yard.submit({"c": "c"}, priority=2)
    report = yard.merge()
    assert [name for name, _, _ in report.landed] == [urgent.id, late.id, last.id]


def test_what_is_red_goes_back_with_the_evidence(repo_path: Path) -> None:
    yard = scene(repo_path, town('{name: test, run: "echo looked; echo oh no >&2; test ! -e bad || exit 7"}'))
    bad = yard.submit({"bad": ""})
    old = yard.tip()
    report = yard.merge()
    assert report.exit_code == 3
    assert yard.tip() == old
    assert yard.phase(bad) is Phase.OPEN
    tried = yard.bead(bad).attempt(TOKEN)
    assert tried is not None
    assert tried.result is Result.RED
    assert "gate test is red: exit 7" in tried.reason
    assert "oh no" in tried.reason
    assert "git merge --no-ff" in tried.reason
    # Once more, lest it was a flake; and the target, lest it is red itself.
    assert sorted((each.verdict, len(each.members)) for each in report.runs) == [
        ("fail", 1),
        ("fail", 1),
        ("pass", 0),
    ]


def test_a_red_target_rejects_nobody(yard: Scene) -> None:
    yard.push({"bad": "it was there before\n"})
    one, two = yard.submit({"a": ""}), yard.submit({"b": ""})
    report = yard.merge()
    assert (report.exit_code, report.rejected, report.landed) == (20, [], [])
    assert report.trouble is not None
    assert "is red itself" in report.trouble
    assert yard.causes() == {one.id: "waiting red-target", two.id: "waiting red-target"}
    assert yard.merge().runs == []
    yard.push({"bad": None})
    assert yard.merge().exit_code == 0


def test_again_gives_a_red_target_another_chance(repo_path: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.touch()
    yard = scene(repo_path, town(f'{{name: test, run: "test ! -e {broken}"}}'))
    one = yard.submit({"a": ""})
    assert yard.merge().exit_code == 20
    broken.unlink()
    assert yard.merge().exit_code == 20
    assert yard.merge(again=True).exit_code == 0
    assert yard.phase(one) is Phase.LANDED


def test_a_conflict_names_the_files_and_the_other_side(yard: Scene) -> None:
    first = yard.submit({"README.md": "first\n"}, title="First of all")
    second = yard.submit({"README.md": "second\n"})
    report = yard.merge()
    assert [name for name, _, _ in report.landed] == [first.id]
    (lost,) = report.rejected
    assert (lost.bead, lost.result) == (second.id, Result.OVERTAKEN)
    assert "README.md" in lost.reason
    assert f"First of all ({first.id})" in lost.reason
    assert yard.bead(second).counted == 0


def test_a_conflict_with_an_unmoved_target_counts(yard: Scene) -> None:
    other = yard.git("commit-tree", yard.tip("HEAD^{tree}"), "-m", "no parent")
    one = yard.submit({}, commit=other)
    report = yard.merge()
    assert [lost.result for lost in report.rejected] == [Result.CONFLICT]
    assert yard.bead(one).counted == 1


def test_no_change_is_not_landed(yard: Scene) -> None:
    since = yard.tip()
    yard.submit({"same": "x\n"})
    yard.submit({"same": "x\n", "more": "y\n"})
    twin = yard.submit({}, commit=yard.commit({"same": "x\n"}, since, message="the same again"))
    report = yard.merge()
    assert [(lost.bead, lost.result) for lost in report.rejected] == [(twin.id, Result.NO_CHANGE)]


def test_could_not_run_is_not_red(repo_path: Path) -> None:
    yard = scene(repo_path, town('{name: test, run: "exit 127"}'))
    one = yard.submit({"a": ""})
    report = yard.merge()
    assert (report.exit_code, report.rejected) == (20, [])
    assert {each.verdict for each in report.runs} == {"could-not-run"}
    assert [len(each.members) for each in report.runs] == [1, 1, 1, 0, 0, 0]
    assert yard.causes() == {one.id: "waiting could-not-run-target"}
    assert yard.merge().runs == []


def test_a_gate_that_takes_too_long_is_not_red(repo_path: Path) -> None:
    yard = scene(repo_path, town('{name: test, run: "sleep 60", timeout: 1s}'))
    one = yard.submit({"a": ""})
    outcome = proving(yard, one).verdict.outcome
    assert outcome is not None
    assert (outcome.verdict, outcome.why) == ("could-not-run", "ran longer than 1 s")
    assert yard.causes() == {one.id: "due"}


def test_what_a_gate_prints_reaches_the_ledger_whatever_it_is(repo_path: Path) -> None:
    yard = scene(
        repo_path,
        town(
            """{name: test, run: "printf 'a\\\\033[31mb\\\\000c\\\\377\\\\ttab\\\\r\\\\n---\\\\n'; test ! -e bad"}"""
        ),
    )
    one = yard.submit({"bad": ""})
    assert [lost.result for lost in yard.merge().rejected] == [Result.RED]
    tried = yard.bead(one).attempt(TOKEN)
    assert tried is not None
    assert "[31mb" in tried.reason


def test_no_gates_is_no_permission(repo_path: Path) -> None:
    yard = scene(repo_path, "apiVersion: gt/v1\n")
    one = yard.submit({"a": ""})
    report = yard.merge()
    assert report.exit_code == 20
    assert yard.causes() == {one.id: "waiting ungated-target"}
    yard.push({".gt/town.yaml": "apiVersion: gt/v1\nungated: true\n"})
    assert yard.merge().exit_code == 0


def test_a_hold_and_a_need_keep_it_back(yard: Scene) -> None:
    held = yard.submit({"a": ""}, hold=True)
    after = yard.submit({"b": ""}, needs=frozenset({held.id}))
    report = yard.merge()
    assert report.exit_code == 20
    assert yard.causes() == {held.id: "held hold", after.id: "waiting need"}
    yard.change(held, lambda bead: replace(bead, spec=replace(bead.spec, hold=False)))
    assert [name for name, _, _ in yard.merge().landed] == [held.id, after.id]


def test_a_missing_commit_is_unknown_not_red(yard: Scene) -> None:
    one = yard.submit({}, commit=yard.tip())
    gone = "1234567890" * 4
    sub = one.status.submission
    assert sub is not None
    lost = replace(sub, commit=gone)
    yard.change(one, lambda bead: replace(bead, status=replace(bead.status, submission=lost)))
    report = yard.merge()
    assert (report.exit_code, yard.causes()) == (11, {one.id: "waiting missing"})


def test_a_stack_lands_from_below(yard: Scene) -> None:
    since = yard.tip()
    below = yard.commit({"a": ""}, since)
    above = yard.commit({"b": ""}, below)
    second = yard.submit({}, commit=above, base=since, priority=0)
    first = yard.submit({}, commit=below, base=since, priority=4)
    assert yard.causes()[second.id] == "waiting ancestor"
    assert [name for name, _, _ in yard.merge().landed] == [first.id, second.id]


def test_a_deleted_branch_and_a_gc_lose_nothing(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    yard.git("reflog", "expire", "--expire=now", "--all")
    yard.git("gc", "-q", "--prune=now")
    assert yard.merge().exit_code == 0
    assert yard.phase(one) is Phase.LANDED


def test_a_bare_repository(repo_path: Path, tmp_path: Path) -> None:
    made = scene(repo_path)
    made.submit({"a": ""})
    bare = tmp_path / "bare.git"
    run_git(tmp_path, "clone", "-q", "--mirror", str(repo_path), str(bare))
    run_git(bare, "config", "gt.target", "main")
    from gt.git.repo import discover
    from gt.store.ledger import Ledger

    town = Scene(bare, Ledger(discover(bare)))
    assert town.merge().exit_code == 0
    assert "a" in town.files()


def test_a_dry_run_changes_nothing(yard: Scene) -> None:
    one = yard.submit({"a": ""})
    before = yard.git("for-each-ref")
    report = yard.merge(dry=True)
    assert [queued.bead for queued in report.left] == [one.id]
    assert (report.exit_code, yard.git("for-each-ref")) == (10, before)


def test_the_users_checkout_is_left_alone(yard: Scene) -> None:
    (yard.path / "dirty").write_text("mine")
    before = (yard.path / ".git/index").read_bytes(), yard.git("status", "--porcelain"), yard.tip("HEAD")
    yard.submit({"a": ""})
    assert yard.merge().exit_code == 0
    after = (yard.path / ".git/index").read_bytes(), yard.git("status", "--porcelain"), yard.tip("HEAD")
    assert before == after


def test_the_budget_ends_endless_trying(repo_path: Path) -> None:
    gates = [f"""{{name: t{n}, run: 'test "$(ls | grep -c ^f)" = 0 || exit 127'}}""" for n in range(2)]
    yard = scene(repo_path, town(*gates, more="refinery: {budget: 1}\n"))
    waiting = [yard.submit({f"f{n}": ""}) for n in range(4)]
    report = yard.merge()
    assert (report.exit_code, report.landed, report.rejected) == (20, [], [])
    assert len(report.runs) <= allowance(yard.look().towns["main"], len(waiting))
    assert set(yard.causes().values()) <= {"waiting budget-target", "held could-not-run"}
    assert len(waiting) == len(yard.causes())
    assert yard.merge().runs == []


def test_what_a_landing_is_made_of_outlives_a_git_that_prunes(yard: Scene) -> None:
    """Its tree and its merged files are another git's making; they are in the journal all the same."""
    base = yard.commit({"both.txt": "".join(f"{n}\n" for n in range(20))})
    yard.git("update-ref", "refs/heads/main", base)
    lines = [f"{n}\n" for n in range(20)]
    yard.submit({"both.txt": "".join([*lines[:19], "end\n"]), "deep/er/one": "1\n"})
    yard.git("update-ref", "refs/heads/main", yard.commit({"both.txt": "".join(["start\n", *lines[1:]])}))
    old = yard.tip()
    assert len(yard.merge().landed) == 1
    made = yard.git("rev-list", "--objects", "main", "--not", old, "--glob=refs/gt/sub").splitlines()
    gone = [line.split()[0] for line in made]
    assert sorted(line.partition(" ")[2] for line in made) == ["", "", "both.txt"]
    for oid in gone:
        loose.path_in(yard.repo.common_dir / "objects", oid).unlink()
    assert mending.mend(yard.repo) == len(gone)
    yard.git("fsck")
    assert yard.git("show", "main:both.txt").split()[::19] == ["start", "end"]
