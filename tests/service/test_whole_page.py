"""docs/service.md, command by command, in its order, on the booted machine. Runs last, by its name:
the page ends with the removal of the service.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from .conftest import ARCHIVE, CONFIG
from .machine import READER, ROOT
from .page import NOT_RUN, PAGE, SECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Service

booted = [pytest.mark.booted, pytest.mark.dovecot, pytest.mark.timeout(400)]


def files_mail(service: Service, title: str, archive: str = ARCHIVE) -> None:
    service.await_state("active")
    service.deliver(title)
    service.await_articles(title, archive=archive)


def browsed(service: Service) -> None:
    assert "mailarchiver" in service.machine.says(f"id -nG {READER}").split()
    files_mail(service, "From zero")


def with_a_new_password(service: Service) -> None:
    files_mail(service, "Passwords")


def watched(service: Service) -> None:
    assert service.machine.says("systemctl list-units --failed --no-legend 'mailarchiver*'") == ""


def backed_up(service: Service) -> None:
    listed = service.machine.says("tar -tzf /root/mailarchiver.tar.gz")
    for name in ("etc/mailarchiver/config.toml", "var/lib/mailarchiver/archive/manifest.jsonl"):
        assert name in listed
    files_mail(service, "After the backup")
    # what happens to an archive on a bad day
    service.machine.run("systemctl stop mailarchiver && rm -r /var/lib/mailarchiver/archive /etc/mailarchiver")


def restored(service: Service) -> None:
    titles = [entry["title"] for entry in service.manifest()]
    assert "From zero" in titles
    service.await_articles("After the backup")
    files_mail(service, "After the restore")
    titles = [entry["title"] for entry in service.manifest()]
    assert len(titles) == len(set(titles))


def moved(service: Service) -> None:
    assert service.machine.says("systemctl is-enabled mailarchiver") == "enabled"
    files_mail(service, "On the new machine")


def upgraded(service: Service) -> None:
    titles = [entry["title"] for entry in service.manifest()]
    files_mail(service, "After the upgrade by the page")
    assert [entry["title"] for entry in service.manifest()] == [*titles, "After the upgrade by the page"]


def elsewhere(service: Service) -> None:
    files_mail(service, "On another disk", archive="/srv/articles")
    assert service.property("ReadWritePaths") == "/srv/articles"
    assert service.property("RequiresMountsFor").split() == ["/srv/articles"] or "/srv/articles" in service.property(
        "RequiresMountsFor"
    )
    service.machine.run(f"cp -a /root/config.toml {CONFIG} && mailarchiver install-service --now")
    assert service.property("ReadWritePaths") == ""
    service.await_state("active")


def by_timer(service: Service) -> None:
    assert service.property("ActiveState", "mailarchiver-poll.timer") == "active"
    service.deliver("By the timer")
    service.machine.run("systemctl start mailarchiver-poll")
    service.await_articles("By the timer")
    service.machine.run("systemctl disable --now mailarchiver-poll.timer && systemctl enable --now mailarchiver")


def removed(service: Service) -> None:
    assert service.machine.run("systemctl cat mailarchiver", check=False).returncode == 1
    assert service.machine.says("pgrep -u mailarchiver | wc -l") == "0"
    assert "By the timer" in [entry["title"] for entry in service.manifest()]


def on_another_disk(service: Service) -> None:
    service.machine.run(f"cp -a {CONFIG} /root/config.toml && sed -i 's|^root = .*|root = \"/srv/articles\"|' {CONFIG}")


def nothing(_: Service) -> None:
    """There is nothing to be done before."""


STORY: dict[str, tuple[Callable[[Service], None], Callable[[Service], None]]] = {
    # heading → what its reader has done before, what is then the case
    "From zero to running": (nothing, browsed),
    "Passwords": (nothing, with_a_new_password),
    "What to watch": (nothing, watched),
    "Backup": (nothing, backed_up),
    "Restore": (nothing, restored),
    "Moving to another machine": (nothing, moved),
    "Upgrade": (nothing, upgraded),
    "The archive on another disk": (on_another_disk, elsewhere),
    "A timer in place of the daemon": (nothing, by_timer),
    "Uninstall": (nothing, removed),
}
ELSEWHERE = {"For one user, without root": "test_user.py"}


def test_every_command_of_the_page_is_run() -> None:
    assert {heading for heading, commands in SECTIONS.items() if commands} == {*STORY, *ELSEWHERE}
    assert set(NOT_RUN) <= {command for commands in SECTIONS.values() for command in commands}


def test_it_takes_ten_commands() -> None:
    [block] = [block for block in PAGE.split("\n\n") if "apt install python3-venv" in block]
    assert len(block.splitlines()) == 10


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)]+)\)", PAGE))
def test_a_link_leads_somewhere(target: str) -> None:
    assert (ROOT / "docs" / target).exists()


@pytest.mark.parametrize("heading", [pytest.param(heading, marks=booted) for heading in STORY])
def test_the_page(service: Service, heading: str) -> None:
    before, after = STORY[heading]
    before(service)
    if heading != "From zero to running":  # the fixture has done that
        service.follow(heading)
    after(service)
