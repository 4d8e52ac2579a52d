"""What a recogniser makes of a mail: where its article is, and what its markup says about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from ..model import Direction, Kind
from .closing import LeftOut


@dataclass(frozen=True, slots=True)
class Recognised:
    """`regions` hold the article: what is in them gets written, in order, but for `left_out`. Fields that the markup
    does not tell are None. `provenance` says where each of the others was found, and for `kind` why the recogniser is
    sure.
    """

    kind: Kind
    regions: tuple[LexborNode, ...]
    title: str | None = None
    byline: str | None = None
    site: str | None = None
    url: str | None = None
    published: str | None = None
    language: str | None = None
    direction: Direction | None = None
    note: str | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)
    left_out: LeftOut | None = None
