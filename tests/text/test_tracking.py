"""What is cut from URLs."""

from __future__ import annotations

import pytest

from mailarchiver.text.tracking import without_tracking


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
