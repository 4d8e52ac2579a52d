"""The data that flows, one type per stage, named by what happened to it. No logic lives here.

::

    RawMessage ─ parse ─▶ Message ─ unwrap ─▶ Original ─ recognise ─▶ Article ─ bundle ─▶ Bundle ─ commit ─▶ Receipt
     mailbox/             message/            message/               article/            archive/          archive/

Everything is frozen; `bytes` are the octets as they came. Times are aware `datetime`s; dates that were only printed
somewhere are ISO 8601 strings, because what was printed may lack a zone or a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Literal, TypeAlias

Kind = Literal["reader-view", "newsletter", "page", "text", "link", "message"]
Direction = Literal["ltr", "rtl"]
ImageOutcome = Literal["cid", "location", "data", "fetched", "remote", "missing", "unreferenced", "dropped"]
QuarantineReason = Literal["limit", "crash", "message", "defect"]


@dataclass(frozen=True, slots=True)
class MailWarning:
    """Something about a mail that did not go as it should have: `code` is listed in docs/archive-format.md."""

    code: str
    detail: str


# --- mailbox/ -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MessageRef:
    """Where a message lies: (account, folder, uidvalidity, uid) on a server, or a path among files.

    `path` of a message within an mbox is `<file>#<number>`, numbers from 1. `uidvalidity` is None where the server
    states none (RFC 3501 §2.3.1.1 demands it): such a message is filed but never acknowledged.
    """

    account: str
    folder: str
    uidvalidity: int | None = None
    uid: int | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message's octets as fetched.

    `received` is INTERNALDATE (RFC 3501 §2.3.3), None for files. For those, `from_line` is the date of the mbox
    From_ line, and `fallback` what the source offers when the message itself says nothing (a file's mtime). `doubt` is
    why these may not be all of its octets, where there is reason to think so. `digest` is their SHA-256, where that is
    known already.
    """

    ref: MessageRef
    received: datetime | None
    data: bytes = field(repr=False)
    from_line: datetime | None = None
    fallback: datetime | None = None
    doubt: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class TagRules:
    """Where tags are taken from: `words` from the `#word`s of note and subject, `plus` from `archive+word@` among the
    recipients. Only the plus part of these `addresses` counts (lower case, without it); where none are given, anyone's.
    """

    words: bool = True
    plus: bool = True
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """What the owner of the archive has decided about how mail is understood; the same for each mail of an account.

    `timezone` is the archive's: it decides the date of a folder.
    """

    timezone: tzinfo
    tags: TagRules = TagRules()


@dataclass(frozen=True, slots=True)
class After:
    """What is done to a message on the server once it is safely filed; `folder` only with `move`."""

    action: Literal["keep", "seen", "flag", "move"]
    folder: str | None = None


