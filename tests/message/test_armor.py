"""Cleartext signatures of OpenPGP are taken off a text, and kept; what is encrypted stays as it came."""

from __future__ import annotations

import pytest

from mailarchiver.message.armor import is_sealed, unsigned

SIGNATURE = "-----BEGIN PGP SIGNATURE-----\nVersion: X 1\n\niQEzBAEB\n=abcd\n-----END PGP SIGNATURE-----\n"
SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nwords\n- -- dashed\n- - item\n\nmore\n" + SIGNATURE
PLAIN = "words\n-- dashed\n- item\n\nmore\n"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_headers_dashes_and_signature_are_off(end: str) -> None:
    text, signatures = unsigned(f"above\n{SIGNED}below\n".replace("\n", end))
    assert text == f"above\n{PLAIN}below\n".replace("\n", end)
    assert signatures == (SIGNATURE.replace("\n", end),)


def test_several_signed_texts() -> None:
    assert unsigned(SIGNED + "\nbetween\n\n" + SIGNED) == (PLAIN + "\nbetween\n\n" + PLAIN, (SIGNATURE, SIGNATURE))


@pytest.mark.parametrize("head", ["\n", "Hash: SHA1\nHash: MD5\n\n", "NotDashEscaped: yes\n \n", "Hash: SHA1\n"])
def test_armor_headers(head: str) -> None:
    assert unsigned(f"-----BEGIN PGP SIGNED MESSAGE-----\n{head}words\n{SIGNATURE}")[0] == "words\n"


@pytest.mark.parametrize(
    "text",
    [
        "no armor\n- item\n",
        SIGNED.replace("-----END PGP SIGNATURE-----\n", ""),
        SIGNED.replace(SIGNATURE, ""),
        "".join(f"> {line}\n" for line in SIGNED.splitlines()),
        "It begins with -----BEGIN PGP SIGNED MESSAGE-----\n\nwords\n" + SIGNATURE,
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQEN\n-----END PGP PUBLIC KEY BLOCK-----\n",
    ],
    ids=["none", "no end", "no signature", "quoted", "within a line", "a key"],
)
def test_what_stays_as_it_came(text: str) -> None:
    assert unsigned(text) == (text, ())


def test_hostile_armor_takes_linear_time() -> None:
    begin, signature = SIGNED.split("\n", 1)[0] + "\n", "-----BEGIN PGP SIGNATURE-----\n"
    for text in (begin * 100_000, (begin + signature) * 50_000, begin + "Hash: a\n" * 200_000, begin + "- " * 500_000):
        assert unsigned(text) == (text, ())


def test_at_most_a_hundred() -> None:
    text, signatures = unsigned(SIGNED * 150)
    assert len(signatures) == 100
    assert text == PLAIN * 100 + SIGNED * 50


@pytest.mark.parametrize(
    ("text", "sealed"),
    [
        ("Hi\n-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----\n", True),
        ("-----BEGIN PGP MESSAGE, PART 1/3-----\n\nhQEM\n", True),
        ("> -----BEGIN PGP MESSAGE-----\n", False),
        (SIGNED, False),
    ],
)
def test_sealed(text: str, sealed: bool) -> None:
    assert is_sealed(text) is sealed
