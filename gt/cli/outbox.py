"""Saying something from inside an attempt: queued, and done when the attempt ends."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gt.cli.context import Context
from gt.cli.jsonout import single
from gt.errors import Refused


def queue(gt: Context, kind: str, payload: Mapping[str, Any]) -> int:
    """Puts what an agent says into its outbox, and says so. Raises Refused where the attempt has none."""
    from gt.fleet.outbox import queue as put

    where = gt.environ.get("GT_OUTBOX", "")
    if not where:
        raise Refused("GT_OUTBOX is not set: this attempt can't say anything", hint="gt help agents")
    name = put(Path(where), kind, payload, gt.now, gt.digits)
    if gt.json:
        gt.emit(single("Queued", {"id": name, "verb": kind}))
    else:
        gt.out("queued")
    return 0
