"""Printed addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.message.addresses import read_address, read_addresses
from mailarchiver.model import Address

JANE = Address("Jane Roe", "jane@example.org")


@pytest.mark.parametrize(
    "text",
    [
        "Jane Roe <jane@example.org>",
        '"Jane Roe" <jane@example.org>',
        "'Jane Roe' <jane@example.org>",
        "« Jane Roe » <jane@example.org>",
        "Jane Roe [mailto:jane@example.org]",
        "Jane Roe (jane@example.org)",
        "*Jane Roe* <jane@example.org>",
        "Jane Roe <jane@example.org<mailto:jane@example.org>>",
        "jane@example.org (Jane Roe)",
        "Jane Roe＜jane@example.org＞",
        "Jane Roe<mailto:jane@example.org> <jane@example.org<mailto:jane@example.org>>",
    ],
)
def test_one_mailbox_in_every_dress(text: str) -> None:
    assert read_address(text) == JANE


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        ("jane@example.org", (Address("", "jane@example.org"),)),
        ("jane@example.org <jane@example.org>", (Address("", "jane@example.org"),)),
        ("Jane Roe", (Address("Jane Roe", ""),)),
        ("Jane Roe <jane@example.org>, <bob@example.com>", (JANE, Address("", "bob@example.com"))),
        (
            "Roe, Jane <jane@example.org>, bob@example.com",
            (Address("Roe, Jane", "jane@example.org"), Address("", "bob@example.com")),
        ),
        ("Roe, Jane <jane@example.org>; Bob", (Address("Roe, Jane", "jane@example.org"), Address("Bob", ""))),
        ("Jane Roe </O=EXAMPLE/OU=EXCHANGE/CN=JANE>", (Address("Jane Roe", ""),)),
        ("jane@example.org；bob@example.com", (Address("", "jane@example.org"), Address("", "bob@example.com"))),
        ("'Jane Roe' via Rain <rain@example.org>", (Address("Jane Roe via Rain", "rain@example.org"),)),
        ("Jane; Bob", (Address("Jane", ""), Address("Bob", ""))),
    ],
)
def test_lists(text: str, found: tuple[Address, ...]) -> None:
    assert read_addresses(text) == found


@given(st.text(max_size=200))
def test_no_text_makes_them_raise(text: str) -> None:
    for address in read_addresses(text):
        assert address.name or address.address
