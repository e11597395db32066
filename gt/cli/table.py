"""Every command in one table: enough to print `gt --help` without importing a single command.

The module of a command is `gt.cli.commands.<name>`, a hyphen in the name
being an underscore there; one that Python keeps for itself ends with one. Its `app` is imported when the command is asked
for. The summary repeats the first line of the command's help; a test
compares them.
"""

from __future__ import annotations

from keyword import iskeyword
from typing import Final, NamedTuple

DAILY: Final = "Every day"
CHARGE: Final = "For people in charge"
AGENTS: Final = "For agents"
PLUMBING: Final = "Plumbing"
GROUPS: Final = (DAILY, CHARGE, AGENTS, PLUMBING)


class Row(NamedTuple):
    """A command: where it stands in the help, and who may use it."""

    name: str
    group: str
    summary: str
    agents: bool | tuple[str, ...] = False
    """Whether it works inside an attempt of this very clone; for a group, which of its commands do."""
    paged: bool = False
    """Whether a terminal gets it by the pager: where it only shows what is there, and may be long."""
    slow: bool = False
    """Whether it may take more than a second, with nothing of its own to show for it."""

    @property
    def module(self) -> str:
        name = self.name.replace("-", "_")
        return f"gt.cli.commands.{name}{'_' if iskeyword(name) else ''}"

    def open_to_agents(self, subcommand: str | None) -> bool:
        """Whether an attempt may call it (for a group: its `subcommand`)."""
        return self.agents if isinstance(self.agents, bool) else subcommand in self.agents

    def open_to_gates(self, subcommand: str | None) -> bool:
        """Whether what a gate runs may call it: of what an attempt may, all that only reads."""
        return self.open_to_agents(subcommand) and (self.group != AGENTS or self.name == "prime")


