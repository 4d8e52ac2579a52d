"""The embedded server beyond what the contract suite asks of it: it comes and goes without a trace."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from mailarchiver.demo.server import EmbeddedServer
from tests.servers.other_client import OtherClient

NOON = datetime(2024, 3, 6, 12, tzinfo=UTC)
MAIL = b"Subject: bare\nline ends, and octets: \xff\x00\r\n\r\nx"


def test_octets_come_back_as_they_were_put_in() -> None:
    with (
        EmbeddedServer([(MAIL, NOON)]) as server,
        OtherClient(server.host, server.port, server.username, server.password) as client,
    ):
        assert client.bodies() == [MAIL]


def test_mail_can_arrive_and_vanish_while_it_runs() -> None:
    with EmbeddedServer(folders=["Später"]) as server:
        first, second = server.deliver(MAIL, NOON), server.deliver(b"Subject: x\r\n\r\n", NOON)
        server.deliver(MAIL, NOON, "Später")
        server.remove(first)
        server.remove(first)
        with OtherClient(server.host, server.port, server.username, server.password) as client:
            assert set(client.flags()) == {second}
            assert client.bodies("Später") == [MAIL]
        with pytest.raises(KeyError):
            server.deliver(MAIL, NOON, "Nowhere")


def test_several_run_side_by_side() -> None:
    with EmbeddedServer() as one, EmbeddedServer() as two:
        assert one.port != two.port
        one.deliver(MAIL, NOON)
        with OtherClient(two.host, two.port, two.username, two.password) as client:
            assert client.bodies() == []


def test_a_date_without_a_zone_is_refused_and_nothing_stays_behind() -> None:
    before = threading.active_count()
    with pytest.raises(ValueError, match="INTERNALDATE has a zone"), EmbeddedServer([(MAIL, datetime(2024, 3, 6))]):  # noqa: DTZ001 - that is the point
        pytest.fail("it started")
    assert threading.active_count() == before


def test_it_ends_while_clients_are_connected() -> None:
    with EmbeddedServer() as server:
        client = OtherClient(server.host, server.port, server.username, server.password)
        client._client.plain_login(server.username, server.password)
        client._client.select_folder("INBOX")
        client._client.idle()
    client._client.shutdown()
