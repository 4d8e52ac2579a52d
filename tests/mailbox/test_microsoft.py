"""The sign-in to Microsoft: msal against a token service of our own, over HTTPS; files and processes are real ones."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import stat
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mailarchiver.errors import LoginRefused, MailboxError
from mailarchiver.mailbox.microsoft import Microsoft, Registration
from mailarchiver.mailbox.token_file import TokenFile
from tests.servers.token_service import CLIENT, TENANT, TokenService, service

__all__ = ["service"]

DAY = 86400.0


@pytest.fixture
def source(service: TokenService, tmp_path: Path) -> Microsoft:
    file = TokenFile(tmp_path / "state" / "articles.token.json")
    return Microsoft("articles", Registration(CLIENT, TENANT, service.authority), file)


def signed_in(source: Microsoft) -> Microsoft:
    source.sign_in(lambda *_: None)
    return source


def later(source: Microsoft, seconds: float) -> Microsoft:
    return replace(source, clock=lambda: time.time() + seconds)


def test_what_a_person_is_shown(source: Microsoft, service: TokenService) -> None:
    service.pending = 2
    shown: list[tuple[str, str, int]] = []
    found = source.sign_in(lambda *told: shown.append(told))
    assert shown == [("https://example.org/device", "ABCD-1234", 900)]
    assert service.asked.count("device_code") == 3
    assert found.username == "jane"
    assert found.signed_in == pytest.approx(time.time(), abs=5)
    assert found == source.status()


def test_the_file_is_for_its_owner_only(source: Microsoft) -> None:
    before = os.umask(0)
    try:
        signed_in(source)
    finally:
        os.umask(before)
    folder = source.file.path.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    names = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert names == {"articles.token.json": 0o600, "articles.token.json.lock": 0o600}


def test_a_token_is_used_while_it_is_good_and_nobody_is_asked(source: Microsoft, service: TokenService) -> None:
    signed_in(source)
    asked = len(service.asked)
    assert source.token() == later(source, 3000).token() == "access-1"
    assert len(service.asked) == asked


def test_a_token_is_renewed_in_time_and_the_new_sign_in_kept(source: Microsoft, service: TokenService) -> None:
    signed_in(source)
    assert later(source, 3400).token() == "access-2"
    assert service.refresh == "refresh-2"
    assert source.token() == "access-2"
    assert later(source, 3600).token() == "access-3", "with refresh-2, the only one that is still good"
    text = source.file.path.read_text()
    assert "refresh-3" in text
    assert "refresh-2" not in text


def test_a_refused_token_is_renewed_before_its_time_and_once(source: Microsoft) -> None:
    signed_in(source)
    assert source.token(refused="access-1") == "access-2"
    assert source.token(refused="access-1") == "access-2"


@pytest.mark.parametrize("shift", [-10 * 365 * DAY, -7200, 7200, 10 * 365 * DAY])
def test_a_clock_that_jumps_renews(source: Microsoft, shift: float) -> None:
    signed_in(source)
    assert later(source, shift).token() == "access-2"


def test_the_end_of_a_sign_in_is_a_refusal_with_its_cure(source: Microsoft, service: TokenService) -> None:
    signed_in(source)
    service.refresh = "another"
    with pytest.raises(
        LoginRefused, match=r"over \(AADSTS70008: it has expired\.\): sign in again: `mailarchiver auth"
    ):
        later(source, 7200).token()
    assert source.token() == "access-1", "what is still good is still used"


def test_nobody_has_signed_in(source: Microsoft, service: TokenService) -> None:
    with pytest.raises(LoginRefused, match=r"nobody has signed in yet \(token_cache .*articles\.token\.json\): run"):
        source.token()
    assert service.asked == []
    assert source.status() is None


def test_a_sign_in_for_another_app_is_none(source: Microsoft) -> None:
    signed_in(source)
    other = replace(source, app=replace(source.app, client_id="another"))
    assert other.status() is None
    with pytest.raises(LoginRefused):
        other.token()


@pytest.mark.parametrize(
    "text",
    ["{", "", "[]", "\x00", '{"AccessToken": {}}', '{"AccessToken": {"x": 1}}', '{"mailarchiver": 1}', "[" * 100_000],
)
def test_a_damaged_file_is_told(source: Microsoft, text: str) -> None:
    signed_in(source)
    source.file.path.write_text(text)
    with pytest.raises(LoginRefused, match=r"mailarchiver auth login articles"):
        source.token()


def test_numbers_that_are_none_count_as_long_ago(source: Microsoft) -> None:
    signed_in(source)
    tables = json.loads(source.file.path.read_text())
    for row in tables["AccessToken"].values():
        row |= {"cached_at": "soon", "expires_on": None}
    tables["mailarchiver"] = {"signed_in": [], "refresh_ends": "never"}
    source.file.path.write_text(json.dumps(tables))
    found = source.status()
    assert found is not None
    assert found.signed_in == found.last_used
    assert source.token() == "access-2"


def test_a_service_that_is_down_is_temporary(source: Microsoft, service: TokenService) -> None:
    signed_in(source)
    service.down = True
    with pytest.raises(MailboxError, match=r"no token from https://.*tried again later") as caught:
        later(source, 7200).token()
    assert not isinstance(caught.value, LoginRefused)
    service.down = False
    assert later(source, 7200).token() == "access-2"


def test_a_service_that_is_not_there_is_temporary(source: Microsoft) -> None:
    signed_in(source)
    nowhere = replace(source, app=replace(source.app, authority="https://127.0.0.1:1"))
    with pytest.raises(MailboxError, match=r"no token from https://127\.0\.0\.1:1") as caught:
        later(nowhere, 7200).token()
    assert not isinstance(caught.value, LoginRefused)


def test_a_certificate_that_nobody_vouches_for_is_not_taken(
    source: Microsoft, service: TokenService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(MailboxError, match="certificate"):
        signed_in(source)
    assert service.asked == []


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ({"error": "invalid_client", "error_description": "AADSTS7000218: no secret"}, "Allow public client flows"),
        ({"error": "unauthorized_client", "error_description": "AADSTS700016: no app"}, "check client_id and tenant"),
        ({"error": "invalid_grant", "error_description": "AADSTS65001: no consent"}, "IMAP.AccessAsUser.All"),
        ({"error": "invalid_grant", "error_description": "AADSTS53003: blocked"}, "conditional access policy"),
        ({"error": "access_denied"}, "declined in the browser"),
        ({"error": "invalid_scope", "error_description": "x" * 5000}, "check client_id, tenant"),
    ],
)
def test_a_refusal_of_the_service_has_its_cure(
    source: Microsoft, service: TokenService, refusal: dict[str, str], words: str
) -> None:
    service.refusal = refusal
    with pytest.raises(LoginRefused, match=words) as caught:
        signed_in(source)
    assert len(str(caught.value)) < 700
    assert not source.file.path.exists()


def test_a_tenant_that_is_none(source: Microsoft) -> None:
    wrong = replace(source, app=replace(source.app, tenant="nobody"))
    with pytest.raises(MailboxError, match="nobody"):
        signed_in(wrong)


def test_without_msal_it_is_said_what_to_install(source: Microsoft, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(source)
    monkeypatch.setitem(sys.modules, "msal", None)
    assert source.token() == "access-1", "a token that is good needs no msal"
    with pytest.raises(MailboxError, match=r"pip install mailarchiver\[oauth\]"):
        later(source, 7200).token()


def test_signing_out_forgets(source: Microsoft) -> None:
    signed_in(source)
    assert source.sign_out()
    assert not source.sign_out()
    assert source.status() is None


# --- the end of a sign-in, foreseen -----------------------------------------------------------------------------------


def test_a_stated_end_is_told_beforehand(
    source: Microsoft, service: TokenService, caplog: pytest.LogCaptureFixture
) -> None:
    service.sign_in_lifetime = int(30 * DAY)
    signed_in(source)
    assert source.soon_over() is None
    assert later(source, 20.5 * DAY).soon_over() == "the sign-in is over in 9 days"
    service.sign_in_lifetime = int(3 * DAY)
    with caplog.at_level(logging.WARNING):
        source.token(refused="access-1")
    assert "account articles: the sign-in is over in 2 days: sign in again: `mailarchiver auth login" in caplog.text


def test_a_sign_in_that_lies_idle_is_told(source: Microsoft) -> None:
    """Microsoft's refresh tokens die after 90 days without use."""
    signed_in(source)
    assert later(source, 70 * DAY).soon_over() is None
    assert later(source, 80 * DAY).soon_over() == "the sign-in is over in 9 days"
    assert later(source, 91 * DAY).soon_over() == "the sign-in is over"


