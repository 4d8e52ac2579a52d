"""An article becomes exactly the files of format 1, byte for byte the same every time."""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver import EXTRACTOR
from mailarchiver.archive.bundle import bundle
from mailarchiver.archive.digests import digests
from mailarchiver.model import Article, Bundle, Headers, MailWarning, Message, MessageRef, Original, Source
from tests.archive.specimens import AUTHOR, MAIL, RECEIVED, article, forwarded, raw

if TYPE_CHECKING:
    from pathlib import Path

ID = "3f9a1c2b7d40"
BERLIN = ZoneInfo("Europe/Berlin")
TEXTS = ["index.html", "article.md", "article.txt", "article.json", "message.eml"]


def made(of: Article, **changes: Any) -> Bundle:
    return bundle(of, replace(raw(), **changes), received=RECEIVED, id=ID, timezone=BERLIN)


def described(of: Bundle) -> dict[str, object]:
    data: dict[str, object] = json.loads(of.files["article.json"])
    return data


# --- the files ------------------------------------------------------------------------------------------------------


def test_the_files_are_those_of_the_format_in_order() -> None:
    files = list(made(forwarded()).files)
    assert files == [
        *TEXTS,
        "images/001.png",
        "images/002-loose.png",
        "attachments/001-timetable.pdf",
        "attachments/002-map.svg",
        "SHA256SUMS",
    ]
    assert list(made(article()).files) == [*TEXTS, "SHA256SUMS"]


def test_the_mail_is_kept_byte_for_byte() -> None:
    assert made(article()).files["message.eml"] == MAIL


def test_sha256sum_checks_the_folder(tmp_path: Path) -> None:
    of = made(forwarded())
    for name, data in of.files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    done = subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.count(b": OK") == len(of.files) - 1
    lines = of.files["SHA256SUMS"].splitlines()
    assert lines == sorted(lines, key=lambda line: line[66:])
    assert of.entry.sums == hashlib.sha256(of.files["SHA256SUMS"]).hexdigest()


@pytest.mark.parametrize(
    ("text", "written"), [("One.\n\n2.\n", b"One.\n\n2.\n"), ("1.", b"1.\n"), ("", b""), ("\n", b"")]
)
def test_the_text_has_one_newline_at_its_end(text: str, written: bytes) -> None:
    assert made(article(text=text)).files["article.txt"] == written


