"""A Dovecot 2.3 of our own for the tests: random ports of loopback, its files in one folder that is thrown away.

Needs neither root nor the system's configuration. Any user name with the password `PASSWORD` has an empty mailbox of
its own, so that one server serves a whole test run: a fresh user per test.
"""

from __future__ import annotations

import base64
import grp
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import trustme

from .processes import HOST, account, as_account, await_greeting, free_ports, give

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

LOCATIONS = {"maildir": "maildir:~/Maildir:LAYOUT=fs", "sdbox": "sdbox:~/sdbox"}
"""How the mail lies on its disk: the file names of a Maildir, or numbers and indexes."""

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
mail_location = {location}
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

    host = HOST

    def __init__(
        self,
        mail: Literal["maildir", "sdbox"] = "maildir",
        *,
        oauth: str | None = None,
        mechanisms: str = "xoauth2 oauthbearer",
    ) -> None:
        self._location = LOCATIONS[mail]
        self._oauth = oauth
        self._mechanisms = mechanisms if oauth else ""

    def __enter__(self) -> Self:
        # Directly below /tmp, because the path of a UNIX socket has at most 108 octets.
        self.home = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))
        self.home.chmod(0o755)
        self.ca_file = self.home / "ca.pem"
        self.port, self.tls_port = free_ports(2)
        self._write_files()
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._kill()
        shutil.rmtree(self.home, ignore_errors=True)  # children of it may still be writing their last line

    def restart(self) -> None:
        """End it at once, with all its sessions, and start it again on the same ports, with the same mail."""
        for _ in range(100):
            self._kill()
            try:
                self._start()
            except RuntimeError:  # its children take a moment to die, and to let go of sockets and ports
                time.sleep(0.1)
            else:
                return
        raise RuntimeError("the server cannot be started again")

    def doveadm(self, *arguments: str) -> str:
        """What the administrator's command prints."""
        command = ["doveadm", "-c", str(self.home / "dovecot.conf"), *arguments]
        return subprocess.run(as_account(command), check=True, capture_output=True, text=True).stdout

    def _start(self) -> None:
        # A process group of its own, so that all of its children can be ended with it.
        self._process = subprocess.Popen(
            as_account(["dovecot", "-F", "-c", str(self.home / "dovecot.conf")]),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        await_greeting(self.port, self._process, self.home / "dovecot.log")

    def _kill(self) -> None:
        """An orderly end waits for open sessions, up to 10 s."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _write_files(self) -> None:
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1")
        authority.cert_pem.write_to_path(str(self.ca_file))
        certificate.private_key_pem.write_to_path(str(self.home / "key.pem"))
        for number, part in enumerate(certificate.cert_chain_pems):
            part.write_to_path(str(self.home / "certificate.pem"), append=number > 0)
        passwords = [f"{user}:{{PLAIN.B64}}{_base64(password)}\n" for user, password in NAMED_USERS.items()]
        (self.home / "passwords").write_text("".join(passwords))
        ours = account()
        group = grp.getgrgid(ours.pw_gid).gr_name
        (self.home / "dovecot.conf").write_text(
            _CONFIGURATION.format(
                home=self.home,
                port=self.port,
                tls_port=self.tls_port,
                password=PASSWORD,
                mechanisms=self._mechanisms,
                oauth=_OAUTH.format(home=self.home) if self._oauth else "",
                location=self._location,
                user=ours.pw_name,
                group=group,
                uid=ours.pw_uid,
                gid=ours.pw_gid,
            )
        )
        if self._oauth:
            (self.home / "oauth2.conf").write_text(self._oauth)
        for name in ("run", "state", "mail"):
            (self.home / name).mkdir()
        give(self.home)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
