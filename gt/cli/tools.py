"""The tools of `gt mcp`: each is a command of gt, its arguments are the command's, its answer is the command's JSON.

What a command refuses, to everybody or to an attempt, its tool refuses; there is no second way in.
"""

from __future__ import annotations

import gc
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from gt.cli.context import Context
from gt.cli.jsonout import dumps, failure
from gt.core.bead import TYPES, Phase
from gt.core.values import dataclass
from gt.errors import Refused
from gt.interop.toolserver import Answer, Tool

INSTRUCTIONS: Final = """\
gt keeps the tasks of this repository, called Beads. `ready` is what can be worked on, `why` says what a Bead waits for.
Inside an attempt (GT_BEAD is set) work in the worktree, and say what matters with note, ask, fail and propose: each
speaks of your own Bead and takes effect when you exit. For a person, `create` makes a Bead; agents carry it out later.
An error is JSON with a `hint`: the command that a person types next."""


@dataclass(frozen=True, slots=True)
class Param:
    """An argument of a tool, and how the command takes it."""

    name: str
    about: str
    option: str | None = None
    """None: an argument without a name."""
    type: str = "string"
    """By the words of JSON Schema: string, integer, or array, which is of strings."""
    required: bool = False
    choices: tuple[str, ...] = ()
    stdin: bool = False
    """Whether it is a text of any length that goes in by stdin, the command being given `-`."""
    default: int | None = None

    @property
    def schema(self) -> dict[str, Any]:
        found: dict[str, Any] = {"type": self.type, "description": self.about}
        if self.type == "array":
            found["items"] = {"type": "string"}
        if self.choices:
            found["enum"] = list(self.choices)
        if self.default is not None:
            found["default"] = self.default
        return found


@dataclass(frozen=True, slots=True)
class Verb:
    """A command as a tool."""

    name: str
    about: str
    params: tuple[Param, ...] = ()
    reads: bool = False

    @property
    def tool(self) -> Tool:
        """As a client is told of it."""
        schema = {
            "type": "object",
            "properties": {param.name: param.schema for param in self.params},
            "required": [param.name for param in self.params if param.required],
            "additionalProperties": False,
        }
        return Tool(self.name, self.about, schema, self.reads)


_BEAD = Param("bead", "Its id, or the start of it. Left out: the Bead of the worktree.")
_LABELS = Param("labels", "With any of these labels.", "--label", "array")
_LIMIT = Param("limit", "At most so many.", "--limit", "integer", default=20)
_WANTED = (
    Param("title", "What is to be done, in one line.", required=True),
    Param("body", "What is wanted, in full: whoever does it sees nothing else.", "--body-file", stdin=True),
    Param("acceptance", "How one can tell that it is done.", "--acceptance"),
    Param("type", f"{', '.join(TYPES)}, or a type of the town's own.", "--type"),
    Param("priority", "0 is the highest, 4 the lowest; 2 if left out.", "--priority", "integer"),
    Param("labels", "Its labels.", "--label", "array"),
    Param("needs", "Ids of Beads that must be done before.", "--needs", "array"),
    Param("parent", "The id of the Bead that it belongs to.", "--parent"),
)

