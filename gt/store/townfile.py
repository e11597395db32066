"""What may stand in `.gt/town.yaml`: every key, its type and its bounds.

Takes plain data, gives a Town. An unknown key is an error that names the nearest known one: a misspelt gate
must not quietly be no gate.
"""

from __future__ import annotations

import re
from typing import Any

from gt.core.bead import API_VERSION
from gt.core.town import (
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
)
from gt.errors import Malformed
from gt.store import values as v
from gt.store.agentfile import PRESETS, agents_from

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def town_from(data: Any, where: str) -> Town:
    """The Town that this data describes. Raises Malformed, naming `where` and the dotted key."""
    try:
        return _town(data)
    except v.Wrong as wrong:
        raise Malformed(where, f"{wrong.key}: {wrong.why}" if wrong.key else wrong.why) from None


def _town(data: Any) -> Town:
    k = v.Keys(data)
    if k.need("apiVersion", v.text) != API_VERSION:
        raise v.Wrong(f"must be {API_VERSION} (is this for a newer gt?)", "apiVersion")
    k.take("kind", v.one_of("Town"), "Town")
    agent = k.take("agent", v.name, None)
    no_agents: dict[str, AgentSpec] = {}
    no_crew: dict[str, CrewSpec] = {}
    agents = k.take("agents", agents_from, no_agents)
    if agent is not None and agent not in agents:
        if agent not in PRESETS:
            known = ", ".join(sorted({*agents, *PRESETS}))
            raise v.Wrong(f"there is no agent {agent} (there are {known})", "agent")
        agents = {**agents, agent: AgentSpec(agent, preset=agent)}
    refinery = k.take("refinery", _refinery, RefinerySpec())
    coordination = k.take("coordination", v.one_of("local", "remote"), "local")
    if coordination == "remote" and refinery.push is None:
        raise v.Wrong("needs refinery.push: the name of the remote", "coordination")
    town = Town(
        agent=agent,
        agents=agents,
        worktrees=k.take("worktrees", _worktrees, Worktrees()),
        gates=k.take("gates", _gates, ()),
        refinery=refinery,
        limits=k.take("limits", _limits, Limits()),
        coordination=coordination,
        page=k.take("page", _page, None),
        types=k.take("types", v.list_of(v.type_name), ()),
        ungated=k.take("ungated", v.flag, default=False),
        stages=k.take("stages", _stages, ()),
        crew=k.take("crew", _crew, no_crew),
    )
    k.done()
    return town


def _worktrees(data: Any) -> Worktrees:
    k = v.Keys(data)
    default = Worktrees()
    made = Worktrees(
        root=k.take("root", _root, default.root),
        copy=k.take("copy", v.list_of(v.inner_path), ()),
        setup=k.take("setup", v.command, None),
        timeout=k.take("timeout", v.duration, default.timeout),
        caches=k.take("caches", v.list_of(v.inner_path), ()),
    )
    k.done()
    return made


def _gates(data: Any) -> tuple[Gate, ...]:
    gates = v.list_of(_gate)(data)
    seen: set[str] = set()
    for i, gate in enumerate(gates):
        if gate.name in seen:
            raise v.Wrong(f"there are two gates named {gate.name}", f"[{i}].name")
        seen.add(gate.name)
    return gates


def _gate(data: Any) -> Gate:
    k = v.Keys(data)
    name, run = k.need("name", v.name), k.need("run", v.command)
    default = Gate(name, run)
    gate = Gate(
        name=name,
        run=run,
        timeout=k.take("timeout", v.duration, default.timeout),
        when=k.take("when", v.one_of("before", "after"), default.when),
        inputs=k.take("inputs", v.list_of(v.inner_path), ()),
        env=k.take("env", v.list_of(v.variable), ()),
        could_not_run=k.take("could_not_run", v.list_of(v.exit_code), default.could_not_run),
    )
    k.done()
    return gate


