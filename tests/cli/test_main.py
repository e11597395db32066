from __future__ import annotations

import io
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from gt.cli import app as grammar
from gt.cli import table
from gt.cli.app import App, new_app
from gt.cli.context import Context, Inside
from gt.cli.main import main, run
from gt.errors import Busy, Conflict, GtError, NotFound, Refused
from tests.cli.conftest import Gt


class Trial:
    """A module with a command that does what a test wants; stands in the table as `trial`."""

    def __init__(self) -> None:
        self.deed: Callable[[], int] = lambda: 0
        self.app = new_app()
        self.app.command("trial", exit_zero=True)(self._trial)

    def raises(self, error: BaseException) -> None:
        def deed() -> int:
            raise error

        self.deed = deed

    def _trial(self, ctx: typer.Context) -> int:
        """Try something."""
        code = self.deed()
        Context.of(ctx).out("tried")
        return code


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> Trial:
    module = Trial()
    row = table.Row("trial", table.PLUMBING, "Try something")
    monkeypatch.setattr(grammar, "ROWS", (*table.ROWS, row))
    monkeypatch.setitem(table.BY_NAME, "trial", row)
    monkeypatch.setitem(sys.modules, row.module, module)
    return module


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (Refused("no", hint="gt show gt-1"), 1, "error: no\nhint: gt show gt-1\n"),
        (NotFound("Bead", "x\x1b"), 1, "error: no such Bead: x\\x1b\n"),
        (Conflict("two\nlines"), 3, "error: two\nerror: lines\n"),
        (Busy("later"), 75, "error: later\n"),
        (PermissionError(13, "", "/x"), 1, "error: /x: Permission denied\n"),
        (OSError(28, ""), 75, "error: the disk is full (No space left on device)\nhint: df -h .\n"),
        (
            OSError(28, "", "/x y/z"),
            75,
            "error: /x y/z: the disk is full (No space left on device)\nhint: df -h /\n",
        ),
        (OSError(11, ""), 75, "error: Resource temporarily unavailable\n"),
        (KeyboardInterrupt(), 130, ""),
        (typer.Abort(), 130, ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_become_sentences_and_codes(
    gt: Gt, trial: Trial, error: BaseException, code: int, said: str
) -> None:
    trial.raises(error)
    answer = gt("trial")
    assert (answer.code, answer.out, answer.err) == (code, "", said)


def test_a_full_disk_is_the_one_that_gt_was_at(gt: Gt, trial: Trial, tmp_path: Path) -> None:
    place = tmp_path / "a b"
    place.mkdir()
    trial.raises(OSError(28, "", str(place / "new" / "file")))
    assert gt("trial", "--json").error["hint"] == f"df -h '{place}'"
    trial.raises(OSError(28, ""))
    assert gt("-C", str(place), "trial", "--json").error["hint"] == f"df -h '{place}'"


@pytest.mark.parametrize(
    ("soft", "hard", "hint"),
    [
        (1024, 1 << 20, "ulimit -n 4096"),
        (4096, 1 << 20, "ulimit -n 16384"),
        (1024, 2048, "ulimit -n 2048"),
        (256, resource.RLIM_INFINITY, "ulimit -n 4096"),
        (1024, 1024, None),
    ],
)
def test_as_many_files_as_may_be_opened(
    gt: Gt, trial: Trial, monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, hint: str | None
) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (soft, hard))
    trial.raises(OSError(24, ""))
    error = gt("trial", "--json").error
    assert (error["message"], error["hint"]) == ("gt may not open more files (Too many open files)", hint)


def test_errors_as_json(gt: Gt, trial: Trial) -> None:
    trial.raises(NotFound("Bead", "gt-1", hint="gt list --all"))
    answer = gt("trial", "--json")
    assert answer.error == {"kind": "not-found", "message": "no such Bead: gt-1", "hint": "gt list --all"}


def test_hints_are_spelt_as_gt_was_called(gt: Gt, trial: Trial) -> None:
    trial.raises(Refused("no", hint="gt show gt-1"))
    assert gt("trial", program="git gt").err == "error: no\nhint: git gt show gt-1\n"


@pytest.mark.parametrize(
    ("code", "calm"), [(0, 0), (1, 1), (3, 0), (10, 0), (11, 0), (12, 0), (20, 0), (4, 4)]
)
def test_exit_zero_calms_what_the_town_says_only(gt: Gt, trial: Trial, code: int, calm: int) -> None:
    trial.deed = lambda: code
    assert gt("trial").code == code
    assert gt("trial", "--exit-zero").code == calm


@pytest.mark.parametrize(("error", "calm"), [(Busy("later"), 0), (Conflict("red"), 0), (Refused("no"), 1)])
def test_exit_zero_calms_errors_too(gt: Gt, trial: Trial, error: GtError, calm: int) -> None:
    trial.raises(error)
    assert gt("trial", "--exit-zero").code == calm


def test_a_bug_leaves_a_report(gt: Gt, trial: Trial, tmp_path: Path) -> None:
    trial.raises(ZeroDivisionError("oops"))
    answer = gt("trial", environ={"XDG_STATE_HOME": str(tmp_path), "SECRET": "hunter2"})
    path = next((tmp_path / "gt").iterdir())
    assert answer.code == 4
    assert answer.err == f"error: a bug in gt: ZeroDivisionError: oops\nerror: a report is in {path}\n"
    report = path.read_text()
    assert "argv      ['gt', 'trial']" in report
    assert "git version" in report
    assert "in _trial" in report
    assert "hunter2" not in report


