"""Parts in another language or direction keep saying so, though the boxes and spans that said it are gone."""

from __future__ import annotations

import pytest

from .making import article, reader_page

BODY = "<p>The swifts came late this year, and the town waited for them with open windows.</p>"
ENGLISH = "The baker said so every morning, and every morning somebody in the queue disagreed with him. " * 4 + "So."
HEBREW = "הסיסים חזרו לעיר"


def written(html: str, **page: str) -> str:
    return article(reader_page(BODY + html, **page)).html.removeprefix(BODY).strip()


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        (f'<div lang="he" dir="rtl">{HEBREW}</div>', f'<p lang="he" dir="rtl">{HEBREW}</p>'),
        (f'<div dir="RTL"><p>{HEBREW}</p><p><b>{HEBREW}</b></p></div>',
         f'<p dir="rtl">{HEBREW}</p>\n<p dir="rtl"><b>{HEBREW}</b></p>'),
        (f'<section dir="rtl"><ul><li>{HEBREW}</li></ul></section>', f'<ul dir="rtl"><li>{HEBREW}</li>\n</ul>'),
        (f'<div dir="rtl"><p lang="yi">{HEBREW}</p></div>', f'<p lang="yi" dir="rtl">{HEBREW}</p>'),
        (f'<div dir="rtl">{HEBREW}<div dir="ltr">in English</div></div>',
         f'<p dir="rtl">{HEBREW}</p>\n<p dir="ltr">in English</p>'),
        (f'<p>a <span lang="he" dir="rtl">{HEBREW}</span> b</p>',
         f'<p>a <span lang="he" dir="rtl">{HEBREW}</span> b</p>'),
        (f'<p dir="rtl">{HEBREW}<br><br>{HEBREW}</p>', f'<p dir="rtl">{HEBREW}</p>\n<p dir="rtl">{HEBREW}</p>'),
        # nothing to say, or said against the letters
        ('<div lang="en-GB" dir="ltr"><p>as all of it</p></div>', "<p>as all of it</p>"),
        ('<div dir="rtl"><p>letters of the left</p></div>', "<p>letters of the left</p>"),
        ('<div lang="null"><p>none</p></div>', "<p>none</p>"),
        ('<p><span lang="DE">of Word</span></p>', "<p>of Word</p>"),
        (f'<div lang="de"><p>{ENGLISH}</p></div>', f"<p>{ENGLISH}</p>"),
    ],
)  # fmt: skip
def test_a_part_keeps_its_language_and_direction(html: str, clean: str) -> None:
    assert written(html) == clean
    assert written(clean) == clean


def test_a_box_around_an_article_from_right_to_left_says_nothing() -> None:
    html = f'<div dir="ltr"><div dir="rtl"><p>{HEBREW}</p></div></div>'
    assert f"<p>{HEBREW}</p>" in article(reader_page(html, lang="he", dir="rtl")).html
    assert article(html).html.strip() == f"<p>{HEBREW}</p>"


def test_boxes_without_end_are_read_in_time() -> None:
    html = f'<div lang="he" dir="rtl"><b>{HEBREW}</b>' * 3_000 + HEBREW * 20_000
    assert HEBREW in article(reader_page(BODY + html)).text
