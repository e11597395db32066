"""Where others land: what is proven is offered as a branch and by a command, and has landed when the target has it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gt.core.bead import Bead, Phase, Result, Submission
from gt.core.measure import Measure, measure
from gt.core.plan import plan
from gt.core.world import Standing
from gt.drive import merge
from gt.drive.bypassing import Bypass
from gt.drive.hands import Hands
from gt.drive.merge import MergeReport
from gt.drive.observe import observe
from gt.drive.reconcile import Reconciled, reconcile
from gt.errors import IllegalMove, Refused
from gt.git.remote import Unreachable
from gt.refinery import asking, offering, offers
from gt.refinery.branches import name as branch_of
from gt.verbs.reject import reject
from gt.verbs.withdraw import withdraw
from tests.conftest import NOW, run_git
from tests.drive.machines import Fleet, Machine, commit, fleet
from tests.refinery.merging import GATE, TOKEN, Scene, scene, town
from tests.store.scenes import ALICE, bead_id

COMMAND = "sh ./ask '{branch}' {title} {body_file} {target}"
SETTINGS = town(
    GATE, more=f'refinery: {{push: origin, land: {{command: "{COMMAND}", timeout: 20s, env: [FORGE]}}}}\n'
)

GH = """\
set -eu
mine="$FORGE/$(($(ls "$FORGE" | wc -l) + 1))"
mkdir "$mine"
printf '%s' "$1" > "$mine/branch"
printf '%s' "$2" > "$mine/title"
cp "$3" "$mine/body"
printf '%s' "$4" > "$mine/target"
printf '%s' "${GT_AGAIN:-}" > "$mine/again"
git ls-remote --exit-code origin "refs/heads/$1" > "$mine/at"
echo "Creating pull request for $1 into $4"
test ! -e "$FORGE/../broken"
echo "https://forge.example/pull/${mine##*/}"
"""
"""What `gh pr create` does, as far as anybody here is concerned: it is told what to open, and says where that is."""


@dataclass
class Forge:
    """A town, the bare repository that has its target, and what was opened there."""

    scene: Scene
    hub: Path
    place: Path

    def opened(self) -> list[Path]:
        """The folders of what the command was told, in order."""
        return sorted(self.place.iterdir(), key=lambda each: int(each.name))

    def git(self, *args: str) -> str:
        return run_git(self.hub, *args)

    def branches(self) -> list[str]:
        return self.git("for-each-ref", "--format=%(refname:short)", "refs/heads/gt").split()

    def lands(self, made: str) -> str:
        """Others move the target on the hub to this commit of the town's repository."""
        self.scene.git("push", "-q", "origin", f"{made}:refs/heads/main")
        return made

    def squash(self, bead: Bead) -> str:
        """The submission as one commit on the hub's target."""
        tip = self.git("rev-parse", "main")
        tree = self.scene.git("merge-tree", "--write-tree", tip, self.sub(bead).commit)
        return self.lands(self.scene.git("commit-tree", tree, "-p", tip, "-m", "others' words"))

    def merge(self, *, again: bool = False, clock: Callable[[], int] = lambda: NOW + 1000) -> MergeReport:
        yard = self.scene
        return merge.run(
            yard.repo, yard.ledger, actor=ALICE, clock=clock,
            environ={**os.environ, "FORGE": str(self.place)}, say=yard.said.append, again=again,
        )  # fmt: skip

    def reconcile(self) -> Reconciled:
        yard = self.scene
        hands = Hands(
            yard.repo, yard.ledger, lambda: ALICE, lambda count: "0" * count, dict(os.environ), lambda: NOW + 1000
        )  # fmt: skip
        return reconcile(hands)

    def measure(self) -> Measure:
        return measure(observe(self.scene.repo, self.scene.ledger, NOW + 1000))

    def breaks(self) -> None:
        """The command fails from now on, after it did its work."""
        self.place.with_name("broken").touch()

    def sub(self, bead: Bead) -> Submission:
        found = self.scene.bead(bead).status.submission
        assert found is not None
        return found


@pytest.fixture
def forge(repo_path: Path) -> Forge:
    yard = scene(repo_path, SETTINGS)
    place, hub = repo_path.parent / "forge", repo_path.parent / "hub.git"
    place.mkdir()
    yard.push({"ask": GH, "story": "once\nupon\na\ntime\n"})
    run_git(repo_path.parent, "init", "-q", "--bare", "-b", "main", str(hub))
    yard.git("remote", "add", "origin", str(hub))
    yard.git("push", "-q", "origin", "main")
    return Forge(yard, hub, place)


