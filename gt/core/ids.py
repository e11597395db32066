"""Names of Beads and of attempts: how they look, how they are minted, how an abbreviation is resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gt.errors import Ambiguous, NotFound, Refused

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base32, lower case: no i, l, o, u. https://www.crockford.com/base32.html"""

LEDGER = "refs/heads/beads"
"""The ref of the ledger."""

ID_DIGITS = 8
TOKEN_DIGITS = 4
ORDINAL_DIGITS = 6

_NUMERALS = "0123456789"
_PLAIN = "abcdefghijklmnopqrstuvwxyz" + _NUMERALS

Digits = Callable[[int], str]
"""Gives so many random digits of ALPHABET; passed in, for the core has no randomness."""


def is_prefix(text: str) -> bool:
    """Whether a town may use this as the first part of its ids."""
    return "a" <= text[:1] <= "z" and len(text) <= 16 and not text.strip(_PLAIN)


def is_id(text: str) -> bool:
    """Whether this is a whole Bead id. Ask before a path is built from it."""
    # By hand, as all of these: every gt starts with this module, and compiling patterns would take it longer.
    prefix, _, digits = text.partition("-")
    return len(digits) == ID_DIGITS and not digits.strip(ALPHABET) and is_prefix(prefix)


def is_token(text: str) -> bool:
    """Whether this is a whole token."""
    ordinal, _, digits = text.partition("-")
    return (
        "1" <= ordinal[:1] <= "9"
        and len(ordinal) <= ORDINAL_DIGITS
        and not ordinal.strip(_NUMERALS)
        and len(digits) == TOKEN_DIGITS
        and not digits.strip(ALPHABET)
    )


def mint_id(prefix: str, digits: Digits, taken: Callable[[str], bool]) -> str:
    """A new id that `taken` denies. Raises Refused after 100 tries (a broken source of randomness)."""
    for _ in range(100):
        minted = f"{prefix}-{digits(ID_DIGITS)}"
        if not taken(minted):
            return minted
    raise Refused(f"no free id under {prefix}- in 100 tries")


def mint_token(ordinal: int, digits: Digits) -> str:
    """The token of a Bead's attempt number `ordinal`, counted from 1. Raises Refused beyond what a token can hold."""
    if ordinal >= 10**ORDINAL_DIGITS:
        raise Refused(f"a Bead can't have more than {10**ORDINAL_DIGITS - 1} attempts")
    return f"{ordinal}-{digits(TOKEN_DIGITS)}"


def ordinal(token: str) -> int:
    """The number in a token."""
    return int(token.partition("-")[0])


def shard(bead: str) -> tuple[str, str]:
    """The two folders of a Bead's file: the last two characters of its id, so that trees stay small."""
    return bead[-2], bead[-1]


def bead_path(bead: str) -> str:
    """Where a Bead lies on the ledger branch. Raises Refused for what is no id."""
    if not is_id(bead):
        raise Refused(f"not a Bead id: {bead!r}")
    first, second = shard(bead)
    return f"beads/{first}/{second}/{bead}.yaml"


def work_branch(bead: str, token: str) -> str:
    """The branch of an attempt, less `refs/heads/`."""
    return f"gt/{bead}/{token}"


def wip_ref(bead: str, token: str) -> str:
    """The ref that keeps what an ended attempt left."""
    return f"refs/gt/wip/{bead}/{token}"


def landing_ref(target: str) -> str:
    """Keeps gt's own last tip of a target."""
    return f"refs/gt/landing/{target}"


def there_ref(target: str) -> str:
    """Where a target was on the remote that it is pushed to, when that was looked at last."""
    return f"refs/gt/there/{target}"


def said_ref(target: str) -> str:
    """What the remote said last that some gt landed on a target: its own `landing_ref`."""
    return f"refs/gt/said/{target}"


def submission_ref(bead: str, token: str) -> str:
    """The ref that keeps a submitted commit."""
    return f"refs/gt/sub/{bead}/{token}"


def resolve(abbreviation: str, prefix: str, matching: Callable[[str], Iterable[str]]) -> str:
    """The one id that begins so, with or without the town's prefix.

    `matching` lists the ids that begin with a string. Raises NotFound or Ambiguous.
    """
    wanted = abbreviation.strip().lower()
    if not 0 < len(wanted) <= 25 or wanted.strip(_PLAIN + "-"):
        raise NotFound("Bead", abbreviation, hint="gt list --all")
    tries = [wanted] if "-" in wanted else [f"{prefix}-{wanted}", wanted]
    for start in tries:
        found = sorted(matching(start))
        if start in found:
            return start
        if len(found) == 1:
            return found[0]
        if found:
            raise Ambiguous(abbreviation, tuple(found))
    raise NotFound("Bead", abbreviation, hint="gt list --all")
