"""The flags that say what people want of a Bead: shared by create, propose and edit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any

import typer

from gt.cli.context import Context
from gt.cli.options import duration, moment
from gt.core.bead import TYPES, Spec
from gt.core.draft import Rules
from gt.core.schema import spec_from
from gt.errors import Malformed, NotFound, Refused

Type = Annotated[
    str | None,
    typer.Option("--type", "-t", metavar="TYPE", help=f"{', '.join(TYPES)}, or a type of the town's own."),
]
Priority = Annotated[
    int | None,
    typer.Option("--priority", "-p", min=0, max=4, metavar="0-4", help="0 is the highest; default 2."),
]
Body = Annotated[str | None, typer.Option("--body", "-b", metavar="TEXT", help="What is wanted, in full.")]
BodyFile = Annotated[
    str | None, typer.Option("--body-file", metavar="FILE", help="Read the body from a file; `-` is stdin.")
]
Acceptance = Annotated[
    str | None, typer.Option("--acceptance", metavar="TEXT", help="How one can tell that it is done.")
]
Labels = Annotated[list[str] | None, typer.Option("--label", "-l", metavar="LABEL", help="May be repeated.")]
Needs = Annotated[
    list[str] | None,
    typer.Option(
        "--needs", metavar="BEAD", help="What must be done before; may be repeated, or comma-separated."
    ),
]
Parent = Annotated[
    str | None, typer.Option("--parent", metavar="BEAD", help="The Bead that this one belongs to.")
]
Links = Annotated[
    list[str] | None,
    typer.Option("--link", metavar="KIND:BEAD", help="A link without effect; may be repeated."),
]
Agent = Annotated[
    str | None, typer.Option("--agent", metavar="NAME", help="Which agent; default: the town's.")
]
Base = Annotated[
    str | None, typer.Option("--base", metavar="BRANCH", help="Which target; default: the first.")
]
Attempts = Annotated[
    int | None, typer.Option("--attempts", min=1, metavar="COUNT", help="How often it may be tried.")
]
Usd = Annotated[
    float | None,
    typer.Option("--usd", metavar="DOLLARS", help="What its attempts may cost; default: the town's limit."),
]
Deadline = Annotated[int | None, duration("--deadline", help="How long one attempt may take.")]
Defer = Annotated[int | None, moment("--defer", help="Not before this time.")]
Hold = Annotated[
    bool | None, typer.Option("--hold/--no-hold", help="A brake: it isn't ready while it is held.")
]
Review = Annotated[
    bool | None, typer.Option("--review/--no-review", help="A person approves before it lands.")
]


def text_from(gt: Context, source: str) -> str:
    """The text in a file, or on stdin for `-`. Raises Refused for what can't be read as UTF-8."""
    if source == "-":
        return gt.stdin.read()
    try:
        return (gt.cwd / source).read_text("utf-8")
    except UnicodeDecodeError:
        raise Refused(f"{source} is not UTF-8") from None
    except OSError as error:
        raise Refused(f"{source}: {error.strerror}") from None


def body_from(gt: Context, body: str | None, body_file: str | None) -> str | None:
    """The body from either flag, None if neither was given."""
    if body is not None and body_file is not None:
        raise typer.BadParameter("--body and --body-file exclude each other")
    return text_from(gt, body_file) if body_file is not None else body


def linked(pairs: Iterable[str]) -> dict[str, frozenset[str]]:
    """Links from `KIND:BEAD`. A usage error for anything else."""
    found: dict[str, frozenset[str]] = {}
    for pair in pairs:
        kind, colon, bead = pair.partition(":")
        if not (colon and kind.strip() and bead.strip()):
            raise typer.BadParameter(f"--link takes KIND:BEAD, not {pair!r}")
        found[kind.strip()] = found.get(kind.strip(), frozenset()) | {bead.strip()}
    return found


def split(names: Iterable[str]) -> frozenset[str]:
    """Ids that were given one a flag, or between commas."""
    return frozenset(name.strip() for each in names for name in each.split(",") if name.strip())


def review_value(review: bool) -> str | None:
    """What `--review` and `--no-review` mean in a spec."""
    return "all" if review else None


def checked(fields: Mapping[str, Any]) -> Spec:
    """The spec with these fields (None: not given), each value judged as in the ledger. Raises Refused.

    Ids stay as they are: they may be abbreviations.
    """
    given = {key: value for key, value in fields.items() if value is not None}
    ids = {key: given.pop(key) for key in ("needs", "parent", "links") if key in given}
    labels = given.pop("labels", None)
    defer = given.pop("defer", None)
    try:
        spec = spec_from({**given, **({"labels": sorted(labels)} if labels is not None else {})}, "")
    except Malformed as error:
        raise Refused(error.why) from None
    return replace(spec, defer=defer, **ids)


def rules_for(gt: Context, specs: Iterable[Spec]) -> Rules:
    """What this clone and its town allow, as far as these specs need it to be known; warns of unknown agents."""
    wanted = tuple(specs)
    types: tuple[str, ...] = TYPES
    targets: tuple[str, ...] = ()
    if any(spec.base is not None for spec in wanted):
        from gt.store.targets import targets as known_targets

        targets = known_targets(gt.repo)
    named = {spec.agent for spec in wanted if spec.agent is not None}
    if named or any(spec.type not in TYPES for spec in wanted):
        from gt.store.targets import town_of

        try:
            town = town_of(gt.repo)
        except NotFound:
            return Rules(types, targets)
        types = (*TYPES, *town.types)
        for agent in sorted(named - town.agents.keys()):
            known = ", ".join(sorted(town.agents)) or "none"
            gt.warn(f"the town has no agent called {agent} (known: {known})")
    return Rules(types, targets)
