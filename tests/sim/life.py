"""A town's life in simulated time: machines that look, act and wait, under the real plan and the real moves.

Nothing here decides what is to be done: the plan does. Nothing here says how a Bead changes: the moves do. What is
simulated is the rest: a clock, processes, the target, and two ledgers that meet. No process is run and nobody sleeps.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from random import Random

from gt.core import moves
from gt.core.bead import Attempt as Record
from gt.core.bead import Bead, Closed, CloseReason, Landed, Lease, Phase, Result, Submission
from gt.core.calls import Call
from gt.core.edit import edited
from gt.core.ids import ALPHABET, mint_token, work_branch
from gt.core.measure import Measure, measure
from gt.core.page import Acknowledged, Page, page_id
from gt.core.plan import Action, By, Next, Plan, calls_last, plan
from gt.core.world import Standing, World, lease_grace
from gt.errors import IllegalMove
from tests.core.small import OID
from tests.sim.machine import Attempt, Gating, Hub, Machine, Whose, tip
from tests.sim.nature import Fate, Nature

PASSES = 20
"""How often one pass looks again."""
GATE = 120
"""Seconds of one gate run."""
BATCH = 4
AGAIN = 300
"""Seconds after which what could not be done is tried again."""
SETTING_UP = 70
"""Seconds of a lease beyond the agent's deadline."""

Planner = Callable[[World], Plan]
Doing = Callable[[], None]


class Restless(AssertionError):
    """The town did more than its measure lets it do."""


