"""`gt ack`: a person takes note of pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gt.core.calls import MOVED
from gt.core.page import Acknowledged, Page
from gt.core.promotion import STAGE
from gt.core.state import Acceptance, TownState
from gt.core.values import dataclass
from gt.errors import Ambiguous, NotFound
from gt.store.ledger import Changes, Ledger, Message, Snapshot

_BRANCHES = ("target:", STAGE)


@dataclass(frozen=True, slots=True)
class Acked:
    """The pages named, as they are now, and how many of them the verb changed."""

    pages: tuple[Page, ...]
    changed: int


def ack(
    ledger: Ledger, names: Sequence[str] | None, *, actor: str, now: int, unwritten: Iterable[Page] = ()
) -> Acked:
    """Acknowledge the pages that these ids, or starts of ids, name; None: all that nobody has acknowledged.

    All or none. `unwritten` are calls that stand and that no pass has written down yet: they may be named, too. A page about a target or a stage that others moved is the acceptance of that move, too. Raises NotFound and
    Ambiguous.
    """
    outcome: list[Acked] = []

    def change(snapshot: Snapshot) -> Changes:
        pages = {page.id: page for page in snapshot.pages()}
        wanted = _open(pages) if names is None else []
        pages = {**{page.id: page for page in unwritten}, **pages}
        wanted += [_resolve(name, pages) for name in names or ()]
        after = {name: _acknowledged(pages[name], actor, now) for name in wanted}
        changed = {name: page for name, page in after.items() if page is not pages[name]}
        # A branch may be moved to and fro: a call that was acknowledged once stands anew, and is accepted anew.
        state = _accepted(snapshot, after.values())
        outcome[:] = [Acked(tuple(after.values()), len(changed) or int(state is not None))]
        return Changes(pages=changed, state=state)

    subject = f"ack {', '.join(names)}" if names is not None else "ack all pages"
    with ledger.hold() as held, ledger.update(held, Message(subject, "ack", actor, (), now), change):
        pass
    return outcome[0]


def _accepted(snapshot: Snapshot, pages: Iterable[Page]) -> TownState | None:
    """The town's state with the moves accepted that these pages are about; None if that changes nothing."""
    moved = [page for page in pages if page.reason == MOVED and page.subject.startswith(_BRANCHES)]
    state = snapshot.state()
    words = dict(state.acknowledged)
    for page in sorted(moved, key=lambda page: page.at):
        branch = page.subject.partition(":")[2]
        words[branch] = Acceptance.of(page.epoch).after(words.get(branch))
    return replace(state, acknowledged=words) if words != state.acknowledged else None


def _open(pages: dict[str, Page]) -> list[str]:
    return [name for name in sorted(pages) if not pages[name].acknowledged]


def _resolve(name: str, pages: dict[str, Page]) -> str:
    wanted = name.strip().lower()
    starts = (wanted, f"p-{wanted}")
    matches = sorted({page for page in pages if page.startswith(starts)}) if wanted else []
    if wanted in pages:
        return wanted
    if len(matches) > 1:
        raise Ambiguous(name, tuple(matches))
    if not matches:
        raise NotFound("page", name, hint="gt pages --all")
    return matches[0]


def _acknowledged(page: Page, actor: str, now: int) -> Page:
    return page if page.acknowledged else replace(page, acknowledged=Acknowledged(actor, now))
