from __future__ import annotations

from pathlib import Path

from gt.cli.jsonpage import markdown
from tests.cli.conftest import Gt

PAGE = Path(__file__).parents[2] / "docs" / "json.md"


def test_the_page_of_json_is_current(gt: Gt) -> None:
    assert PAGE.read_text() == markdown() == gt("help", "--markdown", "json").out, "run `make docs`"
