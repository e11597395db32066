"""Towns in which something is submitted."""

from __future__ import annotations

from tests.refinery.conftest import yard

__all__ = ["yard"]
