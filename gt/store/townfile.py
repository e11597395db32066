"""What may stand in `.gt/town.yaml`: every key, its type and its bounds.

Takes plain data, gives a Town. An unknown key is an error that names the nearest known one: a misspelt gate
must not quietly be no gate.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from gt.core.bead import API_VERSION, Result
from gt.core.ids import LEDGER
from gt.core.town import (
    RECIPES,
    STRATEGIES,
    AgentSpec,
    Command,
    CrewSpec,
    Gate,
    LandSpec,
    Limits,
    RefinerySpec,
    StageSpec,
    Town,
    Worktrees,
    Wrap,
)
from gt.core.when import parse_duration
from gt.errors import Malformed, Refused

if TYPE_CHECKING:
    from gt.core.blame import Rule, Value

PRESETS = ("claude", "codex", "gemini", "copilot", "opencode", "aider", "cursor", "amp")
"""Agents that need no entry of their own: naming one as the default is enough."""

T = TypeVar("T")
Check = Callable[[Any], T]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,200}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TYPE = re.compile(r"[a-z][a-z0-9-]{0,30}")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


class _Wrong(Exception):
    """What is wrong with a value; `_Keys` adds the key, the border the file."""

    def __init__(self, why: str, key: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.key = key


class _Keys:
    """Takes keys out of one mapping, by name; whatever is left over nobody knows."""

    def __init__(self, data: Any) -> None:
        if not isinstance(data, dict):
            raise _Wrong("must be a mapping")
        self.left: dict[str, Any] = dict(data)
        self.known: list[str] = []

    def take(self, name: str, check: Check[T], default: T) -> T:
        self.known.append(name)
        value = self.left.pop(name, None)
        return default if value is None else at(name, check, value)

    def need(self, name: str, check: Check[T]) -> T:
        self.known.append(name)
        if (value := self.left.pop(name, None)) is None:
            raise _Wrong("is missing", name)
        return at(name, check, value)

    def done(self) -> None:
        for name in self.left:
            from difflib import get_close_matches

            near = get_close_matches(name, self.known, 1, 0.5)
            known = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(self.known))}"
            raise _Wrong(f"is not a key that belongs here ({known})", name)


def at(key: str, check: Check[T], value: Any) -> T:
    """The checked value; what is wrong with it is reported under this key."""
    try:
        return check(value)
    except _Wrong as wrong:
        glue = "." if wrong.key and not wrong.key.startswith("[") else ""
        raise _Wrong(wrong.why, f"{key}{glue}{wrong.key}") from None


def town_from(data: Any, where: str) -> Town:
    """The Town that this data describes. Raises Malformed, naming `where` and the dotted key."""
    try:
        return _town(data)
    except _Wrong as wrong:
        raise Malformed(where, f"{wrong.key}: {wrong.why}" if wrong.key else wrong.why) from None


def _town(data: Any) -> Town:
    k = _Keys(data)
    if k.need("apiVersion", _text) != API_VERSION:
        raise _Wrong(f"must be {API_VERSION} (is this for a newer gt?)", "apiVersion")
    k.take("kind", _one_of("Town"), "Town")
    agent = k.take("agent", _name, None)
    no_agents: dict[str, AgentSpec] = {}
    no_crew: dict[str, CrewSpec] = {}
    agents = k.take("agents", _agents, no_agents)
    if agent is not None and agent not in agents:
        if agent not in PRESETS:
            known = ", ".join(sorted({*agents, *PRESETS}))
            raise _Wrong(f"there is no agent {agent} (there are {known})", "agent")
        agents = {**agents, agent: AgentSpec(agent, preset=agent)}
    refinery = k.take("refinery", _refinery, RefinerySpec())
    coordination = k.take("coordination", _one_of("local", "remote"), "local")
    if coordination == "remote" and refinery.push is None:
        raise _Wrong("needs refinery.push: the name of the remote", "coordination")
    town = Town(
        agent=agent,
        agents=agents,
        worktrees=k.take("worktrees", _worktrees, Worktrees()),
        gates=k.take("gates", _gates, ()),
        refinery=refinery,
        limits=k.take("limits", _limits, Limits()),
        coordination=coordination,
        page=k.take("page", _page, None),
        types=k.take("types", _list(_type), ()),
        ungated=k.take("ungated", _bool, default=False),
        stages=k.take("stages", _stages, ()),
        crew=k.take("crew", _crew, no_crew),
    )
    k.done()
    return town


def _agents(data: Any) -> dict[str, AgentSpec]:
    return {
        _entry(name): at(name, partial(_agent, name), value or {}) for name, value in _mapping(data).items()
    }


def _agent(name: str, data: Any) -> AgentSpec:
    k = _Keys(data)
    preset, command = k.take("preset", _name, None), k.take("command", _command, None)
    if preset is None and command is None:
        if name not in PRESETS:
            raise _Wrong("needs a preset or a command")
        preset = name
    spec = AgentSpec(
        name=name,
        preset=preset,
        command=command,
        prompt=k.take("prompt", _one_of("stdin", "file", "arg", "none"), "stdin"),
        deadline=k.take("deadline", _duration, None),
        stall=k.take("stall", _duration, None),
        grace=k.take("grace", _duration, AgentSpec("").grace),
        limit=k.take("limit", _count, None),
        env=k.take("env", _list(_variable), ()),
        args=k.take("args", _list(_text), ()),
        wrap=k.take("wrap", _wrap, None),
        commit=k.take("commit", _one_of("gt", "agent"), "gt"),
        failures=k.take("failures", _rules, ()),
    )
    k.done()
    return spec


def _wrap(data: Any) -> Wrap | None:
    if data is None:
        return None
    if isinstance(data, str):
        data = {"recipe": data}
    elif isinstance(data, list):
        data = {"command": data}
    k = _Keys(data)
    wrap = Wrap(
        recipe=k.take("recipe", _one_of(*RECIPES), None),
        command=k.take("command", _words, ()),
        kill=k.take("kill", _command, None),
        image=k.take("image", _text, None),
        network=k.take("network", _bool, default=True),
        read=k.take("read", _list(_outer_path), ()),
        write=k.take("write", _list(_outer_path), ()),
        hide=k.take("hide", _list(_outer_path), ()),
    )
    k.done()
    if (wrap.recipe is None) == (not wrap.command):
        raise _Wrong("needs a recipe or a command, and not both")
    contained = wrap.recipe in ("docker", "podman")
    if contained != (wrap.image is not None):
        raise _Wrong(f"{wrap.recipe} needs it" if contained else "is for containers", "image")
    if wrap.command and wrap != Wrap(command=wrap.command, kill=wrap.kill):
        raise _Wrong("network, read, write and hide are for recipes: a command says such things itself")
    if wrap.recipe is not None and wrap.kill is not None:
        raise _Wrong("is for a command: a recipe knows its own", "kill")
    if contained and wrap.hide:
        raise _Wrong("is for bwrap: a container sees only what it is given", "hide")
    return wrap


def _rules(data: Any) -> tuple[Rule, ...]:
    return tuple(at(f"[{i}]", partial(_rule, i), item) for i, item in enumerate(_list(_mapping)(data)))


def _rule(number: int, data: Any) -> Rule:
    from gt.core.blame import ENDS, EXIT, VERDICTS, Rule

    k = _Keys(data)
    by_itself: tuple[str, ...] = (EXIT,)
    none: tuple[int, ...] = ()
    rule = Rule(
        result=Result(k.need("result", _one_of(*map(str, VERDICTS)))),
        reason=k.take("reason", _text, f"rule {number + 1} of its `failures`"),
        codes=frozenset(k.take("codes", _list(_status), none)),
        output=k.take("output", _regex, ""),
        signals=frozenset(k.take("signals", _list(_signal), none)),
        fields=k.take("json", _fields, {}),
        within=k.take("within", _duration, None),
        changed=k.take("changed", _bool, None),
        ended=frozenset(k.take("ended", _list(_one_of(*ENDS)), by_itself)),
    )
    k.done()
    if rule == Rule(rule.result, rule.reason):
        raise _Wrong("needs a condition: codes, output, signals, json, within, changed or ended")
    return rule


def _fields(data: Any) -> dict[str, tuple[Value, ...]]:
    return {path: at(path, _values, value) for path, value in _mapping(data).items()}


def _values(data: Any) -> tuple[Value, ...]:
    values = data if isinstance(data, list) else [data]
    if not values or not all(isinstance(value, str | int | float) for value in values):
        raise _Wrong("must be a text, a number, true or false, or a list of such")
    return tuple(values)


def _status(value: Any) -> int:
    return 0 if value == 0 and type(value) is int else _exit_code(value)


def _signal(value: Any) -> int:
    import signal

    name = f"SIG{str(value).removeprefix('SIG')}"
    if name not in signal.Signals.__members__:
        raise _Wrong(f"must be the name of a signal, as KILL, not {value!r}"[:200])
    return signal.Signals[name].value


def _regex(value: Any) -> str:
    text = _text(value)
    try:
        re.compile(text)
    except re.error as error:
        raise _Wrong(f"is no regular expression: {error}") from None
    return text


def _worktrees(data: Any) -> Worktrees:
    k = _Keys(data)
    default = Worktrees()
    made = Worktrees(
        root=k.take("root", _root, default.root),
        copy=k.take("copy", _list(_inner_path), ()),
        setup=k.take("setup", _command, None),
        timeout=k.take("timeout", _duration, default.timeout),
        caches=k.take("caches", _list(_inner_path), ()),
    )
    k.done()
    return made


def _gates(data: Any) -> tuple[Gate, ...]:
    gates = _list(_gate)(data)
    seen: set[str] = set()
    for i, gate in enumerate(gates):
        if gate.name in seen:
            raise _Wrong(f"there are two gates named {gate.name}", f"[{i}].name")
        seen.add(gate.name)
    return gates


def _gate(data: Any) -> Gate:
    k = _Keys(data)
    name, run = k.need("name", _name), k.need("run", _command)
    default = Gate(name, run)
    gate = Gate(
        name=name,
        run=run,
        timeout=k.take("timeout", _duration, default.timeout),
        when=k.take("when", _one_of("before", "after"), default.when),
        inputs=k.take("inputs", _list(_inner_path), ()),
        env=k.take("env", _list(_variable), ()),
        could_not_run=k.take("could_not_run", _list(_exit_code), default.could_not_run),
    )
    k.done()
    return gate


def _stages(data: Any) -> tuple[StageSpec, ...]:
    stages = _list(_stage)(data)
    seen: set[str] = set()
    for i, stage in enumerate(stages):
        if stage.branch in seen:
            raise _Wrong(f"there are two stages on {stage.branch}", f"[{i}].branch")
        if stage.source in {later.branch for later in stages[i:]}:
            raise _Wrong("must be the target, or a stage before this one", f"[{i}].from")
        seen.add(stage.branch)
    return stages


def _stage(data: Any) -> StageSpec:
    k = _Keys(data)
    branch = k.need("branch", _branch)
    stage = StageSpec(
        branch=branch,
        gates=k.take("gates", _stage_gates, ()),
        bake=k.take("bake", _duration, 0),
        approve=k.take("approve", _bool, default=False),
        source=k.take("from", _branch, None),
    )
    k.done()
    return stage


def _stage_gates(data: Any) -> tuple[Gate, ...]:
    gates = _gates(data)
    for i, gate in enumerate(gates):
        if gate.when != "before":
            raise _Wrong("gates of a stage run before a commit goes there", f"[{i}].when")
    return gates


def _refinery(data: Any) -> RefinerySpec:
    k = _Keys(data)
    default = RefinerySpec()
    spec = RefinerySpec(
        slots=k.take("slots", lambda v: None if v == "auto" else _count(v), None),
        history=k.take("history", _one_of("train", "linear"), default.history),
        strategy=k.take("strategy", _one_of(*STRATEGIES), default.strategy),
        message=k.take("message", _text, None),
        review=k.take("review", _one_of("protected", "all"), default.review),
        approvals=k.take("approvals", _one_of("any", "signed"), default.approvals),
        protected=k.take("protected", _list(_inner_path), default.protected),
        push=k.take("push", _name, None),
        land=k.take("land", _land, None),
        budget=k.take("budget", _count, default.budget),
    )
    k.done()
    if spec.land is not None and spec.push is None:
        raise _Wrong("needs refinery.push: the name of the remote that has the target", "land")
    if spec.land is not None and spec.history == "linear":
        why = "can't be linear where others make the commits that land (refinery.land): leave it out"
        raise _Wrong(why, "history")
    return spec


def _land(data: Any) -> LandSpec:
    k = _Keys(data)
    command = k.need("command", _command)
    spec = LandSpec(
        command,
        timeout=k.take("timeout", _duration, LandSpec("").timeout),
        env=k.take("env", _list(_variable), ()),
    )
    k.done()
    return spec


def _limits(data: Any) -> Limits:
    k = _Keys(data)
    default = Limits()
    limits = Limits(
        attempts=k.take("attempts", _count, default.attempts),
        deadline=k.take("deadline", _duration, default.deadline),
        concurrent=k.take("concurrent", _count, default.concurrent),
        interruptions=k.take("interruptions", _count, default.interruptions),
        backoff=k.take("backoff", _duration, default.backoff),
        cooldown=k.take("cooldown", _duration, default.cooldown),
        no_changes=k.take("no_changes", _count, default.no_changes),
        usd_per_day=k.take("usd_per_day", _money, None),
        usd_per_bead=k.take("usd_per_bead", _money, None),
    )
    k.done()
    return limits


def _page(data: Any) -> Command:
    k = _Keys(data)
    command = k.need("command", _command)
    k.done()
    return command


def _crew(data: Any) -> dict[str, CrewSpec]:
    return {_entry(name): at(name, _member, value) for name, value in _mapping(data).items()}


def _member(data: Any) -> CrewSpec:
    k = _Keys(data)
    member = CrewSpec(
        command=k.need("command", _command),
        worktree=k.take("worktree", _bool, default=True),
        boot=k.take("boot", _bool, default=False),
    )
    k.done()
    return member


def _entry(name: str) -> str:
    """A key that names something: an agent, a crew member."""
    return at(name, _name, name)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise _Wrong("must be text (put it in quotes?)")
    return value


def _matching(pattern: re.Pattern[str], what: str) -> Check[str]:
    def check(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise _Wrong(f"is not {what}: {value!r}"[:200])
        return value

    return check


_name = _matching(_NAME, "a name (letters, digits, `.`, `_`, `-`)")
_variable = _matching(_VARIABLE, "the name of a variable")
_type = _matching(_TYPE, "a type (lower-case letters, digits, `-`)")


def _branch(value: Any) -> str:
    """The name of a branch that gt may move: neither the ledger's nor one of those that attempts work on."""
    name = _BRANCH_NAME(value)
    parts = name.split("/")
    if ".." in name or any(part[:1] == "." or part.endswith((".", ".lock")) or not part for part in parts):
        raise _Wrong(f"is not the name of a branch: {name!r}")
    if name == LEDGER.removeprefix("refs/heads/") or parts[0] == "gt":
        raise _Wrong(f"{name} is gt's own branch")
    return name


