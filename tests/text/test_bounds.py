"""HTML that would keep a parser busy is made harmless; all other HTML stays as it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.text.bounds import beginning, bounded


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<p>text</p>",
        "<div>" * 900 + "deep" + "</div>" * 900,
        "<p>unclosed<li>unclosed<br>" * 5_000,
        "<div><b>one</b></div>\n" * 5_000,
        '<img src="data:image/png;base64,' + "QUJD" * 100_000 + '">',
        '<p style="' + "color: red; " * 900 + '">x</p>',
        "1 < 2 and 3 > 2 " * 10_000,
        "<" * 100_000,
    ],
)
def test_ordinary_html_is_left_alone(html: str) -> None:
    assert bounded(html) == (html, None)


@pytest.mark.parametrize(
    ("begin", "end"), [("<div>", "</div>"), ("<b class=x>", "</b>"), ("<ul><li>", "</li></ul>"), ("<font>", "")]
)
def test_deep_nesting_is_cut(begin: str, end: str) -> None:
    html, why = bounded("<p>before</p>" + begin * 50_000 + "deep" + end * 50_000 + "<p>after</p>")
    assert why is not None
    assert "nested" in why
    assert len(re.findall(r"<(?:div|b|ul|font)\b", html)) <= 1_000
    assert tuple(re.findall(r"before|deep|after", html)) == ("before", "deep", "after")


@pytest.mark.parametrize("attribute", [" a{}=1", ' a{}="1"', " a{}", "\na{} = '1'"])
def test_endless_attributes_are_cut(attribute: str) -> None:
    html, why = bounded("<p" + "".join(attribute.format(n) for n in range(50_000)) + ">text</p>")
    assert html == "<p>text</p>"
    assert why is not None
    assert "attributes" in why


@pytest.mark.timeout(60)  # seconds, where what is quadratic takes hours
@pytest.mark.parametrize("piece", ["<a ", "<div>", "<p x='", "<p a", "<", "a<b c='>", "<p " + "<a " * 1_200 + ">"])
def test_no_html_takes_long(piece: str) -> None:
    html, _ = bounded(piece * (1_000_000 // len(piece)))
    assert len(html) <= 1_000_000


@given(st.lists(st.sampled_from(["<div>", "</div>", "<b x=1>", "</b>", "<br>", "<p>", "text ", "<", ">"]), max_size=60))
def test_small_html_is_never_touched(pieces: list[str]) -> None:
    assert bounded("".join(pieces)) == ("".join(pieces), None)


PICTURE = "<img src='data:image/png;base64," + "A" * 5_000 + "'>"


@pytest.mark.parametrize(
    ("text", "weight", "html", "shown"),
    [
        ("a few words", 11, False, "a few words"),
        ("a few words", 5, False, "a few"),
        ("one\ntwo\nthree", 160, False, "one\ntwo"),
        ("one\ntwo\nthree", 170, False, "one\ntwo\nthre"),
        ("one\ntwo\nthree", 0, False, ""),
        ("<p>one</p><p>two</p>", 100, True, "<p>one</p>"),
        ("<p>one</p><p>two</p>", 200, True, "<p>one</p><p>two</p>"),
        ("<p title='far too long a title'>one", 60, True, ""),
        (PICTURE, 100, True, PICTURE),
        (PICTURE + "x" * 200, 100, True, PICTURE + "x" * 9),
    ],
)
def test_the_beginning_is_as_long_as_may_be(text: str, weight: int, html: bool, shown: str) -> None:
    found, spent = beginning(text, weight, html=html)
    assert found == shown
    assert spent <= weight
    assert found == text or spent == weight


def test_what_looks_like_a_long_tag_in_a_script_or_a_comment_is_none() -> None:
    code = "for(c=0;c<b.length;c++){ " + "x = y; " * 600 + "if(d>e){} }"
    for html in (f"<script>{code}</script><p>x</p>", f"<p>x</p><!-- {code} -->", f"<SCRIPT src=a>{code}</SCRIPT >y"):
        assert bounded(html) == (html, None)


def test_a_long_tag_behind_a_script_is_cut() -> None:
    html = "<script>a<b</script><p " + "a " * 1_000 + ">x</p><!-- > --><i " + "b " * 1_000 + ">y</i><script>"
    shorter, told = bounded(html)
    assert shorter == "<script>a<b</script><p>x</p><!-- > --><i>y</i><script>"
    assert told is not None