# --- several at once, and disks that fail -----------------------------------------------------------------------------


def ask(authority: str, path: str, ca_file: str, shift: float) -> str:
    """In a process of its own."""
    os.environ["REQUESTS_CA_BUNDLE"] = ca_file
    source = Microsoft("articles", Registration(CLIENT, TENANT, authority), TokenFile(Path(path)))
    return later(source, shift).token()


def test_processes_and_threads_that_renew_at_once_ask_once(source: Microsoft, service: TokenService) -> None:
    """A rotating refresh token is good once: the second to use it would be signed out."""
    signed_in(source)
    late = 3500
    service.lifetime = 2 * late + 3600  # the new one is good by every clock of this test
    told: list[str] = []
    threads = [threading.Thread(target=lambda: told.append(later(source, late).token())) for _ in range(4)]
    arguments = (service.authority, str(source.file.path), str(service.ca_file), late)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        waiting = pool.starmap_async(ask, [arguments] * 4)
        for thread in threads:
            thread.start()
        told += waiting.get(60)
        for thread in threads:
            thread.join()
        pool.close()
        pool.join()
    assert told == ["access-2"] * 8
    assert service.asked.count("refresh_token") == 1
    assert json.loads(source.file.path.read_text())["RefreshToken"]


def test_a_lock_that_is_not_given_back_is_told(source: Microsoft) -> None:
    with source.file.locked(), pytest.raises(MailboxError, match=r"another process has been using it for over 0\.1 s"):  # noqa: SIM117
        with source.file.locked(0.1):
            pytest.fail("two at once")


