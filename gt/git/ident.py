"""Who did it and when, as git writes it into commits and reflogs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gt.git.repo import Repo

FORBIDDEN = str.maketrans("", "", "<>\n\r\0")


def ident(actor: str) -> str:
    """`Name <mail>` from what gt calls an actor; an actor without an address gets an empty one."""
    name, _, rest = actor.partition("<")
    mail = rest.partition(">")[0]
    return f"{_clean(name) or 'unknown'} <{_clean(mail)}>"


def stamped(actor: str, when: int) -> str:
    """The actor with a time (seconds since the epoch), always in UTC."""
    return f"{ident(actor)} {when} +0000"


def configured(repo: Repo) -> tuple[str, str]:
    """The name and the address that git's config has for whoever works here; empty where it has none."""
    from gt.git.run import git

    asked = ("config", "--null", "--get-regexp", r"^user\.(name|email)$")
    lines = git(repo, *asked, user=True, ok=(0, 1)).text.split("\0")
    who = dict(line.partition("\n")[::2] for line in lines if line)
    return who.get("user.name", "").strip(), who.get("user.email", "").strip()


def environment(actor: str, when: int | None = None) -> dict[str, str]:
    """The variables by which git takes actor and time (None: now) for what it writes."""
    name, _, mail = ident(actor).partition(" <")
    values = {"NAME": name, "EMAIL": mail.removesuffix(">")}
    if when is not None:
        values["DATE"] = f"@{when} +0000"
    return {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in values.items()}


def _clean(part: str) -> str:
    return part.translate(FORBIDDEN).strip()
