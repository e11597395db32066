"""The environment that agents and gates get: named variables of the user's, and what makes programs run unattended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

ALLOWED = (
    *(
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "LANGUAGE",
        "LC_*",
        "TERM",
        "TZ",
        "TMPDIR",
        "XDG_*",
    ),
    *("SSH_AUTH_SOCK", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
)
"""Let through for everybody; a `*` stands for any characters."""

UNATTENDED = {"GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true", "NO_COLOR": "1", "TERM": "dumb"}
"""Set for everybody: nobody is there to answer, or to look at colours."""

_REPOSITORY = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_CONFIG",
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_PARAMETERS",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NAMESPACE",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)
"""What `git rev-parse --local-env-vars` lists: it would make every git of an agent work on another repository."""


def environment(base: Mapping[str, str], allow: Iterable[str], extra: Mapping[str, str]) -> dict[str, str]:
    """What of base is allowed, with what is set for everybody, and extra over all.

    allow names variables besides the common ones, `*` standing for any characters. A pattern never lets a GIT_
    variable through, a plain name does unless it would redirect git to another repository; no GT_ variable of
    ours comes through at all.
    """
    names = (*ALLOWED, *allow)
    kept = {name: value for name, value in base.items() if _passes(name, names)}
    return kept | UNATTENDED | dict(extra)


def _passes(name: str, allow: Iterable[str]) -> bool:
    if name.startswith("GT_") or name in _REPOSITORY:
        return False
    if name.startswith("GIT_"):
        return name in allow
    return any(fnmatchcase(name, pattern) for pattern in allow)
