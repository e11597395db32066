"""Commits of the ledger as deeds that can be taken back: which one is meant, and what it did."""

from __future__ import annotations

from gt.core.bead import Bead
from gt.core.ids import is_id
from gt.core.page import Page
from gt.core.state import TownState
from gt.core.undo import Deed
from gt.errors import Malformed, Refused
from gt.git.merge import is_ancestor
from gt.git.objects import Objects
from gt.git.repo import Repo
from gt.git.touched import touched
from gt.store import codec
from gt.store.history import Event, Sought, event, log
from gt.store.ledger import LEDGER
from gt.store.past import whole_id
from gt.store.patches import blobs, kind_of
from gt.store.records import state_from

UNDOES = "Gt-Undoes"
"""The trailer by which the commit of an undo names what it takes back."""

DEEDS = frozenset(
    {
        "accept", "ack", "answer", "approve", "ask", "claim", "close", "create", "dep", "dismiss", "edit", "fail",
        "import", "note", "pause", "propose", "release", "reopen", "resume", "retry", "revert", "submit", "waive",
        "withdraw",
    }
)  # fmt: skip
"""What people do by hand. The rest is done in their name by `gt merge`, `gt reconcile` and the like."""


def latest(repo: Repo, actor: str) -> Event:
    """The last thing that this actor did by hand and nobody has taken back. Raises Refused for nothing."""
    undone: set[str] = set()
    for each in log(repo):
        if each.commit in undone:
            continue
        if each.verb == "undo":
            undone.update(each.said.get(UNDOES, ()))
        elif each.actor == actor and each.verb in DEEDS:
            return each
    raise Refused(f"nothing that {actor} did by hand is left to undo", hint="gt log")


def named(repo: Repo, name: str) -> Event:
    """The commit that is named. Raises Refused for one that isn't of this ledger's history."""
    commit = whole_id(repo, name)
    if not is_ancestor(repo, commit, LEDGER):
        raise Refused(f"{commit[:12]} is not in the history of this ledger", hint="gt log")
    return event(repo, commit)


def taken_back(repo: Repo, done: Event) -> Event | None:
    """The commit that has taken this one back, if one has, and wasn't taken back itself."""
    undone: set[str] = set()
    for each in log(repo, Sought(verbs=("undo",), after=done.commit)):
        if each.commit in undone:
            continue
        undoes = each.said.get(UNDOES, ())
        if done.commit in undoes:
            return each
        undone.update(undoes)
    return None


def deed(repo: Repo, done: Event) -> Deed:
    """What a commit did. Raises Refused for one that has no single parent, Malformed for files that can't be read."""
    if len(done.parents) > 1:
        why = "brings two histories together: undo what it brought, commit by commit"
        raise Refused(f"{done.commit[:12]} {why}", hint=f"gt log --since {_day(done)}")
    if not done.parents:
        raise Refused(
            f"{done.commit[:12]} is the beginning of the ledger: there is nothing before it", hint="gt log"
        )
    files = touched(repo, (done.commit,))[done.commit]
    beads: dict[str, tuple[Bead | None, Bead | None]] = {}
    pages: dict[str, tuple[Page | None, Page | None]] = {}
    state: tuple[TownState, TownState] | None = None
    others: list[str] = []
    with Objects(repo) as odb:
        contents = blobs(odb, files)
    for file in files:
        name = file.path.rpartition("/")[2].removesuffix(".yaml")
        both = (_read(file.path, oid, contents.get(oid or "")) for oid in (file.old, file.new))
        match kind_of(file.path):
            case "Bead" if is_id(name):
                old, new = (None if data is None else codec.decode(data, file.path) for data in both)
                beads[name] = (old, new)
            case "Page":
                before, after = (
                    None if data is None else codec.decode_page(data, file.path) for data in both
                )
                pages[name] = (before, after)
            case "TownState":
                was, became = (_state(data, file.path) for data in both)
                state = (was, became)
            case _:
                others.append(file.path)
    return Deed(done.commit, done.verb, beads, pages, state, tuple(others))


def _read(path: str, oid: str | None, content: bytes | None) -> bytes | None:
    if oid is not None and content is None:
        raise Malformed(path, "is too large, or missing from this clone")
    return content


def _state(data: bytes | None, path: str) -> TownState:
    return TownState() if data is None else state_from(codec.load(data, path), path)


def _day(done: Event) -> str:
    from gt.core.when import format_time

    return format_time(done.at)[:10]