def test_a_token_is_used_though_the_file_cannot_be_written(
    source: Microsoft, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    signed_in(source)
    before = source.file.path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert later(source, 3400).token() == "access-2"
    assert "the renewed sign-in could not be kept: token_cache " in caplog.text
    assert "No space left on device" in caplog.text
    assert source.file.path.read_bytes() == before


def test_a_link_in_the_place_of_the_new_file_is_not_followed(source: Microsoft, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    source.file.path.parent.mkdir(mode=0o700)
    source.file.path.with_name(".articles.token.json.new").symlink_to(victim)
    signed_in(source)
    assert victim.read_text() == "precious"
    source.file.path.unlink()
    source.file.path.symlink_to(victim)
    signed_in(source)
    assert victim.read_text() == "precious"
    assert not source.file.path.is_symlink()


def test_a_folder_that_cannot_be_made_is_told(source: Microsoft, service: TokenService, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(MailboxError, match=r"token_cache .*articles\.token\.json: .*must be able to read and write it"):
        signed_in(source)
    assert service.asked == [], "nobody signs in for nothing"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can sign in for another user")
def test_what_root_writes_belongs_to_the_owner_of_the_folder(source: Microsoft, tmp_path: Path) -> None:
    owned = tmp_path / "owned"
    owned.mkdir(mode=0o700)
    os.chown(owned, 65534, 65534)
    path = owned / "made" / "for it" / "articles.token.json"
    signed_in(replace(source, file=TokenFile(path)))
    made = [path.parent.parent, path.parent, *path.parent.iterdir()]
    assert {each.stat().st_uid for each in made} == {65534}
    assert len(made) == 4


def test_no_token_is_logged(source: Microsoft, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        signed_in(source)
        later(source, 7200).token()
    assert "access-" not in caplog.text
    assert "refresh-" not in caplog.text