VERBS: Final = (
    Verb("ready", "List the Beads that can be worked on now, most urgent first.", (_LIMIT, _LABELS), True),
    Verb(
        "list",
        "List Beads that have not ended, or those of a phase, most urgent first.",
        (
            _LIMIT,
            Param("phase", "In this phase.", "--phase", choices=tuple(map(str, Phase))),
            _LABELS,
            Param("text", "With this in id, title, body or notes.", "--text"),
        ),
        True,
    ),
    Verb("show", "Show a Bead: what is wanted, what has been tried, and its notes.", (_BEAD,), True),
    Verb("why", "Say why a Bead isn't moving, and what would move it.", (_BEAD,), True),
    Verb("status", "Show how the town is: what runs, is queued, needs a person.", reads=True),
    Verb(
        "note",
        "Add a note to a Bead, for whoever comes next.",
        (_BEAD, Param("text", "What to remember.", required=True, stdin=True)),
    ),
    Verb(
        "ask",
        "Stop, with a question that a person must answer before the Bead goes on.",
        (
            Param("question", "What the person must say.", required=True, stdin=True),
            replace(_BEAD, option="--bead"),
        ),
    ),
    Verb(
        "fail",
        "Give a Bead up: the attempt has failed.",
        (Param("reason", "Why, for whoever tries next.", "--reason", required=True, stdin=True), _BEAD),
    ),
    Verb("propose", "Propose a Bead; nothing happens to it until a person accepts it.", _WANTED),
    Verb(
        "create",
        "Create a Bead, for a person: agents will carry it out. An attempt must propose instead.",
        (*_WANTED, Param("agent", "Which agent; the town's if left out.", "--agent")),
    ),
)

BY_NAME: Final = {verb.name: verb for verb in VERBS}


def call(gt: Context, name: str, given: Mapping[str, Any]) -> Answer:
    """Runs the command of this tool in this process, where and for whom `gt` is; whatever happens is in the answer."""
    try:
        argv, stdin = command(name, given)
    except Refused as error:
        return Answer((dumps(failure("usage", error.message, error.hint)),), failed=True)
    from gt.cli.main import run

    out, err = io.StringIO(), io.StringIO()
    code = run(
        Context(
            argv=("-C", str(gt.cwd), *argv) if gt.moved else argv,  # so that hints say where
            program=gt.program,
            cwd=gt.cwd,
            environ=gt.environ,
            clock=gt.clock,
            digits=gt.digits,
            uid=gt.uid,
            stdin=io.StringIO(stdin),
            stdout=out,
            stderr=err,
        )
    )
    gc.unfreeze()  # what a command leaves dies with a process elsewhere; this one goes on
    texts = tuple(text for text in (out.getvalue().strip(), err.getvalue().strip()) if text)
    return Answer(texts, failed=code != 0)


def command(name: str, given: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    """The arguments and the stdin of gt that a call of a tool stands for. Raises Refused for what fits no schema.

    Nothing that is given can be taken for an option, or for `-`.
    """
    verb = BY_NAME.get(name)
    if verb is None:
        raise Refused(f"there is no tool {name}; there are {', '.join(BY_NAME)}", hint="gt mcp --help")
    known = {param.name for param in verb.params}
    if unknown := sorted(given.keys() - known):
        takes = ", ".join(sorted(known)) or "nothing"
        raise Refused(f"{name} takes no {unknown[0]}; it takes {takes}", hint=f"gt {name} --help")
    options: list[str] = []
    names: list[str] = []
    stdin = ""
    for param in verb.params:
        value = given.get(param.name, param.default)
        if value is None:
            if param.required:
                raise Refused(f"{name} needs {param.name}", hint=f"gt {name} --help")
            continue
        _check(name, param, value)
        if param.stdin:
            stdin, value = value, "-"
        if param.option is None:
            names.append(value)
        else:
            options += _option(param.option, value)
    return (verb.name, "--json", *options, "--", *names), stdin


_PYTHON = {"string": str, "integer": int, "array": list}


def _check(name: str, param: Param, value: Any) -> None:
    fits = isinstance(value, _PYTHON[param.type]) and not isinstance(value, bool)
    if not fits or (param.type == "array" and not all(isinstance(each, str) for each in value)):
        raise Refused(f"{param.name} of {name} must be of type {param.type}", hint=f"gt {name} --help")
    if param.choices and value not in param.choices:
        raise Refused(
            f"{param.name} of {name} is one of {', '.join(param.choices)}", hint=f"gt {name} --help"
        )


def _option(option: str, value: Any) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        yield f"{option}={each}"
