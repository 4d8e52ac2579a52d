"""docs/service.md as a list of commands: what a reader would type, by the heading that it stands below."""

from __future__ import annotations

import re

from .machine import ROOT

PAGE = (ROOT / "docs/service.md").read_text("utf-8")
SECTIONS = {
    heading: [line.strip() for line in re.findall(r"(?m)^    (.+)$", text) if re.match(r"[a-z]", line)]
    for heading, text in re.findall(r"(?m)^## (.+)\n((?:(?!## ).*\n?)*)", PAGE)
}
"""Heading → the commands below it, in their order; drop-ins and their keys are none."""

NOT_RUN = {
    "sudo apt install python3-venv": "the machine has what this one has",
    "sudo nano /etc/mailarchiver/config.toml": "the tests write the file themselves",
    "sudo PIPX_HOME=/opt/pipx PIPX_BIN_DIR=/usr/local/bin pipx install .": "another way to do the same; see test_pipx",
}
