from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from gt.cli.context import Context, Inside, random_digits, random_uid
from gt.core.ids import ALPHABET
from gt.errors import NotFound, Refused


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def seen(context: Context) -> str:
    assert isinstance(context.stdout, io.StringIO)
    return context.stdout.getvalue()


@pytest.mark.parametrize(
    ("environ", "terminal", "coloured"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
    ],
)
def test_colours(environ: dict[str, str], terminal: bool, coloured: bool) -> None:
    assert Context(environ=environ, stdout=Terminal() if terminal else io.StringIO()).colour is coloured


def test_the_width_is_the_terminals() -> None:
    assert Context(environ={"COLUMNS": "33"}, stdout=io.StringIO()).columns is None
    assert Context(environ={"COLUMNS": "33"}, stdout=Terminal()).columns == 33
    assert Context(environ={}, stdout=Terminal()).columns == 80


def test_only_a_terminal_gets_the_header_and_fitted_columns() -> None:
    rows = [["gt-1", "a title that is far too long for it"]]
    pipe = Context(stdout=io.StringIO())
    pipe.table(rows, header=["ID", "TITLE"])
    assert seen(pipe) == "gt-1  a title that is far too long for it\n"
    terminal = Context(environ={"COLUMNS": "24", "NO_COLOR": "1"}, stdout=Terminal())
    terminal.table(rows, header=["ID", "TITLE"])
    assert seen(terminal) == "ID    TITLE\ngt-1  a title that is...\n"


def test_json_is_indented_for_a_terminal_only() -> None:
    pipe, terminal = Context(stdout=io.StringIO()), Context(stdout=Terminal())
    for context in (pipe, terminal):
        context.emit({"a": [1]})
    assert seen(pipe) == '{"a": [1]}\n'
    assert seen(terminal) == '{\n  "a": [\n    1\n  ]\n}\n'


@pytest.mark.parametrize(
    ("program", "command", "spelt"),
    [
        ("gt", "gt show x", "gt show x"),
        ("git gt", "gt show x", "git gt show x"),
        ("git gt", "gt", "git gt"),
        ("git gt", "git fetch", "git fetch"),
        ("git gt", "gtk", "gtk"),
    ],
)
def test_commands_are_spelt_as_gt_was_called(program: str, command: str, spelt: str) -> None:
    assert Context(program=program).spelt(command) == spelt


@pytest.mark.parametrize(
    ("command", "spelt"),
    [
        ("gt show x", "gt -C .. -C 'a b' show x"),
        ("gt", "gt -C .. -C 'a b'"),
        ("git fetch", "git -C .. -C 'a b' fetch"),
        ("git -C /x commit", "git -C /x commit"),
        ("gtk", "gtk"),
    ],
)
def test_commands_start_where_the_user_is(command: str, spelt: str) -> None:
    assert Context(moved=("..", "a b")).spelt(command) == spelt


def test_the_program_the_time_and_the_arguments_come_from_the_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["/usr/local/bin/git-gt", "ready", "-n", "1"])
    monkeypatch.setenv("GT_NOW", "2026-11-22T20:00:00Z")
    context = Context.from_process()
    assert (context.program, context.argv, context.cwd) == ("git gt", ("ready", "-n", "1"), tmp_path)
    assert context.now == 1795377600
    monkeypatch.setenv("GT_NOW", "17")
    assert Context.from_process().now == 17


def test_a_simulated_time_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GT_NOW", "soon")
    with pytest.raises(Refused, match="not a time"):
        Context.from_process()


def test_there_is_no_repository_everywhere(tmp_path: Path) -> None:
    context = Context(cwd=tmp_path)
    assert context.attempt is None
    with pytest.raises(NotFound, match="git repository"):
        _ = context.repo


def test_a_person_is_who_git_says(repo_path: Path) -> None:
    assert Context(cwd=repo_path).actor == "Alice <alice@example.com>"


def test_gt_actor_names_somebody_else(repo_path: Path) -> None:
    assert Context(cwd=repo_path, environ={"GT_ACTOR": " ci\n "}).actor == "ci"


def test_an_attempt_signs_as_one_whatever_it_calls_itself(repo_path: Path) -> None:
    context = Context(cwd=repo_path, environ={"GT_ACTOR": "root"})
    context.__dict__["attempt"] = Inside("gt-00000001", "1-aaaa", "claude")
    assert context.actor == "claude/gt-00000001/1-aaaa"


def test_nobody_is_refused_with_what_to_type(new_repo: Callable[[str], Path], sealed: Path) -> None:
    path = new_repo("nobody")
    (path / ".git" / "config").write_text("[core]\n\tbare = false\n")
    (sealed / ".gitconfig").write_text("[user]\n\tname = Alice\n")
    with pytest.raises(Refused) as caught:
        _ = Context(cwd=path).actor
    assert caught.value.hint == "git config --global user.email you@example.com"


@pytest.mark.parametrize(("answer", "agreed"), [("y\n", True), ("YES\n", True), ("n\n", False), ("", False)])
def test_confirming(answer: str, agreed: bool) -> None:
    context = Context(stdin=Terminal(answer), stderr=Terminal())
    if agreed:
        context.confirm("drop it?", yes=False)
    else:
        with pytest.raises(Refused, match="not confirmed"):
            context.confirm("drop it?", yes=False)


def test_nobody_to_ask() -> None:
    context = Context(stdin=io.StringIO("y\n"), stderr=Terminal())
    context.confirm("drop it?", yes=True)
    with pytest.raises(Refused, match=r"^no terminal can answer, so this needs --yes: drop it\?$"):
        context.confirm("drop it?", yes=False)


def test_text_may_come_from_stdin() -> None:
    context = Context(stdin=io.StringIO("a\nb\n"))
    assert [context.given(None), context.given("x"), context.given("-")] == [None, "x", "a\nb\n"]


def test_randomness() -> None:
    digits = random_digits(1000)
    assert set(digits) == set(ALPHABET)
    assert random_uid() != random_uid()
