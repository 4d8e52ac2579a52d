"""Apple Mail on the Mac, and Mail of iOS."""

from __future__ import annotations

from .client import Client
from .languages import Words
from .letters import Body, Letter, escaped, linked, plain, quoted


def _rows(letter: Letter, words: Words) -> list[tuple[str, str, str]]:
    """Label, value in HTML and in text of every field, a Reply-To among them."""
    _, sender, subject, date, to, cc, reply_to = words.apple
    moment = words.date("apple", letter.moment)
    rows = [(sender, linked(letter.sender, outside=True), plain(letter.sender))]
    rows.append((subject, f"<b>{escaped(letter.subject)}</b>", letter.subject))
    rows.append((date, escaped(moment), moment))
    rows.append((to, ", ".join(linked(a, outside=True) for a in letter.to), ", ".join(map(plain, letter.to))))
    if letter.cc:
        rows.append((cc, ", ".join(linked(a, outside=True) for a in letter.cc), ", ".join(map(plain, letter.cc))))
    answer = "answers@example.org"
    return [*rows, (reply_to, f'<a href="mailto:{answer}">{answer}</a>', answer)]


def mail(letter: Letter, words: Words, note: str) -> Body:
    """Apple Mail: all of the forward in a quote, in text behind `> `."""
    rows = "".join(
        f'<div style="margin: 0px;"><span style="color:rgba(0,0,0,1.0);"><b>{words.field(key, "")}</b></span>'
        f'<span style="font-family: -webkit-system-font;">{value}<br></span></div>'
        for key, value, _ in _rows(letter, words)
    )
    html = (
        f'<html><body style="word-wrap: break-word;">{escaped(note)}<br id="lineBreakAtBeginningOfMessage"><div><br>'
        f'<blockquote type="cite"><div>{words.field(words.apple[0], "").rstrip()}</div><br class="Apple-interchange-new'
        'line">'
        f"{rows}<br><div>{letter.html}</div></blockquote></div><br></body></html>"
    )
    lines = [words.field(words.apple[0], "").rstrip(), ""]
    lines += [words.field(key, value) for key, _, value in _rows(letter, words)]
    text = f"{note}\n\n" if note else ""
    return Body(html, f"{text}{quoted(chr(10).join([*lines, '', letter.text]))}\n")


def ios(letter: Letter, words: Words, note: str) -> Body:
    """Mail of iOS: the device's signature below the note, the fields in one div."""
    rows = "".join(f"<b>{words.field(key, '').rstrip()}</b> {value}<br>" for key, value, _ in _rows(letter, words))
    marker = words.field(words.apple[0], "").rstrip()
    html = (
        f'<html><body dir="auto">{escaped(note)}<br><br><div dir="ltr">Sent from my iPhone</div><div dir="ltr"><br>'
        f'{marker}<br><br></div><blockquote type="cite"><div dir="ltr">{rows}<br></div></blockquote>'
        f'<blockquote type="cite"><div dir="ltr">\ufeff{letter.html}</div></blockquote></body></html>'
    )
    head = [words.field(words.apple[0], "").rstrip(), ""]
    head += [words.field(key, value) for key, _, value in _rows(letter, words)]
    return Body(
        html, f"{note}\n\nSent from my iPhone\n\n{head[0]}\n\n{quoted(chr(10).join([*head[2:], '', letter.text]))}\n"
    )


CLIENTS = (Client("apple mail", mail, "apple", "apple"), Client("ios mail", ios, "apple", "apple"))
