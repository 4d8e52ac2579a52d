"""Gmail: the web, the apps, and what it sends as plain text."""

from __future__ import annotations

from .client import Client
from .languages import Words
from .letters import Body, Letter, escaped, linked, plain

_MARKER = "---------- Forwarded message ---------"


def web(letter: Letter, words: Words, note: str) -> Body:
    """Gmail in a browser, of 2024 on: the labels below the first are English in every language."""
    return _gmail(letter, words, note, "gmail_quote gmail_quote_container")


def web_before(letter: Letter, words: Words, note: str) -> Body:
    """Gmail in a browser before 2024."""
    return _gmail(letter, words, note, "gmail_quote")


def app(letter: Letter, words: Words, note: str) -> Body:
    """Gmail for Android and iOS: the note is a div of its own."""
    body = _gmail(letter, words, "", "gmail_quote")
    return Body(
        f'<div dir="auto">{escaped(note)}</div><br>{body.html}' if note else body.html, _text(letter, words, note)
    )


def _gmail(letter: Letter, words: Words, note: str, quote: str) -> Body:
    sender = letter.sender
    name = f'<strong class="gmail_sendername" dir="auto">{escaped(sender.name or sender.address)}</strong>'
    mailto = f'<span dir="auto">&lt;<a href="mailto:{sender.address}">{sender.address}</a>&gt;</span>'
    rows = [f"{words.gmail}: {name} {mailto}", f"Date: {words.date('gmail', letter.moment)}"]
    rows += [f"Subject: {escaped(letter.subject)}", f"To: {', '.join(linked(to, outside=True) for to in letter.to)}"]
    if letter.cc:
        rows.append(f"Cc: {', '.join(linked(cc, outside=True) for cc in letter.cc)}")
    head = f'<div dir="ltr" class="gmail_attr">{_MARKER}<br>{"<br>".join(rows)}<br></div><br><br>'
    above = f'<div dir="ltr">{escaped(note)}</div><br>' if note else ""
    html = f'<div dir="ltr">{above}<div class="{quote}">{head}{letter.html}</div></div>\n'
    return Body(html, _text(letter, words, note))


def _text(letter: Letter, words: Words, note: str) -> str:
    rows = [f"{words.gmail}: {plain(letter.sender)}", f"Date: {words.date('gmail', letter.moment)}"]
    rows += [f"Subject: {letter.subject}", f"To: {', '.join(map(plain, letter.to))}"]
    if letter.cc:
        rows.append(f"Cc: {', '.join(map(plain, letter.cc))}")
    return "\n".join([*([note, ""] if note else []), _MARKER, *rows, "", "", letter.text])


CLIENTS = (
    Client("gmail", web, "gmail"),
    Client("gmail before 2024", web_before, "gmail"),
    Client("gmail app", app, "gmail"),
)
