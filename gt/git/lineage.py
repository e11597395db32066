"""What a branch went through: its first-parent steps with their messages, and which commits lie between two others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gt.core.values import dataclass
from gt.git.formats import is_oid, seconds
from gt.git.remembered import Remembered
from gt.git.repo import Repo
from gt.git.run import git


@dataclass(frozen=True, slots=True)
class Step:
    """A commit of a first-parent line; `time` is its committer's, in seconds since the epoch."""

    oid: str
    parents: tuple[str, ...]
    tree: str
    time: int
    message: str

    @property
    def subject(self) -> str:
        return self.message.strip().partition("\n")[0]


def steps(
    repo: Repo, old: str | None, new: str, *, paths: Iterable[str] = (), limit: int = 0
) -> tuple[Step, ...]:
    """The commits of `new`'s first-parent line that `old` doesn't contain, newest first.

    `paths` (literal) leaves only those that differ from their first parent there; `limit` (0: none) stops early.
    Between ids the answer is remembered.
    """
    named = tuple(f":(top,literal){path}" for path in paths)
    # A whole history is too much to be remembered; a part of one is asked for by everybody who looks at the target.
    if (old or limit) and is_settled(repo, new, *([old] if old else [])):
        return _steps.or_make((repo, old, new, named, limit), lambda: _walked(repo, old, new, named, limit))
    return _walked(repo, old, new, named, limit)


def is_settled(repo: Repo, *names: str) -> bool:
    """Whether what these name, and the history behind it, can't change: not for refs, nor where a fetch may deepen it."""
    return all(map(is_oid, names)) and not (repo.common_dir / "shallow").exists()


def _walked(repo: Repo, old: str | None, new: str, named: tuple[str, ...], limit: int) -> tuple[Step, ...]:
    what = ("%H", "%P", "%T", "%ct", "%B")
    limits = (f"--max-count={limit}",) if limit else ()
    log = ("log", "-z", "--first-parent", "--no-show-signature", "--no-notes", "--encoding=UTF-8")
    exclude = () if old is None else (f"^{old}",)
    done = git(repo, *log, *limits, f"--format={'%x01'.join(what)}", new, *exclude, "--", *named)
    return tuple(_step(field) for field in done.fields if field)


_steps: Remembered[tuple[Repo, str | None, str, tuple[str, ...], int], tuple[Step, ...]] = Remembered(16)
"""The last answers."""


def _step(field: str) -> Step:
    oid, parents, tree, time, message = field.split("\x01", 4)
    return Step(oid, tuple(parents.split()), tree, seconds(time), message)


def merge_bases(repo: Repo, one: str, other: str) -> tuple[str, ...]:
    """All best common ancestors; none if the histories are unrelated."""
    return git(repo, "merge-base", "--all", one, other, ok=(0, 1)).lines


@dataclass(frozen=True, slots=True)
class Between:
    """What one commit contains that others don't."""

    commits: frozenset[str]
    edge: frozenset[str]
    """The parents of these that are none of them: where the history was left."""


def between(repo: Repo, old: Iterable[str], new: str) -> frozenset[str]:
    """The commits that `new` contains and none of `old` does; all are ids, so that the answer can be remembered."""
    since = tuple(sorted(set(old)))
    found = _between.get((repo, since, new))
    return (found or _looked(repo, since, (new,))[new]).commits


def look_between(repo: Repo, old: str, news: Iterable[str]) -> None:
    """Ask for what each of many contains that `old` doesn't, by one process: `between` then knows. All are ids.

    Raises GitFailed where one of them is missing.
    """
    _looked(repo, (old,), tuple(dict.fromkeys(news)))


def fork_points(repo: Repo, one: str, other: str) -> tuple[str, ...]:
    """As `merge_bases`, for ids; a process is run only where the histories part more than once."""
    found = _looked(repo, (one,), (other,))[other]
    if not found.commits:
        return (other,)
    # Whatever both contain is reached through the edge: a single commit there contains all of it.
    return tuple(found.edge) if len(found.edge) < 2 else merge_bases(repo, one, other)


def _looked(repo: Repo, old: tuple[str, ...], news: tuple[str, ...]) -> dict[str, Between]:
    answers = {new: found for new in news if (found := _between.get((repo, old, new)))}
    asked = [new for new in news if new not in answers]
    if asked:
        wanted = "".join(f"{oid}\n" for oid in (*asked, *(f"^{each}" for each in old)))
        lines = git(repo, "rev-list", "--parents", "--stdin", stdin=wanted.encode()).lines
        parents = {oid: above for oid, *above in (line.split(" ") for line in lines)}
        for new in asked:
            answers[new] = _between.put((repo, old, new), _below(new, parents))
    return answers


def _below(new: str, parents: Mapping[str, list[str]]) -> Between:
    commits: set[str] = set()
    edge: set[str] = set()
    left = [new] if new in parents else []
    while left:
        oid = left.pop()
        if oid not in commits:
            commits.add(oid)
            left += [above for above in parents[oid] if above in parents]
            edge.update(above for above in parents[oid] if above not in parents)
    return Between(frozenset(commits), frozenset(edge))


_between: Remembered[tuple[Repo, tuple[str, ...], str], Between] = Remembered(4096)
"""The last answers."""


def behind(repo: Repo, old: str | None, new: str) -> int:
    """How many commits of `new`'s first-parent line `old` doesn't contain."""
    exclude = () if old is None else (f"^{old}",)
    return int(git(repo, "rev-list", "--count", "--first-parent", new, *exclude).text)


def files(repo: Repo, tree: str) -> tuple[tuple[int, str, str], ...]:
    """Every file of a tree or commit as (mode, object id, path); submodules and symbolic links are files here."""
    found = []
    for field in git(repo, "ls-tree", "-r", "-z", "--full-tree", tree).fields:
        info, _, path = field.partition("\t")
        mode, _, oid = info.split(" ")
        found.append((int(mode, 8), oid, path))
    return tuple(found)
