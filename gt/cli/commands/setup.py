"""`gt setup`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.cli.jsonout import single
from gt.cli.text import Styled
from gt.errors import Refused

if TYPE_CHECKING:
    from gt.interop.setup.files import Change, Planned

app = new_app()


@app.command()
def setup(
    ctx: typer.Context,
    tool: Annotated[
        str, typer.Argument(metavar="TOOL", help="claude, codex, gemini, copilot, cursor or vscode.")
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Show what would change, and change nothing.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take out again what was put in for this tool.")
    ] = False,
) -> int:
    """Tell a coding agent or an editor, in files of the project, how to use gt.

    It gets a section in the file that the tool reads (CLAUDE.md, AGENTS.md, GEMINI.md) and a skill, or a
    rule; the entry by which it starts `gt mcp`; vscode gets tasks. What is there already stays as it is,
    byte for byte, and so it is again after --remove. What changes is shown as a diff; calling it again
    changes nothing. What gt wrote and somebody has changed is never touched.

    The files lie in the work tree, for you to commit or not. --check answers 3 where something would
    change, --remove where something stays that isn't as gt wrote it.

    Example:
      gt setup claude
      gt setup vscode --check
      gt setup codex --remove
    """
    from gt.interop.setup import files
    from gt.interop.setup.kinds import KINDS

    gt = Context.of(ctx)
    if tool not in KINDS:
        raise typer.BadParameter(f"{tool!r} is none of {', '.join(KINDS)}", param_hint="TOOL")
    if check and remove:
        raise typer.BadParameter("--check and --remove exclude one another")
    root = gt.repo.work_tree
    if root is None:
        raise Refused("a bare repository has no work tree to write to", hint="git worktree list")
    if not remove:
        from gt.store.targets import targets

        targets(gt.repo)  # says what to do where no town is
    planned = files.taking(root, tool) if remove else files.putting(root, tool)
    if not check:
        files.apply(root, planned)
    _tell(gt, tool, planned, done=not check)
    if not remove:
        _remind(gt)
    return Code.CONFLICT if planned.left or (check and planned.changes) else Code.OK


def _tell(gt: Context, tool: str, planned: Planned, *, done: bool) -> None:
    if gt.json:
        items = [{"path": each.path, "change": _word(each)} for each in planned.changes]
        fields = {"tool": tool, "done": done, "items": items, "left": list(planned.left)}
        gt.emit(single("SetupChanges", fields))
    else:
        for change in planned.changes:
            for line in change.diff():
                style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
                gt.out(Styled(line, style) if style else line)
        count = len(planned.changes) or "nothing"
        gt.say(f"{tool}: {count} changed" if done else f"{tool}: {count} would change")
    for path in planned.left:
        gt.warn(f"{path}: what gt wrote there was changed, and stays")


def _word(change: Change) -> str:
    if change.new is None:
        return "removed"
    return "added" if change.old is None else "changed"


def _remind(gt: Context) -> None:
    """Says so where what was written can't work yet."""
    from gt.interop import toolserver

    if not toolserver.installed():
        gt.warn("the tools of `gt mcp` need an extra that isn't installed; without it the commands serve")
        gt.hint(toolserver.hint())
