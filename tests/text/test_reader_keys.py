"""Keys of the reader's in addresses."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from mailarchiver.text.reader_keys import without_reader_keys


def token(claims: str) -> str:
    """A JSON Web Token with these claims (RFC 7519 §3.1)."""
    head, body = (urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in ('{"alg":"HS256"}', claims))
    return f"{head}.{body}.c2lnbmF0dXJl"


READER = token('{"user_id":42,"post_id":7,"sub":"post-reaction"}')


def test_a_token_that_names_its_reader_goes_whatever_it_is_called() -> None:
    headless = READER.partition(".")[2]
    assert without_reader_keys(f"https://mill.example.org/p/x?token={READER}") == "https://mill.example.org/p/x"
    assert (
        without_reader_keys(f"https://mill.example.org/p/x?a=1&k={headless}#b") == "https://mill.example.org/p/x?a=1#b"
    )


def test_a_token_that_opens_a_page_to_anybody_stays() -> None:
    for value in (token('{"article":7}'), token("not JSON"), token("[1]"), "eyJ.eyJ.x", "eyJhbGciOi.é.x"):
        url = f"https://mill.example.org/p/x?gift={value}&&b"
        assert without_reader_keys(url) == url
