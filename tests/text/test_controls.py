"""Characters that no text holds, and that no file of an archive is to hold."""

from __future__ import annotations

from mailarchiver.text.controls import without_controls


def test_what_html_forbids_is_left_out() -> None:
    assert without_controls("a\x00\x1b\x7f\x85\x9b\ufdd0\ufffe\uffff\U0001fffe\U0010ffffb") == "ab"


def test_all_that_is_text_stays() -> None:
    text = "a\t\n\r\f \u00a0 \u200d \u202e \u2028 \ufeff \ufffd \U0001f389 \ud800"
    assert without_controls(text) is text
