"""Mails of plain text as articles: what the text is made of survives to the page, the Markdown and the plain text."""

from __future__ import annotations

from .making import article

TEXT = """\
Fares
-----
The ferry has crossed the river at this place since the bridge fell in,
and it costs what it has always cost; see https://example.org/fares for
more.

* Adults
* Children
  * under six
  * over six

3. Ring
4. Wait

> It is late,
> he said.
>> Very late.

    def ring(bell):
        return bell.ring()

Roses
violets

=======================
The end
"""


def test_what_plain_text_is_made_of_survives() -> None:
    found = article(None, text=TEXT)
    assert "<h2>Fares</h2>" in found.html
    assert "since the bridge fell in, and it costs" in found.html
    assert '<a href="https://example.org/fares">https://example.org/fares</a> for more.</p>' in found.html
    assert (
        "<ul><li>Adults</li>\n<li>Children<ul><li>under six</li>\n<li>over six</li>\n</ul>\n</li>\n</ul>" in found.html
    )
    assert '<ol start="3"><li>Ring</li>\n<li>Wait</li>\n</ol>' in found.html
    assert (
        "<blockquote><p>It is late,<br>he said.</p>\n<blockquote><p>Very late.</p>\n</blockquote>\n</blockquote>"
        in found.html
    )
    assert "<pre>def ring(bell):\n    return bell.ring()</pre>" in found.html
    assert "<p>Roses<br>violets</p>\n<hr>\n<p>The end</p>" in found.html


def test_and_to_markdown() -> None:
    written = article(None, text=TEXT).markdown
    assert "## Fares" in written
    assert "- Adults\n- Children\n  - under six\n  - over six" in written
    assert "3. Ring\n4. Wait" in written
    assert "> It is late,  \n> he said.\n>\n> > Very late." in written
    assert "```\ndef ring(bell):\n    return bell.ring()\n```" in written
    assert "Roses  \nviolets\n\n---\n\nThe end" in written


def test_and_to_plain_text() -> None:
    text = article(None, text=TEXT).text
    assert "- Adults\n- Children" in text
    assert "  - under six\n  - over six" in text
    assert "3. Ring\n4. Wait" in text
    assert (
        "> It is late,\n> he said.\n>\n> > Very late.\n\ndef ring(bell):\n    return bell.ring()\n\nRoses\nviolets"
        in text
    )
    assert text.endswith("The end\n")
