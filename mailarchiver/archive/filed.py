"""The part of the ledger that knows what the archive holds: its entries, by keys, and its months.

No look-up walks over the entries: each has its index, so that none gets slower as the archive grows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from ..model import Card, Direction, Entry
from . import manifest
from .manifest import Removal

CARD = "line, excerpt, direction, automatic"


@dataclass(frozen=True, slots=True)
class Keys:
    """What the ledger holds of an entry beyond its line in the manifest: of the mail, its article, and article.json.

    `folded` is the digest of the mail with every line end as LF; it need be right for the mail's first entry only.
    """

    folded: str
    url_key: str | None
    text_key: str | None
    excerpt: str | None
    direction: Direction
    automatic: bool = False


class Filed:
    """The tables `entry` and `month`. Raises `sqlite3.Error`."""

    _db: sqlite3.Connection

    # --- what is filed ------------------------------------------------------------------------------------------------

    def add(self, entry: Entry, keys: Keys) -> None:
        """Take in an entry; a later line of the same id takes the place of the earlier."""
        month = entry.folder[:7]
        self._discount(entry.id)
        self._db.execute(
            "INSERT INTO entry (id, base, digest, folded, url_key, text_key, month, moment, removed, line, excerpt,"
            " direction, automatic) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " digest = excluded.digest, folded = excluded.folded, url_key = excluded.url_key,"
            " text_key = excluded.text_key, month = excluded.month, moment = excluded.moment, removed = 0,"
            " line = excluded.line, excerpt = excluded.excerpt, direction = excluded.direction,"
            " automatic = excluded.automatic",
            (
                *(entry.id, _base(entry.id), entry.sha256, keys.folded, keys.url_key, keys.text_key, month),
                *(manifest.moment(entry), manifest.to_line(entry).decode()),
                *(keys.excerpt, keys.direction, keys.automatic),
            ),
        )
        self._count(month, 1)

    def remove(self, removal: Removal) -> None:
        """Take in a removal. Of an entry that was never heard of, only the digest and the id stay, as removed."""
        self._discount(removal.id)
        self._db.execute(
            "INSERT INTO entry (id, base, digest, folded, month, moment, removed, line, direction, automatic)"
            " VALUES (?, ?, ?, ?, '', 0, 1, '', 'ltr', 0) ON CONFLICT (id) DO UPDATE SET removed = 1",
            (removal.id, _base(removal.id), removal.sha256, removal.sha256),
        )

    def _discount(self, entry_id: str) -> None:
        """Take an entry that stands out of its month's count."""
        found = self._db.execute("SELECT month FROM entry WHERE id = ? AND removed = 0", (entry_id,)).fetchone()
        if found is not None:
            self._count(found[0], -1)

    def _count(self, month: str, change: int) -> None:
        self._db.execute(
            "INSERT INTO month VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET entries = entries + ?, dirty = 1",
            (month, change, change),
        )

    # --- what is known ----------------------------------------------------------------------------------------------

    def known(self, digest: str, folded: str) -> tuple[tuple[str, str], ...] | None:
        """(id, folder) of a mail's entries, () where all of them were removed, None where it was never filed."""
        rows = self._db.execute(
            "SELECT removed, line FROM entry WHERE digest IN (SELECT digest FROM entry WHERE digest = ? OR folded = ?)"
            " ORDER BY seq",
            (digest, folded),
        ).fetchall()
        entries = [_entry(line) for removed, line in rows if not removed]
        return tuple((entry.id, entry.folder) for entry in entries) if rows else None

    def kept(self, digest: str, folded: str) -> str | None:
        """The digest of the mail in the archive that is this one, with these line ends or others; None if none is."""
        query = "SELECT digest FROM entry WHERE digest = ? OR folded = ? ORDER BY digest <> ? LIMIT 1"
        found = self._db.execute(query, (digest, folded, digest)).fetchone()
        return None if found is None else str(found[0])

    def holder(self, base: str) -> str | None:
        """The digest of the mail that has this id, removed or not."""
        query = "SELECT digest FROM entry WHERE id = ?1 OR id >= ?1 || '-' AND id < ?1 || '.' LIMIT 1"
        found = self._db.execute(query, (base,)).fetchone()
        return None if found is None else str(found[0])

    def has(self, entry_id: str) -> bool:
        """Whether there is, or was, an entry of this id."""
        return self._db.execute("SELECT 1 FROM entry WHERE id = ?", (entry_id,)).fetchone() is not None

    def entry(self, entry_id: str) -> Entry | None:
        """The entry of this id that stands; None where there is none, or it was removed."""
        found = self._db.execute("SELECT line FROM entry WHERE id = ? AND removed = 0", (entry_id,)).fetchone()
        return None if found is None else _entry(found[0])

    def removed_entry(self, entry_id: str) -> Entry | None:
        """An entry of this id that was removed, as its last line says; None where that line is not known."""
        found = self._db.execute("SELECT line FROM entry WHERE id = ? AND removed = 1", (entry_id,)).fetchone()
        return _entry(found[0]) if found is not None and found[0] else None

    def ids(self, prefix: str, *, removed: bool = False, at_most: int = 200) -> list[str]:
        """The ids that begin so, of entries that stand or else of removed ones; ascending, the first 200."""
        query = "SELECT id FROM entry WHERE id >= ? AND id < ? AND removed = ? ORDER BY id LIMIT ?"
        return [name for (name,) in self._db.execute(query, (prefix, prefix + "~", removed, at_most))]

    def of_mail(self, digest: str, *, removed: bool = False) -> list[str]:
        """The ids of a mail's entries that stand, or else of the removed ones, the first article's first."""
        query = "SELECT id FROM entry WHERE digest = ? AND removed = ?"
        found = [str(name) for (name,) in self._db.execute(query, (digest, removed))]
        return sorted(found, key=lambda name: (len(name), name))

    def mails(self) -> int:
        """How many mails have entries that stand. Walks over all of them."""
        return int(self._db.execute("SELECT count(DISTINCT digest) FROM entry WHERE removed = 0").fetchone()[0])

    def has_mail(self, digest: str) -> bool:
        """Whether exactly this mail is, or was, filed."""
        return self._db.execute("SELECT 1 FROM entry WHERE digest = ? LIMIT 1", (digest,)).fetchone() is not None

    def folded(self, digest: str) -> str:
        """The digest of a filed mail with every line end as LF, as far as it is known."""
        query = "SELECT folded FROM entry WHERE digest = ? ORDER BY seq LIMIT 1"
        found = self._db.execute(query, (digest,)).fetchone()
        return digest if found is None else str(found[0])

    def same_as(self, url_key: str | None, text_key: str, digest: str) -> str | None:
        """The id of the first entry of another mail that is the same article.

        That is one of equal url, or where one of the two has none, of equal text.
        """
        either = "removed = 0 AND digest <> ?"
        if url_key is None:
            candidates = [(f"text_key = ? AND {either}", (text_key, digest))]
        else:
            candidates = [
                (f"url_key = ? AND {either}", (url_key, digest)),
                (f"text_key = ? AND url_key IS NULL AND {either}", (text_key, digest)),
            ]
        found = [
            self._db.execute(
                f"SELECT seq, id FROM entry WHERE {where} ORDER BY seq LIMIT 1",  # noqa: S608 - `where` is ours
                values,
            ).fetchone()
            for where, values in candidates
        ]
        first = min((row for row in found if row is not None), default=None)
        return None if first is None else str(first[1])

    # --- what people browse -----------------------------------------------------------------------------------------

    def dirty_months(self) -> list[str]:
        """The months whose pages are behind, oldest first."""
        return [name for (name,) in self._db.execute("SELECT name FROM month WHERE dirty ORDER BY name")]

    def dirtied(self, months: Iterable[str]) -> None:
        """Their pages are to be written again."""
        self._db.executemany("UPDATE month SET dirty = 1 WHERE name = ?", [(month,) for month in months])

    def cleaned(self, months: Iterable[str]) -> None:
        """Their pages are up to date."""
        self._db.executemany("UPDATE month SET dirty = 0 WHERE name = ?", [(month,) for month in months])

    def months(self) -> list[tuple[str, int]]:
        """Months and how many entries each has, newest first; months without any are left out."""
        query = "SELECT name, entries FROM month WHERE entries > 0 ORDER BY name DESC"
        return [(name, entries) for name, entries in self._db.execute(query)]

    def cards(self, month: str) -> list[Card]:
        """The entries of a month, newest first."""
        query = f"SELECT {CARD} FROM entry WHERE removed = 0 AND month = ? ORDER BY moment DESC, id DESC"  # noqa: S608
        return [_card(*row) for row in self._db.execute(query, (month,))]

    def newest(self, count: int) -> list[Card]:
        """The entries received last, newest first; without those of automatic mail."""
        query = (
            f"SELECT {CARD} FROM entry WHERE removed = 0 AND automatic = 0"  # noqa: S608 - `CARD` is ours
            " ORDER BY moment DESC, id DESC LIMIT ?"
        )
        return [_card(*row) for row in self._db.execute(query, (count,))]

    def entries(self, after: int, count: int) -> list[tuple[int, Entry]]:
        """The next `count` entries that stand, with their numbers, in the order of the manifest."""
        query = "SELECT seq, line FROM entry WHERE removed = 0 AND seq > ? ORDER BY seq LIMIT ?"
        return [(seq, _entry(line)) for seq, line in self._db.execute(query, (after, count))]


def _base(entry_id: str) -> str:
    return entry_id.partition("-")[0]


def _entry(line: str) -> Entry:
    record = manifest.from_line(line.encode())
    assert isinstance(record, Entry), "the ledger holds only lines of entries"  # noqa: S101 - narrows the type
    return record


def _card(line: str, excerpt: str | None, direction: Direction, automatic: int) -> Card:
    return Card(_entry(line), excerpt, direction, bool(automatic))
