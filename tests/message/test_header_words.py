"""Header fields in the forms in which they really come: what a reader sees of them, row by row."""

from __future__ import annotations

import time

import pytest

from mailarchiver.message.encoded_words import decode_words
from mailarchiver.message.fields import structured
from mailarchiver.message.parse import parse
from mailarchiver.model import Address, Headers


def headers(fields: bytes) -> Headers:
    return parse(fields + b"\r\n\r\nx").headers


# --- RFC 2047 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        # as §2 and §4 have them
        ("=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?q?gr=c3=bc=c3=9fe?=", "grüße"),
        ("=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"),
        ("=?utf-8?b?R3LDvMOfZQ==?=", "Grüße"),
        ("=?utf-8?q?a_b=5Fc?=", "a b_c"),
        ("=?utf-8*en-GB?b?w6Q=?=", "ä"),  # a language: RFC 2231 §5
        ("=?utf-8?q??=", ""),
        # neighbours: §6.2
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?=\t  =?UTF-8?Q?b?=", "ab"),
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        ("=?utf-8?q?a?= =?iso-8859-1?q?=E4?= =?koi8-r?b?8A==?=", "aäП"),
        ("=?utf-8?B?RG9u4oCZdCA=?= =?utf-8?Q?x?=", "Don’t x"),
        # a character cut in two, against §5
        ("=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=", "café"),
        ("=?utf-8?b?Y2Fmww==?= =?utf-8?b?qQ==?=", "café"),
        ("=?utf-8?b?w6?= =?utf-8?b?Q=?=", "ä"),  # not even at an octet
        ("=?ISO-2022-JP?B?GyRCRnw=?= =?ISO-2022-JP?B?GyRCS1wbKEI=?=", "日本"),
        ("=?ISO-2022-JP?B?GyRCRnwbKEI=?= =?ISO-2022-JP?B?GyRCS1wbKEI=?=", "日本"),
        # where no word may stand, against §5
        ("x=?utf-8?q?=C3=A4?=y", "xäy"),
        ("=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
        ("=?utf-8?Q?a?=,=?utf-8?Q?b?=", "a,b"),
        ('"=?utf-8?q?=C3=A4?="', '"ä"'),
        # what no word may hold
        ("=?utf-8?q?a b?=", "a b"),
        ("=?utf-8?q?What??=", "What?"),
        ("=?utf-8?q?What? No?=", "What? No"),
        ("=?utf-8?q?=C3=A4=?=", "ä"),
        ("=?utf-8?q?100=zz?=", "100=zz"),
        ("=?utf-8?q?a=0D=0ABcc:_x=00?=", "aBcc: x"),
        # base64 in need of repair
        ("=?utf-8?B?R3LDvMOfZQ?=", "Grüße"),
        ("=?utf-8?b?w6Q==?=", "ä"),
        ("=?utf-8?b?w6 Q=?=", "ä"),
        ("=?utf-8?b?YWJjZ?=", "abc"),
        ("=?utf-8?b?YWJj*ZGVm?=", "abcdef"),
        # charsets: unknown, missing, wrong, wider than they say
        ("=?x-none?q?=C3=A4?=", "ä"),
        ("=??q?=C3=A4?=", "ä"),
        ("=?unknown-8bit?q?=E4?=", "ä"),
        ("=?us-ascii?q?=C3=A4?=", "ä"),
        ("=?iso-8859-1?q?=C3=A4?=", "ä"),
        ("=?iso-8859-1?q?=93x=94?=", "“x”"),
        ("=?utf-8?q?Caf=E9?=", "Café"),
        ("=?gb2312?b?1tDOxIFA?=", "中文丂"),
        ("=?windows-1251?Q?=CF=F0=E8=E2=E5=F2?=", "Привет"),
        ("=?utf-7?q?+AOQ-?=", "ä"),
        # encoded twice
        ("=?utf-8?q?=3D=3Futf-8=3Fq=3F=3DC3=3DA4=3F=3D?=", "ä"),
        ("=?utf-8?B?PT91dGYtOD9CP3c2UT0/PQ==?=", "ä"),
        ("=?utf-8?q?Gr=C3=83=C2=BC=C3=83=C5=B8e?=", "Grüße"),
        ("GrÃ¼Ã\x9fe", "Grüße"),
        ("donâ€™t", "don’t"),
        ("ðŸ˜€", "😀"),
        # what only looks like it
        ("AMANHÃ…", "AMANHÃ…"),
        ("Ã¼ber", "Ã¼ber"),  # one pair proves nothing
        ("“GrÃ¼ÃŸe” heißt Grüße", "“GrÃ¼ÃŸe” heißt Grüße"),
        ("1 =? 2 ?= 3", "1 =? 2 ?= 3"),
        ("=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        ("=?utf-8?q?never ended", "=?utf-8?q?never ended"),
        ("=?utf-8?b?a?=", "=?utf-8?b?a?="),
        ("=?utf-8?Q?a?= =?utf-8?b?!!!?= =?utf-8?Q?c?=", "a =?utf-8?b?!!!?= c"),
    ],
)
def test_encoded_words(raw: str, text: str) -> None:
    assert decode_words(raw) == text


