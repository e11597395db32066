"""The targets of this clone: there, with settings that can be read, and where gt left them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from gt.core.finding import Finding, Severity
from gt.core.state import Acceptance
from gt.core.town import TOWN_FILE
from gt.drive.checkup.scene import Scene
from gt.drive.observe import look_at_targets
from gt.errors import GtError
from gt.git.merge import is_ancestor
from gt.refinery.accepted import is_given_up
from gt.refinery.approvals import ALLOW, signers
from gt.refinery.pins import tips


def check(scene: Scene) -> Iterator[Finding]:
    """Findings about what `gt.target` names."""
    if not scene.targets:
        text = "is not set in this clone's git config: nothing can land"
        yield Finding("no-target", Severity.ERROR, "gt.target", text, "gt init")
    found, towns = look_at_targets(scene.repo)
    for target in found.values():
        if target.trouble is not None:
            yield Finding(
                "target", Severity.ERROR, target.name, target.trouble, _repair(target.name, target.cause)
            )
        elif target.tip is not None:
            yield from _pins(scene, target.name, target.tip)
            signed = towns[target.name].refinery.approvals == "signed"
            if signed and signers(scene.repo, target.tip) == (None, None):
                text = "wants approvals signed, and lists no keys: what needs one can't land"
                yield Finding("no-signers", Severity.ERROR, target.name, text, ALLOW)


def _repair(name: str, cause: str) -> str:
    if cause == "settings":
        return f"git show {shlex.quote(f'{name}:{TOWN_FILE}')}"
    return f"git config --unset gt.target {shlex.quote(f'^{re.escape(name)}$')}"


def _word(scene: Scene, name: str) -> Acceptance | None:
    return scene.snapshot.state().acknowledged.get(name) if scene.snapshot is not None else None


def _pins(scene: Scene, name: str, tip: str) -> Iterator[Finding]:
    """Whether the target still has what gt last landed on it, or a person let that go."""
    at = tips(scene.repo, name)
    try:
        if at.own is not None and not is_ancestor(scene.repo, at.own, tip):
            if is_given_up(scene.repo, _word(scene, name), at.own):
                return
            text = f"is at {tip[:12]}, which doesn't contain {at.own[:12]}, where gt left it"
            yield Finding("target-moved", Severity.ERROR, name, text, "gt status")
        elif at.coming not in (None, at.own) and is_ancestor(scene.repo, str(at.coming), tip):
            text = f"has {str(at.coming)[:12]}, whose landing a gt died at; the next gt merge writes it down"
            yield Finding("landing-unpinned", Severity.NOTE, name, text, "gt merge")
    except GtError as error:
        yield Finding("target-moved", Severity.ERROR, name, f"can't be compared: {error.message}", "git fsck")
