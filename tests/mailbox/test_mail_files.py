"""Folders of mail: what is taken, what is passed over, in which order, and what is said of the rest."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailarchiver.mailbox.files import Unreadable, count, scan
from mailarchiver.model import RawMessage

MAIL = b"From: jane@example.org\nSubject: x\n\nText.\n"
STAMP = b"From jane@example.org Mon Mar 11 14:05:33 2024\n"
NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
THEN = datetime(2024, 5, 1, 12, tzinfo=UTC)


def put(path: Path, data: bytes = MAIL) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (THEN.timestamp(), THEN.timestamp()))
    return path


def found(*paths: Path) -> list[RawMessage]:
    """What a scan finds, where it finds no trouble."""
    items = list(scan(paths, now=NOW))
    assert count(paths) == len(items)
    messages = [item for item in items if isinstance(item, RawMessage)]
    assert messages == items
    return messages


def trouble(*paths: Path) -> list[Unreadable]:
    items = list(scan(paths, now=NOW))
    assert count(paths) == len(items)
    return [item for item in items if isinstance(item, Unreadable)]


def names(folder: Path) -> list[str]:
    """The paths found below a folder, relative to it."""
    return [str(raw.ref.path).removeprefix(f"{folder}/") for raw in found(folder)]


@pytest.mark.parametrize("data", [MAIL, MAIL.replace(b"\n", b"\r\n"), b"no mail at all", b"\xff\x00", b"\n"])
def test_a_file_that_is_named_is_a_mail_whatever_it_holds(tmp_path: Path, data: bytes) -> None:
    path = put(tmp_path / "notes.txt", data)
    (raw,) = found(path)
    assert (raw.data, raw.ref.path, raw.ref.account) == (data, str(path), "import")
    assert (raw.received, raw.from_line, raw.fallback) == (None, None, THEN)
    assert (raw.ref.uid, raw.ref.uidvalidity) == (None, None)


def test_a_file_from_the_future_is_from_now(tmp_path: Path) -> None:
    path = put(tmp_path / "a.eml")
    os.utime(path, (NOW.timestamp() + 999, NOW.timestamp() + 999))
    assert found(path)[0].fallback == NOW


def test_a_message_with_a_from_line_is_an_mbox_of_one(tmp_path: Path) -> None:
    (raw,) = found(put(tmp_path / "a.eml", STAMP + MAIL))
    assert (raw.data, raw.from_line) == (MAIL, datetime(2024, 3, 11, 14, 5, 33, tzinfo=UTC))
    assert raw.ref.path == f"{tmp_path}/a.eml#1"


@pytest.mark.parametrize("name", ["old.mbox", "Inbox", "sent-mail.2024"])
def test_an_mbox_needs_no_name_of_its_own(tmp_path: Path, name: str) -> None:
    put(tmp_path / name, (STAMP + MAIL + b"\n") * 3)
    assert names(tmp_path) == [f"{name}#1", f"{name}#2", f"{name}#3"]
    assert {raw.data for raw in found(tmp_path)} == {MAIL}


def test_an_mbox_without_mail_holds_none(tmp_path: Path) -> None:
    assert found(put(tmp_path / "empty.mbox", b"")) == []


def test_folders_are_read_by_name_with_all_below(tmp_path: Path) -> None:
    for name in ("b.eml", "a/2.eml", "a/10.eml", "a/deep/er/x.EML", "c.eml", "Z.eml", "ä.eml"):
        put(tmp_path / name)
    assert names(tmp_path) == ["Z.eml", "a/10.eml", "a/2.eml", "a/deep/er/x.EML", "b.eml", "c.eml", "ä.eml"]


def test_paths_are_read_in_the_order_given(tmp_path: Path) -> None:
    paths = [put(tmp_path / name) for name in ("z.eml", "a.eml", "m.eml")]
    assert [raw.ref.path for raw in found(*paths)] == [str(path) for path in paths]


def test_what_is_no_mail_is_passed_over_in_a_folder(tmp_path: Path) -> None:
    others = {
        "cases.jsonl": b'{"Subject": "x"}\n',
        "a.expect.json": b"{}",
        "README.txt": MAIL,
        "notes.md": MAIL,
        "picture.png": b"\x89PNG\r\n\x1a\n\x00",
        "picture.jpg": b"\xff\xd8\xff\xe0",
        "mails.zip": b"PK\x03\x04",
        "mails.mbox.gz": b"\x1f\x8b\x08",
        "settings": b"name: value\nother: value\n",
        "empty": b"",
        ".hidden.eml": MAIL,
        ".git/config.eml": MAIL,
        "dovecot-uidlist": b"3 V1 N2 G3\n",
    }
    for name, data in others.items():
        put(tmp_path / name, data)
    assert found(tmp_path) == []


def test_mail_without_a_name_for_it_is_known_by_its_header(tmp_path: Path) -> None:
    """MH numbers its files, other programs name them by hashes."""
    for name in ("1", "2", "mail.msg", "0a1b2c"):
        put(tmp_path / name)
    assert names(tmp_path) == ["0a1b2c", "1", "2", "mail.msg"]


def test_a_maildir(tmp_path: Path) -> None:
    mails = ["cur/1.host:2,S", "cur/2.host:2,", "new/3.host", "new/4.json", ".Sent.2024/cur/5.host:2,RS"]
    for name in [*mails, "tmp/6.host", ".Sent.2024/tmp/7", "dovecot-uidlist", "cur/.hidden"]:
        put(tmp_path / name)
    (tmp_path / ".Sent.2024/new").mkdir()
    put(tmp_path / "dovecot-uidlist", b"3 V1 N2 G3\n")
    assert sorted(names(tmp_path)) == sorted(mails)
    assert {raw.data for raw in found(tmp_path)} == {MAIL}


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    put(tmp_path / "a/x.eml")
    (tmp_path / "a/loop").symlink_to(tmp_path / "a")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert names(tmp_path) == ["a/x.eml"]
    assert len(found(tmp_path / "b")) == 1, "but one that is named is"


def test_a_link_to_a_mail_is_read(tmp_path: Path) -> None:
    put(tmp_path / "real/x.eml")
    (tmp_path / "link.eml").symlink_to(tmp_path / "real/x.eml")
    assert names(tmp_path) == ["link.eml", "real/x.eml"]


def test_what_cannot_be_read_is_told_and_the_scan_goes_on(tmp_path: Path) -> None:
    put(tmp_path / "a.eml")
    (tmp_path / "b.eml").symlink_to(tmp_path / "nowhere")
    put(tmp_path / "c.eml", b"")
    put(tmp_path / "d.eml")
    items = list(scan([tmp_path / "missing", tmp_path], now=NOW))
    assert [item.path if isinstance(item, Unreadable) else "ok" for item in items] == [
        *(f"{tmp_path}/missing", "ok", f"{tmp_path}/b.eml", f"{tmp_path}/c.eml", "ok")
    ]
    assert [item.reason for item in items if isinstance(item, Unreadable)] == [
        *("No such file or directory", "No such file or directory", "it is empty")
    ]


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.eml")
    assert trouble(tmp_path) == [Unreadable(f"{tmp_path}/pipe.eml", "it is no regular file")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_is_forbidden_is_told(tmp_path: Path) -> None:
    put(tmp_path / "a.eml").chmod(0)
    put(tmp_path / "closed/b.eml").parent.chmod(0)
    reasons = trouble(tmp_path)
    (tmp_path / "closed").chmod(0o700)
    assert reasons == [
        Unreadable(f"{tmp_path}/a.eml", "Permission denied"),
        Unreadable(f"{tmp_path}/closed", "Permission denied"),
    ]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("mails.mbox.gz", b"\x1f\x8b\x08", "gzip: unpack it first"),
        ("mails.zip", b"PK\x03\x04", "ZIP archive: unpack it first"),
        ("mail.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Outlook's own format: save it as .eml"),
        ("mail.eml", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Outlook's own format: save it as .eml"),
    ],
)
def test_what_must_be_unpacked_first_is_not_filed_as_it_is(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    (told,) = trouble(put(tmp_path / name, data))
    assert words in told.reason


def test_a_file_that_is_larger_than_any_message(tmp_path: Path) -> None:
    with (tmp_path / "a.eml").open("wb") as file:
        file.write(MAIL)
        file.truncate((1 << 30) + 1)  # a hole: it takes no room
    (told,) = trouble(tmp_path)
    assert "more than any message" in told.reason


def test_a_name_that_is_no_text_can_be_stored(tmp_path: Path) -> None:
    put(Path(os.fsdecode(os.fsencode(tmp_path) + b"/gr\xfc\xdfe.eml")))
    (raw,) = found(tmp_path)
    assert raw.ref.path == f"{tmp_path}/gr\\xfc\\xdfe.eml"
    assert str(raw.ref.path).encode()


@pytest.mark.corpus
def test_every_mail_of_the_corpus_is_found(corpus: Path) -> None:
    folder = corpus / "eml"
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".eml", ".mbox"})
    messages = found(folder)
    assert {str(raw.ref.path).split("#")[0] for raw in messages} == {str(path) for path in files}
    for raw in messages:
        path = Path(str(raw.ref.path).split("#")[0])
        assert raw.data in path.read_bytes()
        if path.suffix == ".eml" and "#" not in str(raw.ref.path):
            assert raw.data == path.read_bytes()