@pytest.mark.parametrize(
    "piece", ["=?a?q?", "=?a?b?", "?=", "=?", "?", "=", "=?utf-8?q?=3D=3Fa=3Fq=3F?=", "=?utf-8?b?QQ?="]
)
def test_words_take_linear_time(piece: str) -> None:
    start = time.process_time()
    decode_words(piece * (65_536 // len(piece)))
    assert time.process_time() - start < 1


# --- subjects ---------------------------------------------------------------------------------------------------------

CYRILLIC, CHINESE = "Привет, как дела", "市议会批准绿化计划"


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        ("Grüße aus Köln".encode(), "Grüße aus Köln"),
        ("Grüße aus Köln".encode("latin-1"), "Grüße aus Köln"),
        (CYRILLIC.encode("windows-1251"), CYRILLIC),
        (CYRILLIC.encode("koi8-r"), CYRILLIC),
        (b"Gr\xc3\xbc =?utf-8?q?=C3=9F?= e", "Grü ß e"),
        (b"Gr\xfc =?utf-8?q?=C3=9F?= e", "Grü ß e"),
        (b"a\r\n  b\r\n\tc", "a b c"),
        (b"=?utf-8?q?long?=\r\n\t=?utf-8?q?er?=", "longer"),
        (b"a\0b\x1b[31m\x7f", "ab[31m"),
        (b"a\tb", "a\tb"),
        (b"", None),
        (b" \t ", None),
        (b"\xff\xfeA title", "A title"),  # no header is in UTF-16
    ],
)
def test_subjects(raw: bytes, subject: str | None) -> None:
    assert headers(b"Subject: " + raw).subject == subject


@pytest.mark.parametrize(
    ("text", "charset"), [(CHINESE, "gb18030"), ("中文", "gb2312"), ("é", "cp850"), ("Ж", "koi8-r")]
)
def test_raw_octets_are_in_the_charset_of_the_text_below(text: str, charset: str) -> None:
    field = b"Subject: " + text.encode(charset)
    single = parse(field + f"\r\nContent-Type: text/plain; charset={charset}\r\n\r\nx".encode())
    inner = f"Content-Type: text/plain; charset={charset}\r\n\r\nx\r\n".encode()
    several = parse(field + b"\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + inner + b"--b--\r\n")
    assert single.headers.subject == several.headers.subject == text


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "iso-2022-jp", "hz", "utf-8", "nonsense"])
def test_no_other_charset_spoils_a_raw_header(charset: str) -> None:
    mail = f"Content-Type: text/plain; charset={charset}\r\n".encode() + b"Subject: Caf\xe9 +AOQ- ~{\r\n\r\nx"
    assert parse(mail).headers.subject == "Café +AOQ- ~{"


# --- addresses --------------------------------------------------------------------------------------------------------

