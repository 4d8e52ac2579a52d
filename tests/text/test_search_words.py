"""Words as the search index knows them: the same however they are written, in every script."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.text.search_words import bare, bared, placed, respelt, spellings, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Lake", "the lake"),
        ("e-Mail, don't", "e mail don t"),
        ("Zürich Straße ÉTÉ Łódź Øre İzmir ﬁn", "zurich strasse ete lodz ore izmir fin"),
        ("Ёлка", "елка"),
        ("Άνθρωπος ΣΟΦΟΣ", "ανθρωποσ σοφοσ"),
        ("مُحَمَّد مـحـمـد أحمد", "محمد محمد احمد"),
        ("می\u200cخواهم کتاب", "ميخواهم كتاب"),
        ("שָׁלוֹם", "שלום"),
        ("東京タワー 手机iPhone", "東 京 タ ワ ー 手 机 iphone"),
        ("ｶﾞｯｺｳ がっこう", "ガ ッ コ ウ が っ こ う"),
        ("한국어를", "한 국 어 를"),
        ("हिन्दी में", "हिन्दी में"),
        ("ภาษา", "ภ า ษ า"),
        ("soft\u00adhyphen", "softhyphen"),
        ("★ — ()", ""),
        ("a\x00b\ud800c", "a b c"),
    ],
)
def test_words_are_folded(text: str, expected: str) -> None:
    assert " ".join(words(text)) == expected


def test_data_is_no_word() -> None:
    assert [len(word) for word in words("x" * 5000)] == [64]


def test_umlauts_have_another_spelling() -> None:
    assert respelt("Frau Müller in Köln, Größe") == ["mueller", "koeln", "groesse"]
    assert respelt("plain") == []
    assert spellings("Müller") == (("muller",), ("mueller",))
    assert spellings("lake") == (("lake",),)
    assert spellings("!") == ()


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        *((f"{clitics}بحيره", "بحيره") for clitics in ("ال", "وال", "بال", "كال", "فال", "لل", "وبال", "ولل")),
        *(
            ("الان", "الان"),
            ("الله", "الله"),
            ("للغه", "للغه"),
            ("بحيره", "بحيره"),
            ("وبحيره", "وبحيره"),
            ("وال", "وال"),
        ),
        *((f"{clitics}אגם", "אגם") for clitics in ("ה", "וה", "שה", "כשה", "ב", "ל", "ול")),
        *(("הלך", "הלך"), ("ספר", "ספר"), ("lake", "lake"), ("湖", "湖")),
    ],
)
def test_a_word_is_bare_without_its_article(word: str, expected: str) -> None:
    assert bare(word) == expected


def test_a_text_without_articles_has_no_other_words() -> None:
    assert bared(["بحيره", "كبيره", "lake"]) == []
    assert bared(["البحيره", "كبيره", "lake"]) == ["بحيره", "كبيره", "lake"]
    assert spellings("البحيرة الكبيرة") == (("البحيره", "الكبيره"), ("بحيره", "كبيره"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“(Müller),” e-Mail!", [("muller", "Müller"), ("e", "e-Mail"), ("mail", "e-Mail")]),
        ("東京", [("東", "東"), ("京", "京")]),
        ("ｶﾞ", [("ガ", "ｶﾞ")]),
        ("हिन्दी।", [("हिन्दी", "हिन्दी")]),
    ],
)
def test_words_have_their_place(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(word, text[start:end]) for word, start, end in placed(text)] == expected


@given(st.text())
def test_any_text_folds_to_words_that_fold_to_themselves(text: str) -> None:
    found = words(text)
    assert all(word and '"' not in word and " " not in word and "\0" not in word for word in found)
    assert words(" ".join(found)) == found
    assert all(0 <= start < end <= len(text) for _, start, end in placed(text))


@pytest.mark.parametrize("text", ["!" * 100_000 + "a" + "!" * 100_000, "a" * 200_000 + "ü", "!a" * 100_000])
def test_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    start = time.process_time()
    list(placed(text))
    respelt(text)
    words(text)
    assert time.process_time() - start < 5
