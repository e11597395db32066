"""`gt work`: one attempt from its claim to its end. Killed at any point, `gt expire` finds all that it made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from pathlib import Path

from gt.core.bead import Attempt, Bead, Lease, Phase, Result
from gt.core.capacity import opens
from gt.core.ready import FOR_PEOPLE
from gt.core.town import AgentSpec, Town
from gt.core.values import dataclass
from gt.core.world import chosen_agent
from gt.drive.attempt_lock import Seat
from gt.drive.attempt_place import Site, Unusable, leave_prompt, main_work_tree, make, wrapper_for
from gt.drive.attempt_progress import Progress
from gt.drive.attempt_prompt import prompt_for
from gt.drive.attempt_session import session_of
from gt.drive.attempt_start import start_of
from gt.drive.attempt_verdict import TAIL, Run, find
from gt.drive.delivery import Delivery, deliver
from gt.drive.hands import Hands
from gt.drive.holder import holder
from gt.drive.homes import ground
from gt.drive.observe import look_at_targets
from gt.errors import Busy, GtError
from gt.fleet import launch, presets, roster
from gt.fleet.gathering import AUTHOR
from gt.fleet.interrupts import Interrupts, interrupts
from gt.fleet.keep import Secured
from gt.fleet.launch import Ended, Job
from gt.fleet.places import Place
from gt.fleet.presets import Invocation, Placeholders
from gt.fleet.records import Record
from gt.fleet.reports import last_of
from gt.fleet.wrapping import Wrapper, end_inside
from gt.git import ident
from gt.git.network import Unreachable
from gt.store.claimable import NothingClaimable
from gt.store.ending import Finding
from gt.store.settings import town_at
from gt.store.survey import survey
from gt.verbs.claim import Claimed, attempt_deadline, claim
from gt.verbs.expire import log_name, wind_up


class OnlyPeople(NothingClaimable):
    """Nothing can be claimed, and nothing ever will be by itself: a person must act."""

    exit_code = 20
    kind = "needs-human"


@dataclass(frozen=True, slots=True)
class Worked:
    """An attempt that is over."""

    bead: Bead
    attempt: Attempt
    delivery: Delivery | None = None
    """What the town's remote says of it; None if it wasn't asked."""


def work(
    hands: Hands,
    wanted: str | None,
    told: Callable[[Lease, str], None] = lambda *_: None,
    *,
    offline: bool = False,
) -> Worked:
    """Carry out one attempt at the Bead with this whole id, or (None) at the first that is ready.

    `told` hears of the lease and the Bead's id once the claim is durable, and in a town of several machines accepted
    by its remote; `offline` asks nobody, and the next sync tells whether the claim stands. TERM, INT and HUP end the agent and the
    attempt, as interrupted. Raises NothingClaimable (OnlyPeople where only a person can change that), and
    IllegalMove where somebody else has ended the attempt meanwhile.
    """
    # From the claim on, a signal ends the attempt in good order, not this process.
    with interrupts() as watch, Seat(hands.repo) as seat:
        claimed = _claim(hands, wanted, seat, offline=offline)
        told(claimed.lease, claimed.bead.id)
        worked = _Attempting(hands, claimed.bead, claimed.lease, seat, watch).run()
        if not watch.seen:
            worked = replace(worked, delivery=deliver(hands, claimed.bead.id, claimed.lease.token))
        watch.heeded = True
    return worked


def _claim(hands: Hands, wanted: str | None, seat: Seat, *, offline: bool) -> Claimed:
    try:
        on = ground(hands, offline=offline)
        return claim(
            hands.repo,
            hands.ledger,
            wanted,
            holder=holder(hands, agent=True),
            homes=on.homes,
            hub=on.hub,
            duration=None,
            digits=hands.digits,
            now=hands.clock(),
            seize=seat.take,
        )
    except NothingClaimable as error:
        if wanted is None and _only_people(hands):
            raise OnlyPeople(error.message, hint="gt status") from None
        raise
    except Unreachable as error:
        raise Busy(error.message, hint=f"gt work {wanted or ''} --offline".replace("  ", " ")) from None


def _only_people(hands: Hands) -> bool:
    """Whether there is unfinished work, and none of it is under way or will go on by itself."""
    now = hands.clock()
    with hands.ledger.read() as snapshot:
        world = survey(snapshot, *look_at_targets(hands.repo), now)
        live = [bead for bead in snapshot.live() if bead.phase is not Phase.PROPOSED]
    if not live or any(bead.phase in (Phase.LEASED, Phase.SUBMITTED) for bead in live):
        return False
    waits = [bead for bead in live if bead.phase is Phase.OPEN and bead.spec.type not in FOR_PEOPLE]
    if any(max(bead.status.wake or 0, bead.spec.defer or 0) > now for bead in waits):
        return False
    return all(opens(world, bead, agent) is None for bead in waits if (agent := world.agent_of(bead)))


@dataclass(slots=True)
class _Attempting:
    """One attempt, from its claim on."""

    hands: Hands
    bead: Bead
    lease: Lease
    seat: Seat
    watch: Interrupts
    place: Place = field(init=False)
    town: Town = field(init=False)
    agent: AgentSpec = field(init=False)
    identity: Mapping[str, str] = field(init=False)
    """For the agent's git, on a machine that is nobody's: git would refuse its commits."""
    wrapper: Wrapper | None = None

    def __post_init__(self) -> None:
        self.place = Place(self.hands.repo, self.bead.id, self.lease.token, Path(self.lease.worktree))

    def run(self) -> Worked:
        """All of it; whatever goes wrong, the lease is ended."""
        finding: Callable[[Secured], Finding]
        try:
            finding = self._act()
        except Unusable as error:
            finding = self._as(self._unusable(error))
        except (GtError, OSError) as error:
            finding = self._as(Finding(Result.INFRA, str(error), log=self._log()))
        except Exception as error:
            self._end(self._as(Finding(Result.INFRA, f"a bug in gt: {error}", log=self._log())))
            raise
        return self._end(finding)

    def _act(self) -> Callable[[Secured], Finding]:
        """Run the agent; returns what judges its work."""
        hands, lease = self.hands, self.lease
        self._settings()
        start = start_of(hands.repo, self.bead, lease, hands.clock())
        environment = self._environment(())
        self.wrapper = wrapper_for(self.place, self.agent, hands.environ.get("HOME", "/"))
        site = Site(self.town, self.agent, environment, self._fds(), self._marker(), self.wrapper)
        record = make(self.place, self.bead, start.commit, site, start.merged)
        with hands.ledger.read() as snapshot:
            prompt = prompt_for(hands.repo, snapshot, self.bead, start)
        leave_prompt(self.place, prompt)
        how = self._how(prompt)
        if self.watch.seen:
            return self._as(self._interrupted(f"interrupted by {self.watch.seen[0].name}"))
        ended = launch.run(self._job(how, record))
        run = Run(
            ended=ended,
            report=how.parse(self.place.log),
            output=launch.tail(self.place.log, TAIL),
            last=last_of(self.place.log),
            log=self._log(),
            stopped=self._stopped(),
        )
        return lambda left: find(hands.repo, self.bead, lease, run, how, left, hands.clock())

    def _settings(self) -> None:
        """The agent and its town, as the commit says that the attempt was claimed on."""
        self.town = town_at(self.hands.repo, self.lease.basecommit)
        agent = chosen_agent(self.bead, self.town)
        if agent is None:
            raise Unusable(f"there is no agent {self.lease.agent}")
        self.agent = agent
        somebody = all(ident.configured(self.hands.repo))
        self.identity = {} if somebody else ident.environment(AUTHOR)

    def _job(self, how: Invocation, record: Record) -> Job:
        stall = self.agent.stall
        git_dir = self.place.worktree / ".git" if record.private else Path(record.git_dir)
        progress = Progress(self.place, git_dir, max(1.0, stall / 20)) if stall else None
        command, env = how.argv, self._environment(how.env)
        if self.wrapper is not None:
            command, env = self.wrapper.around(command, env), self.wrapper.environment(env)
        return Job(
            argv=command,
            cwd=self.place.worktree,
            env=env,
            log=self.place.log,
            deadline=attempt_deadline(self.bead, self.agent, self.town),
            stdin=how.stdin,
            stall=stall,
            grace=self.agent.grace,
            keep_fds=self._fds(),
            marker=self._marker(),
            progress=progress,
        )

    def _environment(self, allow: tuple[str, ...]) -> dict[str, str]:
        own = {
            **self.identity,
            "GT_AGENT": self.lease.agent,
            "GT_BEAD": self.bead.id,
            "GT_TOKEN": self.lease.token,
            "GT_WORKTREE": str(self.place.worktree),
            "GT_OUTBOX": str(self.place.outbox),
            "GT_LEASE": self._marker(),
        }
        return launch.environment(self.hands.environ, allow, own)

    def _how(self, prompt: str) -> Invocation:
        """How the agent is called: going on with its own session where it was cut short."""
        values = self._placeholders(prompt)
        how = presets.resolve(self.agent, values)
        session = session_of(self.hands.repo, self.bead, self.agent.name, how.parse)
        if session:
            how = presets.resolve(self.agent, replace(values, resumed=session))
        return replace(how, rules=(*how.rules, *self.wrapper.rules)) if self.wrapper else how

    def _placeholders(self, prompt: str) -> Placeholders:
        return Placeholders(
            bead=self.bead.id,
            token=self.lease.token,
            worktree=self.place.worktree,
            prompt=prompt,
            prompt_file=self.place.prompt,
            repo=str(main_work_tree(self.hands.repo) or self.hands.repo.common_dir),
            uid=self.bead.uid,
        )

    def _fds(self) -> tuple[int, ...]:
        assert self.seat.held is not None
        return (self.seat.held.fd,)

    def _marker(self) -> str:
        return roster.marker(self.hands.repo, self.bead.id, self.lease.token)

    def _log(self) -> str | None:
        return log_name(self.hands.repo, self.bead.id, self.lease)

    def _stopped(self) -> str | None:
        """Who told this attempt to stop."""
        try:
            return self.place.stop.read_text("utf-8")
        except OSError:
            return None

    def _interrupted(self, why: str) -> Finding:
        stopped = self._stopped()
        if stopped is not None:
            return Finding(Result.RELEASED, f"stopped by {stopped}", log=self._log())
        return Finding(Result.INTERRUPTED, why, log=self._log())

    def _unusable(self, error: Unusable) -> Finding:
        ended: Ended | None = error.ended
        if ended is not None and ended.why == "interrupted":
            return self._interrupted(ended.message or "interrupted")
        return Finding(Result.INFRA, str(error), log=self._log())

    @staticmethod
    def _as(finding: Finding) -> Callable[[Secured], Finding]:
        return lambda _left: finding

    def _end(self, judge: Callable[[Secured], Finding]) -> Worked:
        """Keep what there is, and end the lease.

        Raises Busy if what its wrapper has inside can't be ended: the lease then ends as that of a dead holder.
        """
        hands = self.hands
        if self.wrapper is not None:
            end_inside(self.wrapper.kill)
        after, attempt = wind_up(
            hands.repo,
            hands.ledger,
            self.bead,
            self.lease,
            judge,
            verb="work",
            actor=self.lease.actor,
            now=hands.clock(),
        )
        return Worked(after, attempt)
