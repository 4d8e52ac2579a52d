"""The language of a text, where there is no doubt."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailarchiver.article.metadata import settled, spoken
from mailarchiver.text import language
from mailarchiver.text.language import language_of

pycld2 = pytest.importorskip("pycld2")

ENGLISH = (
    "The old weir below the mill has held the river back for two hundred years, and nobody in the village remembers "
    "who built it. In spring the water stands as high as the road, and in autumn the children walk across it. "
)
GERMAN = (
    "Das alte Wehr unterhalb der Mühle staut den Fluss seit zweihundert Jahren, und niemand im Dorf weiß noch, wer es "
    "gebaut hat. Im Frühling steht das Wasser so hoch wie die Straße, und im Herbst gehen die Kinder darüber. "
)
HANS = (
    "磨坊下面的旧堰坝拦住这条河已经两百年了，村里没有人记得是谁修建的。春天水位和路面一样高，秋天孩子们从上面走过去。"
)
HANT = (
    "磨坊下面的舊堰壩攔住這條河已經兩百年了，村裡沒有人記得是誰修建的。春天水位和路面一樣高，秋天孩子們從上面走過去。"
)
BOKMAL = (
    "Den gamle demningen nedenfor møllen har holdt elven tilbake i to hundre år, og ingen i landsbyen husker hvem som "
    "bygde den. Om våren står vannet like høyt som veien, og om høsten går barna over den uten å bli våte. "
)


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        (ENGLISH * 2, "en"),
        (GERMAN * 2, "de"),
        (HANS * 3, "zh-Hans"),
        (HANT * 3, "zh-Hant"),
        (BOKMAL * 2, "nb"),
        (GERMAN * 4 + ENGLISH, "de"),
        (ENGLISH * 2 + GERMAN * 2, None),
        (ENGLISH, None),
        ("1 2 3 4 " * 50, None),
        ("", None),
    ],
    ids=["en", "de", "Hans", "Hant", "nb", "quotation", "two", "short", "numbers", "nothing"],
)
def test_language(text: str, tag: str | None) -> None:
    assert language_of(text) == tag


@settings(deadline=None)  # the machine may be busy
@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    language_of(text)
    assert language_of(ENGLISH * 2 + text[:20]) in {"en", None}


def test_controls_and_half_characters_are_passed_over() -> None:
    assert language_of("\x00\x01\x7f\x9f\ud800\ufffe\U000e0001" + ENGLISH * 2) == "en"


def test_words_are_looked_for_behind_a_beginning_without_any() -> None:
    assert language_of("– " * 400 + ENGLISH * 4) == "en"


def test_without_cld2_no_language_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "pycld2", None)
    assert language_of(ENGLISH * 2) is None


@pytest.mark.parametrize(
    ("said", "written", "tag"),
    [
        ("en-GB", "en", "en-GB"),
        ("en", "de", "de"),
        (None, "de", "de"),
        ("de", None, "de"),
        ("no", "nb", "no"),
        ("zh-TW", "zh-Hant", "zh-TW"),
        (None, None, None),
    ],
)
def test_the_text_corrects_its_markup(said: str | None, written: str | None, tag: str | None) -> None:
    assert settled(said, written) == tag


@pytest.mark.parametrize(
    ("said", "text", "tag"),
    [
        ("en-GB", ENGLISH * 4, "en-GB"),
        ("en", GERMAN * 4, "de"),
        ("en", ENGLISH, "en"),
        ("en", ENGLISH[:120], "en"),
        ("zh-TW", HANT * 4, "zh-TW"),
        ("no", BOKMAL * 3, "no"),
        (None, GERMAN * 4, "de"),
        ("de", "", "de"),
    ],
    ids=["region", "template", "short", "shorter", "Taiwan", "Norwegian", "untold", "nothing"],
)
def test_an_article_is_in_what_its_markup_says_or_its_text_contradicts(
    said: str | None, text: str, tag: str | None
) -> None:
    assert spoken(said, text) == tag


def test_a_few_words_confirm_a_language_but_never_tell_one(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    detect = pycld2.detect

    def counted(octets: bytes, **options: bool) -> object:
        read.append(len(octets))
        return detect(octets, **options)

    monkeypatch.setattr(pycld2, "detect", counted)
    assert spoken("en", ENGLISH * 9) == "en"
    assert read == [150]
    assert spoken(None, ENGLISH) is None
