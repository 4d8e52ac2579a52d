"""Which pictures a page shows, and which it can only link."""

from __future__ import annotations

import pytest

from mailarchiver.text.file_types import is_shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("images/001-map.jpg", True),
        ("images/002.svg", True),
        ("images/003.heic", False),
        ("images/004.tif", False),
        ("images/005.jpg.heic", False),
        ("images/006", False),
    ],
)
def test_pictures_that_browsers_show(name: str, shown: bool) -> None:
    assert is_shown(name) == shown