# --- message/ -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox of RFC 5322 §3.4: `Jane Roe <jane@example.org>`; either part may be empty."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers that count, decoded (RFC 2047). Of a message forwarded inline, what its header block printed.

    `date` is ISO 8601 with the offset where one was stated, None where it could not be parsed; `date_text` is what
    stood there. `received` is the date of the topmost Received field, ISO 8601 with offset. `fields` are all header
    fields in order, names as written, values decoded and unfolded (empty for a message forwarded inline).
    """

    message_id: str | None = None
    subject: str | None = None
    sender: Address | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    date: str | None = None
    date_text: str | None = None
    received: str | None = None
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf part (RFC 2045) that is not the body: a picture or an attachment, transfer encoding undone.

    `content_id` is without angle brackets and still percent-encoded as sent; that of a picture that stood nameless
    between two texts is made up, so that the body can show it there. `filename` is the logical name (RFC 2231, RFC 2047
    decoded), unsafe to use as a path.
    """

    content_type: str
    data: bytes
    filename: str | None = None
    content_id: str | None = None
    content_location: str | None = None
    disposition: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A parsed message. `data` are its own octets: for an enclosed message, as cut out of its part.

    `html` and `text` are the alternatives of the body, decoded; either may be None. `enclosed` are the messages
    attached to it as message/rfc822 (their parts are not among `parts`).
    """

    data: bytes
    headers: Headers
    html: str | None = None
    text: str | None = None
    parts: tuple[Part, ...] = ()
    enclosed: tuple[Message, ...] = ()
    warnings: tuple[MailWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class Hop:
    """A forward that was passed: who forwarded, to whom, when (ISO 8601, or None), and what they wrote above."""

    sender: Address | None
    to: tuple[Address, ...] = ()
    date: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Original:
    """The message as its author sent it, all forwards unwrapped.

    `outer` is the message as it lies in the mailbox. `message` is the one whose octets become `message.eml`: `outer`
    itself, or the enclosed message for the second and later articles of one mail. `headers`, `html`, `text`, `parts`
    are the original's own, but that no `text` is cut out of a forward beside the `html` that was. `forwarded` says how
    it was forwarded, None where it was not: `resent` is RFC 5322 §3.6.6. `reason` says by what that was told, or why
    what looks like a forward is none. `note` is what the last forwarder wrote above. `number` counts the articles of
    one mail from 1.
    """

    outer: Message
    message: Message
    headers: Headers
    html: str | None
    text: str | None
    parts: tuple[Part, ...] = ()
    forwarded: Literal["inline", "attached", "resent"] | None = None
    reason: str | None = None
    note: str | None = None
    hops: tuple[Hop, ...] = ()
    number: int = 1
    warnings: tuple[MailWarning, ...] = ()


# --- article/ -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Image:
    """A line of the image ledger: a picture the article refers to, or that came with it, and what became of it.

    `source` is the reference as written (`cid:…`, an URL, a file name for an unreferenced part, `data:` cut to its
    media type). `file` is `images/001-slug.ext`, with `data`; both None where nothing is kept. `width` and `height`
    are pixels from the bytes.
    """

    source: str
    outcome: ImageOutcome
    reason: str | None = None
    alt: str | None = None
    caption: str | None = None
    width: int | None = None
    height: int | None = None
    file: str | None = None
    data: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part kept as a file: `file` is `attachments/001-slug.ext`, `filename` the name as sent."""

    file: str
    filename: str | None
    content_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Article:
    """What was worth forwarding. `html` is sanitised and refers to `Image.file` names only; `markdown` and `text` say
    the same. `published` is an ISO 8601 date or date-time; `language` BCP 47; `provenance` says for each metadata
    field where it was found (`{"title": "reader view: h1"}`). `note` is what the last forwarder wrote above.
    """

    original: Original
    kind: Kind
    title: str
    html: str
    markdown: str
    text: str
    byline: str | None = None
    site: str | None = None
    url: str | None = None
    published: str | None = None
    language: str | None = None
    direction: Direction = "ltr"
    excerpt: str | None = None
    words: int = 0
    tags: tuple[str, ...] = ()
    note: str | None = None
    images: tuple[Image, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[MailWarning, ...] = ()


# --- archive/ -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """Where the manifest says a message came from; None in the entry where it came from a file."""

    account: str
    folder: str
    uidvalidity: int | None
    uid: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A filed article's line in the manifest, field for field (docs/archive-format.md). `filed` and `same_as` are
    known only to the committer, and empty in a bundle.
    """

    id: str
    folder: str
    title: str
    byline: str | None
    site: str | None
    url: str | None
    published: str | None
    received: str
    filed: str | None
    kind: Kind
    language: str | None
    tags: tuple[str, ...]
    words: int
    images: int
    attachments: int
    warnings: int
    message_id: str | None
    sha256: str
    sums: str
    same_as: str | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """An entry as the browse pages show it: `excerpt` and `direction` are in article.json, not in the manifest; so is
    the warning by which an `automatic` mail is told.
    """

    entry: Entry
    excerpt: str | None
    direction: Direction
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Bundle:
    """An article as files, in memory: nothing is written yet.

    `files` are relative POSIX paths → octets, SHA256SUMS included, in the order they are to be written. `url_key`
    (canonical url, None where there is none or it is a mere host) and `text_key` (SHA-256 of the folded text) decide
    `same_as`.
    """

    id: str
    folder: str
    files: Mapping[str, bytes] = field(repr=False)
    entry: Entry
    card: Card
    url_key: str | None
    text_key: str


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Why a mail could not be understood: it needs more than a worker may have (`limit`), its worker died of it
    (`crash`), its parser refused it (`message`), or the program has a `defect`. `detail` says so in a line; `trace` is
    the traceback, for the log only.
    """

    reason: QuarantineReason
    detail: str
    trace: str = ""


Understood: TypeAlias = tuple[Bundle, ...] | Quarantine
"""What became of a mail: its articles, at least one, or why there are none."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A message ready for quarantine: as it came, and why it may not come in."""

    raw: RawMessage
    why: Quarantine


@dataclass(frozen=True, slots=True)
class Filing:
    """A message ready for the commit. `digest` is the SHA-256 of its octets, `folded` that of the same with every
    line end written as LF: mail that differs only there is the same mail. Where the message is known already and is
    only to be noted in the ledger, `bundles` is empty and `quarantined` None.

    `again` says what does not keep it out this time: that all of its entries were removed, or that it lies in
    quarantine, from where it is taken then.
    """

    ref: MessageRef
    digest: str
    folded: str
    bundles: tuple[Bundle, ...] = ()
    quarantined: Quarantined | None = None
    again: Literal["removed", "quarantined"] | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A message is in the archive, synced: `entries` are (id, folder) of its articles. `digest` is its SHA-256, hex.

    `outcome` is `filed` or `quarantined` when this commit wrote it, `already` when the same octets were there before
    (or were removed by the user: then `entries` is empty). `quarantine` is the folder, relative to the archive's root,
    where the message lies in quarantine, by this commit or by an earlier one; then it is no article, and on the server
    it must not be taken for filed. `why` is told by the commit that put it there. `lag` is how many seconds went by
    since the message had come into its mailbox, where it is filed and that is known.
    """

    ref: MessageRef
    digest: str
    outcome: Literal["filed", "already", "quarantined"]
    entries: tuple[tuple[str, str], ...] = ()
    quarantine: str | None = None
    why: Quarantine | None = None
    lag: float | None = None
