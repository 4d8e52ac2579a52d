"""The table of what mail programs print: complete, without contradictions, and all that a language needs."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from importlib.resources import files

import pytest

from mailarchiver.message import forward_header, forward_markers
from mailarchiver.message.forward_header import block_at
from mailarchiver.message.forward_markers import fold, marker_of, read_markers

from .making import only, text_mail

TABLE = tomllib.loads(files("mailarchiver.message").joinpath("forward_markers.toml").read_text("utf-8"))
LANGUAGES = {tag: words for tag, words in TABLE.items() if tag != "mul"}
FIELDS = ("from", "sender", "date", "to", "cc", "bcc", "reply_to", "subject", "other")


def test_the_languages_are_many() -> None:
    asked = (
        "en de fr es pt it nl sv da nb nn fi pl cs sk hu ro hr sl sr bg ru uk be mk el tr az et lv lt is ga cy sq hy "
        "ka kk sw af ca gl eu ar he fa ur hi bn ta th vi id ms fil ja ko zh-Hans zh-Hant"
    )
    assert set(asked.split()) <= LANGUAGES.keys()


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_language_has_every_field(tag: str) -> None:
    assert {"from", "date", "to", "cc", "subject"} <= LANGUAGES[tag].keys()


def test_no_word_means_two_things() -> None:
    fields, markers = defaultdict(set), defaultdict(set)
    for words in TABLE.values():
        for key, printed in words.items():
            for word in printed:
                if key in FIELDS:
                    fields[fold(word)].add(key)
                if key in ("forwarded", "original", "end"):
                    markers[fold(word)].add(key)
    assert {word: means for word, means in [*fields.items(), *markers.items()] if len(means) > 1} == {}


@pytest.mark.parametrize("tag", LANGUAGES)
def test_each_label_of_a_language_is_read(tag: str) -> None:
    words = LANGUAGES[tag]
    for sender in words["from"]:
        for subject in words["subject"]:
            for date in words["date"]:
                for to in words["to"]:
                    lines = [
                        f"{sender}: Jane <jane@example.org>",
                        f"{date}: 2024-03-06",
                        f"{to}: fay@example.org",
                    ]
                    block = block_at([*lines, f"{subject}: Rain", "", "It rained."], 0, wrapped=True)
                    assert block is not None
                    assert block.headers.sender is not None
                    assert block.headers.sender.address == "jane@example.org"
                    assert (block.headers.subject, block.headers.date, block.end) == ("Rain", "2024-03-06", 4)
                    assert [address.address for address in block.headers.to] == ["fay@example.org"]


@pytest.mark.parametrize("kind", ["forwarded", "original"])
def test_each_marker_is_one_between_dashes_and_before_a_colon(kind: str) -> None:
    for words in LANGUAGES.values():
        for text in words.get(kind, ()):
            for line in (f"---------- {text} ---------", f"{text}:", f"{text}：", f"== {text} =="):
                assert marker_of(line) == kind, line
            assert marker_of(f"{text} and more") is None


def test_a_marker_may_say_who_forwarded() -> None:
    for words in LANGUAGES.values():
        for text in words.get("forwarded_by", ()):
            assert marker_of(f"----- {text} Jane Roe/Example on 06/03/2024 18:21 -----") == "forwarded"
            assert marker_of(f"{text} Jane Roe on 06/03/2024") is None


def test_a_language_is_added_without_code(monkeypatch: pytest.MonkeyPatch) -> None:
    table = read_markers(
        """
        [tlh]
        forwarded = ["QIn ngeHta'"]
        from = ["ngeHwI'"]
        date = ["jaj"]
        to = ["HevwI'"]
        subject = ["qech"]
        """
    )
    text = (
        "majQa'!\n\n--- QIn ngeHta' ---\nngeHwI': Jane <jane@example.org>\njaj: 6 March 2024\nqech: SIS\n\nIt rained."
    )
    assert only(text_mail(text, "A subject")).forwarded is None
    for module in (forward_markers, forward_header):
        monkeypatch.setattr(module, "markers", lambda: table)
    original = only(text_mail(text, "A subject"))
    assert original.forwarded == "inline"
    assert (original.headers.subject, original.headers.date) == ("SIS", "2024-03-06")
    assert (original.note, original.text) == ("majQa'!", "It rained.")