_BRANCH_NAME = _matching(_BRANCH, "the name of a branch (letters, digits, `.`, `_`, `-`, `/`)")


def _one_of(*choices: str) -> Check[str]:
    def check(value: Any) -> str:
        if value not in choices:
            raise _Wrong(f"must be {' or '.join(choices)}, not {value!r}"[:200])
        return str(value)

    return check


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("must be true or false")
    return value


def _count(value: Any) -> int:
    if type(value) is not int or not 0 < value <= 1_000_000:
        raise _Wrong("must be a whole number above 0")
    return value


def _exit_code(value: Any) -> int:
    if type(value) is not int or not 0 < value < 256:
        raise _Wrong("must be an exit code from 1 to 255")
    return value


def _money(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise _Wrong("must be a number above 0")
    return float(value)


def _duration(value: Any) -> int:
    if type(value) is int:
        return _count(value)
    try:
        seconds = parse_duration(_text(value))
    except Refused as error:
        raise _Wrong(error.message) from None
    if not seconds:
        raise _Wrong("must be longer than nothing")
    return seconds


def _command(value: Any) -> Command:
    return _text(value) if isinstance(value, str) else _words(value)


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise _Wrong("must be a command: text for `sh -c`, or a list that is executed as it is")
    return _list(_text)(value)


def _list(check: Check[T]) -> Check[tuple[T, ...]]:
    def each(value: Any) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise _Wrong("must be a list")
        return tuple(at(f"[{i}]", check, item) for i, item in enumerate(value))

    return each


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong("must be a mapping")
    return value


def _inner_path(value: Any) -> str:
    """A path or glob that stays inside a work tree."""
    text = _text(value)
    if text.startswith(("/", "~")) or "\\" in text or ".." in text.split("/"):
        raise _Wrong(f"must be a path inside the repository: {text!r}")
    return text


def _outer_path(value: Any) -> str:
    """A path of the machine's, as `Wrap` takes it."""
    text = _text(value)
    if not text.startswith(("/", "~/")) or ".." in text.split("/"):
        raise _Wrong(f"must be a path that begins with / or ~/: {text!r}")
    return text


def _root(value: Any) -> str:
    text = _text(value)
    foreign = [found for found in _PLACEHOLDER.findall(text) if found != "{repo}"]
    if foreign or "{" in text.replace("{repo}", ""):
        raise _Wrong(f"knows only the placeholder {{repo}}: {text!r}")
    if ".git" in text.split("/"):
        raise _Wrong("must not be under .git: agents' sandboxes protect that path")
    return text
