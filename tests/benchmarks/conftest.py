"""The table of all that was measured, after the last benchmark."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.ratios import HEADER, row, table


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if table:
        terminalreporter.section("ratios")
        for line in (HEADER, *map(row, table)):
            terminalreporter.write_line(line)
