"""A repository's history, replayed: what was merged is submitted where it was branched off, lands, and gives the same trees.

Commits are made anew on what landed in place of theirs; on top of nothing that landed here, they are history's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gt.core.bead import Bead
from tests.conftest import run_git
from tests.refinery.merging import Scene, scene, town

SETTINGS = ".gt"


@dataclass(frozen=True, slots=True)
class Step:
    """A first-parent commit of history."""

    commit: str
    parents: tuple[str, ...]


@dataclass
class Replay:
    """A town in which a history is landed again."""

    scene: Scene
    made: dict[str, str]
    """Of commits of history: what there is in their place."""
    settings: str
    """The entry of the settings in a tree."""
    landed: list[str] = field(default_factory=list)
    """Commits of history whose merge was clean, and whose tree has landed again."""
    unclean: list[str] = field(default_factory=list)
    """Merges that a person had a hand in: they landed as they were resolved."""
    strayed: list[str] = field(default_factory=list)
    """Merges that change, by a rename, what the branch doesn't: held for a person's look, they landed as they were merged."""
    empty: list[str] = field(default_factory=list)
    """Commits that changed nothing, or only settings: those stay as they are."""
    queue: list[tuple[Step, Bead]] = field(default_factory=list)

    def play(self, step: Step) -> None:
        """Submit it, once everything that it is built on has landed."""
        head = step.parents[-1] if len(step.parents) == 2 else step.commit
        if self.settled(step.commit) == self.settled(step.parents[0]):
            self.flush()
            self.made[step.commit] = self.scene.tip()
            self.empty.append(step.commit)
            return
        if len(step.parents) > 1:
            clean = self.merged(step) == self.tree(step.commit)
            if not clean or self.strays(step):
                self.flush()
                (self.strayed if clean else self.unclean).append(step.commit)
                head = step.commit
        ahead = {each.commit for each, _ in self.queue}
        if ahead & set(self.git("rev-list", head, "--not", *self.made).split()):
            self.flush()
        commit = self.anew(head)
        base = self.git("merge-base", self.scene.tip(), commit)
        self.queue.append((step, self.scene.submit({}, commit=commit, base=base)))

    def flush(self) -> None:
        """Land what is submitted: in order, each with the tree that it had in history."""
        if not self.queue:
            return
        since = self.scene.tip()
        report = self.scene.merge()
        landed = [bead for bead, _, _ in report.landed]
        assert landed == [bead.id for _, bead in self.queue], (report.rejected, report.left, report.trouble)
        merges = self.git("rev-list", "--merges", "--parents", f"{since}..main").splitlines()
        cars = {parents[1]: car for car, *parents in map(str.split, merges)}
        for step, bead in self.queue:
            assert bead.status.submission is not None
            ours = self.made[step.commit] = cars[bead.status.submission.commit]
            assert self.tree(ours) == self.settled(step.commit), step.commit
        assert self.tree("main") == self.tree(ours)
        self.made[step.commit] = self.scene.tip()
        whole = {*self.unclean, *self.strayed}
        self.landed += [step.commit for step, _ in self.queue if step.commit not in whole]
        self.queue.clear()

    def anew(self, head: str) -> str:
        """A commit of history with all that it is built on, on what landed."""
        new = self.git("rev-list", "--topo-order", "--reverse", "--parents", head, "--not", *self.made)
        for commit, *parents in map(str.split, new.splitlines()):
            if not self.made.keys().isdisjoint(parents):
                above = [arg for parent in parents for arg in ("-p", self.made.get(parent, parent))]
                self.made[commit] = self.git("commit-tree", self.settled(commit), *above, "-m", "work")
        return self.made.get(head, head)

    def settled(self, commit: str) -> str:
        """A commit's tree, with the town's settings."""
        entries = [
            line for line in self.git("ls-tree", commit).splitlines() if line.split("\t")[1] != SETTINGS
        ]
        return run_git(
            self.scene.path,
            "mktree",
            stdin="".join(f"{line}\n" for line in [*entries, self.settings]).encode(),
        )

    def merged(self, step: Step) -> str:
        """The tree that git merges it to; empty if it can't."""
        if len(step.parents) > 2:
            return ""
        made = self.git("merge-tree", "--write-tree", *step.parents, check=False)
        return made if "\n" not in made else ""

    def strays(self, step: Step) -> bool:
        """Whether a merge changes paths that its branch doesn't."""
        first, second = step.parents
        base = self.git("merge-base", first, second)
        whole, own = (
            set(self.git("diff-tree", "-r", "--name-only", "--no-renames", *two).splitlines())
            for two in ((first, step.commit), (base, second))
        )
        return not whole <= own

    def tree(self, commit: str) -> str:
        return self.git("rev-parse", f"{commit}^{{tree}}")

    def git(self, *args: str, check: bool = True) -> str:
        return self.scene.git(*args, check=check)


def replay(path: Path, source: Path, limit: int) -> Replay:
    """Land the last commits of a repository's first-parent line again, in a new repository."""
    run_git(path, "fetch", "-q", "--no-tags", str(source), "HEAD:refs/history")
    count = f"-n{limit + 1}"
    line = run_git(path, "rev-list", "--first-parent", "--reverse", "--parents", count, "refs/history")
    (start, *_), *rest = map(str.split, line.splitlines())
    run_git(path, "update-ref", "refs/heads/main", start)
    made = scene(path, town('{name: test, run: "true"}'))
    it = Replay(made, {start: made.tip()}, made.git("ls-tree", "main", SETTINGS))
    for commit, *parents in rest:
        it.play(Step(commit, tuple(parents)))
    it.flush()
    return it
