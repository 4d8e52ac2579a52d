"""Original → Article: found, cleaned, dressed for reading.

::

    html | parse | recognise            | write        | sanitize | render → Article
           tree    where it is, and what  clean HTML,    nh3,       Markdown,
                   its markup says        pictures       last       text
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from selectolax.lexbor import LexborHTMLParser

from ..model import Article, Original, TagRules
from ..text.controls import without_controls
from ..text.hosts import host_of
from ..text.reflow import html_of
from ..text.site_names import site_names, without_site
from ..text.subject import bare_subject, subject_with_tags
from ..text.whitespace import collapse, count_words, excerpt
from . import link, metadata, newsletter, page, plain, reader_view, reading_apps, safari_reader, whole_message
from .cleaning import cleaned
from .framed import page_frame, with_closing
from .images import ImageLedger
from .markdown import markdown
from .plain_text import plain_text
from .recognised import Recognised
from .word_lists import word_lists

UNTITLED = "(no subject)"
_EXCERPT_SOURCE = 2_000
"""Characters of the text that its excerpt is taken from."""
_MARKS = re.compile(r"\n[ >]*(?:- )?")
"""Of quotes and lists, in plain text, with the line end before them, which is found fast."""


def extract(original: Original, tags: TagRules) -> Article:
    """The article of a message: whatever the mail is, there is one; what is not sure is None.

    Automatic mail (a warning says so) is no article, and is taken as it is.

    Never uses the network. Raises nothing for what a mail holds short of exhausting memory or the stack.
    """
    html = original.html if original.html and original.html.strip() else None
    html = html or html_of(without_controls(original.text or ""))
    tree = LexborHTMLParser(html)
    word_lists(tree, html)
    subject = bare_subject(_printed_subject(original))
    latest = metadata.latest_day(original.outer.headers)
    found = _recognise(original, tree, html, subject, latest)
    url = metadata.canonical(found.url)
    ledger = ImageLedger(original.parts, base=url)
    return _assemble(original, found, subject, url, cleaned(found, ledger, url), ledger, tags)


def _printed_subject(original: Original) -> str:
    """The subject as it stands in the mail."""
    return original.headers.subject or original.outer.headers.subject or ""


def _recognise(original: Original, tree: LexborHTMLParser, html: str, subject: str, latest: date | None) -> Recognised:
    """What the first recogniser says that is sure. Each changes the tree only where it is, or takes off what is around
    the words of any mail.

    A reader page says so itself, and some web pages do. A newsletter comes before any other page, for engines lose its
    sections; a page before the link, for it may be pasted below its own; the link before the text, for a link with a
    note is no text.
    """
    automatic = _is_automatic(original)
    found = None
    if not automatic:
        found = reader_view.recognise(tree, html, [subject], latest)
        found = found or safari_reader.recognise(tree, html, [subject], latest)
        found = found or reading_apps.recognise(tree, html, [subject], latest)
    if found is not None:
        return found
    framed = page_frame(tree, [subject])
    if not automatic:
        sign = page.sign(tree, framed, subject)
        if sign is None or not sign.sure:
            found = newsletter.recognise(tree, original, framed, subject, latest)
        if found is None and sign is not None:
            found = page.recognise(tree, sign, framed, subject_with_tags(_printed_subject(original)), latest)
    if found is not None:
        return found
    framed = with_closing(tree, framed)
    if not automatic:
        found = link.recognise(tree, original, framed, subject)
        if found is None and not (original.html and original.html.strip()):
            found = plain.recognise(tree, framed, subject)
    return found or whole_message.recognise(tree, framed)


def _is_automatic(original: Original) -> bool:
    return any(warning.code == "automatic" for warning in original.warnings)


def _assemble(
    original: Original,
    found: Recognised,
    subject: str,
    url: str | None,
    html: str,
    ledger: ImageLedger,
    rules: TagRules,
) -> Article:
    text = plain_text(html)
    note = original.note if original.forwarded else found.note
    summary = excerpt(_MARKS.sub("\n", "\n" + text[:_EXCERPT_SOURCE]))
    site = without_controls(found.site or "") or (host_of(url) if url else None)
    title = without_controls(found.title or collapse(subject).strip())
    if found.kind in {"reader-view", "link"}:  # of a page, it is known better which words are the site's
        title = without_site(title, site_names(site, url))
    tags = metadata.tags(note, original.outer.headers, rules)
    images = ledger.images()
    language = metadata.spoken(found.language, text)
    told = {"excerpt": summary, "site": site, "tags": tags, "note": note, "original": original.reason}
    return Article(
        original=original,
        kind=found.kind,
        title=title or UNTITLED,
        html=html,
        markdown=markdown(html),
        text=text,
        byline=without_controls(found.byline or "") or None,
        site=site,
        url=url,
        published=found.published,
        language=language,
        direction=found.direction or metadata.direction(text),
        excerpt=summary,
        words=count_words(text),
        tags=tags,
        note=note,
        images=images,
        attachments=ledger.attachments(),
        provenance=_provenance(original, found, told | {"language": language}),
        warnings=original.warnings,
    )


def _provenance(original: Original, found: Recognised, told: Mapping[str, object]) -> dict[str, str]:
    """Where each field was found; a field of `told` that is empty was found nowhere."""
    places = {
        "title": "subject",
        "site": "host of the url",
        "direction": "letters of the text",
        "excerpt": "beginning of the text",
        "words": "counted in the text",
        "tags": "#words of subject and note, plus-address",
        "original": original.reason or "",
        **found.provenance,
        **({"language": "text"} if told["language"] != found.language else {}),
        "note": "text above the forward" if original.forwarded else found.provenance.get("note", ""),
    }
    return {name: place for name, place in places.items() if told.get(name, True)}
