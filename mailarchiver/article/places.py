"""Places within an article that links lead to: footnotes, contents, the way back.

A link to a place is kept where its target is kept, and nothing else is addressed: ids are our own (`place-1`, in
order), so that no name of a mail's choosing reaches the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote

from selectolax.lexbor import LexborNode

from .page_signs import unprefixed

_ID = re.compile(r'(<[a-z][a-z0-9]* (?:[^<>]* )?id=")place-([0-9]+)(?=")')
_LINK = re.compile(r'<a href="#place-([0-9]+)"')
_SCHEME = re.compile(r"(?:https?:)?//(?:www\.)?", re.IGNORECASE)


class Places:
    """The places of some regions of a page. `base` is the page's own address: links to it may be links to a place."""

    def __init__(self, regions: Iterable[LexborNode], base: str | None = None) -> None:
        self._own = {"", _bare(base or "")}
        self._numbers: dict[str, int] = {}
        self._targets: dict[int, int] = {}
        self._same: dict[int, int] = {}  # several places that became one
        for region in regions:
            self._find(region)
        self.any = bool(self._targets)
        """Whether any link may lead to a place: most articles have none, and nobody needs to ask where."""

    def _find(self, region: LexborNode) -> None:
        wanted = {self._fragment(link.attributes) for link in region.css('a[href*="#"]')} - {None}
        for node in region.css("[id], a[name]") if wanted else ():
            given = node.attributes
            names = [name for name in (given.get("id"), given.get("name")) if name]
            for name in names:
                key = name if name in wanted else unprefixed(name)
                if key in wanted and key not in self._numbers:
                    number = self._targets.setdefault(node.mem_id, len(self._targets) + 1)
                    self._numbers[key] = number

    def _fragment(self, given: Mapping[str, str | None]) -> str | None:
        page, hash_, fragment = (given.get("href") or "").strip().partition("#")
        own = bool(hash_ and fragment) and (page.startswith("about:reader") or _bare(page) in self._own)
        return unprefixed(unquote(fragment)) if own else None

    def at(self, node: LexborNode) -> int | None:
        """The number of the place that an element is, None where no link leads there."""
        return self._targets.get(node.mem_id)

    def link(self, given: Mapping[str, str | None]) -> str:
        """The attribute of a link to a place; "" for any other link."""
        number = self._numbers.get(self._fragment(given) or "") if self._numbers else None
        return f' href="#place-{number}"' if number else ""

    def mark(self, places: Sequence[int]) -> str:
        """The attribute of the element that is the given places; "" where there are none."""
        self._same |= dict.fromkeys(places[1:], places[0]) if places else {}
        return f' id="place-{places[0]}"' if places else ""

    def narrow(self, html: str) -> bool:
        """Forget the places that were written without a link to them, or the other way round; whether there were any,
        so that it has to be written again.
        """
        if not self._numbers:
            return False
        linked = {self._same.get(number, number) for number in map(int, _LINK.findall(html))}
        live = linked & {int(number) for _, number in _ID.findall(html)}
        numbers = {key: number for key, number in self._numbers.items() if self._same.get(number, number) in live}
        if len(numbers) == len(self._numbers):
            return False
        kept = set(numbers.values())
        self._numbers, self._same = numbers, {}
        self._targets = {node: number for node, number in self._targets.items() if number in kept}
        return True

    def settled(self, html: str) -> str:
        """What was written, with its places numbered in order."""
        if not self._targets:
            return html
        order = {number: str(place) for place, (_, number) in enumerate(_ID.findall(html), 1)}

        def place(number: str) -> str:
            return order[str(self._same.get(int(number), int(number)))]

        html = _LINK.sub(lambda match: f'<a href="#place-{place(match[1])}"', html)
        return _ID.sub(lambda match: f"{match[1]}place-{order[match[2]]}", html)


def _bare(url: str) -> str:
    """An address without what makes no other page of it."""
    return _SCHEME.sub("", url.partition("#")[0].strip(), count=1).rstrip("/")
