"""Canonical YAML: the one form in which gt writes plain data, and a fast reader of just that form.

Knows mappings with string keys, lists, strings, numbers, booleans and null; knows nothing of Beads.
`read` takes a line only if `emit` would have written that very line for what it read, so `emit` gives back the text:
`emit` never writes two values alike, and YAML 1.1 and 1.2 both read what it wrote as the value it was given.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from json.decoder import scanstring as _unquoted  # type: ignore[attr-defined]
from typing import Any

from gt.errors import Refused

MAX_DEPTH = 24
"""Collections inside collections; a Bead needs four."""

MAX_KEY = 500
"""Characters of a key as written; YAML itself stops at 1024."""

_VISIBLE = r"\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
"""Written as they are. The rest is what YAML forbids or reads as a line break, and what reverses text on screen."""

_FIRST = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_/")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""Booleans and nulls of some YAML version; everything else that isn't text begins with no letter."""
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

_ATOMS: dict[str, Any] = {"null": None, "true": True, "false": False, "[]": [], "{}": {}}
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+(e[+-][0-9]+)?)?\Z")


class NotCanonical(Exception):
    """A text that `emit` would not have written; it may still be good YAML."""


def emit(data: dict[str, Any]) -> str:
    """The text of a mapping, keys in the order given, each on a line, ended by a newline.

    Raises Refused for what canonical YAML has no form for: half characters, infinities, foreign types.
    """
    if not data:
        return "{}\n"
    out: list[str] = []
    _emit_map(data, "", out.append, MAX_DEPTH)
    return "".join(out)


def _emit_map(data: dict[str, Any], pad: str, put: Callable[[str], None], left: int) -> None:
    if not left:
        raise Refused(f"data is nested deeper than {MAX_DEPTH} levels")
    for key, value in data.items():
        name = _keys.get(key) or _key(key)
        kind = type(value)
        if kind is str:
            put(f"{pad}{name}: {_lines.get(value) or _string(value, pad)}\n")
        elif kind is dict and value:
            put(f"{pad}{name}:\n")
            _emit_map(value, pad + "  ", put, left - 1)
        elif kind is list and value:
            put(f"{pad}{name}:\n")
            _emit_list(value, pad + "  ", put, left - 1)
        else:
            put(f"{pad}{name}: {_atom(value)}\n")


def _emit_list(items: list[Any], pad: str, put: Callable[[str], None], left: int) -> None:
    if not left:
        raise Refused(f"data is nested deeper than {MAX_DEPTH} levels")
    for value in items:
        kind = type(value)
        if kind is str:
            put(f"{pad}- {_string(value, pad)}\n")
        elif kind is dict and value:
            part: list[str] = []
            _emit_map(value, pad + "  ", part.append, left - 1)
            # The first key stands right after the dash.
            put(f"{pad}- {part[0][len(pad) + 2 :]}")
            put("".join(part[1:]))
        elif kind is list and value:
            put(f"{pad}-\n")
            _emit_list(value, pad + "  ", put, left - 1)
        else:
            put(f"{pad}- {_atom(value)}\n")


_keys: dict[object, str] = {}
"""Keys as written, for the few hundred that come up again and again."""

_lines: dict[str, str] = {}
"""Short strings as written, likewise."""


def _key(key: object) -> str:
    if type(key) is not str:
        raise Refused(f"a key must be text, not {type(key).__name__}")
    written = _quoted(key) if ":" in key else _line(key)
    if len(written) > MAX_KEY:
        raise Refused(f"a key is longer than {MAX_KEY} characters: {key[:40]}...")
    if len(_keys) < 500:
        _keys[key] = written
    return written


def _string(text: str, pad: str) -> str:
    if "\n" in text and not text.isspace() and _visible(text.replace("\n", "").replace("\t", "")):
        return _block(text, pad)
    written = _line(text)
    if len(text) < 16 and len(_lines) < 2000:
        _lines[text] = written
    return written


