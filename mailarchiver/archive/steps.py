"""How folders come to be where a commit wants them: each step can be done, and be taken back while the commit fails."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from ..model import Entry
from . import staging, swap
from .layout import Layout
from .staging import Move


class Step(Protocol):
    """A step. `touched` are the paths whose names it changes: the folders above them are to be synced."""

    @property
    def touched(self) -> list[Path]:
        """Known once it is done."""

    def do(self) -> None:
        """Raises `OSError`, perhaps with half of it done."""

    def undo(self) -> None:
        """Take back what was done of it, be that nothing or half. Raises `OSError`: then recovery sees to it."""


class Place:
    """A staged folder, moved to where nothing is."""

    def __init__(self, layout: Layout, move: Move) -> None:
        self._layout, self._move = layout, move
        self.touched = [move.target]

    def do(self) -> None:
        """As `Step`."""
        staging.place(self._layout, self._move)

    def undo(self) -> None:
        """As `Step`."""
        if not os.path.lexists(self._move.staged):
            staging.take_back([self._move])


class Swap:
    """A staged folder, put in the place of the one of the same entry."""

    def __init__(self, layout: Layout, entry: Entry) -> None:
        self._layout, self._entry = layout, entry
        self.touched = [layout.root / entry.folder, layout.versions / entry.id / swap.COMING]

    def do(self) -> None:
        """As `Step`."""
        swap.swap(self._layout, self._entry)

    def undo(self) -> None:
        """As `Step`."""
        swap.take_back(self._layout, self._entry)


class TakeOut:
    """A filed folder, moved to trash/; one that somebody took away before is none of its business."""

    def __init__(self, layout: Layout, entry: Entry) -> None:
        self._layout = layout
        self._path = layout.root / entry.folder
        self._lies: Path | None = None

    @property
    def touched(self) -> list[Path]:
        """As `Step`."""
        return [] if self._lies is None else [self._path, self._lies]

    def do(self) -> None:
        """As `Step`."""
        if self._path.is_dir():
            self._lies = staging.set_aside(self._layout, self._path)

    def undo(self) -> None:
        """As `Step`."""
        if self._lies is not None:
            self._lies.rename(self._path)


class PutBack:
    """A folder of trash/, moved to where it was."""

    def __init__(self, layout: Layout, lies: Path, entry: Entry) -> None:
        self._layout, self._move = layout, Move(lies, layout.root / entry.folder)
        self.touched = [lies, self._move.target]

    def do(self) -> None:
        """As `Step`."""
        staging.place(self._layout, self._move)

    def undo(self) -> None:
        """As `Step`."""
        if not os.path.lexists(self._move.staged):
            staging.take_back([self._move])
