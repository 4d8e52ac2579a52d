"""A reader of archives, written from docs/archive-format.md alone, as somebody would in fifty years.

It needs `json`, `hashlib` and `pathlib`; a test sees to that. So it has no types either, which would need `typing`.
"""

# ruff: noqa: ANN001, ANN201, ANN202, ANN204 - as above
# mypy: disable-error-code="no-untyped-def,no-untyped-call,var-annotated"

import hashlib
import json
import pathlib

ARTICLE_KEYS = [
    "format",
    "id",
    "kind",
    "title",
    "byline",
    "site",
    "url",
    "published",
    "language",
    "direction",
    "excerpt",
    "words",
    "reading_minutes",
    "tags",
    "received",
    "account",
    "note",
    "forwarded_by",
    "hops",
    "message",
    "original",
    "images",
    "attachments",
    "provenance",
    "warnings",
    "extractor",
]
MESSAGE_KEYS = ["message_id", "subject", "from", "to", "cc", "date", "date_text", "sha256", "bytes"]
IMAGE_KEYS = ["file", "source", "outcome", "reason", "alt", "caption", "width", "height", "bytes", "sha256"]
KEPT = {"cid", "location", "data", "fetched", "unreferenced"}
LINE_KEYS = [
    "id",
    "folder",
    "title",
    "byline",
    "site",
    "url",
    "published",
    "received",
    "filed",
    "kind",
    "language",
    "tags",
    "words",
    "images",
    "attachments",
    "warnings",
    "message_id",
    "sha256",
    "sums",
    "same_as",
    "source",
]
COMMON_KEYS = ["id", "title", "byline", "site", "url", "published", "received", "kind", "language", "tags", "words"]
REASON_KEYS = [
    "format",
    "digest",
    "bytes",
    "received",
    "from_line",
    "fallback",
    "account",
    "folder",
    "uidvalidity",
    "uid",
    "path",
    "reason",
    "detail",
    "extractor",
    "quarantined",
]


class Damage(Exception):  # noqa: N818 - it is no error of the reader's
    """What is not as the document says."""


def must(holds, what):
    if not holds:
        raise Damage(what)


def sha256(octets):
    return hashlib.sha256(octets).hexdigest()


def with_line_feeds(octets):
    return octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