class Life:
    """One town, from its first Beads to rest."""

    def __init__(
        self, it: Nature, machines: int, seed: int, planner: Planner = plan, *, strict: bool = True
    ) -> None:
        self.nature, self.planner, self.strict = it, planner, strict
        self.rng = Random(f"life {seed}")
        self.hub = Hub({bead.id: bead for bead in it.beads})
        self.machines = [
            Machine(n, self.hub, it.town, dict(self.hub.beads), dict(self.hub.beads)) for n in range(machines)
        ]
        self.steady = 0
        """True seconds since the beginning."""
        self.ailing: dict[str, int] = {}
        """For each agent that has no working key: until when."""
        self.pager_down = 0
        """Until when no page gets through."""
        self.flakes = 0
        """How many gate runs to come are red on whatever they see."""
        self.unrunnable = 0
        """How many gate runs to come can't be run."""
        self.doomed: dict[int, int] = {}
        """For machines whose next gt dies: after how many more deeds."""
        self.set_back = False
        """Whether any clock ever was."""
        self.spare: Callable[[str], bool] = lambda _: True
        """Whether a Bead can bear one more attempt that ends through no fault of its own."""
        self.bound: Callable[[], float] = lambda: float("inf")
        """How many deeds and attempts there may be."""
        self.attempts = 0
        self.deeds = 0
        """Actions that were carried out."""
        self.story: list[str] = []
        """What happened, in order."""
        self._events: list[tuple[int, int, Doing]] = []
        self._number = 0
        for machine in self.machines:
            self.ring(machine, 1)

    # Time.

    def at(self, time: int, doing: Doing) -> None:
        self._number += 1
        heapq.heappush(self._events, (max(time, self.steady), self._number, doing))

    def after(self, seconds: int, doing: Doing) -> None:
        self.at(self.steady + seconds, doing)

    def ring(self, machine: Machine, seconds: int) -> None:
        """Have a machine look, in so many seconds at the latest."""
        time = self.steady + max(1, seconds)
        if machine.awake is None or machine.awake > time:
            machine.awake = time
            self.at(time, lambda: self._wake(machine, time))

    def live(self) -> None:
        """Until nothing more will happen by itself."""
        while self._events:
            self.steady, _, doing = heapq.heappop(self._events)
            doing()
            if self.deeds + self.attempts > self.bound():
                raise Restless(f"{self.deeds} deeds and {self.attempts} attempts, and no end")

    def tell(self, what: str) -> None:
        self.story.append(f"{self.steady:>8} {what}")

    def _wake(self, machine: Machine, time: int) -> None:
        if machine.awake == time:
            machine.awake = None
            if machine.up:
                self._pass(machine)

    # What a machine does.

    def now(self, machine: Machine) -> int:
        return machine.now(self.steady)

    def world(self, machine: Machine) -> World:
        return machine.observe(self.now(machine))

    def sync(self, machine: Machine) -> None:
        """Meet the hub, if it can be reached; the other machines hear of news."""
        if machine.up and machine.online and machine.sync(self.now(machine)):
            self._news_from(machine)

    def _news_from(self, machine: Machine) -> None:
        for other in self.machines:
            if other is not machine and other.up and other.online:
                self.ring(other, self.rng.randrange(1, AGAIN))

    def _pass(self, machine: Machine) -> None:
        """What `gt run` does each time it looks."""
        self.sync(machine)
        tried: set[tuple[str, tuple[str, ...]]] = set()
        for _ in range(PASSES):
            found = self.planner(self.world(machine))
            due = [a for a in found.by(By.RECONCILE) if (a.verb, a.args) not in tried]
            if not due:
                break
            for action in calls_last(due):
                tried.add((action.verb, action.args))
                if self._dies(machine):
                    return
                with self.lowering(machine, action.command, strictly=action.verb != "sync"):
                    self._carry_out(machine, action)
        else:
            raise Restless(f"{PASSES} passes, and still {due[0].command}")
        for action in (*found.by(By.MERGE), *found.by(By.WORK)):
            if self._dies(machine):
                return
            self._start(machine, action)
        self.sync(machine)
        self._rest(machine)

    def _rest(self, machine: Machine) -> None:
        """Until when it may sleep: the plan says so."""
        world = self.world(machine)
        found = self.planner(world)
        if found.next in (Next.RECONCILE, Next.DUE):
            if machine.gating is None or any(action.by is not By.MERGE for action in found.actions):
                self.ring(machine, AGAIN)
        elif found.next is Next.WAITING and found.next_wake is not None:
            self.ring(machine, found.next_wake - world.now)

    def _dies(self, machine: Machine) -> bool:
        """Whether this gt is killed now; somebody calls it again."""
        left = self.doomed.get(machine.number)
        if left is None:
            return False
        self.doomed[machine.number] = left - 1
        if left > 0:
            return False
        del self.doomed[machine.number]
        self.tell(f"gt dies on {machine.clone}")
        self.ring(machine, self.rng.randrange(5, AGAIN))
        return True

    @contextmanager
    def lowering(self, machine: Machine, what: str, *, strictly: bool = True) -> Iterator[None]:
        """Assert that the measure, as this machine sees it, is lowered by what is done meanwhile."""
        before = self._size(machine)
        yield
        after = self._size(machine)
        if before is not None and after is not None:
            assert after < before or (not strictly and after == before), (what, before, after)

    def _size(self, machine: Machine) -> Measure | None:
        return measure(self.world(machine)) if self.strict else None

    def _start(self, machine: Machine, action: Action) -> None:
        """Both need the remote: without an answer they do nothing, and are called again later."""
        if not machine.online:
            return
        if action.verb == "merge":
            if machine.gating is None:
                machine.unfinished = ""
                self._merge(machine)
        else:
            with self.lowering(machine, action.command):
                self.claim(machine, action.args[0])

    def _carry_out(self, machine: Machine, action: Action) -> None:
        self.deeds += 1
        args = action.args
        self.tell(f"{machine.clone}: {action.command[:90]}")
        match action.verb:
            case "heal":
                machine.stale, machine.pruned = False, 0
            case "kill":
                self.end_process(machine, args[0], args[1], remains=True)
            case "expire":
                self._expire(machine, args[0], args[1])
            case "landed":
                bead = machine.beads[args[0]]
                machine.write(moves.land(bead, self.world(machine).landings[bead.id]))
            case "close":
                closed = Closed(CloseReason.DONE, "", self.now(machine), "gt")
                machine.write(moves.close(machine.beads[args[0]], closed))
            case "page":
                self._page(machine, args)
            case "prune":
                machine.remains.discard((args[0], args[1]))
            case "sync":
                self.sync(machine)
            case verb:
                raise AssertionError(f"nobody here can {verb}")

    # Attempts.

    def claim(self, machine: Machine, name: str) -> None:
        """What `gt work` does, up to the agent's start."""
        bead, now = machine.beads[name], self.now(machine)
        agent = machine.town.agents[bead.spec.agent or ""]
        token = mint_token(bead.next_ordinal, self._digits)
        lease = Lease(
            token=token,
            agent=agent.name,
            actor=f"{agent.name}/{name}/{token}",
            host=f"host{machine.number}",
            boot=f"{machine.boot}",
            clone=machine.clone,
            lock=True,
            pid=1,
            pidstart=1,
            started=now,
            expires=now + machine.limits.deadline + SETTING_UP,
            worktree="/w",
            branch=work_branch(name, token),
            base="main",
            basecommit=tip(machine.tip),
        )
        machine.write(moves.claim(bead, lease, ""))
        self.sync(machine)
        self.attempts += 1
        self.tell(f"{machine.clone}: gt work {name} under {token}")
        result, seconds = self._outcome(bead)
        attempt = Attempt(name, token, agent.name, self.steady + seconds, result)
        machine.attempts[name, token] = attempt
        self.after(seconds, lambda: self._over(machine, attempt))
        self.after(machine.limits.deadline, lambda: self._deadline(machine, attempt))

    def _digits(self, count: int) -> str:
        return "".join(self.rng.choices(ALPHABET, k=count))

    def _outcome(self, bead: Bead) -> tuple[Result, int]:
        if self.ailing.get(bead.spec.agent or "", 0) > self.steady:
            return Result.INFRA, 3
        fate = self.nature.fates[bead.id]
        result = {Fate.IDLE: Result.NO_CHANGE, Fate.ASKS: Result.ASKED}.get(fate, Result.SUBMITTED)
        return result, self.nature.seconds[bead.id]

    def _over(self, machine: Machine, attempt: Attempt) -> None:
        if machine.attempts.get((attempt.bead, attempt.token)) is attempt and attempt.ends == self.steady:
            self.finish(machine, attempt, attempt.result)

    def _deadline(self, machine: Machine, attempt: Attempt) -> None:
        alive = machine.attempts.get((attempt.bead, attempt.token)) is attempt
        if alive and attempt.heeded:
            self.finish(machine, attempt, Result.DEADLINE)

    def finish(self, machine: Machine, attempt: Attempt, result: Result) -> None:
        """The agent has ended; its gt records what became of it, if it lives, and the fence lets it."""
        name, token = attempt.bead, attempt.token
        self.end_process(machine, name, token, remains=not attempt.heeded)
        self.ring(machine, self.rng.randrange(1, 10))
        if not attempt.heeded:
            return
        before = self._size(machine)
        try:
            machine.write(self._ended(machine.beads[name], attempt, result, self.now(machine)))
        except IllegalMove:
            self.tell(f"{machine.clone}: {name} under {token} came too late")
            machine.remains.add((name, token))
            return
        self.tell(f"{machine.clone}: {name} under {token} ended {result}")
        after = self._size(machine)
        if before is not None and after is not None:
            # A failure that ended before what wiped out others, as a clock that is set back has it, costs no credit.
            assert after < before or (self.set_back and result is Result.INFRA), (
                name,
                result,
                before,
                after,
            )
        self.sync(machine)

    def _ended(self, bead: Bead, attempt: Attempt, result: Result, now: int) -> Bead:
        lease = bead.status.lease
        start = lease.started if lease else now
        usage = {"usd": 1.0} if result is not Result.INFRA else {}
        record = Record(attempt.token, attempt.agent, start, now, result, "because", usage=usage)
        if result is Result.SUBMITTED:
            offer = Submission(
                token=attempt.token,
                commit=f"{attempt.bead}/{attempt.token}",
                branch=work_branch(bead.id, attempt.token),
                base="main",
                basecommit=lease.basecommit if lease else OID,
                spec="",
                strategy="merge",
                at=now,
                by=attempt.agent,
                agent=attempt.agent,
            )
            return moves.submit(bead, offer, record)
        if result is Result.ASKED:
            return moves.ask(bead, "which one?", record, now)
        return moves.end(bead, record, self.nature.town.limits, now)

    def end_process(self, machine: Machine, name: str, token: str, *, remains: bool) -> None:
        """Nothing of an attempt runs any more."""
        if machine.attempts.pop((name, token), None) is not None and remains:
            machine.remains.add((name, token))

    def _expire(self, machine: Machine, name: str, token: str) -> None:
        bead, now = machine.beads[name], self.now(machine)
        lease = bead.status.lease
        assert lease is not None
        assert lease.token == token
        here = lease.clone == machine.clone
        if here and (name, token) not in machine.attempts:
            result = Result.CRASHED if lease.boot == f"{machine.boot}" else Result.INTERRUPTED
        else:
            assert lease.expires + lease_grace(lease) <= now
            result = Result.DEADLINE
        if here:
            self.end_process(machine, name, token, remains=True)
        record = Record(token, lease.agent, lease.started, now, result, "expired")
        machine.write(moves.end(bead, record, machine.limits, now))

    # The Refinery.

    def _merge(self, machine: Machine) -> None:
        due = [q for q in self.world(machine).queue if q.standing is Standing.DUE]
        if not due:
            return
        job = Gating(machine.tip, tuple((q.bead, q.token) for q in due[:BATCH]))
        machine.gating = job
        self.after(GATE, lambda: self._gated(machine, job))

    def _gated(self, machine: Machine, job: Gating) -> None:
        if machine.gating is not job:
            return
        machine.gating = None
        self.ring(machine, self.rng.randrange(1, 10))
        if not machine.online:
            return
        self.sync(machine)
        batch = [each for each in job.batch if _waits(machine, *each)]
        if len(self.hub.target) != job.tip or not batch:
            return  # another machine was quicker: what was found is about what is no more
        key = (job.tip, machine.queue_name())
        with self.lowering(machine, "gt merge"):
            machine.spent[key] = machine.spent.get(key, 0) + 1
            if self.unrunnable:
                self.unrunnable -= 1
                return
            self._judge(machine, batch)
        self.sync(machine)

    def _judge(self, machine: Machine, batch: list[Whose]) -> None:
        """What the gates say of a batch, and what follows: on the target first, then in the ledger."""
        landing: list[Whose] = []
        for name, token in batch:
            sub = machine.beads[name].status.submission
            assert sub is not None
            bad = self.nature.fates[name] is Fate.BAD
            if self._clash(name, self.hub.target[int(sub.basecommit) :]):
                self._reject(machine, name, token, Result.OVERTAKEN)
            elif self._clash(name, landing):
                continue
            elif bad or (self.flakes and self.spare(name)):
                self.flakes -= not bad
                self._reject(machine, name, token, Result.RED)
            else:
                landing.append((name, token))
        if not landing:
            return
        self.hub.target.extend(landing)
        machine.tip = len(self.hub.target)
        self._news_from(machine)
        if self._dies(machine):
            machine.unfinished = "a gt merge that died left a gate running"
            return
        for name, token in landing:
            self.tell(f"{machine.clone}: {name} lands under {token}")
            there = Landed(tip(self.hub.target.index((name, token)) + 1), OID, self.now(machine))
            machine.write(moves.land(machine.beads[name], there))

    def _clash(self, name: str, others: list[Whose]) -> bool:
        return any(frozenset((name, other)) in self.nature.clashes for other, _ in others)

    def _reject(self, machine: Machine, name: str, token: str, result: Result) -> None:
        self.tell(f"{machine.clone}: {name} under {token} is {result}")
        bead = machine.beads[name]
        machine.write(moves.reject(bead, token, result, "", machine.limits, self.now(machine)))

    # Pages and people.

    def _page(self, machine: Machine, args: tuple[str, ...]) -> None:
        subject, reason, *options = args
        given = dict(zip(options[::2], options[1::2], strict=True))
        epoch = given.get("--epoch", "")
        name, now = page_id(subject, reason, epoch), self.now(machine)
        page = machine.pages.get(name) or Page(name, subject, reason, epoch, given["--message"], now)
        if page.sent is None:
            got_through = self.pager_down <= self.steady
            page = replace(page, sends=page.sends + 1, sent=now if got_through else None)
        machine.write_page(page)

    def calls(self) -> tuple[Call, ...]:
        """What the town asks of people."""
        return self.planner(self.world(self.first)).calls

    @property
    def first(self) -> Machine:
        """Where people type their commands."""
        return next(machine for machine in self.machines if machine.up)

    def acknowledge(self, call: Call) -> None:
        """`gt ack`."""
        page = self.first.pages[call.page]
        self.first.write_page(replace(page, acknowledged=Acknowledged("alice", self.now(self.first))))
        self.sync(self.first)
        self.ring(self.first, 1)

    def grant_gate_runs(self) -> None:
        """`gt merge --again`."""
        for machine in self.machines:
            machine.spent.clear()
            self.ring(machine, 1)

    def hold(self, machine: Machine, name: str, *, held: bool) -> None:
        """`gt edit --hold` and `--no-hold`."""
        bead = machine.beads[name]
        machine.write(edited(bead, replace(bead.spec, hold=held), self.now(machine)))
        self.ring(machine, self.rng.randrange(1, AGAIN))

    def retry(self, name: str) -> None:
        """`gt retry`."""
        self.first.write(moves.retry(self.first.beads[name], None, self.first.limits))
        self.sync(self.first)
        self.ring(self.first, 1)


def _waits(machine: Machine, name: str, token: str) -> bool:
    """Whether this is still what is submitted."""
    bead = machine.beads[name]
    sub = bead.status.submission
    return bead.phase is Phase.SUBMITTED and sub is not None and sub.token == token
