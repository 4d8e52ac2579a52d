"""format=flowed (RFC 3676): what the sending program wrapped is one line again, all else stays."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailarchiver.message.flowed import unflow


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The boat goes \nat seven.\nNot before.", "The boat goes at seven.\nNot before."),
        ("The boat goes \r\nat seven.\r\n\r\nNot before.\r\n", "The boat goes at seven.\n\nNot before.\n"),
        ("one \rtwo", "one two"),
        ("fixed\nfixed\nfixed", "fixed\nfixed\nfixed"),
        ("", ""),
        ("\n\n", "\n\n"),
        ("the last line is flowed ", "the last line is flowed"),
        # quotes (§4.5)
        (">one \n>two\n>three", "> one two\n> three"),
        ("> one \n> two", "> one two"),
        (">>deep \n>>deeper\n>less", ">> deep deeper\n> less"),
        ("> > deep \n> > deeper", ">> deep deeper"),
        (">>> a\n> b\nc", ">>> a\n> b\nc"),
        ("he wrote: \n> this", "he wrote:\n> this"),
        ("> this \nnot he", "> this\nnot he"),
        (">> this \n> not he", ">> this\n> not he"),
        ("> one\n>\n> two", "> one\n>\n> two"),
        ("> one \n> \n> two", "> one\n>\n> two"),
        # space-stuffing (§4.4)
        ("  indented\n   more", " indented\n  more"),
        (" From here \nto there", "From here to there"),
        ("about \n From", "about From"),
        (">  indented", ">  indented"),
        (" > no quote", " > no quote"),
        # the signature (§4.3)
        ("Bye.\n-- \nNoor \nthe ferry", "Bye.\n-- \nNoor the ferry"),
        ("Bye, \n-- \nNoor", "Bye,\n-- \nNoor"),
        ("> Bye.\n> -- \n> Noor", "> Bye.\n> -- \n> Noor"),
        (">-- \n>Noor", "> -- \n> Noor"),
        ("--  \nNoor", "--  Noor"),
        # empty lines end a paragraph
        ("one \n\ntwo", "one\n\ntwo"),
        ("one \n \ntwo", "one\n\ntwo"),
        ("one \n   \ntwo", "one\n\ntwo"),
        # labelled flowed, but wrapped hard
        (
            "The label says flowed, but this\nprogram wraps hard.",
            "The label says flowed, but this\nprogram wraps hard.",
        ),
        (
            "---------- Forwarded message ---------\nFrom: Noor\nSubject: Bell\n\nIt \nrang.",
            "---------- Forwarded message ---------\nFrom: Noor\nSubject: Bell\n\nIt rang.",
        ),
    ],
)
def test_soft_breaks_are_undone(text: str, expected: str) -> None:
    assert unflow(text, delsp=False) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("昨日は東 \n京に。", "昨日は東京に。"),
        ("two words  \nare two", "two words are two"),
        ("over \nlong", "overlong"),
        ("> 昨日は \n> 東京に。", "> 昨日は東京に。"),
        ("over \n\nlong", "over\n\nlong"),
        ("Bye.\n-- \nNoor", "Bye.\n-- \nNoor"),
    ],
)
def test_delsp_takes_the_space_of_the_break(text: str, expected: str) -> None:
    assert unflow(text, delsp=True) == expected


words = st.lists(st.sampled_from(["a", "bell", "From", "x>y", "--bell", "鐘", "boat,"]), min_size=1, max_size=8)
paragraphs = st.tuples(st.integers(0, 3), words.map(" ".join))


def flowed(depth: int, paragraph: str, columns: int, *, delsp: bool) -> str:
    """A paragraph as RFC 3676 §4.2 wants it sent."""
    lines = [""]
    for word in paragraph.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) > columns:
            lines.append("")
        lines[-1] += word + " "
    lines[-1] = lines[-1].removesuffix(" ")
    lines[:-1] = [line + " " * delsp for line in lines[:-1]]
    stuffed = [f" {line}" if line.startswith((" ", ">", "From")) or depth else line for line in lines]
    return "".join(f"{'>' * depth}{line}\r\n" for line in stuffed)


@given(st.lists(paragraphs, max_size=6), st.integers(3, 20), st.booleans())
@settings(derandomize=True, deadline=None)
def test_what_was_sent_flowed_comes_back(sent: list[tuple[int, str]], columns: int, delsp: bool) -> None:
    text = "".join(flowed(depth, paragraph, columns, delsp=delsp) for depth, paragraph in sent)
    back = "".join(f"{'>' * depth} {paragraph}\n" if depth else f"{paragraph}\n" for depth, paragraph in sent)
    assert unflow(text, delsp=delsp) == back


@given(st.text(st.sampled_from("ab >-\n\r\t鐘"), max_size=60), st.booleans())
@settings(derandomize=True, deadline=None)
def test_no_character_is_lost(text: str, delsp: bool) -> None:
    once = unflow(text, delsp=delsp)
    assert "".join(once.split()).replace(">", "") == "".join(text.split()).replace(">", "")
    assert "\r" not in once


@pytest.mark.parametrize("piece", ["\n", ">", "> \n", "a \n", ">a \n>>b \n", " ", "x"])
def test_a_megabyte_takes_no_time(piece: str) -> None:
    start = time.process_time()
    unflow(piece * (1_000_000 // len(piece)), delsp=True)
    assert time.process_time() - start < 2
