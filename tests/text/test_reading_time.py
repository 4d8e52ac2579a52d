"""How long a text takes to read."""

from __future__ import annotations

import pytest

from mailarchiver.text.reading_time import reading_minutes


@pytest.mark.parametrize(
    ("text", "language", "minutes"),
    [
        ("", "en", None),
        (" \n", "en", None),
        ("A line.", "en", 1),
        ("x" * 4000, "en", 4),
        ("x" * 4000, "en-GB", 4),
        ("x" * 4000, None, 4),
        ("x" * 4000, "tlh", 4),
        ("字" * 4000, "zh-Hant", 16),
        ("字" * 4000, "ja", 11),
        ("x   \n" * 2000, "en", 4),
    ],
)
def test_minutes(text: str, language: str | None, minutes: int | None) -> None:
    assert reading_minutes(text, language) == minutes
