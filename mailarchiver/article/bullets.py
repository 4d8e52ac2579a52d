"""Paragraphs in a row that begin with a bullet, as cells of layouts and web mail have them, are lists."""

from __future__ import annotations

import re

_BULLETS = "•‣▪●◦⁃"
_ITEM = rf"<p>[{_BULLETS}][ \u00a0\u2002-\u200a\u3000]*+(?![ {_BULLETS}]|</p>)([^<]*(?:<(?!/?p>)[^<]*)*)</p>\n?"
_ITEMS = re.compile(rf"(?:{_ITEM}){{2,}}")
_ONE = re.compile(_ITEM)


def bulleted(html: str) -> str:
    """Clean HTML with the lists that its paragraphs print. One such paragraph alone is none; rows of bullets are
    ornaments.
    """
    return _ITEMS.sub(_as_list, html) if any(bullet in html for bullet in _BULLETS) else html


def _as_list(run: re.Match[str]) -> str:
    end = "\n" if run[0].endswith("\n") else ""
    return "<ul>" + _ONE.sub(r"<li>\1</li>\n", run[0]) + "</ul>" + end
