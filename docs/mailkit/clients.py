"""How mail programs wrap what they forward. Each takes the original's HTML body and returns that of the forward."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from mailkit.page import prefixed


@dataclass(frozen=True, slots=True)
class Printed:
    """The header lines of the original as a forward prints them; `date` in whatever form the program writes it."""

    name: str
    address: str
    to_name: str
    to_address: str
    date: str
    subject: str


@dataclass(frozen=True, slots=True)
class Labels:
    """The words of a mail program's interface."""

    marker: str = "---------- Forwarded message ---------"
    sender: str = "From:"
    date: str = "Date:"
    subject: str = "Subject:"
    to: str = "To:"


ENGLISH = Labels()
OUTLOOK = Labels(date="Sent:")
OUTLOOK_GERMAN = Labels(sender="Von:", date="Gesendet:", subject="Betreff:", to="An:")


def gmail(
    html: str, printed: Printed, *, note: str = "", number: str = "5130264811302945071", labels: Labels = ENGLISH
) -> str:
    """Gmail: a `gmail_quote` with an attribution; classes of the original get `m_<number>` put before them."""
    direction = "rtl" if labels is not ENGLISH else "ltr"
    above = f"<div>{note}</div><div><br></div>" if note else "<br>"
    return (
        f'<div dir="{direction}">{above}<br><div class="gmail_quote gmail_quote_container">'
        f'<div dir="{direction}" class="gmail_attr">'
        f"{labels.marker}<br>{labels.sender} "
        f'<strong class="gmail_sendername" dir="auto">{escape(printed.name)}</strong> <span dir="auto">&lt;'
        f'<a href="mailto:{printed.address}">{printed.address}</a>&gt;</span><br>'
        f"{labels.date} {printed.date}<br>{labels.subject} {escape(printed.subject)}<br>{labels.to} "
        f"{escape(printed.to_name)} &lt;"
        f'<a href="mailto:{printed.to_address}">{printed.to_address}</a>&gt;<br></div><br><br>'
        f"{prefixed(html, f'm_{number}')}\n</div></div>"
    )


def outlook(html: str, printed: Printed, *, note: str = "", labels: Labels = OUTLOOK) -> str:
    """Outlook on the web: a rule, the block `divRplyFwdMsg`, and `x_` before the classes of the original."""
    style = "font-family: Aptos, Calibri, sans-serif; font-size: 12pt; color: rgb(0, 0, 0);"
    font = '<font face="Calibri, sans-serif" style="font-size:11pt" color="#000000">'
    return f"""<html>
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<style type="text/css" style="display:none;"> P {{margin-top:0;margin-bottom:0;}} </style>
</head>
<body dir="ltr">
<div class="elementToProof" style="{style}">
{note or "<br>"}</div>
<div id="appendonsend"></div>
<hr style="display:inline-block;width:98%" tabindex="-1">
<div id="divRplyFwdMsg" dir="ltr">{font}<b>{labels.sender}</b> {escape(printed.name)} &lt;{printed.address}&gt;<br>
<b>{labels.date}</b> {printed.date}<br>
<b>{labels.to}</b> {escape(printed.to_name)} &lt;{printed.to_address}&gt;<br>
<b>{labels.subject}</b> {escape(printed.subject)}</font>
<div>&nbsp;</div>
</div>
<div>
{prefixed(html, "x_")}
</div>
</body>
</html>
"""


def apple(html: str, printed: Printed, *, note: str = "") -> str:
    """Apple Mail: a `blockquote type=cite`, one styled `div` a header line; the original's classes are left alone."""
    margin = "margin-top: 0px; margin-right: 0px; margin-bottom: 0px; margin-left: 0px;"
    font = "font-family: -webkit-system-font, Helvetica Neue, Helvetica, sans-serif;"
    address = '<a href="mailto:{0}">{0}</a>'
    lines = [
        ("From", f"{escape(printed.name)} &lt;{address.format(printed.address)}&gt;"),
        ("Subject", f"<b>{escape(printed.subject)}</b>"),
        ("Date", printed.date),
        ("To", f"{escape(printed.to_name)} &lt;{address.format(printed.to_address)}&gt;"),
    ]
    block = "".join(
        f'<div style="{margin}"><span style="{font} color:rgba(0, 0, 0, 1.0);"><b>{label}: </b></span>'
        f'<span style="{font}">{value}<br></span></div>'
        for label, value in lines
    )
    return (
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head>'
        '<body style="overflow-wrap: break-word; -webkit-nbsp-mode: space; line-break: after-white-space;">'
        f'{note}<br id="lineBreakAtBeginningOfMessage"><div><br>'
        '<blockquote type="cite"><div>Begin forwarded message:</div>'
        f'<br class="Apple-interchange-newline">{block}<br><div>{html}</div></blockquote></div><br></body></html>'
    )


def thunderbird(html: str, printed: Printed, *, note: str = "") -> str:
    """Thunderbird: `moz-forward-container`, the headers in a table."""
    link = 'class="moz-txt-link-rfc2396E"'
    rows = [
        ("Subject", escape(printed.subject)),
        ("Date", printed.date),
        ("From", f'{escape(printed.name)} <a {link} href="mailto:{printed.address}">&lt;{printed.address}&gt;</a>'),
        (
            "To",
            f'{escape(printed.to_name)} <a {link} href="mailto:{printed.to_address}">&lt;{printed.to_address}&gt;</a>',
        ),
    ]
    table = "".join(
        f'<tr><th valign="BASELINE" nowrap="nowrap" align="RIGHT">{label}: </th><td>{value}</td></tr>'
        for label, value in rows
    )
    return f"""<!DOCTYPE html>
<html>
  <head>
    <meta http-equiv="content-type" content="text/html; charset=UTF-8">
  </head>
  <body>
    <p>{note}<br>
    </p>
    <div class="moz-forward-container"><br>
      <br>
      -------- Forwarded Message --------
      <table class="moz-email-headers-table" cellspacing="0" cellpadding="0" border="0">
        <tbody>{table}</tbody>
      </table>
      <br>
      <br>
      <meta http-equiv="content-type" content="text/html; charset=UTF-8">
      {html}
    </div>
  </body>
</html>
"""


def yahoo(html: str, printed: Printed, *, note: str = "", number: str = "4127709318") -> str:
    """Yahoo: `yahoo_quoted`, one `div` a header line, `yiv<number>` before the classes of the original."""
    font = "font-family:'Helvetica Neue', Helvetica, Arial, sans-serif;font-size:13px;"
    lines = [
        ("From", f"{escape(printed.name)} &lt;{printed.address}&gt;"),
        ("To", f"{escape(printed.to_name)} &lt;{printed.to_address}&gt;"),
        ("Sent", printed.date),
        ("Subject", escape(printed.subject)),
    ]
    block = "".join(f"<div><b>{label}:</b> {value}</div>" for label, value in lines)
    return (
        f'<html><head></head><body><div class="ydp5b1c0d2eyahoo-style-wrap" style="{font}">'
        f'<div dir="ltr" data-setdir="false">{note or "<br>"}</div><div><br></div></div>'
        f'<div id="yahoo_quoted_{number}" class="yahoo_quoted"><div style="{font}color:#26282a;">'
        f"<div>----- Forwarded Message -----</div>{block}<div><br></div>"
        f'<div><div id="yiv{number}">{prefixed(html, f"yiv{number}")}</div></div></div></div></body></html>'
    )
