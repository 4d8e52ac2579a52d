"""Mail that was put back into the mail unchanged (RFC 5322 §3.6.6)."""

from __future__ import annotations

from mailarchiver.message import parse
from mailarchiver.model import Address

from .making import mail, only, part

BODY = part(b"It rained.")
RESENT = (
    b"Resent-From: Fay Forwarder <fay@example.org>\r\nResent-To: archive@example.net\r\n"
    b"Resent-Date: Fri, 8 Mar 2024 10:00:00 +0100\r\nResent-Message-ID: <2@example.org>\r\n"
)
EARLIER = (
    b"Resent-From: Gil <gil@example.org>\r\nResent-To: fay@example.org\r\n"
    b"Resent-Date: Thu, 7 Mar 2024 20:00:00 +0100\r\n"
)


def test_who_resent_it_forwarded_it() -> None:
    original = only(parse(RESENT + mail(BODY, "Rain in May")))
    assert (original.forwarded, original.reason, original.note) == ("resent", "Resent-From field", None)
    assert original.headers.subject == "Rain in May"
    assert original.text == "It rained."
    (hop,) = original.hops
    assert hop.sender == Address("Fay Forwarder", "fay@example.org")
    assert hop.to == (Address("", "archive@example.net"),)
    assert hop.date == "2024-03-08T10:00:00+01:00"


def test_the_latest_is_outermost() -> None:
    hops = only(parse(RESENT + EARLIER + mail(BODY))).hops
    assert [hop.sender.address for hop in hops if hop.sender] == ["fay@example.org", "gil@example.org"]


def test_a_list_forwards_nothing() -> None:
    original = only(parse(b"List-Id: <rain.example.org>\r\n" + RESENT + mail(BODY)))
    assert (original.forwarded, original.hops) == (None, ())


def test_without_an_address_nobody_resent_it() -> None:
    assert only(parse(b"Resent-From: \r\nResent-Date: x\r\n" + mail(BODY))).forwarded is None
