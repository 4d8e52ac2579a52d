"""Yesterday's backup is put back, and the mailbox polled: nothing is doubled, and today's mail is filed again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailarchiver.archive.verify import verify
from mailarchiver.cli.app import app
from tests.cli.test_poll import Site, mail, on_embedded, site
from tests.servers.fixtures import NOON, dovecot, mailbox

__all__ = ["dovecot", "mailbox", "site"]

DISPOSABLE = ("ledger.sqlite*", "search.sqlite*", "staging", "lock", "status.json", "index.html", "assets")


def back_up(site: Site) -> Path:
    """A copy of what is precious. An article's own page is that, too."""
    archive, backup = site.folder / "archive", site.folder / "backup"

    def disposable(folder: str, names: list[str]) -> set[str]:
        is_article = "article.json" in names
        return set() if is_article else shutil.ignore_patterns(*DISPOSABLE)(folder, names)

    return Path(shutil.copytree(archive, backup, ignore=disposable))


def put_back(site: Site, backup: Path) -> None:
    shutil.rmtree(site.folder / "archive")
    shutil.copytree(backup, site.folder / "archive")


def a_day_later(site: Site, account: str) -> None:
    """Two mails are filed, backed up, two more are filed, and the backup is put back."""
    assert site.poll(account).returncode == 0
    backup = back_up(site)
    for subject in ("wind", "rain"):
        site.mailbox.other.deliver(mail(subject), NOON)
    assert site.poll(account).returncode == 0
    assert len(site.titles()) == 4
    put_back(site, backup)
    assert len(site.titles()) == 2


def assert_all_is_well(site: Site) -> None:
    assert sorted(site.titles()) == ["moon", "rain", "tide", "wind"]
    lines = [json.loads(line) for line in (site.folder / "archive/manifest.jsonl").read_bytes().splitlines()]
    assert len({line["id"] for line in lines}) == len(lines) == 4
    assert verify(site.folder / "archive", jobs=1).findings == ()


@pytest.mark.parametrize("after", ["keep", "seen", "flag", "move:Archived"])
def test_todays_mail_is_filed_again_and_nothing_is_doubled(site: Site, after: str) -> None:
    account = site.account("articles", after=after)
    a_day_later(site, account)
    folder = "Archived" if after.startswith("move") else "INBOX"
    flags = site.flags(folder)
    known = 2 if folder == "Archived" else 0  # of INBOX the manifest says which of its mails are filed
    assert site.poll(account).stdout == f"articles: 2 filed, {known} already filed, 0 failed\n"
    assert_all_is_well(site)
    assert site.flags(folder) == flags
    assert len(flags) == 4
    assert site.poll(account).stdout == "articles: 0 filed, 0 already filed, 0 failed\n"


@on_embedded
def test_the_target_is_looked_through_once_not_in_every_round(site: Site) -> None:
    account = site.account("articles", after="move:Archived")
    a_day_later(site, account)
    site.poll(account)
    site.mailbox.other.deliver(mail("snow"), NOON, "Archived")
    assert site.poll(account).stdout == "articles: 0 filed, 0 already filed, 0 failed\n"
    assert "snow" not in site.titles()


@on_embedded
def test_a_new_archive_takes_nothing_from_the_target(site: Site) -> None:
    site.mailbox.other.deliver(mail("years ago"), NOON, "Archived")
    account = site.account("articles", after="move:Archived")
    for _ in range(2):
        site.poll(account)
    assert site.titles() == ["tide", "moon"]


@on_embedded
def test_new_mail_and_old_come_in_the_same_round(site: Site) -> None:
    account = site.account("articles", after="move:Archived")
    a_day_later(site, account)
    site.mailbox.other.deliver(mail("snow"), NOON)
    site.poll(account)
    assert sorted(site.titles()) == ["moon", "rain", "snow", "tide", "wind"]
    assert (len(site.flags()), len(site.flags("Archived"))) == (0, 5)


@on_embedded
def test_a_target_that_is_missing_is_looked_through_when_it_is_there(site: Site) -> None:
    account = site.account("articles", after="move:Archived")
    a_day_later(site, account)
    elsewhere = site.poll(site.account("articles", after="move:Nowhere"))
    assert "there is no folder 'Nowhere'" in elsewhere.stderr
    assert len(site.titles()) == 2
    site.poll(account)
    assert_all_is_well(site)


@on_embedded
def test_a_backup_with_its_ledger_is_told_by_rebuild(site: Site) -> None:
    """The ledger of a copy cannot know that it is one: whoever puts it back says so."""
    account = site.account("articles", after="move:Archived")
    site.poll(account)
    backup = Path(shutil.copytree(site.folder / "archive", site.folder / "backup"))
    site.mailbox.other.deliver(mail("wind"), NOON)
    site.poll(account)
    put_back(site, backup)
    site.poll(account)
    assert "wind" not in site.titles()
    done = CliRunner().invoke(app, ["rebuild", "ledger", "--root", str(site.folder / "archive")])
    assert done.exit_code == 0, done.stderr
    site.poll(account)
    assert sorted(site.titles()) == ["moon", "tide", "wind"]
