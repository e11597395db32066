"""HTML from values: text of others stays text, whatever it says."""

from __future__ import annotations

from html import escape

_VOID = frozenset({"input", "meta"})
"""Elements that have neither children nor an end."""


class Markup(str):
    """Text that is HTML already: it is taken as it is."""

    __slots__ = ()


def shown(text: str) -> str:
    """The text with whatever can't be seen, or turns a line around, written out as its code."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in "\n\t" else _code(ord(each)) for each in text)


def _code(number: int) -> str:
    return (
        f"\\x{number:02x}"
        if number < 0x100
        else f"\\u{number:04x}"
        if number < 0x10000
        else f"\\U{number:08x}"
    )


def html(text: str) -> Markup:
    """The text as character data or as the value of an attribute; what is `Markup` already stays as it is."""
    return text if isinstance(text, Markup) else Markup(escape(shown(text)))


def tag(name: str, /, *children: str, **attributes: str | bool | None) -> Markup:
    """An element. `class_` is `class`, `aria_label` is `aria-label`; an attribute that is False or None is left out."""
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{html(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    end = "" if name in _VOID else f"{''.join(map(html, children))}</{name}>"
    return Markup(f"<{name}{written}>{end}")


def join(*parts: str) -> Markup:
    """The parts one after another."""
    return Markup("".join(map(html, parts)))
