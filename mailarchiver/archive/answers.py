"""Which articles answer a query, the last filed first, as far as somebody wants to know.

::

    no beginning of a word   text ─▶ answers
    beginnings               articles that wait, looked at ─┬▶ answers
                             word ─▶ what may be ─ text ────┘

Of a beginning SQLite would collect all matches of all words that have it, unless beginnings of that length are indexed
as words are (sqlite.org/fts5.html §4.2). They are in the table `word`, which an article comes into with some others.
Where such a query holds a phrase, too, what has all its words is found in `word`, and looked up in `text`, for some
hundred articles at a time: neither table is asked for all that it knows.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice

from . import full_text
from .expressions import Form, Table, all_of, asks_for_words, expression, is_phrase, is_said
from .full_text import Columns
from .query import Term

BEGINNINGS = 64
"""Words that the beginning at the end of a phrase may stand for; of one that has more SQLite collects all matches."""
CLOSE = 2
"""Articles of a range are close together where at most so many others lie between them, for each."""
AT_ONCE = 500
"""Articles that may answer, of which it is found out together whether they do; then of twice as many, and so on."""

Arrival = tuple[int, float]
"""The `seq` of an entry, and when it was received; 0 where that need not be known so soon."""

_FILED = "SELECT rowid, 0.0 FROM {0} WHERE {0} MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC"
_RECEIVED = (
    "SELECT arrival.seq, arrival.moment FROM {0} CROSS JOIN arrival ON arrival.seq = {0}.rowid"
    " WHERE {0} MATCH ? AND {0}.rowid BETWEEN ? AND ?{1} ORDER BY {0}.rowid DESC"
)
_WAITING = "SELECT seq, moment FROM arrival WHERE seq BETWEEN ? AND ?{} ORDER BY seq DESC"
_LAST = "SELECT rowid FROM {0} WHERE {0} MATCH ? ORDER BY rowid DESC LIMIT 1 OFFSET ?"
_OF_THESE = "SELECT rowid FROM text WHERE text MATCH ? AND rowid IN (SELECT value FROM json_each(?))"
_DAYS = {"after", "before"}


def is_scored(term: Term) -> bool:
    """Whether it matters how well an article answers it."""
    return asks_for_words(term) and not term.is_excluded


def may_be_titled(term: Term) -> bool:
    """Whether it matters that a title says it."""
    return is_scored(term) and term.field == "text"


class Answers:
    """An index that is asked for these terms. `terms` are they, with the words for a beginning at the end of a phrase
    in place of it, where these are not too many. All methods raise `sqlite3.Error`.
    """

    def __init__(self, db: sqlite3.Connection, terms: Sequence[Term]) -> None:
        """Look those words up, and the articles that wait."""
        self.terms = [_spelt_out(db, term) if term.is_prefix and is_phrase(term) else term for term in terms]
        self._db = db
        self._asked = [term for term in self.terms if term.field not in _DAYS]
        self._days = [_day_test(term) for term in self.terms if term.field in _DAYS]
        self._begins = any(term.is_prefix and not is_phrase(term) for term in self.terms)
        self._waiting = full_text.waiting(db) if self._begins else {}
        self._reached = full_text.reached(db) if self._begins else 0

    def span(self) -> tuple[int, int]:
        """Between which `seq` the articles of the days that are asked for are; (0, -1) where there are none."""
        months = "".join(f" AND month {test} ?" for test, _, _ in self._days)
        query = f"SELECT ifnull(min(first), 0), ifnull(max(last), -1) FROM span WHERE 1{months}"  # noqa: S608 - ours
        first, last = self._db.execute(query, [value[:7] for _, _, value in self._days]).fetchone()
        return first, last

    def newest(self, first: int, last: int, *, titled: bool = False) -> Iterator[Arrival]:
        """What answers between these `seq`; with `titled` what has all in its title that titles may say."""
        form: Form = "titled" if titled else "said"
        if not self._begins:
            return self._rows("text", self._expression("text", self._asked, form), first, last)
        likely = self._rows("word", self._expression("word", self._asked, form), first, min(last, self._reached))
        return chain(self._of_waiting(first, last, form), self._confirmed(likely, form))

    def last_of(self, term: Term, number: int) -> int | None:
        """The `seq` of the last but `number` that answers a term alone; None where there are fewer."""
        table, found = self._table(term), []
        if table == "word":
            found = [seq for seq, columns in self._waiting.items() if is_said(columns, term)]
        if len(found) > number:
            return found[number]
        row = self._db.execute(_LAST.format(table), (expression(table, term), number - len(found))).fetchone()
        return None if row is None else int(row[0])

    def among(self, term: Term, form: Form, answers: Collection[int]) -> Iterator[int]:
        """Those of the answers that say a term so, and maybe others.

        Where they lie close together, what others there are costs less than to tell them apart.
        """
        first, last, table = min(answers), max(answers), self._table(term)
        both = expression(table, term, form)
        if last - first >= CLOSE * len(answers):
            of = self._phrases() if table == "text" and self._begins else self._asked
            both = f"({both}) AND ({self._expression(table, of, 'said')})"
        waiting = self._waiting.items() if table == "word" else ()
        yield from (seq for seq, columns in waiting if is_said(columns, term, form))
        yield from (seq for (seq,) in self._between(table, both, first, last))

    # --- what the tables are asked ------------------------------------------------------------------------------------

    def _table(self, term: Term) -> Table:
        """The one that answers a term alone."""
        return "word" if self._begins and not is_phrase(term) else "text"

    def _phrases(self) -> list[Term]:
        return [term for term in self._asked if is_phrase(term)]

    def _expression(self, table: Table, terms: Iterable[Term], form: Form) -> str:
        """What an entry must have and must not have, but for its day. Of `word` it excludes no phrases."""
        known = [term for term in terms if table == "text" or not (term.is_excluded and is_phrase(term))]
        wanted = [expression(table, term, _as_said(term, form)) for term in known if not term.is_excluded]
        return all_of(wanted, but=[expression(table, term) for term in known if term.is_excluded])

    def _rows(self, table: Table, asked: str, first: int, last: int) -> Iterator[Arrival]:
        if any(map(is_scored, self.terms)) and not self._days:
            return self._db.execute(_FILED.format(table), (asked, first, last))
        tests, values = self._tests()
        return self._db.execute(_RECEIVED.format(table, tests), (asked, first, last, *values))

    def _tests(self) -> tuple[str, list[str]]:
        """The conditions on the day, and what is compared."""
        return "".join(f" AND arrival.day {test} ?" for _, test, _ in self._days), [each for _, _, each in self._days]

    def _between(self, table: Table, asked: str, first: int, last: int) -> Iterator[tuple[int]]:
        query = f"SELECT rowid FROM {table} WHERE {table} MATCH ? AND rowid BETWEEN ? AND ?"  # noqa: S608 - ours
        return self._db.execute(query, (asked, first, last))

    # --- what is to be looked at --------------------------------------------------------------------------------------

    def _of_waiting(self, first: int, last: int, form: Form) -> Iterator[Arrival]:
        tests, values = self._tests()
        rows = self._db.execute(_WAITING.format(tests), (max(first, self._reached + 1), last, *values)).fetchall()
        return (row for row in rows if _holds(self._waiting[row[0]], self._asked, form))

    def _confirmed(self, likely: Iterator[Arrival], form: Form) -> Iterator[Arrival]:
        """Those that answer, of what has the words."""
        phrases = self._phrases()
        if not phrases:
            yield from likely
        size = AT_ONCE
        while block := dict(islice(likely, size)):
            found = self._with_phrases(phrases, form, block)
            yield from ((seq, moment) for seq, moment in block.items() if seq in found)
            size *= 2

    def _with_phrases(self, phrases: Sequence[Term], form: Form, these: Collection[int]) -> Collection[int]:
        """Those that `text` knows to hold phrases, and not to hold others."""
        asked, first, last = self._expression("text", phrases, form), min(these), max(these)
        if last - first < CLOSE * len(these):
            rows = self._between("text", asked, first, last)
        else:
            rows = self._db.execute(_OF_THESE, (asked, json.dumps(list(these))))
        return {seq for (seq,) in rows}


def _as_said(term: Term, form: Form) -> Form:
    return form if may_be_titled(term) else "said"


def _holds(columns: Columns, terms: Iterable[Term], form: Form) -> bool:
    return all(is_said(columns, term, _as_said(term, form)) is not term.is_excluded for term in terms)


def _day_test(term: Term) -> tuple[str, str, str]:
    """What a month must be to have such days, what a day must be, and the value of both. As text they are in order."""
    is_after = (term.field == "after") is not term.is_excluded
    return (">=", ">=", term.value) if is_after else ("<=", "<", term.value)


# --- a phrase that goes on --------------------------------------------------------------------------------------------


def _spelt_out(db: sqlite3.Connection, term: Term) -> Term:
    """A phrase with the words in place of the beginning at its end, unless there are too many, or none."""
    db.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab(main, text, instance)")
    every = ((*words[:-1], word) for words in term.spellings for word in _words_with(db, words[-1]))
    spellings = tuple(islice(every, BEGINNINGS + 1))
    return replace(term, spellings=spellings, is_prefix=False) if 0 < len(spellings) <= BEGINNINGS else term


def _words_with(db: sqlite3.Connection, start: str) -> Iterator[str]:
    """The words of all articles that begin so, each one look into the index."""
    query = "SELECT term FROM temp.vocabulary WHERE term >= ? AND term < ? LIMIT 1"
    at, end = start, start + "\U0010ffff"
    while (found := db.execute(query, (at, end)).fetchone()) is not None:
        yield found[0]
        at = f"{found[0]}\0"
