"""A look into an archive leaves no trace, whether somebody writes to it meanwhile or nobody can."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailarchiver.archive.glance import done_uids
from mailarchiver.archive.store import Store
from mailarchiver.errors import StoreError
from tests.archive.filings import NOW, filing


def snapshot(root: Path) -> dict[str, tuple[int, int]]:
    return {str(path.relative_to(root)): (path.stat().st_mtime_ns, path.stat().st_size) for path in root.rglob("*")}


def test_where_there_is_no_archive_nothing_is_done_and_nothing_made(root: Path) -> None:
    assert done_uids(root, "articles", "INBOX", 7) == frozenset()
    assert not root.exists()


def test_it_sees_what_was_filed_and_leaves_no_trace(root: Path) -> None:
    with Store.open(root, min_free=0) as store:
        store.commit([filing(1), filing(2)], now=NOW)
        expected = store.done_uids("articles", "INBOX", 7)
    before = snapshot(root)
    assert done_uids(root, "articles", "INBOX", 7) == expected
    assert len(expected) == 2
    assert snapshot(root) == before
    assert done_uids(root, "articles", "INBOX", 8) == frozenset()
    assert done_uids(root, "articles", "INBOX", None) == frozenset()


def test_it_sees_what_is_filed_meanwhile(root: Path) -> None:
    with Store.open(root, min_free=0) as store:
        store.commit([filing(1)], now=NOW)
        assert len(done_uids(root, "articles", "INBOX", 7)) == 1
        store.commit([filing(2)], now=NOW)
        assert len(done_uids(root, "articles", "INBOX", 7)) == 2


def test_what_is_no_archive_is_refused_untouched(root: Path) -> None:
    root.mkdir()
    (root / "holiday.jpg").write_bytes(b"x")
    before = snapshot(root)
    with pytest.raises(StoreError):
        done_uids(root, "articles", "INBOX", 7)
    assert snapshot(root) == before
