"""Addresses that only lead on are replaced by where they lead, as far as they say so themselves."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailarchiver.text.hosts import host_of
from mailarchiver.text.redirects import target_of
from mailarchiver.text.tracking import untracked

TARGET = "https://paper.example.org/2024/the-weir?id=7&page=2"
Q = quote(TARGET, safe="")
B = base64.urlsafe_b64encode(TARGET.encode()).decode().rstrip("=")
OBJECT = base64.urlsafe_b64encode(json.dumps({"e": TARGET, "p": 12, "s": 34}).encode()).decode().rstrip("=")
PROOFPOINT2 = re.sub(r"%|/", lambda found: "-" if found[0] == "%" else "_", quote(TARGET, safe="/").replace("-", "%2D"))
SAFELINK = "https://eur02.safelinks.protection.outlook.com/?url={}&data=05%7C01%7C&sdata=x%3D&reserved=0"


@pytest.mark.parametrize(
    "wrapped",
    [
        SAFELINK.format(Q),
        "https://nam12.safelinks.protection.outlook.com/ap/w-59584e83/?url=" + Q + "&amp;data=05",
        "https://gbr01.safelinks.protection.office365.us/?data=1&amp;url=" + Q,
        "https://urldefense.proofpoint.com/v1/url?u=" + Q + "&k=x&r=y",
        "https://urldefense.proofpoint.com/v2/url?u=" + PROOFPOINT2 + "&d=DwMFaQ&c=x",
        "https://urldefense.com/v3/__" + TARGET + "__;!!Abc123!xyz$",
        "https://urldefense.com/v3/__" + TARGET.replace("//", "/", 1) + "__;!!Abc123!xyz$",
        "https://linkprotect.cudasvc.com/url?a=" + Q + "&c=E,1,x",
        "https://secure-web.cisco.com/1aB_c-D/" + Q,
        "https://ca-1234.wps.trendmicro.com:443/wis/clicktime/v1/query?url=" + Q + "&umid=1",
        "https://eu-west-1.protection.sophos.com/?d=example.org&u=" + B + "&i=x",
        "https://eu-west-1.protection.sophos.com/?d=example.org&u=" + quote(B + "=" * (-len(B) % 4)),
        "https://protect2.fireeye.com/v1/url?k=1&q=1&e=2&u=" + Q,
        "https://clicktime.symantec.com/3xYz?u=" + Q,
        "https://protect.checkpoint.com/v2/___" + TARGET + "___.abc",
        "https://deref-gmx.net/mail/client/xY/dereferrer/?redirectUrl=" + Q,
        "https://www.google.com/url?q=" + Q + "&source=gmail&ust=1&usg=x",
        "https://www.google.co.uk/url?sa=t&url=" + Q,
        "https://www.google.de/amp/s/paper.example.org/2024/the-weir?id=7&page=2",
        "https://paper-example-org.cdn.ampproject.org/c/s/paper.example.org/2024/the-weir?id=7&page=2",
        "https://ci3.googleusercontent.com/proxy/AbC-d=s0-d-e1-ft#" + TARGET,
        "https://duckduckgo.com/l/?uddg=" + Q + "&rut=1",
        "https://r.search.yahoo.com/_ylt=x;_ylu=y/RV=2/RE=1/RO=10/RU=" + Q + "/RK=2/RS=z-",
        "https://www.bing.com/ck/a?!&&p=x&u=a1" + B + "&ntb=1",
        "https://l.facebook.com/l.php?u=" + Q + "&h=x",
        "https://lm.facebook.com/l.php?u=" + Q,
        "https://www.linkedin.com/safety/go?url=" + Q + "&trk=x",
        "https://www.youtube.com/redirect?event=comments&q=" + Q,
        "https://out.reddit.com/t3_x?url=" + Q + "&token=1",
        "https://click.redditmail.com/CL0/" + Q + "/1/0100/token",
        "https://slack-redir.net/link?url=" + Q,
        "https://vk.com/away.php?to=" + Q,
        "https://steamcommunity.com/linkfilter/?u=" + Q,
        "https://t.me/iv?url=" + Q + "&rhash=1",
        "https://l.instagram.com/?u=" + Q + "&e=1",
        "https://substack.com/redirect/2/" + OBJECT + ".signature-x",
        "https://medium.com/r/?url=" + Q,
        "https://getpocket.com/redirect?url=" + Q,
        "https://www.google.com/url?q=" + quote(Q, safe=""),
        "https://www.google.com/url?q=" + quote(quote(Q, safe=""), safe=""),
        SAFELINK.format(quote("https://urldefense.com/v3/__" + TARGET + "__;!!A!x$", safe="")),
        "https://urldefense.proofpoint.com/v1/url?u=" + quote(SAFELINK.format(Q), safe=""),
    ],
)
def test_where_it_leads(wrapped: str) -> None:
    assert target_of(wrapped) == TARGET


def test_where_a_substack_post_is() -> None:
    assert target_of("https://open.substack.com/pub/mill/p/the-weir?r=1") == "https://mill.substack.com/p/the-weir"


def test_proofpoint_puts_back_what_it_replaced() -> None:
    replaced = base64.urlsafe_b64encode("#ä~~~".encode()).decode().rstrip("=")
    url = f"https://urldefense.com/v3/__https://example.org/a*b*c**B__;{replaced}!!A!x$"
    assert target_of(url) == "https://example.org/a#bäc~~~"


def test_what_no_url_may_hold_is_escaped() -> None:
    inner = SAFELINK.format(quote("https://example.org/a b<c>", safe=""))
    assert target_of(SAFELINK.format(quote(inner, safe=""))) == "https://example.org/a%20b%3Cc%3E"


def test_octets_that_are_no_utf8_stay() -> None:
    assert target_of("https://www.google.com/url?q=https%3A%2F%2Fexample.org%2FM%FCll%3F") == (
        "https://example.org/M%FCll?"
    )


@pytest.mark.parametrize(
    "url",
    [
        TARGET,
        "https://t.co/AbC",
        "https://us1.list-manage.com/track/click?u=1&id=2&e=3",
        "https://substack.com/redirect/0f8e9a7c-1111-2222-3333-444455556666?j=x",
        "https://substack.com/redirect/2/bm90IGpzb24",
        "https://substack.com/redirect/2/e30",
        "https://news.google.com/articles/CBMi",
        "https://web.archive.org/web/2020/" + TARGET,
        "https://example.org/out?url=" + Q,
        "https://notgoogle.com/url?q=" + Q,
        "https://google.com.example.org/url?q=" + Q,
        "https://www.google.com/search?q=" + Q,
        "https://www.google.com/url?q=javascript%3Aalert(1)",
        "https://www.google.com/url?q=",
        "https://www.google.com/url?q=http%3A%2F%2F",
        "https://www.google.com/amp/",
        "https://eu.protection.sophos.com/?u=%%%",
        "https://www.bing.com/ck/a?u=" + B,
        "https://urldefense.com/v3/__https://example.org/",
        "mailto:ada@example.org?url=" + Q,
        "http://[::1",
        "",
    ],
)
def test_what_leads_nowhere_else_stays(url: str) -> None:
    assert target_of(url) == url


WRAPPERS = [
    SAFELINK,
    "https://www.google.com/url?q={}",
    "https://urldefense.proofpoint.com/v1/url?u={}&k=1",
    "https://secure-web.cisco.com/1/{}",
    "https://click.redditmail.com/CL0/{}/1/x",
    "https://r.search.yahoo.com/_ylt=1/RU={}/RK=2",
]


@settings(deadline=None)  # the machine may be busy
@given(st.text(max_size=60), st.lists(st.sampled_from(WRAPPERS), max_size=6))
def test_no_address_breaks_it_and_only_addresses_come_out(tail: str, wrappers: list[str]) -> None:
    url = f"https://example.org/{tail}"
    for wrapper in wrappers:
        url = wrapper.format(quote(url, safe="", errors="replace"))
    once = target_of(url)
    assert host_of(once) == (host_of(url) if once == url else "example.org")
    assert target_of(once) == once


@settings(deadline=None)  # the machine may be busy
@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    for url in (text, f"https://{text}", f"https://www.google.com/url?q={text}", f"https://urldefense.com/v3/__{text}"):
        found = untracked(target_of(url))
        assert found == url or host_of(found)


@settings(deadline=None)  # the machine may be busy
@given(st.from_regex(r"https://[a-w]{1,9}\.example/[a-z%/.~]{0,30}(\?q=[a-z0-9&;+]{0,20})?(#\w*)?", fullmatch=True))
def test_other_addresses_come_out_as_they_are(url: str) -> None:
    assert untracked(target_of(url)) == url


def test_a_long_chain_ends() -> None:
    url = "https://www.google.com/url?q=" * 600 + "https://example.org/"
    assert host_of(target_of(url)) is not None
