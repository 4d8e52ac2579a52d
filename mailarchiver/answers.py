"""What crosses the pipes between the program and a child that understands mail: tasks one way, answers the other.

An answer is built of plain values only: whoever took a child over cannot make its parent call anything, nor hand it
something of another type. Plain values are also the fastest to read: the types of `model` would take three times as
long. `message.eml` does not travel back.
"""

from __future__ import annotations

import io
import pickle
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from types import NoneType
from typing import Any

from .model import Bundle, Card, Entry, MessageRef, Quarantine, RawMessage, Rules, Source, Understood

MAIL = "message.eml"
_LENGTH = 8
"""Octets of the length of what is told in an answer."""

_ENTRY = tuple(field.name for field in fields(Entry))
_OF_ENTRY = attrgetter(*_ENTRY)
_OF_SOURCE = attrgetter(*(field.name for field in fields(Source)))
_OF_REF = attrgetter(*(field.name for field in fields(MessageRef)))
_TAGS = _ENTRY.index("tags")
_OPTIONAL = (str, NoneType)
_PLAIN: dict[str, type | tuple[type, ...]] = {"str": str, "str | None": _OPTIONAL, "int": int, "Kind": str}
_TYPES = tuple(_PLAIN.get(str(field.type), object) for field in fields(Entry))


class _PlainOnly(pickle.Unpickler):
    """Reads pickles that name nothing at all."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401  as the base class has it
        raise pickle.UnpicklingError(f"{module}.{name} is no part of an answer")


# --- tasks ----------------------------------------------------------------------------------------------------------


def task_frame(raw: RawMessage, mail_id: str, rules: Rules) -> tuple[bytes, bytes]:
    """A mail on its way to a child, in two pieces: what is told of it, and the mail itself, which is not copied."""
    known = (raw.received, raw.from_line, raw.fallback, raw.doubt, raw.digest)
    return pickle.dumps((len(raw.data), _OF_REF(raw.ref), known, mail_id, _packed(rules)), protocol=5), raw.data


def read_task(frame: bytes | memoryview) -> tuple[RawMessage, str, Rules]:
    """The same at the other end. What it names is called: for the frames of one's parent only."""
    size, ref, (received, *known), mail_id, rules = pickle.loads(frame)  # noqa: S301  our parent's
    data = bytes(frame[len(frame) - size :])
    return RawMessage(MessageRef(*ref), received, data, *known), mail_id, _unpacked(rules)


@lru_cache(maxsize=16)
def _packed(rules: Rules) -> bytes:
    return pickle.dumps(rules, protocol=5)


@lru_cache(maxsize=16)
def _unpacked(rules: bytes) -> Rules:
    found: Rules = pickle.loads(rules)  # noqa: S301  our parent's
    return found


# --- answers --------------------------------------------------------------------------------------------------------


def answer_frame(answer: Understood, raw: RawMessage) -> tuple[bytes, ...]:
    """What became of the mail `raw`, on its way back, in pieces: the length of what is told of it, that itself, and the
    octets of its files, which are not copied.
    """
    if isinstance(answer, Quarantine):
        return _pieces((answer.reason, answer.detail, answer.trace))
    files = [_sent(bundle, raw) for bundle in answer]
    told = [_plain(bundle, sent) for bundle, sent in zip(answer, files, strict=True)]
    return _pieces(told, *(data for sent in files for data in sent.values()))


def read_answer(frame: bytes | memoryview, raw: RawMessage) -> Understood:
    """The same at the other end. Raises `Exception` of any kind for what is no answer; calls nothing."""
    octets = _Octets(frame)
    answer = _PlainOnly(io.BytesIO(octets.take(int.from_bytes(octets.take(_LENGTH), "big")))).load()
    if isinstance(answer, tuple):
        reason, detail, trace = answer
        _require(str, reason, detail, trace)
        return Quarantine(reason, detail, trace)
    _require(list, answer)
    if not answer:
        raise ValueError("an answer without articles")
    return tuple(_bundle(each, octets, raw) for each in answer)


class _Octets:
    """A frame that is read from its beginning."""

    def __init__(self, frame: bytes | memoryview) -> None:
        self._left = memoryview(frame)

    def take(self, length: int) -> bytes:
        """The next of them. Raises `ValueError` where there are not so many."""
        if not 0 <= length <= len(self._left):
            raise ValueError(f"{length} octets of {len(self._left)}")
        taken, self._left = bytes(self._left[:length]), self._left[length:]
        return taken


def _pieces(told: object, *octets: bytes) -> tuple[bytes, ...]:
    packed = pickle.dumps(told, protocol=5)
    return len(packed).to_bytes(_LENGTH, "big"), packed, *octets


def _sent(bundle: Bundle, raw: RawMessage) -> dict[str, bytes]:
    """The files without the mail that the parent has anyway: 45 MB would cross the pipe twice."""
    files = dict(bundle.files)
    if files[MAIL] == raw.data:
        files[MAIL] = b""
    return files


def _plain(bundle: Bundle, sent: dict[str, bytes]) -> tuple[object, ...]:
    """A bundle with the lengths of its files in their place."""
    lengths = {name: len(data) for name, data in sent.items()}
    card, source = bundle.card, bundle.entry.source
    told = (card.excerpt, card.direction, card.automatic)
    place = None if source is None else _OF_SOURCE(source)
    entry = _OF_ENTRY(bundle.entry)[:-1]
    return (bundle.id, bundle.folder, lengths, entry, place, told, bundle.url_key, bundle.text_key)


def _bundle(plain: Any, octets: _Octets, raw: RawMessage) -> Bundle:  # noqa: ANN401  of what it is, nothing is known
    own_id, folder, lengths, values, place, (excerpt, direction, automatic), url_key, text_key = plain
    _require(dict, lengths)
    _require(str, own_id, folder, direction, text_key, *lengths)
    _require(int, *lengths.values())
    _require(_OPTIONAL, excerpt, url_key)
    _require(tuple, values, values[_TAGS])
    _require(str, *values[_TAGS])
    if not all(map(isinstance, values, _TYPES)) or len(values) != len(_TYPES) - 1:
        raise TypeError("an entry of other types than its own")
    files = {name: octets.take(length) for name, length in lengths.items()}
    files[MAIL] = files[MAIL] or raw.data
    entry = Entry(**dict(zip(_ENTRY, (*values, _source(place)), strict=True)))
    card = Card(entry, excerpt, direction, bool(automatic))
    return Bundle(own_id, folder, files, entry, card, url_key, text_key)


def _source(place: Any) -> Source | None:  # noqa: ANN401  likewise
    if place is None:
        return None
    account, folder, uidvalidity, uid = place
    _require(str, account, folder)
    _require((int, NoneType), uidvalidity, uid)
    return Source(account, folder, uidvalidity, uid)


def _require(kind: type | tuple[type, ...], *values: object) -> None:
    for value in values:
        if not isinstance(value, kind):
            raise TypeError(f"{type(value).__name__} is no part of an answer there")
