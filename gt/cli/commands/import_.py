"""`gt import`."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.cli.text import one_line
from gt.core.bead import TYPES
from gt.errors import NotFound, Refused

if TYPE_CHECKING:
    from gt.core.arrival import Arrival

app = new_app()


@app.command("import", exit_zero=True)
def bring_in(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="What to read; `-` is stdin.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be imported, and write nothing.")
    ] = False,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="gt, github, bd or markdown; default: what the file looks like.",
        ),
    ] = None,
    source: Annotated[
        str,
        typer.Option(
            "--source", metavar="NAME", help="Which tracker or list it is, where two have the same ids."
        ),
    ] = "",
) -> int:
    """Bring in Beads from a file, all in one commit: an export of gt or bd, issues of GitHub, a task list.

    The issues are what `gh issue list --json number,title,body,labels,state,url,comments` prints; of a
    Markdown file each `- [ ] task` is taken, those inside it as its children.

    What is in the ledger is never overwritten, and importing again changes nothing. Whatever isn't
    as it was there, or couldn't be taken, is told on stderr with its line, and the exit code is 3.

    Example:
      gt import beads.jsonl
      gt import .beads/issues.jsonl --dry-run
      gt import - --format bd --source old-tracker --json
      gt import issues.json --dry-run
      gt import TODO.md
    """
    from gt.interop.cargo import Asked
    from gt.interop.formats import FORMATS, format_of
    from gt.verbs.bring import bring, foresee

    gt = Context.of(ctx)
    if form is not None and form not in FORMATS:
        raise typer.BadParameter(f"--format is one of {', '.join(FORMATS)}, not {form!r}")
    name = "stdin" if file == "-" else file
    with _opened(gt, file) as stream:
        found = form or format_of(stream, name)
        cargo = FORMATS[found].read(stream, Asked(name, source, _types(gt), gt.actor, gt.now))
    if dry_run:
        arrival = foresee(gt.ledger, cargo.arrive)
    else:
        arrival = bring(gt.ledger, cargo.arrive, one_line(name), actor=gt.actor, now=gt.now)
    if gt.json:
        from gt.cli.jsonout import single

        gt.emit(single("ImportReport", {"format": found, "file": name, "dryRun": dry_run, **_data(arrival)}))
    else:
        _tell(gt, arrival, name, dry_run=dry_run)
    return Code.CONFLICT if arrival.remarks else Code.OK


def _types(gt: Context) -> tuple[str, ...]:
    """The types that the town knows."""
    from gt.store.targets import town_of

    try:
        return (*TYPES, *town_of(gt.repo).types)
    except NotFound:
        return TYPES


@contextmanager
def _opened(gt: Context, file: str) -> Iterator[IO[bytes]]:
    """The file as a stream that can be wound back."""
    if file == "-":
        with tempfile.TemporaryFile() as spooled:
            incoming: Any = getattr(gt.stdin, "buffer", None)
            if incoming is None:
                spooled.write(gt.stdin.read().encode("utf-8", "surrogatepass"))
            else:
                shutil.copyfileobj(incoming, spooled)
            spooled.seek(0)
            yield spooled
        return
    try:
        stream = open(gt.cwd / file, "rb")  # noqa: SIM115  (opening fails for other reasons than reading)
    except OSError as error:
        raise Refused(f"{file}: {error.strerror}") from None
    with stream:
        if not stream.seekable():
            raise Refused(f"{file} can't be read twice", hint="gt import -")
        yield stream


def _data(arrival: Arrival) -> dict[str, Any]:
    return {
        "read": arrival.read,
        "imported": len(arrival.beads),
        "here": arrival.here,
        "pages": len(arrival.pages),
        "state": arrival.state is not None,
        "remarks": [
            {"line": r.line, "id": r.id, "what": r.what.value, "field": r.field, "why": r.why}
            for r in arrival.remarks
        ],
        "names": dict(arrival.names),
        "kept": dict(arrival.kept),
    }


def _tell(gt: Context, arrival: Arrival, name: str, *, dry_run: bool) -> None:
    """The report for people: a line for each remark, then what they come to."""
    for remark in arrival.remarks:
        parts = (f"{name}:{remark.line}", remark.id, f"{remark.what} {remark.field}".strip(), remark.why)
        gt.say(one_line(": ".join(part for part in parts if part)))
    if arrival.kept:
        keys = ", ".join(f"{key} ({count})" for key, count in arrival.kept.items())
        gt.say(one_line(f"kept with the Beads, without effect here: {keys}"))
    counts = Counter(remark.what.value for remark in arrival.remarks)
    if counts:
        gt.say(f"{name}: " + ", ".join(f"{count} {what}" for what, count in sorted(counts.items())))
    more = f", {len(arrival.pages)} pages" if arrival.pages else ""
    would = "would be " if dry_run else ""
    gt.out(f"{_beads(len(arrival.beads))}{more} {would}imported, {arrival.here} here already")


def _beads(count: int) -> str:
    return f"{count} Bead" if count == 1 else f"{count} Beads"
