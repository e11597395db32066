"""Promoting: the gates of a stage run on a landed commit, and the stage moved forward to it.

One compare-and-swap, or one push with the expected old value; the mark that says so is kept before it. Killed at any
point, the stage is where it was or where it was to be, and the next look knows which.
"""

from __future__ import annotations

from collections.abc import Callable, Container

from gt.core.promotion import Proof
from gt.git import refs
from gt.git.merge import is_ancestor
from gt.git.remote import Denied, Overtaken, Update, push
from gt.git.worktree import checked_out
from gt.refinery import marks, outcomes, pins, refusals
from gt.refinery.landing import last_look
from gt.refinery.marks import Post
from gt.refinery.moving import Mover
from gt.refinery.outcomes import Verdict
from gt.refinery.refusals import Refusal
from gt.refinery.running import run
from gt.refinery.stages import Found
from gt.refinery.trials import WHAT
from gt.refinery.yard import Yard


def prove(yard: Yard, found: Found) -> None:
    """Run the gates that are still to be run on the commit that this stage is to have, up to the first that isn't green.

    Raises KeyboardInterrupt when interrupted: then the gate that ran is dead, and nothing of it is recorded.
    """
    commit = found.stage.decision.commit
    assert commit is not None
    label = f"{found.stage.branch}: {commit[:12]}"
    for trial in found.trials:
        if trial.proof is not Proof.OPEN:
            continue
        gate = trial.check.gate.name
        yard.say(f"{label}: gate {gate} ...")
        members = outcomes.aside(WHAT, commit)
        made = run(yard, trial.town, trial.check, commit, base=commit, members=members, queue=WHAT)
        yard.say(f"{label}: gate {gate}: {made.verdict} ({made.why}, {made.seconds:.1f} s)")
        if made.verdict is not Verdict.PASS:
            return


def promote(yard: Yard, mover: Mover, found: Found, still: Callable[[], bool]) -> str | None:
    """Move a stage to the commit that it is to have; None once that is done, else what prevented it, as a sentence.

    `still` looks a last time whether it is to be. What the remote refuses is kept. Raises Unreachable (what the remote
    has is unknown then), and Busy while another git is at work on the stage.
    """
    repo, stage, post = mover.repo, found.stage, found.post
    commit = stage.decision.commit
    assert commit is not None
    with last_look(repo):
        if not still():
            return f"{stage.branch} isn't to have {commit[:12]} any more"
        proofs = [f"{trial.check.gate.name} pass {trial.check.key}" for trial in found.trials]
        mark = marks.make(repo, post, commit, proofs, mover.actor, mover.now)
        mover.put(pins.next_ref(stage.branch), mark)
        remote = found.town.refinery.push
        if remote is not None:
            try:
                push(repo, remote, _updates(post, commit, mark))
            except Overtaken as error:
                return error.message
            except Denied as error:
                name = refusals.stage_name(stage.branch)
                refusals.keep(repo, name, Refusal(commit, error.message))
                return error.message
            mover.put(pins.there_ref(stage.branch), commit)
            mover.put(pins.said_ref(stage.branch), mark)
        why = move(mover, post, commit) if remote is None or post.here else None
        if why is not None and remote is None:
            return why
        mover.put(pins.landing_ref(stage.branch), mark)
    if why is not None:
        yard.say(f"{stage.branch} doesn't follow {remote}'s here: {why}")
    return None


def _updates(post: Post, commit: str, mark: str) -> tuple[Update, Update]:
    return (
        Update(pins.branch(post.branch), commit, post.there),
        Update(pins.landing_ref(post.branch), mark, post.said),
    )


def move(mover: Mover, post: Post, new: str) -> str | None:
    """Move a stage here, or make it. Returns what prevented it; then nothing moved."""
    branch = post.branch
    if post.here is not None:
        if not is_ancestor(mover.repo, post.here, new):
            return f"it has commits that {new[:12]} hasn't"
        return mover.move(branch, post.here, new)
    there = checked_out(mover.repo, branch)
    if there:
        return f"{branch} is checked out in {there[0].path}, and has no commit there"
    try:
        refs.swap(
            mover.repo, pins.branch(branch), new, None, message=mover.why, actor=mover.actor, now=mover.now
        )
    except refs.RaceLost:
        return f"{branch} was made by somebody else"
    return None


def forget(mover: Mover, branch: str, there: Container[str]) -> None:
    """Forget what the remote had of a stage, and hasn't any more: `there` are its refs."""
    for ref, kept in (
        (pins.branch(branch), pins.there_ref(branch)),
        (pins.landing_ref(branch), pins.said_ref(branch)),
    ):
        if ref not in there:
            mover.put(kept, None)


def catch_up(mover: Mover, branch: str, remote: str | None) -> None:
    """After a kill, or what another machine did: note down the last promotion that reached a stage, and follow it here.

    For the holder of the merge lock. What keeps the branch here behind is left as it is.
    """
    repo = mover.repo
    post = marks.post(repo, branch, remote)
    here, tip = post.here, post.tip
    if here is not None and tip is not None and here != tip and is_ancestor(repo, here, tip):
        mover.move(branch, here, tip)
    if post.own is not None and _reached(mover, post):
        mover.put(pins.landing_ref(branch), post.own.oid)


def _reached(mover: Mover, post: Post) -> bool:
    """Whether the stage has the last promotion: what was taken back before it was noted down here is told as such."""
    return (
        post.own is not None and post.tip is not None and is_ancestor(mover.repo, post.own.commit, post.tip)
    )


def tell(mover: Mover, branch: str, remote: str) -> None:
    """Tell the remote of a promotion where a push that came to half its end brought the stage alone."""
    post = marks.post(mover.repo, branch, remote)
    if post.own is None or post.said == post.own.oid or not _reached(mover, post):
        return
    push(mover.repo, remote, [Update(pins.landing_ref(branch), post.own.oid, post.said)])
    mover.put(pins.said_ref(branch), post.own.oid)
