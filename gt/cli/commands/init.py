"""`gt init`."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.jsonout import single
from gt.core.town import TOWN_FILE
from gt.verbs.init import Begun

app = new_app()


@app.command()
def init(
    ctx: typer.Context,
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="BRANCH", help="Where work lands; default: the branch checked out."),
    ] = None,
    prefix: Annotated[
        str | None,
        typer.Option("--prefix", metavar="LETTERS", help="How ids begin; default: gt.", show_default=False),
    ] = None,
    commit: Annotated[
        bool, typer.Option("--commit", help=f"Commit {TOWN_FILE}, and nothing else, to the target.")
    ] = False,
    offline: Annotated[
        bool,
        typer.Option("--offline", help="Don't ask the remotes for a ledger; go by what was fetched before."),
    ] = False,
) -> int:
    """Make this repository a town, or complete what an earlier init began.

    Makes the branch `beads`, which holds the tasks, or takes over that of a remote, which is asked
    for it; sets the target in git's local config; writes .gt/town.yaml with the agents and the test
    command it finds.

    Example:
      gt init
      gt init --target main --commit
    """
    from gt.core.ids import is_prefix
    from gt.verbs.init import init as verb

    gt = Context.of(ctx)
    if prefix is not None and not is_prefix(prefix):
        raise typer.BadParameter("--prefix takes a lower-case letter and at most 15 letters and digits")
    begun = verb(
        gt.repo,
        target=target,
        prefix=prefix,
        commit=commit,
        path=gt.environ.get("PATH", ""),
        lineage=gt.uid(),
        actor=gt.actor,
        now=gt.now,
        offline=offline,
    )
    if gt.json:
        gt.emit(single("Init", _data(begun)))
    else:
        _tell(gt, begun)
    return 0


def _data(begun: Begun) -> dict[str, object]:
    return {
        "targets": list(begun.targets),
        "ledger": begun.ledger.how,
        "prefix": begun.ledger.prefix,
        "remote": begun.ledger.remote or None,
        "townFile": str(begun.town_file) if begun.town_file else None,
        "wrote": begun.wrote,
        "committed": begun.committed,
        "gate": begun.gate,
        "agents": [{"name": name, "command": line, "permissions": mode} for name, line, mode in begun.agents],
    }


def _tell(gt: Context, begun: Begun) -> None:
    how = {
        "created": "made the branch beads: tasks are kept there",
        "adopted": f"made the branch beads from {begun.ledger.remote}",
        "found": "the branch beads is there already",
    }
    gt.out(how[begun.ledger.how])
    gt.out(f"work lands on {', '.join(begun.targets)} (git config gt.target)")
    for name, line, mode in begun.agents:
        gt.out(f"agent {name} runs: {line}")
        gt.out(f"  what it may do unasked: {mode}")
    if not begun.agents:
        found = "no agent was found on PATH" if begun.wrote or not begun.town_file else "no agent is named"
        gt.out(f"{found}: name one in {TOWN_FILE} by its `command`")
    if begun.wrote:
        gt.out(f"wrote {TOWN_FILE}" + (f", with the gate: {begun.gate}" if begun.gate else ""))
        if not begun.gate:
            gt.out(f"  no gate was found: nothing lands until {TOWN_FILE} names one, or says `ungated: true`")
    if begun.committed:
        gt.out(f"the settings are on {begun.targets[0]}")
        gt.hint('gt create "What is to be done"')
    else:
        _next(gt, begun)


def _next(gt: Context, begun: Begun) -> None:
    """What to type so that the settings count."""
    target = shlex.quote(begun.targets[0])
    if begun.town_file is None:
        gt.out(f"this repository is bare: add {TOWN_FILE} to {target} from a clone or a worktree")
        return
    gt.out(f"settings count once they are on {target}. Look them over, then type:")
    if begun.ready:
        gt.out(f"  {begun.ready}")
    gt.out(f"  git add {TOWN_FILE}")
    gt.out(f"  git commit -m 'Add the settings of the town' -- {TOWN_FILE}")
