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

from .forwarding.cases import CLIENTS, NOTES, Forward, chains, every
from .forwarding.letters import MOMENT
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
