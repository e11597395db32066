"""Commits that stay: written as the user's git would write them, signed where their config asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from gt.git import ident
from gt.git.config import truth
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.git.run import git


@dataclass(frozen=True, slots=True)
class Draft:
    """A commit to be made; times in seconds, authors as `Name <mail>`."""

    tree: str
    parents: tuple[str, ...]
    message: str
    author: str
    when: int


@dataclass
class Committer:
    """Makes commits in somebody's name."""

    repo: Repo
    who: str
    now: int

    @cached_property
    def signs(self) -> bool:
        """Whether `commit.gpgSign` is set, for this repository or for its user."""
        said = git(self.repo, "config", "--type=bool", "--get", "commit.gpgSign", user=True, ok=(0, 1, 128))
        return truth(said.text)

    def make(self, draft: Draft) -> str:
        """Write the commit, durably; returns its id. Raises GitFailed where it can't be signed."""
        return self._signed(draft) if self.signs else self._plain(draft)

    def _plain(self, draft: Draft) -> str:
        with Objects(self.repo) as odb:
            odb.include(draft.tree, (odb.commit(parent).tree for parent in draft.parents))
            oid = odb.add_commit(
                draft.tree,
                draft.parents,
                draft.message,
                draft.author,
                draft.when,
                committer=self.who,
                committer_when=self.now,
            )
            odb.flush()
        return oid

    def _signed(self, draft: Draft) -> str:
        parents = [arg for parent in draft.parents for arg in ("-p", parent)]
        author = ident.environment(draft.author, draft.when)
        committer = ident.environment(self.who, self.now)
        env = {key: (author if "_AUTHOR_" in key else committer)[key] for key in author}
        text = draft.message.encode("utf-8", "surrogateescape")
        args = ("-c", "core.fsync=all", "commit-tree", "-S", draft.tree, *parents)
        oid = git(self.repo, *args, stdin=text, env=env, user=True).text
        with Objects(self.repo) as odb:
            odb.include_commit(oid)
            odb.flush()
        return oid
