"""Changing specs under the ledger's lock: races, submitted Beads, what dangles already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gt import lock
from gt.core.bead import Bead, Phase, Spec, Status
from gt.core.draft import Draft, Origin, Rules
from gt.core.edit import rebased
from gt.errors import Busy, Conflict, IllegalMove, NotFound, Refused
from gt.git.repo import discover
from gt.store import founding
from gt.store.amend import Amended
from gt.store.ledger import Changes, Ledger, Message
from gt.verbs.accept import accept
from gt.verbs.close import close
from gt.verbs.create import create
from gt.verbs.dep import add, remove
from gt.verbs.edit import edit
from gt.verbs.propose import propose
from tests.core.small import NOW, bead, lease, submission

WHO = "Alice <alice@example.com>"


@pytest.fixture
def ledger(repo_path: Path) -> Ledger:
    repo = discover(repo_path)
    founding.found(repo, None, "lineage", actor=WHO, now=NOW)
    return Ledger(repo)


@pytest.fixture
def new(ledger: Ledger) -> Callable[..., str]:
    count = iter(range(10**8))

    def make(title: str, **fields: object) -> str:
        spec = replace(Spec(title), **fields)  # type: ignore[arg-type]
        origin = Origin(WHO, NOW, lambda n: f"{next(count):0{n}}", lambda: f"uid {title}")
        return create(ledger, [Draft(spec)], origin, Rules())[0].id

    return make


def put(ledger: Ledger, made: Bead) -> None:
    """Write a Bead as it is, whatever led to it."""
    with ledger.hold() as held:
        message = Message("set the scene", "test", WHO, (made.id,), NOW)
        ledger.update(held, message, lambda _: Changes({made.id: made})).close()


def get(ledger: Ledger, name: str) -> Bead:
    with ledger.read() as snapshot:
        return snapshot.get(name)


def titled(title: str) -> Callable[[Spec], Spec]:
    return lambda spec: replace(spec, title=title)


def test_the_same_edit_twice_changes_once(ledger: Ledger, new: Callable[..., str]) -> None:
    name = new("a")
    first, second = (edit(ledger, name, titled("b"), Rules(), actor=WHO, now=NOW) for _ in range(2))
    assert (first.changed, second.changed) == (True, False)
    assert first.bead == second.bead == get(ledger, name)


def test_what_dangles_already_does_not_stop_an_edit(ledger: Ledger) -> None:
    put(ledger, bead("a", needs=["gt-zzzzzzzz"], parent="gt-yyyyyyyy"))
    assert edit(ledger, bead("a").id, titled("b"), Rules(), actor=WHO, now=NOW).changed
    assert remove(ledger, bead("a").id, ["zz"], "gt", actor=WHO, now=NOW).bead.spec.needs == frozenset()


def test_a_need_must_exist(ledger: Ledger, new: Callable[..., str]) -> None:
    with pytest.raises(NotFound, match="no such Bead: gt-zzzzzzzz"):
        add(ledger, new("a"), ["gt-zzzzzzzz"], actor=WHO, now=NOW)


def test_an_edit_of_a_submitted_bead_waits_for_a_landing(ledger: Ledger) -> None:
    put(ledger, bead("a", Phase.SUBMITTED))
    landing = ledger.repo.gt_dir / "landing.lock"
    with lock.hold(landing) as held, pytest.MonkeyPatch.context() as patch:
        patch.setattr(lock, "hold", _impatient(lock.hold))
        with pytest.raises(Busy):
            edit(ledger, bead("a").id, titled("b"), Rules(), actor=WHO, now=NOW)
        assert held.path == landing
    assert get(ledger, bead("a").id).spec.title == "a"
    assert edit(ledger, bead("a").id, titled("b"), Rules(), actor=WHO, now=NOW).changed


def _impatient(hold: Callable[..., object]) -> Callable[..., object]:
    return lambda path, timeout=30.0: hold(path, min(timeout, 0.2))


def test_verbs_on_many_are_all_or_none(ledger: Ledger, new: Callable[..., str]) -> None:
    put(ledger, bead("p", Phase.PROPOSED))
    put(ledger, bead("c", Phase.CLOSED))
    with pytest.raises(Refused, match=r"is closed \(done\): can't accept"):
        accept(ledger, [bead("p").id, bead("c").id], actor=WHO, now=NOW)
    assert get(ledger, bead("p").id).phase is Phase.PROPOSED
    done: tuple[Amended, ...] = accept(ledger, [bead("p").id, new("a")], actor=WHO, now=NOW)
    assert [each.changed for each in done] == [True, False]


def test_a_proposed_child_stops_no_closing(ledger: Ledger, new: Callable[..., str]) -> None:
    from gt.core.bead import CloseReason

    name = new("a")
    origin = Origin(WHO, NOW, lambda n: "9" * n, lambda: "u")
    propose(ledger, [Draft(Spec("child", parent=name))], origin, Rules())
    assert close(ledger, [name], CloseReason.DONE, "", actor=WHO, now=NOW)[0].changed


def test_edits_of_different_fields_are_both_kept() -> None:
    base = Spec("a", labels=frozenset({"x", "y"}))
    mine = replace(base, title="b", labels=frozenset({"y", "z"}))
    theirs = replace(base, priority=0, labels=frozenset({"x", "y", "w"}))
    assert rebased(base, mine, theirs) == Spec("b", priority=0, labels=frozenset({"y", "z", "w"}))


def test_edits_of_the_same_field_need_a_mind() -> None:
    with pytest.raises(Conflict, match="title"):
        rebased(Spec("a"), Spec("b"), Spec("c"))
    assert rebased(Spec("a"), Spec("b"), Spec("b")) == Spec("b")


@pytest.mark.parametrize(
    "status",
    [Status(Phase.LEASED, lease=lease()), Status(Phase.SUBMITTED, submission=submission())],
    ids=["leased", "submitted"],
)
def test_where_it_lands_stays_while_something_is_on_its_way_there(
    ledger: Ledger, new: Callable[..., str], status: Status
) -> None:
    name = new("one")
    before = get(ledger, name)
    put(ledger, replace(before, status=status))
    rules = Rules(targets=("main", "next"))
    with pytest.raises(IllegalMove, match="where it lands can't be changed now"):
        edit(ledger, name, lambda spec: replace(spec, base="next"), rules, actor=WHO, now=NOW)
    edit(ledger, name, lambda spec: replace(spec, title="two"), rules, actor=WHO, now=NOW)
    assert get(ledger, name).spec == replace(before.spec, title="two")
