"""What is forwarded: letters by people with all kinds of names, and the bodies that programs make of them."""

from __future__ import annotations

import datetime as dt
import html as markup
from dataclasses import dataclass, replace

from mailarchiver.model import Address

ZONE = dt.timezone(dt.timedelta(hours=1), "CET")
MOMENT = dt.datetime(2024, 3, 26, 18, 21, 5, tzinfo=ZONE)
FAY = Address("Fay Forwarder", "fay@forwarder.example")
JANE = Address("Jane Roe", "jane@example.org")
SENDERS = (
    JANE,
    Address("Roe, Jane", "jane.roe@example.org"),
    Address("Jürgen Müßig-Öztürk", "jm@example.org"),
    Address('Jane "JR" Roe', "jr@example.org"),
    Address("山田 太郎", "taro@example.jp"),
    Address("O’Neil & Sons <3", "sons@example.ie"),
    Address("The Review: Weekly", "weekly@news.review.example"),
    Address("ليلى حداد", "layla@example.org"),
    Address("", "bare@example.org"),
)
BODIES = (
    ("It rained in May.", "And it rained in June, from the first to the last of its days."),
    ("Hello,", "From what I have heard: nobody came. Date and place are still to be found.", "Yours"),
    ("Es regnete im Mai – wie üblich.", "Und im Juni."),
    ("五月は雨だった。", "六月も雨だった。"),
    ("أمطرت في أيار.", "وأمطرت في حزيران."),
)
SUBJECTS = (
    "Rain in May",
    "Re: Rain in May",
    "Rain: a history, in which it rains and rains again until nobody who was there can remember dry land",
    "Дождь в мае",
    "五月の雨",
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message, `html` and `text` being its body in either form."""

    sender: Address = JANE
    to: tuple[Address, ...] = (FAY,)
    cc: tuple[Address, ...] = ()
    subject: str = SUBJECTS[0]
    moment: dt.datetime = MOMENT
    html: str = ""
    text: str = ""

    def saying(self, paragraphs: tuple[str, ...]) -> Letter:
        """The letter with this body."""
        html = "".join(f"<p>{markup.escape(paragraph)}</p>" for paragraph in paragraphs)
        return replace(self, html=html, text="\n\n".join(paragraphs))


@dataclass(frozen=True, slots=True)
class Body:
    """What a program sends for a forward; None where it does not send that form."""

    html: str | None
    text: str | None


def escaped(text: str) -> str:
    """Text as HTML."""
    return markup.escape(text, quote=False)


def plain(address: Address) -> str:
    """`Jane Roe <jane@example.org>`, as it is printed: names are not quoted."""
    return f"{address.name} <{address.address}>" if address.name else address.address


def linked(address: Address, *, outside: bool = False) -> str:
    """The same in HTML with the address as a link, the angle brackets within the link or `outside`."""
    mailto = address.address
    shown = (
        f'&lt;<a href="mailto:{mailto}">{mailto}</a>&gt;'
        if outside
        else f'<a href="mailto:{mailto}">&lt;{mailto}&gt;</a>'
    )
    return f"{escaped(address.name)} {shown}".strip()


def quoted(text: str) -> str:
    """Text behind `> `."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def wrapped(line: str, width: int = 72) -> str:
    """A line broken at spaces, as programs break header lines in plain text: what goes on is not indented."""
    rows = [""]
    for word in line.split(" "):
        joined = f"{rows[-1]} {word}" if rows[-1] else word
        if len(joined) > width and rows[-1]:
            rows.append(word)
        else:
            rows[-1] = joined
    return "\n".join(rows)
