"""Makes mails that look as the mail programs of the world make them: for the demo's samples and the golden tests.

::

    articles/*.html ─ page.paste ─▶ HTML as pasted ─ clients.* ─▶ HTML as forwarded ─ mime.mail ─▶ octets with CRLF

Everything is a pure function of its arguments: no clock, no randomness, so that the same sources give the same octets.
Nothing here is part of the package, and nothing of the package is used here: what makes a test's input must not share
the mistakes of what reads it.
"""
