"""The content of opaque S/MIME signatures."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from hypothesis import given, settings
from hypothesis import strategies as st

from mailarchiver.message.cms import ELEMENTS, signed_content

from .packing import ENVELOPED_OID, SIGNED_OID, ber, cms, der

CONTENT = b"Content-Type: text/plain\r\n\r\nsigned words\r\n"


def test_what_another_program_signed() -> None:
    """Written by the library `cryptography`, which knows nothing of our builders."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "signer")])
    start = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + dt.timedelta(days=9))
    signer = pkcs7.PKCS7SignatureBuilder(CONTENT).add_signer(builder.sign(key, hashes.SHA256()), key, hashes.SHA256())
    opaque = signer.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    detached = signer.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.DetachedSignature])
    assert signed_content(opaque) == (CONTENT, None)
    assert signed_content(detached) == (None, None)


@pytest.mark.parametrize("piece", [1, 7, 4096])
def test_indefinite_lengths_and_octets_in_pieces(piece: int) -> None:
    assert signed_content(cms(CONTENT, indefinite=True, piece=piece)) == (CONTENT, None)


def test_definite_lengths() -> None:
    assert signed_content(cms(CONTENT)) == (CONTENT, None)
    assert signed_content(cms(CONTENT * 9_000)) == (CONTENT * 9_000, None)
    assert signed_content(cms(b"")) == (b"", None)


def test_pieces_within_pieces() -> None:
    octets = der(0x24, der(0x04, b"one "), ber(0x24, der(0x04, b"two ")), der(0x04, b"three"))
    encap = der(0x30, der(0x06, b"\x2a"), der(0xA0, octets))
    signed = der(0x30, der(0x02, b"\1"), der(0x31), encap)
    data = der(0x30, der(0x06, bytes.fromhex(SIGNED_OID)), der(0xA0, signed))
    assert signed_content(data) == (b"one two three", None)


@pytest.mark.parametrize("data", [cms(CONTENT, oid=ENVELOPED_OID), cms(None), cms(None, indefinite=True)])
def test_encrypted_or_certificates_only(data: bytes) -> None:
    assert signed_content(data) == (None, None)


def test_cut_short_gives_what_is_there() -> None:
    whole = cms(CONTENT, indefinite=True)
    cut = whole[: whole.index(b"words")]
    content, damage = signed_content(cut)
    assert content is not None
    assert CONTENT.startswith(content)
    assert len(content) > 20
    assert damage
    content, damage = signed_content(cms(CONTENT)[:-10])
    assert content == CONTENT[:-8]  # the empty set of signers behind it takes two octets
    assert damage == "cut short"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30",
        b"not CMS at all",
        b"\x30\x89" + b"\xff" * 20,
        b"\x30\x80" * 200_000,
        b"\x30\x80\x06\x09" + bytes.fromhex(SIGNED_OID) + b"\xa0\x80\x30\x80\x02\x01\x01" + b"\x31\x80" * 500_000,
        ber(0x30, der(0x06, bytes.fromhex(SIGNED_OID)), b"\xa0\x84\xff\xff\xff\xff"),
    ],
)
def test_hostile_octets_end_at_once(data: bytes) -> None:
    start = time.process_time()
    assert signed_content(data)[0] is None
    assert time.process_time() - start < 0.5


def test_too_many_pieces_are_not_read_further() -> None:
    start = time.process_time()
    content, damage = signed_content(cms(b"a" * 2 * ELEMENTS, indefinite=True, piece=1))
    assert time.process_time() - start < 1
    assert content is not None
    assert ELEMENTS - 20 < len(content) < ELEMENTS
    assert damage == f"more than {ELEMENTS} elements"


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 120), st.integers(0, 20), st.binary(max_size=12), st.booleans())
def test_mutated_structures_never_raise(at: int, length: int, octets: bytes, indefinite: bool) -> None:
    data = cms(CONTENT, indefinite=indefinite)
    content, _ = signed_content(data[:at] + octets + data[at + length :])
    assert content is None or len(content) <= len(data) + len(octets)
