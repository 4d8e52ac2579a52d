"""Tags: what the sender of a mail wrote them for, and what only looks like one."""

from __future__ import annotations

import pytest

from mailarchiver.article.metadata import tags
from mailarchiver.model import Address, Headers, TagRules

OWN = TagRules(addresses=("archive@example.org",))


def headers(*to: str, subject: str = "", **fields: str) -> Headers:
    named = tuple((name.replace("_", "-"), value) for name, value in fields.items())
    return Headers(subject=subject, to=tuple(Address("", address) for address in to), fields=named)


@pytest.mark.parametrize(
    ("subject", "note", "found"),
    [
        ("Fwd: Rain in May #weather", None, ("weather",)),
        ("Rain", "Keep this. #weather #May2024, #weather", ("weather", "May2024")),
        ("#first", "#second", ("first", "second")),
        ("Rain", "See #größe and #天気", ("größe", "天気")),
        ("Issue #42 of the list", "C# and a#b, https://example.org/#top", ()),
    ],
)
def test_words_of_subject_and_note(subject: str, note: str | None, found: tuple[str, ...]) -> None:
    assert tags(note, headers(subject=subject), OWN) == found
    assert tags(note, headers(subject=subject), TagRules(words=False)) == ()


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("archive+politics@example.org", ("politics",)),
        ("Archive+Politics@Example.ORG", ("Politics",)),
        ("archive+long-read@example.org", ("long-read",)),
        ("archive+größe@example.org", ("größe",)),
        ("archive@example.org", ()),
        ("jane+politics@example.org", ()),
        ("archive+politics@example.net", ()),
        ("archive+20240306@example.org", ()),
        ("archive+srs=abc=de=x@example.org", ()),
    ],
)
def test_the_plus_part_of_the_mailbox_s_own_address(address: str, found: tuple[str, ...]) -> None:
    assert tags(None, headers(address), OWN) == found
    assert tags(None, headers(Delivered_To=f"<{address}>"), OWN) == found
    assert tags(None, headers(address), TagRules(plus=False)) == ()


def test_anybody_s_plus_part_where_no_address_is_known() -> None:
    assert tags(None, headers("jane+politics@example.net", "fay@example.org"), TagRules()) == ("politics",)


def test_a_tag_counts_once() -> None:
    delivered = headers("archive+rain@example.org", subject="#rain", Delivered_To="archive+rain@example.org")
    assert tags("#rain", delivered, OWN) == ("rain",)
