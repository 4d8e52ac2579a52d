"""The mails of docs/samples.py and docs/golden.py: made again they are the same, and they are sound mails."""

from __future__ import annotations

import email
import subprocess
import sys
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest

import mailarchiver

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
SAMPLES = Path(mailarchiver.__file__).parent / "demo" / "samples"
FOLDERS = [("samples.py", SAMPLES), ("golden.py", HERE / "golden")]
MAILS = [path for _, folder in FOLDERS for path in sorted(folder.glob("*.eml"))]


@pytest.mark.parametrize(("script", "folder"), FOLDERS, ids=["samples", "golden"])
def test_made_again_they_are_the_same(script: str, folder: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, DOCS / script, tmp_path], check=True)
    made = {path.name: path.read_bytes() for path in tmp_path.glob("*.eml")}
    assert made == {path.name: path.read_bytes() for path in folder.glob("*.eml")}


def test_the_demo_has_what_it_promises() -> None:
    """One of each kind of mail that people forward."""
    kinds = "gmail-reader-view gmail-forwarded outlook newsletter text-with-pdf three-attached arabic japanese"
    assert set(kinds.split()) <= {path.stem.partition("-")[2] for path in SAMPLES.glob("*.eml")}


@pytest.mark.parametrize("path", MAILS, ids=[path.stem for path in MAILS])
def test_a_mail_is_sound(path: Path) -> None:
    """CRLF throughout, no line over 998 octets (RFC 5322 §2.1.1), no defect that a parser would have to mend."""
    data = path.read_bytes()
    lines = data.split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line or len(line) > 998 for line in lines)
    message = email.message_from_bytes(data, EmailMessage, policy=policy.default)
    assert not [defect for part in message.walk() for defect in part.defects]
    addresses = [address.domain for field in ("From", "To") for address in message[field].addresses]
    assert addresses
    assert all(domain.split(".")[-2] == "example" for domain in addresses)
