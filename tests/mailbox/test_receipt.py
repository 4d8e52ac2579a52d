"""A receipt is a sound mail by the rules, threaded to the mail it tells of, and known again as ours."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailarchiver.mailbox.receipt import Facts, composed, message_id, told_by

if TYPE_CHECKING:
    from email.message import EmailMessage

NOON = datetime(2024, 3, 6, 12, tzinfo=UTC)
DIGEST = "3f9a1c2b7d40" + "0" * 52
FACTS = Facts(
    DIGEST,
    "<mail.1@example.org>",
    "Fwd: Die Grüße an alle",
    "articles@example.org",
    ("filed as “Grüße”\n7 of 8 pictures",),
)


def parsed(data: bytes) -> EmailMessage:
    message: EmailMessage = message_from_bytes(data, policy=policy.default)
    return message


def test_it_answers_the_mail_that_it_tells_of() -> None:
    message = parsed(composed(FACTS, NOON))
    assert dict(message.items()) == {
        "Date": "Wed, 06 Mar 2024 12:00:00 +0000",
        "From": "mailarchiver <articles@example.org>",
        "To": "articles@example.org",
        "Message-ID": f"<{DIGEST}@receipt.mailarchiver.invalid>",
        "In-Reply-To": "<mail.1@example.org>",
        "References": "<mail.1@example.org>",
        "Subject": "Re: Fwd: Die Grüße an alle",
        "Auto-Submitted": "auto-replied",
        "X-Mailarchiver-Receipt": DIGEST,
        "MIME-Version": "1.0",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "base64",
    }
    assert message.get_content().splitlines() == ["filed as “Grüße”", "7 of 8 pictures"]
    assert not message.defects


@pytest.mark.parametrize(
    "bad", [None, "", "<a@b>\r\nBcc: x@example.org", "<a b@c>", "no-brackets@x", f"<{'a' * 999}@b>"]
)
def test_an_id_that_could_not_stand_in_a_field_is_left_out(bad: str | None) -> None:
    message = parsed(composed(Facts(DIGEST, bad, None, "nobody", ()), NOON))
    assert (message["In-Reply-To"], message["References"], message["Bcc"]) == (None, None, None)
    assert message["To"] == "mailarchiver@receipt.mailarchiver.invalid"


@settings(deadline=None)
@given(st.text(max_size=400), st.text(max_size=400), st.text(max_size=60), st.text(max_size=60))
def test_no_text_leaves_its_field(subject: str, article: str, address: str, given_id: str) -> None:
    data = composed(Facts(DIGEST, given_id, subject, address, (article,)), NOON)
    head, _, _text = data.partition(b"\r\n\r\n")
    assert max(len(each) for each in data.split(b"\r\n")) <= 998
    assert data.isascii()
    assert data.count(b"\n") == data.count(b"\r\n")
    names = [each.split(b":")[0] for each in head.split(b"\r\n") if not each.startswith(b" ")]
    assert len(names) == len(set(names))
    assert set(names) <= {
        *(b"Date", b"From", b"To", b"Message-ID", b"In-Reply-To", b"References", b"Subject", b"Auto-Submitted"),
        *(b"X-Mailarchiver-Receipt", b"MIME-Version", b"Content-Type", b"Content-Transfer-Encoding"),
    }
    assert told_by(data) == DIGEST


def test_a_long_subject_is_folded_and_whole() -> None:
    subject = "密码 Grüße " * 20
    data = composed(Facts(DIGEST, None, subject, "a@example.org", ()), NOON)
    folded = [each for each in data.split(b"\r\n") if b"=?utf-8?" in each]
    assert len(folded) > 2
    assert max(map(len, folded)) <= 78
    assert parsed(data)["Subject"] == f"Re: {subject.strip()}"


def test_it_is_known_again_however_it_came_back() -> None:
    data = composed(FACTS, NOON)
    assert told_by(data) == DIGEST
    assert told_by(b"Received: from x\r\n\tby y\r\n" + data) == DIGEST
    assert (
        told_by(data.replace(b"Message-ID: ", b"Message-Id:\r\n\t").replace(b"Receipt: ", b"Receipt:\r\n ")) == DIGEST
    )
    assert message_id(DIGEST).encode() in data


@pytest.mark.parametrize(
    "header",
    [
        b"Subject: x",
        b"X-Mailarchiver-Receipt: " + DIGEST.encode(),
        b"Message-ID: " + message_id(DIGEST).encode(),
        b"X-Mailarchiver-Receipt: " + b"1" * 64 + b"\r\nMessage-ID: " + message_id(DIGEST).encode(),
        b"X-Mailarchiver-Receipt: " + DIGEST.encode() + b"x\r\nMessage-ID: " + message_id(DIGEST).encode(),
        b"X-Mailarchiver-Receipt: " + DIGEST.encode() + b"\r\nMessage-ID: <1@example.org>",
        b"\r\n\r\nX-Mailarchiver-Receipt: " + DIGEST.encode() + b"\r\nMessage-ID: " + message_id(DIGEST).encode(),
    ],
)
def test_other_mail_is_none_of_ours(header: bytes) -> None:
    assert told_by(header + b"\r\n\r\ntext\r\n") is None


def test_an_answer_to_a_receipt_is_somebody_s_mail() -> None:
    answer = f"Message-ID: <2@example.org>\r\nIn-Reply-To: {message_id(DIGEST)}\r\nSubject: Re: x\r\n\r\nThanks\r\n"
    assert told_by(answer.encode()) is None
    attached = b"Message-ID: <3@example.org>\r\nContent-Type: message/rfc822\r\n\r\n" + composed(FACTS, NOON)
    assert told_by(attached) is None