class Archive:
    """An archive as the document describes it."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        first = (self.root / "README.txt").read_text("utf-8").split("\n")[0]
        must(first.startswith("mailarchiver archive, format "), f"{first!r} names no format")
        self.format = int(first.rpartition(" ")[2])
        self.entries, self.removed, self.history = {}, {}, {}
        self._read_manifest()

    def _read_manifest(self):
        octets = (self.root / "manifest.jsonl").read_bytes()
        for line in octets.split(b"\n")[:-1]:  # what stands behind the last line feed is not there
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if not isinstance(record, dict):
                continue
            if "removed" in record:
                self.removed[record["id"]] = record
                self.entries.pop(record["id"], None)
            elif "folder" in record:
                self.removed.pop(record["id"], None)
                self.entries[record["id"]] = record
                self.history.setdefault(record["id"], []).append(record)

    def knows(self, octets):
        """Whether a mail is in the archive, or was removed, or lies in quarantine: it is not to be filed again."""
        wanted = {sha256(octets)}
        digests = {record["sha256"] for record in (*self.entries.values(), *self.removed.values())}
        mails = [self.folder(entry) / "message.eml" for entry in self.entries.values() if "-" not in entry["id"]]
        mails += [path / "message.eml" for path in self.quarantine()]
        folded = {sha256(with_line_feeds(mail.read_bytes())) for mail in mails}
        held = {path.name for path in self.quarantine()}
        return bool(wanted & (digests | held)) or sha256(with_line_feeds(octets)) in folded

    def folder(self, entry):
        return self.root / entry["folder"]

    def files(self, folder, seal=None):
        """path → octets of all that SHA256SUMS lists, checked; and the paths of what others added."""
        listing = (folder / "SHA256SUMS").read_bytes()
        must(seal is None or sha256(listing) == seal, f"{folder}: SHA256SUMS is not sealed by the manifest")
        found = {}
        for line in listing.decode("utf-8").split("\n")[:-1]:
            digest, path = line.split("  ", 1)
            found[path] = (folder / path).read_bytes()
            must(sha256(found[path]) == digest, f"{folder / path} was changed")
        must(list(found) == sorted(found, key=str.encode), f"{folder}: SHA256SUMS is not in order")
        there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        return found, there - found.keys() - {"SHA256SUMS"}

    def article(self, entry):
        """What article.json says, checked against the manifest and the files."""
        must(list(entry) == LINE_KEYS, f"keys of the line of {entry['id']}")
        name = entry["folder"].split("/")
        must(name[2][:7].split("-") == name[:2], f"{entry['folder']} does not lie in its month")
        must(name[2].endswith(f"-{entry['id']}"), f"{entry['folder']} has not its id")
        must(entry["received"][:10] == name[2][:10], f"{entry['folder']} has not its day")
        files, _ = self.files(self.folder(entry), entry["sums"])
        told = json.loads(files["article.json"])
        must(list(told) == ARTICLE_KEYS, f"keys of {entry['folder']}/article.json")
        must(list(told["message"]) == MESSAGE_KEYS, "keys of message")
        must(told["original"] is None or list(told["original"]) == MESSAGE_KEYS, "keys of original")
        for key in COMMON_KEYS:
            must(told[key] == entry[key], f"{entry['id']}: {key} of article.json and manifest")
        must(told["message"]["sha256"] == entry["sha256"], f"{entry['id']}: the mail of article.json and manifest")
        must(told["message"]["message_id"] == entry["message_id"], f"{entry['id']}: message_id")
        must(len(told["warnings"]) == entry["warnings"], f"{entry['id']}: warnings")
        self._check_files(entry, told, files)
        return told

    def _check_files(self, entry, told, files):
        for image in told["images"]:
            must(list(image) == IMAGE_KEYS, "keys of an image")
            must(image["file"] is None or image["outcome"] in KEPT | {"dropped"}, f"{image} is kept, or is not")
        parts = [part for part in (*told["images"], *told["attachments"]) if part["file"] is not None]
        for part in parts:
            must(sha256(files[part["file"]]) == part["sha256"], f"{entry['folder']}/{part['file']}")
            must(len(files[part["file"]]) == part["bytes"], f"{entry['folder']}/{part['file']}")
        named = {part["file"] for part in parts}
        fixed = {"index.html", "article.md", "article.txt", "article.json", "message.eml"}
        must(named | fixed == files.keys(), f"{entry['folder']} has files of which article.json says nothing")
        pictures = {name for name in files if name.startswith("images/")}
        must(len(pictures) == entry["images"], f"{entry['id']}: images")
        must(len(named - pictures) == entry["attachments"], f"{entry['id']}: attachments")

    def mail(self, entry):
        """The whole mail an article came in: that of the mail's first article."""
        first = entry["id"].partition("-")[0]
        octets = (self.folder(self.entries[first]) / "message.eml").read_bytes()
        must(sha256(octets) == entry["sha256"], f"{first}: message.eml is not the mail")
        must(entry["sha256"].startswith(first), f"{first} does not begin its mail's digest")
        return octets

    def front_matter(self, entry):
        """The YAML front matter of article.md: each value is JSON, on one line."""
        head = (self.folder(entry) / "article.md").read_text("utf-8").split("---\n")[1]
        lines = [line.split(": ", 1) for line in head.split("\n")[:-1]]
        return {key: json.loads(value) for key, value in lines}

    def unlisted(self):
        """Folders that have an entry's name and no line: they may be added."""
        known = {entry["folder"] for entry in self.entries.values()}
        found = (path.relative_to(self.root).as_posix() for path in self.root.glob("[0-9]*/[0-9]*/*") if path.is_dir())
        return sorted(set(found) - known)

    def quarantine(self):
        """folder → reason of each mail that could not be understood."""
        found = {}
        for folder in sorted((self.root / ".mailarchiver" / "quarantine").glob("*")):
            must(sha256((folder / "message.eml").read_bytes()) == folder.name, f"{folder}: not the mail of its name")
            found[folder] = json.loads((folder / "reason.json").read_bytes())
            must(list(found[folder]) == REASON_KEYS, f"keys of {folder}/reason.json")
            must(found[folder]["digest"] == folder.name, f"{folder}: digest")
        return found

    def kept(self, where):
        """The articles in `versions` or `trash`, each whole by its own SHA256SUMS: id → what they say."""
        listings = sorted((self.root / ".mailarchiver" / where).rglob("SHA256SUMS"))
        told = [json.loads(self.files(listing.parent)[0]["article.json"]) for listing in listings]
        return {each["id"]: each for each in told}
