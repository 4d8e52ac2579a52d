"""What is cut from URLs."""

from __future__ import annotations

import pytest

from mailarchiver.text.tracking import untracked, without_tracking


@pytest.mark.parametrize(
    ("query", "rest"),
    [
        ("id=7&utm_source=mail&UTM_Medium=x&b=%20", "id=7&b=%20"),
        ("fbclid=1&gclid=2&twclid=3&mc_cid=4&mc_eid=5&_hsenc=6&mkt_tok=7&msclkid=8&igshid=9&utm_=0", ""),
        ("fbclidx=1&xutm_source=2&mc_xid=3", "fbclidx=1&xutm_source=2&mc_xid=3"),
        ("q=a+b&q=c&&empty=&bare", "q=a+b&q=c&empty=&bare"),
        ("", ""),
    ],
)
def test_only_tracking_is_cut(query: str, rest: str) -> None:
    assert without_tracking(query) == rest


@pytest.mark.parametrize(
    ("url", "rest"),
    [
        ("https://youtu.be/x?si=1&t=20", "https://youtu.be/x?t=20"),
        ("https://open.spotify.com/episode/x?si=1", "https://open.spotify.com/episode/x"),
        ("https://example.org/x?si=1&s=2&r=3", "https://example.org/x?si=1&s=2&r=3"),
        ("https://mill.substack.com/p/x?r=3&token=4", "https://mill.substack.com/p/x?token=4"),
        ("https://www.amazon.co.uk/dp/1?ref_=x&th=1", "https://www.amazon.co.uk/dp/1?th=1"),
        ("https://amazon.example.org/dp/1?ref_=x", "https://amazon.example.org/dp/1?ref_=x"),
        ("https://mailchi.mp/0a1b/the-weir-9?e=0a1b2c", "https://mailchi.mp/0a1b/the-weir-9"),
        ("https://us3.campaign-archive.com/?u=1&id=2&e=3", "https://us3.campaign-archive.com/?u=1&id=2"),
        ("https://notx.com/a?s=1", "https://notx.com/a?s=1"),
        ("https://example.org/a?b=1&&c=2#utm_x", "https://example.org/a?b=1&&c=2#utm_x"),
        ("HTTPS://Example.org/a?utm_id=1#b", "https://Example.org/a#b"),
        ("mailto:ada@example.org?utm_id=1", "mailto:ada@example.org?utm_id=1"),
    ],
)
def test_some_names_are_tracking_on_some_hosts(url: str, rest: str) -> None:
    assert untracked(url) == rest
