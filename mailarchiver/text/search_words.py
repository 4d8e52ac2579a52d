"""Words as the search index knows them: the same for what is indexed and for what is asked.

::

    Zürich, e-Mail 東京都 مُحَمَّد   →   zurich  e  mail  東  京  都  محمد
    والبحيرة  →  والبحيره, and bare of its article  بحيره

Done here and not by the tokenizer of SQLite, whose tables are those of Unicode 6.1, and which splits Arabic, Hebrew and
the scripts of India at their vowel signs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

LONGEST = 64
"""Characters of a word that count: what is longer is no word, but data."""

_UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e"  # Thai
    "\u0e81-\u0ece"  # Lao
    "\u1000-\u1049\u1050-\u109f\uaa60-\uaa7f"  # Burmese
    "\u1780-\u17d3\u17dd"  # Khmer
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff"  # Hangul, whose words carry their particles
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3040-\u30fa\u30fc-\u30ff\u3100-\u312f\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U0003fffd"  # Kana, Han
)
"""What is written without spaces between words, or is searched for within them: a character is a word of its own."""

_OF_WORDS = "\u0900-\u0963\u0966-\u0dff\u0f18-\u0f19\u0f71-\u0f84\u135d-\u135f\u1b00-\u1b44\ua8e0-\ua8f1"
"""Vowel signs of India and its neighbours, which are marks to Unicode and letters to a reader."""

_WORD = re.compile(rf"[{_UNSPACED}]|(?:[^\W_{_UNSPACED}]|[{_OF_WORDS}])+")
_SILENT = re.compile(
    "[\u0300-\u036f\u1dc0-\u1dff"  # accents of Latin, Greek and Cyrillic
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"  # Hebrew points
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"  # Arabic signs, tatweel
    "\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]"  # soft hyphens, joiners, directions
)
_ALIKE = {
    ord(letter): plain
    for plain, letters in (
        *(("o", "ø"), ("ae", "æ"), ("oe", "œ"), ("d", "đð"), ("h", "ħ"), ("i", "ı"), ("l", "ł"), ("t", "ŧ")),
        *(("th", "þ"), ("σ", "ς"), ("ا", "أإآٱ"), ("ي", "ىی"), ("ك", "ک"), ("ه", "ة")),
    )
    for letter in letters
}
"""Letters that people write one for the other, and that Unicode does not take apart."""

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_WITH_UMLAUT = re.compile(r"[^\W_]{0,64}[äöüÄÖÜ]\w{0,64}")

_ARTICLE = re.compile(
    "و?(?:[بكف]?ال|لل)(?=[\u0621-\u063a\u0641-\u064a\u066e-\u06d3]{3})"  # the, and/in/as/so the, to the
    "|(?:(?:כש|[וש])?ה|ו?[בל])(?=[א-ת]{3})"  # the, and/that/when the, in and to (the)
)
"""What Arabic and Hebrew write as one with the word behind it, where three letters are left of that. Of Arabic as the
stemmer "light10" has it (Larkey, Ballesteros, Connell: Light Stemming for Arabic Information Retrieval, 2007), but for
its endings. A word may begin so by itself (التهاب): so it is never taken away, but known by both.
"""

_PIECE = re.compile(rf"[{_UNSPACED}][\uff9e\uff9f]?|[^\s{_UNSPACED}]+")


def words(text: str) -> list[str]:
    """The words of a text, in order. Never one that is empty, or holds anything but letters, digits and their marks."""
    return [word[:LONGEST] for word in _WORD.findall(_folded(text))]


def respelt(text: str) -> list[str]:
    """The words with an umlaut, as they are written where there is none: Müller as `mueller`."""
    if text.isascii():
        return []
    found = _WITH_UMLAUT.findall(unicodedata.normalize("NFC", text))
    return [word for each in found for word in words(each.translate(_UMLAUTS))]


def bare(word: str) -> str:
    """A word, as `words` has it, without the article and what is written as one with that: البحيره as بحيره."""
    if word.isascii():
        return word
    article = _ARTICLE.match(word)
    return word[article.end() :] if article else word


def bared(found: Sequence[str]) -> list[str]:
    """All words of a text, in order, each `bare`; none where that makes no difference."""
    without = [bare(word) for word in found]
    return [] if without == list(found) else without


def spellings(text: str) -> tuple[tuple[str, ...], ...]:
    """The words of something asked for, and those of their other spelling: with umlauts undone, without articles."""
    respelling = unicodedata.normalize("NFC", text).translate(_UMLAUTS)
    typed = words(text)
    return tuple(dict.fromkeys(tuple(found) for found in (typed, words(respelling), bared(typed)) if found))


def placed(text: str) -> Iterator[tuple[str, int, int]]:
    """Each word with the place in the text where it stands: from, to. Words that are joined (`e-Mail`) share one."""
    for piece in _PIECE.finditer(text):
        found, start, end = _read(piece[0]) if len(piece[0]) <= LONGEST else _read.__wrapped__(piece[0])
        for word in found:
            yield word, piece.start() + start, piece.start() + end


@lru_cache(maxsize=4096)
def _read(piece: str) -> tuple[tuple[str, ...], int, int]:
    """The words of what stands between two spaces, and from where to where: without the marks around them."""
    found = tuple(words(piece))
    inner = [at for at, character in enumerate(piece) if _is_of_word(character)]
    return (found, inner[0], inner[-1] + 1) if inner else (found, 0, len(piece))


def _is_of_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character).startswith("M")


def _folded(text: str) -> str:
    """Without case, accents, vowel points, and what else two spellings of a word may differ by."""
    if text.isascii():
        return text.lower()
    apart = _SILENT.sub("", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", apart).translate(_ALIKE)
