"""article.md says what the article says, whatever is in it: read by a CommonMark parser, its text is the same."""

from __future__ import annotations

import base64
import re
import statistics
from collections import Counter
from html import escape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

from mailarchiver.article.extract import extract
from mailarchiver.article.markdown import markdown
from mailarchiver.article.page_blocks import words_of
from mailarchiver.article.sanitize import sanitize
from mailarchiver.article.writer import Writer
from mailarchiver.message.forward import unwrap
from mailarchiver.message.parse import parse
from mailarchiver.model import TagRules

from .making import PNG, article

READERS = {
    "CommonMark": MarkdownIt("commonmark").enable("table"),
    "GitHub": MarkdownIt("commonmark").enable(["table", "strikethrough"]),
}


def clean(html: str) -> str:
    body = LexborHTMLParser(html).body
    assert body is not None
    return sanitize(Writer(lambda node, caption: '<img src="images/001.png" alt="">').write([body]))


def text_of(html: str) -> str:
    body = LexborHTMLParser(html).body
    return body.text() if body is not None else ""


def apart(html: str) -> str:
    """With a space at every edge of a block, where words end."""
    return re.sub(r"<(?=/?(?:p|h[1-6]|li|d[dt]|t[dh]|caption|figcaption|summary|pre|br)\b)", " <", html)


def letters(html: str) -> str:
    """All of a text but its white space, which blocks, wraps and breaks decide."""
    return "".join(text_of(html).split())


@pytest.mark.parametrize(
    ("html", "written"),
    [
        ("<p>2 * 3 &lt; 7, a_b, _c_, `d` [e](f) \\ &amp;amp;</p>",
         "2 \\* 3 < 7, a_b, \\_c\\_, \\`d\\` \\[e\\](f) \\\\ \\&amp;"),
        ("<p># one<br>- two<br>3. three<br>&gt; four<br>===<br>+ five</p>",
         "\\# one  \n\\- two  \n3\\. three  \n\\> four  \n\\=\\==  \n\\+ five"),
        ("<p>a #tag, ==mark==, $x$, $5, {{&lt; x &gt;}}, %%x%%</p>",
         "a \\#tag, \\==mark\\==, \\$x\\$, $5, {\\{< x >}}, \\%%x\\%%"),
        ("<p><b>bold</b>, <i>thin</i> and <b>both:</b> a<i>b</i>c</p>", "**bold**, *thin* and **both:** a<em>b</em>c"),
        ("<p>これは<b>日本語</b>です</p>", "これは<strong>日本語</strong>です"),
        ("<p>H<sub>2</sub>O <ruby>漢<rt>かん</rt></ruby></p>", "H<sub>2</sub>O <ruby>漢<rt>かん</rt></ruby>"),
        ("<p>see! <a href='https://e.org/a_(b) c?x=*'>it</a></p>",
         "see! [it](https://e.org/a\\_\\(b\\)%20c?x=\\*)"),
        ("<p>see!<a href='https://e.org/'>it</a></p>", "see\\![it](https://e.org/)"),
        ("<p><code>a`b</code><code>c</code> <code>d|e</code></p>", "``a`b``<code>c</code> `d|e`"),
        ("<ul><li>a<ol><li>b</li><li>c</li></ol></li><li>d</li></ul>", "- a\n  1. b\n  2. c\n- d"),
        ("<ul><li>a</li></ul><ul><li>b</li></ul>", "- a\n\n* b"),
        ("<ul><li><p>a</p><p>b</p></li><li><pre>x\n\ny</pre></li></ul>", "- a\n\n  b\n\n- ```\n  x\n\n  y\n  ```"),
        ("<blockquote><p>a<br>b</p><ul><li>c</li></ul></blockquote>", "> a  \n> b\n>\n> - c"),
        ("<table><tr><th>a|b</th><th>c</th></tr><tr><td>d<br>e</td><td><code>f|g</code></td></tr></table>",
         "| a\\|b | c |\n| --- | --- |\n| d<br>e | `f\\|g` |"),
        ("<table><tr><td rowspan=2>a</td><td colspan=2>b</td></tr><tr><td>c</td><td>d</td></tr></table>",
         "|  |  |  |\n| --- | --- | --- |\n| a | b |  |\n|  | c | d |"),
        ("<table><tr><td><p>a</p><pre>b</pre></td></tr></table>", "a\n\n```\nb\n```"),
        ("<h2>C #</h2><hr><ul><li>x<hr></li></ul>", "## C \\#\n\n---\n\n- x\n\n  ___"),
        ("<pre>```\n</pre>", "````\n```\n````"),
    ],
)  # fmt: skip
def test_markdown(html: str, written: str) -> None:
    assert markdown(clean(html)) == written + "\n"


