"""`gt githooks`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.cli.jsonout import single

if TYPE_CHECKING:
    from gt.interop.githooks import Deed, Found

app = new_app("Have git hooks of this clone tell gt what happened, or take them out again")

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]


@app.command()
def install(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="HOOK...", help="Which git hooks; default: all of gt's.")
    ] = None,
    server: Annotated[
        bool,
        typer.Option(
            "--server", help="Those of a repository that others push to: pre-receive, post-receive."
        ),
    ] = False,
    yes: Yes = False,
) -> int:
    """Put gt's git hooks into this clone, after asking; those that are there go on being called.

    prepare-commit-msg names Bead and token in what is committed in an attempt's worktree. pre-push keeps an
    attempt from pushing a target or the ledger. post-commit, post-merge and post-rewrite touch
    .git/gt/doorbell, which a supervisor may watch. gt needs none of them.

    With --server, in the repository that others push to: pre-receive lets in only what `gt admit` does, and
    post-receive calls `gt receive`. They run gt: by the command in git's gt.command, else gt.

    They lie in .git/hooks. Where core.hooksPath has git look elsewhere, that place stays as it is: have
    yours there call them, as `gt githooks status` says.

    Example:
      gt githooks install
      gt githooks install pre-push --yes
      gt githooks install --server
    """
    from gt.interop import githooks

    gt = Context.of(ctx)
    known = githooks.SERVER if server else githooks.NAMES
    wanted = tuple(dict.fromkeys(names or known))
    if unknown := [name for name in wanted if name not in known]:
        raise typer.BadParameter(f"gt has no git hook {unknown[0]}; it has {', '.join(known)}")
    if server:
        _check_server(gt)
    found = githooks.look(gt.repo, server=server)
    if not yes and any(hook.state is not githooks.State.OURS for hook in found.hooks if hook.name in wanted):
        for hook in found.hooks:
            if hook.name in wanted and hook.state is githooks.State.THEIRS:
                gt.say(f"{hook.name} is there already: it would be {hook.beside.name}, and called by gt's")
        gt.confirm(f"put {', '.join(wanted)} into {found.hooks[0].path.parent}?", yes=False)
    deeds = githooks.install(gt.repo, wanted)
    _tell(gt, deeds)
    if found.elsewhere:
        gt.warn(
            f"git looks for git hooks in {found.elsewhere} (core.hooksPath): these run only if yours call them"
        )
        gt.hint("gt githooks status")
    return Code.OK


def _check_server(gt: Context) -> None:
    """Tell what the server's git hooks would miss. Raises Refused where nobody could sign what they have landed."""
    import shutil

    from gt.git.repo import config_values

    gt.actor  # noqa: B018  (raises)
    command = config_values(gt.repo, "gt.command")
    if not command and shutil.which("gt", path=gt.environ.get("PATH", os.defpath)) is None:
        gt.warn("gt isn't on the PATH: until it is, or gt.command is set, pushes are refused")
        gt.hint("git config gt.command /path/to/gt")


@app.command()
def status(ctx: typer.Context) -> int:
    """Show how it is with each of gt's git hooks in this clone.

    Example:
      gt githooks status
      gt githooks status --json
    """
    from gt.interop import githooks

    gt = Context.of(ctx)
    found = githooks.look(gt.repo)
    if gt.json:
        gt.emit(single("GitHooks", _data(found)))
        return Code.OK
    rows = [(hook.name, hook.state, hook.beside.name if hook.kept else "") for hook in found.hooks]
    gt.table(rows, header=("GIT HOOK", "STATE", "THEN CALLS"))
    if found.elsewhere:
        gt.say(f"git looks for git hooks in {found.elsewhere} (core.hooksPath), where gt changes nothing")
        gt.say("to have one of these run, add to yours of the same name:")
        gt.say(f"  {found.call('pre-push')}")
    return Code.OK


@app.command()
def uninstall(ctx: typer.Context, yes: Yes = False) -> int:
    """Take gt's git hooks out of this clone, after asking; all is as it was before, byte for byte.

    What somebody else has put in their place since, or changed in them, is left and named: then the exit
    code is 3.

    Example:
      gt githooks uninstall
      gt githooks uninstall --yes
    """
    from gt.interop import githooks

    gt = Context.of(ctx)
    found = githooks.look(gt.repo)
    if not yes and any(
        hook.state not in {githooks.State.ABSENT, githooks.State.THEIRS} for hook in found.hooks
    ):
        gt.confirm(f"take gt's git hooks out of {found.hooks[0].path.parent}?", yes=False)
    deeds = githooks.uninstall(gt.repo)
    _tell(gt, deeds)
    named = {deed.name for deed in deeds if deed.what == "left"}
    left = [hook for hook in githooks.look(gt.repo).hooks if hook.name in named]
    for hook in left:
        kept = f"; what was there before gt's is {hook.beside}" if hook.kept else ""
        gt.warn(f"{hook.path} isn't as gt wrote it, and stays{kept}")
    return Code.CONFLICT if left else Code.OK


def _tell(gt: Context, deeds: tuple[Deed, ...]) -> None:
    if gt.json:
        gt.emit(
            single("GitHooksChanged", {"items": [{"name": deed.name, "deed": deed.what} for deed in deeds]})
        )
        return
    gt.table([(deed.name, deed.what) for deed in deeds])
    if not deeds:
        gt.say("there are none of gt's")


def _data(found: Found) -> dict[str, Any]:
    return {
        "elsewhere": str(found.elsewhere) if found.elsewhere else None,
        "items": [
            {
                "name": hook.name,
                "path": str(hook.path),
                "state": hook.state,
                "calls": str(hook.beside) if hook.kept else None,
            }
            for hook in found.hooks
        ],
    }
