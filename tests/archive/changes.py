"""An archive in which something is changed, and the changes: what tests/archive/test_crash_changes.py kills.

Run as a program on an archive made by `prepare`::

    python changes.py ROOT count|kill|plain [NUMBER]    as faults.py; `plain`: kill, on a file system without exchange
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a program, it finds the tests as a package

from mailarchiver.archive import sync
from mailarchiver.archive.renewal import Renewal, in_place
from mailarchiver.archive.store import Store
from mailarchiver.model import Bundle, Entry
from tests.archive.faults import faults
from tests.archive.filings import NOW, at, bundle, filing, quarantined, sums

KEPT, LEAVES, RETURNS, HELD = filing(2, articles=3), filing(1), filing(3), quarantined(5)
LATER = NOW + timedelta(days=1)
OTHERS = {"note.txt": b"mine", "images/mine.png": b"\x89", "my notes/a/b.txt": b"b", "article.md": b"my own"}
"""Files that others add to each folder of KEPT; of `article.md` there is none before."""


def prepare(root: Path) -> None:
    """An archive with a mail of three articles and others' files in it, one that was removed, and one in quarantine."""
    with Store.open(root, min_free=0) as store:
        store.commit([KEPT, LEAVES, RETURNS, HELD], now=NOW)
        store.acknowledged("articles", "INBOX", 7, [1, 2, 3], "seen")
        store.acknowledged("articles", "INBOX", 7, [5], "flag")
        store.remove([RETURNS.bundles[0].id], now=NOW)
    for made in KEPT.bundles:
        for name, data in OTHERS.items():
            path = root / made.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (root / made.folder / "link").symlink_to("note.txt")


def change(root: Path) -> None:
    """Everything that can be done to what was filed; done again, it does what is left of it."""
    with Store.open(root, min_free=0) as store:
        entries = {entry.id: entry for entry in store.entries()}
        stood = tuple(entries[made.id] for made in KEPT.bundles if made.id in entries)
        if stood[0].title == "a-walk":
            store.renew([renewal(stood)], now=LATER)
        if LEAVES.bundles[0].id in entries:
            store.remove([LEAVES.bundles[0].id], now=LATER)
        if RETURNS.bundles[0].id not in entries:
            store.restore([RETURNS.bundles[0].id])
        store.commit([replace(filing(5), again="quarantined")], now=LATER)


def renewal(stood: tuple[Entry, ...]) -> Renewal:
    """The first article and the second are other ones now, the third is gone, and there is a fourth."""
    first, second, third = stood
    changed = tuple(in_place(again(entry.id), entry) for entry in (first, second))
    return Renewal(KEPT.digest, stood, changed, (again(f"{first.id}-4"),), (third,))


def again(entry_id: str) -> Bundle:
    """An article as a later program makes it: another title, an article.md, and no attachment."""
    made = bundle(filing_data(), entry_id, at(2), title="another-walk")
    files = {name: data for name, data in made.files.items() if not name.startswith("attachments/")}
    files |= {"article.md": b"# Later\n"}
    del files["SHA256SUMS"]
    files["SHA256SUMS"] = sums(files)
    entry = replace(made.entry, attachments=0, sums=hashlib.sha256(files["SHA256SUMS"]).hexdigest())
    return replace(made, files=files, entry=entry, card=replace(made.card, entry=entry))


def filing_data() -> bytes:
    return KEPT.bundles[0].files["message.eml"]


def main(root: Path, mode: str, number: int = 0) -> None:
    count = 0

    def fault(_: str) -> None:
        nonlocal count
        count += 1
        if mode != "count" and count == number:
            os.kill(os.getpid(), signal.SIGKILL)

    with faults(fault):
        if mode == "plain":
            sync.system_exchange = lambda: None  # type: ignore[assignment]
        change(root)
    sys.stdout.write(f"{count}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:]))
