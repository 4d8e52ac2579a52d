"""What the short lines of newsletters say: "View in browser", "Unsubscribe", "Share"; told by the table of
newsletter_signs.toml, in many languages, and by where their links lead.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from ..text.closing_lines import closing_words
from ..text.hosts import host_of
from ..text.reader_addresses import spelled_out
from ..text.whitespace import folded
from .page_blocks import Block
from .page_signs import bare_names

Service = Literal["web", "leave", "told", "why", "legal", "bar", "refer"]
"""A line that serves the sending: leads to the same on the web; ends the subscription; speaks to whom it was passed on;
says why it came; says whose it is; shares, likes, follows, sells; counts whom the reader won, asks how it was.
"""

_AROUND = " -–—−:.,;!|•·∙→←↗»«›‹>…*~_\u200c\u034f\u00ad\ufeff?"
_LONGEST: Mapping[Service, int] = {
    "web": 140,
    "leave": 500,
    "told": 260,
    "why": 700,
    "legal": 700,
    "bar": 60,
    "refer": 260,
}
_COPYRIGHT = re.compile(r"(?:©|\(c\) ?(?:19|20)\d\d|copyright\b)", re.IGNORECASE)
_BETWEEN = re.compile(r"[|·•∙/,–—]+| - ")
_BUTTON = re.compile(r"(?:\b|_)(?:button|btn|cta)", re.IGNORECASE)
_BUTTON_LEVELS = 4
_ICON, _DIGITS = 64, 5
"""Pixels: an icon is no wider; digits of a width that is one."""
_LONGEST_ADDRESS = 22
"""Words of a postal address."""
_PLACE = re.compile(
    r"(?<![\w.,])(?:[0-9]{5}(?:-[0-9]{4})?|[0-9]{4} ?[A-Z]{2}|[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}|"
    r"[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9])(?!\w)"
)
"""The number of a place: United States and much of Europe, Netherlands, United Kingdom, Canada."""
_HIDDEN = re.compile(
    r"mso-hide\s*:\s*all|max-height\s*:\s*0(?:px)?\s*(?:;|$|!)|(?<![-\w])opacity\s*:\s*0(?:\.0+)?\s*(?:;|$|!)|"
    r"font-size\s*:\s*[01]px[^\"]{0,200}line-height\s*:\s*[01]px|line-height\s*:\s*[01]px[^\"]{0,200}font-size\s*:\s*[01]px",
    re.IGNORECASE,
)
_PREHEADER = re.compile(r"\b(?:pre-?header|preview-?text|mcnPreviewText)", re.IGNORECASE)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


@dataclass(frozen=True, slots=True)
class Signs:
    """newsletter_signs.toml, folded."""

    lists: frozenset[str]
    senders: frozenset[str]
    mailers: tuple[str, ...]
    answers: frozenset[str]
    hosts: tuple[str, ...]
    own: tuple[str, ...]
    share: tuple[str, ...]
    profiles: frozenset[str]
    hidden_hosts: tuple[str, ...]
    hidden_paths: tuple[str, ...]
    subjects: re.Pattern[str]
    transaction: tuple[str, ...]
    web: tuple[str, ...]
    leave: tuple[str, ...]
    why: tuple[str, ...]
    legal: tuple[str, ...]
    told: tuple[str, ...]
    bar: frozenset[str]
    button: tuple[str, ...]
    refer: tuple[str, ...]
    icon: re.Pattern[str]
    networks: tuple[str, ...]
    boxes: re.Pattern[str]


@cache
def signs() -> Signs:
    """The table, read once. Raises `KeyError` for a wrong one: a defect of the program."""
    table: dict[str, Any] = tomllib.loads((files(__package__) / "newsletter_signs.toml").read_text("utf-8"))
    fields, hosts, words = table["fields"], table["hosts"], table["words"]

    def lower(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(name.lower() for name in names)

    def phrases(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(folded(name, " ") for name in names)

    return Signs(
        lists=frozenset(lower(fields["list"])),
        senders=frozenset(lower(fields["sender"])),
        mailers=lower(fields["mailer"]),
        answers=frozenset(lower(fields["answer"])),
        hosts=lower(hosts["senders"]),
        own=lower(hosts["own"]),
        share=lower(hosts["share"]),
        profiles=frozenset(lower(hosts["profiles"])),
        hidden_hosts=lower(hosts["hidden_hosts"]),
        hidden_paths=lower(hosts["hidden_paths"]),
        subjects=re.compile(
            "|".join(rf"(?<!\w){re.escape(name)}" for name in phrases(table["transaction"]["subject"]))
        ),
        transaction=phrases(table["transaction"]["body"]),
        web=phrases(words["web"]),
        leave=phrases(words["leave"]),
        why=phrases(words["why"]),
        legal=phrases(words["legal"]),
        told=phrases(words["told"]),
        button=phrases(words["button"]),
        refer=phrases(words["refer"]),
        icon=_icons(words["networks"]),
        networks=tuple(f" {name}" for name in words["networks"]),
        bar=frozenset(folded(name, _AROUND) for name in words["bar"]),
        boxes=re.compile("|".join(rf"(?<![\w-]){re.escape(name)}" for name in table["boxes"]["names"]), re.IGNORECASE),
    )


def _icons(networks: Iterable[str]) -> re.Pattern[str]:
    """What the icons of networks are called: by their alternative text, or by their files."""
    names = "|".join(map(re.escape, networks))
    dress = (
        "icon|logo|circle|square|round|color|colour|gray|grey|black|white|dark|light|[0-9]{1,3}(?:x[0-9]{1,3})?(?:px)?"
    )
    return re.compile(
        rf"(?:(?:follow|find|like|join|watch) (?:us|me) on |share on |share via |(?:{dress}|social|footer)[-_ ])*"
        rf"(?:{names})(?:[-_ @](?:{dress}))*(?:\.(?:png|gif|jpe?g|svg|webp))?"
    )


def is_icon(picture: LexborNode) -> bool:
    """Whether a picture is the icon of a network, wherever it leads: by its name, or small, linked, and with the
    network's name at the end of its alternative text.
    """
    given = picture.attributes
    alt = folded(given.get("alt") or "", " .!")
    file = urlsplit(given.get("src") or "").path.rpartition("/")[2].lower()
    if any(signs().icon.fullmatch(name) for name in (alt, file) if name):
        return True
    width = (given.get("width") or "").strip().removesuffix("px")
    small = width.isascii() and width.isdigit() and len(width) < _DIGITS and int(width) <= _ICON
    return small and link_around(picture) is not None and f" {alt}".endswith(signs().networks)


def service_of(block: Block) -> Service | None:
    """Which of these a block is, by its words alone; None where it is none. Where it stands is not looked at."""
    if len(block.text) > _LONGEST["legal"]:
        return None
    table, text = signs(), folded(block.text, _AROUND)
    size = len(text)
    if size <= _LONGEST["bar"] and block.holder.tag not in _HEADINGS and _is_bar(text):
        return "bar"
    if _is_button(block, text):
        return "bar"
    linked = bool(links_of(block))
    if linked and size <= _LONGEST["leave"] and (_holds(text, table.leave) or _ends_subscription(text)):
        return "leave"
    if linked and size <= _LONGEST["web"] and _holds(f"{text} ", table.web):
        return "web"
    if linked and size <= _LONGEST["told"] and _holds(text, table.told):
        return "told"
    if _holds(text, table.why):
        return "why"
    if size <= _LONGEST["refer"] and _holds(text, table.refer):
        return "refer"
    return "legal" if _COPYRIGHT.match(block.text) or _holds(text, table.legal) or _is_address(block) else None


def is_preheader(block: Block) -> bool:
    """Whether a block is what mail programs show beside the subject: hidden by a trick, or called so."""
    node: LexborNode | None = block.holder
    for _ in range(4):
        if node is None or node.tag == "body":
            return False
        if _HIDDEN.search(node.attributes.get("style") or "") or _PREHEADER.search(bare_names(node)):
            return True
        node = node.parent
    return False


def _is_button(block: Block, text: str) -> bool:
    """Whether a line is a button that shares or sells: a link that is drawn as one, and says so first."""
    is_link = len(text) <= _LONGEST["bar"] and 0 < len(block.words) <= block.linked
    if not is_link or block.holder.tag in _HEADINGS or not text.startswith(signs().button):
        return False
    return any(_is_drawn(node) for node in block.nodes)


def _is_drawn(text: LexborNode) -> bool:
    """Whether one of the elements around a text is drawn as a button, or called one."""
    node = text.parent
    for _ in range(_BUTTON_LEVELS):
        if node is None:
            return False
        style = node.attributes.get("style") or ""
        if _BUTTON.search(bare_names(node)) or ("background" in style and "padding" in style):
            return True
        node = node.parent
    return False


def says_button(block: Block) -> bool:
    """Whether a line begins with the words of a button that shares or sells."""
    return folded(block.text, _AROUND).startswith(signs().button)


def is_bar_word(text: str) -> bool:
    """Whether a text is nothing but the words of a bar, wherever it stands."""
    return _is_bar(folded(text, _AROUND))


def _is_address(block: Block) -> bool:
    """Whether a line is a postal address: short, no sentence, with a comma and the number of a place or a box."""
    text = block.text
    short = len(block.words) <= _LONGEST_ADDRESS and not text.endswith((".", "!", "?", ":"))
    return short and "," in text and _PLACE.search(text) is not None and not block.linked


def _is_bar(text: str) -> bool:
    """Whether a line is nothing but the words of a bar."""
    bar = signs().bar
    return text in bar or all(word.strip(_AROUND) in bar for word in _BETWEEN.split(text))


def _holds(text: str, phrases: Iterable[str]) -> bool:
    for phrase in phrases:  # noqa: SIM110  at half the time of `any`, for some hundred phrases and every block
        if phrase in text:
            return True
    return False


def _ends_subscription(text: str) -> bool:
    return any(word.strip(_AROUND) in closing_words().unsubscribe for word in _BETWEEN.split(text))


def links_of(block: Block) -> tuple[str, ...]:
    """Where the links lead that a block's texts stand in, each once."""
    return tuple(dict.fromkeys(target for node in block.nodes if (target := link_around(node))))