JANE, BOB = Address("Jane Roe", "jane@x.example"), Address("", "bob@y.example")


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        # RFC 5322 §3.4
        ("Jane Roe <jane@x.example>", (JANE,)),
        ('"Jane Roe" <jane@x.example>', (JANE,)),
        ('"Roe, Jane" <jane@x.example>, bob@y.example', (Address("Roe, Jane", "jane@x.example"), BOB)),
        ('"Jane \\"J\\" Roe" <jane@x.example>', (Address('Jane "J" Roe', "jane@x.example"),)),
        ('"Jane\r\n Roe" <jane@x.example>', (JANE,)),
        ("Jane\tRoe\r\n\t<jane@x.example>", (JANE,)),
        ("jane@x.example (Jane Roe)", (JANE,)),
        ("jane@x.example (=?utf-8?q?J=C3=A4ne?=)", (Address("Jäne", "jane@x.example"),)),
        ("A Group:Jane Roe <jane@x.example>,bob@y.example;", (JANE, BOB)),
        ("undisclosed-recipients:;", ()),
        ("Undisclosed recipients: ;", ()),
        ('"jane roe"@x.example', (Address("", '"jane roe"@x.example'),)),
        ('"a@b"@x.example', (Address("", '"a@b"@x.example'),)),
        ("jane@[192.0.2.1]", (Address("", "jane@[192.0.2.1]"),)),
        # RFC 6532, RFC 5890
        ("Jörg <jörg@müller.example>", (Address("Jörg", "jörg@müller.example"),)),
        ("jane@xn--mller-kva.example", (Address("", "jane@xn--mller-kva.example"),)),
        # obsolete: §4.4
        ("Jane Roe <@a.example,@b.example:jane@x.example>", (JANE,)),
        ("jane @ x.example", (Address("", "jane@x.example"),)),
        ("Dr. Jane Q. Roe <jane@x.example>", (Address("Dr. Jane Q. Roe", "jane@x.example"),)),
        ("Jane Roe <jane@x.example>,, bob@y.example,", (JANE, BOB)),
        # RFC 2047 §5, rule 3: a word is a name, and changes no address
        ("=?utf-8?q?Jane=40example.org?= <a@b.example>", (Address("Jane@example.org", "a@b.example"),)),
        ("=?utf-8?q?Jane_=3Cevil=40x.org=3E?= <a@b.example>", (Address("Jane <evil@x.org>", "a@b.example"),)),
        ("=?utf-8?q?Roe=2C_Jane?= <jane@x.example>, bob@y.example", (Address("Roe, Jane", "jane@x.example"), BOB)),
        ("=?utf-8?q?Roe=2C_J?=\r\n =?utf-8?q?ane?= <jane@x.example>", (Address("Roe, Jane", "jane@x.example"),)),
        ("=?utf-8?Q?Roe, Jane?= <jane@x.example>", (Address("Roe, Jane", "jane@x.example"),)),
        ("=?utf-8?q?a=2Cb?= <a@b.example>; =?utf-8?q?x=40y?= <c@d.example>",
         (Address("a,b", "a@b.example"), Address("x@y", "c@d.example"))),
        ('"=?utf-8?q?J=C3=A4ne?=" <jane@x.example>', (Address("Jäne", "jane@x.example"),)),
        ("=?utf-8?q?J=C3=A4ne?=<jane@x.example>", (Address("Jäne", "jane@x.example"),)),
        ("=?utf-8?q?J=C3=83=C2=A4ne_M=C3=83=C2=BC?= <jane@x.example>", (Address("Jäne Mü", "jane@x.example"),)),
        ("=?utf-8?q?Jane_Roe_=3Cjane=40x.example=3E?=", (JANE,)),  # QUIRK: all of the field encoded
        # broken
        ("Roe, Jane <jane@x.example>", (Address("Roe, Jane", "jane@x.example"),)),
        ("Jane Roe <jane@x.example>; bob@y.example", (JANE, BOB)),
        ("Jane Roe <jane@x.example>;", (JANE,)),
        ("Jane Roe <jane@x.example", (JANE,)),
        ("Jane Roe jane@x.example>", (JANE,)),
        ("Jane Roe jane@x.example", (JANE,)),
        ("Jane Roe <<jane@x.example>>", (JANE,)),
        ("Jane Roe <mailto:jane@x.example>", (JANE,)),
        ("Jane Roe <jane@x.example.>", (JANE,)),
        ("<jane@x.example> Jane Roe", (JANE,)),
        ("Jane Roe <jane>", (Address("Jane Roe", "jane"),)),
        ("MAILER-DAEMON (Mail Delivery System)", (Address("MAILER-DAEMON (Mail Delivery System)", ""),)),
        ("jane@x.example <jane@x.example>", (Address("", "jane@x.example"),)),
        ("bob@y.example <jane@x.example>", (Address("bob@y.example", "jane@x.example"),)),
        ("Jane\0 Roe <jane@x.example>", (JANE,)),
        ("Jane Roe", (Address("Jane Roe", ""),)),
        ("<>", ()),
        ("", ()),
    ],
)  # fmt: skip
@pytest.mark.parametrize("field", ["To", "cc"])
def test_addresses(field: str, raw: str, found: tuple[Address, ...]) -> None:
    read = headers(f"{field}: {raw}".encode())
    assert (read.to if field == "To" else read.cc) == found


