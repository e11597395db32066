"""What `gt help TOPIC` tells besides the help of commands."""

from __future__ import annotations

from typing import Final, NamedTuple


class Topic(NamedTuple):
    """A page of help; indented lines are kept as they are."""

    name: str
    summary: str
    text: str


TOPICS: Final = (
    Topic(
        "agents",
        "What works inside an attempt",
        """
An attempt is one agent at work on one Bead, in a worktree of its own. Inside it
the commands that read work as everywhere. To speak, an agent has five:

  gt note      add a note to the Bead, for whoever comes next
  gt ask       stop, with a question that a person must answer
  gt fail      give up, saying why
  gt propose   propose another Bead; a person accepts it or doesn't
  gt submit    offer the commit for landing

They are queued and take effect when the attempt ends. All other commands refuse:
they are for the people in charge. This prevents accidents, it doesn't hold a
hostile program: an agent runs with the rights of the user that started it.
In another repository every command works.
""",
    ),
    Topic(
        "environment",
        "The variables that gt reads",
        """
  GT_ACTOR       who acts, instead of git's user.name and user.email
  GT_AGENT       set for an agent: its name in the town's settings
  GT_BEAD        set for an agent: the Bead of its attempt
  GT_TOKEN       set for an agent: the attempt's token
  GT_WORKTREE    set for an agent: where it works
  GT_OUTBOX      set for an agent: where its notes and questions are queued
  GT_LEASE       set for an agent: marks every process of the attempt
  GIT_PAGER      what shows what is long on a terminal, as for git; then core.pager, PAGER, less
  GIT_DIR        which repository, as for git
  GIT_WORK_TREE  its work tree, as for git
  NO_COLOR       no colours, whatever stdout is
  FORCE_COLOR    colours, whatever stdout is
  TERM           `dumb` means no colours
  COLUMNS        how wide the terminal is
""",
    ),
    Topic(
        "output",
        "What goes where, in which form",
        """
Data goes to stdout; errors, hints and progress go to stderr. Colours, headers and
lines shortened to fit appear on a terminal only.

With --json, stdout has one JSON value: a Bead as it is in the ledger, or a list

  {"apiVersion": "gt/v1", "kind": "BeadList", "items": [...]}

Durations are whole seconds there, times are like 2026-11-22T20:00:00Z. Errors are
JSON on stderr:

  {"error": {"kind": "not-found", "message": "...", "hint": "..."}}

Control, bidirectional and zero-width characters in what others wrote are always
shown escaped. The exit codes are listed by `gt exit-codes`.
""",
    ),
)

BY_NAME: Final = {topic.name: topic for topic in TOPICS}
