"""Prefixes of subjects, in many languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.text.subject import bare_subject, prefix_kind


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("Fwd: news", "forward"),
        ("FW: news", "forward"),
        ("WG: Neues", "forward"),
        ("TR : nouvelles", "forward"),
        ("RV: noticias", "forward"),
        ("I: notizie", "forward"),
        ("ENC: notícias", "forward"),
        ("VB: nyheter", "forward"),
        ("VL: uutisia", "forward"),
        ("İLT: haber", "forward"),
        ("ΠΡΘ: νέα", "forward"),
        ("转发：新闻", "forward"),
        ("轉寄: 新聞", "forward"),
        ("إعادة توجيه: خبر", "forward"),
        ("[Fwd: news]", "forward"),
        ("[list] Fwd: news", "forward"),
        ("Fwd: Re: news", "forward"),
        ("Re: Fwd: news", "reply"),
        ("AW: Neues", "reply"),
        ("Re[2]: news", "reply"),
        ("RE (3): news", "reply"),
        ("VS: uutisia", "either"),
        ("Forwarding: a manual", None),
        ("Item: news", None),
        ("", None),
        (None, None),
    ],
)
def test_the_outermost_prefix_says_what_a_mail_is(subject: str | None, kind: str | None) -> None:
    assert prefix_kind(subject) == kind


@pytest.mark.parametrize(
    ("subject", "bare"),
    [
        ("Fwd: Fwd: WG: Re: news", "news"),
        ("[list] Re: [list] news", "news"),
        ("[Fwd: news]", "news"),
        ("【通知】転送: ニュース", "ニュース"),
        ("Brexit: what now?", "Brexit: what now?"),
        ("i: a story", "i: a story"),
        ("[Updated]", "[Updated]"),
        ("Fwd:", ""),
        ("  news ", "news"),
    ],
)
def test_the_bare_subject(subject: str, bare: str) -> None:
    assert bare_subject(subject) == bare


@given(st.text(max_size=100))
def test_what_is_bare_stays_bare(subject: str) -> None:
    bare = bare_subject(subject)
    assert len(bare) <= len(subject)
    assert bare_subject(bare) == bare
