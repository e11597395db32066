"""The files of the ledger: there, readable, in their places, under their names."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from gt.core.finding import Finding, Severity
from gt.core.soundness import misnamed
from gt.drive.checkup.scene import Scene
from gt.git import refs
from gt.git.objects import Objects
from gt.store.layout import META, README, STATE, page_path, spoken
from gt.store.ledger import LEDGER
from gt.store.mending import mend_of

MISPLACED = "is not where a Bead belongs"


def check(scene: Scene) -> Iterator[Finding]:
    """Findings about the files at the ledger's tip."""
    if scene.snapshot is None:
        yield from _description(scene)
        return
    for problem in scene.problems:
        kind = "misplaced" if problem.why == MISPLACED else "unreadable"
        yield Finding(kind, Severity.ERROR, problem.where, problem.why, repair_of(kind, problem.where))
    with Objects(scene.repo) as odb:
        names = {spoken(entry.name) for entry in odb.tree(odb.commit(scene.snapshot.tip).tree)}
    for name in (META, STATE, README):
        if name not in names:
            kind = Severity.NOTE if name == README else Severity.WARNING
            yield Finding("missing-file", kind, name, "is not there", repair_of("missing-file", name))
    for page in scene.pages:
        why = misnamed(page)
        if why is not None:
            yield Finding("page-name", Severity.WARNING, page_path(page.id), why, f"gt ack {page.id}")


def _description(scene: Scene) -> Iterator[Finding]:
    """Where the ledger can't be opened: whether that is for a gt.yaml that was good once."""
    tip = refs.read(scene.repo, LEDGER)
    mend = mend_of(scene.repo, tip, META) if tip is not None else None
    if mend is not None:
        yield Finding("missing-file", Severity.ERROR, META, mend.text, repair_of("missing-file", META))


def repair_of(check: str, subject: str) -> str:
    """The call of gt repair for a finding."""
    return f"gt repair {shlex.quote(f'{check}:{subject}')}"
