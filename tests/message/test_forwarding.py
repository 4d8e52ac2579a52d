"""Forwards of every program in every language are unwrapped to what was forwarded: tests/message/forwarding/.

A seeded part of them by default, all of them with MAILARCHIVER_FULL=1.
"""

from __future__ import annotations

import itertools
import os
import re

import pytest
from selectolax.lexbor import LexborHTMLParser

from mailarchiver.message.parse import parse
from mailarchiver.model import Address, Message, Original

from .forwarding import gmail
from .forwarding.cases import CLIENTS, NOTES, Forward, chains, every
from .forwarding.languages import languages
from .forwarding.letters import MOMENT, Letter
from .making import only, part

FULL = os.environ.get("MAILARCHIVER_FULL") == "1"
SEEDS, SHARE, CHAINS = (10, 1, 2_000) if FULL else (1, 3, 150)
ARCHIVE = b"To: archive@example.net\r\nDate: Wed, 27 Mar 2024 09:00:00 +0100\r\nMIME-Version: 1.0\r\n"
WALL_TIME = MOMENT.isoformat()[:16]
WORD = re.compile(r"\w+")


def message(subject: str, body: str, form: str, sender: Address) -> Message:
    head = f"From: {sender.name} <{sender.address}>\r\nSubject: {subject}\r\n".encode() + ARCHIVE
    return parse(head + part(body.encode(), f"text/{'html' if form == 'html' else 'plain'}; charset=utf-8"))


def words(original: Original) -> list[str]:
    if original.html is None:
        return WORD.findall(original.text or "")
    body = LexborHTMLParser(original.html).body
    return WORD.findall(body.text(separator=" ") if body is not None else "")


def assert_is(original: Original, forward: Forward) -> None:
    letter, found = forward.letter, original.headers
    assert original.forwarded == "inline"
    assert found.sender == letter.sender
    assert (found.to, found.cc) == (letter.to, letter.cc)
    assert found.subject == letter.subject
    assert (found.date or "")[:16] == WALL_TIME
    printed = forward.words.date(forward.client.date, letter.moment)
    assert (found.date_text or "").split() == printed.split()
    assert (original.note or "") == forward.note
    assert words(original) == WORD.findall(letter.text)


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_forwards_of_every_program(client: object) -> None:
    forwards = [forward for seed in range(SEEDS) for forward in every(seed) if forward.client is client]
    failed = []
    for forward in forwards[::SHARE]:
        original = only(message(forward.subject, forward.body or "", forward.form, Address("Fay", "fay@example.com")))
        try:
            assert_is(original, forward)
        except AssertionError as why:
            failed.append(f"{forward}: {why}")
    assert forwards
    assert not failed, failed[0]


def test_forwards_of_forwards() -> None:
    failed = []
    for chain in chains(CHAINS):
        mail = chain.mail()
        assert mail is not None
        original = only(message(*mail, chain.form, chain.people[-2]))
        hops = [hop.sender for hop in original.hops]
        got = (original.headers.sender, hops, original.note, words(original))
        people = list(reversed(chain.people[:-1]))
        expected = (chain.letter.sender, people, NOTES[1], WORD.findall(chain.letter.text))
        if got != expected:
            failed.append(f"{chain}: {got} is not {expected}")
    assert not failed, failed[0]


@pytest.mark.parametrize("form", ["html", "text"])
def test_a_marker_tells_a_forward_without_its_subject(form: str) -> None:
    for forward in itertools.islice(every(3), 0, None, 7):
        if forward.client.says_forward and forward.form == form:
            body = forward.body or ""
            assert_is(only(message("For the archive", body, form, Address("Fay", "fay@example.com"))), forward)


MARKER = "---------- Forwarded message ---------"
HEAD = """From: Jane Roe <jane@example.org>
Date: Tue, Mar 26, 2024 at 6:21 PM
Subject: Rain in May
To: fay@forwarder.example"""
JANE = Address("Jane Roe", "jane@example.org")


def text_of(body: str, subject: str = "Fwd: Rain in May") -> Original:
    return only(message(subject, body, "text", Address("Fay", "fay@forwarder.example")))


@pytest.mark.parametrize(
    "head",
    [
        HEAD.replace("Jane Roe <", "Jane Roe\n<"),
        HEAD.replace("Jane Roe <", "Jane Roe <\n", 1),
        HEAD.replace("Rain in May", "Rain\nin May"),
        HEAD.replace("Jane Roe <jane@example.org>", "Jane Roe [mailto:jane@example.org]"),
        HEAD.replace("Jane Roe <jane@example.org>", "'Jane Roe' <jane@example.org<mailto:jane@example.org>>"),
        HEAD.replace("Jane Roe <jane@example.org>", "jane@example.org (Jane Roe)"),
        HEAD.replace(": ", " : "),
        HEAD.replace(": ", ":\t"),
        HEAD.replace("To:", "Importance: High\nTo:"),
        HEAD.replace("To:", "Reply-To: <jane@home.example>\nTo:"),
        HEAD.replace("To: fay@forwarder.example", "To: Fay\n<fay@forwarder.example>"),
        "\n".join(f"    {line}" for line in HEAD.split("\n")),
        "\n\n".join(HEAD.split("\n")),
        "\n".join(f"*{line.replace(':', ':*', 1)}" for line in HEAD.split("\n")),
    ],
)
def test_a_header_block_however_it_is_printed(head: str) -> None:
    original = text_of(f"Worth reading.\n\n{MARKER}\n{head}\n\nIt rained.\n\nIn May.")
    assert (original.headers.sender, original.headers.subject) == (JANE, "Rain in May")
    assert [address.address for address in original.headers.to] == ["fay@forwarder.example"]
    assert original.headers.date == "2024-03-26T18:21"
    assert (original.note, original.text) == ("Worth reading.", "It rained.\n\nIn May.")


