"""Which line of the manifest stands for each id: read once, then read on as it grows, and looked up by place.

Only places are kept, so that 100,000 articles take about 20 MB, whatever their titles.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from ..model import Entry
from . import manifest
from .findings import Finding
from .manifest import Removal


class Standing:
    """The manifest as far as it has been read: `read_on` reads what was appended since. Writes nothing.

    `stands` are the ids of entries that were not removed, in the order of filing; `removed` those that were.
    """

    def __init__(self, path: Path) -> None:
        """Opens the file; nothing is read yet. There may be none. Raises `OSError`."""
        self._file: BinaryIO | None = path.open("rb") if path.exists() else None
        self.size = 0
        """How much of it has been read, whole lines only."""
        self.torn: list[Finding] = []
        """Its lines that are no sound ones."""
        self._lines: dict[str, int] = {}
        self._removed: dict[str, int | None] = {}
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def exists(self) -> bool:
        """Whether there is a manifest."""
        return self._file is not None

    @property
    def stands(self) -> list[str]:
        """The ids of the entries that stand."""
        return list(self._lines)

    @property
    def removed(self) -> list[str]:
        """The ids of those that were removed."""
        return list(self._removed)

    def __len__(self) -> int:
        return len(self._lines)

    def read_on(self) -> bool:
        """Take in the lines that were appended; whether there were any."""
        before = self.size
        for line in self._appended():
            self._count += 1
            try:
                record = manifest.from_line(line)
            except ValueError as error:
                self._name(f"line {self._count} is damaged ({error}): {line[:60]!r}")
                record = None
            if isinstance(record, Removal):
                self._removed[record.id] = self._lines.pop(record.id, None)
            elif record is not None:
                self._removed.pop(record.id, None)
                self._lines[record.id] = self.size
            self.size += len(line)
        return self.size > before

    def rest(self) -> Finding | None:
        """What lies behind the last whole line, an append that was cut short; None where nothing does."""
        if self._file is None:
            return None
        self._file.seek(self.size)
        length = len(self._file.read().rpartition(b"\n")[2])
        what = f"its last line has no end: {length} octets of it are there"
        cure = "the next command that writes (`poll`, `import`) cuts it off"
        return Finding("torn", "manifest.jsonl", what, cure) if length else None

    def entry(self, entry_id: str) -> Entry | None:
        """The line that stands for an id; None where it is not there, or was removed."""
        return self._read(self._lines.get(entry_id))

    def entry_before_removal(self, entry_id: str) -> Entry | None:
        """The last line of an entry that was removed."""
        return self._read(self._removed.get(entry_id))

    def place(self, entry_id: str) -> int | None:
        """At which octet the line that stands begins."""
        return self._lines.get(entry_id)

    def _appended(self) -> Iterator[bytes]:
        if self._file is None:
            return
        self._file.seek(self.size)
        for line in self._file:
            if line.endswith(b"\n"):
                yield line

    def _read(self, place: int | None) -> Entry | None:
        if place is None or self._file is None:
            return None
        self._file.seek(place)
        record = manifest.from_line(self._file.readline())
        return record if isinstance(record, Entry) else None

    def _name(self, what: str) -> None:
        cure = "restore the line from a backup, or leave it out: `mailarchiver rebuild manifest`"
        self.torn.append(Finding("torn", "manifest.jsonl", what, cure))
