"""Whether fewer octets than were stated are all there is: told by the octets of the parts, whatever the server says."""

from __future__ import annotations

from typing import Any

import pytest
from imapclient.response_types import BodyData

from mailarchiver.mailbox.wholeness import doubt
from mailarchiver.mailbox.wire import IMAPError

HEADER = b"Subject: Walk\r\n\r\n"
TEXT = (b"TEXT", b"PLAIN", None, None, None, b"7BIT", 100, 3)
HTML = (b"TEXT", b"HTML", None, None, None, b"7BIT", 200, 5)
MAIL = (b"MESSAGE", b"RFC822", None, None, None, b"7BIT", 500, None, TEXT, 9)


class Server:
    """Tells a structure, or raises."""

    def __init__(self, told: Any) -> None:
        self.told = told

    def fetch(self, uids: list[int], items: list[str]) -> dict[int, dict[bytes, Any]]:
        assert items == ["BODYSTRUCTURE"]
        if isinstance(self.told, Exception):
            raise self.told
        return {uids[0]: {b"BODYSTRUCTURE": self.told}}


def doubted(told: Any, octets: int, *, stated: int = 10_000) -> bool:
    return doubt(Server(told), 1, HEADER + b"x" * octets, stated) is not None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("structure", "octets"),
    [
        (TEXT, 100),
        ((TEXT, HTML, b"MIXED"), 300),
        ((TEXT, (HTML, HTML, b"RELATED"), b"ALTERNATIVE"), 500),
        (MAIL, 500),
        ((TEXT, MAIL, b"MIXED"), 600),
    ],
)
def test_what_can_hold_all_parts_is_all(structure: Any, octets: int) -> None:
    told = BodyData.create(structure)
    assert not doubted(told, octets)
    assert not doubted(told, octets + 50)
    assert doubted(told, octets - 1)


@pytest.mark.parametrize("parameters", [(b"BOUNDARY", b"x-1"), (b"CHARSET", b"UTF-8", b"boundary", b"x-1")])
def test_a_mail_of_parts_has_its_last_boundary(parameters: tuple[bytes, ...]) -> None:
    """What stands between the parts is not told: it makes up for as much that is missing at the end."""
    told = BodyData.create((TEXT, HTML, b"MIXED", parameters, None, None))
    part = b"--x-1\r\nContent-Type: text/plain\r\n\r\n" + b"x" * 150 + b"\r\n"
    whole = HEADER + part + part + b"--x-1--\r\n"
    assert len(whole) - 20 > 300 + len(HEADER)
    assert doubt(Server(told), 1, whole, 10_000) is None  # type: ignore[arg-type]
    assert doubt(Server(told), 1, whole[:-20], 10_000) is not None  # type: ignore[arg-type]
    assert doubt(Server(told), 1, HEADER + b"--x-1--" + b"x" * 300, 10_000) is None  # type: ignore[arg-type]


def test_nothing_is_asked_where_as_much_came_as_was_stated() -> None:
    assert not doubted(AssertionError("asked"), 5000, stated=5000)
    assert not doubted(AssertionError("asked"), 5000, stated=10)


@pytest.mark.parametrize(
    "told", [None, (), (b"TEXT",), ([None],), (*TEXT[:6], None), IMAPError("NO"), ValueError("x"), RecursionError()]
)
def test_without_a_structure_doubt_remains(told: Any) -> None:
    assert doubted(told, 5000)


def test_a_mail_without_a_body_is_in_doubt() -> None:
    assert doubt(Server(TEXT), 1, b"Subject: Walk\r\n", 1000) == (  # type: ignore[arg-type]
        "the server states 1000 octets for this mail, and gave 15 of them, twice"
    )


def test_a_broken_connection_is_no_answer() -> None:
    with pytest.raises(IMAPError, match="gone"):
        doubted(IMAPError.__subclasses__()[0]("gone"), 5000)