# One row a line:
# fmt: off
ROWS: Final = (
    # Every day
    Row("init", DAILY, "Make this repository a town, or complete what an earlier init began", slow=True),
    Row("create", DAILY, "Create a Bead, or all Beads of a plan, and print their ids"),
    Row("run", DAILY, "Work until the town is at rest: start agents on what is ready, gate and land what they submit"),
    Row("status", DAILY, "Show how the town is: what runs, what is queued, what needs you, and what it waits for", agents=True),
    Row("why", DAILY, "Say why a Bead isn't moving: the one reason, what is behind it, and the command that moves it", agents=True),
    # For people in charge
    Row("show", CHARGE, "Show a Bead: what is wanted, what it waits for, what has been tried", agents=True, paged=True),
    Row("list", CHARGE, "List Beads that have not ended, most urgent first", agents=True, paged=True),
    Row("board", CHARGE, "Show the Beads in columns: ready, waiting, leased, submitted, stuck, and landed in the last day", agents=True),
    Row("ready", CHARGE, "List what can be worked on now, most urgent first", agents=True, paged=True),
    Row("blocked", CHARGE, "List open Beads that aren't ready, each with its reason and what would move it", agents=True, paged=True),
    Row("graph", CHARGE, "Show what waits for what: needs, parents, what is ready now, and the longest chain", agents=True, paged=True),
    Row("agents", CHARGE, "List the agents that work can be given to: what is run, whether it is there, and how it does", agents=True, paged=True),
    Row("queue", CHARGE, "Show what is submitted, in landing order, when it may have landed, and what it waits for", agents=True),
    Row("pages", CHARGE, "List the calls for a person that nobody has acknowledged, oldest first", agents=True, paged=True),
    Row("log", CHARGE, "Show what happened, to one Bead or to all: who did what when, latest first", agents=True, paged=True),
    Row("logs", CHARGE, "Show what an attempt's agent printed", agents=True, paged=True),
    Row("diff", CHARGE, "Show what an attempt changed: of a live one what its worktree has now, else what it left", agents=True, paged=True),
    Row("edit", CHARGE, "Change what is wanted of a Bead: by flags, or without any in an editor"),
    Row("convoy", CHARGE, "Track Beads together: how far they are, and one call when all are over", agents=("show", "list")),
    Row("formula", CHARGE, "Make Beads of a formula: a template with variables, steps and loops", agents=("list", "show", "lint")),
    Row("undo", CHARGE, "Take back what one commit of the ledger did, by another commit", slow=True),
    Row("dismiss", CHARGE, "Let go of edits that lost against another when two clones were merged, or take them back"),
    Row("dep", CHARGE, "Say what a Bead needs before it can start", agents=("tree", "cycles")),
    Row("accept", CHARGE, "Make proposals work: open them, all or none"),
    Row("close", CHARGE, "Close Beads without landing anything, all or none"),
    Row("reopen", CHARGE, "Open Beads that have ended, all or none; work starts over from the target"),
    Row("answer", CHARGE, "Answer the question of an attempt: the Bead goes on, and the next attempt is told"),
    Row("retry", CHARGE, "Give a Bead another go, now: one that is stuck, or waits before its next attempt"),
    Row("ack", CHARGE, "Acknowledge pages: you have taken note"),
    Row("approve", CHARGE, "Let a submission land that needs a person's word", slow=True),
    Row("reject", CHARGE, "Send a submission back: the next attempt is told why"),
    Row("withdraw", CHARGE, "Take a submission back before it lands; it costs no attempt", slow=True),
    Row("revert", CHARGE, "Take back what a Bead landed: submit the inverse change, for a Bead of its own", slow=True),
    Row("pause", CHARGE, "Pause the town: nothing is claimed, gated or landed until somebody resumes it"),
    Row("resume", CHARGE, "End the pause of a town, whoever began it"),
    Row("waive", CHARGE, "Let a gate that is red on a target hold nothing there for a while: by your word, which is kept"),
    Row("stop", CHARGE, "Stop a live attempt; what it did is kept, and it doesn't count against the Bead", slow=True),
    Row("merge", CHARGE, "Prove what is submitted, and land it", slow=True),
    Row("promote", CHARGE, "Move the branches behind a target forward, each to the newest commit that may go there", slow=True),
    Row("try", CHARGE, "Run the gates on what would land, and land nothing", slow=True),
    Row("verify", CHARGE, "Check that every commit on a target was proven green before it landed", slow=True),
    Row("stats", CHARGE, "Show the town in numbers: landings, waits, agents, gates", agents=True, slow=True),
    Row("report", CHARGE, "Write one page about the town, to look at in a browser, and print where it is", agents=True, slow=True),
    Row("plan", CHARGE, "Print what is to be done now, as the script a person could type", agents=True),
    Row("reconcile", CHARGE, "Put right what can be put right without starting work: one pass over the town", slow=True),
    Row("export", CHARGE, "Print the whole ledger as JSON, a line for each Bead", agents=True, slow=True),
    Row("import", CHARGE, "Bring in Beads from a file, all in one commit: an export of gt or bd, issues of GitHub, a task list", slow=True),
    Row("sync", CHARGE, "Share the town with other machines: bring this clone's ledger and a remote's together", slow=True),
    Row("join", CHARGE, "Bring this clone's town into a remote's that was begun apart: all Beads of both, for good", slow=True),
    Row("doctor", CHARGE, "Check the ledger, its index, locks, worktrees, pins and settings; name what is wrong and what repairs it", agents=True, slow=True),
    Row("repair", CHARGE, "Put right what gt doctor finds, as far as that can be done without a decision; nothing is deleted for good", slow=True),
    Row("check", CHARGE, "Check a pull request as a pipeline does: its Bead, the ledger, and the target's gates on what would land", slow=True),
    Row("gc", CHARGE, "Remove what nobody needs any more from this clone, and let git pack the rest", slow=True),
    Row("supervise", CHARGE, "Write the files that have an existing supervisor keep the town running", slow=True),
    Row("crew", CHARGE, "Show the Crew, the town's standing services, or be one of them", agents=("list",)),
    Row("githooks", CHARGE, "Have git hooks of this clone tell gt what happened, or take them out again", agents=("status",)),
    Row("setup", CHARGE, "Tell a coding agent or an editor, in files of the project, how to use gt"),
    Row("demo", CHARGE, "Play a whole town in a throw-away repository", agents=True),
    # For agents
    Row("claim", AGENTS, "Take a Bead yourself: make a branch and a worktree for it, and print where that is", slow=True),
    Row("work", AGENTS, "Carry out one attempt: give a Bead to its agent, and submit what it made", slow=True),
    Row("prime", AGENTS, "Print what an agent is told that is given a Bead: the task, and what earlier attempts left", agents=True, paged=True),
    Row("note", AGENTS, "Add a note to a Bead, for whoever comes next", agents=True),
    Row("ask", AGENTS, "Stop, with a question that a person must answer before the Bead goes on", agents=True),
    Row("propose", AGENTS, "Propose a Bead: nothing happens to it until a person accepts it", agents=True),
    Row("fail", AGENTS, "Give a Bead up, saying why: the attempt has failed", agents=True),
    Row("release", AGENTS, "Give back a Bead that you claimed; it costs nothing, and your worktree stays"),
    Row("submit", AGENTS, "Offer committed work for landing: that of a claimed worktree, which ends its lease, or a branch", agents=True, slow=True),
    Row("mcp", AGENTS, "Serve gt's verbs as tools to an IDE or an agent, over stdin and stdout", agents=True),
    # Plumbing
    Row("expire", PLUMBING, "End the lease of a holder that is dead, or past its end; keep what the attempt left", slow=True),
    Row("kill", PLUMBING, "Kill what still runs of an attempt whose lease is over"),
    Row("landed", PLUMBING, "Record that a submission is on its target", slow=True),
    Row("page", PLUMBING, "Call a person once: write the page down and send it, unless it was sent already"),
    Row("heal", PLUMBING, "Remove the lock that a gt which died left on a ref, and give back what another git pruned too early"),
    Row("prune", PLUMBING, "Remove the worktree, branch and lock of an attempt that is over, once all it left is kept", slow=True),
    Row("completion", PLUMBING, "Print the script by which a shell completes commands, options, and Beads with their titles", agents=True),
    Row("admit", PLUMBING, "Judge whether refs may move so: the ledger by legal moves only, targets and stages by gt only", agents=True),
    Row("receive", PLUMBING, "Record every attempt's branch that others have pushed here as submitted, and have the Refinery run", slow=True),
    Row("schema", PLUMBING, "Print the JSON Schema of a file that you write, or of what a command prints with --json; or list them", agents=True, paged=True),
    Row("exit-codes", PLUMBING, "List the exit codes and what each tells the caller", agents=True),
    Row("version", PLUMBING, "Print the version of gt", agents=True),
    Row("help", PLUMBING, "Show the help of a command, or a topic", agents=True),
)
# fmt: on

BY_NAME: Final = {row.name: row for row in ROWS}
