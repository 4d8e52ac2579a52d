"""index.html: the page of an article, made to be read, from disk, for decades.

It holds its own stylesheet, allowed by its hash, and no script; it loads nothing but its own pictures. What it says
about the article is English; the article keeps its language and direction.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from .. import EXTRACTOR
from ..text.controls import without_controls
from ..text.file_types import is_shown
from ..text.hosts import host_of
from ..text.wording import day_in_words, moment_in_words, month_in_words, size_in_words
from .article_json import forwarded_by, warnings_of

if TYPE_CHECKING:
    from datetime import datetime

    from ..model import Address, Article, Attachment, Image, ImageOutcome

_POLICY = "default-src 'none'; img-src 'self' data:; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'"

_STYLE = "<style>"
"""What the stylesheet stands behind. It is half of many a page, and neither escaped nor looked through with each."""

_ACTIVE_TYPE = re.compile(r"text/(html|xml|xsl)\b|application/xml\b|multipart/|[^;]+\+xml\b", re.IGNORECASE)
_ACTIVE_ENDING = re.compile(r"\.(s?html?|xht(ml)?|svgz?|xml|xslt?|mht(ml)?)$", re.IGNORECASE)
"""What a browser runs scripts in when it opens it: kept, but never linked."""

_BIDI_CONTROLS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""They can make the name `gpj.exe` read `exe.jpg`."""

_COLUMN = 700
"""CSS pixels: as wide as a picture is shown at most, about."""
_LONG_RUBY = 80
"""Characters of a ruby with its tags; of what is usual, a word and how it is read, there are some forty."""
_RUBY = re.compile(r"<ruby\b(?:[^<]|<(?!/ruby>))*</ruby>")
_LONG_NUMBERS = re.compile(r'<ol(?=[^<>]*\sstart="-?\d{5})')
_PICTURE_OR_LINK = re.compile(
    r'<a\b.*?</a>|<img src="(?P<file>images/[a-z0-9.-]+)"(?: alt="[^"]*")?(?: width="(?P<width>[0-9]+)")?[^>]*>',
    re.DOTALL,
)

_NOT_KEPT: dict[ImageOutcome, str] = {
    "remote": "left on the web",
    "missing": "missing from the mail",
    "dropped": "left out",
}


def page(article: Article, *, received: datetime, minutes: int | None) -> bytes:
    """The article's page as HTML, in UTF-8. `received` is in the archive's time zone, `minutes` is how long the
    article takes to read.

    Relies on `article.html` being sanitised; escapes everything else. Links nothing outside its folder but the month
    page, the front page and, where it is http(s), the article's URL.
    """
    template, style, policy = _design()
    host = host_of(article.url) if article.url else None
    html = template.render(
        article=article,
        sender=forwarded_by(article.original),
        body=Markup(_with_long_marked(_with_large_pictures_linked(article.html))),  # noqa: S704 - article/ sanitises it last
        source=article.site or host,
        minutes=minutes or 0,
        url=article.url if host else None,
        received=received.isoformat(),
        month=month_in_words(f"{received.year:04}/{received.month:02}"),
        more=_unreferenced(article),
        not_kept=_not_kept(article.images),
        warnings=warnings_of(article),
        policy=policy,
        extractor=EXTRACTOR,
    )
    head, begin, body = without_controls(html).partition(_STYLE)
    return b"".join((head.encode("utf-8", "replace"), begin.encode(), style, body.encode("utf-8", "replace")))


@cache
def _design() -> tuple[Template, bytes, Markup]:
    """The template, the stylesheet, and the policy that allows this stylesheet and nothing else."""
    folder = resources.files(__package__) / "templates"
    style = (folder / "article.css").read_bytes()
    digest = base64.b64encode(hashlib.sha256(style).digest()).decode("ascii")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"day": day_in_words, "moment": moment_in_words, "size": size_in_words}
    environment.filters |= {"who": _who, "shown": _shown}
    environment.tests |= {"active": _is_active, "viewable": is_shown}
    template = environment.from_string((folder / "article.html.j2").read_text("utf-8"))
    return template, style, Markup(_POLICY.format(digest))  # noqa: S704 - our own


def _with_large_pictures_linked(html: str) -> str:
    """The article's HTML with a link around each picture that is larger than the page shows it, but for those that are
    in a link already.
    """

    def linked(match: re.Match[str]) -> str:
        is_large = match["width"] is not None and int(match["width"]) > _COLUMN
        return f'<a href="{match["file"]}">{match[0]}</a>' if is_large else match[0]

    return _PICTURE_OR_LINK.sub(linked, html)


def _with_long_marked(html: str) -> str:
    """The article's HTML with a class on what a style sheet cannot measure, and a narrow screen not hold: long ruby,
    which browsers break nowhere, and lists with numbers of five digits or more.
    """

    def marked(match: re.Match[str]) -> str:
        return '<ruby class="long"' + match[0][len("<ruby") :] if len(match[0]) > _LONG_RUBY else match[0]

    return _RUBY.sub(marked, _LONG_NUMBERS.sub('<ol class="long"', html))


def _who(address: Address) -> str:
    """A person's name, else the address."""
    return _shown(address.name or address.address)


def _shown(name: str) -> str:
    """A name as it may be shown: without the controls that turn the order of its letters."""
    return _BIDI_CONTROLS.sub("", name)


def _is_active(attachment: Attachment) -> bool:
    """Whether a browser that opens the attachment may run what is in it."""
    names = (attachment.file, (attachment.filename or "").rstrip(". "))
    return bool(_ACTIVE_TYPE.match(attachment.content_type)) or any(_ACTIVE_ENDING.search(name) for name in names)


def _unreferenced(article: Article) -> list[Image]:
    """The kept pictures that the article's text shows nowhere, each once; but for those of a signature."""
    kept = {image.file: image for image in article.images if image.file and image.outcome != "dropped"}
    return [image for file, image in kept.items() if f'"{file}"' not in article.html]


def _not_kept(images: tuple[Image, ...]) -> list[tuple[int, str]]:
    """How many pictures are not in the folder, by what became of them."""
    counts = Counter(image.outcome for image in images if image.file is None)
    return [(counts[outcome], words) for outcome, words in _NOT_KEPT.items() if counts[outcome]]
