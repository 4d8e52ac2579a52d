"""Mails damaged by chance: whatever a disk, a gateway or an attacker may do to octets. Seeded, so always the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from tests.message.making import attached, mail, multipart, part

Mutation = Callable[[random.Random, bytes, bytes], bytes]

TOKENS = (
    b"", b"\0", b"\xff\xfe", b"=?utf-8?b?a?=", b"=?utf-8?q?=zz?=", b"=?x?b?====?=", b'"', b"<", b"(" * 50, b"<@a:b@c>",
    b"a@b, c <d@e>; f:g;", b"undisclosed-recipients:;", b"Thu, 99 Foo 10000 25:61:61 +9999", b"Mon, 1 Jan 0000 00:00 Z",
    b"multipart/mixed", b"multipart/alternative; boundary=", b'multipart/related; boundary="a b"; start="<x>"',
    b"message/rfc822", b"message/partial; id=1", b"text/html; charset=utf-7",
    b"text/plain; charset=utf-16; format=flowed",
    b'text/plain; charset="utf-8\0"', b"text/plain; charset=rot13", b"application/octet-stream; name*9999*=x",
    b"attachment; filename*=utf-8''%", b"attachment; filename*0*=a; filename*0=b; filename*1", b"base64", b"x-uuencode",
    b"quoted-printable", b"7bit (comment)", b";;;;;=;=;", b"from a by b; Thu, 7 Mar 2024 09:00:00 +0000", b"x" * 2_000,
    b"<" + b"a" * 300 + b"@>", "ÄÖÜ 中文 \u202e".encode(), "Привет".encode("koi8-r"),
)  # fmt: skip
NAMES = (
    b"From", b"To", b"Cc", b"Sender", b"Date", b"Subject", b"Message-ID", b"Received", b"Resent-From", b"Content-Type",
    b"Content-Transfer-Encoding", b"Content-Disposition", b"Content-ID", b"Content-Location", b"Auto-Submitted",
    b"List-Id",
)  # fmt: skip


def lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True) or [b""]


def place(chance: random.Random, data: bytes) -> int:
    return chance.randrange(len(data) + 1)


def flip(chance: random.Random, data: bytes, _: bytes) -> bytes:
    changed = bytearray(data)
    for _n in range(chance.randint(1, 20) if data else 0):
        changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def delete(chance: random.Random, data: bytes, _: bytes) -> bytes:
    at = place(chance, data)
    return data[:at] + data[at + chance.choice((1, 2, 10, 1_000)) :]


def insert(chance: random.Random, data: bytes, _: bytes) -> bytes:
    at = place(chance, data)
    return data[:at] + chance.choice((chance.randbytes(chance.randint(1, 40)), *TOKENS)) + data[at:]


def repeat(chance: random.Random, data: bytes, _: bytes) -> bytes:
    at, length = place(chance, data), chance.choice((1, 10, 200, 2_000))
    return data[:at] + data[at : at + length] * chance.randint(2, 20) + data[at + length :]


def move(chance: random.Random, data: bytes, _: bytes) -> bytes:
    start, stop = sorted((place(chance, data), place(chance, data)))
    rest = data[:start] + data[stop:]
    at = place(chance, rest)
    return rest[:at] + data[start:stop] + rest[at:]


def drop_lines(chance: random.Random, data: bytes, _: bytes) -> bytes:
    return b"".join(line for line in lines(data) if chance.random() > 0.05)


def repeat_line(chance: random.Random, data: bytes, _: bytes) -> bytes:
    rows = lines(data)
    at = chance.randrange(len(rows))
    return b"".join([*rows[:at], *[rows[at]] * chance.randint(2, 50), *rows[at + 1 :]])


def join_lines(chance: random.Random, data: bytes, _: bytes) -> bytes:
    return b"".join(line if chance.random() > 0.1 else line.rstrip(b"\r\n") for line in lines(data))


def unfold_badly(chance: random.Random, data: bytes, _: bytes) -> bytes:
    return b"".join(line.lstrip(b" \t") if chance.random() > 0.5 else line for line in lines(data))


def replace_value(chance: random.Random, data: bytes, _: bytes) -> bytes:
    """Another value for a field that is there, anywhere in the mail."""
    rows = lines(data)
    fields = [number for number, line in enumerate(rows) if b":" in line[:40] and not line[:1].isspace()]
    if fields:
        at = chance.choice(fields)
        rows[at] = rows[at].partition(b":")[0] + b": " + chance.choice(TOKENS) + b"\r\n"
    return b"".join(rows)


def add_field(chance: random.Random, data: bytes, _: bytes) -> bytes:
    return b"%b: %b\r\n" % (chance.choice(NAMES), b" ".join(chance.choices(TOKENS, k=chance.randint(1, 3)))) + data


def change_boundary(chance: random.Random, data: bytes, _: bytes) -> bytes:
    at = data.lower().find(b"boundary=", place(chance, data))
    at = at if at >= 0 else data.lower().find(b"boundary=")
    return data if at < 0 else data[: at + 9] + chance.choice((b"", b"x", b'"', b"-", b"--", b" ")) + data[at + 9 :]


def truncate(chance: random.Random, data: bytes, _: bytes) -> bytes:
    return data[: place(chance, data)]


def splice(chance: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: place(chance, data)] + other[place(chance, other) :]


def line_ends(chance: random.Random, data: bytes, _: bytes) -> bytes:
    ends = (b"\n", b"\r", b"\r\r\n", b"\n\r", b"\0\n")
    if chance.random() > 0.5:
        return data.replace(b"\r\n", b"\n").replace(b"\n", chance.choice(ends))
    return b"".join(line.rstrip(b"\r\n") + chance.choice(ends) for line in lines(data))


def nest(chance: random.Random, data: bytes, other: bytes) -> bytes:
    return chance.choice((
        lambda: mail(multipart("mixed", part(b"See below"), part(data, "message/rfc822"), boundary="nest")),
        lambda: mail(multipart("digest", b"\r\n" + data, b"\r\n" + other, boundary="=_outer")),
        lambda: mail(attached(data, "message/rfc822", "Content-Disposition: attachment")),
        lambda: other[: place(chance, other)] + data,
        lambda: mail(part(data), "Fwd: x"),
        lambda: mail(part(data, "text/html")),
    ))()  # fmt: skip


MUTATIONS: Sequence[Mutation] = (
    flip, delete, insert, repeat, move, drop_lines, repeat_line, join_lines, unfold_badly, replace_value, replace_value,
    add_field, add_field, change_boundary, truncate, splice, line_ends, nest,
)  # fmt: skip
LONGEST = 1_000_000


def mutated(sources: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """That many damaged mails, each by one to five mutations; every one its own stream of chance, so that any can be
    made again by its number.
    """
    for number in range(count):
        chance = random.Random(f"{seed}:{number}")  # noqa: S311 - a test's damage, no secret
        data = sources[number % len(sources)]
        for mutate in chance.choices(MUTATIONS, k=chance.randint(1, 5)):
            data = mutate(chance, data, chance.choice(sources))[:LONGEST]
        yield data
