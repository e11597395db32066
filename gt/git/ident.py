"""Who did it and when, as git writes it into commits and reflogs."""

from __future__ import annotations

FORBIDDEN = str.maketrans("", "", "<>\n\r\0")


def ident(actor: str) -> str:
    """`Name <mail>` from what gt calls an actor; an actor without an address gets an empty one."""
    name, _, rest = actor.partition("<")
    mail = rest.partition(">")[0]
    return f"{_clean(name) or 'unknown'} <{_clean(mail)}>"


def stamped(actor: str, when: int) -> str:
    """The actor with a time (seconds since the epoch), always in UTC."""
    return f"{ident(actor)} {when} +0000"


def environment(actor: str, when: int) -> dict[str, str]:
    """The variables by which git takes actor and time for what it writes."""
    name, _, mail = ident(actor).partition(" <")
    values = {"NAME": name, "EMAIL": mail.removesuffix(">"), "DATE": f"@{when} +0000"}
    return {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in values.items()}


def _clean(part: str) -> str:
    return part.translate(FORBIDDEN).strip()
