"""What a recogniser makes of a mail: where its article is, and what its markup says about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from ..model import Direction, Kind


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is left out of a region: `skipped` are the `mem_id`s of nodes that are not to be written, `pictures` those
    `img` elements among them and in them that came with the mail, `reason` is why they are not shown.
    """

    skipped: frozenset[int]
    pictures: tuple[LexborNode, ...]
    reason: str


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


Facts = Mapping[str, tuple[str | None, str]]
"""Fields by name: what they say, and where that was found; what says nothing was found nowhere."""


def reader_page(region: LexborNode, facts: Facts, direction: Direction | None = None) -> Recognised:
    """A page as a reader shows it. `facts` tell, beside the fields, of the kind."""
    said = {name: value or None for name, (value, _) in facts.items()}
    return Recognised(
        "reader-view",
        (region,),
        title=said.get("title"),
        byline=said.get("byline"),
        site=said.get("site"),
        url=said.get("url"),
        published=said.get("published"),
        language=said.get("language"),
        direction=direction,
        note=said.get("note"),
        provenance={name: where for name, (value, where) in facts.items() if value},
    )
