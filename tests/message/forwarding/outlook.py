"""Outlook: classic (Word's HTML), web and new, the apps, for Mac; its plain text."""

from __future__ import annotations

from .client import Client
from .languages import Words
from .letters import Body, Letter, escaped, linked, plain

_BORDER = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"
_RULE = "_" * 32


def _rows(letter: Letter, words: Words, *, mailto: str = "<{}>", bold: bool = False) -> list[tuple[str, str]]:
    """Label and value of every field that it prints; values as plain text."""

    def shown(addresses: tuple[object, ...]) -> str:
        return "; ".join(str(address) for address in addresses)

    def one(address: object) -> str:
        name, spec = getattr(address, "name", ""), getattr(address, "address", "")
        return f"{name} {mailto.format(spec)}" if name else f"{spec} {mailto.format(spec)}"

    sender, sent, to, cc, subject = words.outlook
    rows = [(sender, one(letter.sender)), (sent, words.date("outlook", letter.moment))]
    rows.append((to, shown(tuple(map(one, letter.to)))))
    if letter.cc:
        rows.append((cc, shown(tuple(map(one, letter.cc)))))
    return [*rows, (subject, letter.subject)]


def classic(letter: Letter, words: Words, note: str) -> Body:
    """Outlook for Windows: one paragraph below a border, fields parted by line breaks."""
    label, value = _rows(letter, words)[0]
    first = f"<b>{words.field(label, '').rstrip()}</b> {escaped(value)}"
    rest = "".join(
        f"<br><b>{words.field(key, '').rstrip()}</b> {escaped(text)}" for key, text in _rows(letter, words)[1:]
    )
    html = (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p.MsoNormal{margin:0}</style></head>'
        f'<body lang="{words.tag}"><div class="WordSection1"><p class="MsoNormal">{escaped(note)}<o:p></o:p></p>'
        f'<p class="MsoNormal"><o:p>&nbsp;</o:p></p><div><div style="{_BORDER}"><p class="MsoNormal">{first}{rest}'
        f'<o:p></o:p></p></div></div><p class="MsoNormal"><o:p>&nbsp;</o:p></p>{letter.html}</div></body></html>'
    )
    return Body(html, _text(letter, words, note))


def separate(letter: Letter, words: Words, note: str) -> Body:
    """Outlook for Mac, and Word's HTML after another program: every field a paragraph of its own."""
    rows = "".join(
        f'<p class="MsoNormal"><b><span lang="EN-US">{words.field(key, "")}</span></b><span>{escaped(text)}</span></p>'
        for key, text in _rows(letter, words)
    )
    html = (
        f'<html><body><div class="WordSection1"><p class="MsoNormal">{escaped(note)}</p><p class="MsoNormal">&nbsp;</p>'
        f'<div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0in 0in 0in">{rows}</div>'
        f"<div><p>&nbsp;</p></div>{letter.html}</div></body></html>"
    )
    return Body(html, None)


def web(letter: Letter, words: Words, note: str) -> Body:
    """Outlook on the web, new Outlook, Outlook.com."""
    rows = "<br>\n".join(
        f"<b>{words.field(key, '').rstrip()}</b> {escaped(text)}" for key, text in _rows(letter, words)
    )
    html = (
        f'<html><body dir="ltr"><div class="elementToProof" style="font-size: 12pt">{escaped(note)}</div>'
        '<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1">'
        f'<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt">{rows}</font>'
        f"<div>&nbsp;</div></div><div>{letter.html}</div></body></html>"
    )
    label = "\n".join(f"{key}: {text}" for key, text in _rows(letter, words))
    text = f"{note}\n\n{_RULE}\n{label}\n\n{letter.text}" if note else f"\n{_RULE}\n{label}\n\n{letter.text}"
    return Body(html, text)


def mobile(letter: Letter, words: Words, note: str) -> Body:
    """Outlook for iOS and Android: the app's own signature stands below the note."""
    rows = "<br>".join(f"<b>{words.field(key, '').rstrip()}</b> {escaped(text)}" for key, text in _rows(letter, words))
    html = (
        f'<html><body><div dir="ltr">{escaped(note)}</div><div id="ms-outlook-mobile-signature"><div dir="ltr">'
        'Get <a href="https://aka.ms/o0ukef">Outlook for iOS</a></div></div>'
        '<div id="mail-editor-reference-message-container"><hr style="display: inline-block; width: 98%;">'
        '<div class="ms-outlook-mobile-reference-message" id="divRplyFwdMsg" dir="ltr"><font face="Calibri">'
        f"{rows}</font><br></div><div>{letter.html}</div></div></body></html>"
    )
    return Body(html, None)


def _text(letter: Letter, words: Words, note: str) -> str:
    rows = [words.field(key, text) for key, text in _rows(letter, words)]
    return "\n".join([note, "", *rows, "", letter.text])


def marked(letter: Letter, words: Words, note: str) -> Body:
    """Outlook's old plain text: "Original Message", addresses as [mailto:…]."""
    rows = [words.field(key, text) for key, text in _rows(letter, words, mailto="[mailto:{}]")]
    return Body(None, "\n".join([note, "", "-----Original Message-----", *rows, "", letter.text]))


def linkified(letter: Letter, words: Words, note: str) -> Body:
    """Classic, sent as text by another program: every address with its link behind it, labels in asterisks."""
    rows = _rows(letter, words, mailto="<{0}<mailto:{0}>>")
    return Body(
        None,
        "\n".join([note, "", *(f"*{words.field(key, '').rstrip()}* {text}" for key, text in rows), "", letter.text]),
    )


def exchange(letter: Letter, words: Words, note: str) -> Body:
    """Classic, the addresses linked."""
    body = classic(letter, words, note)
    html = body.html or ""
    for address in (letter.sender, *letter.to, *letter.cc):
        printed = escaped(f"{address.name or address.address} <{address.address}>")
        html = html.replace(printed, linked(address, outside=True) if address.name else plain(address))
    return Body(html, None)


CLIENTS = (
    Client("outlook classic", classic, "outlook", "outlook", says_forward=False),
    Client("outlook mac", separate, "outlook", "outlook", says_forward=False),
    Client("outlook web", web, "outlook", "outlook", says_forward=False),
    Client("outlook mobile", mobile, "outlook", "outlook", says_forward=False),
    Client("outlook marked", marked, "outlook", "outlook", says_forward=False),
    Client("outlook linkified", linkified, "outlook", "outlook", says_forward=False),
    Client("outlook linked", exchange, "outlook", "outlook", says_forward=False),
)
