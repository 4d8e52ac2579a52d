"""Mail in bursts, with stalls: nothing is lost or doubled, and the daemon holds no more afterwards than before.

By default a hundredth of it; all of benchmarks/soak.py, 10,000 mails in 200 bursts, with MAILARCHIVER_FULL=1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FULL = os.environ.get("MAILARCHIVER_FULL") == "1"
SIZE = ("10000", "200") if FULL else ("100", "5")


@pytest.mark.dovecot
@pytest.mark.timeout(3600 if FULL else 300)
def test_what_the_daemon_holds_after_many_bursts() -> None:
    command = [sys.executable, "benchmarks/soak.py", "--mails", SIZE[0], "--bursts", SIZE[1]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert (seen["lost"], seen["doubled"]) == (0, 0)
    assert seen["growth_mb"] <= 10
    assert len(set(seen["descriptors"])) == 1
