"""Which entry a word means, and what is said where it means none or several."""

from __future__ import annotations

import pytest

from mailarchiver.archive.finding import REMOVED, choose
from mailarchiver.errors import NoSuchEntry

IDS = ["3f9a1c2b7d40", "3f9a1c2b7d40-2", "3f9a1c2b7d40-3", "3f9b00000000", "a0a0a0a0a0a0"]
GONE = ["dddddddddddd"]


def chosen(word: str) -> str:
    return choose(
        word,
        lambda prefix: [name for name in IDS if name.startswith(prefix)],
        elsewhere=lambda prefix: [name for name in GONE if name.startswith(prefix)],
        hint=REMOVED,
    )


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("3f9a1c2b7d40", "3f9a1c2b7d40"),
        ("3f9a", "3f9a1c2b7d40"),
        ("3F9A1", "3f9a1c2b7d40"),
        ("3f9a1c2b7d40-3", "3f9a1c2b7d40-3"),
        ("a0a0", "a0a0a0a0a0a0"),
        ("2024/03/2024-03-06-a-walk-3f9a1c2b7d40-2", "3f9a1c2b7d40-2"),
        ("/srv/archive/2024/03/2024-03-06-3f9b00000000/", "3f9b00000000"),
        ("2024-03-06-a-walk-3f9a1c2b7d40-2/index.html", "3f9a1c2b7d40-2"),
    ],
)
def test_found(word: str, found: str) -> None:
    assert chosen(word) == found


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("3f9", "at least 4"),
        ("", "at least 4"),
        ("3f9a1c2b7d40-", "3f9a1c2b7d40-2 or 3f9a1c2b7d40-3"),
        ("dddd", "mailarchiver restore dddddddddddd"),
        ("3f9c", "near to it: 3f9a1c2b7d40, 3f9a1c2b7d40-2"),
        ("zzzz", "there is no entry 'zzzz'$"),
        ("%_%_", "there is no entry"),
    ],
)
def test_not_found(word: str, told: str) -> None:
    with pytest.raises(NoSuchEntry, match=told):
        chosen(word)


def test_two_mails_with_one_beginning_are_both_told() -> None:
    with pytest.raises(NoSuchEntry, match="may be aaaa00000000 or aaaa11111111"):
        choose("aaaa", lambda _: ["aaaa00000000", "aaaa11111111"])


def test_many_are_not_all_told() -> None:
    with pytest.raises(NoSuchEntry, match="or 14 more: give more"):
        choose("aaaa", lambda _: [f"aaaa{number:08}" for number in range(20)])