@pytest.mark.parametrize(
    ("fields", "sender"),
    [
        ("From: jane@x.example\r\nFrom: bob@y.example", Address("", "jane@x.example")),  # §3.6: one; the first counts
        ("From: jane@x.example, bob@y.example\r\nSender: bob@y.example", Address("", "jane@x.example")),
        ("Sender: =?utf-8?q?Roe=2C_Jane?= <jane@x.example>", Address("Roe, Jane", "jane@x.example")),
        ("From:\r\nSender: bob@y.example", BOB),
        ("from : bob@y.example", BOB),
        ("From: undisclosed-sender:;", None),
    ],
)
def test_senders(fields: str, sender: Address | None) -> None:
    assert headers(fields.encode()).sender == sender


def test_a_field_that_stands_there_twice_is_told() -> None:
    twice = parse(b"From: a@x.example\r\nFrom: b@x.example\r\nTo: c@x.example\r\nTo: c@x.example\r\n\r\nx")
    assert [warning.detail for warning in twice.warnings] == ["more than one From field: the first one counts"]


@pytest.mark.parametrize(
    ("raw", "message_id"),
    [("<a@b>", "<a@b>"), (" <a@b>\r\n\t", "<a@b>"), ("=?utf-8?q?=3Ca=40b=3E?=", "<a@b>"), ("a b", "a b"), ("", None)],
)
def test_message_ids(raw: str, message_id: str | None) -> None:
    assert headers(f"Message-ID: {raw}".encode()).message_id == message_id


# --- dates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "date"),
    [
        ("Thu, 7 Mar 2024 09:00:00 +0100", "2024-03-07T09:00:00+01:00"),
        ("7 Mar 2024 09:00 +0100", "2024-03-07T09:00:00+01:00"),
        ("Thu, 7 Mar 2024 09:00:00 -0000", "2024-03-07T09:00:00+00:00"),
        ("Thu, 7 Mar 2024 23:59:60 +0000", "2024-03-08T00:00:00+00:00"),
        ("Thu, 7 Mar 2024 09:00:00 +0100 (CET)", "2024-03-07T09:00:00+01:00"),
        ("Fri, 7 Mar 2024 09:00:00 +0100", "2024-03-07T09:00:00+01:00"),  # it was a Thursday
        # obsolete: §4.3
        ("Thu, 7 Mar 24 09:00:00 GMT", "2024-03-07T09:00:00+00:00"),
        ("Sun, 7 Mar 99 09:00:00 UT", "1999-03-07T09:00:00+00:00"),
        ("Wed, 7 Mar 101 09:00:00 GMT", "2001-03-07T09:00:00+00:00"),
        ("Thu, 7 Mar 2024 09:00:00 EST", "2024-03-07T14:00:00+00:00"),
        ("Thu, 7 Mar 2024 09:00:00 PDT", "2024-03-07T16:00:00+00:00"),
        ("Thu, 7 Mar 2024 09:00:00 A", "2024-03-07T09:00:00+00:00"),
        ("Thu, 7 Mar 2024 09 : 00 : 00 +0100", "2024-03-07T09:00:00+01:00"),
        # broken
        ("Thu, 7 Mar 2024 09:00:00", "2024-03-07T09:00:00"),
        ("Thu,7 Mar 2024 09:00:00+0100", "2024-03-07T09:00:00+01:00"),
        ("Thu, 7 Mar 2024 9:5:1 +0100", "2024-03-07T09:05:01+01:00"),
        ("Thu, 7 Mar 2024 09:00:00 +01:00", "2024-03-07T09:00:00+01:00"),
        ("Thu, 7 Mar 2024 09:00:00 GMT+0100", "2024-03-07T09:00:00+01:00"),
        ("Thu Mar  7 09:00:00 2024", "2024-03-07T09:00:00"),
        ("Thursday, 07-Mar-24 09:00:00 GMT", "2024-03-07T09:00:00+00:00"),
        ("2024-03-07T09:00:00Z", "2024-03-07T09:00:00+00:00"),
        ("=?utf-8?q?Thu=2C_7_Mar_2024_09=3A00=3A00_+0100?=", "2024-03-07T09:00:00+01:00"),
        # none
        ("Thu, 31 Feb 2024 09:00:00 +0000", None),
        ("Thu, 7 Mar 2024 24:00:00 +0000", None),
        ("3/4/2024", None),
        ("", None),
    ],
)  # fmt: skip
def test_dates(raw: str, date: str | None) -> None:
    assert headers(f"Date: {raw}".encode()).date == date


