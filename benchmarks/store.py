#!/usr/bin/env python3
"""What it costs to file mail, and whether that grows with the archive.

    benchmarks/store.py [--folder DIR] [--quick] [--searches] [--json]

Works in a folder below DIR, by default the present one: what is measured is that disk. The mails are one of the demo,
75 KB with two pictures, made different from each other; they are understood beforehand.

The first table: mails a second, of batches of 50 with one syncfs, of the same batches with an fsync of each file and
folder, and of one mail a commit; then with fetching them from a Dovecot on this machine, beside Debian's mbsync and
getmail, which deliver the same mails from there into a Maildir, with fsync on. A Maildir has one file a mail, the
archive about ten.

The second: milliseconds at 0, 10,000 and 100,000 articles, and how many times that of the empty archive. The articles
are made up: their lines, their place in the ledger, their folders with one file, of 120 words.

The third: milliseconds of a search at 50, 10,000 and 100,000 articles, and how many times that of 50: of `search` as a
whole, with what is shown, and of finding the answers alone, on an index that is open. Every question has 20 answers or
more in each of them, so that as many are shown. "Old" are the first 30 articles that were filed. It is the processor's
time: everything is in the memory, and a search of some milliseconds would be that of whoever else uses the machine.

All take turns, so that a disk that others use is slow for each alike; figures are medians. What they write is deleted
at the end, a few gigabytes: ext4 makes files slowly for minutes after many were deleted.
"""

from __future__ import annotations

import argparse
import imaplib
import json
import os
import pwd
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from itertools import accumulate, islice, product
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import TypeVar

import mailarchiver
from mailarchiver.archive import manifest, search_index, sync
from mailarchiver.archive.catalogue import opened
from mailarchiver.archive.digests import digests
from mailarchiver.archive.filed import Keys
from mailarchiver.archive.layout import Layout
from mailarchiver.archive.ledger import Ledger
from mailarchiver.archive.matches import best_matches
from mailarchiver.archive.query import parse
from mailarchiver.archive.search import search
from mailarchiver.archive.store import Store
from mailarchiver.mailbox.imap import ImapMailbox, Server
from mailarchiver.model import Entry, Filing, MessageRef, RawMessage, Rules, Source
from mailarchiver.pipeline import understand
from mailarchiver.text import search_words

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests' Dovecot

from tests.servers.dovecot import PASSWORD, Dovecot

SAMPLE = Path(mailarchiver.__file__).parent / "demo" / "samples" / "02-gmail-forwarded.eml"
NOON = datetime(2024, 3, 6, 12, tzinfo=UTC)
BATCH = 50
SIZES = (0, 10_000, 100_000)
FEW = 50
"""Articles of the smallest archive that is searched: with less there is less to show, which costs less."""
OLD = 30
INDEXED_AT_ONCE = 5000
"""Articles that come into an index with one sync; for one that is used it would take too long."""
VOCABULARY = [f"word{rank}" for rank in range(20_000)]
OFTEN = list(accumulate(1 / rank for rank in range(1, len(VOCABULARY) + 1)))
"""How often the words of the made-up articles come, added up: as in any language (Zipf)."""
IS_ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody")
AS_NOBODY = ("setpriv", f"--reuid={NOBODY.pw_uid}", f"--regid={NOBODY.pw_gid}", "--clear-groups", "--")
"""getmail delivers nothing as root."""

T = TypeVar("T")
Turn = Callable[[], float]
"""Does something once; how long it took, or how many there were a second."""


# --- mails a second ---------------------------------------------------------------------------------------------------


def mails(number: int) -> list[RawMessage]:
    """So many, all different."""
    sample = SAMPLE.read_bytes()
    ref = partial(MessageRef, "benchmark", "INBOX", 1)
    return [RawMessage(ref(uid), NOON, b"X-Number: %d\r\n" % uid + sample) for uid in range(1, number + 1)]


def filing_of(raw: RawMessage) -> Filing:
    """Ready to be committed."""
    digest, folded = digests(raw.data)
    answer = understand(raw, id=digest[:12], rules=Rules(UTC))
    if not isinstance(answer, tuple):
        raise SystemExit(f"{SAMPLE} is not understood")
    return Filing(raw.ref, digest, folded, answer)


