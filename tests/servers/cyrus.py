"""A Cyrus IMAP 3.6 of our own for the tests: a server of another make, on a random port of loopback.

Debian's packages of IMAP servers exclude each other, so it is not installed but unpacked (`.ci/run` does that with
apt-get download and dpkg -x) into a folder that `MAILARCHIVER_CYRUS` names.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .processes import HOST, account, as_account, await_greeting, free_ports, give

if TYPE_CHECKING:
    from types import TracebackType

PASSWORD = "secret"

_IMAPD = """\
configdirectory: {home}/conf
proc_path: {home}/run/proc
mboxname_lockpath: {home}/run/lock
idlesocket: {home}/run/idle
lmtpsocket: {home}/run/lmtp
notifysocket: {home}/run/notify
defaultpartition: default
partition-default: {home}/mail
sievedir: {home}/sieve
cyrus_user: {user}
admins: cyrus
servername: localhost
altnamespace: yes
unixhierarchysep: yes
autocreate_quota: 0
autocreate_inbox_folders: Archived
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {home}/conf/sasldb2
sasl_mech_list: PLAIN LOGIN
imapidlepoll: 2
expunge_mode: immediate
delete_mode: immediate
skiplist_unsafe: yes
conversations: 0
"""
_MASTER = """\
START {{
  recover cmd="{programs}/ctl_cyrusdb -C {home}/imapd.conf -r"
}}
SERVICES {{
  imap cmd="{programs}/imapd -C {home}/imapd.conf -U 200" listen="{host}:{port}" prefork=1 maxchild=100
}}
EVENTS {{
}}
"""
_FOLDERS = "conf/db conf/proc conf/socket conf/log conf/msg conf/user conf/quota run/proc run/lock mail sieve"


def missing() -> str | None:
    """The reason why it cannot run here, None where it can."""
    prefix = os.environ.get("MAILARCHIVER_CYRUS")
    if not prefix:
        return "MAILARCHIVER_CYRUS names no folder with an unpacked Cyrus IMAP"
    return None if (Path(prefix) / "usr/lib/cyrus/bin/imapd").is_file() else f"there is no Cyrus IMAP in {prefix}"


class Cyrus:
    """`with Cyrus() as server:` listens on `server.port` of 127.0.0.1, in clear. `new_user` makes a mailbox."""

    host = HOST

    def __enter__(self) -> Self:
        self._prefix = Path(os.environ["MAILARCHIVER_CYRUS"]).resolve()
        self.home = Path(tempfile.mkdtemp(prefix="cyrus-", dir="/tmp"))  # short: sockets lie in it
        self.home.chmod(0o755)
        (self.port,) = free_ports(1)
        programs = self._prefix / "usr/lib/cyrus/bin"
        libraries = [*self._prefix.glob("usr/lib/*-linux-gnu"), *self._prefix.glob("lib/*-linux-gnu")]
        self._environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
            "SASL_PATH": ":".join(f"{folder}/sasl2" for folder in libraries),
        }
        for name in _FOLDERS.split():
            (self.home / name).mkdir(parents=True)
        (self.home / "imapd.conf").write_text(_IMAPD.format(home=self.home, user=account().pw_name))
        master = _MASTER.format(home=self.home, host=HOST, port=self.port, programs=programs)
        (self.home / "cyrus.conf").write_text(master)
        give(self.home)
        log = self.home / "master.log"
        files = ["-C", f"{self.home}/imapd.conf", "-M", f"{self.home}/cyrus.conf", "-p", f"{self.home}/run/master.pid"]
        with log.open("wb") as sink:
            self._process = subprocess.Popen(
                as_account([str(programs / "master"), *files, "-D"]),
                env=self._environment,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
        await_greeting(self.port, self._process, log)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def new_user(self) -> str:
        """A user with an empty mailbox and the password `PASSWORD`."""
        name = f"user-{secrets.token_hex(6)}"
        tool = [str(self._prefix / "usr/sbin/saslpasswd2"), "-f", f"{self.home}/conf/sasldb2", "-c", "-p"]
        command = as_account([*tool, "-u", "localhost", name])
        subprocess.run(command, input=PASSWORD.encode(), env=self._environment, check=True)
        return name
