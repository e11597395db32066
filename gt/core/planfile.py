"""Plans in Markdown: headings become drafts of Beads, nesting gives parents, `key: value` lines give fields.

Knows text and specs; knows neither the ledger nor which ids exist. docs/plan-files.md describes the format.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from gt.core.bead import Spec
from gt.core.draft import Draft
from gt.core.schema import spec_from
from gt.errors import Malformed

LISTS = {"labels": "labels", "label": "labels", "needs": "needs", "link": "links", "links": "links"}
"""Keys whose lines add up; the others may stand once."""
SCALARS = (
    "type",
    "priority",
    "agent",
    "base",
    "attempts",
    "usd",
    "deadline",
    "defer",
    "hold",
    "review",
    "parent",
)
KEYS = (*LISTS, *SCALARS)

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_FIELD = re.compile(r"([a-z_-]+):(?:[ \t]+(.*)|[ \t]*)")
_ITEM = re.compile(r"[ \t]*[-*+][ \t]+(.*)")
_ACCEPTANCE = re.compile(r"(?:\*\*)?acceptance(?: criteria)?:?(?:\*\*)?:?(.*)", re.IGNORECASE)
_INTEGERS = ("priority", "attempts")


@dataclass(slots=True)
class _Part:
    """One heading while its text is being read."""

    line: int
    level: int
    title: str
    above: int | None
    data: dict[str, Any] = field(default_factory=dict)
    needs: list[tuple[int, str]] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    acceptance: list[str] = field(default_factory=list)
    lead: bool = True
    """Whether only fields and blank lines came so far: there, a misspelt key is told from prose."""


class _Reader:
    """Reads a plan line by line; collects what is wrong with it rather than stopping at the first."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.parts: list[_Part] = []
        self.wrong: list[tuple[int, str]] = []
        self.fence = ""
        self.accepting: int | None = None
        """The level of the Acceptance heading that is being read; 9 after an `Acceptance:` line."""
        self.owner: int | None = None
        """Whose text is being read."""
        self.listing = ""
        """The key whose items the next lines may be: after `needs:` with nothing behind it."""

    def line(self, number: int, text: str) -> None:
        if self._fenced(text):
            self._text(number, text)
        elif heading := _HEADING.fullmatch(text):
            self.listing = ""
            self._heading(number, len(heading[1]), (heading[2] or "").strip(), text)
        elif self.listing and (item := _ITEM.fullmatch(text)):
            self._field(number, self.listing, item[1].strip())
        else:
            self.listing = ""
            self._other(number, text)

    def _fenced(self, text: str) -> bool:
        """Whether the line is code, or the fence around it."""
        fence = _FENCE.fullmatch(text)
        if self.fence:
            if fence and fence[1].startswith(self.fence) and not fence[2].strip():
                self.fence = ""
            return True
        if fence and not (fence[1][0] == "`" and "`" in fence[2]):
            self.fence = fence[1]
            return True
        return False

    def _heading(self, number: int, level: int, title: str, text: str) -> None:
        if self.accepting is not None and self.accepting < level <= 6:
            self._text(number, text)
            return
        self.accepting = None
        above = self._above(level)
        if title and (found := _ACCEPTANCE.fullmatch(title)) and not found[1].strip():
            if above is None:
                self.wrong.append(
                    (number, f"an Acceptance part belongs below a heading of a higher level than {level}")
                )
            self.accepting, self.owner = level, above
            return
        if not title:
            self.wrong.append((number, "a heading needs a title"))
        self.parts.append(_Part(number, level, title, above))
        self.owner = len(self.parts) - 1

    def _above(self, level: int) -> int | None:
        """The nearest heading before this one whose level is higher (a smaller number)."""
        return next((i for i in range(len(self.parts) - 1, -1, -1) if self.parts[i].level < level), None)

    def _other(self, number: int, text: str) -> None:
        if self.owner is None:
            if text.strip() and not self.wrong:
                self.wrong.append((number, "text before the first heading belongs to no Bead"))
            return
        part = self.parts[self.owner]
        found = _FIELD.fullmatch(text)
        if found and found[1] in KEYS:
            self._field(number, found[1], (found[2] or "").strip())
        elif (accepted := _ACCEPTANCE.fullmatch(text)) and ":" in text[: len(text) - len(accepted[1])]:
            self.accepting = 9
            part.acceptance.append(accepted[1].strip())
        elif found and part.lead and (near := _near(found[1])):
            self.wrong.append((number, f"{found[1]}: is not a field; did you mean {near}?"))
        else:
            self._text(number, text)

    def _text(self, number: int, text: str) -> None:
        if self.owner is None:
            if not self.wrong:
                self.wrong.append((number, "text before the first heading belongs to no Bead"))
            return
        part = self.parts[self.owner]
        part.lead = part.lead and not text.strip()
        (part.body if self.accepting is None else part.acceptance).append(text)

    def _field(self, number: int, key: str, value: str) -> None:
        assert self.owner is not None
        part = self.parts[self.owner]
        if key in LISTS and not value:
            self.listing = key
            return
        try:
            self._take(part, number, key, value)
        except Malformed as error:
            self.wrong.append((number, error.why))

    def _take(self, part: _Part, number: int, key: str, value: str) -> None:
        name = LISTS.get(key, key)
        if name == "needs":
            part.needs.append((number, value))
        elif name == "labels":
            found = [label.strip() for label in value.split(",") if label.strip()]
            part.data["labels"] = [*part.data.get("labels", ()), *found]
        elif name == "links":
            kind, colon, to = value.partition(":")
            if not colon:
                raise Malformed("", f"{key}: write KIND:ID, as in discovered-from:gt-7k2m9qxa")
            links = part.data.setdefault("links", {})
            links[kind.strip()] = [*links.get(kind.strip(), ()), to.strip()]
        elif name in part.data:
            raise Malformed("", f"{key}: is given twice")
        elif name == "parent":
            if part.above is not None:
                raise Malformed("", "parent: the heading above is the parent already")
            part.data["parent"] = value
        else:
            made = _typed(name, value)
            spec_from({"title": "x", name: made}, "")
            part.data[name] = made


