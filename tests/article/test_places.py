"""Footnotes and contents work within the page, and nothing else can be addressed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .making import article, reader_page
from .test_writer import written

URL = "https://www.example.org/2024/swifts"
NOTES = (
    '<p>Swifts sleep<sup id="{p}ref-1"><a href="{u}#fn-1">1</a></sup> in the air.</p>'
    '<ol><li id="{p}fn-1">So says Weitnauer. <a href="{u}#ref-1">Back</a></li></ol>'
)  # fmt: skip


@pytest.mark.parametrize("prefix", ["", "gmail-", "m_-4711gmail-", "x_"])
@pytest.mark.parametrize("page", ["", URL, "http://example.org/2024/swifts/", "about:reader?url=x"])
def test_a_footnote_and_the_way_back(prefix: str, page: str) -> None:
    html = article(reader_page(NOTES.format(p=prefix, u=page), url=URL)).html
    assert '<sup id="place-1"><a href="#place-2">1</a></sup>' in html
    assert '<li id="place-2">So says Weitnauer. <a href="#place-1">Back</a></li>' in html


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ('<p><a href="#x">up</a></p>', "<p>up</p>"),
        ('<p id="x">a</p>', "<p>a</p>"),
        ('<p id="x">a <a href="#">up</a></p>', "<p>a up</p>"),
        ('<div id="x"><p>a</p></div><a href="#x">up</a>', '<p id="place-1">a</p><p><a href="#place-1">up</a></p>'),
        ('<a name="x"></a><p>a</p><a href="#x">up</a>', '<p id="place-1">a</p><p><a href="#place-1">up</a></p>'),
        ('<p>a <span id="x">b</span> <a href="#x">c</a></p>',
         '<p>a <span id="place-1">b</span> <a href="#place-1">c</a></p>'),
        ('<p>a</p><p hidden id="x">b</p><a href="#x">c</a>', "<p>a</p><p>c</p>"),
        ('<a href="#x">c</a><p>a</p><p id="x"></p>', "<p>c</p><p>a</p>"),
        ('<i id="x"></i><div id="y"></div><h2>a</h2><a href="#y">b</a><a href="#x">c</a>',
         '<h2 id="place-1">a</h2><p><a href="#place-1">b</a><a href="#place-1">c</a></p>'),
        ('<p id="x">a</p><p id="x">b</p><a href="#x">c</a>',
         '<p id="place-1">a</p><p>b</p><p><a href="#place-1">c</a></p>'),
    ],
)  # fmt: skip
def test_a_place_is_where_something_was_written(html: str, clean: str) -> None:
    assert written(html) == clean


def test_a_link_to_another_page_is_no_place() -> None:
    html = '<p id="x">a <a href="https://example.org/other#x">b</a></p>'
    assert written(html, "https://example.org/this") == html.replace(' id="x"', "")


NAMES = st.sampled_from(["a", "b", "c", "place-1", "place-2", "top"])
PARTS = st.builds(
    lambda tag, name, to, inner: f'<{tag} id="{name}">{inner}<a href="#{to}">go</a></{tag}>',
    st.sampled_from(["p", "div", "span", "li", "sup", "a", "td"]),
    NAMES,
    NAMES,
    st.sampled_from(["", "text", "<br>", "<b></b>"]),
)


@given(st.lists(PARTS, max_size=6).map("".join))
def test_every_link_has_its_place_and_every_place_is_one(html: str) -> None:
    once = written(html)
    places = re.findall(r'id="(place-[0-9]+)"', once)
    assert len(set(places)) == len(places)
    assert set(re.findall(r'href="#([^"]*)"', once)) <= set(places)
    assert written(once) == once
