"""Git's own config files, read without a process as long as they are plain."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

SECTION = re.compile(r'\[([A-Za-z0-9-]+)(?: "([^"\\\n]*)")?\][ \t]*')
SETTING = re.compile(r"[ \t]*([A-Za-z][A-Za-z0-9-]*)[ \t]*(?:=[ \t]*([^\"\\#;\n]*))?")


def load(path: Path) -> tuple[tuple[str, str], ...]:
    """All (key, value) pairs of a config file in order, keys as git prints them; empty without a file.

    Where the file uses quotes, escapes or includes, git itself is asked.
    """
    try:
        text = path.read_text("utf-8", "surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return ()
    pairs = parse(text)
    return _ask(path) if pairs is None else pairs


@lru_cache(maxsize=16)
def parse(text: str) -> tuple[tuple[str, str], ...] | None:
    """The pairs of a plain config file; None if it takes git to read it."""
    pairs = []
    section = None
    for line in text.split("\n"):
        if not line.strip() or line.lstrip()[0] in "#;":
            continue
        if header := SECTION.fullmatch(line.strip()):
            name, sub = header.groups()
            if name.lower() in ("include", "includeif"):
                return None
            section = name.lower() if sub is None else f"{name.lower()}.{sub}"
        elif section is not None and (setting := SETTING.fullmatch(line.rstrip())):
            key, value = setting.groups()
            pairs.append((f"{section}.{key.lower()}", "true" if value is None else value.rstrip()))
        else:
            return None
    return tuple(pairs)


def canonical(key: str) -> str:
    """The key as git prints it: section and name in lower case, what lies between them as it is."""
    section, _, rest = key.partition(".")
    sub, _, name = rest.rpartition(".")
    return f"{section.lower()}.{sub}.{name.lower()}" if sub else f"{section.lower()}.{name.lower()}"


def truth(value: str | None, *, default: bool = False) -> bool:
    """Git's idea of a boolean."""
    if value is None:
        return default
    return value.lower() in ("true", "yes", "on", "1")


def _ask(path: Path) -> tuple[tuple[str, str], ...]:
    from gt.git.run import git

    done = git(
        path.parent, f"--git-dir={path.parent}", "config", "--file", str(path), "--includes", "-z", "--list"
    )
    pairs = (field.partition("\n") for field in done.fields)
    return tuple((key, value if newline else "true") for key, newline, value in pairs)
