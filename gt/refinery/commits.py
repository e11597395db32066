"""The commits by which a train lands: one for each change, and over several one train merge whose tree was gated.

A change lands as a merge of what was submitted, as one commit (squash), or as its own commits put one on another
(rebase). Every first-parent commit has a tree that was proven: where a rebase would leave commits between, or more
changes than one land together, a train merge stands over them. A linear history has no merge at all: each change's own
tree is proven, and what was submitted to be merged is squashed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from gt.core.bead import Bead
from gt.core.town import Town
from gt.core.values import dataclass
from gt.git.committing import Committer, Draft
from gt.git.lineage import between
from gt.git.merge import trailers
from gt.git.objects import Commit, Objects
from gt.git.picking import picked
from gt.git.repo import Repo
from gt.refinery.message import landing_message, picked_message, train_message
from gt.refinery.outcomes import Outcome
from gt.refinery.restack import below
from gt.refinery.train import Car, Train
from gt.refinery.waived import relied_on


class Unlayable(Exception):
    """A change can't land the way it was submitted to; says why, as a clause after the Bead."""

    def __init__(self, bead: str, why: str) -> None:
        super().__init__(why)
        self.bead = bead
        self.why = why


@dataclass(frozen=True, slots=True)
class Laid:
    """A train as history: its last commit, and those that are on the first-parent line, oldest first."""

    head: str
    firsts: tuple[str, ...]


def lay(
    repo: Repo,
    train: Train,
    beads: Mapping[str, Bead],
    town: Town,
    proofs: Mapping[str, Sequence[Outcome]],
    committer: Committer,
    bypass: str = "",
    adopted: str = "",
) -> Laid:
    """Make the commits that land this train; durable when this returns, and no ref names them.

    `beads` are the members' by id, `proofs` the outcomes by tree; the train's last tree must be among them, with a
    linear history every car's; but where a person lands it without proof: `bypass` says who and why. `adopted`: what others put
    there before, as the message has it. Raises Unlayable for a rebase that conflicts or comes to other files, and GitFailed
    where a commit can't be signed.
    """
    linear = town.refinery.history == "linear"
    bare = len(train.cars) > 1 and not linear
    layer = _Layer(repo, train, town, beads, proofs, committer, bare, linear, bypass, adopted)
    at, firsts = train.tip, []
    for car in train.cars:
        made = layer.over(at, car)
        at = made[-1]
        firsts += made
    covered = len(train.cars) > 1 or len(firsts) > 1
    if linear:
        _check_lone(train, firsts)
    if linear or not covered:
        return Laid(at, tuple(firsts))
    tree = train.cars[-1].tree
    members = [(beads[car.member.bead], car.member.sub) for car in train.cars]
    proven = proofs.get(tree, ())
    message = train_message(members, proven, bypass, () if bypass else relied_on(town, proven), adopted)
    top = committer.make(Draft(tree, (train.tip, at), message, committer.who, committer.now))
    return Laid(top, (top,))


def _check_lone(train: Train, firsts: Sequence[str]) -> None:
    """Raise Unlayable where a linear history would get a commit whose tree nobody proves."""
    if len(firsts) > len(train.cars):
        car = next(car for car in train.cars if car.member.sub.strategy == "rebase")
        raise Unlayable(
            car.member.bead,
            "would put unproven commits into a linear history: squash it, or submit one commit",
        )


