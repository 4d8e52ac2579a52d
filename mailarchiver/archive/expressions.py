"""What is asked of the index for a term of a query: as an expression of FTS5 (sqlite.org/fts5.html §3) for each of its
two tables, and as a look at the words of an article that waits for the second. Pure.

::

    "night train"*    text   "night train" *          word   "night" AND "train" *
    in a title        text   "·1night ·1train" *      word   "·1night" AND "·1train" *
    said strongly     either "·2night" AND "·2train" *

`word` does not know where a word stands, so what it answers about a phrase is only what may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from . import marks
from .full_text import COLUMNS, Columns
from .query import Term

Table = Literal["text", "word"]
Form = Literal["said", "titled", "strong"]
"""How a term must be said: anywhere (in its column), in the title, or strongly (marks.py)."""

_IN_COLUMN = {"text": "", "site": "{site} : ", "author": "{byline} : "}
_MARK = {"text": "", "site": marks.OF_SITE, "author": marks.OF_AUTHOR}
_COLUMNS = {"text": COLUMNS[: COLUMNS.index("marks")], "site": ("site",), "author": ("byline",)}
_MARKED = {"titled": marks.IN_TITLE, "strong": marks.STRONG}


def asks_for_words(term: Term) -> bool:
    """Whether it does, and not for a condition."""
    return term.field in _IN_COLUMN


def is_phrase(term: Term) -> bool:
    """Whether it asks for words in a row."""
    return asks_for_words(term) and any(len(words) > 1 for words in term.spellings)


def expression(table: Table, term: Term, form: Form = "said") -> str:
    """What a table is asked for a term."""
    if not asks_for_words(term):
        return f'"{marks.condition(term.field, term.value)}"'
    if table == "text" and form != "strong":
        mark, column = _MARKED.get(form, ""), _IN_COLUMN[term.field] if form == "said" else ""
        phrases = (" ".join(mark + word for word in words) for words in term.spellings)
        return f"{column}({' OR '.join(_quoted(phrase, goes_on=term.is_prefix) for phrase in phrases)})"
    return " OR ".join(f"({' AND '.join(_each(words, term, form))})" for words in term.spellings)


def _each(words: Sequence[str], term: Term, form: Form) -> Iterator[str]:
    mark = _MARKED[form] if form != "said" else _MARK[term.field]
    for at, word in enumerate(words, 1):
        yield _quoted(mark + word, goes_on=term.is_prefix and at == len(words))


def _quoted(words: str, *, goes_on: bool) -> str:
    return f'"{words}"{" *" if goes_on else ""}'


def all_of(expressions: Iterable[str], *, but: Sequence[str] = ()) -> str:
    """What all of them answer, every article where there are none, but for what one of the others does."""
    both = " AND ".join(f"({each})" for each in expressions) or f'"{marks.EVERY}"'
    return f"({both}) NOT ({' OR '.join(but)})" if but else both


def is_said(columns: Columns, term: Term, form: Form = "said") -> bool:
    """Whether an article says it, as `text` would answer."""
    if not asks_for_words(term):
        return f" {marks.condition(term.field, term.value)} " in f" {columns['marks']} "
    end = "" if term.is_prefix else " "
    if form == "strong":
        found = f" {columns['marks']} "
        return any(
            all(f" {marks.STRONG}{word} " in found for word in words[:-1])
            and f" {marks.STRONG}{words[-1]}{end}" in found
            for words in term.spellings
        )
    mark, where = ("", _COLUMNS[term.field]) if form == "said" else (marks.IN_TITLE, ("marks",))
    rows = [" ".join(mark + word for word in words) for words in term.spellings]
    return any(f" {row}{end}" in f" {columns[column]} " for row in rows for column in where)
