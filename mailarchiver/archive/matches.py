"""The entries of the full-text index that answer a query, the best first.

::

    terms ─ answers.py ─▶ candidates: the last filed that answer ─ score ─▶ seq, the best first ─▶ lines

The score is that of BM25, which SQLite works out by counting all matches of each word (sqlite.org/fts5.html §5.1.1). So
it is asked only about words that few articles have. How rare any other is follows from how close together its last
matches are, and how often an article says it from the index's marks (marks.py): once, again and again, in the title.
So nothing is done for each match of a word, and a query hardly takes longer in a large archive.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from heapq import nlargest
from itertools import chain, islice
from math import log

from .answers import Answers, is_scored, may_be_titled
from .expressions import all_of, expression
from .query import Term

RANKED = 300
"""So many of what answers, the last filed, are ranked; a word that more articles have is a common one."""
TITLED = 50
"""So many more, the last filed of those whose titles hold all that is asked for, where there is more than is ranked."""
WEIGHTS = "10.0, 5.0, 5.0, 5.0, 5.0, 1.0, 1.0, 0.0"
"""Of the columns of the index, in their order: what stands in a title says more than what stands in a text."""
STRONG, IN_TITLE = 0.5, 0.7
"""What it adds, by its rarity, that a common word is said strongly, or in the title. BM25 gives 1 where a text of usual
length says it once, and never more than 2.2.
"""
LEAST_RARITY = 1e-6
"""Of a word that most articles have, as SQLite has it: it decides only where nothing else tells two articles apart."""

Arrivals = dict[int, float]
"""When entries were received, by `seq`, the last filed first; 0 where it need not be known so soon."""

_RANKING = f"SELECT rowid, -bm25(text, {WEIGHTS}) FROM text WHERE text MATCH ?"  # noqa: S608 - ours


def best_matches(db: sqlite3.Connection, terms: Sequence[Term], limit: int) -> list[tuple[str, float]]:
    """The lines and scores of at most `limit` entries, the best first. Of what is equally good those that were filed
    last, or received last where no words are asked for; in the order in which they were received.

    Raises `sqlite3.Error`.
    """
    if not terms:
        return []
    answers = Answers(db, terms)
    last, titled = _candidates(answers, max(limit, RANKED))
    scores = _scores(db, terms, answers, last, titled)
    ranked = [(scores.get(seq, 0.0), moment, seq) for seq, moment in (titled | last).items()]
    best = {seq: score for score, _, seq in nlargest(limit, ranked)}
    found = (row for seq in best for row in db.execute("SELECT seq, moment, line FROM entry WHERE seq = ?", [seq]))
    ordered = sorted(((best[seq], moment, seq, line) for seq, moment, line in found), reverse=True)
    return [(line, score) for score, _, _, line in ordered]


def _candidates(answers: Answers, most: int) -> tuple[Arrivals, Arrivals]:
    """The last filed of the entries that answer; and of the earlier ones the last filed whose titles answer."""
    first, end = answers.span()
    last = dict(islice(answers.newest(first, end), most))
    if len(last) < most or not any(map(may_be_titled, answers.terms)):
        return last, {}
    return last, dict(islice(answers.newest(first, min(last) - 1, titled=True), TITLED))


# --- the score --------------------------------------------------------------------------------------------------------


def _scores(
    db: sqlite3.Connection, typed: Sequence[Term], answers: Answers, last: Arrivals, titled: Arrivals
) -> dict[int, float]:
    """How well they answer; the others have 0. What all have in common, a common word, counts for nothing.

    `typed` are the terms before words took the place of a beginning: a rare beginning counts as one word.
    """
    scores: dict[int, float] = defaultdict(float)
    rare = []
    for beginning, term in zip(typed, answers.terms, strict=True) if last else ():
        rarity = _rarity(db, answers, term) if is_scored(term) else 0
        if rarity is None:
            rare.append(expression("text", beginning))
        elif rarity and may_be_titled(term):
            for seq in chain(titled, answers.among(term, "titled", last)):
                scores[seq] += rarity * IN_TITLE
            for seq in answers.among(term, "strong", last):
                scores[seq] += rarity * STRONG
    if rare:
        for seq, score in db.execute(_RANKING, [all_of(rare)]):
            scores[seq] += score
    return scores


def _rarity(db: sqlite3.Connection, answers: Answers, term: Term) -> float | None:
    """Of what more than `RANKED` articles have, by the last of them, as BM25 has it; None where there are fewer."""
    found = answers.last_of(term, RANKED)
    if found is None:
        return None
    (every,) = db.execute("SELECT max(seq) FROM entry").fetchone()
    having = every * RANKED / (every - found)
    return max(log((every - having + 0.5) / (having + 0.5)), LEAST_RARITY)
