"""One line of text from anybody, without characters that do something."""

from __future__ import annotations

import re
from typing import Any

from gt.core import checks as c

_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f]")


def plain(value: Any, key: str) -> str:
    """The value if it is such a line; a tab may be in it. Raises Wrong."""
    if isinstance(value, str) and (found := _CONTROL.search(value)):
        raise c.Wrong(key, f"has the control character U+{ord(found[0]):04X}")
    return c.line(value, key)


def title(value: Any, key: str) -> str:
    """The same, of something that must have a name. Raises Wrong."""
    plain(value, key)
    return c.title(value, key)
