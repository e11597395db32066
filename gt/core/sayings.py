"""What an agent says while it works, and what that does to the ledger once its attempt is over.

Pure. A saying is an agent's word, never evidence: its text is data, and what it proposes is inert.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from gt.core import ids
from gt.core.bead import Bead, Note, Phase, Spec
from gt.core.draft import Draft, Known, Origin, Rules, made
from gt.core.schema import spec_from
from gt.core.values import dataclass
from gt.errors import Malformed, Refused

MAX_SAYING = 64 << 10
"""Bytes of one saying."""
MAX_SAYINGS = 200
"""How many of an attempt's are taken."""
MAX_PROPOSALS = 20
"""How many Beads one attempt may propose."""
ORIGIN = "discovered-from"
"""The kind of link from a proposal to the Bead at whose attempt it was made."""

_NAME = re.compile(r"[0-9]{1,12}-[0-9a-z]{4,32}")


class Kind(StrEnum):
    """What can be said."""

    NOTE = "note"
    ASK = "ask"
    FAIL = "fail"
    PROPOSE = "propose"
    SUBMIT = "submit"


_KEY = {Kind.NOTE: "text", Kind.ASK: "question", Kind.FAIL: "reason"}
"""Where the text of a saying is."""


@dataclass(frozen=True, slots=True)
class Saying:
    """One thing an agent said."""

    id: str
    """Sorts by time; unlike any other of the same attempt."""
    kind: Kind
    at: int
    text: str = ""
    """Of a note, a question, a reason."""
    spec: Spec | None = None
    """Of a proposal."""


@dataclass(frozen=True, slots=True)
class Heard:
    """All that an attempt said, in its order, and remarks on what couldn't be understood."""

    sayings: tuple[Saying, ...] = ()
    remarks: tuple[str, ...] = ()

    def verdict(self) -> Saying | None:
        """What it wants to become of itself: the first question, else the first failure, else the wish to submit."""
        for kind in (Kind.ASK, Kind.FAIL, Kind.SUBMIT):
            for saying in self.sayings:
                if saying.kind is kind:
                    return saying
        return None


def mint_name(now: int, digits: ids.Digits) -> str:
    """A new id for a saying."""
    return f"{now:012d}-{digits(8)}"


def encode(kind: Kind, at: int, payload: Mapping[str, Any]) -> bytes:
    """A saying as it is kept; raises Refused for one that is too long."""
    data = json.dumps({"kind": kind.value, "at": at, **payload}, ensure_ascii=False).encode(errors="replace")
    if len(data) > MAX_SAYING:
        raise Refused(f"this {kind} has {len(data)} bytes; {MAX_SAYING} are the most")
    return data


def decode(name: str, data: bytes) -> Saying:
    """The saying of this id; raises Malformed."""
    if not _NAME.fullmatch(name):
        raise Malformed(repr(name)[:80], "is no name of a saying")
    try:
        # Through UTF-8 once more: JSON can spell half a character, which nothing else can hold.
        found = json.loads(json.dumps(json.loads(data), ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError):
        raise Malformed(name, "is not JSON") from None
    if not isinstance(found, dict) or found.get("kind") not in set(Kind):
        raise Malformed(name, "is of no known kind")
    kind = Kind(found["kind"])
    at = found.get("at", 0)
    if isinstance(at, bool) or not isinstance(at, int):
        raise Malformed(name, "`at` must be a whole number")
    if kind is Kind.PROPOSE:
        spec = {key: value for key, value in found.items() if key not in ("kind", "at")}
        return Saying(name, kind, at, spec=spec_from(spec, name))
    text = found.get(_KEY.get(kind, ""), "")
    if not isinstance(text, str) or (kind is not Kind.SUBMIT and not text.strip()):
        raise Malformed(name, f"a {kind} needs some text")
    return Saying(name, kind, at, text)


def noted(bead: Bead, token: str, heard: Heard, actor: str, now: int) -> Bead:
    """The Bead with the notes that were said, and the remarks, each once however often this is done."""
    said = [(s.id, _within(s.at, now), s.text) for s in heard.sayings if s.kind is Kind.NOTE]
    said += [(remark, now, f"gt: {remark}") for remark in heard.remarks]
    known = {note.id for note in bead.notes}
    notes = [Note(_name(bead.id, token, key), at, actor, text) for key, at, text in said]
    fresh = tuple(note for note in notes if note.id not in known)
    return replace(bead, notes=(*bead.notes, *fresh)) if fresh else bead


def proposed(
    bead: Bead, token: str, heard: Heard, known: Known, actor: str, now: int, rules: Rules
) -> tuple[dict[str, Bead], tuple[str, ...]]:
    """The Beads that were proposed, by id, and remarks on proposals that couldn't be taken.

    Ids are made from the saying's own, so that the same proposal is never two Beads.
    """
    beads: dict[str, Bead] = {}
    remarks: list[str] = []
    said = [s for s in heard.sayings if s.kind is Kind.PROPOSE]
    for saying in said[:MAX_PROPOSALS]:
        assert saying.spec is not None
        key = f"{bead.uid}/{token}/{saying.id}"
        uid = hashlib.sha256(key.encode()).hexdigest()[:32]
        name = _free_id(bead.id.partition("-")[0], key, uid, known)
        if name is None:
            continue
        links = {**saying.spec.links, ORIGIN: saying.spec.links.get(ORIGIN, frozenset()) | {bead.id}}
        draft = Draft(replace(saying.spec, links=links, hold=False, defer=None))
        origin = Origin(actor, _within(saying.at, now), digits=lambda count: "0" * count, uid=_always(uid))
        try:
            (new,) = made([draft], [name], known, origin, rules, Phase.PROPOSED)
        except Refused as error:
            remarks.append(f"the proposal {saying.spec.title!r} was not taken: {error.message}")
        else:
            beads[name] = new
    if len(said) > MAX_PROPOSALS:
        remarks.append(
            f"{len(said) - MAX_PROPOSALS} proposals were not taken: {MAX_PROPOSALS} an attempt are the most"
        )
    return beads, tuple(remarks)


def _always(value: str) -> Callable[[], str]:
    return lambda: value


def _free_id(prefix: str, key: str, uid: str, known: Known) -> str | None:
    """The id that this proposal gets, None if it is in the ledger already."""
    for number in range(100):
        name = f"{prefix}-{_digits(f'{key}#{number}', ids.ID_DIGITS)}"
        found = known.find(name)
        if found is None:
            return name
        if found.uid == uid:
            return None
    raise Refused(f"no free id under {prefix}- in 100 tries")


def _digits(key: str, count: int) -> str:
    return "".join(ids.ALPHABET[byte & 31] for byte in hashlib.sha256(key.encode()).digest()[:count])


def _name(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode(errors="replace")).hexdigest()[:32]


def _within(at: int, now: int) -> int:
    """A time that an agent claims: never in the future."""
    return at if 0 < at <= now else now


def heard(sayings: Iterable[Saying], remarks: Iterable[str] = ()) -> Heard:
    """Sayings put in order, the surplus left out."""
    each = sorted(sayings, key=lambda saying: saying.id)
    words = list(remarks)
    if len(each) > MAX_SAYINGS:
        words.append(
            f"{len(each) - MAX_SAYINGS} sayings were not taken: {MAX_SAYINGS} an attempt are the most"
        )
    return Heard(tuple(each[:MAX_SAYINGS]), tuple(words))
