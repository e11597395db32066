"""JSON as gt prints it: the shapes that all commands share, and no character that acts on a terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from gt.cli.text import CONTROL
from gt.errors import GtError

API_VERSION = "gt/v1"


def _escape(found: re.Match[str]) -> str:
    return json.dumps(found.group())[1:-1]


def dumps(data: Any, *, indent: int | None = None) -> str:
    """JSON text in which UTF-8 stays readable and control, bidi and zero-width characters are escaped."""
    return re.sub(f"[{CONTROL}]", _escape, json.dumps(data, ensure_ascii=False, indent=indent))


def listing(kind: str, items: Iterable[Any]) -> dict[str, Any]:
    """`{"apiVersion": "gt/v1", "kind": "BeadList", "items": [...]}`."""
    return {"apiVersion": API_VERSION, "kind": kind, "items": list(items)}


def single(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A report that is no object of the ledger: `{"apiVersion", "kind", ...fields}`."""
    return {"apiVersion": API_VERSION, "kind": kind, **fields}


def failure(kind: str, message: str, hint: str | None) -> dict[str, Any]:
    """What stderr gets instead of `error:` and `hint:` lines."""
    return {"error": {"kind": kind, "message": message, "hint": hint}}


def refusal(error: GtError) -> dict[str, Any]:
    """As `failure`, for an error in the middle of a list."""
    return failure(error.kind, error.message, error.hint)
