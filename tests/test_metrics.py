"""The figures for Prometheus, read back by its own parser."""

from __future__ import annotations

import re
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mailarchiver.errors import StoreError
from mailarchiver.health import Health
from mailarchiver.metrics import exposition, write
from mailarchiver.status import Status, Verified

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2024, 3, 6, 12, tzinfo=UTC)
WELL = Health(60.0, filed_total=90, rounds_total=1000, failed_total=3, last_try=NOON, last_success=NOON, backlog=7)
STATUS = Status(NOON, NOON - timedelta(hours=1), "0.2.0", 1204, 3, 12_345_678_901, {"a": WELL})


def samples(text: str) -> dict[tuple[str, str], float]:
    """All samples of a text that Prometheus takes, by name and account."""
    found: dict[tuple[str, str], float] = {}
    for family in text_string_to_metric_families(text):
        assert family.type in {"gauge", "counter"}
        assert family.documentation
        for sample in family.samples:
            key = (sample.name, sample.labels.get("account", ""))
            assert key not in found
            assert sample.timestamp is None, "the textfile collector refuses them"
            found[key] = sample.value
    return found


def test_the_figures() -> None:
    found = samples(exposition(STATUS))
    noon = NOON.timestamp()
    assert found == {
        ("mailarchiver_info", ""): 1,
        ("mailarchiver_status_timestamp_seconds", ""): noon,
        ("mailarchiver_start_time_seconds", ""): noon - 3600,
        ("mailarchiver_articles", ""): 1204,
        ("mailarchiver_quarantined_messages", ""): 3,
        ("mailarchiver_disk_free_bytes", ""): 12_345_678_901,
        ("mailarchiver_interval_seconds", "a"): 60,
        ("mailarchiver_last_try_timestamp_seconds", "a"): noon,
        ("mailarchiver_last_success_timestamp_seconds", "a"): noon,
        ("mailarchiver_backlog_messages", "a"): 7,
        ("mailarchiver_in_trouble", "a"): 0,
        ("mailarchiver_failures_in_a_row", "a"): 0,
        ("mailarchiver_filed_messages_total", "a"): 90,
        ("mailarchiver_rounds_total", "a"): 1000,
        ("mailarchiver_failed_rounds_total", "a"): 3,
    }


def test_everything_that_is_known_is_told() -> None:
    ends = NOON + timedelta(days=60)
    full = replace(WELL, last_mail=NOON, lag=4.25, error="x", error_since=NOON, failures=2, token_ends=ends)
    found = samples(exposition(replace(STATUS, accounts={"a": full, "b": WELL})))
    assert found["mailarchiver_sign_in_end_timestamp_seconds", "a"] == ends.timestamp()
    assert found["mailarchiver_lag_seconds", "a"] == 4.25
    assert found["mailarchiver_in_trouble", "a"] == 1
    assert found["mailarchiver_trouble_since_timestamp_seconds", "a"] == NOON.timestamp()
    assert ("mailarchiver_lag_seconds", "b") not in found
    assert found["mailarchiver_in_trouble", "b"] == 0


def test_the_weekly_check_is_told_once_there_was_one() -> None:
    assert not {name for name, _ in samples(exposition(STATUS)) if "check" in name or "damaged" in name}
    checked = replace(STATUS, verified=Verified(2827, NOON, 12, ("0123456789ab", "ba9876543210")))
    found = samples(exposition(checked))
    assert found["mailarchiver_last_check_timestamp_seconds", ""] == NOON.timestamp()
    assert found["mailarchiver_checked_articles", ""] == 12
    assert found["mailarchiver_damaged_articles", ""] == 2


def test_names_and_layout_are_as_prometheus_wants_them() -> None:
    """A prefix, base units, `_total` for counters only; one HELP and one TYPE, before the samples."""
    text = exposition(replace(STATUS, accounts={"a": WELL, "b": WELL}))
    seen: set[str] = set()
    for block in text.split("# HELP ")[1:]:
        head, kind, *lines = block.splitlines()
        name = head.split(" ")[0]
        assert name not in seen
        seen.add(name)
        assert re.fullmatch(r"mailarchiver_[a-z_]+", name)
        assert kind == f"# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}"
        assert lines
        assert all(re.fullmatch(rf'{name}(?:\{{\w+="[^"]*"\}})? [0-9.e+]+', line) for line in lines), lines
    assert text.endswith("\n")


def test_an_error_s_text_is_no_label() -> None:
    """It may be long, and each new one would be a new series."""
    assert "no route" not in exposition(replace(STATUS, accounts={"a": replace(WELL, error="no route", failures=1)}))


def test_a_name_with_quotes_stays_a_name() -> None:
    found = samples(exposition(replace(STATUS, accounts={'a"\\b\n': WELL})))
    assert ("mailarchiver_backlog_messages", 'a"\\b\n') in found


def test_the_file_is_replaced_whole_and_for_everybody_to_read(tmp_path: Path) -> None:
    path = tmp_path / "mailarchiver.prom"
    path.write_text("old")
    path.chmod(0o600)
    with path.open() as before:
        write(path, STATUS)
        assert before.read() == "old", "who reads the old one reads it to its end"
    assert path.read_text() == exposition(STATUS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_folder_that_is_missing_is_told_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"x/m\.prom: .*No such file or directory.*metrics\.textfile"):
        write(tmp_path / "x/m.prom", STATUS)


def test_nothing_is_written_through_a_link_that_somebody_put_there(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    (tmp_path / ".m.prom.new").symlink_to(tmp_path / "precious")
    with pytest.raises(StoreError):
        write(tmp_path / "m.prom", STATUS)
    assert (tmp_path / "precious").read_text() == "x"
