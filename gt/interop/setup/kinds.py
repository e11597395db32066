"""The tools that can be told of gt, the files that each of them reads, and what is said there.

Which files reach which tool was looked at in what the tools send to their models. Paths are those of the project, from
its root; nothing of a person's own settings is touched.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from gt.interop.setup.marked import HASH, HTML, Part
from gt.interop.setup.members import Members

Piece = Part | Members
"""What is put into one file."""

SECTION: Final = """\
## Tasks: gt

The tasks of this repository are Beads, which `gt` keeps on a branch of their own. Keep no list of tasks in files.

- If `GT_BEAD` is set, you carry out that Bead: work in this worktree, and say what matters with `gt note TEXT`,
  `gt ask QUESTION`, `gt fail -r WHY` and `gt propose TITLE`. Each takes effect when you exit. Push nothing, and leave
  other branches alone.
- Otherwise you help a person. `gt ready`, `gt show BEAD`, `gt why BEAD` and `gt status` say what there is;
  `gt create TITLE --body TEXT` makes a Bead, if they want one. To land, approve, edit or close is for them to do.
- Every command takes `--json`, and an error has a hint: what to type next. Tools of a server called gt are the same.
"""

_SKILL_HEAD: Final = """\
---
name: gt
description: How to read, write and carry out the tasks (Beads) of this repository with gt. Use it when asked what is to be done, why something isn't moving, or to write tasks down.
---
"""

_RULE_HEAD: Final = """\
---
description: The tasks of this repository are Beads, kept by gt
alwaysApply: true
---
"""

SKILL: Final = """\
# Working with gt

A Bead is a task. Agents carry Beads out, each in a worktree of its own; what gates prove green lands.

## Look

- `gt ready` lists what can be worked on now, `gt list --text WORD` finds a Bead, `gt status` shows the whole town.
- `gt show BEAD` is all of one Bead; `gt why BEAD` says why it isn't moving, and the command that moves it.
- The start of an id is enough. `--json` gives data.

## Write a Bead, for a person who wants one

    gt create "Fix the login timeout" --type bug --priority 1 --body-file - --acceptance "make test passes"

Whoever carries it out sees the Bead and the repository, nothing of this conversation: name the files, what is wrong and
how one can tell that it is done. One Bead is one change that can land by itself. What must be done before goes into
`--needs BEAD`. Several at once, with what they need of one another, are a plan: `gt create --file PLAN.md`.

## Inside an attempt (`GT_BEAD` is set)

- Do what the Bead asks for, in this worktree, and exit. gt commits and submits it.
- `gt note TEXT`: what whoever comes next should know. `gt ask QUESTION`: only a person can say; then exit.
- `gt fail -r WHY`: it can't be done. `gt propose TITLE --body TEXT`: something else that should be done.

Landing, approving, editing and closing are for people; don't look for a way around a refusal.
"""

_SKILL: Final = Part(SKILL, HTML, _SKILL_HEAD)


def _server(container: str, *more: str, **fields: str | list[str]) -> Members:
    """The entry of `gt mcp` among the servers that a client starts."""
    return Members(container, {"gt": {**fields, "command": "gt", "args": [*more, "mcp"]}}, {})


_HERE: Final = ("-C", "${workspaceFolder}")


def _task(name: str, *args: str) -> dict[str, object]:
    return {
        "label": f"gt: {name}",
        "type": "process",
        "command": "gt",
        "args": list(args),
        "problemMatcher": [],
    }


_TASKS: Final = Members(
    "tasks",
    [
        _task("run until the town is at rest", "run"),
        _task("status", "status"),
        _task("what is ready", "ready"),
        _task("what would be done, and why", "plan"),
    ],
    {"version": "2.0.0"},
)

KINDS: Final[Mapping[str, Mapping[str, Piece]]] = {
    "claude": {
        "CLAUDE.md": Part(SECTION, HTML),
        ".claude/skills/gt/SKILL.md": _SKILL,
        ".mcp.json": _server("mcpServers"),
    },
    "codex": {
        "AGENTS.md": Part(SECTION, HTML),
        ".agents/skills/gt/SKILL.md": _SKILL,
        ".codex/config.toml": Part(f'[mcp_servers.gt]\ncommand = "gt"\nargs = {json.dumps(["mcp"])}\n', HASH),
    },
    "gemini": {
        "GEMINI.md": Part(SECTION, HTML),
        ".agents/skills/gt/SKILL.md": _SKILL,
        ".gemini/settings.json": _server("mcpServers"),
    },
    "copilot": {
        "AGENTS.md": Part(SECTION, HTML),
        ".agents/skills/gt/SKILL.md": _SKILL,
        ".github/mcp.json": _server("mcpServers", type="local", tools=["*"]),
    },
    "cursor": {
        ".cursor/rules/gt.mdc": Part(SECTION, HTML, _RULE_HEAD),
        ".cursor/mcp.json": _server("mcpServers", *_HERE),
    },
    "vscode": {
        ".vscode/tasks.json": _TASKS,
        ".vscode/mcp.json": _server("servers", *_HERE, type="stdio"),
    },
}
"""For each tool, by path, what is put into its files."""
