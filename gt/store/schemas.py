"""The JSON Schemas (draft 2020-12) that come with gt: of what people write, of what the ledger has, of what gt prints.

Those of files are kept as they are given out. Those of what is printed are made of `outputs.yaml`, which says how to read it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from gt.core.values import dataclass
from gt.errors import NotFound

Schema = dict[str, Any]

FILES = ("town", "formula", "bead", "page")
"""The kinds of files that people or programs write."""

_OF_FILES = {"Bead": "bead", "Page": "page"}
_FORMS: dict[str, Schema] = {
    "text": {"type": "string"},
    "number": {"type": "number"},
    "whole": {"type": "integer"},
    "flag": {"type": "boolean"},
    "time": {"type": "string", "format": "date-time"},
    "bead": {"type": "string"},
    "token": {"type": "string"},
    "oid": {"type": "string", "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$"},
    "any": {},
}
_OURS = ("commands", "words")
"""Keys of a kind in `outputs.yaml` that aren't printed."""


def kinds() -> tuple[str, ...]:
    """All that there is a schema of: kinds of files, and the kinds of what commands print, as their JSON calls them."""
    return (*FILES, *sorted(_outputs()["kinds"]))


def printed_by(kind: str) -> str:
    """The commands whose `--json` is of this kind."""
    return str(_outputs()["kinds"][kind]["commands"])


def schema(kind: str) -> Schema:
    """The schema of one kind, which needs no other file. Raises NotFound."""
    found = _OF_FILES.get(kind, kind)
    if found in FILES:
        return _file(found)
    known = _outputs()["kinds"].get(found)
    if known is None:
        raise NotFound("schema", kind, hint="gt schema")
    envelope = {
        "apiVersion": {"description": "the version of the format", "const": "gt/v1"},
        "kind": {"description": "what it is", "const": kind},
    }
    defs: dict[str, Schema] = {}
    made = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"What is printed with --json by {printed_by(kind)}",
        "type": "object",
        "properties": envelope | _Printed(known.get("words", {}), defs).properties(_keys(known)),
        "required": ["apiVersion", "kind"],
    }
    return made | ({"$defs": defs} if defs else {})


@dataclass(frozen=True, slots=True)
class _Printed:
    """Reads the forms of one kind."""

    words: Mapping[str, str]
    """Its own."""
    defs: dict[str, Schema]
    """What is referred to, by name; filled while forms are read."""

    def properties(self, keys: Mapping[str, Any]) -> dict[str, Schema]:
        every = _outputs()["words"]
        return {
            key: {"description": self.words.get(key) or every[key], **_or_null(self.form(each))}
            for key, each in keys.items()
        }

    def form(self, form: Any) -> Schema:
        if isinstance(form, list):
            return {"type": "array", "items": self.form(form[0])}
        if isinstance(form, dict) and "*" in form:
            return {"type": "object", "additionalProperties": _or_null(self.form(form["*"]))}
        if isinstance(form, dict):
            return {"type": "object", "properties": self.properties(form)}
        return self._named(form[1:]) if form.startswith("=") else dict(_FORMS[form])

    def _named(self, name: str) -> Schema:
        if name in _OF_FILES:
            self.defs[name] = {
                key: value for key, value in _file(_OF_FILES[name]).items() if key != "$schema"
            }
        elif name not in self.defs:
            shape = _outputs()["parts"].get(name) or _keys(_outputs()["kinds"][name])
            self.defs[name] = self.form(shape)
        return {"$ref": f"#/$defs/{name}"}


def _keys(kind: Mapping[str, Any]) -> dict[str, Any]:
    return {key: form for key, form in kind.items() if key not in _OURS}


def _or_null(made: Schema) -> Schema:
    if "type" in made:
        return {**made, "type": [made["type"], "null"]}
    return {"anyOf": [made, {"type": "null"}]} if made else {}


def _file(kind: str) -> Schema:
    found: Schema = json.loads((files("gt") / "schemas" / f"{kind}.json").read_text("utf-8"))
    return found


@cache
def _outputs() -> dict[str, Any]:
    text = (files("gt") / "schemas" / "outputs.yaml").read_text("utf-8")
    found: dict[str, Any] = YAML(typ="safe").load(text)
    return found
