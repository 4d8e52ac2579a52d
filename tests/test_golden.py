"""Pairs of a mail and what must become of it: `golden/NAME.eml` (made by docs/golden.py) and `NAME.json`, written by
hand. The samples of the demo are held to `golden/samples/NAME.json`. Every mail is read with CRLF and with LF."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

import mailarchiver
from mailarchiver.model import Bundle, MessageRef, Quarantine, RawMessage, Rules
from mailarchiver.pipeline import understand

GOLDEN = Path(__file__).parent / "golden"
SAMPLES = Path(mailarchiver.__file__).parent / "demo" / "samples"
PAIRS = [(path, path.with_suffix(".json")) for path in sorted(GOLDEN.glob("*.eml"))]
PAIRS += [(path, GOLDEN / "samples" / f"{path.stem}.json") for path in sorted(SAMPLES.glob("*.eml"))]

PLAIN = ("kind", "title", "url", "site", "byline", "published", "language", "direction", "note", "forwarded_by")
KNOWN = {
    *PLAIN,
    *("original", "hops_from", "images", "image_files", "alt_lacks", "attachments", "warnings", "paragraphs", "counts"),
    *("text_contains", "text_lacks", "html_contains", "html_lacks", "page_contains", "page_lacks"),
    *("eml_contains", "eml_lacks"),
}


def test_there_are_pairs() -> None:
    assert len(PAIRS) >= 40
    assert {path.stem for path in GOLDEN.glob("*.json")} == {path.stem for path in GOLDEN.glob("*.eml")}


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"], ids=["crlf", "lf"])
@pytest.mark.parametrize(("mail", "expected"), PAIRS, ids=[mail.stem for mail, _ in PAIRS])
def test_a_mail_becomes_what_it_must(mail: Path, expected: Path, line_end: bytes) -> None:
    data = mail.read_bytes().replace(b"\r\n", line_end)
    raw = RawMessage(MessageRef("golden", "INBOX", uidvalidity=1, uid=1), None, data)
    bundles = understand(raw, id=hashlib.sha256(data).hexdigest()[:12], rules=Rules(UTC))
    assert not isinstance(bundles, Quarantine), bundles
    articles = json.loads(expected.read_text("utf-8"))["articles"]
    assert len(bundles) == len(articles)
    problems = [problem for pair in zip(articles, bundles, strict=True) for problem in differences(*pair)]
    assert not problems, "\n".join(problems)


def differences(expected: Mapping[str, Any], bundle: Bundle) -> list[str]:
    """In what the bundle is not what was expected, a line each."""
    unknown = expected.keys() - KNOWN
    assert not unknown, f"the expectations have keys that nobody looks at: {unknown}"
    found = json.loads(bundle.files["article.json"])
    problems = [
        f"{key}: {found[key]!r} instead of {expected[key]!r}"
        for key in PLAIN
        if key in expected and found[key] != expected[key]
    ]
    return [*problems, *wrong_lists(expected, found), *wrong_counts(expected, bundle), *wrong_words(expected, bundle)]


def wrong_lists(expected: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """What is wrong in the parts of article.json that are not plain values."""
    problems = []
    if "original" in expected and not holds(expected["original"], found["original"]):
        problems.append(f"original: {found['original']!r} instead of {expected['original']!r}")
    if "images" in expected and not holds(expected["images"], found["images"]):
        problems.append(f"images: {found['images']!r} instead of {expected['images']!r}")
    hops = [hop["from"] and hop["from"]["address"] for hop in found["hops"]]
    if "hops_from" in expected and hops != expected["hops_from"]:
        problems.append(f"hops: {found['hops']!r} instead of {expected['hops_from']!r}")
    if "attachments" in expected and [a["filename"] for a in found["attachments"]] != expected["attachments"]:
        problems.append(f"attachments: {found['attachments']!r} instead of {expected['attachments']!r}")
    if "warnings" in expected and [w["code"] for w in found["warnings"]] != expected["warnings"]:
        problems.append(f"warnings: {found['warnings']!r} instead of {expected['warnings']!r}")
    for words in expected.get("alt_lacks", []):
        problems += [f"alt: {image['alt']!r}" for image in found["images"] if words in (image["alt"] or "")]
    shown = ("title", "url", "byline", "published", "language") if found["kind"] == "reader-view" else ()
    problems += [f"no provenance: {key}" for key in shown if found[key] and not found["provenance"].get(key)]
    return problems


def wrong_counts(expected: Mapping[str, Any], bundle: Bundle) -> list[str]:
    """Elements of the body, and files of pictures, of which there are too few or too many."""
    html = body(bundle)
    counts = dict(expected.get("counts", {}))
    if "paragraphs" in expected:
        counts["p"] = expected["paragraphs"]
    problems = [
        f"<{tag}>: {len(found)} instead of {count}"
        for tag, count in counts.items()
        if len(found := re.findall(rf"<{tag}[\s>]", html)) != count
    ]
    files = [name for name in bundle.files if name.startswith("images/")]
    if "image_files" in expected and len(files) != expected["image_files"]:
        problems.append(f"files of pictures: {files!r} instead of {expected['image_files']}")
    return problems


def wrong_words(expected: Mapping[str, Any], bundle: Bundle) -> list[str]:
    """Words that are missing, and words that should not be there."""
    texts = {
        "text": bundle.files["article.txt"].decode(),
        "html": body(bundle),
        "page": bundle.files["index.html"].decode(),
        "eml": bundle.files["message.eml"].decode("utf-8", "replace"),
    }
    problems = []
    for name, content in texts.items():
        contains, lacks = (many(expected.get(f"{name}_{verb}", [])) for verb in ("contains", "lacks"))
        problems += [f"{name} lacks {words!r}:\n{content}" for words in contains if words not in content]
        problems += [f"{name} contains {words!r}:\n{content}" for words in lacks if words in content]
    return problems


def body(bundle: Bundle) -> str:
    """The article's own HTML, cut out of its page."""
    page = bundle.files["index.html"].decode()
    return page.partition('<div class="text">')[2].rpartition("</article>")[0]


def holds(expected: Any, found: Any) -> bool:
    """Whether everything expected is there; keys that are not mentioned may be anything."""
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(key in found and holds(expected[key], found[key]) for key in expected)
    if isinstance(expected, list):
        return len(expected) == len(found) and all(map(holds, expected, found))
    return bool(expected == found)


def many(words: str | list[str]) -> list[str]:
    return [words] if isinstance(words, str) else words
