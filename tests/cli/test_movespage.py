from __future__ import annotations

from pathlib import Path

from gt.cli.movespage import markdown
from tests.cli.conftest import Gt

PAGE = Path(__file__).parents[2] / "docs" / "moves.md"


def test_the_page_of_moves_is_current(gt: Gt) -> None:
    assert PAGE.read_text() == markdown() == gt("help", "--markdown", "moves").out, "run `make docs`"