def link_around(node: LexborNode) -> str | None:
    """Where the nearest link around a node leads, to the web; None where none is near."""
    above = node.parent
    for _ in range(8):
        if above is None:
            return None
        if above.tag == "a":
            target = spelled_out((above.attributes.get("href") or "").strip())
            return target if host_of(target) else None
        above = above.parent
    return None


def is_senders(url: str) -> bool:
    """Whether a link leads to somebody who sends newsletters for others."""
    host = (host_of(url) or "").lower()
    return any(host == name or host.endswith("." + name) for name in signs().hosts)


def sends_only_newsletters(address: str) -> bool:
    """Whether nothing but newsletters comes from an address."""
    host = address.rpartition("@")[2].lower()
    return any(host == name or host.endswith("." + name) for name in signs().own)


def shares(url: str) -> bool:
    """Whether a link shares what is read, or leads to a bare profile."""
    host = (host_of(url) or "").lower().removeprefix("m.")
    parts = urlsplit(url)
    whole = f"{host}{parts.path}{'?' + parts.query if parts.query else ''}".lower()
    if whole.startswith(signs().share):
        return True
    return host in signs().profiles and parts.path.strip("/").count("/") <= 1 and "watch" not in parts.path


def hides_target(url: str) -> bool:
    """Whether a URL is one of a sender's own, behind which one cannot see the address that it leads to."""
    host, path = (host_of(url) or "").lower(), url.lower().partition("://")[2].partition("/")[2]
    table = signs()
    return (
        host.startswith(table.hidden_hosts)
        or host.endswith(table.hidden_hosts)
        or any(mark in f"/{path}" for mark in table.hidden_paths)
    )
