"""A change of the ledger that counts once the town's remote has accepted it, and the work that goes before it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gt.core import moves
from gt.core.bead import Bead, Phase
from gt.core.ids import submission_ref
from gt.errors import Busy, Refused
from gt.git.remote import Denied, Update
from gt.store.hub import Deed, Hub, Unsure
from gt.store.integrate import Merger
from gt.store.ledger import Changes, Message, Snapshot
from gt.store.sending import Sending
from tests.conftest import run_git
from tests.store.machines import LIMITS, Machine, Shared, shared
from tests.store.scenes import bead, bead_id

ZERO = bead_id(0)


@pytest.fixture
def town(repo_path: Path) -> Shared:
    return shared(repo_path, *(bead(n) for n in range(3)))


def hub(machine: Machine) -> Hub:
    return Hub(machine.ledger, machine.remote, Merger(machine.actor, machine.tick(), lambda _: LIMITS))


def hold(machine: Machine, number: int) -> Deed:
    """Put a Bead on hold."""

    def change(snapshot: Snapshot) -> Changes:
        before = snapshot.get(bead_id(number))
        return Changes({before.id: replace(before, spec=replace(before.spec, hold=True))})

    return Message("hold", "edit", machine.actor, (bead_id(number),), machine.tick()), change


def test_it_is_there_and_here_when_it_returns(town: Shared) -> None:
    a = town.first
    hub(a).update(lambda _: hold(a, 0))
    assert a.bead(ZERO).spec.hold
    assert town.tip() == a.tip() == a.remote.known()
    assert hub(a).waiting() == ""


def test_what_was_written_here_before_goes_along(town: Shared) -> None:
    a, b = town.first, town.clone("b")
    a.retitle(1, "new")
    b.retitle(2, "newer")
    b.sync()
    hub(a).update(lambda _: hold(a, 0))
    b.sync()
    assert b.beads() == a.beads()
    assert (b.bead(ZERO).spec.hold, b.bead(bead_id(1)).spec.title) == (True, "new")


def test_it_is_decided_anew_on_what_others_did(town: Shared) -> None:
    a, b = town.first, town.clone("b")
    seen: list[str] = []

    def decide(snapshot: Snapshot) -> Deed:
        seen.append(snapshot.get(bead_id(1)).spec.title)
        if len(seen) == 1:
            b.retitle(1, "quicker")
            b.sync()
        return hold(a, 0)

    hub(a).update(decide)
    assert len(seen) == 2
    assert seen[1] == "quicker"
    assert town.tip() == a.tip()
    assert a.git("rev-list", "--merges", "beads") == "", "what came too late leaves no trace"


def test_of_two_who_do_the_very_same_at_once_one_did_it(town: Shared) -> None:
    """By the same person, in the same second: one commit, that git takes from both."""
    a, b = town.first, town.clone("b")
    message, change = hold(a, 0)

    class Done(Exception):
        pass

    def once(snapshot: Snapshot) -> Deed:
        if snapshot.get(ZERO).spec.hold:
            raise Done
        return message, change

    def also() -> list[Update]:
        """Just before a sends it, b does."""
        if town.tip() == before:
            Hub(b.ledger, b.remote, Merger(a.actor, a.clock, lambda _: LIMITS)).update(once)
        return []

    before = town.tip()
    with pytest.raises(Done):
        hub(a).update(once, also)
    assert town.tip() == a.tip() == b.tip()


def test_who_decides_against_it_changes_nothing(town: Shared) -> None:
    a = town.first
    before = a.tip()

    def no(_: Snapshot) -> Deed:
        raise Refused("no")

    with pytest.raises(Refused, match="no"):
        hub(a).update(no)
    assert a.tip() == town.tip() == before


def test_other_refs_move_along_or_nothing_does(town: Shared) -> None:
    a = town.first
    main = town.first.git("rev-parse", "main")
    new = a.git("commit-tree", "-p", main, "-m", "x", f"{main}^{{tree}}")
    ref = "refs/heads/main"
    before = town.tip()
    with pytest.raises(Busy, match="others are quicker"):
        hub(a).update(lambda _: hold(a, 0), lambda: [Update(ref, new, new)])
    assert town.tip() == before
    assert not a.bead(ZERO).spec.hold
    hub(a).update(lambda _: hold(a, 0), lambda: [Update(ref, new, main)])
    assert run_git(town.hub, "rev-parse", ref) == new
    assert town.tip() == a.tip() != before


def test_an_answer_that_got_lost(town: Shared) -> None:
    a = town.first
    town.git_hook("post-receive", "kill -9 $PPID")
    with pytest.raises(Unsure):
        hub(a).update(lambda _: hold(a, 0))
    assert a.bead(ZERO).spec.hold, "here it is, as yet unsent for all that is known"
    assert hub(a).waiting() == "1 commit of the ledger is not on origin"
    town.git_hook("post-receive", "")
    hub(a).sync()
    assert town.tip() == a.tip()
    assert hub(a).waiting() == ""


def test_a_remote_that_says_no(town: Shared) -> None:
    a = town.first
    town.git_hook("update", "echo not today; exit 1")
    with pytest.raises(Denied, match="not today"):
        hub(a).update(lambda _: hold(a, 0))
    assert not a.bead(ZERO).spec.hold


def offered(machine: Machine, number: int) -> tuple[str, str]:
    """A Bead submitted with a commit of its own, pinned; returns the pin and the commit."""
    name = bead_id(number)
    token = machine.claim(number)
    main = machine.git("rev-parse", "main")
    commit = machine.git("commit-tree", "-p", main, "-m", name, f"{main}^{{tree}}")
    machine.git("update-ref", submission_ref(name, token), commit)
    machine.offer(name, token)

    def with_it(before: Bead) -> Bead:
        assert before.status.submission is not None
        made = replace(before.status.submission, commit=commit)
        return replace(before, status=replace(before.status, submission=made))

    machine.do("repin", name, with_it)
    return submission_ref(name, token), commit


def test_work_is_sent_once_and_forgotten_when_nobody_asks_for_it(town: Shared) -> None:
    a = town.first
    pin, commit = offered(a, 0)
    sending = Sending(a.ledger, "origin")
    assert sending.missing() == {pin: commit}
    hub(a).sync()
    assert run_git(town.hub, "rev-parse", pin) == commit
    assert sending.missing() == {}
    token = pin.rpartition("/")[2]
    a.do("withdraw", ZERO, lambda b: moves.withdraw(b, token, "", LIMITS, a.tick()))
    other, _ = offered(a, 1)
    hub(a).sync()
    kept = (a.ledger.repo.gt_dir / "sync" / "origin.sent").read_text()
    assert other in kept
    assert pin not in kept
    assert run_git(town.hub, "rev-parse", pin) == commit, "the remote keeps it"


def test_a_pin_that_is_elsewhere_there_is_put_right(town: Shared) -> None:
    a = town.first
    pin, commit = offered(a, 0)
    run_git(town.hub, "update-ref", pin, run_git(town.hub, "rev-parse", "main"))
    hub(a).sync()
    assert run_git(town.hub, "rev-parse", pin) == commit
    assert a.bead(ZERO).phase is Phase.SUBMITTED
