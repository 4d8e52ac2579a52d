"""White space and words as a reader sees them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.text.whitespace import collapse, count_words, excerpt, fold, is_even


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one\n  two\t three", "one two three"),
        (" kept at the ends ", " kept at the ends "),
        ("\n\nat\r\nboth\n", " at both "),
        ("no\u00a0break\u202fspaces\u3000too", "no break spaces too"),
        ("中国\n人民", "中国人民"),
        ("昨日は\n   東京に。\n今日は", "昨日は東京に。今日は"),
        ("ﾃｽﾄ\nカナ", "ﾃｽﾄカナ"),
        ("中国 人民", "中国 人民"),  # a space was typed: it stays
        ("한국\n사람", "한국 사람"),  # Korean writes spaces
        ("日本\nPython\n日本", "日本 Python 日本"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_white_space_collapses_as_html_shows_it(text: str, expected: str) -> None:
    assert collapse(text) == expected


@given(st.text(alphabet=st.sampled_from("ab中ア。한 \n\r\t\u00a0\u3000"), max_size=40))
def test_collapsing_twice_is_collapsing_once(text: str) -> None:
    once = collapse(text)
    assert collapse(once) == once
    assert "\n" not in once
    assert "  " not in once
    assert "".join(once.split()) == "".join(text.split())


@given(st.text(st.sampled_from("ab \t\n\x0b\x1c\x85\xa0\u2003\u2028\u3000漢é\u200b")))
def test_all_white_space_of_an_even_text_is_single_spaces(text: str) -> None:
    if is_even(text):
        assert {character for character in text if character.isspace()} <= {" "}
        assert "  " not in text


def test_most_texts_are_even() -> None:
    assert is_even("Grüße aus 東京, 12 km – “here”.")
    assert not is_even("two  spaces")
    assert not is_even("two\nlines")


def test_folding_makes_copies_equal() -> None:
    assert fold("Straße\u00a0ﬁn ") == fold("STRASSE FIN") == "strassefin"
    assert fold("Ａ\u3000Ｂ\n") == "ab"


@given(st.text())
def test_what_is_folded_has_no_white_space(text: str) -> None:
    assert not any(character.isspace() for character in fold(text))
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("Don't stop — ever …", 3),
        ("state-of-the-art (2nd ed.)", 3),
        ("中国人民", 4),
        ("東京タワー", 5),
        ("중국 사람", 2),
        ("Python 入門 3", 4),
    ],
)
def test_words_are_counted(text: str, words: int) -> None:
    assert count_words(text) == words


@given(st.text(st.characters(max_codepoint=0xFF) | st.sampled_from("–—‘’“”„…•")))
def test_words_are_counted_alike_in_any_script(text: str) -> None:
    """A Greek word keeps a text out of Latin-1, and so from being counted the fast way."""
    assert count_words(text + " λόγος") == count_words(text) + 1


def test_an_excerpt_is_the_text_where_it_is_short() -> None:
    assert excerpt("  One\nline. ") == "One line."
    assert excerpt(" \n ") is None


def test_an_excerpt_ends_with_a_sentence_that_fills_half_of_it() -> None:
    text = "The first sentence is here. The second one follows it. The third goes on and on and on."
    assert excerpt(text, 60) == "The first sentence is here. The second one follows it."
    assert excerpt("今日は晴れ。明日は雨が降るでしょう。", 10) == "今日は晴れ。"


def test_an_excerpt_is_else_cut_at_a_word() -> None:
    assert excerpt("Yes. " + "word " * 100, 40) == "Yes. word word word word word word word…"
    assert excerpt("x" * 100, 10) == "x" * 9 + "…"


@given(st.text(), st.integers(10, 300))
def test_an_excerpt_keeps_its_limit(text: str, limit: int) -> None:
    made = excerpt(text, limit)
    assert made is None or 0 < len(made) <= limit
