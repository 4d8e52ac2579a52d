"""A mail program, and what of a letter its forwards show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .languages import Style, Words
from .letters import Body, Letter

Speaks = Literal["gmail", "outlook", "apple", "thunderbird", "yahoo", "english"]


@dataclass(frozen=True, slots=True)
class Client:
    """A program: `write` gives its forward of a letter below a note ("" for none).

    `speaks` names the row of languages.toml that it needs, `date` how it prints dates. `says_forward` is false where
    its header block is that of its replies too, so that only the prefix of the subject tells.
    """

    name: str
    write: Callable[[Letter, Words, str], Body]
    speaks: Speaks = "english"
    date: Style = "gmail"
    says_forward: bool = True
    prints_cc: bool = True
    prints_to: bool = True
    wraps: bool = False

    def languages(self, known: dict[str, Words]) -> list[Words]:
        """Those that it is written in here."""
        if self.speaks == "english":
            return [known["en"]]
        return [words for words in known.values() if getattr(words, self.speaks)]
