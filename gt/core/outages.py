"""How likely failures in a row are one outage: a gate that was broken for everybody, and no fault of any change.

Failures with no pass between them are a spell. That one cause lies behind all of it is weighed against each of its trees
being red by itself: the more of them there are, and the less likely each was to be red, the likelier it was an outage.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

SHARE, MOST = 0.02, 0.0007
"""Of the failures on what is good, those that come in rows; and how likely one begins with a run, at most."""


def outage(flake: float, chances: Iterable[float]) -> float:
    """How likely a spell is one; `flake`: how likely gates lie, `chances`: how likely each of its trees was red anyhow."""
    at_once = min(SHARE * flake, MOST)
    return at_once / (at_once + math.prod(chances))
