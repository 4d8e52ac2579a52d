"""Mail that may not come in, as it lies in `.mailarchiver/quarantine/<SHA-256>/`: what is written, and read back.

Pure but for `read`, which only reads. docs/archive-format.md, "Quarantine".
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from .. import EXTRACTOR
from ..model import MessageRef, Quarantined
from . import FORMAT
from .manifest import escaped

MESSAGE, REASON = "message.eml", "reason.json"
NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Found:
    """A folder of the quarantine, read back. `ref` is None where reason.json does not say where its mail lay."""

    digest: str
    folded: str
    ref: MessageRef | None


def relative(digest: str) -> str:
    """Where a mail lies in quarantine, from the archive's root."""
    return f".mailarchiver/quarantine/{digest}"


def files(quarantined: Quarantined, digest: str, *, now: datetime) -> dict[str, bytes]:
    """The files of its folder, by name. What a later try needs to see the mail as this one did is in reason.json."""
    raw, why = quarantined.raw, quarantined.why
    reason = {
        "format": FORMAT,
        "digest": digest,
        "bytes": len(raw.data),
        "received": _time(raw.received),
        "from_line": _time(raw.from_line),
        "fallback": _time(raw.fallback),
        "account": raw.ref.account,
        "folder": raw.ref.folder,
        "uidvalidity": raw.ref.uidvalidity,
        "uid": raw.ref.uid,
        "path": raw.ref.path,
        "reason": why.reason,
        "detail": why.detail,
        "extractor": EXTRACTOR,
        "quarantined": now.astimezone(UTC).isoformat(timespec="seconds"),
    }
    text = escaped(json.dumps(reason, ensure_ascii=False, indent=1)) + "\n"
    return {MESSAGE: raw.data, REASON: text.encode()}


def read(folder: Path) -> Found:
    """What the ledger needs of a folder. Raises `OSError`, `ValueError` where its mail is not the one of its name."""
    octets = (folder / MESSAGE).read_bytes()
    if hashlib.sha256(octets).hexdigest() != folder.name:
        raise ValueError(f"{MESSAGE} is not the mail that the folder is named by")
    folded = hashlib.sha256(octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")).hexdigest()
    return Found(folder.name, folded, _ref(folder / REASON))


def _ref(path: Path) -> MessageRef | None:
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError):  # the mail is known all the same
        return None
    if not isinstance(told, dict):
        return None
    account, folder, where = (told.get(key) for key in ("account", "folder", "path"))
    uidvalidity, uid = (value if isinstance(value := told.get(key), int) else None for key in ("uidvalidity", "uid"))
    if not isinstance(account, str) or not isinstance(folder, str):
        return None
    return MessageRef(account, folder, uidvalidity, uid, where if isinstance(where, str) else None)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
