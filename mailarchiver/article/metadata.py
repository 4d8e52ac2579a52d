"""Facts about an article, cleaned: each function takes what was found and gives what may be kept, or None."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from ..model import Direction, Headers, TagRules
from ..text import bylines
from ..text.dates import find_date, read_date
from ..text.hosts import host_of
from ..text.language import first_language_of, language_of
from ..text.reader_keys import without_reader_keys
from ..text.redirects import target_of
from ..text.tracking import untracked
from ..text.whitespace import collapse

_LANGUAGE_TAG = re.compile(r"([A-Za-z]{2,3})((?:-[A-Za-z0-9]{2,8})*)")
_TAG = re.compile(r"(?<![\w/&#])#(\w*[^\W\d_]\w*)")
_PLUS = re.compile(r"([^\s@+]+)\+([^\W\d_][\w.-]{0,39})@([^\s@]+)")
_DELIVERED = frozenset({"delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "resent-to"})
_RECIPIENTS = 1_000
_LETTERS = re.compile(r"[^\W\d_]")
_RTL_LETTERS = re.compile(
    "[\u05d0-\u05f2\u0620-\u064a\u066e-\u06d3\u06fa-\u06ff\u0710-\u074f\u0750-\u077f\u0780-\u07a5\u07c0-\u07ea"
    "\u0840-\u0858\u08a0-\u08c9\ufb1d-\ufb4f\ufb50-\ufdff\ufe70-\ufefc]"
)
"""Hebrew, Arabic, Syriac, Thaana, N'Ko, Mandaic and their presentation forms (Unicode bidirectional classes R, AL)."""
_DIRECTIVE = ":~:"
"""Begins the instructions to a browser in the fragment of a URL."""


def language(tag: str | None) -> str | None:
    """A BCP 47 tag in its usual case; None for what is none ("null" is what Firefox writes without a language). A
    region that repeats the language without being one ("en-EN") is left out.
    """
    match = _LANGUAGE_TAG.fullmatch((tag or "").strip().replace("_", "-"))
    if match is None or match[1].lower() in {"null", "und", "mul"}:
        return None
    written = [match[1].lower()]
    for subtag in filter(None, match[2].split("-")):
        if len(subtag) == 2 and subtag.isalpha():
            if subtag.upper() not in _NO_REGIONS:
                written.append(subtag.upper())
        else:
            written.append(subtag.title() if len(subtag) == 4 and subtag.isalpha() else subtag.lower())
    return "-".join(written)


def spoken(said: str | None, text: str) -> str | None:
    """The language of an article of which its markup says one thing, by its text (see `settled`). A beginning that
    agrees is enough.
    """
    if said and (begins := first_language_of(text)) and settled(said, begins) == said:
        return said
    return settled(said, language_of(text))


def settled(said: str | None, written: str | None) -> str | None:
    """The language of an article of which its markup says one thing and its text, for sure, another (`language_of`).
    The markup's tag stands, with its region, unless it is of another language altogether. QUIRK: many sites are
    published under the "en" or "de" of the template they were made of.
    """
    if said and (written is None or _relatives(said) & _relatives(written)):
        return said
    return written


def _relatives(tag: str) -> frozenset[str]:
    """The languages that are told from this one by few words, or by name only."""
    primary = tag.partition("-")[0]
    return next((group for group in _ALIKE if primary in group), frozenset({primary}))


_ALIKE = tuple(
    frozenset(group.split())
    for group in (
        "no nb nn da",
        "hr sr bs sh",
        "id ms",
        "cs sk",
        "gl pt",
        "fil tl",
        "zh yue cmn",
        "he iw",
        "ro mo",
        "hi mr ne",
        "af nl",
    )
)

_NO_REGIONS = frozenset({"EN", "JA", "KO", "CS", "DA", "EL", "HE", "HI", "FA", "UR", "UK", "XX", "ZZ"})
"""Language codes that people write as regions, and that ISO 3166-1 does not assign. QUIRK: `lang="en-EN"` is common."""


def direction(text: str) -> Direction:
    """The direction of a text: that of most of the letters it begins with."""
    head = text[:4000]
    rtl = len(_RTL_LETTERS.findall(head))
    return "rtl" if rtl and rtl > len(_LETTERS.findall(head)) - rtl else "ltr"


def canonical(url: str | None) -> str | None:
    """An http(s) URL as it names what is read: redirects that tell their target unwrapped, without tracking parameters
    and keys of the reader's, and without the words to be marked on the page (`#:~:text=…`, WICG "URL Fragment Text
    Directives"); None for anything else. Nothing is asked over the network.
    """
    if not url or not host_of(url):
        return None
    address, _, fragment = without_reader_keys(untracked(target_of(url.strip()))).partition("#")
    place = fragment.partition(_DIRECTIVE)[0]
    return f"{address}#{place}" if place else address


def latest_day(headers: Headers) -> date | None:
    """The last day on which what is in the mail can have been published: the one after the mail's own, for it may be
    tomorrow already where it was printed. None, and so no bound, where the mail says neither when it was received nor
    when it was sent: the day it is filed on is not in it, and the same mail gives the same article on any day.
    """
    stamp = headers.received or headers.date
    return datetime.fromisoformat(stamp).date() + timedelta(days=1) if stamp else None


def byline(credits_shown: str, spoken: str | None, latest: date | None) -> tuple[str | None, str | None]:
    """The author and the date in a line of credits: (byline, published), each None where it is not there. A leading
    "By" goes in any language; a role stays.
    """
    text = collapse(credits_shown).strip()
    if not text:
        return None, None
    whole = read_date(text, language=spoken, latest=latest)
    if whole is not None:
        return None, whole
    found = find_date(text, language=spoken, latest=latest)
    published, rest = (None, text) if found is None else found
    return bylines.bare(rest), published


def tags(note: str | None, outer: Headers, rules: TagRules) -> tuple[str, ...]:
    """The tags that a mail's sender gave it, in order, each once: the `#words` of the subject and of the note, without
    the sign, and what stands behind the plus of an address it was sent to (RFC 5233). Those of a subject that a
    forward merely repeats count too. Says nothing of what the article itself is about.
    """
    words = (outer.subject or "", note or "") if rules.words else ()
    found = [word for text in words for word in _TAG.findall(text)]
    return tuple(dict.fromkeys(found + (_plus(outer, rules.addresses) if rules.plus else [])))


def _plus(outer: Headers, own: Sequence[str]) -> list[str]:
    """The plus parts of the recipients' addresses that are one of `own`; of all recipients where there are none."""
    delivered = "\n".join(value for name, value in outer.fields if name.lower() in _DELIVERED)
    recipients = [address.address for address in (*outer.to, *outer.cc)] + delivered.split()
    found = []
    for recipient in recipients[:_RECIPIENTS]:
        match = _PLUS.fullmatch(recipient.strip("<>,;"))
        if match and (not own or f"{match[1]}@{match[3]}".lower() in own):
            found.append(match[2])
    return found