def _line(text: str) -> str:
    return text if _is_plain(text) else _quoted(text)


def _is_plain(text: str) -> bool:
    """Whether it stands without quotes: it begins as only text does in YAML, and nothing in it means something else."""
    first = text[:1]
    return (
        (first in _FIRST or "\u00c0" <= first <= "\u024f")
        and ((text.isascii() and text.isprintable()) or _visible(text))
        and ": " not in text
        and " #" not in text
        and text[-1] not in ": "
        and (len(text) > 5 or text.lower() not in _WORDS)
    )


def _visible(text: str) -> bool:
    """Whether there is nothing in it but what is written as it is."""
    return (text.isascii() and text.isprintable()) or _hidden().search(text) is None


@cache
def _hidden() -> re.Pattern[str]:
    """Compiled when first needed: that takes milliseconds, and most text is ASCII."""
    return re.compile(rf"[^{_VISIBLE}]")


def _quoted(text: str) -> str:
    if text.isalnum() and text.isascii():
        return f'"{text}"'
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"' if _visible(text) else '"' + _hidden().sub(_escape, text) + '"'


def _block(text: str, pad: str) -> str:
    lines = text.split("\n")
    # A first line that is empty or begins with a blank would leave the indentation to be guessed.
    head = "|2" if not lines[0] or lines[0][0] in " \t" else "|"
    if lines[-1]:
        head += "-"
    else:
        lines.pop()
        if not lines[-1]:
            head += "+"
    inner = "\n" + pad + "  "
    return head + "".join([inner + line if line else "\n" for line in lines])


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    if "\ud800" <= char <= "\udfff":
        raise Refused(f"text has half a character (U+{ord(char):04X}), which UTF-8 can't hold")
    return _SHORT.get(char) or f"\\u{ord(char):04x}"


def _atom(value: Any) -> str:
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    kind = type(value)
    if kind is int:
        if not -(10**30) < value < 10**30:
            raise Refused("a number has more than 30 digits")
        return str(value)
    if kind is float:
        return _float(value)
    if kind is list or kind is dict:
        return "[]" if kind is list else "{}"
    raise Refused(f"can't be written as YAML: {kind.__name__}")


def _float(value: float) -> str:
    text = repr(value)
    if text.endswith(("f", "n")):
        raise Refused(f"can't be written as YAML: {text}")
    if "e" in text and "." not in text:  # YAML 1.1 takes 1e-07 for a string
        text = text.replace("e", ".0e")
    return text


def read(text: str) -> dict[str, Any]:
    """The mapping that `emit` wrote as this text. Raises NotCanonical for any other text."""
    if text == "{}\n":
        return {}
    try:
        lines = text.split("\n")
        if lines.pop():
            raise NotCanonical
        reader = _Lines(lines)
        data = reader.mapping("")
    except (IndexError, ValueError, RecursionError, Refused) as error:
        raise NotCanonical from error
    if reader.at != len(lines):
        raise NotCanonical
    return data


_entries: dict[str, tuple[str, Any]] = {}
"""Short lines of a mapping, without their indentation, as key and value: many come up again and again."""


