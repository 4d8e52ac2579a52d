"""What `verify` finds: each a file or a folder, what is wrong with it, and what to do about it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FindingKind = Literal[
    "changed",  # its octets are not those that were filed
    "missing",  # what was filed is not there
    "misplaced",  # a folder that was moved or renamed
    "unreadable",  # the disk, or its mode, does not give it
    "unlisted",  # an article's folder without a line in the manifest
    "torn",  # a line of the manifest that is no sound line
    "disagrees",  # two records that should say the same
    "differs",  # message.eml, read again, gives other files
    "extra",  # somebody else put it there: no damage
    "older",  # made by another extractor: no damage
    "note",  # worth knowing: no damage
]
HARMLESS = frozenset({"extra", "older", "note"})
BACKUP = "restore it from a backup"


@dataclass(frozen=True, slots=True)
class Finding:
    """`path` is relative to the archive's root; `what` and `cure` are for people, the cure is "" where none is due."""

    kind: FindingKind
    path: str
    what: str
    cure: str = ""

    def is_damage(self) -> bool:
        """Whether something that was filed is not as it was, or cannot be told to be."""
        return self.kind not in HARMLESS


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found, in the order of paths; how many articles, files and octets were read for it."""

    articles: int
    files: int
    octets: int
    findings: tuple[Finding, ...]

    def is_sound(self) -> bool:
        """Whether there is no damage."""
        return not any(finding.is_damage() for finding in self.findings)

    def damaged_folders(self) -> set[str]:
        """The folders of articles (`2024/03/2024-03-06-…`) of which something is damaged."""
        return {"/".join(found.path.split("/")[:3]) for found in self.findings if found.is_damage()}


def finding(kind: FindingKind, root: Path, path: Path | str, what: str, cure: str = "") -> Finding:
    """A finding about a path of the archive at `root`, or one as text, from there.

    Octets of a name that are no UTF-8 are written as escapes.
    """
    relative = path.relative_to(root) if isinstance(path, Path) else Path(path)
    return Finding(kind, relative.as_posix().encode("utf-8", "backslashreplace").decode(), what, cure)


def trouble(error: OSError) -> str:
    """An error of the system in a few words."""
    return (error.strerror or str(error)).lower()
