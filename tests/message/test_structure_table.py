"""Every shape a mail may have, a row each: what becomes its body, what a part, what a message of its own; what is said.

Of a row count: the HTML, the plain text, the parts in order, the subjects of the enclosed messages, the codes of the
warnings. What a row does not name has to be missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import pytest

from mailarchiver.article.extract import extract
from mailarchiver.message.forward import unwrap
from mailarchiver.message.parse import parse
from mailarchiver.model import Article, Message, Part, TagRules

from .making import HEAD, attached, mail, multipart, part
from .packing import ENVELOPED_OID, attachment, cms, tnef

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
PDF = b"%PDF-1.4\n" + bytes(range(128, 256))
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\0" + bytes(200)
INNER = b"From: ann@example.com\r\nSubject: inner\r\n\r\ninner words\r\n"
VCARD = b"BEGIN:VCARD\r\nFN:Ann\r\nEND:VCARD"
CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR"

TEXT = part(b"plain")
MORE = part(b"more")
HTML = part(b"<p>rich</p>", "text/html; charset=utf-8")
OTHER_HTML = part(b"<p>other</p>", "text/html")
AMP = part(b"<html amp4email></html>", "text/x-amp-html")
ICS = part(CALENDAR, "text/calendar; method=REQUEST")
INLINE = attached(PNG, "image/png", "Content-ID: <p@x>", "Content-Disposition: inline; filename=a.png")
NAMELESS = attached(PNG, "image/png", "Content-Disposition: inline; filename=a.png")
UNDISPOSED = attached(PNG, "image/png; name=a.png")
MARKED = attached(PNG, "image/png", "Content-ID: <p@x>", "Content-Disposition: attachment; filename=a.png")
REPORT = attached(PDF, "application/pdf", "Content-Disposition: inline; filename=r.pdf")
SIGNATURE = part(b"-----BEGIN PGP SIGNATURE-----", "application/pgp-signature; name=signature.asc")
UU = b"begin 644 a.bin\r\n#86)C\r\n`\r\nend\r\n"

INLINE_PART = Part("image/png", PNG, "a.png", "p@x", None, "inline")
MARKED_PART = Part("image/png", PNG, "a.png", "p@x", None, "attachment")
REPORT_PART = Part("application/pdf", PDF, "r.pdf", None, None, "inline")


def plain_part(content_type: str, data: bytes, filename: str | None = None, disposition: str | None = None) -> Part:
    return Part(content_type, data, filename, None, None, disposition)


SIGNATURE_PART = plain_part("application/pgp-signature", b"-----BEGIN PGP SIGNATURE-----", "signature.asc")
UU_PART = plain_part("application/octet-stream", b"abc", "a.bin", "attachment")


@dataclass(frozen=True)
class Row:
    """A mail, and what is to become of it."""

    name: str
    mail: bytes
    html: str | None = None
    text: str | None = None
    parts: tuple[Part, ...] = ()
    enclosed: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


def mixed(*parts: bytes) -> bytes:
    return mail(multipart("mixed", *parts))


def inner(kind: str, *parts: bytes) -> bytes:
    return multipart(kind, *parts, boundary="=_inner")


def innermost(kind: str, *parts: bytes) -> bytes:
    return multipart(kind, *parts, boundary="=_innermost")


def raw(content_type: str, body: bytes) -> bytes:
    """A message whose Content-Type field stands as written."""
    return HEAD + content_type.encode() + b"\r\n\r\n" + body


class Bodies(TypedDict):
    """What the alternatives of a row share."""

    html: str
    text: str


class Two(TypedDict):
    """What a text and a report are to become."""

    text: str
    parts: tuple[Part, ...]


BOTH: Bodies = {"html": "<p>rich</p>", "text": "plain"}

NESTING = [
    Row("related in alternative in mixed",
        mixed(inner("alternative", TEXT, innermost("related", HTML, INLINE)), REPORT),
        **BOTH, parts=(INLINE_PART, REPORT_PART)),
    Row("alternative in related in mixed",
        mixed(inner("related", innermost("alternative", TEXT, HTML), INLINE), REPORT),
        **BOTH, parts=(INLINE_PART, REPORT_PART)),
    Row("mixed in alternative", mail(multipart("alternative", TEXT, inner("mixed", HTML, REPORT))),
        **BOTH, parts=(REPORT_PART,)),
    Row("related with its root named", mail(multipart("related", INLINE, part(b"<p>rich</p>", "text/html"))),
        html="<p>rich</p>", parts=(INLINE_PART,)),
    Row("mixed of a single HTML", mixed(HTML), html="<p>rich</p>"),
    Row("mixed in mixed", mixed(inner("mixed", TEXT), MORE), text="plain\n\nmore"),
    Row("an unknown multipart", mail(multipart("x-odd", TEXT, REPORT)), text="plain", parts=(REPORT_PART,)),
    Row("parallel", mail(multipart("parallel", TEXT, REPORT)), text="plain", parts=(REPORT_PART,)),
    Row("form-data",
        mail(multipart("form-data", part(b"plain", "text/plain", 'Content-Disposition: form-data; name="a"'),
                       part(b"x", "text/plain", 'Content-Disposition: form-data; name="f"; filename="f.txt"'))),
        text="plain", parts=(plain_part("text/plain", b"x", "f.txt", "form-data"),)),
    Row("appledouble",
        mixed(TEXT, inner("appledouble", attached(b"fork", "application/applefile; name=r.pdf"), REPORT)),
        text="plain", parts=(plain_part("application/applefile", b"fork", "r.pdf"), REPORT_PART)),
]  # fmt: skip

ALTERNATIVES = [
    Row("the last HTML", mail(multipart("alternative", TEXT, OTHER_HTML, HTML)),
        **BOTH, parts=(plain_part("text/html", b"<p>other</p>"),)),
    Row("HTML before the text", mail(multipart("alternative", HTML, TEXT)), **BOTH),
    Row("a calendar last", mail(multipart("alternative", TEXT, HTML, ICS)),
        **BOTH, parts=(plain_part("text/calendar", CALENDAR),)),
    Row("AMP is never the body", mail(multipart("alternative", TEXT, AMP, HTML)),
        **BOTH, parts=(plain_part("text/x-amp-html", b"<html amp4email></html>"),)),
    Row("AMP and nothing richer", mail(multipart("alternative", TEXT, AMP)),
        text="plain", parts=(plain_part("text/x-amp-html", b"<html amp4email></html>"),)),
    Row("a named text", mail(multipart("alternative", part(b"plain", "text/plain; name=t.txt"), HTML)), **BOTH),
    Row("text and a PDF", mail(multipart("alternative", TEXT, REPORT)), text="plain", parts=(REPORT_PART,)),
    Row("two texts", mail(multipart("alternative", TEXT, MORE)),
        text="more", parts=(plain_part("text/plain", b"plain"),)),
]  # fmt: skip

INLINE_PARTS = [
    Row("Apple Mail: text, picture, text", mixed(TEXT, NAMELESS, MORE),
        html='<p>plain</p>\n<p><img src="cid:part1.inline"></p>\n<p>more</p>', text="plain\n\nmore",
        parts=(Part("image/png", PNG, "a.png", "part1.inline", None, "inline"),)),
    Row("Apple Mail: HTML, PDF, HTML", mixed(HTML, REPORT, OTHER_HTML),
        html="<p>rich</p>\n<p>other</p>", parts=(REPORT_PART,)),
    Row("a picture above and one below a text", mixed(NAMELESS, TEXT, NAMELESS), text="plain",
        parts=(plain_part("image/png", PNG, "a.png", "inline"),) * 2),
    Row("a picture with a Content-ID between texts", mixed(TEXT, INLINE, MORE),
        text="plain\n\nmore", parts=(INLINE_PART,)),
    Row("a picture without disposition", mixed(TEXT, UNDISPOSED), text="plain",
        parts=(plain_part("image/png", PNG, "a.png"),)),
    Row("a text without disposition, named", mixed(TEXT, part(b"x", "text/plain; name=n.txt")),
        text="plain", parts=(plain_part("text/plain", b"x", "n.txt"),)),
    Row("a text inline, unnamed", mixed(TEXT, part(b"more", "text/plain", "Content-Disposition: inline")),
        text="plain\n\nmore"),
    Row("a picture marked attachment, referred to",
        mail(multipart("related", part(b'<img src="cid:p@x">', "text/html"), MARKED)),
        html='<img src="cid:p@x">', parts=(MARKED_PART,)),
    Row("a vCard", mixed(TEXT, part(VCARD, "text/vcard; name=ann.vcf")),
        text="plain", parts=(plain_part("text/vcard", VCARD, "ann.vcf"),)),
    Row("an unnamed vCard", mixed(TEXT, part(VCARD, "text/x-vcard")),
        text="plain", parts=(plain_part("text/x-vcard", VCARD),)),
    Row("a calendar", mixed(TEXT, ICS), text="plain", parts=(plain_part("text/calendar", CALENDAR),)),
    Row("a whole mail that is a PDF", mail(attached(PDF, "application/pdf; name=r.pdf")),
        parts=(plain_part("application/pdf", PDF, "r.pdf"),)),
]  # fmt: skip


def eml(*fields: str) -> bytes:
    return part(INNER, "message/rfc822", *fields)


MESSAGES = [
    Row("without disposition", mixed(TEXT, eml()), text="plain", enclosed=("inner",)),
    Row("inline", mixed(TEXT, eml("Content-Disposition: inline")), text="plain", enclosed=("inner",)),
    Row("attachment", mixed(TEXT, eml("Content-Disposition: attachment; filename=a.eml")),
        text="plain", enclosed=("inner",)),
    Row("in base64, against RFC 2046", mixed(TEXT, attached(INNER, "message/rfc822")), text="plain",
        enclosed=("inner",)),
    Row("global", mixed(TEXT, part(INNER, "message/global")), text="plain", enclosed=("inner",)),
    Row("the whole mail", mail(eml()), enclosed=("inner",)),
    Row("digest without types", mail(multipart("digest", b"\r\n" + INNER, b"\r\n" + INNER)),
        enclosed=("inner", "inner")),
    Row("digest with types", mail(multipart("digest", eml(), part(b"contents"))), text="contents", enclosed=("inner",)),
    Row("header only", mixed(TEXT, part(INNER, "text/rfc822-headers")), text="plain",
        parts=(plain_part("text/rfc822-headers", INNER),)),
    Row("a delivery report",
        mail(multipart("report", TEXT, part(b"Action: failed", "message/delivery-status"), eml())),
        text="plain", parts=(plain_part("message/delivery-status", b"Action: failed"),), enclosed=("inner",)),
    Row("a receipt", mail(multipart("report", TEXT, part(b"Disposition: x", "message/disposition-notification"))),
        text="plain", parts=(plain_part("message/disposition-notification", b"Disposition: x"),)),
    Row("partial", mixed(TEXT, part(b"x", "message/partial; id=1; number=1")), text="plain",
        parts=(plain_part("message/partial", b"x"),), said=("sealed",)),
    Row("external body", mixed(TEXT, part(b"x", 'message/external-body; access-type=URL; URL="http://example.org/"')),
        text="plain", parts=(plain_part("message/external-body", b"x"),), said=("sealed",)),
]  # fmt: skip


def p7m(content: bytes, *, indefinite: bool = False) -> bytes:
    return attached(cms(content, indefinite=indefinite), "application/pkcs7-mime; smime-type=signed-data")


def p7m_part(content: bytes, *, indefinite: bool = False) -> Part:
    return plain_part("application/pkcs7-mime", cms(content, indefinite=indefinite))


ALTERNATIVE = multipart("alternative", TEXT, HTML, boundary="=_signed")
ENVELOPED = cms(b"secret", oid=ENVELOPED_OID)
CLEAR = b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nplain\r\n- -- \r\nme\r\n"
ARMORED = b"-----BEGIN PGP SIGNATURE-----\r\n\r\niQEz\r\n-----END PGP SIGNATURE-----\r\n"
SECRET = "-----BEGIN PGP MESSAGE-----\r\n\r\nhQEM\r\n-----END PGP MESSAGE-----\r\n"
KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\r\n\r\nmQEN\r\n-----END PGP PUBLIC KEY BLOCK-----\r\n"
WINMAIL = tnef(attachment(b"r.pdf", PDF))

SEALS = [
    Row("PGP/MIME signed", mail(multipart("signed", TEXT, SIGNATURE)), text="plain", parts=(SIGNATURE_PART,)),
    Row("signed around an alternative", mail(multipart("signed", inner("alternative", TEXT, HTML), SIGNATURE)),
        **BOTH, parts=(SIGNATURE_PART,)),
    Row("a signature called text", mail(multipart("signed", TEXT, part(b"-----BEGIN PGP SIGNATURE-----"))),
        text="plain", parts=(plain_part("text/plain", b"-----BEGIN PGP SIGNATURE-----"),)),
    Row("a list's footer beside what is signed", mixed(inner("signed", TEXT, SIGNATURE), MORE),
        text="plain\n\nmore", parts=(SIGNATURE_PART,)),
    Row("S/MIME signed, detached", mail(multipart("signed", TEXT, attached(b"x", "application/pkcs7-signature"))),
        text="plain", parts=(plain_part("application/pkcs7-signature", b"x"),)),
    Row("S/MIME signed, opaque", mail(p7m(ALTERNATIVE)), **BOTH, parts=(p7m_part(ALTERNATIVE),)),
    Row("S/MIME signed, opaque, in BER", mail(p7m(ALTERNATIVE, indefinite=True)),
        **BOTH, parts=(p7m_part(ALTERNATIVE, indefinite=True),)),
    Row("opaque within opaque", mail(p7m(p7m(TEXT))), text="plain", parts=(p7m_part(TEXT), p7m_part(p7m(TEXT)))),
    Row("opaque beside a text, by its name",
        mixed(TEXT, attached(cms(MORE), "application/octet-stream; name=smime.p7m")), text="plain\n\nmore",
        parts=(plain_part("application/octet-stream", cms(MORE), "smime.p7m"),)),
    Row("opaque around a message", mail(p7m(eml())), parts=(p7m_part(eml()),), enclosed=("inner",)),
    Row("S/MIME encrypted", mail(attached(ENVELOPED, "application/pkcs7-mime; smime-type=enveloped-data")),
        parts=(plain_part("application/pkcs7-mime", ENVELOPED),), said=("sealed",)),
    Row("PGP/MIME encrypted",
        mail(multipart("encrypted", part(b"Version: 1", "application/pgp-encrypted"),
                       part(SECRET.encode(), "application/octet-stream; name=encrypted.asc"))),
        parts=(plain_part("application/pgp-encrypted", b"Version: 1"),
               plain_part("application/octet-stream", SECRET.encode(), "encrypted.asc")), said=("sealed",)),
    Row("clear-signed", mail(part(CLEAR + ARMORED)), text="plain\r\n-- \r\nme\r\n",
        parts=(plain_part("application/pgp-signature", ARMORED, "signature.asc", "attachment"),)),
    Row("PGP encrypted in the text", mail(part(SECRET.encode())), text=SECRET, said=("sealed",)),
    Row("a PGP key in the text", mail(part(KEY.encode())), text=KEY),
    Row("winmail.dat", mixed(TEXT, attached(WINMAIL, "application/ms-tnef; name=winmail.dat")), text="plain",
        parts=(plain_part("application/octet-stream", PDF, "r.pdf", "attachment"),), said=("unpacked",)),
    Row("uuencoded body", mail(part(b"plain\r\n" + UU)), text="plain\r\n", parts=(UU_PART,), said=("unpacked",)),
]  # fmt: skip

OUTER = b"--=_outer\r\n"
CLOSED = b"--=_outer--\r\n"
GOOD = OUTER + TEXT + b"\r\n" + OUTER + REPORT + b"\r\n" + CLOSED
TYPE = 'Content-Type: multipart/mixed; boundary="=_outer"'
TWO: Two = {"text": "plain", "parts": (REPORT_PART,)}

BOUNDARIES = [
    Row("as it should be", raw(TYPE, GOOD), **TWO),
    Row("missing end", raw(TYPE, GOOD.removesuffix(CLOSED)), **TWO, said=("structure",)),
    Row("parts after the end", raw(TYPE, OUTER + TEXT + b"\r\n" + CLOSED + OUTER + REPORT), **TWO, said=("structure",)),
    Row("text after the end", raw(TYPE, GOOD + b"an epilogue\r\n"), **TWO, said=("structure",)),
    Row("a part of its own after the end", raw(TYPE, GOOD + b"--odd\r\n" + MORE), text="plain",
        parts=(plain_part("text/plain", b"--odd\r\n" + MORE, None, "attachment"), REPORT_PART), said=("structure",)),
    Row("uuencode after the end", raw(TYPE, GOOD + UU), text="plain", parts=(UU_PART, REPORT_PART), said=("unpacked",)),
    Row("uuencode before the first", raw(TYPE, UU + GOOD), text="plain", parts=(UU_PART, REPORT_PART),
        said=("unpacked",)),
    Row("a notice before the first", raw(TYPE, b"This is a multi-part message in MIME format.\r\n" + GOOD), **TWO),
    Row("the only text before the first", raw(TYPE, b"words\r\n" + OUTER + REPORT + b"\r\n" + CLOSED),
        text="words", parts=(REPORT_PART,)),
    Row("only a notice and no text", raw(TYPE, b"Multipart MIME message\r\n" + OUTER + REPORT + b"\r\n" + CLOSED),
        parts=(REPORT_PART,)),
    Row("another one than announced", raw(TYPE.replace("outer", "other"), GOOD), **TWO, said=("structure",)),
    Row("none announced", raw("Content-Type: multipart/mixed", GOOD), **TWO, said=("structure",)),
    Row("none announced, none there", raw("Content-Type: multipart/mixed", b"words"), text="words",
        said=("structure",)),
    Row("announced twice", raw(TYPE + "; boundary=second", GOOD), **TWO),
    Row("unclosed quote", raw(TYPE.removesuffix('"'), GOOD), **TWO),
    Row("unquoted", raw("Content-Type: multipart/mixed; boundary==_outer", GOOD), **TWO),
    Row("spaces behind", raw(TYPE, GOOD.replace(b"outer\r\n", b"outer \t \r\n")), **TWO),
    Row("the beginning of the inner one",
        raw(TYPE, OUTER + multipart("alternative", TEXT, HTML, boundary="=_outer2") + b"\r\n" + CLOSED), **BOTH),
    Row("the inner one is its beginning",
        raw(TYPE, OUTER + multipart("alternative", TEXT, HTML, boundary="=_out") + b"\r\n" + CLOSED), **BOTH),
    Row("empty", raw(TYPE, CLOSED), text="--=_outer--\r\n", said=("structure",)),
    Row("nothing at all", raw(TYPE, b""), text="", said=("structure",)),
    Row("an empty part", raw(TYPE, OUTER + b"\r\n" + OUTER + TEXT + b"\r\n" + CLOSED), text="plain"),
    Row("bare LF", raw(TYPE, GOOD).replace(b"\r\n", b"\n"), **TWO),
    Row("bare CR", raw(TYPE, GOOD).replace(b"\r\n", b"\r"), **TWO),
    Row("mixed line ends", raw(TYPE, GOOD.replace(b"\r\n--", b"\n--").replace(b"plain", b"plain")), **TWO),
    Row("NULs in the text", raw(TYPE, GOOD.replace(b"plain", b"pl\0ain")), text="pl\0ain", parts=(REPORT_PART,)),
    Row("NULs in the header", raw(TYPE.replace("mixed", "mi\0xed"), GOOD), **TWO),
]  # fmt: skip

TYPES = [
    Row("missing", HEAD + b"\r\nwords", text="words"),
    Row("missing in a part", mixed(b"\r\nwords"), text="words"),
    Row("doubled", raw("Content-Type: text/html\r\nContent-Type: text/plain", b"<p>x</p>"), html="<p>x</p>"),
    Row("a comment before", raw("Content-Type: (odd) text/html", b"<p>x</p>"), html="<p>x</p>"),
    Row("a comment behind", raw("Content-Type: text/html (odd); charset=utf-8", b"<p>x</p>"), html="<p>x</p>"),
    Row("capitals", raw(TYPE.replace("multipart/mixed", "Multipart/MIXED").replace("Content", "CONTENT"), GOOD), **TWO),
    Row("spaces around the slash", raw("Content-Type: text / html", b"<p>x</p>"), html="<p>x</p>"),
    Row("quoted", raw('Content-Type: "text/html"', b"<p>x</p>"), html="<p>x</p>"),
    Row("no semicolon", mixed(TEXT, attached(PDF, 'application/pdf name="r.pdf"')), text="plain",
        parts=(plain_part("application/pdf", PDF, "r.pdf"),)),
    Row("only parameters", raw('Content-Type: charset="utf-8"', b"words"), text="words"),
    Row("a lone word", raw("Content-Type: text", b"words"), text="words"),
]  # fmt: skip

TABLE = [
    pytest.param(row, id=f"{group}: {row.name}")
    for group, rows in (
        ("nesting", NESTING),
        ("alternatives", ALTERNATIVES),
        ("inline", INLINE_PARTS),
        ("messages", MESSAGES),
        ("seals", SEALS),
        ("boundary", BOUNDARIES),
        ("type", TYPES),
    )
    for row in rows
]


def said(message: Message) -> tuple[str, ...]:
    return tuple(sorted({warning.code for warning in message.warnings}))


@pytest.mark.parametrize("row", TABLE)
def test_structure(row: Row) -> None:
    message = parse(row.mail)
    assert message.html == row.html
    assert message.text == row.text
    assert message.parts == row.parts
    assert tuple(inner.headers.subject for inner in message.enclosed) == row.enclosed
    assert said(message) == row.said


def article(data: bytes) -> Article:
    originals = unwrap(parse(data))
    assert len(originals) == 1
    return extract(originals[0], TagRules())


@pytest.mark.parametrize(("data", "ending"), [(PDF, "pdf"), (JPEG, "jpg"), (PNG, "png")])
def test_octets_without_a_name_get_the_ending_of_what_they_are(data: bytes, ending: str) -> None:
    sent = attached(data, "application/octet-stream", "Content-Disposition: attachment")
    files = article(mixed(TEXT, sent)).attachments
    assert [(file.file.rpartition(".")[2], file.data) for file in files] == [(ending, data)]


def test_octets_that_are_a_picture_are_one_where_they_are_inline_or_referred_to() -> None:
    inline = article(mixed(TEXT, attached(PNG, "application/octet-stream", "Content-Disposition: inline")))
    assert [(image.outcome, image.data) for image in inline.images] == [("unreferenced", PNG)]
    html = part(b'<p>x</p><img src="cid:p@x">', "text/html")
    for disposition in ("inline", "attachment"):
        sent = attached(
            PNG, "application/octet-stream", "Content-ID: <p@x>", f"Content-Disposition: {disposition}; filename=a.dat"
        )
        shown = article(mail(multipart("related", html, sent)))
        assert [(image.outcome, image.data) for image in shown.images] == [("cid", PNG)]
        assert shown.attachments == ()


def test_a_picture_between_two_texts_is_shown_between_them() -> None:
    shown = article(mixed(TEXT, NAMELESS, MORE, NAMELESS, part(b"end")))
    places = [shown.html.index(mark) for mark in ("plain", "<img", "more")]
    assert places == sorted(places)
    assert shown.html.count("<img") == 2
    assert [image.outcome for image in shown.images] == ["cid", "cid"]


def test_nothing_of_a_seal_is_in_the_text() -> None:
    for entity in (part(CLEAR + ARMORED), multipart("signed", TEXT, SIGNATURE), p7m(TEXT)):
        signed = article(mail(entity))
        assert "plain" in signed.text
        assert "PGP" not in signed.text
        assert "SHA256" not in signed.text
        assert len(signed.attachments) == 1
