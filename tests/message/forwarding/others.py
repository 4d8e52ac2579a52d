"""Programs that print one language's words, or English in all: webmail, services, desktops."""

from __future__ import annotations

from functools import partial

from .client import Client
from .languages import Words
from .letters import Body, Letter, escaped, linked, plain, quoted


def _block(
    letter: Letter, words: Words, order: str, *, style: str = "gmail", separator: str = ", "
) -> list[tuple[str, str]]:
    """The fields named by their initials (f, d, s, t), Cc behind To, as they are printed."""
    values = {
        "f": ("From", plain(letter.sender)),
        "d": ("Date", words.date("rfc" if style == "rfc" else "gmail", letter.moment)),
        "s": ("Subject", letter.subject),
        "t": ("To", separator.join(map(plain, letter.to))),
        "c": ("Cc", separator.join(map(plain, letter.cc))),
    }
    keys = order.replace("t", "tc") if letter.cc else order
    return [values[key] for key in keys]


def simple(marker: str, order: str, opening: str, closing: str, letter: Letter, words: Words, note: str) -> Body:
    """A marker, the fields on lines, the body; `opening` and `closing` are the markup around the forward."""
    rows = _block(letter, words, order)
    html = f"<div>{escaped(note)}</div><div><br></div>{opening}<div>{marker}</div>"
    html += "".join(f"<div>{key}: {escaped(value)}</div>" for key, value in rows)
    html += f"<div><br></div>{letter.html}{closing}"
    return Body(html, "\n".join([note, "", marker, *(f"{k}: {v}" for k, v in rows), "", letter.text]))


def missive(letter: Letter, words: Words, note: str) -> Body:
    """Missive quotes the body, not the header above it."""
    rows = [f"{key}: {value}" for key, value in _block(letter, words, "fdst")]
    html = f"<div>{escaped(note)}</div><div>---------- Forwarded message ----------</div>"
    html += "".join(f"<div>{escaped(row)}</div>" for row in rows)
    html += f'<div><br></div><div class="missive_quote"><blockquote type="cite">{letter.html}</blockquote></div>'
    text = "\n".join([note, "", "---------- Forwarded message ----------", *rows, "", quoted(letter.text)])
    return Body(html, text)


def mailmate(letter: Letter, words: Words, note: str) -> Body:
    """MailMate: "Forwarded message:", all below it quoted."""
    rows = [f"{key}: {value}" for key, value in _block(letter, words, "fdst", style="rfc")]
    return Body(None, f"{note}\n\nForwarded message:\n\n{quoted(chr(10).join([*rows, '', letter.text]))}\n")


def ionos(letter: Letter, words: Words, note: str) -> Body:
    """IONOS (Open-Xchange): "Original Message", From, To, Cc, Date, Subject in a quote."""
    rows = _block(letter, words, "ftds")
    shown = "".join(f"{key}: {escaped(value)}<br>" for key, value in rows)
    html = (
        f'<div>{escaped(note)}</div><blockquote type="cite"><div>---------- Original Message ----------</div><div>'
        f"{shown}"
        f"</div><div>{letter.html}</div></blockquote>"
    )
    lines = ["---------- Original Message ----------", *(f"{key}: {value}" for key, value in rows), "", letter.text]
    return Body(html, "\n".join([note, "", quoted("\n".join(lines))]))


def gmx(letter: Letter, words: Words, note: str) -> Body:
    """GMX and web.de: the fields in bold, one a line, German."""
    rows = [("Gesendet", words.date("outlook", letter.moment)), ("Von", plain(letter.sender))]
    rows += [("An", ", ".join(map(plain, letter.to))), ("Betreff", letter.subject)]
    if letter.cc:
        rows.insert(3, ("Cc", ", ".join(map(plain, letter.cc))))
    shown = "".join(f"<b>{key}:</b>&nbsp;{escaped(value)}<br/>" for key, value in rows)
    html = (
        f'<html><body><div style="font-family: Verdana;"><div>{escaped(note)}</div><div> &nbsp;<div name="quote" '
        f'style="margin:10px 5px 5px 10px;border-left:2px solid #C3D9E5;"><div style="margin:0 0 10px 0;">{shown}</div>'
        f'<div name="quoted-content">{letter.html}</div></div></div></div></body></html>'
    )
    return Body(html, None)


