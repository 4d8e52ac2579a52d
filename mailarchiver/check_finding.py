"""What `check` finds: one fact at a time, with what it means and what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

State = Literal["ok", "note", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `account` is None for what concerns all of them.

    `state`: `ok`; a `note`, which does no harm but should be known; `failed`, which has to be mended; `unknown`, where
    there is no way to know. `text` says what was found, and after a colon what to do. `facts` are the same as values.
    """

    account: str | None
    check: str
    state: State
    text: str
    facts: dict[str, object] = field(default_factory=dict)
