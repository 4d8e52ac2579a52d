"""A Dovecot 2.3 of our own for the tests: random ports of loopback, its files in one folder that is thrown away.

Needs neither root nor the system's configuration. Any user name with the password `PASSWORD` has an empty mailbox of
its own, so that one server serves a whole test run: a fresh user per test.
"""

from __future__ import annotations

import base64
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import trustme

if TYPE_CHECKING:
    from types import TracebackType

PASSWORD = "any-user"
NAMED_USERS = {
    "quote": 'a "quoted" word',
    "backslash": "back\\slash\\",
    "umlaut": "Grüße, 密码",
    "space": " both ends ",
    "brace": "{5}+(){%*",
}
"""Users whose passwords are hard to get across."""

_START_SECONDS = 15.0

_CONFIGURATION = r"""
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_location = maildir:~/Maildir:LAYOUT=fs
mail_fsync = never
mail_max_userip_connections = 0

# Failed log-ins are punished with a delay that grows from 2 to 15 s: not here.
auth_failure_delay = 0
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  service_count = 0
  process_min_avail = 1
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service imap {{
  process_min_avail = 1
}}
service stats {{
  chroot =
}}

ssl = yes
ssl_cert = <{home}/certificate.pem
ssl_key = <{home}/key.pem
ssl_dh =
ssl_min_protocol = TLSv1.2

auth_mechanisms = plain login {mechanisms}
{oauth}
passdb {{
  driver = passwd-file
  args = {home}/passwords
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%u allow_all_users=yes
}}

namespace inbox {{
  inbox = yes
  separator = /
  mailbox Archived {{
    auto = create
  }}
  mailbox Kept {{
    special_use = \Archive
  }}
}}
"""


_OAUTH = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {home}/oauth2.conf
}}
"""


class Dovecot:
    """`with Dovecot() as server:` listens on `server.port` (clear, STARTTLS) and `server.tls_port` of 127.0.0.1.

    The certificate is for the address 127.0.0.1 and for no name, from an authority whose certificate is `ca_file`.
    With `oauth`, the text of its oauth2.conf, it takes access tokens by the `mechanisms`, too.
    """

    host = "127.0.0.1"

    def __init__(self, *, oauth: str | None = None, mechanisms: str = "xoauth2 oauthbearer") -> None:
        self._oauth = oauth
        self._mechanisms = mechanisms if oauth else ""

    def __enter__(self) -> Self:
        # Directly below /tmp, because the path of a UNIX socket has at most 108 octets.
        self.home = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))
        self.home.chmod(0o755)
        self.ca_file = self.home / "ca.pem"
        self.port, self.tls_port = _free_ports(2)
        self._write_files()
        # A process group of its own, so that all of its children can be ended with it.
        self._process = subprocess.Popen(
            _as(self._account, ["dovecot", "-F", "-c", str(self.home / "dovecot.conf")]),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._await_greeting()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it at once: an orderly end waits for open sessions, up to 10 s."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        shutil.rmtree(self.home, ignore_errors=True)  # children of it may still be writing their last line

    def doveadm(self, *arguments: str) -> str:
        """What the administrator's command prints."""
        command = ["doveadm", "-c", str(self.home / "dovecot.conf"), *arguments]
        return subprocess.run(_as(self._account, command), check=True, capture_output=True, text=True).stdout

    @property
    def _account(self) -> pwd.struct_passwd:
        """As whom it runs: ourselves, but never root, whom Dovecot does not let read mail."""
        return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())

    def _write_files(self) -> None:
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1")
        authority.cert_pem.write_to_path(str(self.ca_file))
        certificate.private_key_pem.write_to_path(str(self.home / "key.pem"))
        for number, part in enumerate(certificate.cert_chain_pems):
            part.write_to_path(str(self.home / "certificate.pem"), append=number > 0)
        passwords = [f"{user}:{{PLAIN.B64}}{_base64(password)}\n" for user, password in NAMED_USERS.items()]
        (self.home / "passwords").write_text("".join(passwords))
        account = self._account
        group = grp.getgrgid(account.pw_gid).gr_name
        (self.home / "dovecot.conf").write_text(
            _CONFIGURATION.format(
                home=self.home,
                port=self.port,
                tls_port=self.tls_port,
                password=PASSWORD,
                mechanisms=self._mechanisms,
                oauth=_OAUTH.format(home=self.home) if self._oauth else "",
                user=account.pw_name,
                group=group,
                uid=account.pw_uid,
                gid=account.pw_gid,
            )
        )
        if self._oauth:
            (self.home / "oauth2.conf").write_text(self._oauth)
        for name in ("run", "state", "mail"):
            (self.home / name).mkdir()
        if os.geteuid() == 0:
            for path in (self.home, *self.home.iterdir()):
                os.chown(path, account.pw_uid, account.pw_gid)

    def _await_greeting(self) -> None:
        end = time.monotonic() + _START_SECONDS
        while True:
            with suppress(OSError), socket.create_connection((self.host, self.port), 1) as connection:
                connection.settimeout(5)
                if connection.recv(200).startswith(b"* OK"):
                    return
            if self._process.poll() is not None or time.monotonic() > end:
                log = self.home / "dovecot.log"
                raise RuntimeError(f"Dovecot did not start:\n{log.read_text() if log.is_file() else '(no log)'}")
            time.sleep(0.01)


def _as(account: pwd.struct_passwd, command: list[str]) -> list[str]:
    if os.geteuid() != 0:
        return command
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "--", *command]


def _free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
