"""What prints a list with bullets is a list."""

from __future__ import annotations

import pytest

from mailarchiver.article.bullets import bulleted

from .making import article


@pytest.mark.parametrize(
    "html",
    [
        "<p>• swifts</p><p>•\u00a0<b>swallows</b> &amp; martins</p>",
        "<table><tr><td><p>• swifts</p><p>• <b>swallows</b> &amp; martins</p></td></tr></table>",
        "<table><tr><td>• swifts</td></tr><tr><td>•<b>swallows</b> &amp; martins</td></tr></table>",
        "<table role=none><tr><td>•<td>swifts</tr><tr><td>•<td><b>swallows</b> &amp; martins</tr></table>",
    ],
)
def test_paragraphs_with_bullets_in_a_row_are_a_list(html: str) -> None:
    found = article(f"<p>Seen:</p>{html}<p>Heard:</p>")
    assert found.html.replace("\n", "") == (
        "<p>Seen:</p><ul><li>swifts</li><li><b>swallows</b> &amp; martins</li></ul><p>Heard:</p>"
    )
    assert found.text == "Seen:\n\n- swifts\n- swallows & martins\n\nHeard:\n"


@pytest.mark.parametrize(
    "html",
    [
        "<p>• alone</p>\n<p>and more</p>",
        "<p>• • •</p>\n<p>• • •</p>",
        "<p>•\u00a0•</p>\n<p>•\u00a0•</p>",
        "<p>•</p>\n<p>•</p>",
        "<p>a • b</p>\n<p>c • d</p>",
    ],
)
def test_a_bullet_alone_and_ornaments_are_no_list(html: str) -> None:
    assert bulleted(html) == html


def test_many_bullets_take_no_longer_each() -> None:
    html = "<p>•" * 100_000
    assert bulleted(html) == html
