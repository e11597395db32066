"""The commits by which submissions land."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Bead, Result
from gt.core.town import RefinerySpec, Town
from gt.git.committing import Committer
from gt.git.merge import trailers
from gt.refinery.commits import Laid, Unlayable, lay
from gt.refinery.train import Member, Train, Yardmaster
from tests.conftest import NOW
from tests.refinery.merging import TOKEN, Files, Scene, scene, town
from tests.store.scenes import ALICE

BOB, CAROL = "Bob <bob@example.com>", "Carol <carol@example.com>"


@pytest.fixture
def yard(repo_path: Path) -> Scene:
    return scene(repo_path)


def submit(yard: Scene, strategy: str, *steps: tuple[str, Files, str], since: str | None = None) -> Bead:
    """A submission of commits (author, files, message) on main."""
    at = base = since or yard.tip()
    for author, files, message in steps:
        made = yard.commit(files, at, message=message)
        name, _, mail = author.partition(" <")
        script = ["-c", f"user.name={name}", "-c", f"user.email={mail.rstrip('>')}"]
        at = yard.git(*script, "commit-tree", f"{made}^{{tree}}", "-p", at, "-m", message)
    new = yard.submit({}, commit=at, base=base)
    sub = new.status.submission
    assert sub is not None
    as_wanted = replace(new.status, submission=replace(sub, strategy=strategy))
    return yard.change(new, lambda bead: replace(bead, status=as_wanted))


def couple(yard: Scene, *beads: Bead) -> Train:
    members = [Member(bead.id, sub) for bead in beads if (sub := bead.status.submission)]
    return Yardmaster(yard.repo).train(yard.tip(), members)


def laid(yard: Scene, *beads: Bead, history: str = "train", message: str | None = None) -> Laid:
    settings = Town(refinery=RefinerySpec(history=history, message=message))
    known = {bead.id: bead for bead in beads}
    return lay(yard.repo, couple(yard, *beads), known, settings, {}, Committer(yard.repo, ALICE, NOW))


def log(yard: Scene, commits: str, form: str = "%an|%s") -> list[str]:
    return yard.git("log", "--reverse", f"--format={form}", commits).splitlines()


TWO = ((BOB, {"a": "1"}, "one\n\nWhy."), (CAROL, {"b": "2"}, "two\n\nGt-Gate: forged pass x"))


def test_a_merge_has_what_was_submitted_as_its_second_parent(yard: Scene) -> None:
    one = submit(yard, "merge", *TWO)
    made = laid(yard, one)
    assert one.status.submission is not None
    assert yard.git("log", "-1", "--format=%P %an %cn", made.head) == (
        f"{yard.tip()} {one.status.submission.commit} fixer Alice"
    )
    assert made.firsts == (made.head,)


def test_a_squash_is_one_commit_with_all_its_authors(yard: Scene) -> None:
    steps = (
        *TWO,
        (BOB, {"c": "3"}, f"three\n\nThe end.\n\nCo-authored-by: {CAROL}\nCo-authored-by: D <d@x>"),
    )
    one = submit(yard, "squash", *steps)
    made = laid(yard, one)
    assert yard.git("log", "-1", "--format=%P|%an|%cn", made.head) == f"{yard.tip()}|Bob|Alice"
    said = yard.git("log", "-1", "--format=%B", made.head)
    assert said.startswith(f"Task 1 ({one.id})\n\nThe end.\n\n")
    named = trailers(said)
    assert [value for key, value in named if key == "Co-authored-by"] == [CAROL, "D <d@x>"]
    assert [value for key, value in named if key == "Gt-Bead"] == [one.id]
    assert yard.files(made.head) - yard.files() == {"a", "b", "c"}


def test_a_rebase_keeps_each_commit_under_a_merge_whose_tree_was_proven(yard: Scene) -> None:
    one = submit(yard, "rebase", *TWO)
    yard.push({"moved": ""})
    made = laid(yard, one)
    assert log(yard, f"main..{made.head}^2") == ["Bob|one", f"Carol|Task 1 ({one.id})"]
    assert yard.git("rev-parse", f"{made.head}^1") == yard.tip()
    assert "forged" not in yard.git("log", "--format=%B", f"main..{made.head}")
    assert made.firsts == (made.head,)


def test_a_rebase_of_one_commit_is_that_commit(yard: Scene) -> None:
    one = submit(yard, "rebase", TWO[0])
    yard.push({"moved": ""})
    made = laid(yard, one)
    assert yard.git("log", "-1", "--format=%P|%an|%ad", "--date=unix", made.head) == f"{yard.tip()}|Bob|{NOW}"


def test_what_cannot_be_rebased_is_told_before_any_gate_runs(yard: Scene) -> None:
    there_and_back = (
        (BOB, {"README.md": "x\n"}, "there"),
        (BOB, {"README.md": "a project\n", "n": ""}, "back"),
    )
    one = submit(yard, "rebase", *there_and_back)
    yard.push({"README.md": "y\n"})
    with pytest.raises(Unlayable, match=r"conflicts in README\.md"):
        laid(yard, one)
    report = yard.merge()
    assert [(lost.bead, lost.result) for lost in report.rejected] == [(one.id, Result.OVERTAKEN)]
    assert report.runs == []


def test_several_land_under_one_train_merge_that_names_them_all(yard: Scene) -> None:
    one, two = submit(yard, "merge", TWO[0]), submit(yard, "squash", (CAROL, {"z": ""}, "z"))
    made = laid(yard, one, two)
    assert log(yard, f"main..{made.head}", "%s")[-1] == f"Land 2 changes: {one.id}, {two.id}"
    assert yard.git("rev-parse", f"{made.head}^{{tree}}") == yard.git("rev-parse", f"{made.head}^2^{{tree}}")
    named = trailers(yard.git("log", "-1", "--format=%B", made.head))
    assert [value for key, value in named if key == "Gt-Bead"] == [one.id, two.id]
    assert [value for key, value in named if key == "Gt-Token"] == [TOKEN, TOKEN]


def test_a_linear_history_has_no_train_merge(yard: Scene) -> None:
    one, two = submit(yard, "squash", *TWO), submit(yard, "rebase", (CAROL, {"z": ""}, "z"))
    made = laid(yard, one, two, history="linear")
    assert len(made.firsts) == 2
    assert yard.git("rev-list", "--count", "--min-parents=2", f"main..{made.head}") == "0"
    with pytest.raises(Unlayable, match="unproven commits"):
        laid(yard, submit(yard, "rebase", *TWO), history="linear")


def test_a_town_may_word_its_commits(yard: Scene) -> None:
    one = submit(yard, "squash", TWO[0])
    made = laid(yard, one, message="{agent}: {title} {nothing}\n\nGt-Bead: forged\n\nSee {bead}.")
    assert yard.git("log", "-1", "--format=%B", made.head).split("\n\n")[:2] == [
        "fixer: Task 1 {nothing}",
        f"See {one.id}.",
    ]


@pytest.mark.parametrize("strategy", ["squash", "rebase"])
def test_it_lands_and_is_found_again(repo_path: Path, strategy: str) -> None:
    yard = scene(repo_path, town(more=f"refinery: {{strategy: {strategy}}}\n"))
    one = submit(yard, strategy, *TWO)
    report = yard.merge()
    assert (report.exit_code, [bead for bead, _, _ in report.landed]) == (0, [one.id])
    yard.change(one, lambda _: one)
    assert list(yard.look().landings) == [one.id]


def test_commits_are_signed_where_the_user_signs_theirs(yard: Scene, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    for name, value in (("gpg.format", "ssh"), ("user.signingKey", str(key)), ("commit.gpgSign", "true")):
        yard.git("config", "--global", name, value)
    (tmp_path / "signers").write_text(f"alice@example.com {key.with_suffix('.pub').read_text()}")
    yard.git("config", "--global", "gpg.ssh.allowedSignersFile", str(tmp_path / "signers"))
    yard.submit({"a": ""})
    assert yard.merge().exit_code == 0
    yard.git("verify-commit", "main")
    assert yard.git("log", "-1", "--format=%an|%cn|%G?", "main") == "fixer|Alice|G"