class _Lines:
    """A reader's place in the lines of a text. Each line it takes is the one `emit` would have written there."""

    __slots__ = ("at", "lines")

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0

    def mapping(self, pad: str) -> dict[str, Any]:
        """The keys from here on that stand at this indentation; the caller took away a leading dash."""
        lines, skip, count = self.lines, _width(pad), len(self.lines)
        data: dict[str, Any] = {}
        at = self.at
        while at < count and lines[at].startswith(pad):
            line = lines[at][skip:]
            entry = _entries.get(line)
            if entry:
                at += 1
            elif line[0] in " -":
                break
            else:
                self.at = at
                entry = self.entry(line, pad)
                at = self.at
            key, value = entry
            if key in data:
                raise NotCanonical
            data[key] = value
        if not data:
            raise NotCanonical
        self.at = at
        return data

    def entry(self, line: str, pad: str) -> tuple[str, Any]:
        """A key and what belongs to it."""
        self.at += 1
        key, _, rest = line.partition(": ")
        if not rest or _keys.get(key) != key:
            key, rest = _parted(line)
        if not rest:
            inner = pad + "  "
            first = self.lines[self.at]
            listed = first.startswith(inner + "- ") or first == inner + "-"
            return key, self.sequence(inner) if listed else self.mapping(inner)
        if rest[0] == "|":
            return key, self.block(rest, pad)
        value = _scalar(rest)
        if len(line) < 40 and len(_entries) < 4000 and value.__class__ not in (list, dict):
            _entries[line] = key, value
        return key, value

    def sequence(self, pad: str) -> list[Any]:
        """The items from here on whose dashes stand at this indentation."""
        lines, skip, count = self.lines, _width(pad) + 2, len(self.lines)
        items: list[Any] = []
        start, inner = pad + "- ", pad + "  "
        while self.at < count:
            line = lines[self.at]
            if not line.startswith(start):
                if line != pad + "-":
                    break
                self.at += 1
                items.append(self.sequence(inner))
                continue
            rest = line[skip:]
            if _unquoted(rest, 1)[1] < len(rest) if rest[0] == '"' else ": " in rest or rest[-1] == ":":
                lines[self.at] = inner + rest
                items.append(self.mapping(inner))
            else:
                self.at += 1
                items.append(self.block(rest, pad) if rest[0] == "|" else _scalar(rest))
        if not items:
            raise NotCanonical
        return items

    def block(self, head: str, pad: str) -> str:
        """A text of several lines, indented more than this; its head is read already."""
        inner = pad + "  "
        lines, skip, count = self.lines, len(inner), len(self.lines)
        start = at = self.at
        while at < count and (not lines[at] or lines[at].startswith(inner)):
            at += 1
        self.at = at
        text = "\n".join([line[skip:] for line in lines[start:at]])
        if not head.endswith("-"):
            text += "\n"
        if _string(text, pad) != "\n".join([head, *lines[start:at]]):
            raise NotCanonical
        return text


def _width(pad: str) -> int:
    if len(pad) >= 2 * MAX_DEPTH:
        raise NotCanonical
    return len(pad)


def _is_simple(text: str) -> bool:
    """Whether it is the same between quotes as without them."""
    return text.isascii() and text.isprintable() and '"' not in text and "\\" not in text


def _parted(line: str) -> tuple[str, str]:
    """The key and what follows it on its line, which is nothing where a collection lies below."""
    if line[0] == '"':
        key, end = _unquoted(line, 1)
        name, colon, rest = line[:end], line[end : end + 2], line[end + 2 :]
    else:
        key, colon, rest = line.partition(": ")
        if not colon:
            key, colon = key[:-1], key[-1]
        name = key
    if (_keys.get(key) or _key(key)) != name or colon != (": " if rest else ":"):
        raise NotCanonical
    return key, rest


def _scalar(text: str) -> Any:
    """A value that stands on one line."""
    if _is_plain(text):
        return text
    first = text[0]
    if first == '"':
        inner = text[1:-1]
        if len(text) > 1 and text[-1] == '"' and inner[:1] not in _FIRST and _is_simple(inner):
            return inner
        value: Any = _unquoted(text, 1)[0]
        written = _string(value, "")
    elif text in _ATOMS:
        value = _ATOMS[text]
        return value.copy() if value.__class__ in (list, dict) else value
    elif first in "-0123456789":
        found = _NUMBER.match(text)
        if not found:
            raise NotCanonical
        value = float(text) if found[1] else int(text)
        written = _atom(value)
    else:
        raise NotCanonical
    if written != text:
        raise NotCanonical
    return value
