"""How this ledger stands to the remotes' as last fetched; `ask` looks at the remotes themselves."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from gt.core.finding import Finding, Severity
from gt.drive.checkup.scene import Scene
from gt.errors import GtError
from gt.git.objects import Objects
from gt.git.run import git
from gt.store.ledger import LEDGER
from gt.store.tree import LedgerTree

_PREFIX = "refs/gt/remotes/"
_PATIENCE = 30.0


def check(scene: Scene) -> Iterator[Finding]:
    """Findings about the ledgers that gt sync has fetched."""
    for remote, tip in _fetched(scene):
        yield from _compare(scene, remote, tip)


def ask(scene: Scene) -> Iterator[Finding]:
    """Findings about the remotes themselves: whether they answer, and have a ledger that was fetched."""
    known = dict(_fetched(scene))
    for remote in git(scene.repo, "remote").lines:
        scene.tell(f"remote {remote}")
        try:
            said = git(scene.repo, "ls-remote", "--", remote, LEDGER, user=True, timeout=_PATIENCE).text
        except GtError as error:
            yield Finding("remote", Severity.WARNING, remote, f"can't be asked: {error.message}", "gt sync")
            continue
        there = said.split("\t")[0]
        if there and there != known.get(remote) and there != (scene.snapshot.tip if scene.snapshot else None):
            text = f"has its ledger at {there[:12]}, which wasn't fetched yet"
            yield Finding("remote", Severity.NOTE, remote, text, "gt sync")


def _fetched(scene: Scene) -> Iterator[tuple[str, str]]:
    for ref, oid in scene.pins.items():
        if ref.startswith(_PREFIX) and ref.endswith("/beads"):
            yield ref.removeprefix(_PREFIX).removesuffix("/beads"), oid


def _compare(scene: Scene, remote: str, tip: str) -> Iterator[Finding]:
    if scene.snapshot is None:
        return
    here = scene.snapshot.tip
    try:
        with Objects(scene.repo) as odb:
            meta = LedgerTree(odb, tip).meta()
        behind, ahead = git(scene.repo, "rev-list", "--left-right", "--count", f"{tip}...{here}").text.split()
    except GtError as error:
        yield Finding("remote", Severity.ERROR, remote, f"has a ledger that can't be read: {error.message}")
        return
    if meta.lineage != scene.snapshot.meta().lineage:
        text = f"has another ledger (lineage {meta.lineage}): they are never merged by themselves"
        yield Finding("lineage", Severity.ERROR, remote, text, f"gt join {shlex.quote(remote)}")
    elif ahead != "0" and behind != "0":
        text = f"and this clone went on apart: {_commits(ahead)} here, {behind} there"
        yield Finding("diverged", Severity.NOTE, remote, text, "gt sync")
    elif ahead != "0" or behind != "0":
        text = f"lacks {_commits(ahead)} of this ledger" if ahead != "0" else f"has {_commits(behind)} more"
        yield Finding("out-of-step", Severity.NOTE, remote, text, "gt sync")


def _commits(count: str) -> str:
    return f"{count} commit{'' if count == '1' else 's'}"
