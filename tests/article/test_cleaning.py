"""The whole way from what was found to clean HTML; cleaned again it is the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from mailarchiver.article.cleaning import cleaned
from mailarchiver.article.images import ImageLedger
from mailarchiver.article.recognised import Recognised
from mailarchiver.article.word_lists import word_lists


def clean(html: str) -> str:
    """All of a page, none of whose pictures came with the mail."""
    tree = LexborHTMLParser(html)
    word_lists(tree, html)
    body = tree.body
    assert body is not None
    return cleaned(Recognised("message", (body,), provenance={}), ImageLedger((), base=None), None)


REMOTE = '<img src=https://e.org/a.png alt="a weir">'
SHOWN = '<span data-picture="remote">[picture not fetched: a weir]</span>'
TABLE = "<table><tbody><tr><td>one</td>\n<td>two</td>\n</tr>\n<tr><td>3</td>\n<td>4</td>\n</tr>\n</tbody>\n</table>"


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ("<p>• one</p><p>• two</p>", "<ul><li>one</li>\n<li>two</li>\n</ul>"),
        ("<table><caption></caption><tr><th>one</table>", "<p>one</p>"),
        (
            "<table><caption>of the weir</caption><tr><th>one</table>",
            "<table><caption>of the weir</caption>\n<tbody><tr><th>one</th>\n</tr>\n</tbody>\n</table>",
        ),
        (
            "<table role=grid><tr><td>one</table>",
            '<table role="grid"><tbody><tr><td>one</td>\n</tr>\n</tbody>\n</table>',
        ),
        ("<table role=rubbish><tr><td>one<td>two<tr><td>3<td>4</table>", TABLE),
        (f"<h3>{REMOTE}<ul><li>a caption?</ul></h3>", f"<h3>{SHOWN} a caption?</h3>"),
        (
            f"<ol>one{REMOTE}<ul><li>a caption</ul></ol>",
            f"<ol><li>one</li>\n<li><figure>{SHOWN}<figcaption>a caption</figcaption>\n</figure>\n</li>\n</ol>",
        ),
    ],
    ids=["bullets", "empty caption", "caption", "role", "no role", "heading", "list"],
)
def test_what_is_clean_stays_as_it_is(html: str, wanted: str) -> None:
    assert clean(html) == wanted
    assert clean(wanted) == wanted


TAGS = (
    "p", "div", "span", "b", "i", "em", "a", "ul", "ol", "li", "table", "tr", "td", "th", "caption", "thead", "figure",
    "figcaption", "blockquote", "pre", "br", "hr", "h2", "h3", "dl", "dt", "dd", "details", "summary", "small",
    "center", "code", "sup",
)  # fmt: skip
DRESSED = (
    "<a href=https://e.org/>", "<a href=#q>", "<a name=q>", "<div id=q>", "<div lang=de>", "<span dir=rtl>",
    "<ul dir=rtl>", "<figure lang=fr>", "<td colspan=2>", "<table role=grid>",
    "<div style='background:url(https://e.org/b.png)'>", REMOTE,
)  # fmt: skip
SOUP = st.lists(
    st.sampled_from(TAGS).map("<{}>".format)
    | st.sampled_from(TAGS).map("</{}>".format)
    | st.sampled_from(DRESSED)
    | st.sampled_from(("text", " two words ", "\n", "• item", "&nbsp;", "語")),
    max_size=7,
)


@given(SOUP.map("".join))
def test_cleaning_what_came_of_any_tags_changes_nothing(html: str) -> None:
    once = clean(html)
    assert clean(once) == once
