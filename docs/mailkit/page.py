"""A Firefox Reader View page, as it stands in a mail after it was copied and pasted into Gmail.

Modelled on Firefox' `aboutReader.html` and `nsXMLContentSerializer::AppendToStringWrapped`, and on what Gmail's
composer was seen to make of them: prefixes before every class and id, the toolbar emptied, text wrapped at 72 columns.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, replace
from html import escape, unescape
from pathlib import Path
from urllib.parse import urlsplit

WRAP, UNWRAPPED = 72, 128
"""Columns at which text is wrapped, and the length of a line up to which it is left alone."""

BLOCK = re.compile(
    r"\s*(</?(?:p|h[1-6]|ul|ol|li|figure|figcaption|blockquote|table|tbody|thead|tr|td|th|pre|div)\b[^>]*>)\s*"
)
TOKEN = re.compile(r"(<[^>]*>)")
WIDE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")


@dataclass(frozen=True, slots=True)
class Page:
    """An article as Reader View shows it. `meta` stands where the reading time does: people type the date over it."""

    url: str
    title: str
    byline: str
    meta: str
    language: str
    direction: str
    body: str

    @property
    def host(self) -> str:
        """The host as Firefox shows it (`_stripHost`): without `www.`, `m.`, `mobile.`."""
        return re.sub(r"^(www|m|mobile)\.", "", urlsplit(self.url).hostname or "")


def load(path: Path) -> Page:
    """Reads `key: value` lines, an empty line, and the article's HTML, whose line breaks mean nothing."""
    head, _, body = path.read_text("utf-8").partition("\n\n")
    values = dict(line.split(": ", 1) for line in head.splitlines())
    wide = values["language"] in {"ja", "zh"}
    joined = re.sub(r"[ \t]*\n\s*", "" if wide else " ", body.strip())
    return Page(
        url=values["url"],
        title=values["title"],
        byline=values.get("byline", ""),
        meta=values.get("meta", ""),
        language=values["language"],
        direction=values.get("direction", "ltr"),
        body=BLOCK.sub(lambda m: ("\n" if not m[1].startswith("</") else "") + m[1], joined).strip(),
    )


def fill(page: Page, **values: str) -> Page:
    """The page with `{name}` in its body replaced: the Content-IDs of its pictures."""
    body = page.body
    for name, value in values.items():
        body = body.replace("{" + name + "}", value)
    return replace(page, body=body)


def paste(page: Page, prefix: str = "gmail-") -> str:
    """The HTML body of a mail into which the whole page was pasted."""
    return wrapped(prefixed(_framed(page), prefix))


def prefixed(html: str, prefix: str) -> str:
    """Every class and id with the prefix that a mail program puts before them."""

    def rename(match: re.Match[str]) -> str:
        names = " ".join(prefix + name for name in match[2].split())
        return f'{match[1]}="{names}"'

    return re.sub(r'(?<=\s)(class|id)="([^"]*)"', rename, html)


def wrapped(html: str) -> str:
    """Text nodes wrapped at 72 columns as Firefox' clipboard does: at a space, or between two wide characters.

    A text without a line over 128 characters is left as it is.
    """
    made: list[str] = []
    column = 0
    for token in TOKEN.split(html):
        piece = token
        if not token.startswith("<") and max(map(len, token.split("\n"))) > UNWRAPPED:
            piece = _wrapped_text(token, column)
        made.append(piece)
        column = len(piece) - piece.rfind("\n") - 1 if "\n" in piece else column + len(piece)
    return "".join(made)


def _wrapped_text(text: str, column: int) -> str:
    lines, rest = [], text
    room = max(WRAP - column, 8)
    while len(rest) > room:
        at = _break(rest, room)
        lines.append(rest[:at])
        rest, room = rest[at:], WRAP
    return "\n".join([*lines, rest])


def _break(text: str, room: int) -> int:
    """Where to break: before the space that stands at the edge, else after the last one, else where the edge is."""
    if text[room] == " ":
        return room
    space = text.rfind(" ", 0, room) + 1
    if WIDE.match(text[room - 1]) and WIDE.match(text[room]) and space <= max(0, room - 20):
        return room
    if space > 0:
        return space
    following = text.find(" ", room)
    return following if following > 0 else len(text)


def _framed(page: Page) -> str:
    language = f' lang="{page.language}"' if page.language else ""
    typed = "<br>" if re.search(r"\d{4}", page.meta) else ""  # Gmail's composer ends a line that was typed into
    article = f'<div id="readability-page-1" class="page">{page.body}</div>'
    return f"""<div dir="{page.direction}">

    <div class="top-anchor"></div>

    <div id="toolbar" class="toolbar-container">
      </div><div class="container"{language} dir="{page.direction}">
      <div class="header reader-header reader-show-element">
        <a class="domain reader-domain" href="{escape(page.url)}">{page.host}</a>
        <div class="domain-border"></div>
        <h1 class="reader-title">{escape(page.title, quote=False)}</h1>
        <div class="credits reader-credits">{escape(page.byline, quote=False)}</div>
        <div class="meta-data">
          <div class="reader-estimated-time" dir="{page.direction}">{page.meta}{typed}</div>
        </div>
      </div>

      <hr>

      <div class="content">
        <div class="moz-reader-content reader-show-element">{article}</div>
      </div>

      <div>

      </div>
      <div></div>
    </div>




</div>"""


def plain(html: str) -> str:
    """The text/plain alternative, roughly as Gmail makes it; never what a test compares with."""
    text = re.sub(r"(?s)<(script|style|head)\b.*?</\1>", "", html)
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r'<img\b[^>]*\balt="([^"]*)"[^>]*>', r"[image: \1]", text)
    text = re.sub(r'<a\b[^>]*href="mailto:[^"]*"[^>]*>(.*?)</a>', r"\1", text)
    text = re.sub(r'<a\b[^>]*href="([^"]*)"[^>]*>(.*?)</a>', r"\2 &lt;\1&gt;", text)
    text = re.sub(r"<strong class[^>]*>(.*?)</strong>", r"\1", text)
    text = re.sub(r"</?(?:strong|b)>", "*", text)
    text = re.sub(r"</?(?:em|i)>", "_", text)
    return _blocks(text)


def _blocks(html: str) -> str:
    text = re.sub(r"<li\b[^>]*>", "\n\n   - ", html)
    text = re.sub(r"<hr\b[^>]*>", "\n" + "-" * 30 + "\n", text)
    text = re.sub(r"<br\b[^>]*>|</(?:tr|td|th)>", "\n", text)
    text = re.sub(r"</?(?:p|h[1-6]|ul|ol|figure|figcaption|blockquote|table|pre)\b[^>]*>", "\n\n", text)
    text = re.sub(r"</?div\b[^>]*>", "\n", text)
    text = unescape(re.sub(r"</?[a-z][a-z0-9]*\b[^>]*>", "", text))
    wrap = textwrap.TextWrapper(78, break_long_words=False, break_on_hyphens=False).wrap
    lines = [part for line in text.split("\n") for part in (wrap(line.strip()) or [""])]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
