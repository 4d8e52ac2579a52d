"""The full text of the articles in `search.sqlite`: two tables of FTS5, and what went into them.

::

    columns ─┬─ at once ─────▶ text    where each word stands
             ├─ at once ─────▶ said    the columns themselves
             └─ some at once ▶ word    which articles have a word, or one that begins so

FTS5 writes what comes with one transaction as a part of its own, and later one part of several: an octet is written
again and again. So it matters how much an article takes in each table, and how many come at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from itertools import chain
from typing import cast
from zlib import compress, decompress
from zlib import error as zlib_error

from . import marks

BEGINNINGS = range(1, 13)
"""Characters of the beginnings of words that are indexed as words are, those of the marks included."""
TABLES = ("text", "word")
"""Those of the full text."""
PARTS = 12
"""From so many parts of about the same size on SQLite makes them one, by and by: the fewer, the more often each octet
is written. At sixteen it does so at once, of small ones: the large ones are done by then.
"""
WAITING = 32
"""So many articles go into `word` at once. Alone, each would write five times as much as all its words take there; of
those that wait, less than that many, a search looks at the words themselves.
"""
COLUMNS = ("title", "byline", "site", "note", "tags", "body", "respelt", "marks")
Columns = Mapping[str, str]
"""What the index has of an article, by `COLUMNS`: folded words, parted by spaces."""
SCHEMA = (
    # All columns of an article, as they went into the two tables below: what is taken out of these must be just that.
    "CREATE TABLE said (seq INTEGER PRIMARY KEY, columns BLOB NOT NULL)",
    # Where each word stands: for phrases, and for the score. The words come folded and parted by spaces
    # (text/search_words.py): the plainest tokenizer is the right one.
    f"CREATE VIRTUAL TABLE text USING fts5({', '.join(COLUMNS)}, tokenize = 'ascii', content = '')",
    # Which articles have a word, or one that begins so, wherever that stands: so all beginnings together take no more
    # room than all places in the other table. It is for beginnings alone.
    f"""CREATE VIRTUAL TABLE word USING fts5(words, tokenize = 'ascii', content = '', columnsize = 0, detail = none,
        prefix = '{" ".join(map(str, BEGINNINGS))}')""",
    # The last article that is in `word`: those that came later wait until there are enough of them.
    "CREATE TABLE reached (seq INTEGER NOT NULL)",
    "INSERT INTO reached VALUES (0)",
    *(f"INSERT INTO {table} ({table}, rank) VALUES ('automerge', {PARTS})" for table in TABLES),  # noqa: S608 - ours
)
"""For `seq` see search_index.py."""


class ForeignIndex(sqlite3.DatabaseError):
    """The index of another program, or what is left of one."""

    sqlite_errorcode = sqlite3.SQLITE_NOTADB


def add(db: sqlite3.Connection, seq: int, columns: Columns) -> None:
    """Take in an article, but for `word`."""
    db.execute("INSERT INTO said VALUES (?, ?)", (seq, compress("\n".join(columns.values()).encode())))
    query = f"INSERT INTO text (rowid, {', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - ours
    db.execute(query, (seq, *columns.values()))


def remove(db: sqlite3.Connection, seq: int) -> None:
    """Take an article out of all tables."""
    columns = columns_of(db, seq)
    query = f"INSERT INTO text (text, rowid, {', '.join(COLUMNS)}) VALUES ('delete', ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - ours
    db.execute(query, (seq, *columns.values()))
    if seq <= reached(db):
        db.execute("INSERT INTO word (word, rowid, words) VALUES ('delete', ?, ?)", (seq, _each_once(columns)))
    db.execute("DELETE FROM said WHERE seq = ?", (seq,))
    # Who comes next may get the number of the last that is gone, and waits all the same.
    db.execute("UPDATE reached SET seq = min(seq, (SELECT ifnull(max(seq), 0) FROM said))")


def catch_up(db: sqlite3.Connection) -> None:
    """Take what waits into `word`, where it is enough."""
    found = waiting(db)
    if len(found) >= WAITING:
        for seq in sorted(found):
            db.execute("INSERT INTO word (rowid, words) VALUES (?, ?)", (seq, _each_once(found[seq])))
        db.execute("UPDATE reached SET seq = ?", (max(found),))


def reached(db: sqlite3.Connection) -> int:
    """The `seq` of the last article that is in `word`."""
    (found,) = db.execute("SELECT max(seq) FROM reached").fetchone()
    if not isinstance(found, int):
        raise ForeignIndex("an index that does not say what is in it")
    return found


def waiting(db: sqlite3.Connection) -> dict[int, Columns]:
    """The articles that are not in `word` yet, by `seq`, the last filed first."""
    rows = db.execute("SELECT seq, columns FROM said WHERE seq > ? ORDER BY seq DESC", (reached(db),))
    return {seq: _unpacked(packed) for seq, packed in rows}


def columns_of(db: sqlite3.Connection, seq: int) -> Columns:
    """What the index has of an article."""
    (packed,) = db.execute("SELECT max(columns) FROM said WHERE seq = ?", (seq,)).fetchone()
    return _unpacked(packed)


def _unpacked(packed: object) -> Columns:
    try:
        return dict(zip(COLUMNS, decompress(cast("bytes", packed)).decode().split("\n"), strict=True))
    except (zlib_error, TypeError, ValueError) as error:
        raise ForeignIndex("an index that has lost what is in it") from error


def _each_once(columns: Columns) -> str:
    """What `word` has of an article: its words and marks, and those of site and byline with their own marks, too."""
    site, author = columns["site"].split(), columns["byline"].split()
    marked = (*(marks.OF_SITE + word for word in site), *(marks.OF_AUTHOR + word for word in author))
    return " ".join(dict.fromkeys([*chain.from_iterable(map(str.split, columns.values())), *marked]))