@pytest.mark.parametrize(
    ("line", "date", "date_text"),
    [
        ("st 3. 11. 2021 o 9:26 používateľ Jane Roe (<jane@example.org>) napísal:", "2021-11-03T09:26", None),
        ("2021. 11. 03. 9:26 időpontban Jane Roe (jane@example.org) ezt írta:", "2021-11-03T09:26", None),
        ('03.11.2021, 09:26, пользователь "Jane Roe" <jane@example.org> написал:', "2021-11-03T09:26", None),
        ("Jane Roe <jane@example.org> kirjoitti 3.11.2021 kello 9.26:", "2021-11-03T09:26", None),
        ("Op 03-11-2021 09:26 heeft Jane Roe <jane@example.org> geschreven:", "2021-11-03T09:26", None),
        ('"Jane Roe" <jane@example.org>, 3.11.2021 09:26 tarihinde şunu yazdı:', "2021-11-03T09:26", None),
        ("Dnia 03.11.2021 09:26 „Jane Roe” <jane@example.org> napisał:", "2021-11-03T09:26", None),
        ("On Wed, Nov 3, 2021 at 9:26 AM Jane Roe <jane@example.org> wrote:", "2021-11-03T09:26", None),
        ('On 11/3/21, 9:26 AM, "Jane Roe" <jane@example.org> wrote:', None, "11/3/21, 9:26 AM"),
        ('On 13/11/21, 9:26, "Jane Roe" <jane@example.org> wrote:', None, "13/11/21, 9:26"),
        ('On 13/11/2021, 9:26, "Jane Roe" <jane@example.org> wrote:', "2021-11-13T09:26", None),
    ],
)
def test_the_line_above_a_quote_dates_it(line: str, date: str | None, date_text: str | None) -> None:
    original = text_of(f"Worth reading.\n\n{line}\n\n    It rained.")
    assert (original.headers.sender, original.headers.date) == (JANE, date)
    assert date_text in (None, original.headers.date_text)
    assert (original.note, original.text) == ("Worth reading.", "It rained.")


@pytest.mark.parametrize(
    ("below", "kept"),
    [
        ("\n\n-- \nFay", "It rained."),
        ("\n\nFay, who forwards", "It rained."),
        (
            "\n>\n> On 5 March 2024, Bob wrote:\n>\n> > Will it?",
            "It rained.\n\nOn 5 March 2024, Bob wrote:\n\n> Will it?",
        ),
    ],
)
def test_only_what_is_quoted_is_the_body(below: str, kept: str) -> None:
    block = "\n".join(f"> {line}" for line in ["Begin forwarded message:", "", *HEAD.split("\n"), "", "It rained."])
    original = text_of(f"Worth reading.\n\n{block}{below}")
    assert (original.headers.sender, original.note, original.text) == (JANE, "Worth reading.", kept)


@pytest.mark.parametrize(
    "end", ["----- End forwarded message -----", "-------- Конец пересылаемого сообщения --------"]
)
def test_an_end_marker_ends_the_body(end: str) -> None:
    assert text_of(f"{MARKER}\n{HEAD}\n\nIt rained.\n\n{end}").text == "It rained."


def test_what_stands_below_a_forward_of_a_reply_stays() -> None:
    block = HEAD.replace("Rain in May", "Re: Rain in May")
    history = "On 5 March 2024, Bob <bob@example.com> wrote:\n\n> Will it?"
    original = text_of(f"{MARKER}\n{block}\n\nIt did.\n\n{history}")
    assert (original.headers.subject, original.text) == ("Re: Rain in May", f"It did.\n\n{history}")


def test_a_block_without_subject_has_that_of_the_forward() -> None:
    original = text_of(f"{MARKER}\n{HEAD.replace('Rain in May', '')}\n\nIt rained.", "Fwd: Sun in June")
    assert original.headers.subject == "Sun in June"


def test_right_to_left_stays_so() -> None:
    quote = f'<div dir="rtl"><div class="gmail_quote">{MARKER}<br>{HEAD.replace("<", "&lt;").replace(chr(10), "<br>")}'
    original = only(
        message("Fwd: x", f"{quote}<br><br><p>أمطرت</p></div></div>", "html", Address("Fay", "f@example.com"))
    )
    assert original.html == '<div dir="rtl"><p>أمطرت</p></div>'


def test_an_inner_note_makes_the_rest_quoted_history() -> None:
    for inner in CLIENTS[:4]:
        body = inner.write(Letter().saying(("It rained.",)), languages()["en"], "A note by Jane.")
        outer = gmail.web(Letter(html=body.html or "", text=body.text or ""), languages()["en"], "Look.")
        for form, text in (("html", outer.html), ("text", outer.text)):
            original = only(message("Fwd: x", text or "", form, Address("Fay", "fay@forwarder.example")))
            assert (original.headers.sender, original.note, len(original.hops)) == (JANE, "Look.", 1)
            assert words(original)[:4] == ["A", "note", "by", "Jane"]
            assert words(original)[-2:] == ["It", "rained"]
