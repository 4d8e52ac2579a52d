"""The time of day within a printed date: 18:21, 6:21 p.m., 9.31, 18h21, 18 Uhr, 下午3:12, with its zone or offset."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .date_words import Item, Sense

_UTC = frozenset({"UTC", "GMT", "Z"})
_SIGNS = {"+": "+", "-": "-", "−": "-", "–": "-"}
_ZONE_NAME = re.compile(r"[^\W\d_]{2,5}")
_FURTHEST_OFFSET = 14 * 60


@dataclass(frozen=True, slots=True)
class Clock:
    """A time, and which items of the text it took: `items[start:end]`. `offset` is +02:00 where one was stated."""

    hour: int
    minute: int
    second: int | None
    offset: str | None
    start: int
    end: int

    def isoformat(self) -> str:
        """`T18:21`, `T18:21:05+02:00`: as precise as what was printed."""
        seconds = "" if self.second is None else f":{self.second:02d}"
        return f"T{self.hour:02d}:{self.minute:02d}{seconds}{self.offset or ''}"


def could_be_zone(item: Item) -> bool:
    """Whether a word looks like the short name of a zone (EST, МСК: two to five capitals), or is T or Z of ISO 8601."""
    return item.text in ("T", "Z") or (item.text.isupper() and _ZONE_NAME.fullmatch(item.text) is not None)


def clocks(items: Sequence[Item]) -> Iterator[Clock]:
    """All times that the items can be read to hold, the surest reading first: colons, hour words, mere a.m., dots."""
    for read in (_with_colon, _with_hour_word, _with_period, _with_dot):
        for at, item in enumerate(items):
            if item.kind == "number" and len(item.text) <= 2 and (found := read(items, at)) is not None:
                yield from _complete(items, at, *found)


_Digits = tuple[int, int, int | None, int]
"""Hour, minute, second, and the index after them."""


def _number(items: Sequence[Item], at: int) -> int | None:
    """The value of the number at this index when it has two digits and nothing stands before it."""
    if at >= len(items) or items[at].kind != "number" or not items[at].glued or len(items[at].text) != 2:
        return None
    return int(items[at].text)


def _is(items: Sequence[Item], at: int, marks: str) -> bool:
    """Whether one of these marks stands at the index, right behind what is before it."""
    return 0 <= at < len(items) and items[at].kind == "mark" and items[at].glued and items[at].text in marks


def _with_colon(items: Sequence[Item], at: int) -> _Digits | None:
    minute = _number(items, at + 2) if _is(items, at + 1, ":") else None
    if minute is None:
        return None
    second = _number(items, at + 4) if _is(items, at + 3, ":.") else None
    end = at + 3 if second is None else at + 5
    if second is not None and _is(items, end, ".,") and end + 1 < len(items) and items[end + 1].glued:
        end += 2  # a fraction of a second
    return int(items[at].text), minute, second, end


def _with_dot(items: Sequence[Item], at: int) -> _Digits | None:
    minute = _number(items, at + 2) if _is(items, at + 1, ".") and not _is(items, at, "./-") else None
    if minute is None or (at and items[at].glued):
        return None
    second = _number(items, at + 4) if _is(items, at + 3, ".") else None
    end = at + 3 if second is None else at + 5
    if _is(items, end, "./-") and end + 1 < len(items) and items[end + 1].kind == "number":
        return None
    return int(items[at].text), minute, second, end


def _with_hour_word(items: Sequence[Item], at: int) -> _Digits | None:
    if at + 1 >= len(items) or not items[at + 1].sense("hour-marker"):
        return None
    values: list[int] = []
    end = at + 2
    while len(values) < 2 and end < len(items) and items[end].kind == "number" and len(items[end].text) <= 2:
        unit = end + 1 < len(items) and bool(items[end + 1].sense("filler"))
        if not unit and (len(items[end].text) != 2 or _is(items, end + 1, "./-")):
            break
        values.append(int(items[end].text))
        end += 2 if unit else 1
    second = values[1] if len(values) == 2 else None
    return int(items[at].text), values[0] if values else 0, second, end


def _with_period(items: Sequence[Item], at: int) -> _Digits | None:
    """A bare hour, which only a.m. or p.m. beside it makes a time."""
    after = at + 1 < len(items) and items[at + 1].sense("am", "pm")
    return (int(items[at].text), 0, None, at + 1) if after else None


def _complete(
    items: Sequence[Item], start: int, hour: int, minute: int, second: int | None, end: int
) -> Iterator[Clock]:
    """The digits with a.m. or p.m. and the zone around them; nothing for a time that no clock shows."""
    after_t = start > 0 and items[start - 1].text == "T"
    start -= after_t
    end += end < len(items) and bool(items[end].sense("hour-marker"))
    behind = items[end].sense("am", "pm") if end < len(items) else ()
    before = items[start - 1].sense("am", "pm") if start and not behind else ()
    if before and _hour(hour, before) is None and items[start - 1].sense("weekday", "filler"):
        before = ()  # "an 18:21": a.m. in Akan, Tuesday in Lithuanian
    start, end = start - bool(before), end + bool(behind)
    true_hour = _hour(hour, behind or before)
    if true_hour is None or minute > 59 or (second or 0) > 60:
        return
    if start and items[start - 1].text in _UTC:
        yield Clock(true_hour, minute, second, "+00:00", start - 1, end)
    offset, after = _zone(items, _before_zone(items, end), offset_may_be_glued=after_t)
    if offset or after > end:
        yield Clock(true_hour, minute, second, offset, start, after)
    if not offset:
        yield Clock(true_hour, minute, second, None, start, end)  # those capitals may be a month: 18:21 MAR 6


def _hour(hour: int, period: Sequence[Sense]) -> int | None:
    """The hour of 0–23, with a.m. or p.m. where that stands beside it; None where there is no such hour."""
    if hour > 23 or (period and period[0].role == "am" and hour > 12):
        return None
    return hour % 12 + 12 * (period[0].role == "pm") if period and hour <= 12 else hour


def _before_zone(items: Sequence[Item], at: int) -> int:
    """Over the dot of "p.m.", a word or a bracket between time and zone; the same index where no zone comes."""
    for end in range(at, min(at + 4, len(items))):
        if items[end].kind == "word" and could_be_zone(items[end]) and not items[end].sense("filler"):
            return end
        if items[end].text not in (".", "(") and not items[end].sense("filler"):
            return at
    return at


def _zone(items: Sequence[Item], at: int, *, offset_may_be_glued: bool) -> tuple[str | None, int]:
    """The offset that is stated from this index on, and the index after it. A zone's mere name states none."""
    if at >= len(items):
        return None, at
    if items[at].text in _UTC:
        offset, end = _offset(items, at + 1)
        return offset or "+00:00", end
    if items[at].kind == "word" and could_be_zone(items[at]):
        return None, at + 1
    return _offset(items, at) if offset_may_be_glued or not items[at].glued else (None, at)


def _offset(items: Sequence[Item], at: int) -> tuple[str | None, int]:
    """`+2`, `+02`, `+0200`, `+02:00` as `+02:00`, and the index after it."""
    sign = _SIGNS.get(items[at].text) if at + 1 < len(items) else None
    number = items[at + 1] if sign else None
    if number is None or number.kind != "number" or not number.glued or len(number.text) not in (1, 2, 4):
        return None, at
    end = at + 2
    hours, minutes = (int(number.text[:2]), int(number.text[2:])) if len(number.text) == 4 else (int(number.text), 0)
    if len(number.text) <= 2 and _is(items, end, ":") and (stated := _number(items, end + 1)) is not None:
        minutes, end = stated, end + 2
    if minutes > 59 or hours * 60 + minutes > _FURTHEST_OFFSET:
        return None, at
    return f"{sign}{hours:02d}:{minutes:02d}", end
