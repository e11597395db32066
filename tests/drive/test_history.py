"""What a history merged cleanly lands with the same trees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.conftest import run_git
from tests.drive.history import replay


def test_a_history_lands_again_with_its_trees(repo_path: Path, new_repo: Callable[[str], Path]) -> None:
    """Branches from old and new bases, on one another, merged into; renames, conflicts, a person's hand in a merge."""
    source = new_repo("source")

    def git(*args: str, check: bool = True) -> str:
        return run_git(source, *args, check=check)

    def put(name: str, text: str) -> str:
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text(text)
        git("add", "-A")
        git("commit", "-qm", f"{name} changes")
        return git("rev-parse", "HEAD")

    def merge(branch: str) -> str:
        git("checkout", "-q", "main")
        git("merge", "-q", "--no-ff", "-m", f"Merge {branch}", branch)
        return git("rev-parse", "HEAD")

    git("checkout", "-q", "-B", "main")
    lines = [f"{n}\n" for n in range(20)]
    start = put("text", "".join(lines))
    git("branch", "edit")
    git("branch", "clash")
    git("branch", "early")
    git("checkout", "-q", "early")
    put("early", "")
    git("checkout", "-q", "-b", "stacked")
    put("late", "")
    git("checkout", "-q", "edit")
    put("text", "".join(["first\n", *lines[1:]]))
    git("checkout", "-q", "clash")
    put("text", "".join([*lines[:-1], "last\n"]))
    clean = [merge("edit"), merge("clash"), merge("early")]
    clean.append(put("direct", ""))
    git("checkout", "-q", "-b", "moved")
    git("mv", "text", "book")
    git("commit", "-qm", "text is a book")
    git("checkout", "-q", "stacked")
    git("merge", "-q", "-m", "Merge main", "main")
    put("text", "".join(["first\n", *lines[1:10], "ten\n", *lines[11:-1], "last\n"]))
    clean.append(merge("moved"))
    strayed = merge("stacked")
    git("checkout", "-q", "-b", "other")
    put("direct", "theirs\n")
    git("checkout", "-q", "main")
    clean.append(put("direct", "ours\n"))
    git("merge", "-q", "other", check=False)
    (source / "direct").write_text("both\n")
    git("commit", "-qam", "Merge other")
    by_hand = git("rev-parse", "HEAD")
    git("commit", "-q", "--allow-empty", "-m", "nothing")
    nothing = git("rev-parse", "HEAD")
    git("branch", "after")
    clean.append(put("end", ""))
    git("checkout", "-q", "after")
    put("after", "")
    clean.append(merge("after"))
    count = len(git("rev-list", "--first-parent", f"{start}..main").split())
    it = replay(repo_path, source, count)
    assert it.landed == clean
    assert it.unclean == [by_hand]
    assert it.strayed == [strayed]
    assert it.empty == [nothing]
    assert it.tree("main") == it.settled("refs/history")
