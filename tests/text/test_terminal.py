"""Other people's words on a terminal do nothing."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.text.terminal import block, json_line, line

ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
HOSTILE = "\x1b]0;owned\x07\x9b31m\u202egnp.exe\r\x08\ud800"


def test_what_acts_is_gone_and_what_is_read_stays() -> None:
    assert line(f"Lake {HOSTILE}\n مُحَمَّد\u200d é") == "Lake ]0;owned31mgnp.exe \ufffd مُحَمَّد\u200d é"
    assert block("a\tb\r\nc\rd\x1b[2J") == "a\tb\nc\nd[2J"


@given(st.text(st.characters(codec=None)))
def test_no_text_acts(text: str) -> None:
    assert not ACTING.search(block(text))
    assert not re.search(r"[\n\t]", line(text))
    assert not ACTING.search(json_line({"title": text}))
    assert json.loads(json_line(text)) == text
