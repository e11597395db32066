"""What was in an attempt's worktree when its agent began: written before the agent runs, read by whoever ends it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, field
from pathlib import Path

from gt.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    """The beginning of an attempt."""

    git_dir: str
    """The worktree's: what it was when gt made it, whatever its `.git` file says later."""
    start: str
    """The commit that it began at."""
    merged: str | None = None
    """The earlier attempt's work that is in it."""
    before: str | None = None
    """The tree of all that lay there when the agent began; None while it is being set up."""
    nested: Mapping[str, str] = field(default_factory=dict)
    """Repositories inside it, with their states."""
    hidden: Mapping[str, str] = field(default_factory=dict)
    """Files in it that only the clone or its user ignores, as they looked; see `hidden`."""
    commit: bool = True
    """Whether gt commits what the agent leaves uncommitted."""
    scratch: tuple[str, ...] = ()
    """Patterns of what the agent's program leaves for itself at the root: kept, but no part of its work."""
    wrapped: bool = False
    """Whether the agent runs inside a wrapper: no program of what it left may run outside."""
    private: bool = False
    """Whether there may be something in its private clone that wasn't fetched from there yet."""
    kill: tuple[str, ...] = ()
    """What ends the inside of its wrapper, where that outlives it."""


def write(path: Path, record: Record) -> None:
    """Keep the record, durably, in place of an earlier one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with draft.open("w", encoding="utf-8", errors="surrogateescape") as file:
        json.dump(asdict(record), file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


def read(path: Path) -> Record | None:
    """The record; None if there is none, or none that makes sense."""
    try:
        data = json.loads(path.read_text("utf-8", "surrogateescape"))
        known = {key: data[key] for key in Record.__dataclass_fields__ if key in data}
        lists = {key: tuple(known.get(key, ())) for key in ("scratch", "kill")}
        return Record(**{**known, **lists})
    except (OSError, ValueError, KeyError, TypeError):
        return None
