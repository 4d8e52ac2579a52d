"""Mail that is no Reader View page: newsletters, a receipt, plain texts, links. All of it invented."""

from __future__ import annotations

_SIGNATURE = "-- "
_PARAGRAPHS = (
    (
        "The ferry has a new engine, and nobody has heard it. That is the trouble with it: for eighty years the whole "
        "valley knew by the sound when the last boat left, and now people stand on the landing stage at ten past seven "
        "and look at their watches."
    ),
    (
        "We asked the ferryman what he thinks of it. He said that he can hear the birds now, that he had not known "
        "there were so many, and that he would still rather have the old one back, on Sundays at least, for the "
        "visitors."
    ),
    (
        "The society has found a way. From the first of May the bell on the landing stage will be rung five minutes "
        "before each boat, by whoever stands next to it. There is a list on the door. It is already full until August."
    ),
)
TITLE = "A Ferry That Nobody Hears"
WEB = "https://letters.riverside.example.com/2024/a-ferry-that-nobody-hears"


def table_newsletter() -> str:
    """A newsletter as the big senders lay it out: tables in tables, a hidden preheader, a pixel, bars and a footer."""
    first, second, third = (f'<p style="margin:0 0 16px">{text}</p>' for text in _PARAGRAPHS)
    return f"""<html lang="en"><head><title>The Riverside Letter</title></head><body style="margin:0">
<div style="display:none;max-height:0;overflow:hidden">Why the bell will be rung again.&#847;&zwnj;&nbsp;&#847;</div>
<table role="presentation" width="100%"><tr><td align="center"><table role="presentation" width="600">
<tr><td style="font-size:12px"><a href="https://us7.list-manage.com/track/click?u=1&id=2">View this email in your
browser</a></td></tr>
<tr><td><a href="https://letters.riverside.example.com/"><img src="https://img.example.com/logo.png" width="180"
height="40" alt="The Riverside Letter"></a></td></tr>
<tr><td><h1><a href="{WEB}?utm_source=letter&utm_medium=email">{TITLE}</a></h1></td></tr>
<tr><td>By Zoë Ångström</td></tr>
<tr><td>{first}<img src="https://img.example.com/engine.jpg" width="560" height="320" alt="The new engine, under its
cover">{second}</td></tr>
<tr><td><table width="100%"><tr><td width="50%" valign="top"><h2>Seen</h2><p>A heron on the coal heap, three
mornings running.</p></td><td width="50%" valign="top"><h2>Heard</h2><p>Nothing, at ten past
seven.</p></td></tr></table></td></tr>
<tr><td><h2>The bell</h2>{third}<table border="1"
cellpadding="4"><tr><td>Weekdays</td><td>07:05</td></tr><tr><td>Sundays</td>
<td>09:35</td></tr></table></td></tr>
<tr><td>Until the next boat,<br>Zoë</td></tr>
<tr><td><table><tr><td><a href="https://www.facebook.com/sharer/sharer.php?u=x"><img
src="https://img.example.com/f.png"
width="24" height="24" alt="Facebook"></a></td><td><a href="https://twitter.com/intent/tweet?url=x">Tweet</a></td><td>
<a href="https://us7.forward-to-friend.com/forward?u=1">Forward</a></td></tr></table></td></tr>
<tr><td style="font-size:11px"><p>Was this email forwarded to you? <a
href="https://letters.riverside.example.com/subscribe">Sign up
here</a>.</p><p>You are receiving this email because you signed up on the landing stage.</p><p>Copyright © 2024
Riverside Society.
All rights reserved.</p><p>Riverside Society, 4 Ropewalk, Port Saline 12345</p><p><a
href="https://us7.list-manage.com/unsubscribe?u=1">Unsubscribe</a> |
<a href="https://us7.list-manage.com/profile?u=1">Update your preferences</a></p></td></tr>
</table></td></tr></table>
<img src="https://us7.list-manage.com/track/open.php?u=1" width="1" height="1"></body></html>"""


