"""What the folders of an archive are called (docs/archive-format.md). Pure: the same article, the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..text.slug import slug

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

SLUG_LIMIT = 60


def folder_name(title: str, received: datetime, timezone: tzinfo, id: str) -> str:  # noqa: A002 - the format's word
    """`2024/03/2024-03-06-<slug>-<id>`: the day `received` in the archive's `timezone`, the title in ASCII, the id.

    A title of which nothing is left in ASCII leaves no gap: `2024-03-06-<id>`. The date in front and the id behind
    keep the name clear of device names, leading dots and of any other name, whatever the file system folds.
    Raises `ValueError` for a `received` without offset: reading it would take the zone of this machine.
    """
    day = local(received, timezone).date().isoformat()
    name = "-".join(part for part in (day, slug(title, SLUG_LIMIT), id) if part)
    return f"{day[:4]}/{day[5:7]}/{name}"


def article_id(id: str, number: int) -> str:  # noqa: A002 - the format's word
    """The id of a mail's first, second … article: `3f9a1c2b7d40`, `3f9a1c2b7d40-2` …"""
    return id if number == 1 else f"{id}-{number}"


def local(received: datetime, timezone: tzinfo) -> datetime:
    """The moment in the archive's time zone, to the second. Raises `ValueError` where it states no offset."""
    if received.tzinfo is None:
        raise ValueError(f"{received.isoformat()} has no offset: when it was depends on the machine")
    return received.astimezone(timezone).replace(microsecond=0)
