"""Every forward there is to test: program, language, form, letter, note."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mailarchiver.model import Address

from . import apple, gmail, others, outlook, thunderbird, yahoo
from .client import Client
from .languages import Words, languages
from .letters import BODIES, FAY, SENDERS, SUBJECTS, Letter

CLIENTS: tuple[Client, ...] = (
    *gmail.CLIENTS,
    *outlook.CLIENTS,
    *apple.CLIENTS,
    *thunderbird.CLIENTS,
    *yahoo.CLIENTS,
    *others.CLIENTS,
)
NOTES = ("", "Worth reading.")
CC = ((), (Address("Bob Ødegård", "bob@example.com"), Address("", "carol@example.com")))


@dataclass(frozen=True, slots=True)
class Forward:
    """One mail to be unwrapped, in one form."""

    client: Client
    words: Words
    form: Literal["html", "text"]
    letter: Letter
    note: str

    @property
    def subject(self) -> str:
        """As the program writes it above the forward."""
        prefix = self.words.prefix if self.client.speaks == "outlook" else "Fwd"
        return f"{prefix}: {self.letter.subject}"

    @property
    def body(self) -> str | None:
        """What is sent, None where the program does not send this form."""
        body = self.client.write(self.letter, self.words, self.note)
        return body.html if self.form == "html" else body.text

    def __str__(self) -> str:
        cc = " cc" if self.letter.cc else ""
        return f"{self.client.name} {self.words.tag} {self.form}{cc}{' note' if self.note else ''}"


FORMS: tuple[Literal["html", "text"], ...] = ("html", "text")


def every(seed: int = 0) -> Iterator[Forward]:
    """Each program in each of its languages and forms, with and without note and Cc; the letter drawn from the seed."""
    draw = random.Random(seed)  # noqa: S311  to be the same in every run
    known = languages()
    for client in CLIENTS:
        for words, note, cc, form in itertools.product(client.languages(known), NOTES, CC, FORMS):
            letter = Letter(
                sender=draw.choice(SENDERS),
                to=(FAY,) if draw.random() < 0.5 else (FAY, Address("Ödön Ő.", "odon@example.hu")),
                cc=cc,
                subject=draw.choice(SUBJECTS),
            ).saying(draw.choice(BODIES))
            forward = Forward(client, words, form, letter, note)
            if forward.body is not None:
                yield forward


@dataclass(frozen=True, slots=True)
class Chain:
    """A letter that was forwarded again and again without a word, from program to program; the last one has a note."""

    programs: tuple[Client, ...]
    words: tuple[Words, ...]
    people: tuple[Address, ...]
    form: Literal["html", "text"]
    letter: Letter

    def mail(self) -> tuple[str, str] | None:
        """Subject and body of the last forward; None where a program of the chain does not send this form."""
        letter = self.letter
        for program, words, (who, whom) in zip(self.programs, self.words, itertools.pairwise(self.people), strict=True):
            last = program is self.programs[-1] and who is self.people[-2]
            body = program.write(letter, words, NOTES[1] if last else "")
            if (body.html if self.form == "html" else body.text) is None:
                return None
            html, text = _WRAPPING.sub("", body.html or ""), body.text or ""
            letter = Letter(sender=who, to=(whom,), subject=f"Fwd: {letter.subject}", html=html, text=text)
        return letter.subject, letter.html if self.form == "html" else letter.text

    def __str__(self) -> str:
        steps = zip(self.programs, self.words, strict=True)
        return f"{' < '.join(f'{program.name} {words.tag}' for program, words in steps)} {self.form}"


_WRAPPING = re.compile(r"</?(?:!DOCTYPE html|html|head|body|style)(?=[\s>])[^>]*>(?:p\.[^<]*)?", re.IGNORECASE)
_PEOPLE = (FAY, Address("Gil Ödön", "gil@example.hu"), Address("Hana Sato", "hana@example.jp"))


def chains(number: int, seed: int = 0) -> Iterator[Chain]:
    """So many forwards of forwards, twice and three times, by programs and in languages drawn from the seed."""
    draw = random.Random(seed)  # noqa: S311  to be the same in every run
    known = languages()
    while number:
        programs = tuple(draw.choices(CLIENTS, k=draw.choice((2, 3))))
        words = tuple(draw.choice(program.languages(known)) for program in programs)
        letter = Letter(to=(_PEOPLE[0],)).saying(draw.choice(BODIES))
        people = (*_PEOPLE[: len(programs)], Address("", "archive@example.net"))
        chain = Chain(programs, words, people, draw.choice(FORMS), letter)
        if chain.mail() is not None:
            number -= 1
            yield chain
