"""What people browse: the ledger's lists, and pages that reach the disk only where they changed."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from mailarchiver.archive.store import Store
from mailarchiver.model import Entry
from tests.archive.filings import NOW, filing


def day(year: int, month: int, day: int, hour: int = 0, offset: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=timezone(timedelta(hours=offset)) if offset else UTC)


def test_filing_makes_months_dirty_and_pages_clean_them(store: Store) -> None:
    store.commit([filing(1, received=day(2024, 3, 1)), filing(2, received=day(2023, 12, 1))], now=NOW)
    assert store.dirty_months() == ["2023/12", "2024/03"]
    store.write_pages({}, cleaned=["2024/03"])
    assert store.dirty_months() == ["2023/12"]
    store.commit([filing(1)], now=NOW)
    assert store.dirty_months() == ["2023/12"], "what was known already changes no page"
    store.commit([filing(3, received=day(2024, 3, 2))], now=NOW)
    assert store.dirty_months() == ["2023/12", "2024/03"]


def test_months_are_counted_newest_first(store: Store) -> None:
    dates = [day(2024, 3, 1), day(2023, 12, 1), day(2024, 3, 9), day(1999, 1, 1)]
    store.commit([filing(number, received=date) for number, date in enumerate(dates)], now=NOW)
    assert store.months() == [("2024/03", 2), ("2023/12", 1), ("1999/01", 1)]


def test_cards_are_newest_first_by_the_moment_not_by_the_text(store: Store) -> None:
    dates = [day(2024, 3, 1, 12), day(2024, 3, 1, 13, offset=3), day(2024, 3, 1, 11)]
    filings = [filing(number, received=date) for number, date in enumerate(dates)]
    store.commit(filings, now=NOW)
    order = [filings[number].bundles[0].id for number in (0, 2, 1)]
    assert [card.entry.id for card in store.cards("2024/03")] == order
    assert [card.entry.id for card in store.newest(2)] == order[:2]
    assert store.cards("2024/04") == []


def test_automatic_mail_is_in_its_month_and_not_among_the_newest(store: Store) -> None:
    filings = [filing(number, received=day(2024, 3, number), automatic=number % 2 == 0) for number in range(1, 7)]
    store.commit(filings, now=NOW)
    assert [card.entry.id for card in store.newest(2)] == [filings[number].bundles[0].id for number in (4, 2)]
    assert [card.automatic for card in store.cards("2024/03")] == [True, False] * 3
    assert store.months() == [("2024/03", 6)]


def test_a_card_shows_what_the_bundle_said(store: Store) -> None:
    store.commit([filing(1, text="Up the hill and down again, before breakfast.")], now=NOW)
    (card,) = store.newest(9)
    assert (card.excerpt, card.direction) == ("Up the hill and down", "ltr")
    assert isinstance(card.entry, Entry)
    assert (card.entry.title, card.entry.filed) == ("a-walk", "2024-03-07T08:00:00+00:00")


def test_entries_come_in_the_order_of_the_manifest(store: Store) -> None:
    filings = [filing(number) for number in range(40)]
    store.commit(filings, now=NOW)
    assert [entry.id for entry in store.entries()] == [made.id for mine in filings for made in mine.bundles]


def test_only_what_changed_is_written(store: Store, root: Path) -> None:
    pages = {"index.html": b"<p>1", "assets/style.css": b"p{}", "2024/03/index.html": b"<p>2"}
    assert store.write_pages(pages, cleaned=[]) == 3
    before = {name: (root / name).stat() for name in pages}
    assert store.write_pages({**pages, "index.html": b"<p>3", "2024/03/index-2.html": b""}, cleaned=[]) == 2
    assert (root / "index.html").read_bytes() == b"<p>3"
    for name in ("assets/style.css", "2024/03/index.html"):
        assert (root / name).stat().st_ino == before[name].st_ino


@pytest.mark.parametrize(
    "name",
    [
        "manifest.jsonl",
        "README.txt",
        "../index.html",
        ".mailarchiver/index.html",
        "2024/03/2024-03-06-x/index.html",
        "/index.html",
        "assets/../index.html",
        "2024/index.html",
        "assets/.x",
        "assets/",
        "",
    ],
)
def test_nothing_else_is_ever_replaced(store: Store, name: str) -> None:
    with pytest.raises(ValueError, match="no name for a browse page"):
        store.write_pages({name: b"x"}, cleaned=[])


def test_pages_of_an_older_state_are_not_written(store: Store, root: Path) -> None:
    """Another process filed, and wrote its pages, between our reading the entries and writing ours."""
    store.commit([filing(1)], now=NOW)
    as_of = store.position()
    with Store.open(root, min_free=0) as other:
        other.commit([filing(2)], now=NOW)
        other.write_pages({"index.html": b"new"}, cleaned=other.dirty_months(), as_of=other.position())
    assert store.write_pages({"index.html": b"old"}, cleaned=["2024/03"], as_of=as_of) == 0
    assert (root / "index.html").read_bytes() == b"new"


def test_pages_that_cannot_be_replaced_stay_whole(store: Store, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.commit([filing(1)], now=NOW)
    store.write_pages({"index.html": b"old"}, cleaned=[])

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(Exception, match="make room"):
        store.write_pages({"index.html": b"new"}, cleaned=["2024/03"])
    monkeypatch.undo()
    assert (root / "index.html").read_bytes() == b"old"
    assert store.dirty_months() == ["2024/03"]
    assert store.write_pages({"index.html": b"new"}, cleaned=["2024/03"]) == 1
    assert list((root / ".mailarchiver" / "staging").iterdir()) == []


def test_the_status_is_json(store: Store, root: Path) -> None:
    for number in range(2):
        store.write_status({"round": number, "folder": "Entwürfe"})
    text = (root / ".mailarchiver" / "status.json").read_text("utf-8")
    assert json.loads(text) == {"round": 1, "folder": "Entwürfe"}
    assert text.endswith("\n")
