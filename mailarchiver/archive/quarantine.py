"""Mail that may not come in, as it lies in `.mailarchiver/quarantine/<SHA-256>/`: what is written, and read back.

Writes nothing. docs/archive-format.md, "Quarantine".
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from .. import EXTRACTOR
from ..errors import NoSuchEntry
from ..model import MessageRef, Quarantined, RawMessage
from . import FORMAT, finding, given
from .digests import digests, sha256_of
from .layout import Layout
from .manifest import escaped
from .trouble import as_store_error

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
    octets = given.octets(folder / MESSAGE)
    digest, folded = digests(octets)
    if digest != folder.name:
        raise ValueError(f"{MESSAGE} is not the mail that the folder is named by")
    return Found(folder.name, folded, _ref(folder))


def listed(root: Path) -> list[Path]:
    """The folders of the mails in quarantine, those that came last at the end. Raises `StoreError`, `NoSuchEntry`."""
    layout = Layout(root)
    with as_store_error(layout):
        if not layout.exists():
            raise NoSuchEntry(f"{root} is no archive: name one with --root DIR, or in the configuration")
        found = layout.quarantine.iterdir() if layout.quarantine.is_dir() else ()
        folders = [path for path in found if NAME.fullmatch(path.name) and path.is_dir()]
        return sorted(folders, key=lambda path: (str(told(path).get("quarantined")), path.name))


def choose(root: Path, word: str) -> Path:
    """The folder of the mail that a word means: its SHA-256, the beginning of it, or a path. Raises as `listed`."""
    folders = {path.name: path for path in listed(root)}

    def begin(prefix: str) -> list[str]:
        return [name for name in sorted(folders) if name.startswith(prefix)]

    return folders[finding.choose(Path(word).name, begin, what="mail in quarantine")]


def told(folder: Path) -> dict[str, object]:
    """What reason.json says; nothing where it is missing or no JSON object."""
    try:
        found = given.parsed(given.octets(folder / REASON))
    except (OSError, ValueError):  # the mail is known all the same
        return {}
    return found if isinstance(found, dict) else {}


def raw_message(folder: Path) -> RawMessage:
    """The mail as it came, with the place and the times it had. Raises as `read`."""
    octets = given.octets(folder / MESSAGE)
    if sha256_of(octets) != folder.name:
        raise ValueError(f"{MESSAGE} is not the mail that the folder is named by")
    reason = told(folder)
    received, from_line, fallback = (_moment(reason.get(key)) for key in ("received", "from_line", "fallback"))
    ref = _ref(folder) or MessageRef("import", "", path=MESSAGE)
    return RawMessage(ref, received, octets, from_line, fallback)


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:  # edited by hand
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def _ref(folder_of_mail: Path) -> MessageRef | None:
    told_of = told(folder_of_mail)
    account, folder, where = (told_of.get(key) for key in ("account", "folder", "path"))
    uidvalidity, uid = (value if isinstance(value := told_of.get(key), int) else None for key in ("uidvalidity", "uid"))
    if not isinstance(account, str) or not isinstance(folder, str):
        return None
    return MessageRef(account, folder, uidvalidity, uid, where if isinstance(where, str) else None)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