MARKS = r"""#*_-+=~`[]()<>{}|\/!"'.:;,&$%^@ 1a語。\n"""
TEXT = st.text(st.sampled_from(MARKS) | st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)
TAGS = ["p", "h1", "h4", "li", "ul", "ol", "blockquote", "td", "th", "tr", "table", "b", "i", "em", "strong", "code"]
TAGS += ["sub", "s", "a", "span", "pre", "figure", "div", "dd", "dl", "details", "summary"]
TREES = st.recursive(
    st.builds(lambda text: escape(text, quote=False), TEXT),
    lambda inner: (
        st.builds(
            lambda tag, parts: f"<{tag} href='https://e.org/(_*'>{''.join(parts)}</{tag}>",
            st.sampled_from(TAGS),
            st.lists(inner, min_size=1, max_size=4),
        )
        | st.sampled_from(["<br>", "<hr>", " "])
    ),
    max_leaves=16,
)


@given(st.lists(TREES, max_size=4).map("".join))
def test_any_text_anywhere_comes_back(html: str) -> None:
    told = clean(html)
    for name, reader in READERS.items():
        assert letters(reader.render(markdown(told))) == letters(told), name


@given(st.lists(TEXT, min_size=1, max_size=5), st.sampled_from(["p", "li", "h2", "td", "blockquote"]))
def test_text_alone_becomes_no_markup(lines: list[str], tag: str) -> None:
    told = clean(f"<{tag}>{'<br>'.join(escape(line, quote=False) for line in lines)}</{tag}>")
    for reader in READERS.values():
        found = re.findall(r"<(\w+)", reader.render(markdown(told)))
        assert set(found) <= {"p", "br", "li", "ul", "h2", "blockquote"}


def test_pictures_have_their_relative_path() -> None:
    src = "data:image/png;base64,"
    found = article(f'<p>a <img src="{src}{base64.b64encode(PNG).decode()}" alt="b [c]"></p>')
    assert found.markdown == "a ![b \\[c\\]](images/001.png)\n"


@pytest.mark.parametrize("html", ["<b>x</b> ", "<a href='https://e.org'>x</a>*", "<code>`</code>", "<ul><li>x", "!"])
def test_long_texts_take_no_longer_than_they_are(html: str) -> None:
    assert len(markdown(clean(html * 20_000))) > 20_000


@pytest.mark.corpus
@pytest.mark.parametrize("folder", ["readerview", "pages"])
def test_the_round_trip_of_the_corpus(corpus: Path, folder: str) -> None:
    shares = []
    for mail in sorted((corpus / folder).rglob("*.eml")):
        for original in unwrap(parse(mail.read_bytes())):
            found = extract(original, TagRules())
            wanted = Counter(words_of(text_of(apart(found.html))))
            got = Counter(words_of(text_of(apart(READERS["CommonMark"].render(found.markdown)))))
            if wanted:
                shares.append(2 * (wanted & got).total() / (wanted.total() + got.total()))
    assert len(shares) > 100
    assert statistics.fmean(shares) >= 0.9999
