"""What commands print with `--json`, as Markdown, made from its schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gt.store.schemas import FILES, Schema, kinds, printed_by, schema

_HEAD = """\
# JSON

Made by `make docs` from the schemas that `gt schema` prints. Almost every command takes `--json`, and then prints one JSON
value on stdout, in one line (`gt list --json | jq .`); on a terminal it is indented. `gt status`, `queue` and `board` with
`--watch` print a line for each change, `gt export` one for each Bead, `gt log --jsonl` one for each event: for dashboards.

- Each value says what it is: `{"apiVersion": "gt/v1", "kind": "QueueList", "items": [...]}`. A Bead and a page are printed as the
  ledger has them ([the format](ledger.md), [what a Bead is](bead.md)): `gt schema bead`, `gt schema page`.
- Within an `apiVersion` no key is taken away, or given another meaning. New ones may come: ignore those that you don't know.
- null says the same as a key that isn't there. Times are UTC, as `2026-11-22T20:00:00Z`; durations are whole seconds.
- Text is what people and agents wrote. Characters that act on a terminal, or hide, are escaped (`\\u001b`): a JSON parser gives
  them back as they are.
- What goes wrong is on stderr, as a line of its own, `{"error": {"kind": "not-found", "message": "...", "hint": "..."}}`, and the
  [exit code](exit-codes.md) says so, too. `kind` there is one of a few words, for programs; `hint` is a command to type next.

`gt schema KIND` prints the JSON Schema of each, `gt schema town` that of [.gt/town.yaml](town-yaml.md), by which an editor completes
and checks it.
"""


def markdown() -> str:
    """docs/json.md; the same text on every machine."""
    return _HEAD + "".join(_section(kind) for kind in kinds() if kind not in FILES)


def _section(kind: str) -> str:
    made = schema(kind)
    rows = "".join(
        f"| `{name}` | {form} | {about} |\n" for name, form, about in _rows(made, made.get("$defs", {}), "")
    )
    return f"\n## {kind}\n\n{printed_by(kind)}\n\n| key | form | what it is |\n| --- | --- | --- |\n{rows}"


def _rows(made: Schema, defs: Schema, before: str) -> Iterator[tuple[str, str, str]]:
    for name, each in made.get("properties", {}).items():
        if not before and name in ("apiVersion", "kind"):
            continue
        form, inner, mark = _form(each, defs)
        place = f"{before}{name}{mark}"
        yield place, form, each.get("description", "")
        yield from _rows(inner, defs, f"{place}.")


def _form(made: Schema, defs: Schema) -> tuple[str, Schema, str]:
    """What it is called, what is inside, and what comes after the key for that."""
    if "anyOf" in made:
        made = made["anyOf"][0]
    if "$ref" in made:
        name = made["$ref"].rpartition("/")[2]
        if name in ("Bead", "Page", *kinds()):
            return name, {}, ""
        return _form(defs[name], defs)
    kind: Any = made.get("type", "any")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "array":
        form, inner, mark = _form(made["items"], defs)
        return f"list of {form}", inner, f"[]{mark}"
    if kind == "object" and "properties" not in made:
        form, inner, mark = _form(made["additionalProperties"], defs)
        return f"{form}, by name", inner, f".*{mark}"
    return ("time" if made.get("format") == "date-time" else kind), made if kind == "object" else {}, ""