def test_what_is_green_is_offered_once_and_the_target_stays(forge: Forge) -> None:
    yard = forge.scene
    one, bad = yard.submit({"a": "a"}, title='It\'s "new"; touch $(pwd)'), yard.submit({"bad": ""})
    tip, before = yard.tip(), forge.measure()
    report = forge.merge()
    assert [bead for bead, _ in report.offered] == [one.id]
    assert ([each.bead for each in report.rejected], report.landed) == ([bad.id], [])
    (told,) = forge.opened()
    assert (told / "branch").read_text() == branch_of(one.id, TOKEN)
    assert (told / "title").read_text() == f'It\'s "new"; touch $(pwd) ({one.id})'
    assert (told / "target").read_text() == "main"
    assert f"Gt-Bead: {one.id}\nGt-Token: {TOKEN}\n" in (told / "body").read_text()
    assert (told / "at").read_text().split()[0] == forge.sub(one).commit, "the branch was there first"
    assert (yard.tip(), forge.git("rev-parse", "main")) == (tip, tip)
    offered = forge.sub(one).offered
    assert offered is not None
    assert (offered.url, offered.tip, offered.opened) == ("https://forge.example/pull/1", tip, NOW + 1000)
    assert yard.causes() == {one.id: "waiting offered"}
    assert "https://forge.example/pull/1" in yard.look().queue.queued[0].why
    assert "Creating pull request" in offers.tries(yard.repo, one.id, forge.sub(one)).log.read_text()
    assert forge.measure() < before
    forge.lands(yard.commit({"other": ""}))
    again = forge.merge()
    assert (again.offered, again.exit_code, len(forge.opened())) == ([], 11, 1), (
        "never twice, wherever main is"
    )


def test_it_has_landed_when_the_target_has_it(forge: Forge) -> None:
    yard = forge.scene
    one = yard.submit({"story": "once\nupon\na\nmidnight\n"})
    next_one = yard.submit({"b": "b"}, needs=frozenset({one.id}))
    forge.merge()
    assert yard.causes() == {one.id: "waiting offered", next_one.id: "waiting need"}
    assert plan(observe(yard.repo, yard.ledger, NOW + 1000)).at_rest
    came = forge.lands(yard.commit({"other": ""}))
    assert (forge.reconcile().done, yard.tip()) == ([], came), "brought along where something is offered"
    assert yard.phase(one) is Phase.SUBMITTED
    made = forge.squash(one)
    forge.lands(yard.commit({"story": "altered\n"}, made))
    done = forge.reconcile()
    landed = yard.bead(one).status.landed
    assert landed is not None
    assert landed.commit == made, "not what came later"
    assert yard.tip() == forge.git("rev-parse", "main")
    assert plan(done.world).actions[0].verb == "merge", "what needs it is due"
    report = forge.merge()
    assert [bead for bead, _ in report.offered] == [next_one.id]
    assert report.trouble is None, "that others move the target is no trouble here"
    assert forge.branches() == [branch_of(next_one.id, TOKEN)], "what is over is swept up"


def test_a_merge_tells_of_what_others_landed_meanwhile(forge: Forge) -> None:
    yard = forge.scene
    one = yard.submit({"story": "once\n"})
    forge.merge()
    old = yard.tip()
    made = forge.lands(forge.squash(one))
    report = forge.merge()
    assert [(bead, where.commit) for bead, _, where in report.landed] == [(one.id, made)]
    assert (report.start, report.end) == (old, made)


def test_what_only_says_so_has_not_landed(forge: Forge) -> None:
    yard = forge.scene
    one, other = yard.submit({"story": "once\nupon\na\nmidnight\n"}), yard.submit({"story": "twice\n"})
    forge.merge()
    sub = forge.sub(one)
    named = f"All of it ({one.id})\n\nGt-Bead: {one.id}\nGt-Token: {TOKEN}\nGt-Commit: {sub.commit}"
    forge.lands(yard.commit({"story": "once\nupon\na\nday\n"}, message=named))
    report = forge.merge()
    assert report.landed == []
    assert [(each.bead, each.result) for each in report.rejected] == [(other.id, Result.OVERTAKEN)]
    assert yard.causes() == {one.id: "held altered"}, "a person says whether that was it"
    assert forge.branches() == [branch_of(one.id, TOKEN)]


