"""What we log, as systemd's own journal daemon takes it: in a mount namespace, on a /run of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mailarchiver.events import Event

JOURNALD = Path("/lib/systemd/systemd-journald")
PROGRAM = """
import logging
from mailarchiver.cli.logs import start_logging
from mailarchiver.events import Event, about
start_logging("info")
log = logging.getLogger("mailarchiver.testing")
log.info("filed “x”", extra=about(Event.FILED, account="articles", entry="3f9a1c2b7d40", ms=3))
log.error("broken off", extra={**about(Event.DEFECT, account="articles"), "trace": "Traceback:\\n  there"})
log.warning("%s", "long " * 100_000)
"""
SCRIPT = r"""
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal /run/log/journal || exit 1
"$1" >/run/journald.log 2>&1 &
daemon=$!
for _ in $(seq 100); do [ -S /run/systemd/journal/stdout ] && break; sleep 0.1; done
systemd-cat bash -c 'JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$@"' - "$2" -c "$3"
journalctl --sync
journalctl -D /run/log/journal -o json --all --no-pager SYSLOG_IDENTIFIER=mailarchiver
kill $daemon && wait $daemon
"""


@pytest.mark.systemd
@pytest.mark.loop
@pytest.mark.skipif(not JOURNALD.exists(), reason="systemd-journald is not there")
def test_the_journal_takes_what_we_send() -> None:
    command = ["unshare", "-m", "--propagation", "private", "bash", "-c", SCRIPT, "-"]
    done = subprocess.run(
        [*command, str(JOURNALD), sys.executable, PROGRAM], capture_output=True, text=True, check=False, timeout=60
    )
    entries = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(entries) == 3, done.stderr
    filed, defect, large = entries
    assert {key: filed[key] for key in ("MESSAGE", "MESSAGE_ID", "PRIORITY", "ACCOUNT", "_TRANSPORT")} == {
        "MESSAGE": "filed “x”",
        "MESSAGE_ID": Event.FILED.value,
        "PRIORITY": "6",
        "ACCOUNT": "articles",
        "_TRANSPORT": "journal",
    }
    assert (filed["MAILARCHIVER_ENTRY"], filed["MAILARCHIVER_MS"]) == ("3f9a1c2b7d40", "3")
    assert (defect["MESSAGE"], defect["EXCEPTION_TEXT"]) == ("broken off", "Traceback:\n  there")
    assert large["MESSAGE"] == ("long " * 100_000).strip()
