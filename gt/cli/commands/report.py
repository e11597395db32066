"""`gt report`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.beads import complain
from gt.cli.context import Context
from gt.cli.jsonout import single
from gt.cli.options import duration
from gt.errors import Refused

app = new_app()

MONTH = 30 * 86400
NAME = "report.html"


@app.command()
def report(
    ctx: typer.Context,
    out: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR|FILE",
            help=f"Where to: a file, or {NAME} in a directory; `-` is stdout. Default: in gt's own directory.",
        ),
    ] = None,
    length: Annotated[
        int | None, duration("--for", help="Look back so far at what has ended; default: 30d.")
    ] = None,
) -> int:
    """Write one page about the town, to look at in a browser, and print where it is.

    It tells whether the town is at rest and why not, what waits for what, who held what and when, the
    queue, what landed and what proves it, failures, costs, pages. The page is one file that asks no
    network: it can be kept as an artefact of a CI job. What has not ended is on it however old it is.
    With --json the same is printed as data, and no file is written.

    Example:
      gt report
      gt report -o public/ --for 7d
    """
    from gt.cli.reporting import networks, report_data
    from gt.drive.chronicle import chronicle
    from gt.refinery.yard import Yard

    gt = Context.of(ctx)
    now = gt.now
    yard = Yard(gt.repo, "gt <gt>", lambda: now, gt.environ)
    found = chronicle(yard, gt.ledger, max(0, now - (MONTH if length is None else length)))
    live, every = networks(found)
    data = report_data(gt, found, every)
    if gt.json:
        gt.emit(single("Report", data))
    else:
        from gt.report.page import page

        text = page(data, live, every)
        if out == "-":
            gt.out(text.removesuffix("\n"))
        else:
            gt.out(_written(gt, out, text))
    with gt.ledger.read() as snapshot:
        return complain(gt, snapshot)


def _written(gt: Context, out: str | None, text: str) -> str:
    """Where the page is now, as the user named it, or as an absolute path."""
    from gt.cli.files import write_whole

    if out is None:
        named = str(gt.repo.gt_dir / NAME)
        gt.repo.gt_dir.mkdir(exist_ok=True)
    elif out.endswith(os.sep) or (gt.cwd / out).is_dir():
        named = os.path.join(out, NAME)
    else:
        named = out
    try:
        place = Path(os.path.realpath(gt.cwd / named))
        if out is not None and out.endswith(os.sep):
            place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, [text], gt.digits(8))
    except OSError as error:
        raise Refused(f"{named}: {error.strerror}") from None
    return named