def test_what_was_altered_and_still_merges_is_for_a_person_to_look_at(forge: Forge) -> None:
    yard = forge.scene
    one = yard.submit({"a": "a", "debug.log": "x"})
    forge.merge()
    forge.lands(yard.commit({"other": "o"}, message=f"What {one.id} will need"))
    assert forge.merge().exit_code == 11
    assert yard.causes() == {one.id: "waiting offered"}, "that is something else"
    forge.lands(yard.commit({"a": "a"}, forge.git("rev-parse", "main"), message=f"work ({one.id})"))
    assert forge.merge().exit_code == 20
    assert yard.causes() == {one.id: "held altered"}
    forge.reconcile()
    with yard.ledger.read() as snapshot:
        assert [page.subject for page in snapshot.pages()] == [one.id]
    forge.lands(yard.commit({"debug.log": "x"}, forge.git("rev-parse", "main"), message="all of it"))
    assert [name for name, _, _ in forge.merge().landed] == [one.id]


def test_what_landed_and_was_taken_away_there_holds_with_one_call(forge: Forge) -> None:
    yard = forge.scene
    one = yard.submit({"a": "a"})
    before = forge.git("rev-parse", "main")
    forge.merge()
    made = forge.squash(one)
    assert [name for name, _, _ in forge.merge().landed] == [one.id]
    forge.git("update-ref", "refs/heads/main", before)
    other = yard.submit({"b": "b"}, needs=frozenset({one.id}))
    report = forge.merge()
    assert (report.exit_code, report.offered) == (20, [])
    (call,) = plan(observe(yard.repo, yard.ledger, NOW + 1000)).calls
    assert (call.reason, call.paged) == ("rewound", True)
    assert f"{made[:12]}, which landed and origin doesn't have any more" in call.text
    yard.git("update-ref", "refs/heads/main", before)
    assert forge.merge().exit_code == 20
    assert yard.causes() == {other.id: "held gone"}, "what was proven with it isn't offered without it"


def test_a_commit_of_ones_own_on_such_a_target_is_no_landing(forge: Forge) -> None:
    yard = forge.scene
    yard.submit({"a": "a"})
    yard.push({"mine": ""})
    assert forge.merge().exit_code == 20
    (call,) = plan(observe(yard.repo, yard.ledger, NOW + 1000)).calls
    assert (call.reason, call.paged) == ("unpushed", False)


def test_what_was_turned_down_there_is_taken_back_here(forge: Forge) -> None:
    yard, said = forge.scene, list[str]()
    one, other = yard.submit({"a": "a"}), yard.submit({"b": "b"})
    forge.merge()
    withdraw(yard.repo, yard.ledger, one.id, actor=ALICE, now=NOW + 2000, tell=said.append)
    assert forge.branches() == [branch_of(other.id, TOKEN)]
    reject(yard.repo, yard.ledger, other.id, "no", actor=ALICE, now=NOW + 2000, tell=said.append)
    assert forge.branches() == []
    assert ["https://forge.example/pull/" in each for each in said] == [True, True]
    assert (yard.phase(one), yard.phase(other)) == (Phase.OPEN, Phase.OPEN)
    assert yard.git("rev-parse", f"refs/gt/sub/{one.id}/{TOKEN}") == yard.bead(one).status.attempts[0].head
    assert forge.merge().exit_code == 0


@pytest.mark.parametrize("verb", ["withdraw", "reject"])
def test_what_others_have_landed_by_now_is_not_taken_back(forge: Forge, verb: str) -> None:
    yard, said = forge.scene, list[str]()
    one, other = yard.submit({"a": "a"}), yard.submit({"b": "b"})
    forge.merge()
    forge.squash(one)

    def back(bead: Bead) -> None:
        if verb == "withdraw":
            withdraw(yard.repo, yard.ledger, bead.id, actor=ALICE, now=NOW + 2000, tell=said.append)
        else:
            reject(yard.repo, yard.ledger, bead.id, "no", actor=ALICE, now=NOW + 2000, tell=said.append)

    with pytest.raises(IllegalMove, match="has landed as"):
        back(one)
    assert branch_of(one.id, TOKEN) in forge.branches()
    assert [name for name, _, _ in forge.merge().landed] == [one.id]
    forge.hub.rename(forge.hub.with_name("gone"))
    back(other)
    assert yard.phase(other) is Phase.OPEN
    assert said[0].startswith("whether others have landed it isn't known: origin can't be reached")


