"""`gt verify`: a target's history looked at again. Gates that run do so under the merge lock, in the Refinery's slots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

from gt import lock
from gt.errors import NotFound
from gt.refinery.places import merge_lock
from gt.refinery.verify import Verified, span
from gt.refinery.verify import verify as look
from gt.refinery.yard import Yard
from gt.store.targets import targets


def verify(yard: Yard, target: str | None, text: str | None, *, rerun: bool) -> Iterator[Verified]:
    """Look at the first-parent commits that `text` (`A..B`) names of a target (default: the first), newest first.

    `rerun`: run the gates again. Raises NotFound for what is no target or commit, Busy while a merge is at work.
    """
    known = targets(yard.repo)
    name = target or known[0]
    if name not in known:
        raise NotFound("target", name, hint=f"git config --add gt.target {name}")
    since, until = span(yard.repo, name, text)
    with lock.hold(merge_lock(yard.repo), 0.0) if rerun else nullcontext():
        yield from look(yard, name, since, until, rerun=rerun)
