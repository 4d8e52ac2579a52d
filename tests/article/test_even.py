"""Even pieces of HTML: read from tag to tag, they say what the parser of ragged ones says of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.article import ragged
from mailarchiver.article.even import even_runs

_TEXTS = st.sampled_from(["note", " ", "\n\n  ", "R&amp;D", "&nbsp;", "東京", " both ", "https://e.org/", "&lt;b&gt;"])
_LINKS = st.sampled_from(["https://e.org/a?b=1&amp;c=2", "//e.org/", "#place", "mailto:a@e.org", ""])


def _in(tag: str) -> str:
    return f"<{tag}>" + "{}" + f"</{tag}>"


_INLINE = st.recursive(
    _TEXTS | st.sampled_from(["<br>", '<img src="x.png">']),
    lambda inner: st.tuples(
        st.sampled_from([_in(tag) for tag in ("b", "em", "font", "i", "span", "strong", "u")]),
        st.lists(inner, max_size=3),
    ).map(lambda made: made[0].format("".join(made[1]))),
    max_leaves=5,
)
_LINKED = st.tuples(_LINKS, _INLINE).map(lambda made: f'<a href="{made[0]}" target="_blank">{made[1]}</a>')
_BLOCKS = st.recursive(
    _INLINE | _LINKED | st.just("<hr>") | _INLINE.map(_in("p").format),
    lambda inner: st.lists(inner, max_size=4).map(lambda made: _in("div").format("".join(made))),
    max_leaves=8,
)


def lines(runs: list[tuple[str, str | None]]) -> list[tuple[str, set[str | None]]]:
    """What the runs say, line by line, and where it leads."""
    said: list[tuple[str, set[str | None]]] = [("", set())]
    for text, link in runs:
        if text == "\n":
            said.append(("", set()))
        else:
            before, links = said[-1]
            said[-1] = (" ".join((before + text).split()), links | ({link or None} if text.strip() else set()))
    return said


@given(st.lists(_BLOCKS, min_size=1, max_size=3), st.integers(0, 3), st.integers(0, 3))
def test_they_say_what_the_parser_says(blocks: list[str], begun: int, ending: int) -> None:
    html = "</div>" * begun + "".join(map(_in("div").format, blocks)) + '<div dir="ltr">' * ending
    found = even_runs(html)
    if found is not None:
        assert lines(found) == lines(list(ragged.runs(html)))


@pytest.mark.parametrize(
    "html",
    [
        '<div dir="ltr"><div>Worth reading</div><div><br></div>\n <div lang="en">\n <hr>\n <div>',
        '</div>\n</div>\n<br clear="all"><span class="prefix">-- </span><br><div dir="ltr">Ann<br>Press</div></div>',
        '<div><b><a href="https://e.org/?a&amp;b">R&amp;D</a></b></div><p>see <i>there</i></p>',
    ],
    ids=["above", "below", "linked"],
)
def test_what_mail_programs_leave_around_an_article_is_even(html: str) -> None:
    found = even_runs(html)
    assert found is not None
    assert lines(found) == lines(list(ragged.runs(html)))


@pytest.mark.parametrize(
    "html",
    [
        "bare <div>text</div>",
        "<ul><li>an item</li></ul>",
        "<div><b>crossed <i>over</b></i></div>",
        "<div><b>a block in <div>bold</div></b></div>",
        "<p>a paragraph <p>in another</p></p>",
        '<a href="https://a.org/">a link <span><a href="https://b.org/">in a link</a></span></a>',
        "<div>an &copy; entity</div>",
        "<div>a <!-- comment --></div>",
        "<div>a <B>capital</B></div>",
        "<div>a bell\x07</div>",
        "<div title=bare>text</div>",
        "<div>cut off</div><div cla",
        "<div>" * 60 + "deep",
        "<div> </div>",
    ],
)
def test_what_parsers_may_differ_about_is_not(html: str) -> None:
    assert even_runs(html) is None
