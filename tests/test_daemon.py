"""The daemon: what arrives while it runs is filed, trouble stays where it is, and it ends when it is told to."""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from mailarchiver.archive.store import Store
from mailarchiver.demo.server import EmbeddedServer
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.fixtures import dovecot
from tests.servers.other_client import OtherClient

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["dovecot"]

NOON = datetime(2024, 3, 6, 12, tzinfo=UTC)
PATIENCE = 30.0


def mail(subject: str) -> bytes:
    text = (
        "From: Jane Roe <jane@example.org>\r\nTo: articles@example.org\r\n"
        f"Subject: {subject}\r\nDate: Wed, 6 Mar 2024 12:00:00 +0000\r\n"
        f"Message-ID: <{subject.replace(' ', '.')}@example.org>\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\nAll there is to say about {subject}.\r\n"
    )
    return text.encode()


def wait_for(what: str, condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {PATIENCE:.0f} s"
        time.sleep(0.05)


def entry(*changes: str) -> tuple[str, ...]:
    """The program with something of it changed, by Python: for what would take too long, or never happens."""
    return "-c", "\n".join(
        ["from mailarchiver import daemon", *changes, "from mailarchiver.__main__ import main; main()"]
    )


class Daemon:
    """`mailarchiver run` as a process of its own, with a service manager's socket to speak to."""

    def __init__(
        self,
        folder: Path,
        accounts: Mapping[str, int],
        *,
        archive: str = "",
        account: str = 'interval = "1s"',
        entry: tuple[str, ...] = ("-m", "mailarchiver"),
        **environment: str,
    ) -> None:
        self.archive = folder / "archive"
        self.config = folder / "config.toml"
        self.log = folder / "log"
        self.said: list[str] = []
        (folder / "password").write_text("demo\n")
        tables = (
            f'[[account]]\nname = "{name}"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
            f'username = "demo"\npassword_file = "password"\n{account}\n'
            for name, port in accounts.items()
        )
        self.config.write_text("\n".join([f'[archive]\nroot = "archive"\n{archive}\n', *tables]))
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        self._socket.setblocking(False)
        self._entry = entry
        self._environment = {**os.environ, **environment, "NOTIFY_SOCKET": str(folder / "notify")}

    def __enter__(self) -> Self:
        command = [sys.executable, *self._entry, "run", "--config", str(self.config)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stderr=log, env=self._environment)
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def heard(self, assignment: str) -> bool:
        """Whether the daemon has told the service manager this."""
        try:
            while True:
                self.said += self._socket.recv(65536).decode().splitlines()
        except BlockingIOError:
            return any(line.startswith(assignment) for line in self.said)

    def filed(self) -> list[str]:
        """The titles in the manifest. It also listens: a service manager that does not would hold the daemon up."""
        if self.process.poll() is None:
            self.heard("nothing in particular")
        manifest = self.archive / "manifest.jsonl"
        return [json.loads(line)["title"] for line in manifest.read_bytes().splitlines()] if manifest.exists() else []

    def status(self) -> Any:
        path = self.archive / ".mailarchiver/status.json"
        return json.loads(path.read_bytes())["accounts"] if path.exists() else {}

    def end(self, number: signal.Signals) -> tuple[int, float]:
        """Send a signal; the exit code, and the seconds until it came."""
        start = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(PATIENCE), time.monotonic() - start


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_mail_delivered_while_it_runs_becomes_an_article(tmp_path: Path) -> None:
    with (
        EmbeddedServer([(mail("First light"), NOON)]) as server,
        Daemon(tmp_path, {"articles": server.port}) as process,
    ):
        wait_for("READY=1", lambda: process.heard("READY=1"))
        wait_for("the first mail", lambda: process.filed() == ["First light"])
        server.deliver(mail("Second wind"), NOON)
        wait_for("the second mail", lambda: process.filed() == ["First light", "Second wind"])
        wait_for("its page", lambda: "Second wind" in (process.archive / "index.html").read_text("utf-8"))
        wait_for("the status", lambda: process.status()["articles"]["filed"] == 2)
        status = process.status()["articles"]
        assert (status["error"], status["error_since"], status["failures"]) == (None, None, 0)
        for key in ("last_try", "last_success", "last_mail"):
            assert datetime.fromisoformat(status[key]).tzinfo is not None
        wait_for("STATUS=", lambda: process.heard("STATUS=1 account, last mail just now, 2 articles"))
        code, seconds = process.end(signal.SIGTERM)
        assert code == 0, process.log.read_text()
        assert seconds < 10
        assert process.heard("STOPPING=1")
        assert not process.heard("WATCHDOG=1"), "nobody asked for it"


def test_mail_is_filed_as_soon_as_the_server_tells_of_it(tmp_path: Path) -> None:
    """The next round by the interval would be tomorrow."""
    with (
        EmbeddedServer(folders=["Archived", "Other"]) as server,
        Daemon(
            tmp_path, {"articles": server.port}, account='interval = "1d"\nfolders = ["*"]\nafter = "move:Archived"'
        ) as process,
    ):
        wait_for("READY=1", lambda: process.heard("READY=1"))
        for number, folder in enumerate(["INBOX", "Other", "INBOX", "INBOX", "Other"], 1):
            server.deliver(mail(f"Mail {number}"), NOON, folder)
            wait_for(f"mail {number}", lambda: len(process.filed()) == number)  # noqa: B023 - called before it changes
        for number in range(6, 26):  # a burst
            server.deliver(mail(f"Mail {number}"), NOON)
        wait_for("the burst", lambda: len(process.filed()) == 25)
        code, seconds = process.end(signal.SIGTERM)
        assert (code, seconds < 10) == (0, True), process.log.read_text()
    assert sorted(process.filed()) == sorted(f"Mail {number}" for number in range(1, 26))
    assert "is abandoned" not in process.log.read_text()


@pytest.mark.dovecot
def test_mail_is_filed_as_soon_as_dovecot_tells_of_it(tmp_path: Path, dovecot: Dovecot) -> None:
    user = f"user-{secrets.token_hex(6)}"
    tls = f'security = "tls"\nca_file = "{dovecot.ca_file}"'
    process = Daemon(tmp_path, {"articles": dovecot.tls_port}, account='interval = "1d"')
    text = process.config.read_text().replace('security = "none"', tls)
    process.config.write_text(text.replace('"demo"', f'"{user}"'))
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    with OtherClient(dovecot.host, dovecot.port, user, PASSWORD) as other, process:
        wait_for("READY=1", lambda: process.heard("READY=1"))
        for number in (1, 2, 3):
            other.deliver(mail(f"Mail {number}"), NOON)
            wait_for(f"mail {number}", lambda: len(process.filed()) == number)  # noqa: B023 - called before it changes
        code, seconds = process.end(signal.SIGTERM)
        assert (code, seconds < 10) == (0, True), process.log.read_text()


def test_many_accounts_are_watched_while_one_waits_for_a_server_that_never_answers(tmp_path: Path) -> None:
    with ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        servers = [stack.enter_context(EmbeddedServer()) for _ in range(11)]
        ports = {f"a{number}": server.port for number, server in enumerate(servers)}
        process = stack.enter_context(
            Daemon(tmp_path, {"hung": silent.getsockname()[1], **ports}, account='interval = "1d"')
        )
        for turn in range(2):
            for number, server in enumerate(servers):
                server.deliver(mail(f"Mail {turn} of {number}"), NOON)
            wait_for("a mail of each", lambda: len(process.filed()) == 11 * (turn + 1))  # noqa: B023 - as above
        assert process.status().get("hung", {}).get("last_try") is None, "it waits all the while"
        assert process.end(signal.SIGTERM)[1] < 10


def test_one_account_in_trouble_stops_no_other(tmp_path: Path, unused_port: int) -> None:
    accounts = {"broken": unused_port, "sound": 0}
    with EmbeddedServer([(mail("First light"), NOON)]) as server:
        accounts["sound"] = server.port
        with Daemon(tmp_path, accounts) as process:
            wait_for("the mail of the sound one", lambda: process.filed() == ["First light"])
            wait_for("the trouble", lambda: bool((process.status().get("broken") or {}).get("failures", 0) >= 2))
            server.deliver(mail("Second wind"), NOON)
            wait_for("the second mail", lambda: len(process.filed()) == 2)
            broken = process.status()["broken"]
            assert "broken" in broken["error"]
            assert broken["error_since"] <= broken["last_try"]
            assert broken["last_success"] is None
            wait_for(
                "STATUS=",
                lambda: process.heard("STATUS=2 accounts, last mail just now, 2 articles; in trouble: broken"),
            )
            assert process.end(signal.SIGINT)[0] == 0
    log = process.log.read_text()
    assert "broken" in log
    assert "Traceback" not in log


def test_it_ends_in_time_though_a_server_never_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with Daemon(tmp_path, {"articles": silent.getsockname()[1]}) as process:
            silent.settimeout(PATIENCE)
            connection, _ = silent.accept()
            with connection:
                code, seconds = process.end(signal.SIGTERM)
        assert (code, seconds < 10) == (0, True), process.log.read_text()
        assert "is abandoned" in process.log.read_text()


SAYS_WHEN_IT_OPENS = """
real = daemon.opened
def opened(archive, limits):
    (archive.root.parent / "opens").touch()
    return real(archive, limits)
daemon.opened = opened
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_while_it_waits_for_the_archive(
    tmp_path: Path, unused_port: int, number: signal.Signals
) -> None:
    """Another process holds it; recovery, which may read every article, is broken off in the same way."""
    with Store.open(tmp_path / "archive", min_free=0), (tmp_path / "archive/.mailarchiver/lock").open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with Daemon(tmp_path, {"articles": unused_port}, entry=entry(SAYS_WHEN_IT_OPENS)) as process:
            wait_for("the wait", (tmp_path / "opens").exists)
            process.process.send_signal(signal.SIGHUP)
            time.sleep(0.5)
            assert process.process.poll() is None, "a configuration to read again is no reason to end"
            assert process.end(number)[1] < 5


HELD_FROM_THE_START = """
real = daemon.Rounds.start
def start(self):
    import fcntl
    self.held = open(daemon.LOCK, "r+b")
    fcntl.flock(self.held, fcntl.LOCK_EX)
    daemon.notify("STATUS=held")
    real(self)
daemon.Rounds.start = start
"""
"""As by another process: a lock belongs to whoever opened the file."""


def test_it_ends_in_time_while_its_first_status_waits_for_the_archive(tmp_path: Path, unused_port: int) -> None:
    held = f"daemon.LOCK = {str(tmp_path / 'archive/.mailarchiver/lock')!r}"
    with Daemon(tmp_path, {"articles": unused_port}, entry=entry(held, HELD_FROM_THE_START)) as process:
        wait_for("the lock", lambda: process.heard("STATUS=held"))
        time.sleep(0.5)
        code, seconds = process.end(signal.SIGTERM)
        assert (code, seconds < 10) == (0, True), process.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_time_while_a_reload_waits_for_the_archive(tmp_path: Path, number: signal.Signals) -> None:
    with (
        EmbeddedServer() as server,
        Daemon(tmp_path, {"articles": server.port}, account='interval = "1d"') as process,
    ):
        wait_for("READY=1", lambda: process.heard("READY=1"))
        wait_for("the status", lambda: process.status()["articles"]["last_success"] is not None)
        with (tmp_path / "archive/.mailarchiver/lock").open("r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            process.process.send_signal(signal.SIGHUP)
            wait_for("the reload", lambda: "reloaded:" in process.log.read_text())
            time.sleep(0.5)
            code, seconds = process.end(number)
            assert (code, seconds < 10) == (0, True), process.log.read_text()


STUCK = """
def stuck(*_):
    import threading
    daemon.notify("STATUS=stuck")
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()
daemon._Service._tell = stuck
"""


def test_it_ends_in_time_whatever_its_main_thread_waits_for(tmp_path: Path, unused_port: int) -> None:
    with Daemon(tmp_path, {"articles": unused_port}, entry=entry(STUCK)) as process:
        wait_for("the main thread", lambda: process.heard("STATUS=stuck"))
        code, seconds = process.end(signal.SIGTERM)
        assert (code, seconds < 10) == (0, True), process.log.read_text()


DEAF_AT_FIRST = """
from mailarchiver import announcing
real, lost = announcing.notify, []
def notify(*told):
    if told[0] == "READY=1" and len(lost) < 3:
        lost.append(told)
        return False
    return real(*told)
announcing.notify = notify
daemon.TICK_SECONDS = 0.2
"""


def test_what_systemd_did_not_take_is_said_again(tmp_path: Path) -> None:
    with EmbeddedServer() as server, Daemon(tmp_path, {"articles": server.port}, entry=entry(DEAF_AT_FIRST)) as process:
        wait_for("READY=1", lambda: process.heard("READY=1"))
        wait_for("STATUS=", lambda: process.heard("STATUS=1 account"))
        time.sleep(1)
        process.heard("nothing in particular")
        assert process.said.count("READY=1") == 1, "once it is taken, it is said no more"


def test_the_watchdog_is_fed_when_systemd_asks(tmp_path: Path, unused_port: int) -> None:
    with Daemon(tmp_path, {"articles": unused_port}, WATCHDOG_USEC="900000") as process:
        wait_for("WATCHDOG=1", lambda: process.heard("WATCHDOG=1"))
        assert process.end(signal.SIGTERM)[0] == 0


def test_an_archive_that_cannot_be_opened_is_said_at_once(tmp_path: Path, unused_port: int) -> None:
    (tmp_path / "archive").write_text("this is a file")
    with Daemon(tmp_path, {"articles": unused_port}) as process:
        assert process.process.wait(PATIENCE) == 2, "systemd does not start it again"
        assert not process.heard("READY=1")
    assert "Traceback" not in process.log.read_text()


def test_an_almost_full_disk_makes_it_wait_and_say_so(tmp_path: Path) -> None:
    """`min_free`: the rounds end before anything is filed; status.json, the journal and systemd are told why."""
    with EmbeddedServer([(mail("First light"), NOON)]) as server:
        with Daemon(tmp_path, {"articles": server.port}, archive='min_free = "900000 GB"') as process:
            wait_for("the trouble", lambda: bool((process.status().get("articles") or {}).get("failures")))
            status = process.status()["articles"]
            assert "are to stay free (min_free): make room" in status["error"]
            assert status["last_success"] is None
            wait_for(
                "STATUS=", lambda: process.heard("STATUS=1 account, no mail yet, 0 articles; in trouble: articles")
            )
            assert process.end(signal.SIGTERM)[0] == 0
        assert process.filed() == []
        log = process.log.read_text()
        assert "make room; nothing was filed" in log
        assert "articles: is tried again in 0:01:00" in log
        assert "Traceback" not in log


# --- whoever asks how it is -----------------------------------------------------------------------------------------


def asked(process: Daemon) -> subprocess.CompletedProcess[str]:
    """`mailarchiver status`."""
    command = [sys.executable, "-m", "mailarchiver", "status", "--config", str(process.config)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_daemon_that_was_killed_is_an_alarm_soon_after(tmp_path: Path) -> None:
    with EmbeddedServer([(mail("First light"), NOON)]) as server, ExitStack() as stack:
        process = Daemon(tmp_path, {"articles": server.port}, account='interval = "2s"')
        assert asked(process).returncode == 1, "nothing has run there yet"
        stack.enter_context(process)
        wait_for("the first mail", lambda: process.filed() == ["First light"])
        wait_for("a good round", lambda: process.status()["articles"]["last_success"] is not None)
        done = asked(process)
        assert (done.returncode, done.stderr) == (0, "")
        assert "1 articles, 0 mails in quarantine" in done.stdout
        process.process.kill()
        wait_for("the alarm", lambda: asked(process).returncode == 1)
        assert "it does not run, or it hangs" in asked(process).stderr


def test_what_it_counts_outlives_it(tmp_path: Path) -> None:
    figures = tmp_path / "mailarchiver.prom"
    tables = f'interval = "1s"\n[metrics]\ntextfile = "{figures}"'

    def has_counted(number: int) -> bool:
        sample = f'mailarchiver_filed_messages_total{{account="articles"}} {number}\n'
        return figures.exists() and sample in figures.read_text()

    with EmbeddedServer([(mail("First light"), NOON)]) as server:
        with Daemon(tmp_path, {"articles": server.port}, account=tables) as process:
            wait_for("the first mail", lambda: has_counted(1))
            assert process.end(signal.SIGTERM)[0] == 0
        (tmp_path / "notify").unlink()
        server.deliver(mail("Second wind"), NOON)
        with Daemon(tmp_path, {"articles": server.port}, account=tables) as process:
            wait_for("the second mail", lambda: has_counted(2))
            assert process.end(signal.SIGTERM)[0] == 0


def test_the_log_may_be_json_lines(tmp_path: Path) -> None:
    tables = 'interval = "1s"\n[log]\nformat = "json"'
    with (
        EmbeddedServer([(mail("First light"), NOON)]) as server,
        Daemon(tmp_path, {"articles": server.port}, account=tables) as process,
    ):
        wait_for("the first mail", lambda: process.filed() == ["First light"])
        wait_for("a good round", lambda: process.status()["articles"]["last_success"] is not None)
        assert process.end(signal.SIGTERM)[0] == 0
    told = [json.loads(line) for line in process.log.read_text().splitlines()]
    [filed] = [each for each in told if each.get("event") == "filed"]
    assert (filed["title"], filed["account"], filed["uid"], filed["warnings"]) == ("First light", "articles", 101, 0)
    assert {each.get("event") for each in told} >= {"started", "filed", "stopped"}


def test_a_log_that_is_nobody_s_journal_has_the_time(tmp_path: Path) -> None:
    with (
        EmbeddedServer() as server,
        Daemon(tmp_path, {"articles": server.port}, JOURNAL_STREAM="1:1") as process,
    ):
        wait_for("READY=1", lambda: process.heard("READY=1"))
        assert process.end(signal.SIGTERM)[0] == 0
    assert all(line.startswith("20") for line in process.log.read_text().splitlines())


def test_a_receipt_is_met_once_and_wakes_nobody_for_ever(tmp_path: Path) -> None:
    """It comes into the folder that is watched: the server tells of it as of any other mail."""
    tables = 'interval = "1d"\nreceipt = "inbox"'
    with (
        EmbeddedServer() as server,
        Daemon(tmp_path, {"articles": server.port}, account=tables) as process,
        OtherClient("127.0.0.1", server.port, "demo", "demo") as other,
    ):
        wait_for("READY=1", lambda: process.heard("READY=1"))
        server.deliver(mail("First light"), NOON)
        wait_for("the receipt", lambda: len(other.bodies()) == 2)
        wait_for("a quiet moment", lambda: _is_quiet(process))
        assert (process.filed(), len(other.bodies())) == (["First light"], 2)
        assert process.status()["articles"]["error"] is None
        assert process.end(signal.SIGTERM)[0] == 0


def _is_quiet(process: Daemon) -> bool:
    """Whether no round ends for two seconds."""
    before = process.status()["articles"]["rounds_total"]
    time.sleep(2)
    return bool(before > 1 and process.status()["articles"]["rounds_total"] == before)


# --- the configuration read again ----------------------------------------------------------------------------------


def test_a_configuration_that_is_read_again_takes_effect_at_once(tmp_path: Path) -> None:
    with (
        EmbeddedServer([(mail("First light"), NOON)]) as one,
        EmbeddedServer([(mail("Second wind"), NOON)]) as other,
        Daemon(tmp_path, {"one": one.port}, account='interval = "1d"\npush = false') as process,
    ):
        wait_for("READY=1", lambda: process.heard("READY=1"))
        wait_for("the first mail", lambda: process.filed() == ["First light"])
        process.said.clear()
        good = process.config.read_text()
        process.config.write_text(
            good + good[good.index("[[account]]") :].replace("one", "other", 1).replace(str(one.port), str(other.port))
        )
        one.deliver(mail("Third time"), NOON)
        process.process.send_signal(signal.SIGHUP)
        wait_for("the mail of the new account", lambda: "Second wind" in process.filed())
        wait_for("a round of the old one", lambda: "Third time" in process.filed())
        wait_for("RELOADING=1", lambda: process.heard("RELOADING=1"))
        wait_for("READY=1", lambda: process.heard("READY=1"))
        assert process.said.index("RELOADING=1") < process.said.index("READY=1")
        assert process.heard("MONOTONIC_USEC=")
        process.config.write_text(good)
        process.process.send_signal(signal.SIGHUP)
        wait_for("the end of the account", lambda: list(process.status()) == ["one"])
        assert process.end(signal.SIGTERM)[0] == 0, process.log.read_text()
    assert "reloaded: added: other" in process.log.read_text()
    assert "reloaded: removed: other" in process.log.read_text()


def test_a_configuration_that_is_wrong_is_refused_with_all_its_problems(tmp_path: Path) -> None:
    with (
        EmbeddedServer([(mail("First light"), NOON)]) as server,
        Daemon(tmp_path, {"articles": server.port}, account='interval = "1s"') as process,
    ):
        wait_for("READY=1", lambda: process.heard("READY=1"))
        good = process.config.read_text()
        for wrong in (
            good.replace('interval = "1s"', 'interval = "soon"\nfolder = "INBOX"'),
            good.replace('root = "archive"', 'root = "elsewhere"'),
        ):
            process.said.clear()
            process.config.write_text(wrong)
            process.process.send_signal(signal.SIGHUP)
            wait_for("READY=1", lambda: process.heard("READY=1"))
        server.deliver(mail("Second wind"), NOON)
        wait_for("the second mail", lambda: len(process.filed()) == 2)
        assert process.end(signal.SIGTERM)[0] == 0, process.log.read_text()
    log = process.log.read_text()
    assert "not reloaded: " in log
    for problem in ("interval", "folder", "archive.root", "restart the service"):
        assert problem in log
    assert "Traceback" not in log
    assert not (tmp_path / "elsewhere").exists()


def test_a_defect_while_it_is_read_again_or_tended_does_not_end_it(tmp_path: Path) -> None:
    """The configuration that is refused asks for another form of log, which must not come."""
    changes = (
        "from mailarchiver.rounds import Rounds",
        "apply, watch, watched = Rounds.apply, Rounds.watch, []",
        "def broken(self, settings, pool):",
        "    if settings.log.format == 'json': raise ZeroDivisionError('while read again')",
        "    return apply(self, settings, pool)",
        "def broken_once(self, now):",
        "    watched.append(now)",
        "    if len(watched) == 2: raise ZeroDivisionError('while tended')",
        "    return watch(self, now)",
        "Rounds.apply, Rounds.watch = broken, broken_once",
    )
    with (
        EmbeddedServer([(mail("First light"), NOON)]) as server,
        Daemon(tmp_path, {"articles": server.port}, entry=entry(*changes), WATCHDOG_USEC="900000") as process,
    ):
        wait_for("READY=1", lambda: process.heard("READY=1"))
        wait_for("the defect", lambda: "in broken_once\nZeroDivisionError" in process.log.read_text())
        process.said.clear()
        wait_for("WATCHDOG=1", lambda: process.heard("WATCHDOG=1"))
        good = process.config.read_text()
        process.config.write_text(good + '[log]\nformat = "json"\n')
        process.said.clear()
        process.process.send_signal(signal.SIGHUP)
        wait_for("READY=1", lambda: process.heard("READY=1"))
        process.config.write_text(good)
        process.process.send_signal(signal.SIGHUP)
        wait_for("the reload", lambda: "reloaded: the accounts" in process.log.read_text())
        assert process.end(signal.SIGTERM)[0] == 0, process.log.read_text()
    log = process.log.read_text()
    assert "not reloaded, by a defect" in log
    assert "in broken\nZeroDivisionError" in log
    assert "the service was not tended" in log
    assert '{"' not in log, "a configuration that is refused changes nothing"


def test_a_defect_while_it_is_tended_loses_no_reload(tmp_path: Path, unused_port: int) -> None:
    broken = (
        "from mailarchiver.rounds import Rounds",
        f"marker = __import__('pathlib').Path({str(tmp_path / 'marker')!r})",
        "watch = Rounds.watch",
        "def broken_once(self, now):",
        "    if marker.exists():",
        "        marker.unlink()",
        "        raise ZeroDivisionError('while tended')",
        "    return watch(self, now)",
        "Rounds.watch = broken_once",
    )
    with Daemon(tmp_path, {"articles": unused_port}, entry=entry(*broken)) as process:
        wait_for("READY=1", lambda: process.heard("READY=1"))
        (tmp_path / "marker").touch()
        process.process.send_signal(signal.SIGHUP)
        wait_for("the defect", lambda: "the service was not tended" in process.log.read_text())
        wait_for("the reload", lambda: "reloaded: the accounts" in process.log.read_text())
        assert process.end(signal.SIGTERM)[0] == 0, process.log.read_text()


COUNTS_POOLS = """
drop = daemon._Service._drop_pools
def counted(self):
    before = len(self._pools)
    drop(self)
    if before != len(self._pools):
        daemon.log.info("pools: %d", len(self._pools))
daemon._Service._drop_pools = counted
daemon.TICK_SECONDS = 0.2
from mailarchiver.workers import Pool
close = Pool.close
def closed(self):
    close(self)
    daemon.log.info("a pool is closed")
Pool.close = closed
"""


def test_the_workers_of_former_configurations_are_ended(tmp_path: Path) -> None:
    """Each limit that changes takes other workers; a daemon that is reloaded for years must not keep the old ones."""
    with EmbeddedServer() as server, Daemon(tmp_path, {"articles": server.port}, entry=entry(COUNTS_POOLS)) as process:
        wait_for("READY=1", lambda: process.heard("READY=1"))
        good = process.config.read_text()
        for seconds in (11, 12, 13):
            process.config.write_text(f'{good}\n[limits]\nmail_time = "{seconds}s"\n')
            process.process.send_signal(signal.SIGHUP)
            wait_for("the reload", lambda: process.log.read_text().count("reloaded:") == seconds - 10)  # noqa: B023 - called before it changes
            server.deliver(mail(f"Mail {seconds}"), NOON)
            wait_for("the mail", lambda: f"Mail {seconds}" in process.filed())  # noqa: B023 - called before it changes
        wait_for("their end", lambda: process.log.read_text().count("a pool is closed") == 3)
        assert re.findall(r"pools: (\d+)", process.log.read_text())[-1] == "1"
        assert process.end(signal.SIGTERM)[0] == 0, process.log.read_text()


def test_a_service_manager_is_told_that_it_is_ready_though_a_server_never_answers(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        EmbeddedServer([(mail("First light"), NOON)]) as server,
        Daemon(
            tmp_path,
            {"silent": silent.getsockname()[1], "sound": server.port},
            entry=entry("daemon.READY_SECONDS = 5.0"),
        ) as process,
    ):
        wait_for("the mail", lambda: process.filed() == ["First light"])
        assert not process.heard("READY=1"), "one was not tried yet"
        wait_for("READY=1", lambda: process.heard("READY=1"))


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        Daemon(tmp_path, {"articles": silent.getsockname()[1]}) as process,
    ):
        silent.settimeout(PATIENCE)
        connection, _ = silent.accept()
        with connection:
            process.process.send_signal(signal.SIGINT)
            wait_for("STOPPING=1", lambda: process.heard("STOPPING=1"))
            code, seconds = process.end(signal.SIGINT)
    assert (code, seconds < 5) == (-signal.SIGINT, True)


HANGING_MAINTENANCE = """
def hang(_):
    daemon.notify("STATUS=maintenance hangs")
    import time
    time.sleep(600)
daemon.Maintenance._pages = hang
"""
CHILDREN_THAT_STAY = """
def stay(_):
    import time
    time.sleep(600)
daemon.EXIT_SECONDS = 1.0
from mailarchiver.workers import Pool
Pool.close = stay
"""
"""As of a disk that does not answer. Such a thing exists in these tests only."""


@pytest.mark.parametrize("changes", [(HANGING_MAINTENANCE,), (HANGING_MAINTENANCE, CHILDREN_THAT_STAY)])
def test_it_ends_in_time_though_the_disk_does_not_answer(tmp_path: Path, changes: tuple[str, ...]) -> None:
    with EmbeddedServer() as server, Daemon(tmp_path, {"articles": server.port}, entry=entry(*changes)) as process:
        wait_for("the job", lambda: process.heard("STATUS=maintenance hangs"))
        wait_for("READY=1", lambda: process.heard("READY=1"))
        code, seconds = process.end(signal.SIGTERM)
        assert (code, seconds < 10) == (0, True), process.log.read_text()
    assert "maintenance did not end within" in process.log.read_text()


# --- rounds that hang ----------------------------------------------------------------------------------------------

STALL = """
from mailarchiver import rounds, supervision
supervision.STOP_SECONDS, supervision.CUT_SECONDS, supervision.ABANDON_SECONDS = 1.0, 2.0, 3.0
real, calls = rounds.poll_account, []
def poll_account(account, *arguments, **keywords):
    calls.append(account)
    if len(calls) <= HANGING:
        import time
        time.sleep(600)
    supervision.STOP_SECONDS = supervision.CUT_SECONDS = supervision.ABANDON_SECONDS = 600.0
    return real(account, *arguments, **keywords)
rounds.poll_account = poll_account
daemon.TICK_SECONDS = 0.2
"""
"""A round that stalls. Such a thing exists in these tests only."""


def test_a_round_that_hangs_is_abandoned_and_the_mail_is_filed_by_another(tmp_path: Path) -> None:
    with (
        EmbeddedServer([(mail("First light"), NOON)]) as server,
        Daemon(
            tmp_path, {"articles": server.port}, entry=entry("HANGING = 1", STALL), WATCHDOG_USEC="900000"
        ) as process,
    ):
        wait_for("the mail", lambda: process.filed() == ["First light"])
        process.said.clear()
        wait_for("WATCHDOG=1", lambda: process.heard("WATCHDOG=1"))
        code, seconds = process.end(signal.SIGTERM)
        assert (code, seconds < 10) == (0, True), process.log.read_text()
    assert "the round still hangs, and is abandoned" in process.log.read_text()


def test_a_daemon_whose_rounds_hang_again_and_again_is_left_to_the_watchdog(tmp_path: Path) -> None:
    with (
        EmbeddedServer([(mail("First light"), NOON)]) as server,
        Daemon(
            tmp_path, {"articles": server.port}, entry=entry("HANGING = 9", STALL), WATCHDOG_USEC="900000"
        ) as process,
    ):
        wait_for("WATCHDOG=1", lambda: process.heard("WATCHDOG=1"))
        wait_for("the second", lambda: process.log.read_text().count("is abandoned") >= 2)
        time.sleep(1)
        process.heard("nothing in particular")
        process.said.clear()
        time.sleep(2)
        assert not process.heard("WATCHDOG=1")


def test_a_page_that_somebody_deleted_is_written_again(tmp_path: Path) -> None:
    page = tmp_path / "archive/index.html"
    with EmbeddedServer([(mail("First light"), NOON)]) as server:
        for _ in range(2):
            process = Daemon(tmp_path, {"articles": server.port})
            with process:
                wait_for("the page", page.exists)
                assert process.end(signal.SIGTERM)[0] == 0
            page.unlink()
            (tmp_path / "notify").unlink()


# --- a disk that goes ---------------------------------------------------------------------------------------------

IN_ITS_OWN_MOUNTS = """
import os, sys
script = f"mount -o loop {IMAGE} {DISK} && exec {sys.executable} -c \\"$PROGRAM\\" \\"$@\\""
os.execvp("unshare", ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", *sys.argv[1:]])
"""
QUICK = (
    "from datetime import timedelta",
    "from mailarchiver import schedule",
    "quick = schedule.Patience(timedelta(seconds=1), timedelta(seconds=2))",
    "schedule.PATIENCE = tuple((kind, quick) for kind, _ in schedule.PATIENCE)",
    "daemon.TICK_SECONDS = 0.2",
)
"""Pauses that a test can wait for."""


@pytest.mark.loop
def test_a_disk_that_becomes_read_only_while_it_runs_is_said_and_it_heals(tmp_path: Path) -> None:
    """As ext4 does after an error of the disk; it is mounted anew, without the daemon's help."""
    image, disk = tmp_path / "disk.ext4", tmp_path / "archive"
    disk.mkdir()
    subprocess.run(["mkfs.ext4", "-q", str(image), "32M"], check=True)
    wrapped = f"IMAGE, DISK = {str(image)!r}, {str(disk)!r}\n{IN_ITS_OWN_MOUNTS}"
    program = entry(*QUICK)[1]
    with (
        EmbeddedServer([(mail("First light"), NOON)]) as server,
        Daemon(
            tmp_path, {"articles": server.port}, archive='min_free = "1 MB"', entry=("-c", wrapped), PROGRAM=program
        ) as process,
    ):
        pid = process.process.pid
        process.archive = Path(f"/proc/{pid}/root{disk}")
        wait_for("the first mail", lambda: process.filed() == ["First light"])

        def in_there(*command: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                ["nsenter", "-t", str(pid), "-m", *command], capture_output=True, text=True, check=False
            )

        assert in_there("mount", "-o", "remount,abort", str(disk)).returncode == 0
        server.deliver(mail("Second wind"), NOON)
        wait_for("the trouble", lambda: process.heard("STATUS=1 account, ") and "in trouble" in process.said[-1])
        wait_for("the log", lambda: "Read-only file system" in process.log.read_text())
        assert process.filed() == ["First light"]
        assert process.process.poll() is None
        wait_for("its files to be closed", lambda: in_there("umount", str(disk)).returncode == 0)
        assert in_there("mount", "-o", "loop", str(image), str(disk)).returncode == 0
        wait_for("the second mail", lambda: process.filed() == ["First light", "Second wind"])
        wait_for("that it is well", lambda: process.status()["articles"]["error"] is None)
        process.said.clear()
        code, seconds = process.end(signal.SIGTERM)
        assert (code, seconds < 10) == (0, True), process.log.read_text()
    log = process.log.read_text()
    assert "well again" in log
    assert "Traceback" not in log