def test_the_same_mail_gives_the_same_bytes_in_every_zone_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    first = made(forwarded())
    for zone in ("Pacific/Auckland", "America/Los_Angeles"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        assert made(forwarded()) == first
    monkeypatch.undo()
    time.tzset()


# --- article.json ---------------------------------------------------------------------------------------------------


def test_article_json_has_the_keys_of_the_format_in_order() -> None:
    assert list(described(made(forwarded()))) == [
        "format", "id", "kind", "title", "byline", "site", "url", "published", "language", "direction", "excerpt",
        "words", "reading_minutes", "tags", "received", "account", "note", "forwarded_by", "hops", "message",
        "original", "images", "attachments", "provenance", "warnings", "extractor",
    ]  # fmt: skip


def test_article_json_says_where_the_article_comes_from() -> None:
    data = described(made(forwarded()))
    assert data["format"] == 1
    assert data["received"] == "2024-03-06T18:21:09+01:00"
    assert data["account"] == "articles"
    assert data["extractor"] == EXTRACTOR
    assert data["forwarded_by"] == {"name": "Miriam Adler", "address": "miriam@example.org"}
    assert data["hops"] == [
        {
            "from": {"name": "Miriam Adler", "address": "miriam@example.org"},
            "to": [],
            "date": "2024-03-06T18:20+01:00",
            "note": "For your weekend.",
        },
        {"from": {"name": AUTHOR.name, "address": AUTHOR.address}, "to": [], "date": None, "note": "Look at this!"},
    ]
    assert data["message"] == {
        "message_id": "<1@example.org>",
        "subject": "The last night train",
        "from": {"name": "Miriam Adler", "address": "miriam@example.org"},
        "to": [],
        "cc": [],
        "date": "2024-03-06T18:20+01:00",
        "date_text": "Wed, 6 Mar 2024 18:20",
        "sha256": hashlib.sha256(MAIL).hexdigest(),
        "bytes": len(MAIL),
    }


def test_an_article_that_was_not_forwarded_has_no_original() -> None:
    assert described(made(article()))["original"] is None


def test_the_octets_of_an_original_forwarded_inline_are_not_known() -> None:
    original = described(made(forwarded()))["original"]
    assert isinstance(original, dict)
    assert list(original) == ["message_id", "subject", "from", "to", "cc", "date", "date_text", "sha256", "bytes"]
    assert original["from"] == {"name": AUTHOR.name, "address": AUTHOR.address}
    assert (original["sha256"], original["bytes"]) == (None, None)


def test_images_and_attachments_are_listed_with_what_became_of_them() -> None:
    of = made(forwarded())
    data = described(of)
    images, attachments = data["images"], data["attachments"]
    assert isinstance(images, list)
    assert isinstance(attachments, list)
    assert list(images[0]) == [
        "file", "source", "outcome", "reason", "alt", "caption", "width", "height", "bytes", "sha256",
    ]  # fmt: skip
    kept = of.files["images/001.png"]
    assert (images[0]["bytes"], images[0]["sha256"]) == (len(kept), hashlib.sha256(kept).hexdigest())
    assert [images[1][key] for key in ("outcome", "file", "bytes", "sha256")] == ["remote", None, None, None]
    assert attachments[0] == {
        "file": "attachments/001-timetable.pdf",
        "filename": "Timetable, winter.pdf",
        "content_type": "application/pdf",
        "bytes": 9,
        "sha256": hashlib.sha256(b"%PDF-1.4\n").hexdigest(),
    }


def test_article_json_is_readable_text() -> None:
    data = made(article("夜行列車 „Nachtzug“")).files["article.json"]
    assert "夜行列車 „Nachtzug“".encode() in data
    assert data.endswith(b"}\n")


def test_the_warnings_of_all_stages_are_there_once() -> None:
    first, second = MailWarning("charset", "one"), MailWarning("depth", "two")
    plain = article()
    message = replace(plain.original.message, warnings=(first,))
    original = replace(plain.original, message=message, outer=message, warnings=(first, second))
    of = made(replace(plain, original=original, warnings=(second,)))
    assert described(of)["warnings"] == [{"code": "charset", "detail": "one"}, {"code": "depth", "detail": "two"}]
    assert of.entry.warnings == 2


# --- several articles in one mail -----------------------------------------------------------------------------------


def enclosing() -> tuple[Message, Message, Message]:
    inner = [Message(f"Subject: {name}\n\n{name}\n".encode(), Headers(subject=name, sender=AUTHOR)) for name in "AB"]
    return Message(MAIL, Headers(subject="Two", sender=AUTHOR), enclosed=tuple(inner)), inner[0], inner[1]


def test_an_attached_mail_is_a_further_article_with_its_own_octets() -> None:
    outer, first, second = enclosing()
    one = made(article(original=Original(outer, outer, first.headers, None, "A", forwarded="attached", number=1)))
    two = made(article(original=Original(outer, second, second.headers, None, "B", forwarded="attached", number=2)))
    assert (one.id, two.id) == (ID, f"{ID}-2")
    assert two.folder == f"2024/03/2024-03-06-the-last-night-train-{ID}-2"
    assert one.files["message.eml"] == MAIL
    assert two.files["message.eml"] == second.data
    assert {of.entry.sha256 for of in (one, two)} == {hashlib.sha256(MAIL).hexdigest()}
    for of, message in ((one, first), (two, second)):
        data = described(of)
        assert data["id"] == of.id
        assert isinstance(data["message"], dict)
        assert isinstance(data["original"], dict)
        assert (data["message"]["subject"], data["message"]["bytes"]) == ("Two", len(MAIL))
        assert data["original"]["sha256"] == hashlib.sha256(message.data).hexdigest()
        assert data["original"]["bytes"] == len(message.data)


# --- article.md -----------------------------------------------------------------------------------------------------


def front_matter(data: bytes) -> dict[str, object]:
    """As a reader finds it (a fence, lines, a fence), read by a parser of YAML."""
    opening, *lines = data.decode().split("\n")
    assert opening == "---"
    known = yaml.safe_load("\n".join(lines[: lines.index("---")]))
    assert isinstance(known, dict)
    return known


def test_the_markdown_has_front_matter() -> None:
    data = made(forwarded()).files["article.md"]
    assert front_matter(data) == {
        "title": "The last night train",
        "byline": "Ines Falk",
        "site": "The Aldern Review",
        "source": "https://www.aldern-review.example/2024/03/night-train?utm_source=mail",
        "published": "2024-03-05",
        "language": "en",
        "tags": ["railways", "slow travel"],
        "received": "2024-03-06T18:21:09+01:00",
        "category": "reader-view",
        "id": ID,
    }
    assert data.endswith(b"\n---\n\nThe first train leaves before the bakers have lit their ovens.\n")


HUGO = frozenset({
    "aliases", "build", "cascade", "date", "description", "draft", "expirydate", "headless", "iscjklanguage",
    "keywords", "kind", "lang", "lastmod", "layout", "linktitle", "markup", "menu", "menus", "modified", "outputs",
    "params", "path", "publishdate", "resources", "sitemap", "slug", "summary", "translationkey", "type",
    "unpublishdate", "url", "weight",
})  # fmt: skip
"""The keys that Hugo gives a meaning of its own (gohugo.io, "Front matter"), `title`, `tags` and `published` aside:
these mean the same there.
"""


def test_no_key_of_the_front_matter_is_hugos() -> None:
    assert not HUGO & front_matter(made(forwarded()).files["article.md"]).keys()


@given(st.text(min_size=1))
def test_no_title_breaks_out_of_the_front_matter(title: str) -> None:
    of = made(article(title))
    data = of.files["article.md"].decode()
    assert front_matter(data.encode())["title"] == title
    assert not any(character in data for character in "\x00\x1b\x7f\x85\u2028\u2029\ufeff")


@pytest.mark.parametrize(
    "title",
    [
        "---",
        "a: b # c",
        "'\"\\",
        "- yes",
        "*x",
        "\n---\n",
        "null",
        "\u2028---",
        "@x",
        "😀 %y",
        "2024-03-06",
        "1_000",
        "!!int 3",
        "{{ x }}",
        "a\tb",
        "é: \u00a0",
    ],
)
def test_titles_that_are_yaml_stay_strings(title: str) -> None:
    assert front_matter(made(article(title)).files["article.md"])["title"] == title


# --- the entry ------------------------------------------------------------------------------------------------------


def test_the_entry_is_what_the_manifest_says() -> None:
    of = made(forwarded())
    assert of.entry.id == of.id == ID
    assert of.entry.folder == of.folder == f"2024/03/2024-03-06-the-last-night-train-{ID}"
    assert (of.entry.images, of.entry.attachments) == (2, 2)
    assert (of.entry.filed, of.entry.same_as) == (None, None)
    assert of.entry.source == Source("articles", "INBOX", 7, 101)
    assert of.card.excerpt == "The first train leaves before the bakers."
    assert of.url_key == "aldern-review.example/2024/03/night-train"


def test_an_imported_file_has_no_source() -> None:
    assert made(article(), ref=MessageRef("import", "", path="/home/x/mail.eml")).entry.source is None


def test_half_a_character_is_no_reason_to_lose_a_mail() -> None:
    of = made(article("broken \ud800 title", byline="\udfff", excerpt="\udc80", tags=("\udc80",)))
    assert of.entry.title == "broken ? title"
    assert (of.entry.byline, of.card.excerpt, of.entry.tags) == ("?", "?", ("?",))
    assert described(of)["title"] == "broken ? title"


def test_a_moment_is_kept_to_the_second() -> None:
    precise = datetime(2024, 3, 6, 17, 21, 9, 654321, tzinfo=UTC)
    assert bundle(article(), raw(), received=precise, id=ID, timezone=UTC).entry.received == "2024-03-06T17:21:09+00:00"


# --- digests --------------------------------------------------------------------------------------------------------


def test_mails_that_differ_in_line_ends_only_share_the_second_digest() -> None:
    unix, dos, old = (digests(MAIL.replace(b"\r\n", end)) for end in (b"\n", b"\r\n", b"\r"))
    assert len({unix[0], dos[0], old[0]}) == 3
    assert len({unix[1], dos[1], old[1]}) == 1
    assert unix[0] == unix[1] == hashlib.sha256(MAIL.replace(b"\r\n", b"\n")).hexdigest()


@given(st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n"])))
def test_every_line_end_is_folded(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    folded = b"\n".join(data.splitlines()) + (b"\n" if data.endswith((b"\r", b"\n")) else b"")
    assert digests(data)[1] == hashlib.sha256(folded).hexdigest()


def test_the_card_of_automatic_mail_says_so() -> None:
    plain = article()
    warned = replace(plain.original, warnings=(MailWarning("automatic", "a bounce"),))
    assert not made(plain).card.automatic
    assert made(replace(plain, original=warned)).card.automatic