# --- parameters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        # RFC 2231 §3: continuations in any order, of one digit or two
        (b"filename*1=b; filename*0=a", "ab"),
        (b"filename*10=k; filename*2=c; filename*1=b; filename*0=a", "abck"),
        (b"filename*0=a; filename*2=c", "ac"),  # a gap: what is there counts
        (b"filename*00=a; filename*01=b", "ab"),
        # §4: charset and language
        (b"filename*=utf-8''%C3%A4.txt", "ä.txt"),
        (b"filename*=iso-8859-1'de'%E4%F6", "äö"),
        (b"filename*=''a%20b", "a b"),
        (b"filename*='en'a", "a"),
        (b"filename*=a%20b", "a b"),
        (b"filename*=x-none''%C3%A4", "ä"),
        (b"filename*=\"utf-8''%C3%A4\"", "ä"),
        (b"filename*=utf-8''it's.txt", "it's.txt"),
        (b"filename*=utf-8''100%", "100%"),
        # §4.1: both; the charset stands in the first, which alone need be starred
        (b"filename*1*=%A4; filename*0*=utf-8''%C3", "ä"),
        (b"filename*0*=iso-8859-1''%E4; filename*1*=%F6", "äö"),
        (b"filename*0*=utf-8''%C3%A4; filename*1=%20b; filename*2*=%20c", "ä%20b c"),
        # of both forms the extended one counts, if it says anything
        (b"filename=poor.txt; filename*=utf-8''%C3%A4", "ä"),
        (b"filename*=utf-8''%C3%A4; filename=poor.txt", "ä"),
        (b"filename=poor.txt; filename*0=a; filename*1=b", "ab"),
        (b"filename=poor.txt; filename*=utf-8''", "poor.txt"),
        (b"filename=poor.txt; filename*1*=x", "poor.txt"),
        (b"filename=first; filename=second", "first"),
        # RFC 2047, forbidden here by §5
        (b'filename="=?utf-8?q?=C3=A4=2Etxt?="', "ä.txt"),
        (b"filename==?utf-8?q?=C3=A4?=", "ä"),
        (b'filename="=?utf-8?q?a?= =?utf-8?q?b?="', "ab"),
        (b'filename*0="=?utf-8?B?w6Q"; filename*1="=?=.txt"', "ä.txt"),
        # percents that nothing announces may be meant
        (b"filename=a%20b.txt", "a%20b.txt"),
        (b'filename="100%25.txt"', "100%25.txt"),
        # raw octets
        (b'filename="\xc3\xa4.txt"', "ä.txt"),
        (b'filename="\xe4.txt"', "ä.txt"),
        # quotes, or none
        (b'filename="C:\\dir\\file.txt"', "C:\\dir\\file.txt"),
        (b'filename="a\\\\b \\"c\\".txt"', 'a\\b "c".txt'),
        (b'filename = "a.txt" ; size=3', "a.txt"),
        (b"filename=annual report (1).pdf", "annual report (1).pdf"),
        (b'filename="never closed', "never closed"),
        (b'filename="a\0b\rc"', "abc"),
        (b"FileName=A.txt", "A.txt"),
        (b'filename=""', ""),
        (b"filename=", ""),
        (b"filename", None),
    ],
)  # fmt: skip
def test_names_of_parts(raw: bytes, name: str | None) -> None:
    read = structured(b"attachment; " + raw)
    assert (read.value, read.parameters.get("filename")) == ("attachment", name)


@pytest.mark.parametrize(
    ("raw", "value", "name"),
    [
        (b"attachment name=a.txt", "attachment", "a.txt"),
        (b"attachment, name=a.txt", "attachment", "a.txt"),
        (b"attachment (a comment); name=a.txt", "attachment", "a.txt"),
        (b"text / html; name=a", "text/html", "a"),
        (b"Text/HTML name=a", "text/html", "a"),
        (b'"text/html"; name=a', "text/html", "a"),
        (b"; name=a.txt", "x", "a.txt"),
        (b"name=a.txt", "x", "a.txt"),
        (b"name = a.txt", "x", "a.txt"),
    ],
)
def test_values_with_bad_punctuation(raw: bytes, value: str, name: str) -> None:
    read = structured(raw, "x")
    assert (read.value, read.parameters["name"]) == (value, name)


def test_a_boundary_in_a_header_ends_it() -> None:
    message = parse(b"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=ab\n"
                    b"MIME-Version: 1.0\n--ab\nContent-Type: text/plain\n\nx\n--ab--\n--a--\n")  # fmt: skip
    assert message.text == "x"
    assert message.parts == ()
