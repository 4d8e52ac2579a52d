"""What the index marks in an article beside its words."""

from __future__ import annotations

from dataclasses import replace

from mailarchiver.archive import marks
from mailarchiver.text.search_words import words
from tests.archive.filings import filing

ENTRY = filing(1).bundles[0].entry


def test_an_article_has_the_marks_of_its_title_its_strong_words_its_kind_and_tags() -> None:
    entry = replace(ENTRY, kind="reader-view", tags=("Slow Travel", "東京"))
    assert marks.of(entry, ["night", "train", "night"], ["lake", "lake"]) == [
        "·",
        "·kind·reader·view",
        "·tag·slow·travel",
        "·tag·東·京",
        "·1night",
        "·1train",
        "·1night",
        "·2lake",
    ]


def test_a_word_is_often_there_by_the_length_of_the_text() -> None:
    assert marks.often(["lake", "a", "lake", "b", "lake"]) == ["lake"]
    assert marks.often(["lake"] * 2) == []
    assert marks.often(["lake"] * 5 + ["night"] * 6 + [f"w{at}" for at in range(1000)]) == ["night"]


def test_no_text_holds_a_mark() -> None:
    assert words("· ·1lake ·tag·slow·travel col·lecció") == ["1lake", "tag", "slow", "travel", "col", "leccio"]