def new_folder(where: Path) -> Path:
    """A folder for one turn, which is deleted with all the others.

    QUIRK: ext4 passes over inodes that were freed in the last minutes, one by one (`recently_deleted` in Linux's
    fs/ext4/ialloc.c): where ten thousand files were just deleted, each new one takes several times as long.
    """
    return Path(mkdtemp(dir=where))


def committed(folder: Path, filings: Sequence[Filing], batch: int) -> float:
    """Mails a second into a new archive."""
    with Store.open(new_folder(folder) / "archive", min_free=0) as store:
        start = time.perf_counter()
        for first in range(0, len(filings), batch):
            store.commit(filings[first : first + batch], now=datetime.now(UTC))
        return len(filings) / (time.perf_counter() - start)


def fsynced(folder: Path, filings: Sequence[Filing], batch: int) -> float:
    """The same as where there is no syncfs."""
    real = sync.system_syncfs
    sync.system_syncfs = lambda: None  # type: ignore[assignment]
    try:
        return committed(folder, filings, batch)
    finally:
        sync.system_syncfs = real


def fetched(folder: Path, filings: Sequence[Filing], port: int) -> float:
    """Mails a second from the server into a new archive."""
    ready = {filing.digest: filing for filing in filings}
    server = Server("127.0.0.1", port, "none", "benchmark")
    with (
        Store.open(new_folder(folder) / "archive", min_free=0) as store,
        ImapMailbox("benchmark", server, lambda: PASSWORD) as mailbox,
    ):
        start = time.perf_counter()
        mailbox.select("INBOX", writable=False)
        done = 0
        for raws in mailbox.fetch(mailbox.search(None)):
            done += len(store.commit([ready[sha256(raw.data).hexdigest()] for raw in raws], now=datetime.now(UTC)))
        seconds = time.perf_counter() - start
    if done != len(filings):
        raise SystemExit(f"only {done} mails came from Dovecot")
    return done / seconds


MBSYNC = """\
FSync yes

IMAPAccount local
Host 127.0.0.1
Port {port}
User benchmark
Pass {password}
SSLType None

IMAPStore far
Account local

MaildirStore near
Path {folder}/
Inbox {folder}/INBOX

Channel all
Far :far:
Near :near:
Create Near
SyncState {folder}/state-
"""
GETMAIL = """\
[retriever]
type = SimpleIMAPRetriever
server = 127.0.0.1
port = {port}
username = benchmark
password = {password}
[destination]
type = Maildir
path = {folder}/INBOX/
[options]
read_all = true
delete = false
delivered_to = false
received = false
verbose = 0
"""


