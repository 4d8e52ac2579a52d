"""Two mails hold the same article when their URLs, or their texts, are the same but for what carries no meaning."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.archive.sameness import text_key, url_key
from mailarchiver.text.whitespace import fold

CANONICAL = "example.org/2024/Night-Train?id=7&page=2"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/2024/Night-Train?id=7&page=2",
        "http://www.Example.org/2024/Night-Train/?id=7&page=2",
        "https://example.org:443/2024/Night-Train?id=7&page=2#comments",
        "https://example.org/2024/Night-Train?utm_source=x&id=7&fbclid=abc&page=2&utm_medium=mail&gclid=1&mc_cid=2&twclid=3&msclkid=4",
        " https://reader@example.org/2024/Night-Train?id=7&&page=2 ",
    ],
)
def test_what_only_tells_the_way_is_left_out(url: str) -> None:
    assert url_key(url) == CANONICAL


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/2024/night-train?id=7&page=2",
        "https://example.org/2024/Night-Train?id=7",
        "https://example.org:8080/2024/Night-Train?id=7&page=2",
        "https://example.org/2024/Night-Train?id=7&page=2#!/other",
        "https://m.example.org/2024/Night-Train?id=7&page=2",
        "https://example.org/2024/Night-Train?id=7&page=2&utmost=1",
    ],
)
def test_what_names_another_page_is_kept(url: str) -> None:
    assert url_key(url) not in {CANONICAL, None}


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "https://a.example",
        "https://www.a.example/?utm_id=x#top",
        "mailto:a@b.example",
        "https://[::1",
        "http://",
    ],
)
def test_no_article_is_named_by_a_host_or_by_nothing(url: str | None) -> None:
    assert url_key(url) is None


@given(st.text())
def test_no_url_breaks_it(url: str) -> None:
    url_key(url)
    url_key(f"https://{url}")


def test_texts_are_equal_whatever_the_case_and_the_wrapping() -> None:
    assert text_key("The ﬁrst\ntrain", "a") == text_key("THE FIRST   TRAIN\n", "b")
    assert text_key("The first train", "a") != text_key("The last train", "a")


@given(st.text(st.characters(codec="ascii")) | st.text(st.sampled_from("AaÉ \n\u0301\u00a0…\u3000（！、’—“")))
def test_the_key_is_that_of_the_folded_text(text: str) -> None:
    digest = hashlib.sha256((fold(text) or "\0x").encode()).hexdigest()
    assert text_key(text, "x") == digest


def test_articles_without_text_are_not_the_same() -> None:
    assert text_key("", "a") != text_key(" \n", "b")
    assert len(text_key("", "a")) == 64


def test_half_a_character_breaks_no_key() -> None:
    assert len(text_key("\ud800", "a")) == 64
