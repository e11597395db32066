from __future__ import annotations

from pathlib import Path

from gt.git.repo import discover
from gt.git.touched import Touched, touched
from tests.conftest import run_git


def test_what_a_commit_touched(repo_path: Path) -> None:
    first = run_git(repo_path, "rev-parse", "HEAD")
    readme = run_git(repo_path, "rev-parse", "HEAD:README.md")
    run_git(repo_path, "mv", "README.md", "b\u00e4r\n.md")
    run_git(repo_path, "commit", "-q", "-m", "rename")
    second = run_git(repo_path, "rev-parse", "HEAD")
    run_git(repo_path, "checkout", "-q", "-b", "side", first)
    run_git(repo_path, "commit", "-q", "--allow-empty", "-m", "nothing")
    third = run_git(repo_path, "rev-parse", "HEAD")
    run_git(repo_path, "merge", "-q", "-m", "both", second)
    merge = run_git(repo_path, "rev-parse", "HEAD")
    found = touched(discover(repo_path), (merge, third, second, first))
    assert found == {
        merge: (),
        third: (),
        second: (Touched("README.md", readme, None), Touched("b\u00e4r\n.md", None, readme)),
        first: (Touched("README.md", None, readme),),
    }
    assert touched(discover(repo_path), ()) == {}
