"""A part of the archive, verified each week: everything once a year, and damage until it is mended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailarchiver.archive import sample
from mailarchiver.archive.sample import due, is_of, verify_sample, week
from mailarchiver.archive.store import Store
from tests.archive.filings import NOW, digests, filing, mail

MONDAY = datetime(2024, 3, 4, tzinfo=UTC)
THIS = week(MONDAY)
ALL = tuple(range(sample.SLICES))


def test_a_week_begins_on_monday() -> None:
    assert week(MONDAY - timedelta(seconds=1)) == THIS - 1
    assert week(MONDAY + timedelta(days=6, hours=23)) == THIS


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (None, [0]),
        (0, []),
        (5, []),
        (-1, [0]),
        (-3, [-2, -1, 0]),
        (-30, [-29, -28, -27, -26]),
        (-500, [-51, -50, -49, -48]),
    ],
)
def test_the_weeks_that_are_due(last: int | None, expected: list[int]) -> None:
    """A clock that was set back has the last one ahead; a daemon that was away makes up for it by and by."""
    assert [number - THIS for number in due(None if last is None else THIS + last, MONDAY)] == expected


def test_everything_is_read_once_a_year() -> None:
    ids = [f"{number * 2654435761 % 2**48:012x}" for number in range(5200)]
    by_week = [{each for each in ids if is_of(each, [THIS + number])} for number in range(sample.SLICES)]
    assert sum(map(len, by_week)) == len(ids)
    assert set.union(*by_week) == set(ids)
    assert 50 < min(map(len, by_week)) <= max(map(len, by_week)) < 160
    assert is_of("0123456789ab-2", [THIS]) == is_of("0123456789ab", [THIS])


@pytest.fixture
def filled(root: Path) -> Path:
    with Store.open(root, min_free=0) as store:
        store.commit([filing(number) for number in range(8)], now=NOW)
    return root


def id_of(number: int) -> str:
    return digests(mail(number))[0][:12]


def page(root: Path, entry_id: str) -> Path:
    (found,) = root.glob(f"*/*/*-{entry_id}/article.txt")
    return found


def test_damage_stands_until_it_is_mended(filled: Path) -> None:
    damaged = id_of(3)
    path = page(filled, damaged)
    before = path.read_bytes()
    path.write_bytes(before + b"x")
    found = verify_sample(filled, ALL, patience=0.1)
    assert found is not None
    assert (found.articles, list(found.damaged)) == (8, [damaged])
    (finding,) = found.damaged[damaged]
    assert (finding.kind, finding.path) == ("changed", path.relative_to(filled).as_posix())
    again = verify_sample(filled, (), again=found.damaged, patience=0.1)
    assert again is not None
    assert (again.articles, list(again.damaged)) == (1, [damaged]), "whichever week it is"
    path.write_bytes(before)
    mended = verify_sample(filled, (), again=found.damaged)
    assert mended is not None
    assert (mended.articles, mended.damaged) == (1, {})


def test_only_the_slice_is_read(filled: Path) -> None:
    for number in ALL:
        found = verify_sample(filled, [number])
        assert found is not None
        assert found.articles == sum(is_of(id_of(each), [number]) for each in range(8))


def test_what_was_removed_is_not_looked_for_and_others_files_are_no_damage(filled: Path) -> None:
    (page(filled, id_of(2)).parent / "notes.txt").write_text("mine")
    with Store.open(filled, min_free=0) as store:
        store.remove([id_of(1)], now=NOW)
    found = verify_sample(filled, ALL, again=[id_of(1)])
    assert found is not None
    assert (found.articles, found.damaged) == (7, {})


def test_it_breaks_off_when_it_is_told_to(filled: Path) -> None:
    calls: list[None] = []

    def rest() -> bool:
        calls.append(None)
        return len(calls) == 3

    assert verify_sample(filled, ALL, rest=rest) is None
    assert len(calls) == 3
