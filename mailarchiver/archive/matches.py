"""The entries of the full-text index that answer a query, the best first.

::

    terms ─ expression, days ─▶ candidates: the last filed that answer ─ score ─▶ seq, the best first ─▶ lines

The score is that of BM25, which SQLite works out by counting all matches of each word (sqlite.org/fts5.html §5.1.1). So
it is asked only about words that few articles have. How rare any other is follows from how close together its last
matches are, and how often an article says it from the index's marks (marks.py): once, again and again, in the title.
So nothing is done for each match of a word, and a query hardly takes longer in a large archive.

Of a beginning SQLite would collect all matches of all words that have it, unless beginnings of that length are indexed
as words are (sqlite.org/fts5.html §4.2). A longer one stands for its words.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from heapq import nlargest
from itertools import chain
from math import log

from . import marks, search_index
from .query import Term

RANKED = 300
"""So many of what answers, the last filed, are ranked; a word that more articles have is a common one."""
TITLED = 50
"""So many more, the last filed of those whose titles hold all that is asked for, where there is more than is ranked."""
LONGEST_BEGINNING = search_index.BEGINNINGS[-1] - len(marks.STRONG)
"""Characters of a beginning that is looked up as it is, also in the marks."""
BEGINNINGS = 64
"""Words that a longer one may stand for: of one that has more SQLite collects all matches, and it is not scored."""
BEGINNING = "*"
"""At the end of a word that is asked for: any that begins so."""
WEIGHTS = "10.0, 5.0, 5.0, 5.0, 5.0, 1.0, 1.0, 0.0"
"""Of the columns of the index, in their order: what stands in a title says more than what stands in a text."""
STRONG, IN_TITLE = 0.5, 0.7
"""What it adds, by its rarity, that a common word is said strongly, or in the title. BM25 gives 1 where a text of usual
length says it once, and never more than 2.2.
"""
CLOSE = 2
"""The last matches of a word are close together where at most so many articles lie between them, for each."""
LEAST_RARITY = 1e-6
"""Of a word that most articles have, as SQLite has it: it decides only where nothing else tells two articles apart."""

Arrivals = dict[int, float]
"""When entries were received, by `seq`, the last filed first; 0 where it need not be known so soon."""

_FILED = "SELECT rowid, 0.0 FROM text WHERE text MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC LIMIT ?"
_RECEIVED = (
    "SELECT arrival.seq, arrival.moment FROM text CROSS JOIN arrival ON arrival.seq = text.rowid"
    " WHERE text MATCH ? AND text.rowid BETWEEN ? AND ?{} ORDER BY text.rowid DESC LIMIT ?"
)
_LAST = "SELECT rowid FROM text WHERE text MATCH ? ORDER BY rowid DESC LIMIT 1 OFFSET ?"
_RANKING = f"SELECT rowid, -bm25(text, {WEIGHTS}) FROM text WHERE text MATCH ?"  # noqa: S608 - ours
_MARKED = "SELECT rowid FROM text WHERE text MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC"

_IN_COLUMN = {"text": "", "site": "{site} : ", "author": "{byline} : "}
_DAYS = {"after", "before"}


def best_matches(db: sqlite3.Connection, terms: Sequence[Term], limit: int) -> list[tuple[str, float]]:
    """The lines and scores of at most `limit` entries, the best first. Of what is equally good those that were filed
    last, or received last where no words are asked for; in the order in which they were received.

    Raises `sqlite3.Error`.
    """
    if not terms:
        return []
    asked = _whole(db, terms)
    last, titled = _candidates(db, asked, max(limit, RANKED))
    scores = _scores(db, terms, asked, last, titled)
    ranked = [(scores.get(seq, 0.0), moment, seq) for seq, moment in (titled | last).items()]
    best = {seq: score for score, _, seq in nlargest(limit, ranked)}
    found = (row for seq in best for row in db.execute("SELECT seq, moment, line FROM entry WHERE seq = ?", [seq]))
    ordered = sorted(((best[seq], moment, seq, line) for seq, moment, line in found), reverse=True)
    return [(line, score) for score, _, _, line in ordered]


# --- the candidates ---------------------------------------------------------------------------------------------------


def _candidates(db: sqlite3.Connection, terms: Sequence[Term], most: int) -> tuple[Arrivals, Arrivals]:
    """The last filed of the entries that answer; and of the earlier ones the last filed whose titles answer."""
    tests = [_day_test(term) for term in terms if term.field in _DAYS]
    months = "".join(f" AND month {test} ?" for test, _, _ in tests)
    days = "".join(f" AND arrival.day {test} ?" for _, test, _ in tests)
    values = [value for _, _, value in tests]
    query = f"SELECT min(first), max(last) FROM span WHERE 1{months}"  # noqa: S608 - ours
    first, end = db.execute(query, [value[:7] for value in values]).fetchone()
    are_ranked = any(map(_is_scored, terms))
    query = _FILED if are_ranked and not days else _RECEIVED.format(days)
    last = dict(db.execute(query, [_expression(terms), first, end, *values, most]))
    if len(last) < most or not any(map(_is_said, terms)):
        return last, {}
    return last, dict(db.execute(query, [_expression(terms, _in_title), first, min(last) - 1, *values, TITLED]))


def _day_test(term: Term) -> tuple[str, str, str]:
    """What a month must be to have such days, what a day must be, and the value of both. As text they are in order."""
    is_after = (term.field == "after") is not term.is_excluded
    return (">=", ">=", term.value) if is_after else ("<=", "<", term.value)


# --- the score --------------------------------------------------------------------------------------------------------


def _is_scored(term: Term) -> bool:
    return term.field in _IN_COLUMN and not term.is_excluded and not term.is_prefix


def _is_said(term: Term) -> bool:
    """Whether a title, or a text, may say it."""
    return _is_scored(term) and term.field == "text"


def _scores(
    db: sqlite3.Connection, typed: Sequence[Term], terms: Sequence[Term], last: Arrivals, titled: Arrivals
) -> dict[int, float]:
    """How well they answer; the others have 0. What all have in common, a common word, counts for nothing.

    `typed` are the terms before the words took the place of their beginnings: a rare beginning counts as one word.
    """
    scores: dict[int, float] = defaultdict(float)
    rare = []
    for beginning, term in zip(typed, terms, strict=True) if last else ():
        rarity = _rarity(db, term) if _is_scored(term) else 0
        if rarity is None:
            rare.append(beginning)
        elif rarity and _is_said(term):
            for seq in chain(titled, _among(db, _in_title(term), terms, last)):
                scores[seq] += rarity * IN_TITLE
            for seq in _among(db, _strong(term), terms, last):
                scores[seq] += rarity * STRONG
    if rare:
        for seq, score in db.execute(_RANKING, [_all_of(map(_words, rare))]):
            scores[seq] += score
    return scores


def _rarity(db: sqlite3.Connection, term: Term) -> float | None:
    """Of what more than `RANKED` articles have, by the last of them, as BM25 has it; None where there are fewer."""
    found = db.execute(_LAST, [_words(term), RANKED]).fetchone()
    if found is None:
        return None
    (every,) = db.execute("SELECT max(seq) FROM entry").fetchone()
    having = every * RANKED / (every - found[0])
    return max(log((every - having + 0.5) / (having + 0.5)), LEAST_RARITY)


def _among(db: sqlite3.Connection, expression: str, terms: Sequence[Term], last: Arrivals) -> Iterator[int]:
    """Those of the last filed that answer which this is true of, and maybe others.

    Where they lie close together, what others there are costs less than to tell them apart.
    """
    first, end = min(last), max(last)
    both = expression if end - first < CLOSE * len(last) else f"({expression}) AND ({_expression(terms)})"
    return (seq for (seq,) in db.execute(_MARKED, [both, first, end]))


def _in_title(term: Term) -> str:
    return " OR ".join(_phrase([marks.IN_TITLE + word for word in words]) for words in term.spellings)


def _strong(term: Term) -> str:
    spellings = ([_phrase([marks.STRONG + word]) for word in words] for words in term.spellings)
    return " OR ".join(f"({' AND '.join(words)})" for words in spellings)


# --- beginnings -------------------------------------------------------------------------------------------------------


def _whole(db: sqlite3.Connection, terms: Sequence[Term]) -> list[Term]:
    """The terms with what can be looked up in place of their beginnings, unless that is too much."""
    if any(term.is_prefix for term in terms):
        db.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab(main, text, instance)")
    return [_with_words(db, term) if term.is_prefix else term for term in terms]


def _with_words(db: sqlite3.Connection, term: Term) -> Term:
    spellings: list[tuple[str, ...]] = []
    for words in term.spellings:
        for word in _beginning_with(db, words[-1]):
            spellings.append((*words[:-1], word))
            if len(spellings) > BEGINNINGS:
                return term
    return replace(term, spellings=tuple(spellings), is_prefix=False) if spellings else term


def _beginning_with(db: sqlite3.Connection, start: str) -> Iterator[str]:
    """A short beginning; of a longer one the words of all articles that begin so, each one look into the index."""
    if len(start) <= LONGEST_BEGINNING:
        yield start + BEGINNING
        return
    query = "SELECT term FROM temp.vocabulary WHERE term >= ? AND term < ? LIMIT 1"
    at, end = start, start + "\U0010ffff"
    while (found := db.execute(query, (at, end)).fetchone()) is not None:
        yield found[0]
        at = f"{found[0]}\0"


# --- what FTS5 is asked -----------------------------------------------------------------------------------------------


def _expression(terms: Sequence[Term], said: Callable[[Term], str] | None = None) -> str:
    """What an entry must have and must not have, but for its day (sqlite.org/fts5.html §3); its words as `said`."""
    asked = [term for term in terms if term.field not in _DAYS]
    wanted = [(said if said and _is_said(term) else _words)(term) for term in asked if not term.is_excluded]
    excluded = [_words(term) for term in asked if term.is_excluded]
    both = _all_of(wanted) if wanted else f'"{marks.EVERY}"'
    return f"({both}) NOT ({' OR '.join(excluded)})" if excluded else both


def _all_of(expressions: Iterable[str]) -> str:
    return " AND ".join(f"({each})" for each in expressions)


def _words(term: Term) -> str:
    if term.field not in _IN_COLUMN:
        return f'"{marks.condition(term.field, term.value)}"'
    return f"{_IN_COLUMN[term.field]}({' OR '.join(_phrase(words, term.is_prefix) for words in term.spellings)})"


def _phrase(words: Sequence[str], is_prefix: bool = False) -> str:  # noqa: FBT001, FBT002 - as the term says of itself
    row = " ".join(words)
    is_beginning = is_prefix or row.endswith(BEGINNING)
    return f'"{row.removesuffix(BEGINNING)}"{" *" if is_beginning else ""}'
