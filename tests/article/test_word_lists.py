"""What Word writes as paragraphs with a mark is a list, whatever mail program it went through."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mailarchiver.model import Part

from .making import PNG, article

BLANK = '<span style="font:7.0pt &quot;Times New Roman&quot;">&nbsp;&nbsp;&nbsp; </span>'
GMAIL_BLANK = '<span style="font-size:7pt;line-height:normal;font-family:&quot;Times New Roman&quot;">&nbsp; </span>'


def item(mark: str, words: str, level: int = 1) -> str:
    """As Outlook writes it."""
    return (
        f'<p class="MsoListParagraph" style="text-indent:-18.0pt;mso-list:l0 level{level} lfo1"><![if !supportLists]>'
        f'<span style="font-family:Symbol;mso-list:Ignore">{mark}{BLANK}</span><![endif]>{words}<o:p></o:p></p>\n'
    )


def gmail_item(mark: str, words: str, level: int = 1) -> str:
    """As Gmail leaves it."""
    return (
        f'<p class="gmail-MsoListParagraph" style="margin-left:{36 * level}pt"><u></u><span style="font-family:Symbol">'
        f"<span>{mark}{GMAIL_BLANK}</span></span><u></u>{words}<u></u><u></u></p>\n"
    )


@pytest.mark.parametrize("written", [item, gmail_item])
def test_paragraphs_with_marks_are_lists(written: Callable[[str, str, int], str]) -> None:
    html = "<p>Before.</p>" + "".join((
        written("·", "swifts", 1), written("o", "of the <b>tower</b>", 2), written("o", "of the school", 2),
        written("§", "under the eaves", 3), written("·", "swallows", 1),
    )) + "<p>After.</p>"  # fmt: skip
    assert article(html).markdown == (
        "Before.\n\n- swifts\n  - of the **tower**\n  - of the school\n    - under the eaves\n- swallows\n\nAfter.\n"
    )


def test_numbers_go_on_as_they_were_printed() -> None:
    html = item("1.", "one") + item("2.", "two") + "<p>Between.</p>" + item("3.", "three") + item("·", "other")
    assert article(html).markdown == "1. one\n2. two\n\nBetween.\n\n3. three\n\n- other\n"


def test_marks_that_no_list_would_count_stay() -> None:
    assert article(item("a)", "one") + item("b)", "two") + item("(iv)", "three")).text == (
        "- a) one\n- b) two\n- (iv) three\n"
    )


def test_what_is_in_an_item_stays_in_it() -> None:
    html = item("·", '<a href="https://example.org/a">link</a> and <img src="cid:a" alt="the nest">')
    found = article(html, parts=(Part("image/png", PNG, content_id="a", disposition="inline"),))
    assert found.html.startswith('<ul><li><a href="https://example.org/a">link</a> and <img src="images/001.png"')
    assert [image.outcome for image in found.images] == ["cid"]


@pytest.mark.parametrize(
    "html",
    [
        f"<p>words first, then ·{BLANK}</p>",
        f"<p>{BLANK}words</p>",
        f"<div>·{BLANK}words</div>",
        f"<p><span>a long beginning{BLANK}</span>words</p>",
    ],
)
def test_other_blanks_in_that_type_make_no_list(html: str) -> None:
    found = article(html)
    assert "<li>" not in found.html
    assert "words" in found.text


def test_many_items_end_in_time() -> None:
    assert article(item("·", "x") * 5_000).html.count("<li>") == 2_000
    assert "<li>" not in article(f"<p><span>{'words ' * 1_000}{BLANK * 6_000}</span></p>").html
    assert "<li>" not in article("<p>" + BLANK.replace("</span>", "") * 6_000).html
