"""The options that several commands share, and what they stand for."""

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The configuration; else $MAILARCHIVER_CONFIG, else the user's own, else /etc/mailarchiver/config.toml.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of sentences.")]
