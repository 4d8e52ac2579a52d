"""What follows a commit: browse pages, the full-text index, `status.json`. All of it can be made again.

Part of the store. Under the lock, but in no commit; what is written here is behind what is filed, never before it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..model import Card, Entry
from . import lock, search_index, staging
from .access import Access
from .layout import Layout


class Publishing:
    """The part of the store that shows what was filed. Every method raises `StoreError` as the store's do."""

    _layout: Layout
    _access: Access

    # --- what people browse -------------------------------------------------------------------------------------------

    def position(self) -> int:
        """How far the archive has come: grows with everything filed. For `write_pages(as_of=…)`."""
        with self._access.reading() as ledger:
            position = ledger.position()
            return 0 if position is None else position.size

    def dirty_months(self) -> list[str]:
        """The months whose pages are behind what was filed (`2024/03`), oldest first."""
        with self._access.reading() as ledger:
            return ledger.dirty_months()

    def dirty(self, months: Sequence[str]) -> None:
        """Have the pages of these months written again."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.dirtied(months)

    def months(self) -> list[tuple[str, int]]:
        """The months and how many entries each has, newest first."""
        with self._access.reading() as ledger:
            return ledger.months()

    def cards(self, month: str) -> list[Card]:
        """The entries of a month, newest first."""
        with self._access.reading() as ledger:
            return ledger.cards(month)

    def newest(self, count: int) -> list[Card]:
        """The entries received last, newest first; without those of automatic mail."""
        with self._access.reading() as ledger:
            return ledger.newest(count)

    def entries(self) -> Iterator[Entry]:
        """All entries that stand, in the order of the manifest."""
        last = 0
        while True:
            with self._access.reading() as ledger:
                page = ledger.entries(last, 500)
            if not page:
                return
            yield from (entry for _, entry in page)
            last = page[-1][0]

    def write_pages(self, files: Mapping[str, bytes], *, cleaned: Sequence[str], as_of: int | None = None) -> int:
        """Bring browse pages to the disk, each whole or not at all, and mark the months in `cleaned` as up to date.

        Returns how many files were written: those that are the same already are left alone. `as_of` is `position()`
        from before the entries were read: if something was filed since, nothing is written, and the months stay
        dirty, so that older pages never replace newer ones.
        """
        with self._access.exclusive() as ledger:
            position = ledger.position()
            if as_of is not None and (position is None or position.size != as_of):
                return 0
            paths = {self._layout.page(name): data for name, data in files.items()}
            changed = {path: data for path, data in paths.items() if not staging.holds(path, data)}
            staging.replace(self._layout, changed)
            with ledger.transaction():
                ledger.cleaned(cleaned)
        return len(changed)

    # --- what people search -----------------------------------------------------------------------------------------

    def update_search(self, *, seconds: float | None = None, step: Callable[[int], None] | None = None) -> int:
        """Bring the full-text index up to date; how many lines of the manifest it took in.

        A missing, damaged or older index is made anew. It ends after about `seconds`; the next call goes on where it
        stood. `step` hears how many were taken in since the last time. The lock is held for a few at a time.
        """
        start, total = time.monotonic(), 0
        while True:
            with self._access.exclusive():
                taken = search_index.update(self._layout, lines=search_index.AT_ONCE)
            total += taken
            if taken and step is not None:
                step(taken)
            is_late = seconds is not None and time.monotonic() - start >= seconds
            if is_late or (taken < search_index.AT_ONCE and not self._merge_search()):
                return total
            time.sleep(2 * lock.PAUSE)  # somebody who waits for the lock gets it

    def _merge_search(self) -> bool:
        with self._access.exclusive():
            return search_index.merge(self._layout)

    def rebuild_search(self, *, step: Callable[[int], None] | None = None) -> int:
        """Make the full-text index anew; how many lines of the manifest it took in."""
        with self._access.exclusive():
            search_index.delete(self._layout)
        return self.update_search(step=step)

    def write_status(self, status: Mapping[str, object]) -> None:
        """Replace `status.json`."""
        text = json.dumps(status, ensure_ascii=False, indent=1) + "\n"
        with self._access.exclusive():
            staging.replace(self._layout, {self._layout.status: text.encode()})