def _stages(data: Any) -> tuple[StageSpec, ...]:
    stages = v.list_of(_stage)(data)
    seen: set[str] = set()
    for i, stage in enumerate(stages):
        if stage.branch in seen:
            raise v.Wrong(f"there are two stages on {stage.branch}", f"[{i}].branch")
        if stage.source in {later.branch for later in stages[i:]}:
            raise v.Wrong("must be the target, or a stage before this one", f"[{i}].from")
        seen.add(stage.branch)
    return stages


def _stage(data: Any) -> StageSpec:
    k = v.Keys(data)
    branch = k.need("branch", v.branch)
    stage = StageSpec(
        branch=branch,
        gates=k.take("gates", _stage_gates, ()),
        bake=k.take("bake", v.duration, 0),
        approve=k.take("approve", v.flag, default=False),
        source=k.take("from", v.branch, None),
    )
    k.done()
    return stage


def _stage_gates(data: Any) -> tuple[Gate, ...]:
    gates = _gates(data)
    for i, gate in enumerate(gates):
        if gate.when != "before":
            raise v.Wrong("gates of a stage run before a commit goes there", f"[{i}].when")
    return gates


def _refinery(data: Any) -> RefinerySpec:
    k = v.Keys(data)
    default = RefinerySpec()
    spec = RefinerySpec(
        slots=k.take("slots", lambda value: None if value == "auto" else v.count(value), None),
        history=k.take("history", v.one_of("train", "linear"), default.history),
        strategy=k.take("strategy", v.one_of(*STRATEGIES), default.strategy),
        message=k.take("message", v.text, None),
        review=k.take("review", v.one_of("protected", "all"), default.review),
        approvals=k.take("approvals", v.one_of("any", "signed"), default.approvals),
        protected=k.take("protected", v.list_of(v.inner_path), default.protected),
        push=k.take("push", v.name, None),
        land=k.take("land", _land, None),
        budget=k.take("budget", v.count, default.budget),
    )
    k.done()
    if spec.land is not None and spec.push is None:
        raise v.Wrong("needs refinery.push: the name of the remote that has the target", "land")
    if spec.land is not None and spec.history == "linear":
        why = "can't be linear where others make the commits that land (refinery.land): leave it out"
        raise v.Wrong(why, "history")
    return spec


def _land(data: Any) -> LandSpec:
    k = v.Keys(data)
    command = k.need("command", v.command)
    spec = LandSpec(
        command,
        timeout=k.take("timeout", v.duration, LandSpec("").timeout),
        env=k.take("env", v.list_of(v.variable), ()),
    )
    k.done()
    return spec


def _limits(data: Any) -> Limits:
    k = v.Keys(data)
    default = Limits()
    limits = Limits(
        attempts=k.take("attempts", v.count, default.attempts),
        deadline=k.take("deadline", v.duration, default.deadline),
        concurrent=k.take("concurrent", v.count, default.concurrent),
        interruptions=k.take("interruptions", v.count, default.interruptions),
        backoff=k.take("backoff", v.duration, default.backoff),
        cooldown=k.take("cooldown", v.duration, default.cooldown),
        no_changes=k.take("no_changes", v.count, default.no_changes),
        usd_per_day=k.take("usd_per_day", v.money, None),
        usd_per_bead=k.take("usd_per_bead", v.money, None),
    )
    k.done()
    return limits


def _page(data: Any) -> Command:
    k = v.Keys(data)
    command = k.need("command", v.command)
    k.done()
    return command


def _crew(data: Any) -> dict[str, CrewSpec]:
    return {v.entry(name): v.at(name, _member, value) for name, value in v.mapping(data).items()}


def _member(data: Any) -> CrewSpec:
    k = v.Keys(data)
    member = CrewSpec(
        command=k.need("command", v.command),
        worktree=k.take("worktree", v.flag, default=True),
        boot=k.take("boot", v.flag, default=False),
    )
    k.done()
    return member


def _root(value: Any) -> str:
    text = v.text(value)
    foreign = [found for found in _PLACEHOLDER.findall(text) if found != "{repo}"]
    if foreign or "{" in text.replace("{repo}", ""):
        raise v.Wrong(f"knows only the placeholder {{repo}}: {text!r}")
    if ".git" in text.split("/"):
        raise v.Wrong("must not be under .git: agents' sandboxes protect that path")
    return text
