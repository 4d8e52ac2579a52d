"""What a recogniser found → clean HTML: captions and layouts told apart, written, bullets made lists, sanitised."""

from __future__ import annotations

from ..text.controls import without_controls
from .bullets import bulleted
from .captions import captions
from .figures import caption_figures
from .images import ImageLedger
from .layout_tables import NO_LAYOUT, layout_tables
from .recognised import Recognised
from .sanitize import sanitize
from .tongues import tongues
from .writer import Writer


def cleaned(found: Recognised, ledger: ImageLedger, base: str | None) -> str:
    """The regions of what was found as clean HTML, which cleaned again is the same. `ledger` writes their pictures, and
    learns which are left out; `base` is the page's URL. Changes the tree.
    """
    written = bulleted(_write(found, ledger, base))
    return sanitize(without_controls(written))  # of "&#27;" the parser made a control


def _write(found: Recognised, ledger: ImageLedger, base: str | None) -> str:
    told: dict[int, str] = {}
    skipped = found.left_out.skipped if found.left_out else frozenset()
    layout = NO_LAYOUT
    for region in found.regions:
        layout |= layout_tables(region)
        skipped |= caption_figures(region, skipped)
        region_captions, region_skipped = captions(region, skipped)
        told |= region_captions
        skipped |= region_skipped
    handed = tongues(found.regions, found.language, found.direction)
    writer = Writer(ledger.write, base=base, captions=told, skipped=skipped, layout=layout, handed=handed)
    html = writer.write(found.regions)
    if found.left_out:
        ledger.leave_out(found.left_out.pictures, found.left_out.reason)
    return html
