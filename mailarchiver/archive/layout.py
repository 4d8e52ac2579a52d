"""Where things lie below an archive's root, and who may touch them: docs/archive-format.md as names and modes.

Creates a new archive, and refuses what is none, what a newer program made, and whoever is not its owner. Nothing is
written before all of that is checked.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import ArchiveRefused
from . import FORMAT
from .sync import fsync_path, make_folder, write_new

FILE_MODE = 0o640
FOLDER_MODE = 0o750
PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
STATE_MODE = 0o710
"""Of `.mailarchiver/`: the group may open the files in it that it can name and read, and list nothing."""

FORMAT_LINE = re.compile(r"mailarchiver archive, format (\d{1,9})")
ENTRY_FOLDER = re.compile(r"\d{4}/\d{2}/(\d{4}-\d{2}-\d{2}-(?:[a-z0-9-]+-)?([0-9a-f]{12,64}(?:-[0-9]+)?))")
"""`2024/03/2024-03-06-slug-id`; the groups are the folder's own name and the id."""

PAGE = re.compile(r"(?:\d{4}/\d{2}/)?[a-z0-9-]+\.(?:html|xml|json)|assets/[a-z0-9][a-z0-9.-]*")
"""The browse pages: of the whole archive, of a month, and what they share."""

README = f"""\
mailarchiver archive, format {FORMAT}

This folder holds articles, one folder each, that were forwarded to a mailbox and filed. No program is needed to read
it: open index.html in a browser, or walk through the folders.

index.html          the newest articles, with links to all months (assets/ belongs to it)
2024/03/            the articles of a month, by the day they arrived; index.html lists them
  2024-03-06-TITLE-ID/
    index.html      the article, to be read
    article.md      the same as Markdown
    article.txt     its text alone
    article.json    everything known about it
    message.eml     the mail it came in, unchanged
    images/         its pictures
    attachments/    what else was attached
    SHA256SUMS      checksums of these files; `sha256sum -c SHA256SUMS` in the folder checks them
manifest.jsonl      the record of everything filed, one JSON object a line, in the order of filing
.mailarchiver/      the program's own: ledger.sqlite, search.sqlite, staging/, lock, status.json can be deleted, they
                    are made again; quarantine/, versions/, trash/ hold mail and articles: keep them

To copy, move or back up the archive, copy this whole folder. Files that you add to an article's folder are kept.
The format in full: docs/archive-format.md of mailarchiver.
"""


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of an archive."""

    root: Path

    @property
    def readme(self) -> Path:
        """Its first line names the format."""
        return self.root / "README.txt"

    @property
    def manifest(self) -> Path:
        """The record of every filing."""
        return self.root / "manifest.jsonl"

    @property
    def state(self) -> Path:
        """The program's own folder."""
        return self.root / ".mailarchiver"

    @property
    def staging(self) -> Path:
        """What is being written; whatever lies here outside a commit is the rest of one that was interrupted."""
        return self.state / "staging"

    @property
    def quarantine(self) -> Path:
        """Mail that could not be understood, a folder each, named by its SHA-256; precious."""
        return self.state / "quarantine"

    @property
    def trash(self) -> Path:
        """What was taken out of view; never emptied by the program on its own."""
        return self.state / "trash"

    @property
    def versions(self) -> Path:
        """Folders of entries that were replaced: `<id>/<number>`, in the order of their replacement; precious."""
        return self.state / "versions"

    @property
    def lock(self) -> Path:
        """Held by whoever writes."""
        return self.state / "lock"

    def moving(self, account: str) -> Path:
        """Held by whoever moves mail of the account on the server; names of accounts are no names of files."""
        return self.state / f"moving-{hashlib.sha256(account.encode()).hexdigest()[:12]}"

    @property
    def ledger(self) -> Path:
        """What became of every message."""
        return self.state / "ledger.sqlite"

    @property
    def search(self) -> Path:
        """The full-text index, for the group to read."""
        return self.state / "search.sqlite"

    @property
    def status(self) -> Path:
        """How the service is."""
        return self.state / "status.json"

    def page(self, name: str) -> Path:
        """Where a browse page or its asset lies. Raises `ValueError` for anything else: that is never replaced."""
        if not PAGE.fullmatch(name):
            raise ValueError(f"{name!r} is no name for a browse page")
        return self.root / name

    def exists(self) -> bool:
        """Whether there is an archive of this format; False where one may be made.

        Raises `ArchiveRefused` for a newer format, for a folder that holds other things, and for one whose README.txt
        is gone: which format it has cannot be known then.
        """
        try:
            with self.readme.open("rb") as readme:
                first = readme.readline(200)
        except FileNotFoundError:
            return self._refuse_foreign()
        except NotADirectoryError as error:
            raise ArchiveRefused(f"{self.root} cannot be a folder, a file is in the way: name another") from error
        found = FORMAT_LINE.fullmatch(first.decode("utf-8", "replace").strip().removeprefix("\ufeff"))
        if found is None:
            raise ArchiveRefused(
                f"{self.readme} does not begin with 'mailarchiver archive, format {FORMAT}': not an archive"
            )
        if int(found[1]) > FORMAT:
            raise ArchiveRefused(
                f"{self.root} is an archive of format {found[1]}, this program knows format {FORMAT}: "
                "update mailarchiver; nothing was touched"
            )
        return True

    def _refuse_foreign(self) -> bool:
        """False where an archive may be made: in an empty folder, or where an earlier creation was interrupted."""
        others = {path.name for path in self.root.iterdir()} if self.root.is_dir() else set()
        others -= {self.state.name, self.manifest.name, "lost+found"}
        if self.manifest.is_file() and self.manifest.stat().st_size:
            raise ArchiveRefused(
                f"{self.readme} is missing: put it back (its first line is 'mailarchiver archive, format {FORMAT}')"
            )
        if others:
            raise ArchiveRefused(f"{self.root} is not empty and not an archive: name a new or empty folder")
        return False

    def make_root(self) -> None:
        """Create the root where it is missing; one that exists keeps its mode."""
        if not self.root.is_dir():
            self.root.parent.mkdir(parents=True, exist_ok=True)
            make_folder(self.root, FOLDER_MODE)

    def make_state(self) -> None:
        """Create `.mailarchiver/` and its staging folder where they are missing: they may be deleted at any time."""
        if not self.staging.is_dir():
            make_folder(self.state, STATE_MODE)
            make_folder(self.staging, PRIVATE_FOLDER)

    def make_readme(self) -> None:
        """Make the folder an archive: the last step of its creation, so that an interrupted one can begin again.

        Under the lock only: it goes through the staging folder.
        """
        staged = self.staging / self.readme.name
        staged.unlink(missing_ok=True)
        write_new(staged, README.encode(), FILE_MODE)
        fsync_path(staged)
        staged.rename(self.readme)
        fsync_path(self.root)
        fsync_path(self.root.parent)


def become_owner(root: Path) -> None:
    """Let only the archive's owner write: root becomes that user for good, any other user is refused by name.

    For good, because what follows in this process reads hostile mail. Raises `ArchiveRefused`.
    """
    owner = root.stat()
    if os.geteuid() == owner.st_uid:
        return
    if os.geteuid() != 0:
        name = user_name(owner.st_uid)
        raise ArchiveRefused(
            f"{root} belongs to {name}, and only {name} may write to it, not {user_name(os.geteuid())}: "
            f"run the command as `sudo -u {name} …`"
        )
    os.setgroups(os.getgrouplist(user_name(owner.st_uid), owner.st_gid) if _has_name(owner.st_uid) else [owner.st_gid])
    os.setresgid(owner.st_gid, owner.st_gid, owner.st_gid)
    os.setresuid(owner.st_uid, owner.st_uid, owner.st_uid)


def leave_root(root: Path) -> None:
    """Run as root, become the archive's owner for good, as hostile mail is read; any other user stays who they are."""
    if os.geteuid() == 0:
        become_owner(root)


def _has_name(uid: int) -> bool:
    return user_name(uid) != f"#{uid}"


def user_name(uid: int) -> str:
    """The user's name, `#1234` (as sudo takes it) where there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"
