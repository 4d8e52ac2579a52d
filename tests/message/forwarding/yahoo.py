"""Yahoo and AOL, on the web and in their apps."""

from __future__ import annotations

from .client import Client
from .languages import Words
from .letters import Body, Letter, escaped, plain


def _values(letter: Letter, words: Words) -> list[tuple[str, str]]:
    _, sender, to, cc, sent, subject = words.yahoo
    rows = [(sender, plain(letter.sender)), (to, "; ".join(map(plain, letter.to)))]
    if letter.cc:
        rows.append((cc, "; ".join(map(plain, letter.cc))))
    return [*rows, (sent, words.date("yahoo", letter.moment)), (subject, letter.subject)]


def web(letter: Letter, words: Words, note: str) -> Body:
    """In a browser; its plain text is its HTML without line breaks between the fields."""
    rows = "".join(
        f"<div><b>{words.field(key, '').rstrip()}</b> {escaped(value)}</div>" for key, value in _values(letter, words)
    )
    html = (
        f'<html><body><div class="ydp1234yahoo-style-wrap"><div dir="ltr">{escaped(note)}</div><div><br></div></div>'
        '<div id="yahoo_quoted_9876543210" class="yahoo_quoted"><div style="font-size:13px;color:#26282a;"><div>'
        f"----- {words.yahoo[0]} -----</div>{rows}<div><br></div><div>{letter.html}</div></div></div></body></html>"
    )
    glued = "".join(words.field(key, value) for key, value in _values(letter, words))
    text = f"{note}\n   ----- {words.yahoo[0]} ----- {glued}\n {letter.text}"
    return Body(html, text)


def app(letter: Letter, words: Words, note: str) -> Body:
    """Yahoo's and AOL's apps: an advertisement for the app below the note."""
    rows = "<br>".join(
        f"<b>{words.field(key, '').rstrip()}</b> {escaped(value)}" for key, value in _values(letter, words)
    )
    html = (
        f'<div>{escaped(note)}</div><br><div id="ymail_android_signature"><a href="https://mail.onelink.me/1">Sent '
        'from Yahoo Mail on Android</a></div> <br> <blockquote style="margin: 0 0 20px 0;"> <div style="color:'
        f'#6D00F6;">----- {words.yahoo[0]} -----</div><div style="padding: 10px 0 0 20px;"><div>{rows}</div><br>'
        f"{letter.html}"
        "</div></blockquote>"
    )
    return Body(html, None)


CLIENTS = (Client("yahoo", web, "yahoo", "yahoo"), Client("yahoo app", app, "yahoo", "yahoo"))
