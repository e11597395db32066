"""`gt doctor`: every check over one look at the town. It reads, and changes nothing that anybody would miss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

from gt.core.bead import Phase
from gt.core.finding import Finding, Severity
from gt.drive.checkup import (
    attempts,
    cache,
    commits,
    files,
    graph,
    locks,
    objects,
    remotes,
    setup,
    statuses,
    targets,
)
from gt.drive.checkup.scene import Scene, Tell
from gt.errors import GtError
from gt.git import refs
from gt.git.repo import Repo, config_values
from gt.store.ledger import Ledger
from gt.store.targets import KEY

Check = Callable[[Scene], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    files.check,
    statuses.check,
    graph.check,
    commits.check,
    targets.check,
    attempts.check,
    locks.check,
    cache.check,
    remotes.check,
    setup.check,
)
LEDGER: tuple[Check, ...] = (files.check, statuses.check, graph.check)
DEEP: tuple[Check, ...] = (objects.check, cache.compare, cache.edited)
REMOTE: tuple[Check, ...] = (remotes.ask,)

_ORDER = {severity: number for number, severity in enumerate(Severity)}


def examine(
    repo: Repo,
    ledger: Ledger,
    now: int,
    *,
    deep: bool = False,
    remote: bool = False,
    tell: Tell = lambda _: None,
) -> tuple[Finding, ...]:
    """Every finding, the worst first. `deep` reads every object of the ledger, `remote` asks the remotes.

    What can't be looked at is a finding, too; no check keeps another from being made.
    """
    checks = (*CHECKS, *(DEEP if deep else ()), *(REMOTE if remote else ()))
    return _examined(repo, ledger, now, checks, tell)


def of_ledger(repo: Repo, ledger: Ledger, now: int) -> tuple[Finding, ...]:
    """As `examine`, only about what is on the ledger: it is the same in every clone."""
    return _examined(repo, ledger, now, LEDGER, lambda _: None)


def _examined(
    repo: Repo, ledger: Ledger, now: int, checks: tuple[Check, ...], tell: Tell
) -> tuple[Finding, ...]:
    with ExitStack() as stack:
        scene, found = _look(repo, ledger, now, tell, stack)
        for check in checks:
            found += _made(check, scene)
    unique = {finding.name + finding.text: finding for finding in found}
    return tuple(sorted(unique.values(), key=lambda each: (_ORDER[each.severity], each.check, each.subject)))


def _look(repo: Repo, ledger: Ledger, now: int, tell: Tell, stack: ExitStack) -> tuple[Scene, list[Finding]]:
    """The scene, and what kept it from being seen whole."""
    found: list[Finding] = []
    snapshot = None
    try:
        snapshot = stack.enter_context(ledger.read())
    except GtError as error:
        found.append(Finding("ledger", Severity.ERROR, "refs/heads/beads", error.message, error.hint))
    beads = {bead.id: bead for bead in snapshot.in_phase(*Phase)} if snapshot else {}
    scene = Scene(
        repo=repo,
        ledger=ledger,
        now=now,
        snapshot=snapshot,
        beads=beads,
        pages=snapshot.pages() if snapshot else (),
        problems=snapshot.problems() if snapshot else (),
        pins=refs.listing(repo, "refs/gt"),
        targets=tuple(dict.fromkeys(config_values(repo, KEY))),
        tell=tell,
    )
    return scene, found


def _made(check: Check, scene: Scene) -> list[Finding]:
    found: list[Finding] = []
    try:
        found.extend(check(scene))
    except (GtError, OSError) as error:
        name = check.__module__.rpartition(".")[2]
        found.append(Finding("check", Severity.ERROR, name, f"couldn't be looked at: {error}"))
    return found
