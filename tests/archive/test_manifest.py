"""manifest.jsonl: what is written can be read for ever, and what is damaged costs no more than itself."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.archive import manifest
from mailarchiver.archive.manifest import Removal
from mailarchiver.model import Entry
from tests.archive.filings import at, bundle, mail

ENTRY = replace(bundle(mail(1), "0123456789ab", at(1)).entry, filed="2024-03-07T08:00:00+00:00")
KEYS = [
    "id", "folder", "title", "byline", "site", "url", "published", "received", "filed", "kind", "language",
    "tags", "words", "images", "attachments", "warnings", "message_id", "sha256", "sums", "same_as", "source",
]  # fmt: skip


def test_a_line_has_the_keys_of_the_format_in_their_order() -> None:
    data = json.loads(manifest.to_line(ENTRY))
    assert list(data) == KEYS
    assert data["source"] == {"account": "articles", "folder": "INBOX", "uidvalidity": 7, "uid": 1}
    assert data["tags"] == ["walks"]


@given(title=st.text(), byline=st.none() | st.text(), tags=st.lists(st.text()))
def test_whatever_a_title_holds_it_is_one_line_and_comes_back(title: str, byline: str | None, tags: list[str]) -> None:
    entry = replace(ENTRY, title=title, byline=byline, tags=tuple(tags))
    line = manifest.to_line(entry)
    assert line.decode("utf-8").splitlines() == [line.decode("utf-8")[:-1]]
    assert manifest.from_line(line) == entry


def test_lone_surrogates_are_written_as_escapes_and_read_as_question_marks() -> None:
    line = manifest.to_line(replace(ENTRY, title="a\ud83d b"))
    assert b"\\ud83d" in line
    assert manifest.from_line(line) == replace(ENTRY, title="a? b")


def test_unknown_keys_and_kinds_of_lines_are_passed_over() -> None:
    line = json.dumps(json.loads(manifest.to_line(ENTRY)) | {"mood": "calm", "source": None}).encode()
    assert manifest.from_line(line) == replace(ENTRY, source=None)
    assert manifest.from_line(b'{"id":"0123456789ab","starred":true}') is None


def test_a_removal_is_read() -> None:
    line = b'{"id":"0123456789ab","sha256":"00ff","removed":"2024-04-01T00:00:00Z"}'
    assert manifest.from_line(line) == Removal("0123456789ab", "00ff", "2024-04-01T00:00:00Z")


@pytest.mark.parametrize("line", [b"", b"\0\0\0", b"[1]", b'{"id":', b"\xff", b"{}{}", b"[" * 100_000])
def test_what_is_no_json_object_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError):
        manifest.from_line(line)


IDS = ["", "x", "0123456789ab/", "../../../012345678901", "0123456789AB", "0123456789ab-", "0123456789ab\ud800", 5]
FOLDERS = ["/etc", "../../etc", "2024/03/..", "2024/03/.x", "2024/03/a/b", "x", "2024/3/x", "2024/03/" + "x" * 256]
MOMENTS = ["", "z", "2024-02-30T10:00:00Z", "2024-03-06T10:00:00", "0001-01-01T00:00:00+23:59", 5]


@pytest.mark.parametrize(
    ("key", "value"),
    [("id", each) for each in IDS] + [("folder", each) for each in FOLDERS] + [("received", each) for each in MOMENTS],
)
def test_a_line_with_a_value_that_cannot_be_is_a_value_error(key: str, value: object) -> None:
    line = json.loads(manifest.to_line(ENTRY))
    with pytest.raises(ValueError):
        manifest.from_line(json.dumps(line | {key: value}).encode())


def other(number: int) -> Entry:
    return bundle(mail(number), f"{number:012x}", at(number)).entry


def test_a_damaged_line_is_named_and_the_rest_is_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "manifest.jsonl"
    damaged = b'{"title": "A private matter", \0\0\0\n'
    path.write_bytes(manifest.to_line(other(1)) + damaged + manifest.to_line(other(2)))
    with caplog.at_level(logging.WARNING):
        assert list(manifest.records(path)) == [other(1), other(2)]
    [told] = [record.getMessage() for record in caplog.records]
    where = len(manifest.to_line(other(1))) + len(damaged)
    assert told.startswith(f"{path}: the line that ends at octet {where} is damaged")
    assert "private" not in told, "it is of an article, and the log is read by others"


def test_a_line_without_its_end_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    path.write_bytes(manifest.to_line(other(1)) + manifest.to_line(other(2))[:-1])
    assert list(manifest.records(path)) == [other(1)]


def test_records_of_no_manifest_are_none(tmp_path: Path) -> None:
    assert list(manifest.records(tmp_path / "manifest.jsonl")) == []


def test_reading_can_begin_where_an_earlier_one_ended(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    manifest.append(path, [manifest.to_line(other(1))], mode=0o640)
    start = manifest.end(path)
    manifest.append(path, [manifest.to_line(other(2))], mode=0o640)
    assert list(manifest.records(path, start.size)) == [other(2)]
    assert manifest.position(path, start.size) == start
    assert manifest.end(path) != start


def test_a_position_is_recognised_only_in_the_same_manifest(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    manifest.append(path, [manifest.to_line(other(number)) for number in range(20)], mode=0o640)
    start = manifest.end(path)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"<1@example.org>", b"<2@example.org>"))
    assert manifest.position(path, start.size) != start
    path.write_bytes(data[:-1])
    assert manifest.position(path, start.size) is None


@given(st.data())
def test_any_torn_tail_is_cut_to_whole_lines(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("torn") / "manifest.jsonl"
    lines = [manifest.to_line(other(number)) for number in range(4)]
    whole = b"".join(lines)
    length = data.draw(st.integers(len(lines[0]), len(whole)))
    path.write_bytes(whole[:length])
    manifest.mend(path, len(lines[0]))
    ends = [len(b"".join(lines[:count])) for count in range(1, 5)]
    assert path.read_bytes() == whole[: max(end for end in ends if end - 1 <= length)]


def test_mending_keeps_sound_lines_after_damaged_ones_and_lines_of_unknown_kinds(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    first, second, strange = manifest.to_line(other(1)), manifest.to_line(other(2)), b'{"id":"x","starred":true}\n'
    path.write_bytes(first + b"\0" * 500 + b"\n" + strange + second + b'{"id"')
    assert manifest.mend(path, len(first)) == 501 + 5
    assert path.read_bytes() == first + strange + second


def test_a_last_line_that_lacks_only_its_end_gets_it(tmp_path: Path) -> None:
    """As an editor leaves it. A torn line can never pass for whole: its closing brace is missing."""
    path = tmp_path / "manifest.jsonl"
    path.write_bytes(manifest.to_line(other(1))[:-1])
    assert manifest.mend(path, 0) == 0
    assert path.read_bytes() == manifest.to_line(other(1))


def test_what_was_appended_can_be_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    manifest.append(path, [manifest.to_line(other(1))], mode=0o640)
    before = manifest.size(path)
    manifest.append(path, [manifest.to_line(other(2))], mode=0o640)
    manifest.cut(path, before)
    assert list(manifest.records(path)) == [other(1)]