class Killed(BaseException):
    """The end of a process, as far as what it did is concerned."""


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("offering.branches.put", ["1"]),
        ("asking._run", ["1"]),
        ("asking._url", ["", "1"]),
        ("offering._Offering.conclude", [""]),
    ],
)
def test_killed_half_way_the_next_merge_goes_on(
    forge: Forge, monkeypatch: pytest.MonkeyPatch, where: str, told: list[str]
) -> None:
    """The command is run again only where nobody can know that it succeeded, and is told so."""

    def killed(*_: object) -> None:
        raise Killed

    one = forge.scene.submit({"a": "a"})
    with monkeypatch.context() as at:
        at.setattr(f"gt.refinery.{where}", killed)
        with pytest.raises(Killed):
            forge.merge()
    before, gone = forge.measure(), forge.hub.with_name("gone")
    forge.hub.rename(gone)
    with pytest.raises(Unreachable):
        forge.merge()
    gone.rename(forge.hub)
    assert forge.measure() == before, "a remote that can't be reached is no try"
    report = forge.merge()
    assert [bead for bead, _ in report.offered] == [one.id]
    assert [(each / "again").read_text() for each in forge.opened()] == told
    assert forge.measure() < before


def test_a_command_that_fails_calls_a_person_and_is_not_run_again_before(forge: Forge) -> None:
    yard = forge.scene
    one = yard.submit({"a": "a"})
    forge.breaks()
    for _ in range(2):
        report = forge.merge()
        assert (report.exit_code, len(forge.opened())) == (20, offers.TRIES)
    (left,) = report.left
    assert (left.standing, left.cause, left.hint) == (Standing.HELD, "not-offered", "gt merge --again")
    assert "exit 1" in left.why
    forge.reconcile()
    with yard.ledger.read() as snapshot:
        assert [page.subject for page in snapshot.pages()] == [one.id]
    forge.place.with_name("broken").unlink()
    report = forge.merge(again=True)
    assert [bead for bead, _ in report.offered] == [one.id]
    assert len(report.runs) == 0, "its gates aren't paid for again"


def test_a_command_that_any_signal_kills_has_failed(forge: Forge) -> None:
    yard = forge.scene
    yard.push({"ask": "kill -40 $$", ".gt/town.yaml": SETTINGS.replace("sh ./ask", "exec sh ./ask")})
    forge.lands(yard.tip())
    yard.submit({"a": "a"})
    (left,) = forge.merge().left
    assert left.cause == "not-offered"
    assert "its command was killed by signal 40" in left.why


@pytest.mark.parametrize("again", ["at once", "later"])
def test_of_what_failed_once_the_same_clone_makes_a_second_try(forge: Forge, again: str) -> None:
    yard, ticks = forge.scene, itertools.count(NOW + 1000)
    one = yard.submit({"a": "a"})
    (forge.place.with_name("broken")).touch()
    said = yard.said.append

    def heard(text: str) -> None:
        said(text)
        if "not offered" in text:
            forge.place.with_name("broken").unlink(missing_ok=True)

    done = merge.run(
        yard.repo, yard.ledger, actor=ALICE, clock=lambda: next(ticks),
        environ={**os.environ, "FORGE": str(forge.place)}, say=heard if again == "at once" else said,
    )  # fmt: skip
    if again == "later":
        assert done.offered == []
        forge.place.with_name("broken").unlink()
        done = forge.merge(again=True, clock=lambda: next(ticks))
    assert [name for name, _ in done.offered] == [one.id]


def test_another_machine_gets_its_time(forge: Forge) -> None:
    yard = forge.scene
    one = yard.submit({"a": "a"})
    forge.breaks()
    forge.merge()
    sub = forge.sub(one)
    land = yard.look().towns["main"].refinery.land
    assert land is not None
    offers.tries(yard.repo, one.id, sub).folder.rename(forge.place.with_name("theirs"))
    assert yard.causes() == {one.id: "waiting offered"}
    assert not offers.is_elsewhere(yard.repo, one.id, sub, land, NOW + 1000 + land.timeout + offers.GRACE), (
        "it may have died"
    )


def submit(machine: Machine, bead: str) -> str:
    """Claim the Bead there and submit a file; returns the commit."""
    taken = machine.claim(bead)
    made = commit(taken.worktree, {"x": "x\n"})
    machine.submit(taken)
    return made


def by_pull_request(town: Fleet) -> None:
    """From now on others land on main."""
    path = town.first.path
    told = 'sh -c "echo {worktree} >> ../asked; echo https://forge.example/1"'.replace("..", str(path.parent))
    land = f"refinery: {{push: origin, land: {{command: '{told}'}}}}"
    text = (path / ".gt/town.yaml").read_text().replace("refinery: {push: origin}", land)
    commit(path, {".gt/town.yaml": text})
    town.first.git("push", "-q", "origin", "main")


