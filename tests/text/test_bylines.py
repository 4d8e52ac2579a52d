"""What a byline keeps of a line of credits."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailarchiver.text.bylines import LONGEST, bare, names


@pytest.mark.parametrize(
    ("credits_shown", "byline"),
    [
        ("By Ada Quill", "Ada Quill"),
        ("Von Ada Quill", "Ada Quill"),
        ("Par Ada Quill", "Ada Quill"),
        ("Por: Ada Quill", "Ada Quill"),
        ("Text: Ada Quill", "Ada Quill"),
        ("文／王小明", "王小明"),
        ("作者：王小明", "王小明"),
        ("By ADA QUILL, Mill Correspondent,", "ADA QUILL, Mill Correspondent"),
        ("Ada Quill@adaquill", "Ada Quill"),
        ("Ada Quill (ada@example.org)", "Ada Quill"),
        ("Ada Quill +49 30 1234567", "Ada Quill"),
        ("Ada Quill Ada Quill", "Ada Quill"),
        ("REUTERS", "REUTERS"),
        ("Byron Quill", "Byron Quill"),
        ("Vonda Quill", "Vonda Quill"),
        ("Ada Quill · 3 min read", "Ada Quill"),
        ("Ada Quill, 4–5 minutes", "Ada Quill"),
        ("Ada Minutes", "Ada Minutes"),
        ("4 min read", None),
        ("https://www.example.org/ada.quill", None),
        ("Photo: Ada Quill", None),
        ("© Agency/Ada Quill", None),
        ("@adaquill", None),
        ("  ", None),
        ("By", "By"),
    ],
)
def test_a_line_of_credits(credits_shown: str, byline: str | None) -> None:
    assert bare(credits_shown) == byline


@pytest.mark.parametrize(
    ("pieces", "byline"),
    [
        (["By ", "Ada Quill"], "Ada Quill"),
        (["By Ada Quill | Special to The Mill"], "Ada Quill"),
        (["By Ada Quill and Ben Oxbow, Staff Writers"], "Ada Quill and Ben Oxbow"),
        (["By ADA QUILL, BEN OXBOW and CEM DALE", "Mill Press"], "ADA QUILL, BEN OXBOW and CEM DALE"),
        (["By A. J. Quill, B. Oxbow, and C. Dale"], "A. J. Quill, B. Oxbow, and C. Dale"),
        (["By ", "Ada Quill", ", ", "Ben Oxbow"], "Ada Quill, Ben Oxbow"),
        (["By ", "Ada Quill", "ada@example.org", "Mill"], "Ada Quill"),
        (["By Ada Quill, 19 May 2024, 8:00 GMT"], "Ada Quill"),
        (["By Ada Quill On 05/19/24 at 4:00 PM"], "Ada Quill"),
        (["Published", "19 May 2024", "by", "Ada Quill"], "Ada Quill"),
        (["By Conan O'Brook"], "Conan O'Brook"),
        (["撰文：王小明"], "王小明"),
        (["Ada Quill"], None),
        (["By the river"], None),
        (["By 2024"], None),
        (["text - planning"], None),
        (["The weir, by Ada Quill"], None),
        ([], None),
    ],
)
def test_what_stands_behind_a_by(pieces: list[str], byline: str | None) -> None:
    assert names(pieces, sure=False) == byline


@pytest.mark.parametrize(
    ("pieces", "byline"),
    [
        (["Ada Quill", "Senior Contributor"], "Ada Quill"),
        (["Mill News, Weirtown,"], "Mill News"),
        (["ada"], "ada"),
        (["김철수 기자"], "김철수"),
        (["AUTHOR"], None),
        (["Admin"], None),
        (["© Agency/Ada Quill"], None),
        (["View all posts"], None),
        (["4 comments"], None),
        (["19 May 2024"], None),
    ],
)
def test_what_the_markup_calls_a_byline(pieces: list[str], byline: str | None) -> None:
    assert names(pieces, sure=True) == byline


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.text(max_size=200), max_size=6), st.booleans())
def test_any_text_is_taken(pieces: list[str], sure: bool) -> None:
    found = names(["By ", *pieces], sure=sure)
    assert found is None or (0 < len(found) <= LONGEST and found == found.strip())
    bare(" ".join(pieces))


def test_long_lines_end_in_time() -> None:
    for text in (
        "By " + "Ada, " * 20_000,
        "by " * 50_000,
        "a@" * 50_000,
        "1-" * 50_000,
        "| " * 50_000,
        "and " * 50_000,
    ):
        names([text], sure=True)
        bare(text)
