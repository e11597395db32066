"""The two small files of the ledger as values: its own description (`gt.yaml`) and the town's state (`state.yaml`).

Plain data only: how it is written as YAML is told in `codec`, which reads of the index need not import.
"""

from __future__ import annotations

from typing import Any

from gt.core import ids
from gt.core.bead import API_VERSION
from gt.core.data import paused_data
from gt.core.state import Acceptance, LedgerMeta, Paused, TownState, Waiver, Word
from gt.core.when import format_time, parse_time
from gt.errors import Malformed, Refused


def meta_data(meta: LedgerMeta) -> dict[str, Any]:
    """gt.yaml as data."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Ledger",
        "lineage": meta.lineage,
        "prefix": meta.prefix,
        "min_reader": meta.min_reader,
        "min_writer": meta.min_writer,
    }


def meta_from(data: dict[str, Any], where: str) -> LedgerMeta:
    """What gt.yaml says; keys of later versions are left to min_reader. Raises Malformed."""
    lineage, prefix = data.get("lineage"), data.get("prefix")
    if not isinstance(lineage, str) or not lineage:
        raise Malformed(where, "lineage: must be text")
    if not isinstance(prefix, str) or not ids.is_prefix(prefix):
        raise Malformed(where, "prefix: must be a lower-case letter and at most 15 letters and digits")
    numbers = {name: data.get(name, 1) for name in ("min_reader", "min_writer")}
    for name, number in numbers.items():
        if type(number) is not int or number < 1:
            raise Malformed(where, f"{name}: must be a whole number above 0")
    return LedgerMeta(lineage, prefix, numbers["min_reader"], numbers["min_writer"])


def state_data(state: TownState) -> dict[str, Any]:
    """state.yaml as data."""
    data: dict[str, Any] = {"apiVersion": API_VERSION, "kind": "TownState"}
    if state.paused:
        data["paused"] = paused_data(state.paused)
    if state.acknowledged:
        data["acknowledged"] = {name: str(word) for name, word in sorted(state.acknowledged.items())}
    if state.waivers:
        from gt.core.waivers import waivers_data  # next to no town has any

        data["waivers"] = waivers_data(state.waivers)
    if state.approved:
        data["approved"] = {stage: _word_data(word) for stage, word in sorted(state.approved.items())}
    return data


def _word_data(word: Word) -> dict[str, Any]:
    data = {"commit": word.commit, "by": word.by, "at": format_time(word.at), "signature": word.signature}
    return {key: value for key, value in data.items() if value is not None}


def state_from(data: dict[str, Any], where: str) -> TownState:
    """The town's state. Raises Malformed, for unknown keys as well: losing one could lift a brake."""
    left = dict(data)
    if left.pop("apiVersion", None) != API_VERSION or left.pop("kind", None) != "TownState":
        raise Malformed(where, f"kind: must be a TownState of {API_VERSION}")
    paused = _paused(left.pop("paused", None), where)
    acknowledged = left.pop("acknowledged", None) or {}
    if not isinstance(acknowledged, dict) or not all(isinstance(v, str) for v in acknowledged.values()):
        raise Malformed(where, "acknowledged: must be a mapping of targets to commits")
    waivers = _waivers(left.pop("waivers", None), where)
    approved = left.pop("approved", None) or {}
    if not isinstance(approved, dict):
        raise Malformed(where, "approved: must be a mapping of stages to words")
    words = {str(stage): _word(word, f"approved.{stage}", where) for stage, word in approved.items()}
    for name in left:
        raise Malformed(where, f"{name}: is not a key that belongs here")
    accepted = {str(name): Acceptance.of(word) for name, word in acknowledged.items()}
    return TownState(paused, accepted, waivers, words)


def _word(data: Any, key: str, where: str) -> Word:
    if not isinstance(data, dict) or not set(data) <= {"commit", "by", "at", "signature"}:
        raise Malformed(where, f"{key}: must be a mapping of commit, by, at and signature")
    commit, by, at, signature = (data.get(name) for name in ("commit", "by", "at", "signature"))
    if not (isinstance(commit, str) and isinstance(by, str) and isinstance(at, str)):
        raise Malformed(where, f"{key}: commit, by and at must be text")
    if not isinstance(signature, str | None):
        raise Malformed(where, f"{key}.signature: must be text")
    try:
        return Word(commit, by, parse_time(at), signature)
    except Refused as error:
        raise Malformed(where, f"{key}.at: {error.message}") from None


def _waivers(data: Any, where: str) -> tuple[Waiver, ...]:
    if data is None:
        return ()
    from gt.core.checks import Wrong
    from gt.core.waivers import waivers_from

    try:
        return waivers_from(data)
    except Wrong as wrong:
        raise Malformed(where, str(wrong)) from None


def _paused(data: Any, where: str) -> Paused | None:
    if data is None:
        return None
    if not isinstance(data, dict) or not set(data) <= {"by", "reason", "until"}:
        raise Malformed(where, "paused: must be a mapping of by, reason and until")
    by, reason, until = data.get("by"), data.get("reason", ""), data.get("until")
    if not isinstance(by, str) or not isinstance(reason, str) or not isinstance(until, str | None):
        raise Malformed(where, "paused: by, reason and until must be text")
    try:
        return Paused(by, reason, None if until is None else parse_time(until))
    except Refused as error:
        raise Malformed(where, f"paused.until: {error.message}") from None
