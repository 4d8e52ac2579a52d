"""docs/archive-format.md says what the program writes: the two must not drift apart."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import mailarchiver
from mailarchiver.archive import quarantine
from mailarchiver.archive.bundle import bundle
from mailarchiver.model import Quarantine, Quarantined, QuarantineReason
from tests.archive.specimens import RECEIVED, forwarded, raw

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE = Path(mailarchiver.__file__).parent
DOCUMENT = (Path(__file__).parents[2] / "docs" / "archive-format.md").read_text("utf-8")


def section(heading: str) -> str:
    match = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", DOCUMENT, re.DOTALL | re.MULTILINE)
    assert match is not None, f"there is no section {heading}"
    return match[1]


def first_table(text: str) -> list[str]:
    """The names in the first column of the first table."""
    rows: list[str] = []
    for line in text.splitlines():
        if line.startswith("| `"):
            rows += re.findall(r"`([\w-]+)`", line.split("|")[1])
        elif rows:
            break
    return rows


def files() -> Mapping[str, bytes]:
    return bundle(forwarded(), raw(), received=RECEIVED, id="3f9a1c2b7d40", timezone=UTC).files


def written() -> dict[str, object]:
    data: dict[str, object] = json.loads(files()["article.json"])
    return data


def test_every_key_of_article_json_is_described_in_order() -> None:
    assert first_table(section("article.json")) == list(written())


def test_every_key_of_an_image_is_described_in_order() -> None:
    images = written()["images"]
    assert isinstance(images, list)
    assert first_table(section("article.json").split("**images**")[1]) == list(images[0])


def test_every_warning_is_described() -> None:
    given: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        given |= set(re.findall(r"""(?:MailWarning|\bwarn)\(\s*["']([\w-]+)["']""", path.read_text("utf-8")))
    assert given
    assert given <= set(first_table(section("Warnings")))


def test_every_tracking_parameter_is_listed() -> None:
    table = tomllib.loads((PACKAGE / "text" / "tracking.toml").read_text("utf-8"))
    text, _, rows = DOCUMENT.partition("### Tracking parameters\n")[2].partition("\n## ")[0].partition("| host |")
    listed = [name.replace("…", "*") for name in re.findall(r"`([^`]+)`", text)]
    assert [name for name in listed if name != "*"] == table["anywhere"]
    of_hosts = [re.findall(r"`([^`]+)`", row.replace("…", "*")) for row in rows.splitlines() if row.startswith("| `")]
    assert {host: names for host, *names in of_hosts} == table["on"]


def test_every_key_of_the_reason_is_described_in_order() -> None:
    held = Quarantined(raw(), Quarantine("limit", "it took more than 10 s"))
    reason = json.loads(quarantine.files(held, "0" * 64, now=RECEIVED)["reason.json"])
    part = section(".mailarchiver/").partition("### Quarantine")[2]
    assert first_table(part) == list(reason)
    reasons = next(line for line in part.splitlines() if line.startswith("| `reason`"))
    assert set(get_args(QuarantineReason)) <= set(re.findall(r"`(\w+)`", reasons))


def test_the_policy_is_the_one_of_the_page() -> None:
    policy = re.search(r"^ {4}(default-src .*)$", section("The page"), re.MULTILINE)
    assert policy is not None
    page = re.sub(r"sha256-[\w+/=]+", "sha256-…", files()["index.html"].decode())
    assert page.count(policy[1]) == 1