def mail_ru(letter: Letter, words: Words, note: str) -> Body:
    """mail.ru: its marker and labels are Russian."""
    rows = [("От кого", plain(letter.sender)), ("Кому", ", ".join(map(plain, letter.to)))]
    if letter.cc:
        rows.append(("Копия", ", ".join(map(plain, letter.cc))))
    rows += [("Дата", words.date("gmail", letter.moment)), ("Тема", letter.subject)]
    shown = "".join(f"{key}: {escaped(value)}<br>" for key, value in rows)
    html = (
        f"<HTML><BODY><p>{escaped(note)}</p><br>-------- Пересылаемое сообщение --------<br>{shown}<br>"
        f'<div id=""><div class="js-helper">{letter.html}</div></div></BODY></HTML>'
    )
    return Body(html, None)


def yandex(letter: Letter, words: Words, note: str) -> Body:
    """Yandex: a marker with the moment, an end marker below."""
    sender = letter.sender
    rows = [("От кого", plain(sender)), ("Кому", ", ".join(map(plain, letter.to)))]
    if letter.cc:
        rows.append(("Копия", ", ".join(map(plain, letter.cc))))
    rows += [("Дата", words.date("gmail", letter.moment)), ("Тема", letter.subject)]
    shown = "".join(f"<div>{key}: {escaped(value)}</div>" for key, value in rows)
    html = (
        f"<div>{escaped(note)}</div><div>&nbsp;</div><div>-------- Пересылаемое сообщение --------</div>{shown}"
        f"<div>{letter.html}</div><div>-------- Конец пересылаемого сообщения --------</div><div>Fay</div>"
    )
    return Body(html, None)


def proton(letter: Letter, words: Words, note: str) -> Body:
    """Proton Mail."""
    rows = [("From", plain(letter.sender)), ("Date", words.date("gmail", letter.moment)), ("Subject", letter.subject)]
    rows.append(("To", ", ".join(map(plain, letter.to))))
    if letter.cc:
        rows.append(("CC", ", ".join(map(plain, letter.cc))))
    shown = "".join(f"{key}: {escaped(value)}<br>" for key, value in rows)
    html = (
        f'<div style="font-family: Arial;">{escaped(note)}</div><div class="protonmail_quote">------- Forwarded '
        f'Message -------<br>{shown}<br><blockquote class="protonmail_quote" type="cite">{letter.html}'
        "</blockquote><br></div>"
    )
    lines = ["------- Forwarded Message -------", *(f"{key}: {value}" for key, value in rows)]
    return Body(html, "\n".join([note, "", *lines, "", quoted(letter.text)]))


def zoho(letter: Letter, words: Words, note: str) -> Body:
    """Zoho: a marker of equals signs."""
    rows = [("From", plain(letter.sender)), ("To", ", ".join(map(plain, letter.to)))]
    if letter.cc:
        rows.append(("Cc", ", ".join(map(plain, letter.cc))))
    rows += [("Date", words.date("rfc", letter.moment)), ("Subject", letter.subject)]
    shown = "".join(f"{key} : {escaped(value)}<br>" for key, value in rows)
    html = (
        f'<div>{escaped(note)}<br></div><div class="zmail_extra_hr" style="border-top: 1px solid #ccc"></div>'
        f'<div class="zmail_extra" data-zbluepencil-ignore="true"><div>============ Forwarded message ============<br>'
        f"{shown}============ Forwarded message ============<br><br></div><blockquote>{letter.html}</blockquote></div>"
    )
    return Body(html, None)


def notes(letter: Letter, words: Words, note: str) -> Body:
    """HCL Notes: who forwarded it and when, on the marker's line."""
    rows = [("From", plain(letter.sender)), ("To", ", ".join(map(plain, letter.to)))]
    if letter.cc:
        rows.append(("Cc", ", ".join(map(plain, letter.cc))))
    rows += [("Date", words.date("gmail", letter.moment)), ("Subject", letter.subject)]
    lines = [f"{key}:\t{value}" for key, value in rows]
    marker = "----- Forwarded by Fay Forwarder/Example on 27/03/2024 09:00 -----"
    return Body(None, "\n".join([note, "", marker, "", *lines, "", "", letter.text]))


def table(marker: str, letter: Letter, words: Words, note: str) -> Body:
    """Roundcube, Horde, SOGo, KMail: marker, a table of the fields."""
    rows = _block(letter, words, "sdft", style="rfc")
    cells = "".join(f'<tr><th align="right">{key}: </th><td>{escaped(value)}</td></tr>' for key, value in rows)
    html = (
        f'<html><body><p>{escaped(note)}</p><p>{marker}</p><table border="0"><tbody>{cells}</tbody></table>'
        f"<p></p>{letter.html}</body></html>"
    )
    lines = [f"{key}: {value}" for key, value in rows]
    return Body(html, "\n".join([note, "", marker, *lines, "", letter.text]))