def delivered(where: Path, number: int, port: int, name: str, template: str, command: Sequence[str]) -> float:
    """Mails a second from the server into a new Maildir, by another program."""
    folder = new_folder(where)
    for part in ("cur", "new", "tmp"):
        (folder / "INBOX" / part).mkdir(parents=True)
    (folder / name).write_text(template.format(port=port, password=PASSWORD, folder=folder))
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid) if IS_ROOT else None
    line = [*AS_NOBODY * IS_ROOT, *(each.format(folder=folder) for each in command)]
    start = time.perf_counter()
    done = subprocess.run(line, check=False, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{command[0]} failed: {done.stdout[-500:]}{done.stderr[-500:]}")
    found = sum(1 for path in (folder / "INBOX").rglob("*") if path.is_file() and path.parent.name in {"cur", "new"})
    if found != number:
        raise SystemExit(f"{command[0]} delivered {found} mails of {number}")
    return number / seconds


@contextmanager
def filled(raws: Sequence[RawMessage]) -> Iterator[int]:
    """A Dovecot that has these mails, and where it listens."""
    with Dovecot() as server:
        with imaplib.IMAP4("127.0.0.1", server.port) as client:
            client.login("benchmark", PASSWORD)
            for raw in raws:
                client.append("INBOX", None, None, raw.data)  # no flags, and the time is now
        yield server.port


def throughput(folder: Path, number: int, rounds: int) -> dict[str, float]:
    """Mails a second, by way."""
    raws = mails(number)
    filings = [filing_of(raw) for raw in raws]
    with ExitStack() as stack:
        turns: dict[str, Turn] = {
            "batches of 50, syncfs": partial(committed, folder, filings, BATCH),
            "batches of 50, fsync of each": partial(fsynced, folder, filings, BATCH),
            "one mail a commit": partial(committed, folder, filings, 1),
        }
        if shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin"):
            port = stack.enter_context(filled(raws))
            turns["fetched, batches of 50"] = partial(fetched, folder, filings, port)
            mbsync = ("mbsync", "-q", "-c", "{folder}/mbsyncrc", "all")
            getmail = ("getmail", "-q", "-g", "{folder}", "-r", "getmailrc")
            for command, name, template in ((mbsync, "mbsyncrc", MBSYNC), (getmail, "getmailrc", GETMAIL)):
                if shutil.which(command[0]):
                    turns[command[0]] = partial(delivered, folder, number, port, name, template, command)
        return medians(turns, rounds)


def medians(turns: dict[str, Turn], rounds: int) -> dict[str, float]:
    """Of each, in turns."""
    figures: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for name, turn in turns.items():
            figures[name].append(turn())
    return {name: statistics.median(values) for name, values in figures.items()}


# --- the size of the archive ------------------------------------------------------------------------------------------


def made_up(number: int) -> tuple[Entry, Keys]:
    """An article of an archive that grew over ten years."""
    digest = sha256(b"made up %d" % number).hexdigest()
    day = datetime(2014, 1, 1, 8, tzinfo=UTC) + timedelta(hours=number * 87_600 / SIZES[-1])
    folder = f"{day:%Y/%m/%Y-%m-%d}-an-article-that-was-made-up-{digest[:12]}"
    site = "old.example" if number < OLD else "example.org"
    entry = Entry(
        id=digest[:12],
        folder=folder,
        title=f"An article that was made up, the {number}th of them",
        byline="Jane Roe",
        site=site,
        url=f"https://{site}/{number}",
        published=None,
        received=day.isoformat(),
        filed=day.isoformat(),
        kind="reader-view",
        language="en",
        tags=("slow travel", "old") if number < OLD else ("slow travel",),
        words=120,
        images=2,
        attachments=0,
        warnings=0,
        message_id=f"<{number}@example.org>",
        sha256=digest,
        sums=digest,
        same_as=None,
        source=Source("benchmark", "INBOX", 1, number),
    )
    text = sha256(b"text %d" % number).hexdigest()
    return entry, Keys(sha256(digest.encode()).hexdigest(), f"example.org/{number}", text, "It was made up.", "ltr")


def text_of(number: int) -> str:
    """What it says, the same at any time."""
    drawn = random.Random(number).choices(VOCABULARY, cum_weights=OFTEN, k=120)  # noqa: S311 - no secret
    if number < OLD:
        drawn[60:60] = ["seldom", "said"]
    if number < OLD or number % 100 == 0:
        drawn[30:30] = ["sometimes"]
    return f"It was made up. {' '.join(drawn)}\n"


def grown(root: Path, size: int) -> Store:
    """An archive of so many articles, open."""
    searchable(root, size)
    layout = Layout(root)
    ledger = Ledger(layout.ledger, wait=1)
    with ledger.transaction():
        for number in range(size):
            entry, keys = made_up(number)
            ledger.add(entry, keys)
            ledger.note(MessageRef("benchmark", "INBOX", 1, number), entry.sha256, "filed")
        ledger.taken_in(manifest.end(layout.manifest))
        ledger.cleaned([name for name, _ in ledger.months()])
    ledger.close()
    return Store.open(root, min_free=0)


def searchable(root: Path, size: int) -> None:
    """An archive of so many articles with its index, as `mailarchiver rebuild search` makes it. The ledger, which no
    search reads, knows none of them.
    """
    Store.open(root, min_free=0).close()
    layout = Layout(root)
    with layout.manifest.open("wb") as lines:
        for number in range(size):
            entry, _ = made_up(number)
            lines.write(manifest.to_line(entry))
            folder = root / entry.folder
            folder.mkdir(parents=True)
            (folder / "article.txt").write_text(text_of(number))
    while search_index.update(layout, lines=INDEXED_AT_ONCE):
        continue
    while search_index.merge(layout):
        continue


def questions(store: Store, root: Path, filings: Sequence[Filing]) -> dict[str, Turn]:
    """What is filed in an archive of any size, and what is asked of it then: 51 mails have come in the first turn."""
    fresh = iter(filings)

    def commit(number: int) -> float:
        batch = [next(fresh) for _ in range(number)]
        return milliseconds(lambda: store.commit(batch, now=datetime.now(UTC))) / number

    octets = [b"X-Number: -%d\r\n" % number + SAMPLE.read_bytes() for number in range(BATCH)]
    unknown = [sha256(b"unknown %d" % number).hexdigest() for number in range(BATCH)]
    known = [filing.digest for filing in filings[:BATCH]]

    def is_new(data: bytes) -> str:
        """As filing.filed asks, before a mail is understood: is it known, and else its id."""
        digest, folded = digests(data)
        if store.known(digest, folded) is not None:
            raise SystemExit("the look-up finds what is not there")
        return store.free_id(digest)

    return {
        "commit of one mail": lambda: commit(1),
        "commit of 50, a mail": lambda: commit(BATCH),
        "dedupe look-up of a mail": lambda: each(is_new, octets),
        "- by its digest alone, not known": lambda: each(lambda digest: store.known(digest, digest), unknown),
        "- by its digest alone, known": lambda: each(lambda digest: store.known(digest, digest), known),
        "the newest 50": lambda: milliseconds(lambda: store.newest(BATCH)),
        "list, the newest 20": lambda: milliseconds(lambda: listed(root)),
        "show, by the beginning of an id": lambda: milliseconds(lambda: found(root, known[0][:8])),
    }


def listed(root: Path) -> list[Entry]:
    """What `mailarchiver list` shows."""
    with opened(root) as catalogue:
        return list(islice(catalogue.newest(), 20))


def found(root: Path, name: str) -> Entry:
    """What `mailarchiver show` shows."""
    with opened(root) as catalogue:
        return catalogue.find(name)


def each(work: Callable[[T], object], things: Sequence[T]) -> float:
    """How long it takes for one of them."""
    return milliseconds(lambda: [work(thing) for thing in things]) / len(things)


def milliseconds(work: Callable[[], object]) -> float:
    """How long it takes, once."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def processor_milliseconds(work: Callable[[], object]) -> float:
    """How long this process computes for it, once."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def growth(stores: dict[int, Store], folder: Path, rounds: int) -> dict[str, dict[int, float]]:
    """Milliseconds of each question at each size. Every archive gets the same mails."""
    needed = (rounds + 1) * (BATCH + 1)
    filings = [filing_of(raw) for raw in mails(needed)]
    figures: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    asked = {size: questions(store, folder / str(size), filings) for size, store in stores.items()}
    for _ in range(rounds + 1):
        for name in next(iter(asked.values())):
            for size in stores:
                figures[name][size].append(asked[size][name]())
    # the first turn finds everything cold
    return {name: {size: statistics.median(values[1:]) for size, values in of.items()} for name, of in figures.items()}


# --- searching -------------------------------------------------------------------------------------------------------

SEARCHES = {
    "a rare word": "seldom",
    "a word of every text": "made",
    "a word of two texts in five": "word1",
    "a word of one text in a hundred": "sometimes",
    "two words of most texts": "word0 made",
    "a rare word and one of every text": "seldom made",
    "a phrase of every text": '"made up"',
    "a rare phrase": '"seldom said"',
    "a beginning of one rare word": "seld*",
    "a beginning of one common word": "mad*",
    "a beginning of a thousand words": "word19*",
    "a beginning of all words, one letter": "w*",
    "a beginning of all words, three letters": "wor*",
    "a beginning of half of the words": "word1*",
    "one of every text, and a beginning": "made word1*",
    "a phrase that goes on": '"was m"*',
    "a beginning, site: that begins so": "word19* site:exam*",
    "one of every text, not a beginning": "made -seld*",
    "one of every text, site: of all": "made site:example.org",
    "one of every text, site: of the old": "made site:old.example",
    "one of every text, tag: of all": "made tag:slow-travel",
    "one of every text, tag: of the old": "made tag:old",
    "one of every text, after: the first day": "made after:2014-01-02",
    "one of every text, before: the third": "made before:2014-01-03",
    "one of every text, not another": "made -seldom",
    "tag: of the old alone": "tag:old",
    "before: alone": "before:2014-01-03",
}


def searches(roots: dict[int, Path], rounds: int) -> dict[str, dict[int, float]]:
    """Milliseconds of each search at each size: as a whole, and of finding the answers alone."""
    figures: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    with ExitStack() as stack:
        indices = {
            size: stack.enter_context(closing(search_index.read_only(Layout(root).search)))
            for size, root in roots.items()
        }
        for _, (name, query), (size, root) in product(range(rounds + 1), SEARCHES.items(), roots.items()):
            figures[name][size].append(processor_milliseconds(partial(searched, root, query)))
            alone = partial(best_matches, indices[size], parse(query), 20)
            figures[f"- {name}"][size].append(processor_milliseconds(alone))
    return {name: {size: statistics.median(values[1:]) for size, values in of.items()} for name, of in figures.items()}


def searched(root: Path, query: str) -> None:
    """What `mailarchiver search` does, which has not read any word before."""
    search_words._read.cache_clear()  # noqa: SLF001 - else those that show the same articles again are faster
    if len(search(root, query).hits) != 20:
        raise SystemExit(f"{query} does not find 20 articles in {root}")


# --- the report -------------------------------------------------------------------------------------------------------


def table(title: str, costs: dict[str, dict[int, float]]) -> str:
    """Milliseconds by size, for people."""
    sizes = list(next(iter(costs.values())))
    lines = [f"{title:46}" + "".join(f"{size:>12,}" for size in sizes) + f"{'ratio':>8}"]
    for name, of in costs.items():
        ratio = of[sizes[-1]] / of[sizes[0]]
        lines.append(f"{name:46}" + "".join(f"{of[size]:12.3f}" for size in sizes) + f"{ratio:8.2f}")
    return "\n".join(lines)


def rates_table(rates: dict[str, float]) -> str:
    """Mails a second, for people."""
    lines = [f"{'':46}{'mails/s':>10}{'ms a mail':>12}"]
    return "\n".join(lines + [f"{name:46}{rate:10.0f}{1000 / rate:12.2f}" for name, rate in rates.items()])


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(), metavar="DIR", help="on the disk to be measured")
    parser.add_argument("--quick", action="store_true", help="hardly any mail, to see that it works")
    parser.add_argument("--searches", action="store_true", help="only the third table")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    sizes, number, rounds = ((0, 1000), 20, 1) if options.quick else (SIZES, 100, 3)
    with TemporaryDirectory(dir=options.folder, prefix="store-benchmark-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        rates = {} if options.searches else throughput(folder, number, rounds)
        searched = (FEW, *sizes[1:])
        for size in searched if options.searches else (FEW,):
            searchable(folder / str(size), size)
        grown_ones = () if options.searches else sizes
        stores = {size: stack.enter_context(grown(folder / str(size), size)) for size in grown_ones}
        os.sync()
        found = searches({size: folder / str(size) for size in searched}, rounds * 5)
        costs = growth(stores, folder, rounds * 5) if stores else {}
    if options.json:
        print(json.dumps({"mails a second": rates, "milliseconds": costs, "milliseconds of a search": found}))
    else:
        parts = [] if options.searches else [rates_table(rates), table("ms, by articles in the archive", costs)]
        print("\n\n".join([*parts, table("ms of a search, by articles in the archive", found)]))


if __name__ == "__main__":
    main()