def post_newsletter() -> str:
    """A newsletter of one post, as the writers' services send it, with buttons above and below."""
    paragraphs = "".join(f"<p>{text}</p>" for text in _PARAGRAPHS)
    return f"""<div class="preview">&nbsp;</div><table><tr><td>Open in app or <a
href="https://riverside.substack.com/p/a-ferry-that-nobody-hears?utm_campaign=email-post&amp;r=1a2b">online</a></td></tr></table>
<div class="post"><h1 class="post-title"><a
href="https://substack.com/app-link/post?publication_id=1">{TITLE}</a></h1>
<h3>The bell will be rung again</h3>
<table><tr><td><a href="https://substack.com/app-link/post?a=like">Like</a></td><td><a
href="https://substack.com/app-link/post?a=comment">Comment</a></td><td><a
href="https://substack.com/app-link/post?a=restack">Restack</a></td></tr></table>
{paragraphs}<ul><li>The list is on the door.</li><li>The bell is beside it.</li></ul>
<p>Thanks for reading The Riverside Letter! This post is public so feel free to <a
href="https://substack.com/redirect/1">share it</a>.</p><p><a
href="https://substack.com/redirect/2"><span>Share</span></a></p></div>
<p>© 2024 Zoë Ångström<br>548 Ropewalk PMB 72296, Port Saline, CA 94104<br><a
href="https://substack.com/redirect/3"><span>Unsubscribe</span></a></p>"""


def receipt() -> str:
    """What a shop's machine writes through a service for newsletters: no newsletter."""
    return """<table role="presentation" width="600"><tr><td><h1>Thank you for your order!</h1>
<p>Dear Jane, we have received your order and will send it as soon as the rope has been cut and coiled. You can
follow it on
your page at any time, and change it until the evening of the same day. If anything is wrong with
it, write to us, or come by:
we are in the yard behind the chandler's from eight to four, and on Saturdays until noon.</p>
<p>Order number: 4711</p></td></tr><tr><td><table><tr><th>Item</th><th>Price</th></tr><tr><td>Rope, 20
m</td><td>18.00</td></tr>
<tr><td>Subtotal</td><td>18.00</td></tr></table></td></tr><tr><td>You receive this email because you bought
something from us.
<a href="https://us7.list-manage.com/unsubscribe?u=9">Unsubscribe</a></td></tr></table>"""


def plain_article() -> str:
    """A text with its address on the first line, with headings, a list, a quotation and a table."""
    first, second, third = _PARAGRAPHS
    return f"""{WEB}

{TITLE}
{"=" * len(TITLE)}

{first}

THE FERRYMAN

{second}

> I had not known there were so many birds.

THE BELL

{third}

* The list is on the door.
* The bell is beside it.

    Weekdays    07:05
    Sundays     09:35

{_SIGNATURE}
Jane
"""


def shared_link() -> str:
    """As a telephone shares a page: title, address, and the line of the telephone."""
    return f"{TITLE}\n{WEB}?utm_source=share&utm_medium=ios\n\nFor the river folder.\n\nSent from my iPhone\n"


def linked_words() -> str:
    """A link behind words, and nothing else."""
    return f'<div dir="ltr"><a href="{WEB}">{TITLE}</a><br></div>'


def letter() -> str:
    """A letter that speaks of newsletters, and holds a link to leave one."""
    return """<div dir="ltr"><p>Dear Zoë,</p><p>you asked how to get rid of the ferry's newsletter, which comes
twice a day since they
have that new program. I wrote to them and they answered that there is nothing they can do, and that the boat is more
important. So I looked for myself. There is a link at the very bottom, in grey on grey, below the
picture of the captain, and
if you follow it you are asked three times whether you are sure. Say yes each time.</p><p>It is this one:
<a href="https://ferry.example.com/unsubscribe?who=you">unsubscribe</a>.</p><p>Come by on Sunday, there will be
soup. The bell is
back, by the way, and so is the heron.</p><p>Yours,<br>Jane</p></div>"""


def safari_page() -> str:
    """A page of Safari's reader, mailed from there: as Safari marks it up and Apple Mail wraps it."""
    first, second, third = (f"<p>{text}</p>" for text in _PARAGRAPHS)
    return f"""<html><head><base href="{WEB}"></head><body><div class="Apple-Mail-URLShareUserContentTopClass">For
the river
folder.<br></div><div class="Apple-Mail-URLShareWrapperClass"><blockquote type="cite" style="border-left-style:
none;"><div><div
class="original-url"><br><a href="{WEB}">{WEB}</a><br><br></div><div id="article" role="article" class="system
exported"
style="font-size: 1.2em;"><!-- pages --><div class="page" style="text-align: start;"><h1
class="title">{TITLE}</h1><div
class="metadata singleline"><a rel="author" href="https://riverside.example.com/zoe" class="byline">Zoë
Ångström</a><span
class="delimiter"></span><time datetime="2024-04-11T15:59:00.000Z" class="date">11 April 2024,
16:59</time></div>{first}<figure><img
src="cid:ii_luw5m2xq0" alt="The landing stage"><figcaption>The stage at low water.</figcaption></figure><h2>The
bell</h2>{second}</div>
<div class="page">{third}</div></div></div></blockquote></div></body></html>"""