def test_who_comes_back_after_another_took_over_is_not_at_it(
    repo_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = fleet(repo_path)
    by_pull_request(made)
    a, b, bead = made.first, made.machine("b"), bead_id(1)
    submit(a, bead)
    with monkeypatch.context() as at:
        at.setattr("gt.refinery.branches.put", kill)
        with pytest.raises(Killed):
            a.merge()
        b.now = a.now = a.now + 9999
        with pytest.raises(Killed):
            b.merge()
    assert a.merge().offered == [], "b has its time"
    assert [name for name, _ in b.merge().offered] == [bead]


def test_who_was_refused_by_the_remote_is_not_at_it(repo_path: Path) -> None:
    made = fleet(repo_path)
    by_pull_request(made)
    a, b, bead = made.first, made.machine("b"), bead_id(1)
    submit(a, bead)
    made.git_hook("pre-receive", "exit 1")
    with pytest.raises(Refused):
        a.merge()
    made.git_hook("pre-receive", "")
    assert [name for name, _ in b.merge().offered] == [bead]
    sub = a.get(bead).status.submission
    assert sub is not None
    assert not offers.tries(a.repo, bead, sub).ours(sub.offered)
    assert a.merge().offered == []
    assert len((repo_path.parent / "asked").read_text().splitlines()) == 1


@pytest.mark.parametrize("died", [False, True], ids=["first", "after one that died"])
def test_of_two_machines_at_once_one_asks(
    repo_path: Path, monkeypatch: pytest.MonkeyPatch, died: bool
) -> None:
    """Both have seen that nobody is at it; the ledger on the remote has the word of one of them."""
    made = fleet(repo_path)
    by_pull_request(made)
    a, b, bead = made.first, made.machine("b"), bead_id(1)
    submit(a, bead)
    if died:
        dead = made.machine("dead")
        with monkeypatch.context() as at:
            at.setattr("gt.refinery.branches.put", kill)
            with pytest.raises(Killed):
                dead.merge()
        a.now = b.now = a.now + 9999
    real = offering.offer
    others: list[str] = []

    def offer(*args: object) -> object:
        monkeypatch.setattr("gt.drive.merge_rulings.offer", real)
        others.extend(name for name, _ in b.merge().offered)
        return real(*args)  # type: ignore[arg-type]

    b.reconcile()
    monkeypatch.setattr("gt.drive.merge_rulings.offer", offer)
    assert (a.merge().offered, others) == ([], [bead])
    assert len((repo_path.parent / "asked").read_text().splitlines()) == 1
    assert a.merge().offered == []


def kill(*_: object) -> None:
    raise Killed


def test_what_is_taken_back_while_the_command_runs_is_not_offered(
    forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard = forge.scene
    one = yard.submit({"a": "a"})
    run = asking.ask

    def taken_back(*args: object) -> str:
        withdraw(yard.repo, yard.ledger, one.id, actor=ALICE, now=NOW + 1000)
        return run(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("gt.refinery.asking.ask", taken_back)
    assert forge.merge().offered == []
    assert (yard.phase(one), forge.branches()) == (Phase.OPEN, [])


def test_gt_itself_lands_nothing_there(forge: Forge) -> None:
    yard = forge.scene
    one = yard.submit({"a": "a"})
    with pytest.raises(Refused, match="others land on main"):
        merge.run(
            yard.repo, yard.ledger, actor=ALICE, clock=lambda: NOW, environ={}, say=yard.said.append,
            bypass=Bypass(one.id, "now"),
        )  # fmt: skip


def test_what_one_machine_offers_the_others_know(repo_path: Path) -> None:
    made = fleet(repo_path)
    by_pull_request(made)
    a, b, bead = made.first, made.machine("b"), bead_id(1)
    work = submit(a, bead)
    assert [name for name, _ in b.merge().offered] == [bead]
    assert a.merge().offered == [], "the ledger on the remote says so"
    sub = a.get(bead).status.submission
    assert sub is not None
    assert sub.offered is not None
    assert sub.offered.url == "https://forge.example/1"
    run_git(made.hub, "update-ref", "refs/heads/main", work)
    a.reconcile()
    b.reconcile()
    assert (a.get(bead).phase, b.get(bead).phase) == (Phase.LANDED, Phase.LANDED)
    assert a.tip() == b.tip() == work