def test_a_bug_is_told_even_when_its_report_cannot_be_kept(
    gt: Gt, trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial.raises(ZeroDivisionError("oops"))
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    answer = gt("trial", environ={"XDG_STATE_HOME": str(tmp_path / "file")})
    assert answer.code == 4
    assert "in _trial" in answer.err


@pytest.mark.parametrize(
    ("argv", "message", "hint"),
    [
        (("reconcil",), "no such command 'reconcil'. Did you mean 'reconcile'?", "gt --help"),
        (("version", "--jason"), "no such option: --jason (Possible options: --json)", "gt version --help"),
        (("version", "x"), "got unexpected extra argument(s) (x)", "gt version --help"),
        (("-C", "nowhere", "version"), "invalid value for -C: no such directory: {cwd}/nowhere", "gt --help"),
    ],
)
def test_usage_errors(gt: Gt, tmp_path: Path, argv: tuple[str, ...], message: str, hint: str) -> None:
    answer = gt(*argv)
    assert answer.code == 2
    assert answer.err == f"error: {message.format(cwd=tmp_path)}\nhint: {hint}\n"
    assert gt("version", "--json", "x").error["kind"] == "usage"


def test_without_a_command_help_goes_to_stderr(gt: Gt) -> None:
    answer = gt()
    assert (answer.code, answer.out) == (2, "")
    assert "Usage: gt [OPTIONS] COMMAND" in answer.err


def test_an_attempt_is_barred_from_what_is_not_for_agents(gt: Gt, trial: Trial, tmp_path: Path) -> None:
    with io.StringIO() as out, io.StringIO() as err:
        context = Context(argv=("trial",), cwd=tmp_path, stdout=out, stderr=err)
        context.__dict__["attempt"] = Inside("gt-00000001", "1-aaaa", "claude")
        assert run(context) == 1
        assert err.getvalue() == (
            "error: `gt trial` is not for an attempt, and this is claude/gt-00000001/1-aaaa\nhint: gt help agents\n"
        )
        assert run(Context(argv=("version",), cwd=tmp_path, stdout=out, stderr=err)) == 0


def test_a_group_opens_some_of_its_commands_to_agents() -> None:
    row = table.Row("dep", table.CHARGE, "", agents=("tree",))
    assert row.open_to_agents("tree")
    assert not row.open_to_agents("add")
    assert not row.open_to_agents(None)


def test_nobody_reads_any_more(trial: Trial, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as gone:
        err = io.StringIO()
        assert run(Context(argv=("trial",), cwd=tmp_path, stdout=gone, stderr=err)) == 141
        assert err.getvalue() == ""


def test_a_termination_is_an_interruption(
    trial: Trial, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def deed() -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        return 0

    trial.deed = deed
    monkeypatch.setattr("sys.argv", ["/usr/bin/git-gt", "trial"])
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        assert main() == 130
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert capsys.readouterr() == ("", "")


def test_a_group_of_commands(monkeypatch: pytest.MonkeyPatch, gt: Gt) -> None:
    class Module:
        app: App = new_app("Pair things")

    @Module.app.command("add")
    def _add(ctx: typer.Context, one: str) -> int:
        """Add one.

        Example:
          gt pair add x
        """
        Context.of(ctx).emit(one)
        return 10

    row = table.Row("pair", table.PLUMBING, "Pair things", agents=("add",))
    monkeypatch.setattr(grammar, "ROWS", (row,))
    monkeypatch.setitem(table.BY_NAME, "pair", row)
    monkeypatch.setitem(sys.modules, row.module, Module)
    assert gt("pair", "add", "x", "--json").data == "x"
    assert gt("pair", "add", "x").code == 10
    assert gt("pair", "ad", "x").err.startswith("error: no such command 'ad'. Did you mean 'add'?")
    assert "    git gt pair add x" in gt("pair", "add", "-h", program="git gt").out
    assert "add  Add one" in gt("pair", "--help").out
    assert gt("pair").code == 2


def test_a_process_that_can_not_be_started_in_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr("sys.argv", ["gt", "version", "--json"])
    monkeypatch.setenv("GT_NOW", "yesterday")
    assert main() == 1
    assert '"hint": "unset GT_NOW"' in capsys.readouterr().err
    monkeypatch.delenv("GT_NOW")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    monkeypatch.setattr("sys.argv", ["gt", "version"])
    (tmp_path / "gone").rmdir()
    assert main() == 1
    assert capsys.readouterr().err.startswith("error: the working directory can't be read")


def test_the_hint_of_a_usage_error_names_the_command_and_works_under_git(gt: Gt) -> None:
    assert gt("list", "--limit").err.endswith("hint: gt list --help\n")
    assert gt("list", "--limit", "x").err.startswith(
        "error: invalid value for '--limit' / '-n': 'x' is not a whole number\n"
    )
    assert gt("versio", program="git gt").err.endswith("hint: git gt -h\n")
