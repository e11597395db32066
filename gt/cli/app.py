"""The grammar: commands found in the table and imported when asked for, their help, their shared options.

`typer.core` is the one place of typer below its public face that gt builds
on; pyproject.toml pins the versions in which it looks like this.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from gt import __version__
from gt.cli.context import Context
from gt.cli.table import BY_NAME, GROUPS, ROWS
from gt.errors import Refused

Function = TypeVar("Function", bound=Callable[..., int])

_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


_MORE = """\
Begin with:

  gt init --commit
  gt create "What is to be done"
  gt run

More:

  gt help COMMAND
  gt help agents
  gt help environment
  gt help output
  gt exit-codes
"""


def _write_help(help_text: str, program: str, formatter: Any) -> None:
    """Prose is wrapped; indented lines (examples) stay as they are, but for the name of the program."""
    formatter.write("\n")
    for number, paragraph in enumerate(help_text.split("\n\n")):
        if number:
            formatter.write("\n")
        prose: list[str] = []
        for line in [*paragraph.splitlines(), ""]:
            if line and not line.startswith(" "):
                prose.append(line)
                continue
            if prose:
                formatter.write_text(" ".join(prose))
                prose = []
            if line:
                body = line.strip()
                formatter.write(f"    {program + body[2:] if body.startswith('gt ') else body}\n")


class TownCommand(TyperCommand):
    """A command whose help keeps its examples, and which an attempt may be barred from."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        _write_help(self.help or "", Context.of(ctx).program, formatter)

    def invoke(self, ctx: Any) -> Any:
        path = _path(ctx)
        context = Context.of(ctx)
        row, below = BY_NAME[path[0]], path[1] if path[1:] else None
        if not row.open_to_agents(below) and context.attempt:
            raise Refused(
                f"`{' '.join(['gt', *path])}` is not for an attempt, and this is {context.attempt.actor}",
                hint="gt help agents",
            )
        if not row.open_to_gates(below) and context.gated:
            raise Refused(
                f"`{' '.join(['gt', *path])}` is not for what a gate runs: that is yet to be judged",
                hint="gt queue",
            )
        run = partial(super().invoke, ctx)
        if row.paged and context.may_page and not ctx.params.get("follow"):
            from gt.cli.pager import paged

            return paged(context, run)
        if row.slow and context.may_tick and not ctx.params.get("detach"):
            return _ticking(context, " ".join([context.program, *path]), run)
        return run()


def _ticking(context: Context, name: str, run: Callable[[], Any]) -> Any:
    from gt.cli.ticker import Ticker

    context.ticker = Ticker(context.stderr, name)
    context.ticker.start()
    try:
        return run()
    finally:
        context.ticker.end()
        context.ticker = None


