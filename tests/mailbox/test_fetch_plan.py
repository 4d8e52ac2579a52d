"""Batches: pure arithmetic."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.mailbox.fetch import plan
from mailarchiver.mailbox.imap import SEARCH_AT_ONCE, _parts

SIZES = st.dictionaries(st.integers(1, 10_000), st.integers(0, 300), max_size=80)


def test_by_count_and_by_octets() -> None:
    sizes = [(1, 5), (2, 5), (3, 1), (4, 20), (5, 0), (6, 10)]
    assert list(plan(sizes, messages=2, octets=10)) == [{1: 5, 2: 5}, {3: 1}, {4: 20}, {5: 0, 6: 10}]
    assert list(plan([])) == []


@given(SIZES, st.integers(1, 10), st.integers(1, 500))
def test_every_message_is_in_one_batch_within_the_bounds(sizes: dict[int, int], messages: int, octets: int) -> None:
    batches = list(plan(sizes.items(), messages=messages, octets=octets))
    assert [pair for batch in batches for pair in batch.items()] == list(sizes.items())
    for batch in batches:
        assert 1 <= len(batch) <= messages
        assert sum(batch.values()) <= octets or len(batch) == 1


@given(st.integers(0, 10 * SEARCH_AT_ONCE))
def test_the_parts_of_a_search_cover_the_folder_once(messages: int) -> None:
    parts = _parts(messages)
    if messages <= SEARCH_AT_ONCE:
        assert parts == ["ALL"]
        return
    ends = [part.split(":") for part in parts]
    assert ends[0][0] == "1"
    assert ends[-1][1] == "*"
    for (_, last), (first, _) in pairwise(ends):
        assert int(first) == int(last) + 1
    assert int(ends[-1][0]) <= messages
    assert all(int(last) - int(first) < SEARCH_AT_ONCE for first, last in ends[:-1])