def zimbra(letter: Letter, words: Words, note: str) -> Body:
    """Zimbra: "Forwarded Message" between dashes, and a rule behind the header."""
    rows = _block(letter, words, "ftds", style="rfc")
    shown = "".join(f"<b>{key}: </b>{escaped(value)}<br>" for key, value in rows)
    html = (
        f'<html><body><div>{escaped(note)}</div><div><br></div><hr id="zwchr" data-marker="__DIVIDER__">'
        f'<div data-marker="__HEADERS__">{shown}</div><br><div data-marker="__QUOTED_TEXT__">{letter.html}</div>'
        "</body></html>"
    )
    lines = ["----- Forwarded Message -----", *(f"{key}: {value}" for key, value in rows)]
    return Body(html, "\n".join([note, "", *lines, "", letter.text]))


def evolution(letter: Letter, words: Words, note: str) -> Body:
    """Evolution: labels in bold below the marker, all of them in one div."""
    rows = _block(letter, words, "ftsd", style="rfc")
    shown = "".join(f"<b>{key}</b>: {escaped(value)}<br>" for key, value in rows)
    marker = "<div>-------- Forwarded Message --------</div>"
    html = f"<html><body><div>{escaped(note)}</div>{marker}<div>{shown}</div><br>{letter.html}</body></html>"
    lines = ["-------- Forwarded Message --------", *(f"{key}: {value}" for key, value in rows)]
    return Body(html, "\n".join([note, "", *lines, "", letter.text]))


def superhuman(letter: Letter, words: Words, note: str) -> Body:
    """Superhuman writes Gmail's classes, with its own signature above."""
    to = ", ".join(linked(address, outside=True) for address in letter.to)
    mailto = f'<a href="mailto:{letter.sender.address}">{letter.sender.address}</a>'
    rows = [f"From: <strong>{escaped(letter.sender.name)}</strong> &lt;{mailto}&gt;"]
    rows += [f"Date: {words.date('gmail', letter.moment)}", f"Subject: {escaped(letter.subject)}", f"To: {to}"]
    if letter.cc:
        rows.append(f"Cc: {', '.join(linked(address, outside=True) for address in letter.cc)}")
    html = (
        f'<html><body><div>{escaped(note)}</div><br><div class="sh-signature"><div class="gmail_signature">Sent via '
        '<a href="https://sprh.mn/">Superhuman</a></div></div><div class="gmail_quote"><div>---------- Forwarded '
        f"message ----------<br>{'<br>'.join(rows)}<br></div><br>{letter.html}</div></body></html>"
    )
    return Body(html, None)


_GMAIL_MARKER, _DASHES = "---------- Forwarded message ----------", "-------- Forwarded Message --------"
CLIENTS = (
    Client("hubspot", partial(simple, _GMAIL_MARKER, "fdst", '<div class="hs_reply">', "</div>")),
    Client("missive", missive),
    Client("mailmate", mailmate, date="rfc"),
    Client("ionos", ionos, says_forward=False),
    Client("gmx", gmx, date="outlook", says_forward=False),
    Client("mail.ru", mail_ru),
    Client("yandex", yandex),
    Client("proton", proton),
    Client("zoho", zoho, date="rfc"),
    Client(
        "fastmail",
        partial(simple, "----- Original message -----", "ftsd", '<div id="fastmail-quoted">', "</div>"),
        says_forward=False,
    ),
    Client(
        "samsung",
        partial(simple, "-------- Original message --------", "fdts", '<div class="quote">', "</div>"),
        says_forward=False,
    ),
    Client(
        "spark",
        partial(
            simple, "---------- Forwarded message ----------", "fdts", '<div name="messageReplySection">', "</div>"
        ),
    ),
    Client(
        "k-9",
        partial(simple, "-------- Original Message --------", "fdts", '<div class="gmail_quote">', "</div>"),
        says_forward=False,
    ),
    Client(
        "front",
        partial(simple, "---------- Forwarded message ---------", "fdst", '<div class="front-blockquote">', "</div>"),
    ),
    Client(
        "hey",
        partial(
            simple, "Begin forwarded message:", "fdts", '<div class="trix-content"><blockquote>', "</blockquote></div>"
        ),
        says_forward=False,
    ),
    Client("notes", notes),
    Client("roundcube", partial(table, "-------- Original Message --------"), date="rfc", says_forward=False),
    Client("horde", partial(table, "----- Forwarded message from Jane Roe <jane@example.org> -----"), date="rfc"),
    Client("sogo", partial(table, "-------- Original Message --------"), date="rfc", says_forward=False),
    Client("kmail", partial(table, "----------  Forwarded Message  ----------"), date="rfc"),
    Client("zimbra", zimbra, date="rfc", says_forward=False),
    Client("evolution", evolution, date="rfc"),
    Client("superhuman", superhuman),
)
