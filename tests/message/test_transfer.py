"""Transfer encodings, sound and damaged."""

from __future__ import annotations

import base64
import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.message.transfer import undo

PICTURE = bytes(range(256)) * 40


@given(st.binary(max_size=400))
def test_base64_and_quoted_printable_come_back(data: bytes) -> None:
    assert undo(base64.encodebytes(data), " Base64 ") == (data, None)
    assert undo(binascii.b2a_qp(data, istext=False), "quoted-printable") == (data, None)


def test_base64_without_padding_and_with_foreign_characters() -> None:
    encoded = base64.encodebytes(PICTURE).rstrip(b"=\n")
    assert undo(encoded, "base64")[0] == PICTURE
    assert undo(b"!!" + base64.b64encode(PICTURE), "base64")[0] == PICTURE


def test_concatenated_base64_loses_nothing() -> None:
    data, damage = undo(base64.b64encode(b"a") + b"\r\n" + base64.b64encode(b"bc") + b"\r\n", "base64")
    assert (data, damage) == (b"abc", "base64 in several pieces")


def test_a_footer_behind_base64_is_not_decoded() -> None:
    data, damage = undo(base64.encodebytes(PICTURE) + b"_____\nTo leave this list: ...\n", "base64")
    assert data == PICTURE
    assert damage is not None


def test_prose_labelled_base64_is_prose() -> None:
    assert undo(b"This was never encoded at all, was it?", "base64")[0] == b"This was never encoded at all, was it?"


@pytest.mark.parametrize("encoding", ["x-uuencode", "uuencode"])
def test_uuencoded_parts(encoding: str) -> None:
    lines = [binascii.b2a_uu(PICTURE[at : at + 45]) for at in range(0, len(PICTURE), 45)]
    assert undo(b"begin 644 a.bin\n" + b"".join(lines) + b"`\nend\n", encoding) == (PICTURE, None)
    assert undo(b"nothing", encoding)[0] == b"nothing"


@given(st.binary(max_size=300), st.sampled_from(["base64", "quoted-printable", "x-uuencode", "", "weird"]))
def test_undoing_never_raises(data: bytes, encoding: str) -> None:
    assert isinstance(undo(b"begin 644 x\n" + data, encoding)[0], bytes)