@dataclass(frozen=True, slots=True)
class _Layer:
    """How one change is put on another."""

    repo: Repo
    train: Train
    town: Town
    beads: Mapping[str, Bead]
    proofs: Mapping[str, Sequence[Outcome]]
    committer: Committer
    bare: bool
    """Whether the train merge speaks of the gates."""
    linear: bool
    bypass: str
    adopted: str
    """What the commit that stands on the target's tip says of that."""

    def over(self, at: str, car: Car) -> list[str]:
        match car.member.sub.strategy:
            case "squash":
                return [self._squashed(at, car)]
            case "rebase":
                return self._rebased(at, car)
            case _:
                return [self._squashed(at, car) if self.linear else self._merged(at, car)]

    def _merged(self, at: str, car: Car) -> str:
        sub = car.member.sub
        with Objects(self.repo) as odb:
            said = odb.commit(sub.commit).message
        message = self._message(car, said)
        return self.committer.make(Draft(car.tree, (at, sub.commit), message, sub.by, sub.at))

    def _squashed(self, at: str, car: Car) -> str:
        sub = car.member.sub
        commits = self._own(car)
        author = _main_author(commits, sub.by)
        others = _co_authors(commits, author)
        said = commits[-1].message if commits else ""
        message = self._message(car, said, [f"Co-authored-by: {other}" for other in others])
        return self.committer.make(Draft(car.tree, (at,), message, author, sub.at))

    def _rebased(self, at: str, car: Car) -> list[str]:
        bead = car.member.bead
        commits = [commit for commit in self._own(car) if len(commit.parents) < 2]
        made: list[str] = []
        for i, commit in enumerate(commits):
            done = picked(self.repo, at, commit.oid, arena=self.repo.gt_dir / "arena")
            if done.tree is None:
                where = ", ".join(done.conflicts)
                raise Unlayable(bead, f"can't be rebased: {commit.oid[:12]} conflicts in {where}")
            last = i == len(commits) - 1
            if last and done.tree != car.tree:
                break
            message = self._message(car, commit.message) if last else picked_message(commit.message)
            at = self.committer.make(Draft(done.tree, (at,), message, commit.author, commit.author_time))
            made.append(at)
        if len(made) < len(commits) or not made:
            raise Unlayable(bead, "can't be rebased: one by one its commits come to other files than merged")
        return made

    def _message(self, car: Car, said: str, more: Sequence[str] = ()) -> str:
        proofs = () if self.bare else self.proofs.get(car.tree, ())
        bead = self.beads[car.member.bead]
        template = self.town.refinery.message
        waivers = () if self.bare or self.bypass else relied_on(self.town, proofs)
        adopted = self.adopted if car is self.train.cars[0] and not self.bare else ""
        return landing_message(
            bead, car.member.sub, said, proofs, template, more, self.bypass, waivers, adopted
        )

    def _own(self, car: Car) -> list[Commit]:
        """The commits of a submission that neither its base, nor the target, nor what lands before it has, oldest first."""
        sub, repo, train = car.member.sub, self.repo, self.train
        before = [other.member.sub.commit for other in train.cars[: train.cars.index(car)]]
        landed = below(repo, train.tip, sub.commit)
        had = [sub.basecommit, train.tip, *before, *([landed[1]] if landed else [])]
        with Objects(repo) as odb:
            left = {oid: odb.commit(oid) for oid in between(repo, had, sub.commit)}
        return _oldest_first(left, sub.commit)


def _oldest_first(commits: Mapping[str, Commit], tip: str) -> list[Commit]:
    """Parents before children."""
    done: dict[str, Commit] = {}
    waiting = [tip]
    while waiting:
        oid = waiting[-1]
        above = [p for p in commits[oid].parents if p in commits and p not in done] if oid in commits else []
        if above:
            waiting += reversed(above)
            continue
        waiting.pop()
        if oid in commits:
            done.setdefault(oid, commits[oid])
    return list(done.values())


def _main_author(commits: Sequence[Commit], default: str) -> str:
    """Whoever wrote most of the commits; of several the first."""
    counts = Counter(commit.author for commit in commits)
    return counts.most_common(1)[0][0] if counts else default


def _co_authors(commits: Sequence[Commit], author: str) -> list[str]:
    """The other authors, and those whom the commits name as such, each once; people are told apart by address."""
    named = [commit.author for commit in commits]
    for commit in commits:
        named += [value for key, value in trailers(commit.message) if key.lower() == "co-authored-by"]
    seen = {_address(author)}
    others = []
    for name in named:
        if name.strip() and _address(name) not in seen:
            seen.add(_address(name))
            others.append(name)
    return others


def _address(name: str) -> str:
    return name.partition("<")[2].rstrip(">").strip().lower() or name.strip().lower()
