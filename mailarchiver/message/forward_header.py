"""The header block that a mail program prints above a forwarded body, found among lines and read into Headers.

Works on lines of text, whether they were lines of a plain text or what a browser would show as lines of HTML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from ..model import Address, Headers
from ..text.dates import read_date
from .addresses import read_address, read_addresses
from .forward_markers import (
    Field,
    Marker,
    fold,
    label_of,
    language_of,
    marker_of,
    markers,
    one_line_marker,
    split_one_line,
)

_BLANKS_WITHIN = 2
"""Of empty lines between marker and block, or between two of its fields (Outlook makes each field a paragraph)."""
_FULL_LINE = 60
"""A plain text line at least this long may have been wrapped, so that the next one continues it."""
_LINES_OF_BLOCK = 60
_LINES_OF_VALUE = 6
_LONGEST_ATTRIBUTION = 300
_ATTRIBUTION = re.compile(
    r"^(?P<before>.*?)[<(]\s*(?:mailto:)?(?P<address>[^\s<>()@]+@[^\s<>()@]+)\s*[>)](?P<after>.*)[:：]\s*$"
)
_PROMISING = re.compile(r"[-_=*~–—]|[^:：]{1,60}[:：]|.*[:：]$")
"""Only such a line can begin a block: most lines need no closer look."""
_ADDRESS_ALONE = re.compile(r"[<\[][^<>\s]+@[^<>\s]+[>\]][,;]?")
_QUOTED_NAME = re.compile(r"[\"“”„«»]\s*([^\"“”„«»]+?)\s*[\"“”„«»]")
_MOMENT = re.compile(r"\d.*\d(?:\s?[AaPp]\.?[Mm]\b\.?)?")
_WORD_START = re.compile(r"(?<!\S)\S")
_WORDS_BEFORE_DATE = 4


@dataclass(frozen=True, slots=True)
class Block:
    """A header block: lines `start` to `end` (exclusive), the marker above it included.

    `certain` when a marker says that what follows was forwarded; without, a reply looks the same. `marked` when any
    marker stands above it. `headers` has what was printed, `reply_to` where answers were to go; `language` (BCP 47) is
    that of its labels, None where that is not known.
    """

    start: int
    end: int
    headers: Headers
    certain: bool
    marked: bool = True
    language: str | None = None
    reply_to: tuple[Address, ...] = ()


def find_block(lines: Sequence[str], *, bare: bool, wrapped: bool) -> Block | None:
    """The first header block among the lines; `wrapped` ones may go on in the next, those of HTML never do.

    With `bare`, a marker that no header follows counts as one too, as does the line above a quote ("On … John Doe <…>
    wrote:"): the caller knows from elsewhere that this is a forward.
    """
    for index, line in enumerate(lines):
        if _PROMISING.match(line):
            block = block_at(lines, index, wrapped=wrapped) or (_bare_block(lines, index) if bare else None)
            if block:
                return block
    return None


def block_at(lines: Sequence[str], index: int, *, wrapped: bool) -> Block | None:
    """The header block that begins with this very line; None where none does."""
    line = lines[index]
    together = one_line_marker(line)
    if together:
        split = split_one_line(together[1])
        below = [*split, *lines[index + 1 : index + _LINES_OF_BLOCK]]
        fields, end = _fields(below, 0, wrapped=wrapped and len(split) == 1)
        if _suffices(fields, 2):
            return _block(fields, together[0], index, index + 1 + max(end - len(split), 0), below[:end])
    marker = marker_of(line)
    first = _next_filled(lines, index + 1) if marker else index
    if first is None or label_of(lines[first]) is None:
        return None
    fields, end = _fields(lines, first, wrapped=wrapped)
    if not _suffices(fields, 2 if marker else 3):
        return None
    again = _next_filled(lines, end)
    if marker and again is not None and lines[again] == line and block_at(lines, again, wrapped=wrapped) is None:
        end = again + 1  # Zoho's marker stands below the header too
    return _block(fields, marker, index, end, lines[first:end])


def _block(fields: Mapping[Field, str], marker: Marker | None, start: int, end: int, printed: Sequence[str]) -> Block:
    """The block of these fields, whose lines were `printed`."""
    language = language_of(printed)
    return Block(
        start,
        end,
        _headers(fields, None if language == "en" else language),
        certain=marker == "forwarded",
        marked=marker is not None,
        language=language,
        reply_to=read_addresses(fields.get("reply_to", "")),
    )


def _suffices(fields: Mapping[Field, str], least: int) -> bool:
    """Whether these are enough fields for a header block: the sender, and others. A single "From:" is prose."""
    known = fields.keys() - {"other", "bcc", "reply_to"}
    return len(known) >= least and "from" in fields and bool(known & {"subject", "date", "to"})


def _next_filled(lines: Sequence[str], index: int) -> int | None:
    """The next line with anything on it, over a few empty ones."""
    for position in range(index, min(index + _BLANKS_WITHIN + 1, len(lines))):
        if lines[position]:
            return position
    return None


def _fields(lines: Sequence[str], index: int, *, wrapped: bool) -> tuple[dict[Field, str], int]:
    """The fields printed from this line on, and the line after the last of them.

    A second sender, or what repeats a field behind an empty line, belongs to the body: often the next header block.
    """
    fields: dict[Field, str] = {}
    end = index
    position: int | None = index
    while position is not None and position < index + _LINES_OF_BLOCK:
        label = label_of(lines[position])
        if label is None:
            break
        name, value = label
        if name in fields and (name == "from" or position > end):
            break
        end = position + 1
        following = _continuation(lines, end, value, {*fields, name}, wrapped=wrapped)
        if following > end:
            value = " ".join([value, *lines[end:following]]).strip()
            end = following
        fields.setdefault(name, value)
        position = _next_filled(lines, end)
    return fields, end


def _continuation(lines: Sequence[str], index: int, value: str, known: Set[Field], *, wrapped: bool) -> int:
    """Where the value that stands on the line before `index` ends, in a block of which these fields are `known`.

    It goes on where that line was full or had no value, where an address follows its name, and, in wrapped text, where
    another field of the block follows. A body that follows at once is no value: what goes on before no other field must
    be a single line with an empty one behind it.
    """
    end = index
    while end < len(lines) and end - index < _LINES_OF_VALUE and lines[end] and label_of(lines[end]) is None:
        end += 1
    if end in (index, len(lines)) or end - index == _LINES_OF_VALUE:
        return index
    label = label_of(lines[end])
    within = label is not None and label[0] not in known - {"other"}
    if not value:
        return end if label is not None else index
    if within and wrapped:
        return end
    if (
        wrapped
        and end == index + 1
        and _ADDRESS_ALONE.fullmatch(lines[index])
        and "@" not in re.split("[,;]", value)[-1]
    ):
        return end
    full = wrapped and len(lines[index - 1]) + len(lines[index].split(maxsplit=1)[0]) >= _FULL_LINE
    return end if full and (label is not None or end == index + 1) else index


def _headers(fields: Mapping[Field, str], language: str | None) -> Headers:
    """The fields, read; `language` is that of the date, None for English, which writes dates in two ways."""
    date = fields.get("date", "").strip() or None
    sender = read_address(markers().on_behalf_of.split(fields.get("from", ""))[0])
    return Headers(
        subject=fields.get("subject") or None,
        sender=sender or read_address(fields.get("sender", "")),
        to=read_addresses(fields.get("to", "")),
        cc=read_addresses(fields.get("cc", "")),
        date=read_date(date, language=language) if date else None,
        date_text=date,
    )


def _bare_block(lines: Sequence[str], index: int) -> Block | None:
    """A marker without header, or the line above a quote."""
    if marker_of(lines[index]) == "forwarded":
        return Block(index, index + 1, Headers(), certain=True)
    for end in (index + 1, index + 2):
        headers = attribution(" ".join(lines[index:end]))
        if headers:
            return Block(index, end, headers, certain=False)
    return None


def attribution(line: str) -> Headers | None:
    """What the line above a quote says: "On 28/10/2021 12:46, John Doe <john@example.com> wrote:" in any language.

    None unless it ends in a colon and names an address and a moment. The date is kept as text where its day and month
    cannot be told apart.
    """
    match = _ATTRIBUTION.match(line) if len(line) <= _LONGEST_ATTRIBUTION else None
    if match is None:
        return None
    moment = _MOMENT.search(match["before"]) or _MOMENT.search(match["after"])
    if moment is None:
        return None
    text, date = _printed_date(moment.string, moment)
    return Headers(
        sender=Address(_name(match["before"]), match["address"]),
        date=date or _date_in_language(text, line),
        date_text=text,
    )


def _printed_date(text: str, moment: re.Match[str]) -> tuple[str, str | None]:
    """The date as it is printed and read, with as few words before its first number as it needs: "Mar 6, 2024"."""
    words = [match.start() for match in _WORD_START.finditer(text, 0, moment.start())][-_WORDS_BEFORE_DATE:]
    for start in [moment.start(), *reversed(words)]:
        date = read_date(text[start : moment.end()])
        if date:
            return text[start : moment.end()].strip(" ,"), date
    return moment.group().strip(" ,"), None


def _date_in_language(text: str, line: str) -> str | None:
    """The date as all languages read it that the words of the line are of; None where they do not agree."""
    tags = frozenset[str]().union(*_wrote(line))
    readings = {read_date(text, language=None if tag == "en" else tag) for tag in tags}
    return readings.pop() if len(readings) == 1 else None


def _wrote(line: str) -> list[frozenset[str]]:
    """The languages of each word in the line that says who wrote; short words ("a", "on") are left out."""
    folded = f" {fold(line)} "
    return [tags for word, tags in markers().wrote.items() if len(word) > 3 and f" {word} " in folded]


def is_attribution(line: str) -> bool:
    """Whether a line introduces a quote ("On Wed, Mar 6, 2024, Jane wrote:"), with or without an address."""
    if (
        len(line) > _LONGEST_ATTRIBUTION
        or not line.rstrip().endswith((":", "："))
        or not any(c.isdigit() for c in line)
    ):
        return False
    if _ATTRIBUTION.match(line):
        return True
    return bool(_wrote(line))


def _name(before: str) -> str:
    """The name in front of an address, without the date and the words around it."""
    quoted = _QUOTED_NAME.search(before)
    if quoted:
        return quoted[1]
    words = before.replace(",", " ").split()
    digits = [index for index, word in enumerate(words) if any(character.isdigit() for character in word)]
    name = words[digits[-1] + 1 :] if digits else words
    table = markers().wrote
    while name and fold(name[0]) in table:
        name = name[1:]
    return " ".join(name).strip(" (")