def _typed(key: str, value: str) -> Any:
    if key in _INTEGERS and value.isdecimal() and len(value) < 8:
        return int(value)
    if key == "usd":
        try:
            return float(value)
        except ValueError:
            return value
    if key == "hold":
        return {"true": True, "yes": True, "false": False, "no": False}.get(value.lower(), value)
    return value


def _near(word: str) -> str | None:
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, KEYS, 1, 0.8)), None)


def parse(text: str, name: str) -> tuple[Draft, ...]:
    """The drafts in a plan, in its order; `name` is what errors call the file.

    A need that is the title of one heading of the plan means that heading; any other is left in `spec.needs`
    as written, an id or the start of one, as is a `parent:`. Raises Malformed with every fault and its line.
    """
    reader = _Reader(name)
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    for number, row in enumerate(lines, 1):
        reader.line(number, row)
    if reader.fence:
        reader.wrong.append((len(lines), "a code block is not closed"))
    if not reader.parts and not reader.wrong:
        raise Malformed(name, "has no heading: each heading becomes a Bead", hint="gt create --help")
    holders = {part.above for part in reader.parts}
    drafts = [_draft(reader, i, part, i in holders) for i, part in enumerate(reader.parts)]
    if reader.wrong:
        (line, why), *more = sorted(reader.wrong)
        rest = "".join(f"\n{name}:{at}: {what}" for at, what in more)
        raise Malformed(f"{name}:{line}", why + rest)
    return tuple(drafts)


def _draft(reader: _Reader, index: int, part: _Part, holds: bool) -> Draft:
    titles = _by_title(reader.parts)
    needs: list[int | str] = []
    for line, wanted in part.needs:
        try:
            needs += _needs(wanted, titles, reader.parts)
        except Malformed as error:
            reader.wrong.append((line, error.why))
    ids = frozenset(need for need in needs if isinstance(need, str))
    after = frozenset(need for need in needs if isinstance(need, int))
    if index in after:
        reader.wrong.append((part.line, f"{part.title!r} needs itself"))
    spec = _spec(reader, part, holds)
    return Draft(
        replace(spec, needs=ids, parent=part.data.get("parent")),
        above=part.above,
        after=after,
        where=f"{reader.name}:{part.line}",
    )


def _spec(reader: _Reader, part: _Part, holds: bool) -> Spec:
    data = {key: value for key, value in part.data.items() if key not in ("parent", "links")}
    data |= {"title": part.title, "body": _joined(part.body), "acceptance": _joined(part.acceptance)}
    if holds:
        data.setdefault("type", "epic")
    try:
        spec = spec_from(data, "")
    except Malformed as error:
        if part.title:
            reader.wrong.append((part.line, error.why))
        return Spec("")
    return replace(spec, links={kind: frozenset(to) for kind, to in part.data.get("links", {}).items()})


def _joined(lines: list[str]) -> str:
    """The lines without the blank ones around them, ended by a newline if there are several."""
    kept = "\n".join(line.rstrip() for line in lines).strip("\n")
    return kept + "\n" if "\n" in kept else kept


def _by_title(parts: list[_Part]) -> Callable[[str], list[int]]:
    def matching(title: str) -> list[int]:
        exact = [i for i, part in enumerate(parts) if part.title == title]
        return exact or [i for i, part in enumerate(parts) if part.title.casefold() == title.casefold()]

    return matching


def _needs(wanted: str, titles: Callable[[str], list[int]], parts: list[_Part]) -> list[int | str]:
    """What a `needs:` line names: one title, or titles and ids between commas."""
    whole = titles(wanted)
    names = [wanted] if whole else [name.strip() for name in wanted.split(",") if name.strip()]
    found: list[int | str] = []
    for name in names:
        fits = whole or titles(name)
        if len(fits) > 1:
            at = ", ".join([str(parts[place].line) for place in fits])
            raise Malformed("", f"needs: {name!r} fits the headings on lines {at}")
        if not fits and not re.fullmatch(r"[a-z0-9-]{1,25}", name):
            raise Malformed("", f"needs: no heading here is called {name!r}, and it is no id")
        found.append(fits[0] if fits else name)
    return found
