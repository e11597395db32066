"""The ledger's objects, all of its history: whether git finds every one."""

from __future__ import annotations

from collections.abc import Iterator

from gt.core.finding import Finding, Severity
from gt.drive.checkup.scene import Scene
from gt.git.run import git
from gt.store.ledger import LEDGER


def check(scene: Scene) -> Iterator[Finding]:
    """What `git fsck --connectivity-only` says of the ledger."""
    scene.tell("the ledger's objects")
    args = ("fsck", "--connectivity-only", "--no-dangling", "--no-reflogs", "--no-progress", LEDGER)
    done = git(scene.repo, *args, ok=range(256))
    if done.code != 0:
        said = (done.out + done.err).decode("utf-8", "replace").strip().splitlines()
        text = f"has objects that are missing or damaged: {'; '.join(said[:3]) or done.complaint}"
        yield Finding("objects", Severity.ERROR, LEDGER, text, "git fsck --full")
