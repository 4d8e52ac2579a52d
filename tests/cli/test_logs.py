"""Logging that is set up again: nothing is lost in between."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mailarchiver.cli.logs import OURS, start_logging

if TYPE_CHECKING:
    import pytest


def test_one_that_takes_the_place_of_another_is_there_before_that_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    root, ours = logging.getLogger(), logging.getLogger("mailarchiver")
    levels, remove, there = (root.level, ours.level), root.removeHandler, []

    def note(handler: logging.Handler) -> None:
        there.append([each.name for each in root.handlers])
        remove(handler)

    monkeypatch.setattr(root, "handlers", [])
    try:
        start_logging("info", "plain")
        first = list(root.handlers)
        monkeypatch.setattr(root, "removeHandler", note)
        start_logging("debug", "json")
        assert there == [[OURS, OURS]]
        assert len(root.handlers) == 1
        assert root.handlers != first
        assert ours.level == logging.DEBUG
    finally:
        root.setLevel(levels[0])
        ours.setLevel(levels[1])
