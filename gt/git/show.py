"""What git says for people, as it says it: whoever prints it makes it harmless."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gt.git.repo import Repo
from gt.git.run import git


def diff(repo: Repo | Path, *args: str, env: Mapping[str, str] | None = None) -> bytes:
    """What `git diff` says, without colours; with a Path, of that worktree."""
    return git(repo, "diff", "--no-color", "--no-ext-diff", *args, env=env).out


@contextmanager
def with_new_files(work_tree: Path, base: str) -> Iterator[Mapping[str, str]]:
    """Variables under which `git diff` tells of a worktree's untracked files, too, ignored ones excepted.

    They name an index of our own, which holds `base` and the mere intention to add these files; the worktree's
    index stays as it is.
    """
    import tempfile

    with tempfile.TemporaryDirectory(prefix="gt-diff-") as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git(work_tree, "read-tree", base, env=env)
        git(work_tree, "add", "--intent-to-add", "--ignore-errors", "--", ".", env=env, ok=(0, 1, 128))
        yield env
