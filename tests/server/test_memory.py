"""The figure in the documentation is the sum of what the limits allow."""

from __future__ import annotations

import re
from pathlib import Path

from inbox_tui.server.limits import Limits
from inbox_tui.server.protocol import HEAD_LIMIT
from inbox_tui.store.api import IMPORT_LIMIT

PAGE = Path(__file__).parents[2] / "docs" / "server.md"
MIB = 1024 * 1024
RECORDS_TO_JSON = 5
"""Memory that the records of a body take, in bytes for each of its bytes, at most: measured with the smallest ones."""


def test_the_figure_covers_the_limits() -> None:
    section = PAGE.read_text("utf-8").partition("### Memory")[2].partition("\n### ")[0]
    figure = int(re.findall(r"at most (\d+) MiB", section)[0])
    parts = [int(part) for part in re.findall(r"\| (\d+) \|$", section, re.MULTILINE)]
    assert len(parts) == 8
    assert sum(parts) <= figure
    limits = Limits()
    assert limits.token_bodies >= IMPORT_LIMIT, "an import fits in"
    assert limits.all_bodies * 7 // 8 >= IMPORT_LIMIT
    for part in (
        limits.connections * HEAD_LIMIT // MIB,
        limits.all_bodies * RECORDS_TO_JSON // MIB,
        limits.all_answers // MIB,
    ):
        assert part in parts, f"{part} MiB stand in the table"
