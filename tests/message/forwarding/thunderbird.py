"""Thunderbird on the desktop."""

from __future__ import annotations

from .client import Client
from .languages import Words
from .letters import Body, Letter, escaped, linked, plain, wrapped


def _values(letter: Letter, words: Words) -> list[tuple[str, str, str]]:
    subject, date, sender, to, cc = words.thunderbird[1:]
    moment = words.date("rfc", letter.moment)
    rows = [(subject, escaped(letter.subject), letter.subject), (date, moment, moment)]
    rows.append((sender, linked(letter.sender), plain(letter.sender)))
    rows.append((to, ", ".join(map(linked, letter.to)), ", ".join(map(plain, letter.to))))
    if letter.cc:
        rows.append((cc, ", ".join(map(linked, letter.cc)), ", ".join(map(plain, letter.cc))))
    return rows


def html_and_text(letter: Letter, words: Words, note: str) -> Body:
    """Its two forms; in plain text it pads the labels with nothing, and wraps long fields."""
    cell = '<th valign="BASELINE" align="RIGHT" nowrap="nowrap">'
    rows = "".join(
        f"<tr>{cell}{words.field(key, '')}</th><td>{value}</td></tr>" for key, value, _ in _values(letter, words)
    )
    above = f"<p>{escaped(note)}</p>" if note else "<p><br></p>"
    html = (
        f'<!DOCTYPE html><html><head></head><body>{above}<div class="moz-forward-container"><br><br>'
        f'-------- {words.thunderbird[0]} --------<table class="moz-email-headers-table" cellspacing="0"><tbody>'
        f"{rows}</tbody></table><br><br>{letter.html}</div></body></html>"
    )
    lines = [f"-------- {words.thunderbird[0]} --------"]
    lines += [wrapped(words.field(key, value)) for key, _, value in _values(letter, words)]
    return Body(html, "\n".join([note, "", "", *lines, "", "", "", letter.text]))


CLIENTS = (Client("thunderbird", html_and_text, "thunderbird", "rfc", wraps=True),)
