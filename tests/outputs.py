"""What commands print as JSON, held against its schema wherever a test looks at it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from gt.store.schemas import FILES, kinds, schema

FEW = 3
"""Of a long list so many are looked at."""


def parsed(text: str) -> Any:
    """The JSON; fails where its schema doesn't know a key of it, or has it otherwise."""
    data = json.loads(text)
    if isinstance(data, dict) and "kind" in data and "$schema" not in data:
        kind = data["kind"]
        assert kind in kinds() or kind.lower() in FILES, f"there is no schema of {kind}"
        some = {**data, "items": data["items"][:FEW]} if "items" in data else data
        wrong = [f"{error.json_path}: {error.message[:200]}" for error in _strict(kind).iter_errors(some)]
        assert wrong == [], f"{kind}: {wrong}"
    return data


@cache
def _strict(kind: str) -> Draft202012Validator:
    return Draft202012Validator(_closed(schema(kind)))


def _closed(found: Any) -> Any:
    """The schema, less the keys that readers are to ignore."""
    if isinstance(found, dict):
        if "properties" in found and "if" not in found:
            found.setdefault("additionalProperties", False)
        for name, value in found.items():
            if name not in ("if", "then"):
                _closed(value)
    elif isinstance(found, list):
        for value in found:
            _closed(value)
    return found
