"""Plain text as HTML: what a program wrapped flows again, what an author typed stays as it is."""

from __future__ import annotations

import re
import time
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailarchiver.message.flowed import unflow
from mailarchiver.text.reflow import html_of

WRAPPED_AT_72 = """\
The ferry has crossed the river at this place since the bridge fell in.
Nobody remembers who built the first landing stage, but its posts are
still there at low water, and the ferryman ties his boat to them when he
goes home for dinner.

On Sundays he does not cross at all. Those who want to visit the chapel
walk up to the weir, which takes an hour, or wait until Monday.
"""
FLOWING_AT_72 = """\
<p>The ferry has crossed the river at this place since the bridge fell in. Nobody remembers who built the first \
landing stage, but its posts are still there at low water, and the ferryman ties his boat to them when he goes home \
for dinner.</p>
<p>On Sundays he does not cross at all. Those who want to visit the chapel walk up to the weir, which takes an hour, \
or wait until Monday.</p>"""


def quoted(text: str, mark: str = "> ") -> str:
    return "".join(f"{mark}{line}".rstrip() + "\n" for line in text.splitlines())


CASES = {
    "72 columns": (WRAPPED_AT_72, FLOWING_AT_72),
    "72 columns, CRLF": (WRAPPED_AT_72.replace("\n", "\r\n"), FLOWING_AT_72),
    "72 columns, ends of lines mixed": (
        WRAPPED_AT_72.replace("\n", "\r\n", 3).replace("posts are\n", "posts are\r"),
        FLOWING_AT_72,
    ),
    "72 columns, quoted": (quoted(WRAPPED_AT_72), f"<blockquote>\n{FLOWING_AT_72}\n</blockquote>"),
    "72 columns, indented": (quoted(WRAPPED_AT_72, "    "), FLOWING_AT_72),
    "flowed by Thunderbird": (
        unflow(
            "Dear all,\n\nthe ferry goes twice a day from now on, also when the river is \nhigh and nobody waits.\n"
            "Tickets as before.\n\n-- \nNoor\n",
            delsp=False,
        ),
        (
            "<p>Dear all,</p>\n<p>the ferry goes twice a day from now on, also when the river is high and "
            "nobody waits.<br>\n"
            "Tickets as before.</p>\n<p>--<br>\nNoor</p>"
        ),
    ),
    "flowed by Apple Mail": (
        unflow(
            "The ferry goes twice a day from now on, also when the river is high and nobody  \nwaits at the stage.\n"
            "Tickets cost what they have cost for twenty years, and children under six go  \nfree of charge.\n\n"
            "> Is it  \n> true?\n",
            delsp=True,
        ),
        (
            "<p>The ferry goes twice a day from now on, also when the river is high and nobody waits at the "
            "stage.</p>\n"
            "<p>Tickets cost what they have cost for twenty years, and children under six go free of charge.</p>\n"
            "<blockquote>\n<p>Is it true?</p>\n</blockquote>"
        ),
    ),
    "flowed by mutt, with quotes": (
        unflow(
            "On Mon, Apr 01, 2024 at 10:00:00AM +0200, Ada wrote:\n>>Shall we mend \n>>the bell?\n>No.\n\nYes.\n",
            delsp=False,
        ),
        (
            "<p>On Mon, Apr 01, 2024 at 10:00:00AM +0200, Ada wrote:</p>\n<blockquote><blockquote>\n"
            "<p>Shall we mend the bell?</p>\n</blockquote>\n<p>No.</p>\n</blockquote>\n<p>Yes.</p>"
        ),
    ),
    "one paragraph a line": (
        (
            "The ferry goes twice a day from now on, also when the river is high and nobody waits at the stage "
            "for it.\n"
            "Tickets cost what they have cost for twenty years, and children under six may cross free of charge, too.\n"
            "Welcome aboard!\n"
        ),
        (
            "<p>The ferry goes twice a day from now on, also when the river is high and nobody waits at the "
            "stage for it.</p>\n"
            "<p>Tickets cost what they have cost for twenty years, and children under six may cross free of "
            "charge, too.<br>\n"
            "Welcome aboard!</p>"
        ),
    ),
    "a newsletter of 65 columns": (
        """\
THE RIVER NEWS
==============

This month the bell came back from the foundry, and it sounds as
it did before the war. Here is what else happened:

* The landing stage was painted green, because there was no more
  of the blue paint
* Two boats
  - the Heron
  - the Teal, which leaks, but less than it did in the spring of
    last year
* Nothing else

=================================================================
You get this letter because you asked for it.
""",
        """\
<h2>THE RIVER NEWS</h2>
<p>This month the bell came back from the foundry, and it sounds as it did before the war. Here is what else \
happened:</p>
<ul>
<li>The landing stage was painted green, because there was no more of the blue paint</li>
<li>Two boats<ul>
<li>the Heron</li>
<li>the Teal, which leaks, but less than it did in the spring of last year</li></ul></li>
<li>Nothing else</li></ul>
<hr>
<p>You get this letter because you asked for it.</p>""",
    ),
    "a signature": (
        "Yours,\nNoor\n\n-- \nNoor Vale\nFerrywoman, Lower Landing Stage\nhttps://ferry.example.org/\n",
        (
            "<p>Yours,<br>\nNoor</p>\n<p>--<br>\nNoor Vale<br>\nFerrywoman, Lower Landing Stage<br>\n"
            '<a href="https://ferry.example.org/">https://ferry.example.org/</a></p>'
        ),
    ),
    "an address among wrapped text": (
        WRAPPED_AT_72 + "\nRiverside Society\n12 Landing Stage\nOver the Water\n",
        FLOWING_AT_72 + "\n<p>Riverside Society<br>\n12 Landing Stage<br>\nOver the Water</p>",
    ),
    "a poem": (
        (
            "The river takes the lantern light\nand folds it into black,\nthe ferryman goes out at night\n"
            "and does not carry back\n\n"
            "a single word of what he sees\n"
        ),
        (
            "<p>The river takes the lantern light<br>\nand folds it into black,<br>\n"
            "the ferryman goes out at night<br>\n"
            "and does not carry back</p>\n<p>a single word of what he sees</p>"
        ),
    ),
    "a poem of long lines": (
        (
            "Out of the mist at the bend of the river the ferry is coming\n"
            "Slow as the oxen that once drew the barges along on the towpath\n"
            "Slow as the bell that is rung on the stage by the hand of a child there\n"
            "Calling the ferryman home to his dinner of bread and of herring\n"
            "Home to the lamp in the window and home to the smell of the kitchen\n"
        ),
        (
            "<p>Out of the mist at the bend of the river the ferry is coming<br>\n"
            "Slow as the oxen that once drew the barges along on the towpath<br>\n"
            "Slow as the bell that is rung on the stage by the hand of a child there<br>\n"
            "Calling the ferryman home to his dinner of bread and of herring<br>\n"
            "Home to the lamp in the window and home to the smell of the kitchen</p>"
        ),
    ),
    "a poem set in steps": (
        "The boat\n    goes out\n  and comes\n    home\n",
        "<pre>The boat\n    goes out\n  and comes\n    home</pre>",
    ),
    "a poem among wrapped text": (
        WRAPPED_AT_72 + "\nthe river takes the lantern light\nand folds it into black\nand does not give it back\n",
        FLOWING_AT_72
        + "\n<p>the river takes the lantern light<br>\nand folds it into black<br>\nand does not give it back</p>",
    ),
    "code": (
        "Try this:\n\n    def ring(bell):\n        return bell.ring()\n\n    ring(Bell())\n\nIt rings.\n",
        "<p>Try this:</p>\n<pre>def ring(bell):\n    return bell.ring()\n\nring(Bell())</pre>\n<p>It rings.</p>",
    ),
    "code without indent": (
        "for (int i = 0; i < 3; i++) {\n  ring(i);\n}\nDone.\n",
        "<pre>for (int i = 0; i &lt; 3; i++) {\n  ring(i);\n}\nDone.</pre>",
    ),
    "code between fences": (
        "Look:\n```sh\nring the bell\n\n- twice\n```\nDone.\n",
        "<p>Look:</p>\n<pre>ring the bell\n\n- twice</pre>\n<p>Done.</p>",
    ),
    "code between indented fences of tildes": (
        "Look:\n  ~~~ sh\n  ring\n    twice\n ```\n  ~~~~\nDone.\n",
        "<p>Look:</p>\n<pre>ring\n  twice\n```</pre>\n<p>Done.</p>",
    ),
    "code between lines of tildes": (
        "~~~\nbell.ring();\nbell.stop();\n~~~\n",
        "<pre>bell.ring();\nbell.stop();</pre>",
    ),
    "prose between lines of tildes": ("~~~\nThe bell rang.\n~~~\n", "<hr>\n<p>The bell rang.</p>\n<hr>"),
    "two fences, one right below the other": ("```\na\n```\n```\nb\n```\n", "<pre>a</pre>\n<pre>b</pre>"),
    "a fence that nothing closes": ("```\nThe bell rang.\n", "<p>```<br>\nThe bell rang.</p>"),
    "a fence around nothing": ("```\n\n```\n", "<pre>```\n\n```</pre>"),
    "a diff": (
        (
            "The bell is fixed.\n---\n bell.py | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n\n"
            "diff --git a/bell.py b/bell.py\nindex 0123456..789abcd 100644\n--- a/bell.py\n+++ b/bell.py\n"
            "@@ -1,3 +1,3 @@\n"
            " class Bell:\n-    sound = 'clank'\n+    sound = 'ding'\n\n-- \n2.39.2\n"
        ),
        (
            "<p>The bell is fixed.</p>\n<hr>\n<pre> bell.py | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n\n"
            "diff --git a/bell.py b/bell.py\nindex 0123456..789abcd 100644\n--- a/bell.py\n+++ b/bell.py\n"
            "@@ -1,3 +1,3 @@\n"
            " class Bell:\n-    sound = 'clank'\n+    sound = 'ding'</pre>\n<p>--<br>\n2.39.2</p>"
        ),
    ),
    "a table of spaces": (
        "Departures:\nWeekday   First   Last\nMonday    07:00   21:00\nSunday    09:00   19:00\nAll times are local.\n",
        (
            "<p>Departures:</p>\n<pre>Weekday   First   Last\nMonday    07:00   21:00\nSunday    09:00   19:00</pre>\n"
            "<p>All times are local.</p>"
        ),
    ),
    "a drawn table": (
        "+------+-------+\n| Boat | Seats |\n+------+-------+\n| Teal |     4 |\n+------+-------+\n",
        "<pre>+------+-------+\n| Boat | Seats |\n+------+-------+\n| Teal |     4 |\n+------+-------+</pre>",
    ),
    "a drawing": ("┌────┐\n│ ok │\n└────┘\n", "<pre>┌────┐\n│ ok │\n└────┘</pre>"),
    "encoded data": (
        "Key:\n" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2\n" * 2,
        "<p>Key:</p>\n<pre>"
        + "\n".join(["QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2"] * 2)
        + "</pre>",
    ),
    "a header block": (
        (
            "---------- Forwarded message ---------\nFrom: Noor Vale <noor@example.org>\nDate: Mon, 1 Apr 2024\n"
            "Subject: The bell and the boat and the ferry and the river and the stage\nTo: Ada\n"
        ),
        (
            "<p>---------- Forwarded message ---------<br>\nFrom: Noor Vale &lt;noor@example.org&gt;<br>\n"
            "Date: Mon, 1 Apr 2024<br>\n"
            "Subject: The bell and the boat and the ferry and the river and the stage<br>\nTo: Ada</p>"
        ),
    ),
    "a thread three deep": (
        """\
Agreed.

On Tue, 2 Apr 2024, Noor wrote:
> I shall bring the rope and the oil; the old rope broke when we rang it
> for the last time, and nobody has thought of it since.
>
> On Mon, 1 Apr 2024, Ada wrote:
> > Shall we mend the bell? It has not rung since the storm, and people
> > have begun to call across the river instead.
> >
> >> It is cracked.
> Noor
""",
        """\
<p>Agreed.</p>
<p>On Tue, 2 Apr 2024, Noor wrote:</p>
<blockquote>
<p>I shall bring the rope and the oil; the old rope broke when we rang it for the last time, and nobody has thought of \
it since.</p>
<p>On Mon, 1 Apr 2024, Ada wrote:</p>
<blockquote>
<p>Shall we mend the bell? It has not rung since the storm, and people have begun to call across the river instead.</p>
<blockquote>
<p>It is cracked.</p>
</blockquote></blockquote>
<p>Noor</p>
</blockquote>""",
    ),
    "Chinese": (
        (
            "渡船从桥塌下来以后就一直在这里过河。没有人记得是谁修建了第一座码头，\n"
            "但是水位低的时候还能看见木桩，船夫回家吃饭的时候就把船拴在木桩上。每\n"
            "逢星期天他不过河，想去教堂的人要走一个小时到水坝那里去。\n"
        ),
        (
            "<p>渡船从桥塌下来以后就一直在这里过河。没有人记得是谁修建了第一座码头，但是水位低的时候还能看见木桩，"
            "船夫回家吃饭的时候就把船拴在木桩上。每逢星期天他不过河，想去教堂的人要走一个小时到水坝那里去。</p>"
        ),
    ),
    "Chinese, paragraphs indented as in print": (
        "\u3000\u3000渡船从桥塌下来以后就一直在这里过河。\n\u3000\u3000没有人记得是谁修建了第一座码头。\n",
        "<p>渡船从桥塌下来以后就一直在这里过河。<br>\n没有人记得是谁修建了第一座码头。</p>",
    ),
    "Japanese, broken by its author": (
        "お世話になっております。\n渡し船の鐘の件ですが、\n来週の月曜日に修理いたします。\nよろしくお願いいたします。\n",
        (
            "<p>お世話になっております。<br>\n渡し船の鐘の件ですが、<br>\n来週の月曜日に修理いたします。<br>\n"
            "よろしくお願いいたします。</p>"
        ),
    ),
    "Thai": (
        (
            "เรือข้ามฟากแล่นวันละสองเที่ยวตั้งแต่วันนี้เป็นต้นไปแม้ว่าน้ำในแม่น้ำจะขึ้นสูง\n"
            "และไม่มีใครรออยู่ที่ท่าเรือฝั่งโน้นก็ตามค่าโดยสารยังเท่าเดิมเหมือนยี่สิบปีก่อน\n"
            "เด็กขึ้นฟรี\n"
        ),
        (
            "<p>เรือข้ามฟากแล่นวันละสองเที่ยวตั้งแต่วันนี้เป็นต้นไปแม้ว่าน้ำในแม่น้ำจะขึ้นสูงและไม่มีใครรออยู่ที่ท่าเรือฝั่งโน้นก็ตาม"
            "ค่าโดยสารยังเท่าเดิมเหมือนยี่สิบปีก่อนเด็กขึ้นฟรี</p>"
        ),
    ),
    "Arabic": (
        (
            "تعبر العبارة النهر في هذا المكان منذ أن سقط الجسر القديم في الماء قبل\n"
            "سنوات طويلة، ولا يتذكر أحد من بنى الرصيف الأول، لكن أعمدته ما زالت\n"
            "ظاهرة عندما ينخفض الماء، ويربط الملاح قاربه بها عندما يعود إلى بيته\n"
            "في المساء.\n\n\u200fشكرا\n"
        ),
        (
            "<p>تعبر العبارة النهر في هذا المكان منذ أن سقط الجسر القديم في الماء قبل سنوات طويلة، ولا يتذكر "
            "أحد من بنى "
            "الرصيف الأول، لكن أعمدته ما زالت ظاهرة عندما ينخفض الماء، ويربط الملاح قاربه بها عندما يعود إلى "
            "بيته في المساء."
            "</p>\n<p>\u200fشكرا</p>"
        ),
    ),
    "German": (
        (
            "Die Donaudampfschifffahrtsgesellschaft teilt mit, dass der Fahrplan für\n"
            "die Sommermonate nun vollständig vorliegt; er gilt von nun an an allen\n"
            "Anlegestellen oberhalb der Landeshauptstadt, ausgenommen die\n"
            "Rollfährenanlegestellen, und hängt im Vor-\nund Hauptsaison aus.\n3. Oktober: Feiertag\n"
        ),
        (
            "<p>Die Donaudampfschifffahrtsgesellschaft teilt mit, dass der Fahrplan für die Sommermonate nun "
            "vollständig "
            "vorliegt; er gilt von nun an an allen Anlegestellen oberhalb der Landeshauptstadt, ausgenommen die "
            "Rollfährenanlegestellen, und hängt im Vor-<br>\nund Hauptsaison aus.<br>\n3. Oktober: Feiertag</p>"
        ),
    ),
    "hyphens at the end of full lines": (
        (
            "The ferry has crossed the river at this place since the old stone-\n"
            "bridge fell in, and its landing stage is as old as the fare. It is\n"
            "the only one of its kind, and nobody would have it other\u00ad\nwise now.\n"
        ),
        (
            "<p>The ferry has crossed the river at this place since the old stone- bridge fell in, and its "
            "landing stage is "
            "as old as the fare. It is the only one of its kind, and nobody would have it other\u00adwise now.</p>"
        ),
    ),
    "numbers": (
        "1. Ring the bell\n2. Wait\n\n   as long as it takes\n\n3. Cross\n\n7. Pay\n8. Go\n",
        (
            "<ol>\n<li>Ring the bell</li>\n<li><p>Wait</p><p>as long as it takes</p></li>\n<li>Cross</li></ol>"
            '<ol start="7">\n<li>Pay</li>\n<li>Go</li></ol>'
        ),
    ),
    "numbers that start later": (
        "Then:\n4) Cross\n5) Pay\n",
        '<p>Then:</p>\n<ol start="4">\n<li>Cross</li>\n<li>Pay</li></ol>',
    ),
    "a number that counts nothing": (
        "It fell in\n1910. Nobody\n\n12. April 2024\n\n1. Mai\n",
        "<p>It fell in<br>\n1910. Nobody</p>\n<p>12. April 2024</p>\n<p>1. Mai</p>",
    ),
    "letters": ("a) ring\nb) wait\n", "<ul>\n<li>a) ring</li>\n<li>b) wait</li></ul>"),
    "a single star is a footnote": ("* not on Sundays\n", "<p>* not on Sundays</p>"),
    "a single dot is a list": ("• not on Sundays\n", "<ul>\n<li>not on Sundays</li></ul>"),
    "dialogue": (
        "– Is it late?\n– It is.\n- said the ferryman\n",
        "<p>– Is it late?<br>\n– It is.<br>\n- said the ferryman</p>",
    ),
    "numbers aligned at their end": (
        "\n".join(f"{number:2}. item" for number in range(8, 12)),
        '<ol start="8">\n' + "\n".join(["<li>item</li>"] * 4) + "</ol>",
    ),
    "rules": (
        "a\n* * *\nb\n_____\nc\n-=-=-=-\nd\n\n--\n\n...\n",
        "<p>a</p>\n<hr>\n<p>b</p>\n<hr>\n<p>c</p>\n<hr>\n<p>d</p>\n<p>--</p>\n<p>...</p>",
    ),
    "headings": (
        "=====\nFares\n=====\nOne crossing\n------------\n1.20\n\nMore text\n----------------------\nof it\n",
        "<h2>Fares</h2>\n<h2>One crossing</h2>\n<p>1.20</p>\n<p>More text</p>\n<hr>\n<p>of it</p>",
    ),
    "a rule below the last name is no heading": ("Bye\n\nNoor\n----\n", "<p>Bye</p>\n<p>Noor</p>\n<hr>"),
    "an mbox's From": (
        ">From here on\n> a quote\n\nText\n>From there\n",
        "<blockquote>\n<p>From here on<br>\na quote</p>\n</blockquote>\n<p>Text<br>\nFrom there</p>",
    ),
    "markup": ("<b>&amp; 1 < 2</b>\n", "<p>&lt;b&gt;&amp;amp; 1 &lt; 2&lt;/b&gt;</p>"),
    "nothing": (" \n\t\n\u00a0\n", ""),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_plain_text_as_html(text: str, expected: str) -> None:
    assert html_of(text) == expected


@pytest.mark.parametrize(
    ("text", "url", "behind"),
    [
        ("https://example.org", "https://example.org", ""),
        ("See HTTP://example.org/a?b=1&c=2.", "HTTP://example.org/a?b=1&c=2", "."),
        ("(https://example.org/a)", "https://example.org/a", ")"),
        ("(see https://example.org/a_(b)),", "https://example.org/a_(b)", "),"),
        ("[https://example.org/a[1]]", "https://example.org/a[1]", "]"),
        ("“https://example.org/a”", "https://example.org/a", "”"),
        ("*https://example.org/a*", "https://example.org/a", "*"),
        ("https://example.org/a?!…", "https://example.org/a", "?!…"),
        ("<https://example.org/a>", "https://example.org/a", "&gt;"),
        ("<https://example.org/a/\nb/c>", "https://example.org/a/b/c", "&gt;"),
        ("> <https://example.org/a/\n> b/c>", "https://example.org/a/b/c", "&gt;"),
        ("<URL:https://example.org/a/\n  b>", "https://example.org/a/b", "&gt;"),
        ("https://example.org/aをご覧", "https://example.org/a", "をご覧"),
        ("https://example.org/a。", "https://example.org/a", "。"),
        ("https://example.org/é/я", "https://example.org/é/я", ""),
        ("- https://example.org/a", "https://example.org/a", ""),
        ("a  b  c\na  b  https://example.org/a", "https://example.org/a", ""),
    ],
)
def test_urls_are_links(text: str, url: str, behind: str) -> None:
    links = re.findall(r'<a href="([^"]*)">([^<]*)</a>([^<]*)', html_of(text))
    assert [tuple(map(unescape, link[:2])) for link in links] == [(url, url)]
    assert links[0][2] == behind


@pytest.mark.parametrize(
    "text", ["https://", "https://...", "xhttps://example.org", "<https://example.org\n\nb>", "http:// a"]
)
def test_what_is_no_url_is_no_link(text: str) -> None:
    assert "href" not in html_of(text) or ">https://example.org<" in html_of(text)


def test_long_urls_stand_on_lines_of_their_own() -> None:
    text = (
        WRAPPED_AT_72
        + "\nThe timetable is at the place where it has been for so long:\nhttps://example.org/timetable\nas ever.\n"
    )
    assert html_of(text).endswith(
        'so long:<br>\n<a href="https://example.org/timetable">https://example.org/timetable</a><br>\nas ever.</p>'
    )


def test_each_depth_has_a_width_of_its_own() -> None:
    narrow = (
        "I cannot come on Monday, because the boat is out of the\nwater and the oil has not dried; on Tuesday "
        "perhaps, if\nit does not rain before that.\n"
    )
    found = html_of(WRAPPED_AT_72 + "\n" + quoted(narrow) + "\n" + WRAPPED_AT_72)
    assert found.count("<br>") == 0
    assert found.count(FLOWING_AT_72) == 2


def test_quotes_and_lists_are_nested_no_deeper_than_twenty() -> None:
    assert html_of("\n".join(">" * depth + "a" for depth in range(1, 100))).count("<blockquote>") == 20
    found = html_of("\n".join(" " * 2 * depth + "- a" for depth in range(100)))
    assert found.count("<ul>") == 20
    assert found.count("<li>") == 100


PIECES = (
    [
        "bell",
        "a",
        "Ä",
        "鐘を",
        "เรือ",
        "جسر",
        "\u00ad",
        "\u00a0",
        "word " * 15,
        "-",
        "--",
        "---",
        "=====",
        "* * *",
        "* ",
        "- ",
        "• ",
    ]
    + [
        "1. ",
        "2. ",
        "3. ",
        "a) ",
        "b) ",
        ">",
        "> ",
        ">>",
        ">From ",
        "|",
        "||",
        "{",
        "}",
        ";",
        "```",
        "<b>",
        "&amp;",
        "if (x) {",
    ]
    + [
        "@@ -1,2 +1,2 @@",
        "+x",
        "diff --git a b",
        "--- a",
        "https://example.org/a",
        "<https://example.org/",
        "x>",
        "   ",
        "\t",
        "\u3000",
    ]
    + ["\n"] * 12
    + ["\r\n", "\n\n", "\u2028", "\f"]
)
"""What plain text is made of, and what may be mistaken for something else."""
_SIGNS = str.maketrans("", "", ">-*=•.)")
"""Quote marks, bullets, rules and what stands behind a number: they may become markup."""


def bare(text: str) -> str:
    """Text without white space, and without what may become markup."""
    return "".join(text.split()).translate(_SIGNS)


def visible(html: str) -> str:
    """What a browser shows, numbers of items included."""
    out: list[str] = []
    numbers: list[int | None] = []
    for token in re.findall(r"<[^>]*>|[^<]+", html):
        if token == "<ul>":
            numbers.append(None)
        elif start := re.fullmatch(r'<ol(?: start="(\d+)")?>', token):
            numbers.append(int(start[1] or 1))
        elif token in {"</ul>", "</ol>"}:
            numbers.pop()
        elif token == "<li>" and (number := numbers[-1]) is not None:
            out.append(str(number))
            numbers[-1] = number + 1
        elif not token.startswith("<"):
            out.append(unescape(token))
    return "".join(out)


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
@settings(derandomize=True, deadline=None, max_examples=400)
def test_no_text_is_lost_and_no_tag_left_open(text: str) -> None:
    html = html_of(text)
    assert bare(visible(html)) == bare(text)
    opened: list[str] = []
    for closing, tag in re.findall(r"<(/?)([a-z0-9]+)[^>]*>", html):
        if closing:
            assert opened.pop() == tag
        elif tag not in {"br", "hr"}:
            opened.append(tag)
    assert not opened
    assert html_of(text) == html


@given(st.lists(st.sampled_from("ab AB.,> -\n\n"), max_size=200).map("".join))
@settings(derandomize=True, deadline=None)
def test_short_lines_never_flow(text: str) -> None:
    """No line of 30 columns was wrapped by a program: each line of the text is one of the page."""
    text = "\n".join(line[:30] for line in text.split("\n"))
    shown = re.sub(r"<br>|</?(?:p|li|ul|ol|h2|pre|hr|blockquote)\b[^>]*>", "\n", html_of(text))
    lines = {bare(line) for line in unescape(shown).split("\n")}
    assert all(bare(line) in lines for line in text.split("\n"))


HOSTILE = {
    "empty lines": "\n",
    "one line": "x",
    "words": "word ",
    "quote marks": ">",
    "empty quotes": ">\n",
    "short lines": "a\n",
    "bullets": "- a\n",
    "bullets apart": "* a\n\n",
    "numbers": "1. a\n2. b\n",
    "alternating quotes": "> a\nb\n",
    "alternating depths": ">>>>>>>>>>>>>>>>>>>>a\nb\n",
    "steps": ">a\n>>a\n>>>a\n>>>>a\n",
    "full lines": "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusm\n",
    "full Chinese lines": "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字\n",
    "URLs": "http://",
    "brackets of URLs": "<http://a\n",
    "closing brackets": "http://x/)",
    "spaces": "a" + " " * 50,
    "tabs": "a\t",
    "rules": "- ",
    "underlines": "abc\n===\n",
    "bars": "+|",
    "parentheses": "a(",
    "assignments": "a=",
    "diffs": "@@ -1,99 +1,99 @@\n",
    "headers of diffs": "--- a\n",
    "fences": "```\n",
    "fences of tildes": "~~~\n",
    "columns": "a  b\n",
    "indents": "    a\nb\n",
    "steps of indents": "".join(" " * indent + "- a\n" for indent in range(100)),
    "less-than signs": "<",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_megabyte_takes_seconds_at_most(piece: str) -> None:
    text = piece * min(1_000_000 // len(piece), 200_000 if piece.startswith(("-", "*", "1")) else 1_000_000)
    start = time.process_time()
    html = html_of(text)
    assert time.process_time() - start < 4  # half of it, where this was written: what is quadratic takes minutes
    assert len(html) < 6_000_000


def test_after_five_thousand_quotes_the_marks_are_text() -> None:
    text = "> a\nb\n" * 6_000
    html = html_of(text)
    assert html.count("<blockquote>") == html.count("</blockquote>") == 5_000
    assert visible(html).count("> a") == 1_000
    assert visible(html).count("a") == visible(html).count("b") == 6_000
