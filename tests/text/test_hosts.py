"""Hosts are told by what is written: no test here could reach a resolver."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.text.hosts import host_of, is_loopback, plain_host


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.Example.org/a", "example.org"),
        ("HTTP://user@example.org:8080", "example.org"),
        (" https://example.org ", "example.org"),
        ("https://wwwhat.example", "wwwhat.example"),
        ("javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("data:text/html,<script>", None),
        ("//example.org/a", None),
        ("file:///etc/passwd", None),
        ("https://", None),
        ("https://[::1", None),
    ],
)
def test_only_the_web_has_hosts(url: str, host: str | None) -> None:
    assert host_of(url) == host


@given(
    st.sampled_from(["http://", "https://", "HTTP://", "ftp://", "//"]),
    st.text("a.-1A:@[]%\n\t ä", max_size=6),
    st.sampled_from(["", "/", "?", "#", "/a b", "\n/", "\\"]),
)
def test_a_host_that_is_seen_without_parsing_is_what_parsing_finds(scheme: str, host: str, rest: str) -> None:
    url = scheme + host + rest
    seen = plain_host(url)
    assert seen is None or seen == urlsplit(url).hostname


@pytest.mark.parametrize("url", ["https://example.org", "http://a-b.example.org/x?y#z", "https://example.org?q"])
def test_most_hosts_are_seen_without_parsing(url: str) -> None:
    assert plain_host(url) == urlsplit(url).hostname


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST", "localhost."])
def test_what_is_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["192.0.2.1", "localhost.example.org", "127.0.0.1.example.org", "0.0.0.0", "::2", ""])  # noqa: S104 - not bound to
def test_what_is_another_machine(host: str) -> None:
    assert not is_loopback(host)


@given(st.text())
def test_nothing_written_breaks_them(text: str) -> None:
    host_of(text)
    is_loopback(text)
