"""How a command tells of mail that went to quarantine."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from ..model import Receipt


def say(receipts: "Iterable[Receipt]", root: "Path") -> None:
    """A line for each on standard error: which mail, why, where it lies."""
    from ..filing import in_quarantine

    for receipt in receipts:
        typer.echo(f"mailarchiver: {in_quarantine(receipt, root)}", err=True)


def listed(receipts: "Iterable[Receipt]") -> list[dict[str, object]]:
    """The same for a program: digest, place of the mail (`path` for a file), reason, and the folder in quarantine."""
    from ..text.wording import where

    return [
        {
            "digest": receipt.digest,
            "path": where(receipt.ref),
            "reason": receipt.why and receipt.why.reason,
            "detail": receipt.why and receipt.why.detail,
            "folder": receipt.quarantine,
        }
        for receipt in receipts
    ]


def counted(filed: int, already: int, quarantined: int, failed: int) -> str:
    """The line that sums up a run; mail in quarantine is only mentioned where there is some."""
    held = f", {quarantined} quarantined" if quarantined else ""
    return f"{filed} filed, {already} already filed{held}, {failed} failed"
