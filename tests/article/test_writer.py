"""The writer: clean HTML, in one walk, and nothing of the text lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from mailarchiver.article.extract import extract
from mailarchiver.article.plain_text import plain_text
from mailarchiver.article.sanitize import sanitize
from mailarchiver.article.tongues import tongues
from mailarchiver.article.writer import Writer
from mailarchiver.message.forward import unwrap
from mailarchiver.message.parse import parse
from mailarchiver.model import Direction, TagRules


def written(html: str, base: str | None = None) -> str:
    body = LexborHTMLParser(html).body
    assert body is not None
    clean = Writer(lambda node, caption: '<img src="images/001.png" alt="">', base=base).write([body])
    return clean.replace("\n", "") if "<pre>" not in clean else clean


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("<div>one</div><div>two</div>", "<p>one</p><p>two</p>"),
        ("<div>one<br><br>two<br></div>", "<p>one</p><p>two</p>"),
        ("<p>one<br>two</p>", "<p>one<br>two</p>"),
        ("<p>a line\nwrapped by  the\n mail</p>", "<p>a line wrapped by the mail</p>"),
        ("<p>これは\n日本語です</p>", "<p>これは日本語です</p>"),
        ("<p>これは\n<b>日本語</b>\nです</p>", "<p>これは<b>日本語</b>です</p>"),
        ("<p>한국어는\n띄어 쓴다</p>", "<p>한국어는 띄어 쓴다</p>"),
        ("<p>a<b> b </b>c</p>", "<p>a <b>b</b> c</p>"),
        ("<p>a<b> </b>c <i></i></p>", "<p>a c</p>"),
        ("<p>a <b><br>b</b></p>", "<p>a<b><br>b</b></p>"),
        ("<p>&nbsp;</p><div><span>\u200b</span></div>", ""),
        ("<ul><div><li>one</li></div><li><div>two</div></li></ul>", "<ul><li>one</li><li>two</li></ul>"),
        ("<ul>loose</ul>", "<ul><li>loose</li></ul>"),
        ("<ul><p>a</p><ul><li>b</li></ul>c<li>d</li></ul>",
         "<ul><li>a</li><li><ul><li>b</li></ul>c</li><li>d</li></ul>"),
        ("<dl><p>a</p><dt>b</dt><dd>c</dd></dl><dd>d</dd>", "<dl><dd>a</dd><dt>b</dt><dd>c</dd></dl><p>d</p>"),
        ("<figcaption>alone</figcaption><address><h3>Here</h3></address>", "<p>alone</p><h3>Here</h3>"),
        ("<h2><div>One</div><div>Two</div></h2>", "<h2>One Two</h2>"),
        ("<blockquote>said</blockquote>", "<blockquote><p>said</p></blockquote>"),
        ("<p class=a id=b style='color:red' onclick=x()>text</p>", "<p>text</p>"),
        ("<p lang=fr dir=rtl>texte</p>", '<p lang="fr" dir="rtl">texte</p>'),
        ("<p hidden>no</p><p style='display: none'>no</p><script>no</script><svg><text>no</text></svg>", ""),
        ("<p>5&nbsp;%, two&nbsp; spaces</p>", "<p>5\u00a0%, two spaces</p>"),
        ("<strike>old</strike> <font color=red>new</font>", "<p><s>old</s> new</p>"),
        ("<p>1 &lt; 2 &amp; 3</p>", "<p>1 &lt; 2 &amp; 3</p>"),
        ("<iframe src='//video.example.org/7'></iframe>",
         '<p><span data-embed="link"><a href="https://video.example.org/7">video.example.org</a></span></p>'),
        ("<figure><a href='https://e.org/'><img></a><figcaption>c</figcaption></figure>",
         '<figure><a href="https://e.org/"><img src="images/001.png" alt=""></a><figcaption>c</figcaption></figure>'),
        ("<a href='https://e.org/'><div><h3>Card</h3></div></a>", "<h3>Card</h3>"),
        ("<table><tr><td></td><td><div>x</div></td></tr></table>",
         "<table><tbody><tr><td></td><td>x</td></tr></tbody></table>"),
    ],
)  # fmt: skip
def test_clean(html: str, clean: str) -> None:
    assert written(html) == clean


def test_preformatted_text_stays_as_it_is() -> None:
    assert written("<pre>def f():\n    return  1\n</pre>") == "<pre>def f():\n    return  1\n</pre>"


@pytest.mark.parametrize(
    ("href", "base", "kept"),
    [
        ("https://example.org/a", None, "https://example.org/a"),
        ("mailto:ada@example.org", None, "mailto:ada@example.org"),
        ("//example.org/a", None, "https://example.org/a"),
        ("/b", "https://example.org/a/c", "https://example.org/b"),
        ("/b", None, None),
        ("#note", "https://example.org/", None),
        ("javascript:alert(1)", "https://example.org/", None),
        ("java\nscript:alert(1)", "https://example.org/", None),
        ("data:text/html,x", "https://example.org/", None),
        ("http://[", "https://example.org/", None),
    ],
)
def test_links(href: str, base: str | None, kept: str | None) -> None:
    html = written(f'<p><a href="{href}">there</a></p>', base)
    assert html == (f'<p><a href="{kept}">there</a></p>' if kept else "<p>there</p>")


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("<iframe src='https://www.youtube.com/embed/abc-DEF_123?rel=0' title='The nest'></iframe>",
         '<a href="https://www.youtube.com/watch?v=abc-DEF_123">The nest (youtube.com)</a>'),
        ("<iframe src='//player.vimeo.com/video/4711?h=1'></iframe>", '<a href="https://vimeo.com/4711">vimeo.com</a>'),
        ("<video title=Nest><source src='https://e.org/a.mp4'>Get a browser</video>",
         '<a href="https://e.org/a.mp4">Nest (e.org)</a>'),
        ("<audio src='https://e.org/a.mp3'></audio>", '<a href="https://e.org/a.mp3">e.org</a>'),
        ("<iframe data-src='https://e.org/map'></iframe>", '<a href="https://e.org/map">e.org</a>'),
        ("<object data='https://e.org/a.swf'>x</object>", '<a href="https://e.org/a.swf">e.org</a>'),
    ],
)  # fmt: skip
def test_players_are_a_link(html: str, clean: str) -> None:
    assert written(html) == f'<p><span data-embed="link">{clean}</span></p>'


def test_what_stands_for_an_object_that_is_nowhere_is_its_contents() -> None:
    assert written("<object data='x.swf'><p>The nest</p></object>") == "<p>The nest</p>"


def test_a_player_in_a_link_is_no_second_link() -> None:
    html = written("<p><a href='https://e.org/'><video src='https://v.org/a'></video></a></p>")
    assert html == '<p><a href="https://e.org/"><span data-embed="link">v.org</span></a></p>'


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        ("<mi>x</mi><mo>=</mo><msup><mi>y</mi><mn>2</mn></msup>", "x = y<sup>2</sup>"),
        ("<mfrac><mi>a</mi><mrow><mi>b</mi><mo>+</mo><mi>c</mi></mrow></mfrac>", "a/(b + c)"),
        ("<msqrt><mi>x</mi></msqrt><msub><mi>x</mi><mn>0</mn></msub>", "√xx<sub>0</sub>"),
        ("<semantics><mi>x</mi><annotation encoding='application/x-tex'>x &lt; y_1</annotation></semantics>",
         "<code>x &lt; y_1</code>"),
    ],
)  # fmt: skip
def test_formulas(inner: str, text: str) -> None:
    assert written(f"<p>Let <math>{inner}</math>.</p>") == f"<p>Let {text}.</p>"
    assert written(f"<p><math alttext='x^2'>{inner}</math></p>").startswith("<p><code>")


def test_a_formula_of_any_depth_ends() -> None:
    assert "x" in written("<math>" + "<mrow>" * 5_000 + "<mi>x</mi>" + "</mrow>" * 5_000 + "</math>")


def test_ruby_details_and_quotes_stay() -> None:
    html = "<details><summary>More</summary><p><ruby>漢<rt>かん</rt></ruby> <q>so</q></p></details>"
    assert written(html) == html


def test_ten_thousand_levels_are_written_flat() -> None:
    for one, other in (("<div><b>", "</b></div>"), ("<b><i>", "</i></b>"), ("<ul><li>", "</li></ul>")):
        html = written(one * 10_000 + "deep" + other * 10_000)
        assert "deep" in html
        assert html.count("<") < 1000


PIECES = st.recursive(
    st.text("ab 語\n\u00a0<&", max_size=6).map(lambda t: t.replace("&", "&amp;").replace("<", "&lt;")),
    lambda inner: (
        st.builds(
            lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
            st.sampled_from(
                [
                    "p",
                    "div",
                    "span",
                    "b",
                    "a",
                    "ul",
                    "li",
                    "table",
                    "tr",
                    "td",
                    "h2",
                    "blockquote",
                    "figure",
                    "pre",
                    "section",
                ]
            ),
            st.lists(inner, max_size=4),
        )
        | st.sampled_from(["<br>", "<hr>", "<img src=x>", "<!-- c -->"])
    ),
    max_leaves=24,
)


ATTRIBUTED = st.builds(
    lambda opening, parts: f"<{opening}>{''.join(parts)}</{opening.split()[0]}>",
    st.sampled_from(
        [
            "a href=https://e.org/",
            "a href=#x",
            "p id=x lang=fr dir=ltr",
            "ol start=3",
            "details open",
            "span data-picture=missing",
            "td colspan=2",
            "ruby",
            "rt",
            "sub",
            "dl",
            "dd",
            "figcaption",
            "iframe src=https://e.org/",
            "math",
            "th",
            "caption",
            "summary",
            "noscript",
        ]
    ),
    st.lists(PIECES, max_size=3),
)


def bare(text: str) -> str:
    """Without white space, and without the marks of lists, quotes and tables, which the pieces do not hold."""
    return re.sub(r"[-\s>|]", "", text)


@given(st.lists(PIECES, max_size=5).map("".join))
def test_no_character_of_the_text_is_lost_and_the_sanitiser_finds_nothing_to_do(html: str) -> None:
    body = LexborHTMLParser(html).body
    assert body is not None
    wanted = "".join(body.text().split())
    clean = Writer(lambda node, caption: "").write([body])
    got = "".join((LexborHTMLParser(clean).body or body).text().split())
    assert got == wanted
    assert bare(plain_text(clean)) == bare(wanted)
    assert sanitize(clean).replace("\n", "").replace("&nbsp;", "\u00a0") == clean.replace("\n", "")


def test_links_go_past_trackers() -> None:
    wrapped = "https://www.google.com/url?q=https%3A%2F%2Fexample.org%2Fa%3Futm_source%3Dx%26id%3D7&amp;source=gmail"
    assert written(f'<p><a href="{wrapped}">The weir</a> and more of it.</p>') == (
        '<p><a href="https://example.org/a?id=7">The weir</a> and more of it.</p>'
    )


def again(html: str, spoken: str | None = None, way: Direction | None = None) -> str:
    """The whole way of a page's HTML, pictures staying as they are; `spoken` and `way` are the article's."""
    body = LexborHTMLParser(html).body
    assert body is not None
    handed = tongues((body,), spoken, way)
    writer = Writer(lambda node, caption: node.html or "" if node.tag == "img" else "", handed=handed)
    return sanitize(writer.write([body]))


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ("one<a href=https://e.org/><br><br></a>two", "<p>one</p>\n<p>two</p>"),
        ("one<i><br></i>two", "<p>one<br>two</p>"),
        ("one<b><i><br></i><br></b> two", "<p>one</p>\n<p>two</p>"),
        ("<b>one<i><br><br></i>two</b>", "<p><b>one<br><br>two</b></p>"),
        ("one<span><br><br></span>two", "<p>one</p>\n<p>two</p>"),
        ("<p>one<br><table><figure><br>two</figure></table>", "<p>one</p>\n<p>two</p>"),
    ],
)
def test_line_breaks_in_an_element_of_nothing_else_are_those_of_the_paragraph(html: str, wanted: str) -> None:
    assert again(html) == wanted
    assert again(wanted) == wanted


@given(st.lists(PIECES | ATTRIBUTED, max_size=5).map("".join))
def test_cleaning_what_is_clean_changes_nothing(html: str) -> None:
    once = again(html)
    assert again(once) == once


@pytest.mark.corpus
@pytest.mark.parametrize("folder", ["readerview", "pages"])
def test_the_articles_of_the_corpus_are_clean(corpus: Path, folder: str) -> None:
    for mail in sorted((corpus / folder).rglob("*.eml"))[::3]:
        for original in unwrap(parse(mail.read_bytes())):
            found = extract(original, TagRules())
            assert again(found.html, found.language, found.direction) == found.html, mail.name


TEXTS = st.sampled_from(
    ["a", " a", "a ", "a\nb", "日\n本", "日 ", "\n本", "\u00a0", "\u00a0a", "a \u00a0b", "\u200b", "&amp;", "\t", ""]
)
WHOLE = st.builds(
    "<{0}{1}>{2}<!----></{0}>".format,
    st.sampled_from(["p", "h2", "a", "em", "code", "li", "span"]),
    st.sampled_from(
        [
            "",
            ' href="https://example.org/"',
            ' href="#x"',
            ' name="x"',
            ' lang="de"',
            ' style="background: url(cid:a)"',
            " hidden",
        ]
    ),
    TEXTS,
)
EDGES = st.sampled_from(
    [f"{end}{tag}>" for tag in ("p", "div", "ul", "li", "pre", "td", "b", "blockquote") for end in ("<", "</")]
    + ["<br>"]
)


@given(st.lists(WHOLE | EDGES | TEXTS, max_size=12).map("".join))
def test_what_is_written_at_once_is_written_as_piece_by_piece(html: str) -> None:
    """A comment behind its text makes an element one that has to be walked."""
    assert written(html.replace("<!---->", "")) == written(html)
