"""An article as files: everything its folder will hold, in memory. Pure: nothing is read, nothing written.

::

    Article ─┬─ page     ─▶ index.html
             ├─ markdown ─▶ article.md
             ├─ text     ─▶ article.txt     ─▶ SHA256SUMS ─▶ Bundle
             ├─ metadata ─▶ article.json
             └─ octets   ─▶ message.eml  images/…  attachments/…
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Article, Bundle, Card, Entry, RawMessage, Source
from ..text.reading_time import reading_minutes
from . import AUTOMATIC
from .article_json import as_json, metadata, warnings_of
from .article_md import markdown
from .digests import sha256_of
from .naming import article_id, folder_name, local
from .page import page
from .sameness import text_key, url_key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo


def bundle(
    article: Article,
    raw: RawMessage,
    *,
    received: datetime,
    id: str,  # noqa: A002 - the format's word
    timezone: tzinfo,
    digest: str | None = None,
) -> Bundle:
    """The files, the manifest entry and the keys of an article; `id` is its mail's, `timezone` the archive's. `digest`
    is the SHA-256 of the whole mail for whoever knows it: a hundred articles of 45 MB take ten seconds without.

    The same arguments give the same octets. Does not check what the article says: `html` is sanitised before, and the
    names of its files were made by article/. `filed` and `same_as` of the entry stay empty: only the committer knows.
    Raises `ValueError` for a `received` without offset.
    """
    own_id = article_id(id, article.original.number)
    folder = folder_name(article.title, received, timezone, own_id)
    received = local(received, timezone)
    octets = {"message.eml": article.original.message.data} | _parts(article)
    digest = digest or sha256_of(raw.data)
    sums = {path: digest if data is raw.data else sha256_of(data) for path, data in octets.items()}
    minutes = reading_minutes(article.text, article.language)
    known = metadata(article, raw, received=received, id=own_id, minutes=minutes, digest=digest, sums=sums)
    made = {
        "index.html": page(article, received=received, minutes=minutes),
        "article.md": _octets(markdown(article, received=received, id=own_id)),
        "article.txt": _octets(_text(article.text)),
        "article.json": _octets(as_json(known)),
    }
    files = made | octets
    files["SHA256SUMS"] = _listing(sums | {path: sha256_of(data) for path, data in made.items()})
    entry = _entry(article, raw, received, own_id, folder, digest, sha256_of(files["SHA256SUMS"]))
    return Bundle(
        id=own_id,
        folder=folder,
        files=files,
        entry=entry,
        card=Card(entry, _whole(article.excerpt), article.direction, automatic=_is_automatic(article)),
        url_key=_whole(url_key(article.url)),
        text_key=text_key(article.text, own_id),
    )


def _listing(sums: Mapping[str, str]) -> bytes:
    """SHA256SUMS as `sha256sum -c` reads it, sorted by path."""
    return "".join(f"{sums[path]}  {path}\n" for path in sorted(sums)).encode("ascii")


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _text(text: str) -> str:
    """The text with one newline at its end; nothing where there is nothing."""
    body = text.strip("\n")
    return f"{body}\n" if body else ""


def _parts(article: Article) -> dict[str, bytes]:
    """The pictures that are kept and the attachments, by path, in the order of the article."""
    images = {image.file: image.data for image in article.images if image.file and image.data is not None}
    return images | {attachment.file: attachment.data for attachment in article.attachments}


def _entry(
    article: Article,
    raw: RawMessage,
    received: datetime,
    id: str,  # noqa: A002 - the format's word
    folder: str,
    digest: str,
    sums: str,
) -> Entry:
    ref = raw.ref
    return Entry(
        id=id,
        folder=folder,
        title=article.title.encode("utf-8", "replace").decode(),
        byline=_whole(article.byline),
        site=_whole(article.site),
        url=_whole(article.url),
        published=article.published,
        received=received.isoformat(),
        filed=None,
        kind=article.kind,
        language=_whole(article.language),
        tags=tuple(tag.encode("utf-8", "replace").decode() for tag in article.tags),
        words=article.words,
        images=len({image.file for image in article.images if image.file}),
        attachments=len(article.attachments),
        warnings=len(warnings_of(article)),
        message_id=_whole(article.original.outer.headers.message_id),
        sha256=digest,
        sums=sums,
        source=Source(ref.account, ref.folder, ref.uidvalidity, ref.uid) if ref.path is None else None,
    )


def _is_automatic(article: Article) -> bool:
    return any(warning.code == AUTOMATIC for warning in warnings_of(article))


def _whole(text: str | None) -> str | None:
    """The text as UTF-8 can hold it: a lone surrogate, which it cannot, as "?"."""
    return None if text is None else text.encode("utf-8", "replace").decode()
