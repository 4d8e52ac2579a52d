"""Progress bars: on a terminal, and nowhere else."""

from __future__ import annotations

import sys

import pytest

from mailarchiver.cli import progress


def test_where_nobody_looks_nothing_is_counted_and_nothing_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.progress("Filing", lambda: pytest.fail("counted")) as step:
        step(1)
    with progress.growing("articles") as grow:
        grow(1, 2)
    assert capsys.readouterr() == ("", "")


def test_a_bar_grows_with_what_is_found(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress, "is_shown", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    with progress.growing("articles") as grow:
        grow(0, 120)
        grow(50, 0)
        grow(0, 30)
        print("a line", file=sys.stdout)  # noqa: T201 - what a command says meanwhile
    told = capsys.readouterr()
    assert "50/150" in told.err
    assert "articles" in told.err


def test_a_bar_of_nothing_is_not_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress, "is_shown", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress.growing("articles") as grow:
        grow(0, 0)
    assert "articles" not in capsys.readouterr().err
