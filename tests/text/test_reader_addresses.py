"""The addresses that readers of browsers give pages, and those of the pages themselves."""

from __future__ import annotations

import pytest

from mailarchiver.text.reader_addresses import spelled_out

PAGE = "https://www.example.org/a/b?c=d&e=%C3%BC"
WRITTEN = "https%3A%2F%2Fwww.example.org%2Fa%2Fb%3Fc%3Dd%26e%3D%25C3%25BC"


@pytest.mark.parametrize(
    "address",
    [
        f"about:reader?url={WRITTEN}",
        f"read://https_www.example.org/?url={WRITTEN}",
        f"chrome-distiller://8f2a_b1/?title=Swifts&time=12&url={WRITTEN}",
    ],
)
def test_the_address_of_the_page(address: str) -> None:
    assert spelled_out(address) == PAGE
    assert spelled_out(f"See {address} and\n<{address}>.") == f"See {PAGE} and\n<{PAGE}>."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "about:reader?url=",
        "about:reader?url=javascript%3Aalert(1)",
        "read://https_www.example.org/",
        "https://example.org/?url=https%3A%2F%2Fexample.com%2F",
        "I read: what is url=https%3A%2F%2Fexample.com%2F?",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert spelled_out(text) == text
