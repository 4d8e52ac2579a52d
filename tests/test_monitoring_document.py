"""docs/monitoring.md says what the program tells: the two must not drift apart."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from mailarchiver.events import Event
from mailarchiver.health import Health
from mailarchiver.metrics import OVERALL, PER_ACCOUNT
from mailarchiver.status import Status

DOCUMENT = (Path(__file__).parents[1] / "docs/monitoring.md").read_text("utf-8")
ROWS = [line for line in DOCUMENT.splitlines() if line.startswith("| `")]


def names(first: str, last: str) -> list[str]:
    """The first column of the rows from one name to another."""
    column = [row.split("`")[1] for row in ROWS]
    return column[column.index(first) : column.index(last) + 1]


def test_every_event_is_described_with_its_id() -> None:
    told = {row.split("`")[1]: row.split("`")[3] for row in ROWS if re.search(r"\| `[0-9a-f]{32}` \|", row)}
    assert told == {event.word: event.value for event in Event}


def test_every_key_of_the_status_is_described_in_order() -> None:
    noon = datetime(2024, 3, 6, 12, tzinfo=UTC)
    assert names("format", "accounts") == list(Status(noon, noon, "", 0, 0, None).as_json())
    assert names("interval", "token_ends") == [each.name for each in fields(Health)]


def test_every_figure_is_described_as_it_is() -> None:
    for figure in (*OVERALL, *PER_ACCOUNT):
        assert f"| `mailarchiver_{figure.name}` | {figure.kind} | {figure.help} |" in ROWS


def test_alerts_name_figures_that_there_are() -> None:
    known = {f"mailarchiver_{figure.name}" for figure in (*OVERALL, *PER_ACCOUNT)} | {"mailarchiver_info"}
    used = set(re.findall(r"\bmailarchiver_\w+", DOCUMENT))
    assert used == known