class TownGroup(TyperGroup):
    """A command with commands of its own: `gt dep add`."""

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        _write_help(self.help or "", Context.of(ctx).program, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  # typer's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary(command)) for name, command in self.commands.items()])


class Root(TyperGroup):
    """`gt` itself: its commands are the rows of the table."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        self.commands = _Commands((row.name, row.module) for row in ROWS)

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        _write_help(self.help or "", Context.of(ctx).program, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        for group in GROUPS:
            rows = [(row.name, row.summary) for row in ROWS if row.group == group]
            if rows:
                with formatter.section(group):
                    formatter.write_dl(rows)
        _write_help(_MORE, Context.of(ctx).program, formatter)


class _Commands(dict[str, Any]):
    """Command name to module; the module is imported when the command is asked for."""

    def get(self, name: str, default: Any = None) -> Any:
        if name not in self:
            return default
        app: App = importlib.import_module(self[name]).app
        return app.build(name)


class App:
    """What a command module declares: one function, or several when the command has a `summary` of its own."""

    def __init__(self, summary: str | None = None) -> None:
        self._typer = typer.Typer(
            cls=TownGroup,
            help=summary,
            add_completion=False,
            pretty_exceptions_enable=False,
            rich_markup_mode=None,
            no_args_is_help=True,
            context_settings=_SETTINGS,
        )
        self._extra: dict[str, list[TyperOption]] = {}
        if summary is not None:
            self._typer.callback()(_nothing)

    def command(
        self, name: str | None = None, *, json: bool = True, exit_zero: bool = False
    ) -> Callable[[Function], Function]:
        """Declares a command: a typed function that returns an exit code and whose docstring is the help.

        `json` and `exit_zero` add the option of that name; the command finds
        `--json` in its Context, and `--exit-zero` needs nothing of it.
        """

        def declare(function: Function) -> Function:
            called = name or function.__name__.strip("_").replace("_", "-")
            options = [_json_option()] if json else []
            self._extra[called] = options + ([_exit_zero_option()] if exit_zero else [])
            return self._typer.command(called, cls=TownCommand, context_settings=_SETTINGS)(function)

        return declare

    def build(self, name: str) -> TyperCommand | TyperGroup:
        """The command as typer runs it."""
        built = get_command(self._typer)
        assert isinstance(built, TyperCommand | TyperGroup)
        leaves = dict(built.commands) if isinstance(built, TyperGroup) else {next(iter(self._extra)): built}
        for leaf, command in leaves.items():
            command.params.extend(self._extra[leaf])
        built.name = name
        return built


def new_app(summary: str | None = None) -> App:
    """The `app` of a command module. With a summary it is a group: `gt dep add`, `gt dep rm`."""
    return App(summary)


def root() -> Root:
    """The whole command line; imports no command."""
    app = typer.Typer(
        cls=Root,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings=_SETTINGS,
        invoke_without_command=True,
    )
    app.callback()(_town)
    built = get_command(app)
    assert isinstance(built, Root)
    return built


def summary(command: Any) -> str:
    """The first line of a command's help, without a full stop."""
    return str((command.help or "").strip().partition("\n")[0].rstrip("."))


def _version(ctx: typer.Context, value: bool) -> None:
    if value:
        Context.of(ctx).out(f"gt {__version__}")
        raise typer.Exit


def _town(
    ctx: typer.Context,
    directory: Annotated[
        list[Path] | None,
        typer.Option("-C", metavar="DIR", help="Run as if started in DIR; may be repeated."),
    ] = None,
    no_pager: Annotated[
        bool, typer.Option("--no-pager", help="Print on the terminal what else would be shown by a pager.")
    ] = False,
    version: Annotated[  # noqa: ARG001  # its callback has done it all
        bool, typer.Option("--version", help="Print the version of gt.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Type tasks, let agents carry them out, get merged code that was proven green."""
    context = Context.of(ctx)
    for step in directory or ():
        context.cwd /= step
    if not context.cwd.is_dir():
        raise typer.BadParameter(f"no such directory: {context.cwd}", param_hint="-C")
    context.moved = tuple(map(str, directory or ()))
    context.pager = not no_pager
    if ctx.invoked_subcommand is None:
        from gt.cli.exits import Code
        from gt.cli.home import home

        if home(context):
            raise typer.Exit(Code.OK)
        context.say(ctx.get_help())
        raise typer.Exit(Code.USAGE)


def _nothing() -> None:
    return None


def _path(ctx: Any) -> list[str]:
    """The names that led here, without the program's: `["dep", "add"]`."""
    names: list[str] = []
    while ctx.parent is not None:
        names.insert(0, ctx.info_name)
        ctx = ctx.parent
    return names


def _json_option() -> TyperOption:
    return _flag("json", "Print JSON; errors are JSON too, on stderr.")


def _exit_zero_option() -> TyperOption:
    return _flag("exit-zero", "Exit with 0 instead of 3, 10, 11, 12, 20 or 75, for cron and the like.")


def _flag(name: str, help_text: str) -> TyperOption:
    """An option that leaves its mark on the Context, not in the command's parameters."""

    def mark(ctx: Any, _param: Any, value: bool) -> None:
        if value:
            setattr(Context.of(ctx), name.replace("-", "_"), value)

    return TyperOption(
        param_decls=[f"--{name}"],
        is_flag=True,
        default=False,
        show_default=False,
        expose_value=False,
        is_eager=True,
        callback=mark,
        help=help_text,
    )
