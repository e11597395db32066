"""Editing a whole spec as YAML: in the user's editor, or from a file."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from gt.cli import specs
from gt.cli.context import Context
from gt.core.bead import TYPES, Bead, Spec
from gt.core.data import spec_data
from gt.core.draft import Rules
from gt.core.edit import rebased
from gt.core.schema import spec_from
from gt.errors import GtError, Refused
from gt.store.amend import Amended
from gt.store.ledger import Ledger

HEAD = """\
# What is wanted of {id}. Save and leave to change it; leave it as it is to change nothing.
# Times are like 2026-12-01T09:00:00Z, durations like 90s, 20m, 1h, 3d.
"""


class Verb(Protocol):
    """How `gt edit` applies a change."""

    def __call__(
        self, ledger: Ledger, bead: str, change: Callable[[Spec], Spec], rules: Rules, *, actor: str, now: int
    ) -> Amended: ...


def edit_whole(gt: Context, bead: Bead, source: str | None, verb: Verb) -> Amended:
    """Let the user edit the spec of this Bead, or take it from `source`, and apply what they changed.

    Text that can't be applied is kept in a file, which the error names.
    """
    place = _written(gt, bead) if source is None else None
    text = _edited(gt, place) if place else specs.text_from(gt, source or "-")
    try:
        outcome = _apply(gt, bead, text, source or "what you wrote", verb)
    except GtError as error:
        if place is not None:
            error.message += f"\nwhat you wrote is kept in {place}"
            error.hint = f"gt edit {bead.id} --file {place}"
        raise
    if place is not None:
        place.unlink(missing_ok=True)
    return outcome


def _apply(gt: Context, bead: Bead, text: str, where: str, verb: Verb) -> Amended:
    from gt.store.codec import load

    wanted = replace(spec_from(load(text.encode(), where), where), extra=bead.spec.extra)
    if wanted == bead.spec:
        return Amended(bead, changed=False)
    new_type = wanted.type if wanted.type != bead.spec.type else TYPES[0]
    new_base = wanted.base if wanted.base != bead.spec.base else None
    new_agent = wanted.agent if wanted.agent != bead.spec.agent else None
    rules = specs.rules_for(gt, [replace(wanted, type=new_type, base=new_base, agent=new_agent)])
    return verb(
        gt.ledger,
        bead.id,
        lambda current: rebased(bead.spec, wanted, current),
        rules,
        actor=gt.actor,
        now=gt.now,
    )


def _written(gt: Context, bead: Bead) -> Path:
    """The spec in a file of its own, for the editor."""
    from gt.store.codec import dump

    folder = gt.repo.gt_dir / "edit"
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{bead.id}-{gt.digits(4)}.yaml"
    data = spec_data(replace(bead.spec, extra={}), full=True)
    place.write_bytes(HEAD.format(id=bead.id).encode() + dump(data))
    return place


def _edited(gt: Context, place: Path) -> str:
    """What the file says once the user has left the editor. Raises Refused if the editor fails."""
    import subprocess

    gt.flush()
    command = _editor(gt)
    before = place.read_bytes()
    code = subprocess.run(
        ["sh", "-c", f'{command} "$@"', command, os.fspath(place)], check=False, cwd=gt.cwd
    ).returncode
    if code != 0:
        written = place.read_bytes() if place.exists() else before
        if written == before:
            place.unlink(missing_ok=True)
        kept = "" if written == before else f"\nwhat you wrote is kept in {place}"
        raise Refused(
            f"the editor ({command}) ended with {code}: nothing changed{kept}", hint="gt edit --help"
        )
    try:
        return place.read_text("utf-8")
    except UnicodeDecodeError:
        raise Refused(f"{place} is not UTF-8 any more: nothing changed") from None


def _editor(gt: Context) -> str:
    """The user's editor, chosen as git does."""
    from gt.git.run import git

    configured = (
        gt.environ.get("GIT_EDITOR")
        or git(gt.repo, "config", "--get", "core.editor", ok=(0, 1), user=True).text
    )
    editor = configured or gt.environ.get("VISUAL") or gt.environ.get("EDITOR")
    if editor:
        return editor
    if not gt.stdout.isatty():
        raise Refused("no editor is set, and no field was named", hint="gt edit --help")
    return "vi"
